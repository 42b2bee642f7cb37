export { learnedResizer, type LearnedResizerOptions } from './learned.ts';
export { mullerResizer, type MullerOptions } from './muller.ts';
export { applyResizer, RESIZER_SCOPE, type ResizerInputs, type ResizerSpec } from './resizer.ts';
