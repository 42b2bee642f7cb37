/** What the ziggurat draws from: 32 uniform bits, signed or not. */
interface Bits {
  next(): number;
}

const LAYERS = 256;
/** Where the tail begins, and the area of each layer: the solution for 256 layers (Doornik 2005, Table 1). */
const TAIL = 3.6541528853610088;
const AREA = 0.00492867323399;

const density = (x: number) => Math.exp(-0.5 * x * x);

/** Right edges of the layers, from the lowest, whose rectangle stands for the tail, too, to the top. */
function layerEdges(): Float64Array {
  const edges = new Float64Array(LAYERS + 1);
  edges[0] = AREA / density(TAIL);
  edges[1] = TAIL;
  for (let i = 2; i < LAYERS; i++) {
    const below = edges[i - 1]!;
    edges[i] = Math.sqrt(-2 * Math.log(AREA / below + density(below)));
  }
  return edges;
}

const edges = layerEdges();
/** From 31 bits and a sign to the width of a layer. */
const scale = edges.slice(0, LAYERS).map((edge) => edge / 2 ** 31);
/** Below this, 31 bits are under the curve for certain: the layer above is as wide. */
const certain = edges.slice(0, LAYERS).map((edge, i) => (edges[i + 1]! / edge) * 2 ** 31);

const open = (bits: Bits) => ((bits.next() >>> 0) + 0.5) / 2 ** 32;

/**
 * A standard normal number, by the ziggurat of Marsaglia & Tsang (2000) with 256 layers; layer and place in it
 * come from different bits, as Doornik (2005, "An Improved Ziggurat Method to Generate Normal Random Samples")
 * asks for. A third to a quarter of the time of Box and Muller's transform.
 */
export function normalOf(bits: Bits): number {
  for (;;) {
    const layer = bits.next() >>> 24;
    const place = bits.next();
    const x = place * scale[layer]!;
    if (Math.abs(place) < certain[layer]!) return x;
    if (layer === 0) return Math.sign(place) * beyond(bits);
    const [low, high] = [density(edges[layer]!), density(edges[layer + 1]!)];
    if (low + open(bits) * (high - low) < density(x)) return x;
  }
}

/** A normal number beyond {@link TAIL} (Marsaglia 1964). */
function beyond(bits: Bits): number {
  for (;;) {
    const past = -Math.log(open(bits)) / TAIL;
    if (-2 * Math.log(open(bits)) > past * past) return TAIL + past;
  }
}
