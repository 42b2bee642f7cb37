import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Study } from '@resizer-lab/suite';
import { onTestFinished } from 'vitest';

/** A folder that is removed after the test. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'study-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Reads a config, given as its lines, with some of them changed: text to find and to put in its place. */
export async function loadedConfig(
  study: Study,
  lines: readonly string[],
  changes: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  let text = lines.join('\n');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`the config has no "${from}"`);
    text = text.replace(from, to);
  }
  const file = join(await ownFolder(), 'tiny.yaml');
  await writeFile(file, text);
  const { config } = await loadConfig(file, [study]);
  return config;
}
