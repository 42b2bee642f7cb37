import { cpus, totalmem } from 'node:os';
import type { Json } from '@resizer-lab/base';
import { engineInfo } from '@resizer-lab/engine';
import { isSetting } from './settings.ts';

/** What ran a cell: versions, device, process settings. */
export function software(): Record<string, Json> {
  return {
    node: process.version,
    tensorflow: engineInfo.tensorflow,
    device: engineInfo.device,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    settings: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (isSetting(name) ? [[name, value ?? '']] : [])),
    ),
  };
}
