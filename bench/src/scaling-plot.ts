import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Cost, MeasuredCurve } from './scaling-cost.ts';
import { tasks } from './scaling-markdown.ts';

/** A place in the picture: operations and time of an image or of a step. */
interface Place {
  curve: string;
  series: string;
  gigaflop: number;
  milliseconds: number;
}

/** One panel for each curve; the dashed lines go through each task's smallest point, in proportion. */
export async function scalingPlot(curves: readonly MeasuredCurve[]): Promise<string> {
  const { spec } = compile(specOf(curves));
  const view = new View(parse(spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function specOf(curves: readonly MeasuredCurve[]): TopLevelSpec {
  const measured = curves.flatMap((curve) => tasks.flatMap((task) => placesOf(curve, task)));
  const proportional = curves.flatMap((curve) =>
    tasks.flatMap((task) => inProportion(placesOf(curve, task))),
  );
  const logarithmic = { type: 'log', nice: false, padding: 8 } as const;
  const position = {
    x: { field: 'gigaflop', type: 'quantitative', scale: logarithmic, title: 'GFLOP' },
    y: { field: 'milliseconds', type: 'quantitative', scale: logarithmic, title: 'ms' },
    color: { field: 'series', type: 'nominal', sort: [...tasks], title: null },
  } as const;
  const mark = (places: readonly Place[], type: 'point' | 'line', style: object) => ({
    mark: { type, ...style },
    encoding: position,
    transform: [{ filter: { field: 'dashed', equal: places === proportional } }],
  });
  const values = [
    ...measured.map((place) => ({ ...place, dashed: false })),
    ...proportional.map((place) => ({ ...place, dashed: true })),
  ];
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    title: {
      text: 'Time against floating-point operations',
      subtitle: 'dashed: in proportion, from the smallest point',
    },
    data: { values },
    facet: {
      field: 'curve',
      type: 'nominal',
      sort: curves.map(titleOf),
      title: null,
      header: { labelLimit: 0, labelFontSize: 9 },
    },
    columns: 2,
    spec: {
      width: 320,
      height: 220,
      layer: [
        mark(proportional, 'line', { strokeDash: [4, 4], opacity: 0.6 }),
        mark(measured, 'line', {}),
        mark(measured, 'point', { filled: true, size: 40 }),
      ],
    },
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}

const titleOf = ({ title, per }: MeasuredCurve) => `${title}; per ${per}`;

function placesOf(curve: MeasuredCurve, task: Cost['task']): Place[] {
  return curve.costs
    .filter((cost) => cost.task === task)
    .map(({ batch, stepFlops, secondsPerStep }) => {
      const images = curve.per === 'image' ? batch : 1;
      return {
        curve: titleOf(curve),
        series: task,
        gigaflop: stepFlops / images / 1e9,
        milliseconds: (secondsPerStep.median * 1000) / images,
      };
    })
    .sort((a, b) => a.gigaflop - b.gigaflop);
}

function inProportion(places: readonly Place[]): Place[] {
  const [first, last] = [places[0], places.at(-1)];
  if (!first || !last) return [];
  return [first, { ...last, milliseconds: (first.milliseconds * last.gigaflop) / first.gigaflop }];
}
