import { UserError } from '@resizer-lab/base';
import type { Backbone } from './backbone.ts';
import { mobilenetV2 } from './mobilenet-v2.ts';

/** Every backbone there is. */
export const backbones: readonly Backbone[] = [
  mobilenetV2(1, {
    name: 'mobilenetv2_1.0',
    parameters: { total: 3_538_984, trainable: 3_504_872 },
    weights: [],
  }),
  mobilenetV2(0.35, {
    name: 'mobilenetv2_0.35',
    parameters: { total: 1_680_000, trainable: 0 },
    weights: [],
  }),
];

/** The backbone of a name. @throws UserError that lists the names there are */
export function backboneOf(name: string): Backbone {
  const found = backbones.find((backbone) => backbone.name === name);
  if (found) return found;
  const names = backbones.map((backbone) => backbone.name).join(', ');
  throw new UserError(`There is no backbone "${name}". Known: ${names}.`, { exitCode: 2 });
}
