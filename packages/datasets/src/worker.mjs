// Worker threads start as plain JavaScript; this one turns to TypeScript by itself, so that it
// starts in the same way under tsx, vitest and plain node.
import { register } from 'tsx/esm/api';
// The decoder is plain JavaScript: a tenth of a second is saved by loading it before TypeScript is.
import 'sharp';

register();
await import('./worker.ts');
