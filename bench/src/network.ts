import { backboneOf, preprocess } from '@resizer-lab/backbones';
import { applyResizer } from '@resizer-lab/resizer';
import type { Network } from '@resizer-lab/training';

interface Parts {
  model: string;
  classes: number;
  /** Side of what the backbone sees, in pixels. */
  size: number;
  /** The learned resizer in front, if any: its filters n and blocks r. Default: the paper's. */
  resizer?: { filters?: number; blocks?: number };
}

/** The network that is measured, as the studies build it: photos → preprocessing → resizer → backbone → logits. */
export function networkOf({ model, classes, size, resizer }: Parts): Network {
  const backbone = backboneOf(model);
  const target = [size, size] as const;
  return (net, images) => {
    let x = preprocess(images, backbone.preprocessing);
    if (resizer) x = applyResizer(net, x, { resizer: { kind: 'learned', ...resizer }, target });
    return backbone.head(net, backbone.features(net, x), classes);
  };
}
