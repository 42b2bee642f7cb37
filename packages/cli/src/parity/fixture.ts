import { z } from 'zod';

/*
 * Golden numbers of one model: files of JSON whose weights and images follow from a formula, so that
 * none need be stored. Extra keys are ignored.
 */

const numbers = z.array(z.number());
const shape = z.array(z.number().int().positive());

const activation = z.object({ name: z.string(), shape, mean: z.number(), l2: z.number(), sample: numbers });

const passShape = {
  logits: z.array(numbers).optional(),
  logits_mean: z.number().optional(),
  logits_l2: z.number().optional(),
  pooled: z.array(numbers).optional(),
  pooled_mean: z.number().optional(),
  pooled_l2: z.number().optional(),
  output: numbers.optional(),
  sample: numbers.optional(),
  sample_step: z.number().int().positive().optional(),
  output_mean: z.number().optional(),
  output_l2: z.number().optional(),
  activations: z.array(activation).default([]),
  noise: z.number(),
  activation_l2_noise: z.number(),
};

const gradient = z.object({
  name: z.string(),
  l2: z.number(),
  first: numbers,
  noise: z.number().optional(),
  first_noise: z.number().optional(),
  zero: z.boolean().default(false),
});

const moving = z.object({
  layer: z.string(),
  moving_mean: numbers,
  moving_mean_l2: z.number(),
  moving_variance_l2_unbiased: z.number(),
});

const testCase = z.object({
  input_shape: z.tuple([z.number(), z.number(), z.number(), z.literal(3)]),
  target: z.tuple([z.number(), z.number()]).optional(),
  inference: z.object(passShape),
  training: z.object({
    ...passShape,
    loss: z.number(),
    loss_noise: z.number(),
    grad_l2_noise: z.number(),
    grads: z.array(gradient),
    input_grad: gradient.omit({ name: true }),
    moving: z.array(moving),
  }),
});

export const fixtureSchema = z.object({
  model: z.string(),
  seed: z.number().int(),
  gain: z.number(),
  bn_epsilon: z.number(),
  bn_momentum: z.number(),
  params: z.object({ total: z.number(), trainable: z.number() }),
  weights: z.array(z.object({ name: z.string(), shape })),
  weights_sum: z.number(),
  weights_l2: z.number(),
  labels: z.array(z.number().int()).optional(),
  label_smoothing: z.number().optional(),
  classes: z.number().int().optional(),
  cases: z.array(testCase),
});

export type Fixture = z.infer<typeof fixtureSchema>;
export type FixtureCase = Fixture['cases'][number];
export type FixturePass = FixtureCase['inference'];
