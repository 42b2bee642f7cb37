import { describe, expect, it } from 'vitest';
import { killedReason, memoryKills, outOfMemory } from './memory.ts';

describe('lack of memory', () => {
  it.each([
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'Array buffer allocation failed',
  ])('is told from "%s"', (text) => {
    expect(outOfMemory(text, 'SIGABRT')).toMatch(
      /^it ran out of memory \(SIGABRT\); a smaller batch or input, /,
    );
    expect(outOfMemory(text)).toMatch(/^it ran out of memory; a smaller batch or input, /);
  });

  it('names the tensor that TensorFlow could not have', () => {
    const warning =
      'OP_REQUIRES failed at mkl_util.h:848 : RESOURCE_EXHAUSTED: OOM when allocating tensor with shape[8,1536,512] and type float';
    expect(outOfMemory(warning, 'SIGSEGV')).toMatch(
      /^it ran out of memory \(SIGSEGV, a tensor of shape \[8,1536,512\]\); /,
    );
  });

  it('is not told from anything else', () => {
    expect(outOfMemory('photo oom.jpg cannot be read', 'SIGSEGV')).toBeUndefined();
  });
});

describe('a process that got SIGKILL', () => {
  it('was killed for lack of memory where the kernel counts one more', () => {
    expect(killedReason(3, 4)).toMatch(
      /^the kernel killed its process for lack of memory \(SIGKILL\); a smaller batch/,
    );
    expect(killedReason(3, 3)).toBe('its process was killed (SIGKILL, by hand or by another program)');
    expect(killedReason(undefined, undefined)).toMatch(
      /^its process was killed \(SIGKILL: by hand, or for lack of memory/,
    );
  });

  it.skipIf(process.platform !== 'linux')('is counted by the kernel (needs Linux)', async () => {
    expect(await memoryKills()).toBeGreaterThanOrEqual(0);
  });
});
