export {
  type Checkpoint,
  type CheckpointFolder,
  checkpointFolder,
  type FoundCheckpoint,
} from './checkpoints.ts';
export { type EventFile, openEventFile } from './events.ts';
export { type Entry, type JsonLines, openJsonLines, readJsonLines } from './jsonl.ts';
export { duration, type ProgressUpdate } from './meter.ts';
export { type ProgressStream, type ProgressView, progressView } from './progress.ts';
