import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { type Arguments, float32, type Tensor4D } from '@resizer-lab/engine';
import {
  countParameters,
  decodeSafetensors,
  encodeSafetensors,
  matchWeights,
  multiplyAddsOf,
  type Parameters,
  parametersOf,
  type Scope,
} from '@resizer-lab/layers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Backbone } from './backbone.ts';
import { BATCH, CLASSES, dropConnected, SHAPE, type TinyModel, tinyModel } from './tiny-model.fixture.ts';

/** The backbone with its head, as one network. */
const whole = (backbone: Backbone, classes: number) => (net: Scope, images: Tensor4D) =>
  backbone.head(net, backbone.features(net, images), classes);

const declared = (backbone: Backbone, classes: number) =>
  parametersOf(whole(backbone, classes), [float32(...SHAPE)]);

const trainable = (parameters: Parameters) =>
  countParameters([...parameters.values()].filter((parameter) => parameter.trainable));

/** A number from a publication, and the share by which ways of counting may differ. */
interface Published {
  multiplyAdds: number;
  within: number;
}

/** What every backbone must do. Called once in the test file of each. */
export function contract(backbone: Backbone, published: Published): void {
  declares(backbone, published);
  takes(backbone);
  runs(backbone);
}

function declares(backbone: Backbone, published: Published): void {
  describe(`${backbone.title} declares`, () => {
    it('the parameters of its spec', () => {
      const parameters = declared(backbone, 1000);
      expect(countParameters(parameters.values())).toBe(backbone.parameters.total);
      expect(trainable(parameters)).toBe(backbone.parameters.trainable);
    });

    it('the multiply-adds of its spec, near the published number', () => {
      const images = float32(1, backbone.inputSize, backbone.inputSize, 3);
      expect(multiplyAddsOf(whole(backbone, 1000), [images])).toBe(backbone.multiplyAdds);
      const error = Math.abs(backbone.multiplyAdds / published.multiplyAdds - 1);
      expect(error).toBeLessThan(published.within);
    });

    const fixture = fixtureOf(backbone.name);
    it.skipIf(fixture === undefined)(
      `names and shapes of the public weights${fixture ? '' : ' (skipped: RESIZER_DATA has no fixtures)'}`,
      () => {
        const ours = [...declared(backbone, 1000).values()].map(({ name, shape }) => ({ name, shape }));
        expect(byName(ours)).toEqual(byName(fixture!.weights));
        expect(backbone.parameters).toEqual(fixture!.params);
        expect(backbone.batchNorm.epsilon).toBe(fixture!.bn_epsilon);
      },
    );

    it('a head that is all that depends on the classes', () => {
      const [ten, seven] = [declared(backbone, CLASSES), declared(backbone, 7)];
      const features = parametersOf(backbone.features, [float32(...SHAPE)]);
      const isHead = (name: string) => name.startsWith(`${backbone.headName}/`);
      expect([...features.keys()].filter(isHead)).toEqual([]);
      expect([...ten.keys()].filter((name) => !isHead(name))).toEqual([...features.keys()]);
      for (const [name, { shape }] of ten) {
        if (isHead(name)) expect(shape.at(-1)).toBe(CLASSES);
        else expect(seven.get(name)!.shape).toEqual(shape);
      }
    });
  });
}

function takes(backbone: Backbone): void {
  describe(`${backbone.title} takes`, () => {
    it('images of any size from the smallest on', () => {
      const side = fc.integer({ min: backbone.smallestSize, max: 200 });
      const channels = featureShape(backbone, [1, 224, 224, 3])[1]!;
      fc.assert(
        fc.property(side, side, (height, width) => {
          expect(featureShape(backbone, [1, height, width, 3])).toEqual([1, channels]);
        }),
        { numRuns: 8 },
      );
    });

    if (backbone.smallestSize > 1) {
      it('no smaller images', () => {
        const short = backbone.smallestSize - 1;
        expect(() => featureShape(backbone, [1, 224, short, 3])).toThrow(UserError);
        expect(() => featureShape(backbone, [1, short, 224, 3])).toThrow(`not ${short}×224`);
      });
    }
  });
}

