import { readFile } from 'node:fs/promises';
import type { Cell, Column, Table } from '@resizer-lab/report';
import { parse } from 'yaml';
import { z } from 'zod';
import { backboneName } from './config/backbones.ts';
import { resizerText } from './config/resizers.ts';
import { pixels } from './config/values.ts';
import { groupedOverSeeds, type Metric } from './tables/paired.ts';
import { estimateOf, overSeeds } from './tables/estimates.ts';
import type { Scored } from './tables/scored.ts';

/** A number that a publication prints. What it does not depend on is left out. */
const printed = z.strictObject({
  backbone: backboneName.optional(),
  /** As tables write it: `bilinear`, `learned n=16 r=1`. */
  resizer: z.string().optional(),
  /** The backbone that the resizer was trained with. */
  trainedWith: backboneName.optional(),
  input: pixels.optional(),
  target: pixels.optional(),
  /** Key of the metric. */
  metric: z.string(),
  value: z.number(),
  /** Which of the sources. */
  source: z.string(),
});

const paperFile = z
  .strictObject({
    paper: z.string(),
    /** Where numbers stand, for everybody to look up. */
    sources: z.record(z.string(), z.string()),
    numbers: z.array(printed),
  })
  .refine(({ sources, numbers }) => numbers.every(({ source }) => Object.hasOwn(sources, source)), {
    error: 'a number names a source that is not among the sources',
  });

export type Paper = z.infer<typeof paperFile>;

/** Reads a study's `paper.yaml`: what the paper printed, as far as anybody has it. */
export async function readPaper(file: URL): Promise<Paper> {
  return paperFile.parse(parse(await readFile(file, 'utf8')));
}

/** What was printed of a cell's configuration, if anything was. */
export function printedOf(
  { numbers }: Paper,
  { record: { config } }: Scored,
  metric: string,
): Paper['numbers'][number] | undefined {
  const isOf = <Key extends string | number>(given: Key | undefined, own: Key) =>
    given === undefined || given === own;
  return numbers.find(
    (number) =>
      number.metric === metric &&
      isOf(number.backbone, config.backbone) &&
      isOf(number.resizer, resizerText(config.resizer)) &&
      isOf(number.trainedWith, config.range) &&
      isOf(number.input, config.input) &&
      isOf(number.target, config.target),
  );
}

export interface PaperTableOptions<S extends Scored> {
  /** Of the table's files. */
  name: string;
  title: string;
  paper: Paper;
  metrics: readonly Metric<S>[];
  notes: readonly string[];
}

/** Every arm in a row, over its seeds: our numbers, and beside each the paper's; blank where nobody has it. */
export function paperTable<S extends Scored>(scored: readonly S[], options: PaperTableOptions<S>): Table {
  const { name, title, paper, metrics, notes } = options;
  const arms = scored.filter(({ record }) => record.config.role === 'arm');
  const groups = groupedOverSeeds(arms);
  const found = groups.flatMap(([first]) =>
    metrics.flatMap(({ key }) => printedOf(paper, first!, key)?.source ?? []),
  );
  const sources = [...new Set(found)].map((source) => `Paper's numbers: ${paper.sources[source]}.`);
  return {
    name,
    title,
    columns: [
      { key: 'backbone', header: 'Backbone' },
      { key: 'sizes', header: 'Sizes' },
      { key: 'resizer', header: 'Resizer' },
      { key: 'arm', header: 'Arm', detail: true },
      { key: 'seeds', header: 'Seeds', format: 'count' },
      ...metrics.flatMap(({ key, header }): Column[] => [
        { key, header },
        { key: `${key}_paper`, header: 'Paper' },
      ]),
    ],
    rows: groups.map((group) => row(group, options)),
    notes: [`Paper: ${paper.paper}. A blank is a number that we do not have.`, ...sources, ...notes],
  };
}

function row<S extends Scored>(
  group: readonly S[],
  { metrics, paper }: PaperTableOptions<S>,
): Record<string, Cell> {
  const first = group[0]!;
  const { config } = first.record;
  const numbers = metrics.flatMap((metric): [string, Cell][] => {
    const { key, unit } = metric;
    const theirs = printedOf(paper, first, key)?.value;
    const ours = overSeeds(group.map((cell) => metric.of(cell)));
    return [
      [key, estimateOf(ours, unit)],
      [
        `${key}_paper`,
        estimateOf(theirs === undefined ? null : { value: theirs, low: null, high: null }, unit),
      ],
    ];
  });
  return {
    backbone: config.backbone,
    sizes: `${config.input} → ${config.target}`,
    resizer: resizerText(config.resizer),
    arm: config.arm,
    seeds: group.length,
    ...Object.fromEntries(numbers),
  };
}
