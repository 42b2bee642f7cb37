import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import { bytesPer, type NumberFormat, numbersOf } from './numbers.ts';
import { readSmallFile } from './source.ts';
import { checkedShape, count, elementsOf, isRecord, shown, type TensorData, type Weights } from './tensor.ts';

/** A `model.json` with its topology has some megabytes. */
const maxModelJson = 100_000_000;

type Fail = (problem: string) => never;

interface Spec {
  readonly name: string;
  readonly shape: number[];
  readonly bytes: number;
  readonly decode: Encoding['decode'];
}

interface Encoding {
  readonly bytesPerValue: number;
  /** `bytes` fill a buffer of their own. */
  readonly decode: (bytes: Uint8Array) => TensorData;
}

interface EncodingFields {
  readonly dtype: unknown;
  readonly quantization: unknown;
  readonly fail: Fail;
}

interface Group {
  readonly paths: readonly string[];
  readonly specs: readonly Spec[];
}

/**
 * Reads the weights of a TensorFlow.js model, layers or graph: `model.json` and the shards that its
 * `weightsManifest` names, which must lie in its folder. Quantised weights (uint8, uint16, float16)
 * are restored as TF.js does: value · scale + min.
 * @throws UserError that names the file, the weight and what is wrong with it.
 */
export async function readTfjsWeights(modelJson: string): Promise<Weights> {
  const fail = (problem: string): never => {
    throw new UserError(`${modelJson} ${problem}`);
  };
  const groups = parseManifest(await readSmallFile(modelJson, maxModelJson), fail);
  refuseRepeats(groups, fail);
  const weights: Weights = new Map();
  for (const group of groups) {
    let position = 0;
    const data = await readShards(group, modelJson);
    for (const { name, shape, decode, bytes } of group.specs) {
      weights.set(name, { shape, data: decode(new Uint8Array(data.subarray(position, position + bytes))) });
      position += bytes;
    }
  }
  return weights;
}

function parseManifest(bytes: Uint8Array, fail: Fail): Group[] {
  let model: unknown;
  try {
    model = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return fail(`is not JSON: ${messageOf(error)}`);
  }
  const manifest = isRecord(model) ? model['weightsManifest'] : undefined;
  if (!Array.isArray(manifest))
    return fail('has no weightsManifest list; name the model.json of a TF.js model.');
  return manifest.map((group: unknown) => {
    const { paths, weights } = isRecord(group) ? group : {};
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) {
      return fail('is damaged: a group of its weightsManifest has no list of paths.');
    }
    if (!Array.isArray(weights))
      return fail('is damaged: a group of its weightsManifest has no list of weights.');
    return { paths, specs: weights.map((weight: unknown) => parseSpec(weight, fail)) };
  });
}

/** A shard named twice could be read without end, a weight named twice has two values. */
function refuseRepeats(groups: readonly Group[], fail: Fail): void {
  const repeated = (names: readonly string[]) => {
    const seen = new Set<string>();
    return names.find((name) => seen.size === seen.add(name).size);
  };
  const shard = repeated(groups.flatMap(({ paths }) => paths));
  if (shard !== undefined) fail(`is damaged: it names the shard ${shown(shard)} twice.`);
  const weight = repeated(groups.flatMap(({ specs }) => specs.map(({ name }) => name)));
  if (weight !== undefined) fail(`is damaged: it names the weight ${shown(weight)} twice.`);
}

function parseSpec(weight: unknown, failFile: Fail): Spec {
  if (!isRecord(weight) || typeof weight['name'] !== 'string') {
    return failFile('is damaged: a weight of its weightsManifest has no name.');
  }
  const { name, dtype, quantization } = weight;
  const fail = (problem: string): never => failFile(`is damaged at weight ${shown(name)}: ${problem}.`);
  const shape = checkedShape(weight['shape'], fail);
  const { bytesPerValue, decode } = parseEncoding({ dtype, quantization, fail });
  return { name, shape, bytes: elementsOf(shape) * bytesPerValue, decode };
}

const dtypes: ReadonlyMap<unknown, NumberFormat> = new Map([
  ['float32', 'float32'],
  ['int32', 'int32'],
  ['uint8', 'uint8'],
  ['bool', 'uint8'],
]);

function parseEncoding({ dtype, quantization, fail }: EncodingFields): Encoding {
  const format = dtypes.get(dtype);
  if (format === undefined) {
    return fail(`its dtype is ${shown(dtype)}, known are ${[...dtypes.keys()].join(', ')}`);
  }
  if (quantization === undefined) return plain(format);
  if (!isRecord(quantization)) return fail('its quantization is not an object');
  const { dtype: stored, scale, min } = quantization;
  if (stored === 'float16' && format === 'float32') return plain('float16');
  if (stored !== 'uint8' && stored !== 'uint16') {
    return fail(
      `its quantization dtype is ${shown(stored)}, known are uint8, uint16 and, for float32, float16`,
    );
  }
  if (format === 'uint8') return fail(`a weight of dtype ${shown(dtype)} is never quantised`);
  if (!Number.isFinite(scale) || !Number.isFinite(min)) return fail('its quantization has no scale and min');
  const restore = (x: number) => x * Number(scale) + Number(min);
  const values = (bytes: Uint8Array) => (stored === 'uint8' ? bytes : new Uint16Array(bytes.buffer));
  return {
    bytesPerValue: stored === 'uint8' ? 1 : 2,
    decode: (bytes) =>
      format === 'int32'
        ? Int32Array.from(values(bytes), (x) => Math.round(restore(x)))
        : Float32Array.from(values(bytes), restore),
  };
}

function plain(format: NumberFormat): Encoding {
  return { bytesPerValue: bytesPer[format], decode: (bytes) => numbersOf(format, bytes) };
}

/** All data of a group: its shards one after the other. */
async function readShards({ paths, specs }: Group, modelJson: string): Promise<Uint8Array> {
  const announced = specs.reduce((sum, { bytes }) => sum + bytes, 0);
  const shards: Uint8Array[] = [];
  let found = 0;
  for (const path of paths) {
    const shard = await readShard({ path, modelJson, limit: announced - found });
    shards.push(shard);
    found += shard.byteLength;
  }
  if (found < announced) {
    const names = paths.map((path) => shown(path)).join(', ');
    throw new UserError(
      `${modelJson}: its weights ${names} are cut short: ${count(announced)} bytes are announced, ` +
        `${count(found)} are there; copy them again.`,
    );
  }
  return Buffer.concat(shards);
}

async function readShard({ path, modelJson, limit }: { path: string; modelJson: string; limit: number }) {
  const folder = await realpath(dirname(modelJson));
  const shard = await realpath(resolve(folder, path)).catch((error: unknown) => {
    const problem = codeOf(error) === 'ENOENT' ? 'is not there; copy it beside the model' : messageOf(error);
    throw new UserError(`${modelJson} names the weights shard ${shown(path)}, which ${problem}.`, {
      cause: error,
    });
  });
  const inside = relative(folder, shard);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw new UserError(
      `${modelJson} names the weights shard ${shown(path)}, which lies outside its folder.`,
    );
  }
  return readSmallFile(shard, limit);
}
