export { type ArrayJob, type Draft, type DraftOptions, draftSubmissions } from './draft.ts';
export { type SlurmState, slurmStates } from './states.ts';
export { type SubmittedArray, submitDraft } from './submit.ts';
export { runTask, type TaskOptions } from './task.ts';
