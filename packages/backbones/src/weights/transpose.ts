import type { WeightTensor } from '@resizer-lab/layers';
import { partsOf } from './layout.ts';

type FloatTensor = WeightTensor<Float32Array>;

/** The axes of PyTorch's tensor in the order of ours, for a weight of this name and rank; none: as it is. */
function axesOf(own: string, rank: number): readonly number[] | undefined {
  const [, parameter] = partsOf(own);
  if (parameter === 'kernel' && rank === 2) return [1, 0];
  if (parameter === 'kernel') return [2, 3, 1, 0];
  return parameter === 'depthwise_kernel' ? [2, 3, 0, 1] : undefined;
}

/** The shape that PyTorch has for a weight: OIHW convolutions, [out, in] matrices. */
export function torchShape(own: string, shape: readonly number[]): readonly number[] {
  const axes = axesOf(own, shape.length);
  if (!axes) return shape;
  const theirs: number[] = [];
  axes.forEach((axis, i) => {
    theirs[axis] = shape[i]!;
  });
  return theirs;
}

export function fromTorch(own: string, tensor: FloatTensor): FloatTensor {
  const axes = axesOf(own, tensor.shape.length);
  return axes ? transpose(tensor, axes) : tensor;
}

export function toTorch(own: string, tensor: FloatTensor): FloatTensor {
  const axes = axesOf(own, tensor.shape.length);
  return axes ? transpose(tensor, inverse(axes)) : tensor;
}

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, i) => axes.indexOf(i));
}

/** Axis i of the result is axis `axes[i]` of the tensor. */
function transpose({ shape, data }: FloatTensor, axes: readonly number[]): FloatTensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: sizes, data: out };
}
