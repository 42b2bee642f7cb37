/** What one step does. */
export interface Work {
  task: 'train' | 'evaluate';
  /** Name of a backbone. */
  model: string;
  /** Side of the backbone's input in pixels. */
  size: number;
  batch: number;
  /** Side of the learned resizer's input in pixels; without it there is no resizer. */
  resizer?: number;
  /** The resizer's filters n and residual blocks r, where they are not its defaults; the peers have those only. */
  filters?: number;
  blocks?: number;
}

/** The work's name, such as `train/resizer448+resnet50/224/b4`. */
export function nameOf({ task, model, size, batch, resizer, filters, blocks }: Work): string {
  const shape = `${filters ? `n${filters}` : ''}${blocks ? `r${blocks}` : ''}`;
  return `${task}/${resizer ? `resizer${resizer}${shape}+` : ''}${model}/${size}/b${batch}`;
}

/** The work as a contestant's arguments: what is not given, such as a resizer's filters, is left out. */
export function argumentsOf({ task, model, size, batch, resizer = 0, filters, blocks }: Work): string[] {
  const named = Object.entries({ task, model, size, batch, resizer, filters, blocks });
  return named.flatMap(([key, value]) => (value === undefined ? [] : [`--${key}`, String(value)]));
}

/** Does a name match a pattern in which `*` stands for any text? */
export function matches(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
