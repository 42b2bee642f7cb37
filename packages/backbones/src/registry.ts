import { UserError } from '@resizer-lab/base';
import type { Backbone } from './backbone.ts';
import { densenet121 } from './densenet121.ts';
import { efficientnetB0, efficientnetLite0 } from './efficientnet.ts';
import { inceptionV2 } from './inception-v2.ts';
import { mobilenetV2 } from './mobilenet-v2.ts';
import { resnet50 } from './resnet50.ts';

/** Every backbone there is. */
export const backbones: readonly Backbone[] = [
  inceptionV2,
  densenet121,
  resnet50,
  mobilenetV2(1, {
    name: 'mobilenetv2_1.0',
    parameters: { total: 3_538_984, trainable: 3_504_872 },
    multiplyAdds: 300_774_272,
  }),
  mobilenetV2(0.35, {
    name: 'mobilenetv2_0.35',
    parameters: { total: 1_691_208, trainable: 1_677_128 },
    multiplyAdds: 59_285_808,
  }),
  efficientnetB0,
  efficientnetLite0,
];

/** The backbone of a name. @throws UserError that lists the names there are */
export function backboneOf(name: string): Backbone {
  const found = backbones.find((backbone) => backbone.name === name);
  if (found) return found;
  const names = backbones.map((backbone) => backbone.name).join(', ');
  throw new UserError(`There is no backbone "${name}". Known: ${names}.`, { exitCode: 2 });
}
