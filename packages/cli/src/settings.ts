/**
 * Whether an environment variable is one that changes how TensorFlow runs. No others are recorded or
 * handed on, for they may be private.
 */
export function isSetting(name: string): boolean {
  return /^(TF_(CPP_MIN_LOG_LEVEL|DETERMINISTIC_OPS|ENABLE_ONEDNN_OPTS|FORCE_GPU_ALLOW_GROWTH|NUM_INTEROP_THREADS|NUM_INTRAOP_THREADS)|OMP_NUM_THREADS|CUDA_VISIBLE_DEVICES|NVIDIA_TF32_OVERRIDE|GLIBC_TUNABLES|MALLOC_\w+_)$/.test(
    name,
  );
}
