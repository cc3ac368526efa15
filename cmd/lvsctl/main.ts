#!/usr/bin/env node
/**
 * The program `lvsctl`: hands argv and the terminal to `runLvsctl` and ends with its exit code.
 *
 * It never calls process.exit: a large answer into a pipe must go out whole first. No top-level await either, because
 * the shipped bundle is CommonJS.
 */
import { version } from '../lvsd/version.js';
import { runLvsctl } from './lvsctl.js';
import type { Terminal } from './verb.js';

const terminal: Terminal = {
  out: (text) => {
    process.stdout.write(text);
  },
  err: (text) => {
    process.stderr.write(text);
  },
};
// `lvsctl status | head` closes the pipe early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

void runLvsctl(process.argv.slice(2), terminal, process.cwd(), version).then((code) => {
  process.exitCode = code;
});
