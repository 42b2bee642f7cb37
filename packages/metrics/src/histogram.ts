import { UserError } from '@resizer-lab/base';
import { checkCount, checkNumbers, checkPair, checkSameLength, type Numbers } from './checks.ts';

/**
 * The earth mover's distance of two histograms over the same ordered bins, normalised by their number:
 * (mean over bins of |CDFₚ - CDF_q|^r)^(1/r), 0 … 1 (NIMA, Talebi & Milanfar 2018, eq. 1).
 * NIMA trains with r = 2 and reports r = 1. Each histogram is divided by its sum, so votes will do.
 * p, q: [bins].
 * @throws UserError for histograms of different lengths, a negative or NaN bin, an empty histogram.
 */
export function earthMoversDistance(p: Numbers, q: Numbers, { r }: { r: 1 | 2 }): number {
  checkSameLength('earthMoversDistance', [p.length, q.length]);
  const sumP = massOf(p);
  const sumQ = massOf(q);
  let gap = 0;
  let total = 0;
  for (let k = 0; k < p.length; k++) {
    gap += p[k]! / sumP - q[k]! / sumQ;
    total += r === 1 ? Math.abs(gap) : gap * gap;
  }
  return r === 1 ? total / p.length : Math.sqrt(total / p.length);
}

/**
 * Mean and standard deviation (of the population) of a histogram whose bins score 1, 2, …, bins.
 * Votes or probabilities. histogram: [bins].
 * @throws UserError for a negative or NaN bin, or an empty histogram.
 */
export function histogramMoments(histogram: Numbers): { mean: number; deviation: number } {
  const sum = massOf(histogram);
  const shares = Array.from(histogram, (bin) => bin / sum);
  const mean = shares.reduce((total, share, k) => total + share * (k + 1), 0);
  const variance = shares.reduce((total, share, k) => total + share * (k + 1 - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(variance) };
}

/**
 * A histogram with a given mean, for data that have only a mean score: all mass in the two bins next
 * to it. Bins score 1 … bins, and so does the mean → [bins], sum 1.
 * @throws UserError for a mean outside 1 … bins, or bins not 2 … 1024.
 */
export function histogramOfMean(mean: number, bins: number): Float64Array {
  checkCount('bins', bins, [2, 1024]);
  if (!(mean >= 1 && mean <= bins)) {
    throw new UserError(`a mean score of ${mean} lies outside the bins 1 to ${bins}; rescale the scores`);
  }
  const histogram = new Float64Array(bins);
  const lower = Math.min(Math.floor(mean), bins - 1);
  histogram[lower - 1] = lower + 1 - mean;
  histogram[lower] = mean - lower;
  return histogram;
}

/**
 * The share of items that predicted and true score put on the same side of a cut; a score is high if
 * it is above the cut (AVA is cut at 5). predicted, truth: [n].
 * @throws UserError for lists of different lengths, no values, NaN.
 */
export function twoClassAccuracy(predicted: Numbers, truth: Numbers, { cut }: { cut: number }): number {
  checkPair('twoClassAccuracy', [predicted, truth]);
  checkNumbers('twoClassAccuracy: cut', [cut]);
  let agree = 0;
  for (let i = 0; i < truth.length; i++) if (predicted[i]! > cut === truth[i]! > cut) agree++;
  return agree / truth.length;
}

function massOf(histogram: Numbers): number {
  checkNumbers('histogram', histogram);
  let sum = 0;
  for (let k = 0; k < histogram.length; k++) {
    if (histogram[k]! < 0)
      throw new UserError(`histogram[${k}] is ${histogram[k]}, and no bin may be negative`);
    sum += histogram[k]!;
  }
  if (!(sum > 0 && sum < Infinity))
    throw new UserError(`a histogram of ${histogram.length} bins sums to ${sum}`);
  return sum;
}
