import { UserError } from '@resizer-lab/base';
import { expect, it } from 'vitest';
import { backboneNames } from './names.ts';
import { backboneOf, backbones } from './registry.ts';

it('holds the backbones that configs can name', () => {
  expect(backbones.map(({ name }) => name)).toEqual(backboneNames);
  expect(backboneOf('resnet50').title).toBe('ResNet-50');
});

it('says which backbones there are when asked for another', () => {
  expect(() => backboneOf('resnet18')).toThrow(UserError);
  expect(() => backboneOf('resnet18')).toThrow(/"resnet18".*resnet50/);
});

it('has a source, licence and citation of public weights for every backbone', () => {
  for (const { name, weights } of backbones) {
    expect(weights.length, name).toBeGreaterThan(0);
    for (const { url, licence, citation, checksum } of weights) {
      expect(new URL(url).protocol).toMatch(/^https?:$/);
      expect(licence && citation).toBeTruthy();
      if (checksum)
        expect(checksum.hex).toMatch(checksum.algorithm === 'md5' ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
    }
  }
});
