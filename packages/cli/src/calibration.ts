import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, hashOf, writeAtomically } from '@resizer-lab/base';
import { engineInfo } from '@resizer-lab/engine';
import { z } from 'zod';
import type { Calibration, Photos, TimedPart } from './duration.ts';
import { timePart, timePhotos, timeProcess } from './timing.ts';

/** To be raised when what is measured changes, or the engine's speed. */
const VERSION = 2;

const rateSchema = z.strictObject({ perSecond: z.number().positive(), when: z.string() });
const partSchema = z.strictObject({ flops: z.number().positive(), starting: z.number(), when: z.string() });
const processSchema = z.strictObject({ seconds: z.number().positive(), when: z.string() });

export interface CalibrationOptions {
  readonly parts: readonly TimedPart[];
  readonly photos: readonly Photos[];
  readonly dataRoot: string;
  /** The command's program. */
  readonly bin: string;
  readonly onMeasure: (what: string) => void;
}

/**
 * How fast this machine starts a cell's process, trains each part of a network, and loads photos.
 * Measured once for a machine and an engine, and remembered in the user's cache.
 */
export async function calibrate(options: CalibrationOptions): Promise<Calibration> {
  const { dataRoot, bin, onMeasure } = options;
  const when = () => new Date().toISOString();
  const process = await known(processSchema, { process: true }, async () => {
    onMeasure('the start of a process');
    return { seconds: await timeProcess(bin), when: when() };
  });
  const parts: Calibration['parts'][number][] = [];
  for (const part of options.parts) {
    const rate = await known(partSchema, { ...part }, () => {
      onMeasure(`training steps: ${part.part} at ${part.side} px`);
      return Promise.resolve({ ...timePart(part), when: when() });
    });
    parts.push({ ...part, ...rate });
  }
  const photos: Calibration['photos'][number][] = [];
  for (const each of options.photos) {
    const rate = await known(rateSchema, { ...each }, async () => {
      onMeasure(`photos at ${each.size} px`);
      return { perSecond: await timePhotos(each, dataRoot), when: when() };
    });
    photos.push({ ...each, ...rate });
  }
  return { machine: machine(), cores: cpus().length, process, parts, photos };
}

/** What was measured earlier, or is measured now and remembered. */
async function known<Measurement>(
  schema: z.ZodType<Measurement>,
  what: Readonly<Record<string, unknown>>,
  measure: () => Promise<Measurement>,
): Promise<Measurement> {
  const file = join(cacheFolder(), 'calibration', `${hashOf({ ...place(), what, version: VERSION })}.json`);
  const earlier = await remembered(file, schema);
  if (earlier !== undefined) return earlier;
  const measured = await measure();
  await remember(file, measured);
  return measured;
}

/** What a measurement depends on beside what is measured. */
function place(): Record<string, string | number> {
  const { tensorflow, device } = engineInfo;
  const threads = process.env['TF_NUM_INTRAOP_THREADS'] ?? '';
  return { processor: machine(), cores: cpus().length, tensorflow, device, threads };
}

function machine(): string {
  return cpus()[0]?.model ?? 'an unknown processor';
}

async function remembered<Measurement>(
  file: string,
  schema: z.ZodType<Measurement>,
): Promise<Measurement | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Not there, or not ours: it is measured again.
    return undefined;
  }
}

/** A cache that cannot be written costs a measurement the next time, no more. */
async function remember(file: string, measured: unknown): Promise<void> {
  const write = async () => {
    await mkdir(join(file, '..'), { recursive: true });
    await writeAtomically(file, [Buffer.from(JSON.stringify(measured))]);
  };
  await write().catch(() => undefined);
}
