/**
 * `plan-37k-native`: processor time of a whole process that reads, parses, plans, compares and encodes the configuration
 * of keepalived's issue 2318 (plan-cost.ts), beside `keepalived -t` on the same file.
 *
 * The process is started as the director's is: one bundled file, the code that V8 compiled of it at the build
 * (setup/code-cache.mjs), bin/lvsd's flags and the role's. The code is that of a run over 16 virtual servers, so nothing
 * of the file that is measured is in it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programFlags, startFlags } from '../runtime/heap.js';
import { type GenerateOptions, generateConfig, serversOfEach } from './generate-config.js';
import { median, sizes } from './measurement.js';
import { keepalivedTest, type Program, plainEnvironment, row, timed } from './native.js';

/** Runs PROGRAM with the code that is kept beside it, as dist/lvsd.cjs does; without any it leaves what was compiled. */
const LOADER = `'use strict';
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/plan-cost.js';
const kept = __dirname + '/plan-cost.cache';
const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
const program = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
if (program.cachedDataRejected) throw new Error('the kept code does not fit');
program.runInThisContext()(exports, require, module, __filename, __dirname);
if (cachedData === undefined) process.once('beforeExit', () => writeFileSync(kept, program.createCachedData()));
`;

async function bundled(): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: ['build/bench/plan-cost.js'],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'ascii',
    external: ['*.node'],
    logLevel: 'error',
    define: { 'import.meta.url': '__bundleUrl' },
    banner: {
      js: "(function (exports, require, module, __filename, __dirname) {const __bundleUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error('esbuild made nothing of plan-cost');
  return text;
}

/** @param rounds how often each of the two runs; the row has the medians */
export async function planRow(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
  try {
    writeFileSync(join(folder, 'plan-cost.js'), await bundled());
    writeFileSync(join(folder, 'loader.cjs'), LOADER);
    const lvsd: Program = {
      command: [process.execPath, ...programFlags, ...startFlags, join(folder, 'loader.cjs')],
      environment: plainEnvironment(),
    };
    const put = (name: string, options: GenerateOptions): readonly [string, string] => {
      const file = join(folder, name);
      writeFileSync(file, generateConfig(options), { mode: 0o600 });
      const each = serversOfEach(options);
      return [file, String(each.reduce((sum, servers) => sum + servers, each.length))];
    };
    timed(lvsd, ...put('small.conf', { services: 16 }));
    const large = put('keepalived.conf', sizes['37k']);
    const keepalived = keepalivedTest();
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(timed(lvsd, ...large).processor);
      peer.push(timed(keepalived, large[0]).processor);
    }
    row('plan-37k-native', median(ours), median(peer), 's of processor time');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
