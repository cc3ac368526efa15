/**
 * Parts of Node that few starts need, loaded when they are first asked for.
 *
 * Each costs a start some milliseconds, because it brings others (`node:v8` the streams, `node:child_process` the
 * sockets): together a tenth of what `lvsd -t` takes for a small file.
 */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

export const cryptoPart = (): typeof import('node:crypto') => load('node:crypto') as typeof import('node:crypto');
export const v8Part = (): typeof import('node:v8') => load('node:v8') as typeof import('node:v8');
export const processesPart = (): typeof import('node:child_process') =>
  load('node:child_process') as typeof import('node:child_process');
