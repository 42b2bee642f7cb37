import { readFileSync } from 'node:fs';

let known: Readonly<Record<string, number>> | undefined;

/** The class index of each synset of ILSVRC 2012 (`n01440764` → 0): its place in alphabetical order. */
export function imagenetClasses(): Readonly<Record<string, number>> {
  known ??= Object.fromEntries(
    readFileSync(new URL('./imagenet-synsets.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((synset, index) => [synset, index]),
  );
  return known;
}
