import { expect, it } from 'vitest';
import { type Cost, latest, type MeasuredCurve, worseThanProportional } from './scaling-cost.ts';
import { scalingMarkdown } from './scaling-markdown.ts';
import { scalingPlot } from './scaling-plot.ts';

const cost = (gigaflop: number, milliseconds: number, task: Cost['task'] = 'train'): Cost => ({
  setting: `${gigaflop} units`,
  task,
  batch: 2,
  stepFlops: gigaflop * 1e9,
  secondsPerStep: { median: milliseconds / 1000, low: milliseconds / 2000, high: milliseconds / 500 },
  peakMemory: 1.5e9,
});

const curve = (name: string, costs: Cost[]): MeasuredCurve => ({
  ...{ name, title: `The curve ${name}`, per: 'image', costs },
  machine: { date: '2026-01-02T03:04:05Z', cpu: 'C', cores: 2, memory: 8e9, system: 'linux', busy: 0 },
});

it('finds points that cost over 25 % more than the cheapest smaller one, in whatever order they come', () => {
  const [tiny, cheap, fair, dear] = [cost(1, 30), cost(2, 20), cost(4, 49), cost(3, 45)];
  const [excess, ...others] = worseThanProportional([dear, tiny, fair, cheap]);
  expect(excess).toMatchObject({ cost: dear, than: cheap });
  expect(excess!.ratio).toBeCloseTo(1.5);
  expect(others).toEqual([]);
  // A larger point that is cheaper does not make the smaller one dear: that is a fixed cost, spread.
  expect(worseThanProportional([tiny, cheap])).toEqual([]);
});

it('prints each point by image, relative to its curve’s first, and names those that are dear', () => {
  const page = scalingMarkdown([curve('x', [cost(2, 20), cost(4, 60), cost(1, 9, 'evaluate')])]);
  expect(page).toContain('| train, 4 units | 2.00 | 30.0 (15.0 – 60.0) | 66.7 | 1.50 | 1.50 GB |');
  expect(page).toContain(
    '- The curve x: train, 4 units: an operation costs 1.50 times as much as at 2 units',
  );
  expect(page).toContain('| evaluate, 1 units | 0.500 | 4.50 (2.25 – 9.00) | 111 | 1.00 | 1.50 GB |');
  expect(scalingMarkdown([curve('x', [cost(2, 20)])])).toContain('No point is worse');
});

it('keeps a curve as it was measured last', () => {
  const again = curve('x', [cost(1, 1)]);
  const kept = curve('y', []);
  expect(latest([curve('x', []), kept, again])).toEqual([again, kept]);
});

it('draws a panel for each curve, with a dashed line for each of its tasks', async () => {
  const both = [cost(2, 20), cost(4, 60), cost(1, 9, 'evaluate'), cost(2, 18, 'evaluate')];
  const svg = await scalingPlot([curve('x', both), curve('y', both)]);
  expect(svg).toContain('The curve x; per image');
  expect(svg).toContain('The curve y; per image');
  expect(svg.match(/stroke-dasharray="4,4"/g)).toHaveLength(4);
});
