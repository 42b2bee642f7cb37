export { type BootstrapOptions, bootstrap, type Statistic } from './bootstrap.ts';
export { expectedCalibrationError, negativeLogLikelihood, topConfidences } from './calibration.ts';
export type { Confidence, Estimate, Numbers, OpenEstimate } from './checks.ts';
export { kendall, pearson, rmse, spearman } from './correlation.ts';
export {
  bootstrapCorrelation,
  bootstrapCorrelationDifference,
  type CorrelationTest,
  type DependentCorrelations,
  fisherInterval,
  steigerTest,
  williamsTest,
} from './correlation-tests.ts';
export { earthMoversDistance, histogramMoments, histogramOfMean, twoClassAccuracy } from './histogram.ts';
export { holm } from './holm.ts';
export { fitLogistic, logistic, type LogisticFit, type LogisticParameters } from './logistic.ts';
export { meanOverSeeds, type SeedMean, zeroMeanP } from './mean.ts';
export {
  bootstrapErrorDifference,
  mcnemar,
  type PairedOutcomes,
  pairedErrorDifference,
  pairOutcomes,
} from './paired.ts';
export { clopperPearsonInterval, type Proportion, wilsonInterval } from './proportion.ts';
export { correctAt, topKErrors, trueLabelRanks } from './topk.ts';
