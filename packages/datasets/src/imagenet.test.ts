import { expect, it } from 'vitest';
import { imagenetClasses } from './imagenet.ts';

// Tench, cassette player and church are classes 0, 482 and 497 of ImageNet; toilet tissue is the last.
it("gives ImageNet's synsets their class indices", () => {
  const classes = imagenetClasses();
  expect(Object.keys(classes)).toHaveLength(1000);
  const some = ['n01440764', 'n02979186', 'n03028079', 'n15075141'].map((synset) => classes[synset]);
  expect(some).toEqual([0, 482, 497, 999]);
});
