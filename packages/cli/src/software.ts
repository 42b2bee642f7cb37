import { cpus, totalmem } from 'node:os';
import type { Json } from '@resizer-lab/base';
import { engineInfo } from '@resizer-lab/engine';

/** Environment variables that change how TensorFlow runs; no others are told, for they may be private. */
const SETTINGS =
  /^(TF_(CPP_MIN_LOG_LEVEL|DETERMINISTIC_OPS|ENABLE_ONEDNN_OPTS|FORCE_GPU_ALLOW_GROWTH|NUM_INTEROP_THREADS|NUM_INTRAOP_THREADS)|OMP_NUM_THREADS|CUDA_VISIBLE_DEVICES|NVIDIA_TF32_OVERRIDE|GLIBC_TUNABLES|MALLOC_\w+_)$/;

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
      Object.entries(process.env).flatMap(([name, value]) =>
        SETTINGS.test(name) ? [[name, value ?? '']] : [],
      ),
    ),
  };
}
