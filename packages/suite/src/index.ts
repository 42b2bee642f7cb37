export { CELL_EXIT, type CellEnd, runCell, type RunCellOptions } from './cell.ts';
export { jsonSchema, loadConfig, loadConfigs, type SuiteConfig } from './config.ts';
export { duration, resolvedDuration, wallClock } from './duration.ts';
export {
  cellFolder,
  type CellState,
  type PlanStatus,
  readRecords,
  readSuite,
  stateOf,
  statesOf,
  writePlan,
} from './ledger.ts';
export { type Holder, holderText } from './lock.ts';
export { expand, keyOf, type Plan, planSuite } from './plan.ts';
export { type Progress, readProgress } from './progress-file.ts';
export { type RunEvent, type RunOptions, type RunOutcome, runSuite } from './run.ts';
export {
  type Cell,
  type CellContext,
  type CellCost,
  type CellRecord,
  type CellSpec,
  defineStudy,
  type Loading,
  type Study,
} from './study.ts';
export {
  type ArrayJob,
  type Draft,
  type DraftOptions,
  draftSubmissions,
  runTask,
  type SlurmState,
  slurmStates,
  type SubmittedArray,
  submitDraft,
} from './slurm/index.ts';
