import { UserError } from '@resizer-lab/base';
import type { Backbone } from '../backbone.ts';
import type { BackboneName } from '../names.ts';
import { densenetLayouts } from './densenet.ts';
import { b0Layouts, efficientnetRefusals, lite0Layouts } from './efficientnet.ts';
import type { Layout, LayoutName, Refusal } from './layout.ts';
import { mobilenetLayouts, mobilenetRefusals } from './mobilenet.ts';

/** What is known of other projects' files for a backbone. */
interface Known {
  layouts: readonly Layout[];
  refusals: readonly Refusal[];
}

const mobilenet: Known = { layouts: mobilenetLayouts, refusals: mobilenetRefusals };

const resnetDiffers =
  'which has its stride in the 3×3 convolutions and no biases, where ours, as in the paper and in Keras, has ' +
  'the stride in the first 1×1';

const known: Partial<Record<BackboneName, Known>> = {
  densenet121: { layouts: densenetLayouts, refusals: [] },
  resnet50: {
    layouts: [],
    refusals: [
      { marker: /^layer1\.0\.conv1\.weight$/, reason: `timm's or torchvision's ResNet-50, ${resnetDiffers}` },
      { marker: /^resnet\.encoder\.stages\./, reason: `transformers' ResNet-50, ${resnetDiffers}` },
    ],
  },
  'mobilenetv2_1.0': mobilenet,
  'mobilenetv2_0.35': mobilenet,
  efficientnetb0: { layouts: b0Layouts, refusals: efficientnetRefusals },
  efficientnet_lite0: { layouts: lite0Layouts, refusals: efficientnetRefusals },
};

export function knownLayouts(backbone: BackboneName): Known {
  return known[backbone] ?? { layouts: [], refusals: [] };
}

/** @throws UserError that lists the layouts a backbone is known in */
export function layoutNamed({ name, title }: Pick<Backbone, 'name' | 'title'>, wanted: LayoutName): Layout {
  const { layouts } = knownLayouts(name);
  const found = layouts.find((layout) => layout.name === wanted);
  if (found) return found;
  const known = layouts.map((layout) => layout.name).join(', ') || 'none but its own';
  throw new UserError(`${title} is not known in the layout "${wanted}"; known: ${known}.`, { exitCode: 2 });
}
