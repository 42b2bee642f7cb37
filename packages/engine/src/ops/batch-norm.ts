import { attribute, defineOp, executeMany, FLOAT, type OpAttribute, T } from '../native.ts';
import type { Tensor, Tensor1D, Tensor4D } from '../tensorflow.ts';

export interface BatchNormInputs {
  /** [batch, h, w, channels] */
  x: Tensor4D;
  /** [channels], as are all below. */
  gamma: Tensor1D;
  beta: Tensor1D;
  movingMean: Tensor1D;
  movingVariance: Tensor1D;
}

interface Attributes {
  epsilon: number;
  /** 1 − momentum; unused in inference. */
  blend: number;
  training: boolean;
}

const shared = ({ epsilon, training }: Attributes): OpAttribute[] => [
  T,
  attribute.type('U', FLOAT),
  attribute.float('epsilon', epsilon),
  attribute.string('data_format', 'NHWC'),
  attribute.bool('is_training', training),
];

/** Outputs: y, the new moving mean and variance, and two values that the native gradient reserves. */
const batchNormOp = defineOp<BatchNormInputs, Attributes>({
  name: 'batchNorm',
  saveInputs: ['x', 'gamma', 'movingMean', 'movingVariance'],
  saveOutputs: [false, false, false, true, true, true],
  run: ({ x, gamma, beta, movingMean, movingVariance }, attributes) =>
    executeMany(
      'FusedBatchNormV3',
      [...shared(attributes), attribute.float('exponential_avg_factor', attributes.blend)],
      [x, gamma, beta, movingMean, movingVariance],
      6,
    ),
  gradient: ([dy], [x, gamma, movingMean, movingVariance, ...reserved], attributes) => {
    // In inference mode the native gradient wants the statistics that normalised.
    const statistics = attributes.training ? reserved : [movingMean!, movingVariance!, reserved[2]!];
    const gradients = executeMany(
      'FusedBatchNormGradV3',
      shared(attributes),
      [dy!, x!, gamma!, ...statistics],
      5,
    );
    return { x: () => gradients[0]!, gamma: () => gradients[1]!, beta: () => gradients[2]! };
  },
});

export interface BatchNormResult {
  y: Tensor4D;
  movingMean: Tensor1D;
  movingVariance: Tensor1D;
}

/**
 * Batch normalisation (Ioffe & Szegedy 2015), y = γ (x − μ) / √(σ² + ε) + β over batch and space.
 *
 * Training: μ, σ² are the batch's mean and population variance, and the moving statistics become
 * momentum · moving + (1 − momentum) · batch, where the batch variance is the unbiased one, N/(N−1)
 * times the population's, as TensorFlow's fused kernel, Keras 2 and TF-Slim have it (Keras 3 stores
 * the population variance). Inference: μ, σ² are the moving statistics, which stay as they are.
 */
export function batchNorm(
  inputs: BatchNormInputs,
  { training, epsilon, momentum }: { training: boolean; epsilon: number; momentum: number },
): BatchNormResult {
  const attributes = { training, epsilon, blend: training ? 1 - momentum : 1 };
  const [y, movingMean, movingVariance] = batchNormOp(inputs, attributes) as Tensor[];
  if (!training)
    return { y: y as Tensor4D, movingMean: inputs.movingMean, movingVariance: inputs.movingVariance };
  return {
    y: y as Tensor4D,
    movingMean: movingMean as Tensor1D,
    movingVariance: movingVariance as Tensor1D,
  };
}
