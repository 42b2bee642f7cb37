import { describe, expect, it } from 'vitest';
import { fit, transformOf } from './photos.ts';

describe('a centre crop', () => {
  it('takes the share of the short side that is left, for any input size', () => {
    const given = fit.parse({ fit: 'center-crop', crop: 0.875, interpolation: 'bicubic' });
    const common = { fit: 'center-crop', interpolation: 'bicubic', flip: false };
    expect(transformOf(given, 224)).toEqual({ ...common, shortSide: 256 });
    expect(transformOf(given, 448)).toEqual({ ...common, shortSide: 512 });
  });

  it('takes a length, or a share, and not both', () => {
    const center = { fit: 'center-crop' };
    expect(transformOf(fit.parse({ ...center, shortSide: 300 }), 224)).toMatchObject({ shortSide: 300 });
    expect(fit.safeParse(center).success).toBe(false);
    expect(fit.safeParse({ ...center, shortSide: 300, crop: 0.9 }).success).toBe(false);
  });
});
