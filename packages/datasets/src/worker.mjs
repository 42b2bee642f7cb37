// Worker threads start as plain JavaScript; this one turns to TypeScript by itself, so that it
// starts in the same way under tsx, vitest and plain node.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
