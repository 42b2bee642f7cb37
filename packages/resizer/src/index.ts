export { learnedResizer, type LearnedResizerOptions } from './learned.ts';
export { applyResizer, RESIZER_SCOPE, type ResizerSpec } from './resizer.ts';
