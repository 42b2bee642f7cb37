import type { Batch } from '@resizer-lab/datasets';
import type { Arguments, InputSpec, Tensor, Tensor2D } from '@resizer-lab/engine';

/** What a network learns: what its outputs are compared with, and how. */
export interface Objective {
  /** Shapes and types of what a batch is compared with: `{ labels: int32(batch) }`. */
  targets(batch: number): Record<string, InputSpec>;
  /** The same of the photos of one batch, as a program takes it. */
  targetsOf(batch: Batch): Arguments;
  /** Mean loss of a batch, a scalar. logits: [batch, outputs]; targets: as said above. */
  loss(logits: Tensor2D, targets: Readonly<Record<string, Tensor>>): Tensor;
}
