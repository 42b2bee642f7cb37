#!/usr/bin/env node
// The command is TypeScript, run from source.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('../src/main.ts');
process.exitCode = await main(process.argv);
