import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { messageOf, UserError } from '@resizer-lab/base';
import type * as TfCore from '@tensorflow/tfjs-core';
import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';

/**
 * TensorFlow inside this process. Importing this module loads the native library that `npm run setup`
 * prepared; process settings (threads, oneDNN) must be in the environment before.
 */

/** What set-up wrote: which compiled binding and which library belong to this checkout. */
interface EngineRecord {
  binding: string;
  library: string;
  tensorflow: string;
  requested: 'cpu' | 'gpu';
}

/** An attribute of a TensorFlow op, as the binding takes it. */
export interface OpAttribute {
  name: string;
  type: number;
  value: boolean | number | string | number[];
}

/** A tensor as the binding describes it. */
export interface TensorMetadata {
  id: number;
  shape: number[];
  dtype: number;
}

/** What this package uses of TF.js's Node backend; its own types hide a part of it. */
interface Backend extends TfCore.KernelBackend {
  binding: Omit<TFJSBinding, 'executeOp'> & {
    executeOp(op: string, attributes: OpAttribute[], inputs: number[], outputs: number): TensorMetadata[];
    /** Only while a program is being recorded: a tensor that is there no sooner than another. */
    identityAfter?(id: number, needed: number): TensorMetadata;
  };
  readonly tensorMap: { get(dataId: object): { dtype: number } };
  createOutputTensor(metadata: TensorMetadata): TfCore.Tensor;
  getInputTensorIds(tensors: TfCore.TensorInfo[]): number[];
  getDTypeInteger(dtype: TfCore.DataType): number;
  executeSingleOutput(op: string, attributes: OpAttribute[], inputs: TfCore.TensorInfo[]): TfCore.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: OpAttribute[],
    inputs: TfCore.TensorInfo[],
    count: number,
  ): TfCore.Tensor[];
  write(values: TfCore.BackendValues | null, shape: number[], dtype: TfCore.DataType): object;
}

const require = createRequire(import.meta.url);

function engineRecord(): EngineRecord {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'node_modules/.cache/resizer-lab/engine.json');
    if (!existsSync(path)) continue;
    const record = JSON.parse(readFileSync(path, 'utf8')) as EngineRecord;
    if (existsSync(record.binding)) return record;
    throw new UserError(
      `The engine's binding ${record.binding} is gone. Run \`npm run setup\` to make it again.`,
    );
  }
  throw new UserError('The engine is not set up in this checkout. Run `npm run setup`.');
}

/** See provision/process/process.c. */
interface NativeProcess {
  silence(): number;
  restore(handle: number): void;
  releaseMemory(): void;
}

function loadBinding(record: EngineRecord): Backend['binding'] {
  // Level 2 keeps errors and drops the chatter about CPU features and plugins.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const handle = nativeProcess.silence();
  try {
    const native = require(record.binding) as Backend['binding'];
    native.isUsingGpuDevice(); // Starts the device, which has something to say, too.
    return native;
  } catch (error) {
    throw new UserError(
      `TensorFlow ${record.tensorflow} could not be loaded from ${record.library}: ${messageOf(error)}. ` +
        'Run `npm run setup` to repair it.',
      { cause: error },
    );
  } finally {
    nativeProcess.restore(handle);
  }
}

function startBackend(): Backend {
  require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (native: Backend['binding'], packageName: string) => Backend;
  };
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'), 3);
  void tf.setBackend('tensorflow');
  return tf.backend() as Backend;
}

/** V8's collector. Node shows it only to a program that asks. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return collect;
}

const collectGarbage = garbageCollector();
const record = engineRecord();
const nativeProcess = require(join(dirname(record.binding), 'process.node')) as NativeProcess;

export const binding = loadBinding(record);
export const tf = require('@tensorflow/tfjs') as typeof TfCore;
export const backend = startBackend();
export const engineInfo = {
  tensorflow: binding.TF_Version,
  device: binding.isUsingGpuDevice() ? ('gpu' as const) : ('cpu' as const),
  requested: record.requested,
  library: record.library,
};

/**
 * Gives the system back what this process holds and does not use: JavaScript's garbage (weights, for the most,
 * that were handed to TensorFlow), freed blocks that malloc keeps, and pages of TensorFlow's libraries that only
 * loading needed. Takes about 50 ms; what is needed again comes back by itself.
 */
export function releaseMemory(): void {
  collectGarbage();
  nativeProcess.releaseMemory();
}

export type Tensor = TfCore.Tensor;
export type Tensor1D = TfCore.Tensor1D;
export type Tensor2D = TfCore.Tensor2D;
export type Tensor4D = TfCore.Tensor4D;
export type TensorInfo = TfCore.TensorInfo;
