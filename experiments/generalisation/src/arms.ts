/** The arms that every target has. */
export const ARMS = {
  baseline: 'baseline',
  /** Second stage: no resizer with weights, and one of random values. */
  fixed: 'fixed',
  random: 'random',
  /** First stage: the same. `own` is what other backbones get, and the second stage's if the stages are alike. */
  ownFixed: 'own-fixed',
  own: 'own',
} as const;

export type Swap = 'zero-shot' | 'fine-tuned';

/** `fine-tuned-from-resnet50`: the resizer of a source, with or without training in its new place. */
export const swapArm = (swap: Swap, source: string) => `${swap}-from-${source}`;
