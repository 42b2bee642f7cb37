#!/usr/bin/env node
import { nodeComplaint } from './node-version.mjs';

const complaint = nodeComplaint(process.versions.node);
if (complaint) {
  console.error(complaint);
  process.exit(1);
}
const { setUp } = await import('./command.mjs');
process.exitCode = await setUp(process.argv.slice(2));