function runs(backbone: Backbone): void {
  describe(`${backbone.title} runs`, () => {
    let model: TinyModel;
    beforeAll(() => {
      model = tinyModel(backbone);
    });
    beforeEach(() => model.restart());
    afterAll(() => model.program.dispose());
    const logitsOf = (name: string, args: Arguments) => model.program.run(name, args)['logits']!;

    it('forward to finite logits', () => {
      const logits = logitsOf('evaluate', { images: model.images });
      expect(logits).toHaveLength(BATCH * CLASSES);
      expect(logits.every(Number.isFinite)).toBe(true);
      expect(new Set(logits).size).toBeGreaterThan(CLASSES);
    });

    it('with each parameter in one place', () => {
      expect([...model.reads].sort()).toEqual([...model.parameters.keys()].sort());
    });

    it('its features and then its head as one', () => {
      const { features, logits } = model.program.run('evaluate', { images: model.images });
      expect(logitsOf('head', { features: features! })).toEqual(logits);
    });

    it('each example by itself in evaluation, with its batch in training', () => {
      const first = (name: string, images: Float32Array) => {
        model.restart();
        return logitsOf(name, { images }).slice(0, CLASSES);
      };
      // The same first example in other company.
      const images = model.images.map((x, i) => (i < model.images.length / BATCH ? x : -x));
      const [evaluated, trained] = [first('evaluate', model.images), first('train', model.images)];
      expect(distance(first('evaluate', images), evaluated)).toBeLessThan(1e-5);
      expect(distance(first('train', images), trained)).toBeGreaterThan(1e-2);
      expect(distance(trained, evaluated)).toBeGreaterThan(1e-2);
    });

    it('with gradients of every trained parameter', () => {
      const results = model.program.run('train', { images: model.images });
      // The batch's statistics cancel a bias in front of a batch norm: its gradient is zero in theory.
      const cancels = (name: string) => model.parameters.has(name.replace(/_conv\/bias$/, '_bn/moving_mean'));
      const weights = model.trained.filter((name) => !(name.endsWith('_conv/bias') && cancels(name)));
      const idle = weights.filter((name) => {
        const gradient = results[name] as Float32Array;
        return !gradient.every(Number.isFinite) || gradient.every((g) => g === 0);
      });
      expect(idle).toEqual([]);
    });

    it('with moving statistics that follow in training, and not in evaluation or frozen', () => {
      const moved = (name: string) => {
        model.restart();
        model.program.run(name, { images: model.images });
        const after = model.program.read(model.statistics);
        return model.statistics.filter((key) => distance(after.get(key)!, model.values.get(key)!) > 0);
      };
      expect(moved('evaluate')).toEqual([]);
      expect(moved('frozen')).toEqual([]);
      expect(moved('train')).toEqual(model.statistics);
    });

    it('from saved weights to the same bits', async () => {
      const { program, images, values, parameters } = model;
      const before = logitsOf('evaluate', { images });
      const tensors = [...program.read()].map(([name, data]) => {
        return [name, { shape: parameters.get(name)!.shape, data }] as const;
      });
      const file = encodeSafetensors(new Map(tensors));
      program.assign(new Map([...values].map(([name, data]) => [name, data.map(() => 0.01)])));
      expect(logitsOf('evaluate', { images })).not.toEqual(before);
      const loaded = matchWeights(
        [...parameters.values()],
        (await decodeSafetensors(file, 'memory')).tensors,
        {
          source: 'memory',
        },
      );
      program.assign(new Map([...loaded].map(([name, { data }]) => [name, data])));
      expect(logitsOf('evaluate', { images })).toEqual(before);
    });

    it('with dropout that is a function of the seed', () => {
      const { features, logits } = model.program.run('evaluate', { images: model.images });
      const dropped = (seed: number) =>
        logitsOf('droppedHead', { features: features!, seed: Int32Array.of(seed, 0) });
      expect(dropped(1)).toEqual(dropped(1));
      expect(dropped(2)).not.toEqual(dropped(1));
      expect(dropped(1)).not.toEqual(logits);
    });

    if (backbone.dropRates.dropConnect === undefined) {
      it('without residual branches, and so refuses drop-connect', () => {
        expect(() => dropConnected(backbone)).toThrow(UserError);
        expect(() => dropConnected(backbone)).toThrow(/drop-connect rate of 0\.5/);
      });
    } else {
      it('with drop-connect that is a function of the seed', () => {
        const { images } = model;
        const dropped = (seed: number) => logitsOf('dropConnected', { images, seed: Int32Array.of(seed, 0) });
        expect(dropped(1)).toEqual(dropped(1));
        expect(dropped(2)).not.toEqual(dropped(1));
        expect(dropped(1)).not.toEqual(logitsOf('evaluate', { images }));
      });
    }
  });
}

interface Fixture {
  params: { total: number; trainable: number };
  bn_epsilon: number;
  weights: { name: string; shape: number[] }[];
}

/** Golden numbers made with Keras and TF-Slim's definitions, where they are at hand. */
function fixtureOf(name: string): Fixture | undefined {
  const data = process.env['RESIZER_DATA'];
  const path = join(data ?? '', '../fixtures', `${name}.json`);
  return data && existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Fixture) : undefined;
}

const byName = <W extends { name: string }>(weights: readonly W[]) =>
  [...weights].sort((a, b) => (a.name < b.name ? -1 : 1));

/** ‖a − b‖ / ‖b‖ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

function featureShape(backbone: Backbone, shape: readonly number[]): number[] {
  let result: number[] = [];
  parametersOf(
    (net: Scope, images: Tensor4D) => {
      result = backbone.features(net, images).shape;
    },
    [float32(...shape)],
  );
  return result;
}
