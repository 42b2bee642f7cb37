import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compile, float32, type Tensor, tf } from './index.ts';
import { releaseMemory } from './tensorflow.ts';

const megabytes = (kind: 'RssFile' | 'RssAnon') =>
  Number(new RegExp(`${kind}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;

it('gives back the pages of the library that only loading needed, and what was freed', () => {
  // What malloc takes from its heap; of every two blocks one is freed, so that the heap's end stays in use.
  const blocks = tf.tidy(() => Array.from({ length: 800 }, (_, i) => tf.fill([2 ** 14], i)));
  blocks.forEach((block, i) => i % 2 && block.dispose());
  const before = { file: megabytes('RssFile'), anonymous: megabytes('RssAnon') };
  releaseMemory();
  expect(megabytes('RssFile')).toBeLessThan(before.file - 100);
  expect(before.anonymous - megabytes('RssAnon')).toBeGreaterThan(16);
  tf.dispose(blocks);
  expect(tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0]).toBe(11);
});

it('gives back what JavaScript has dropped', () => {
  releaseMemory();
  const { arrayBuffers } = process.memoryUsage();
  for (let i = 0; i < 4; i++) new Float32Array(2 ** 21).fill(i);
  expect(process.memoryUsage().arrayBuffers).toBeGreaterThan(arrayBuffers + 2 ** 24);
  releaseMemory();
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(arrayBuffers + 2 ** 20);
});

it('is done when a program is compiled, and after the first run of a function', () => {
  const spec = {
    inputs: { x: float32(2) },
    body: ({ x }: Record<string, Tensor>) => ({ y: tf.mul(x!, 2) }),
  };
  const touchTheLibrary = () => tf.dispose(Array.from({ length: 3 }, () => tf.topk(tf.ones([64, 64]), 3)));
  touchTheLibrary();
  const loaded = megabytes('RssFile');
  const program = compile(new Map(), { double: spec });
  expect(megabytes('RssFile')).toBeLessThan(loaded);
  touchTheLibrary();
  const compiled = megabytes('RssFile');
  expect([...program.run('double', { x: Float32Array.of(1, 2) })['y']!]).toEqual([2, 4]);
  expect(megabytes('RssFile')).toBeLessThan(compiled);
  program.dispose();
});
