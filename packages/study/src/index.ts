export { trainedCell, type Start, type TrainedCell } from './cell.ts';
export { type DatasetOf, datasetsOf, pairedCells, type Sizes } from './cells.ts';
export { arm, arms, armsOf, baseline, expectation, type OneArm } from './config/arms.ts';
export { type BackboneConfig, backboneName, backbones } from './config/backbones.ts';
export { fit, folderData } from './config/photos.ts';
export { fixedResizer, hasWeights, resizer, type ResizerConfig, resizerText } from './config/resizers.ts';
export { checkSyntheticSizes, type PairedConfig, pairedSections } from './config/sections.ts';
export { type Protocol, protocol, resolvedProtocol } from './config/training.ts';
export { count, name, pixels, rate, relativePath, share } from './config/values.ts';
export { claimsFile, claimsTables, readClaims } from './claims/claims.ts';
export { type Compared, decide, type Decision } from './claims/decide.ts';
export { verdictTables } from './claims/tables.ts';
export { inputsOf, openPhotos, weightsRole } from './inputs.ts';
export {
  type CellMeasurements,
  measurementsOf,
  type OtherStatistics,
  type Probes,
  probesSchema,
} from './measurements.ts';
export { type Paper, paperTable, type PaperTableOptions, printedOf, readPaper } from './paper.ts';
export { type PhotoPrediction, readPredictions, writePredictions } from './predictions.ts';
export { alarmsOf } from './tables/alarms.ts';
export {
  ALPHA,
  type Comparison,
  type Difference,
  type Verdict,
  verdictOf,
  verdictText,
} from './tables/comparison.ts';
export { durationText, isSynthetic, photosText, protocolNotes, seedsText } from './tables/notes.ts';
export { deviationsOf } from './tables/deviations.ts';
export { estimateOf, type Interval, overSeeds } from './tables/estimates.ts';
export {
  groupedOverSeeds,
  type Metric,
  pairedTable,
  type PairedTableOptions,
} from './tables/paired.ts';
export { checkPair, controlOf, type Scored, scoredOf, type TrainedRecord } from './tables/scored.ts';
