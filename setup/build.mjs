// `npm run build`: node_modules, the addon, tsc, and the two bundles; nothing when nothing is newer.
//
//   native/*.c            -> build/native/lvsd.node     one cc line, no node-gyp
//   **/*.ts               -> build/                     tsc
//   build/cmd/X/main.js   -> dist/X.cjs                 esbuild, one file a program (X = lvsd, lvsctl)
//   dist/lvsd.cjs         -> dist/lvsd-HASH.js, .cache  lvsd's own is a loader: it takes the code as V8 compiled it at the
//                                                       build (setup/code-cache.mjs), a cache for each kind of process
//   build/.../regex-worker.js -> dist/regex-worker.cjs   the thread of regular expressions, with its library beside it
//   build/native/lvsd.node-> dist/lvsd.node
//
// One bundled file starts ten times faster than a tree of modules, and compiled code saves a third of what is left. What
// is imported with `import()` stays unevaluated in it until it is asked for. A part whose source is not there yet is named
// and left out; one that is there must compile.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isThere, repoRoot, SetupError, say } from './cache.mjs';

const BUILD = join(repoRoot, 'build');
const DIST = join(repoRoot, 'dist');
/** Written last: lists what the build was made from. */
const STAMP = join(BUILD, '.built-from');
/** The kinds of process that lvsd is, as setup/code-cache.mjs knows them. */
const PROCESSES = ['supervisor', 'director', 'checker', 'runner'];
/** Those that cmd/lvsd/role-spawn.ts gives `startFlags`. */
const STARTS_LARGE = ['director', 'checker'];
const KEPT_MS = 3_600_000;
const ADDON = join(BUILD, 'native/lvsd.node');
const REGEX_LIBRARY = join(repoRoot, 'node_modules/@stephen-riley/pcre2-wasm/dist/libpcre2.wasm');

/** Runs a program in the checkout with its output on our stderr; throws with `problem` when it fails. */
function run(program, args, problem) {
  // stdout is the caller's program's: what compilers say goes beside it.
  const done = spawnSync(program, args, { cwd: repoRoot, stdio: ['ignore', 2, 2] });
  if (done.error?.code === 'ENOENT') throw new SetupError(`${program} is not on this machine. ${problem}`);
  if (done.error) throw done.error;
  if (done.status !== 0) throw new SetupError(problem);
}

const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Installs the npm packages of package-lock.json when they are absent or older than it. */
export function ensureModules() {
  const installed = modifiedAt(join(repoRoot, 'node_modules/.package-lock.json'));
  if (installed >= modifiedAt(join(repoRoot, 'package-lock.json')) && installed > 0) return;
  say('lvsd build: installing the npm packages ...');
  const quiet = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    run('npm', ['ci', ...quiet], 'npm ci failed (see above).');
  } catch {
    // A registry that lacks other platforms' optional packages makes a lock file that npm ci refuses; npm install takes it.
    say('lvsd build: npm ci refused package-lock.json; trying npm install, which leaves the file as it is');
    run(
      'npm',
      ['install', '--no-save', ...quiet],
      'The npm packages could not be installed (see above). It needs the npm registry that this machine is set up for.',
    );
  }
}

/** The sources, as paths below the root with their modification times. */
function sources() {
  const settings = readFileSync(join(repoRoot, 'tsconfig.json'), 'utf8');
  const found = new Map();
  const add = (path) => found.set(relative(repoRoot, path), modifiedAt(path));
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.(ts|c|h)$/.test(entry.name)) add(path);
    }
  };
  for (const folder of JSON.parse(settings).include) if (isThere(join(repoRoot, folder))) walk(join(repoRoot, folder));
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'setup/build.mjs', 'setup/code-cache.mjs'])
    add(join(repoRoot, name));
  return found;
}

/** A line for each source; equal texts mean that the build stands. */
function describe(found) {
  const lines = [...found].map(([path, time]) => `${path} ${time}`).sort();
  // Another Node may not load what was made for this one's headers, and brings other headers.
  return `node ${process.version}\n${lines.join('\n')}\n`;
}

/** Removes what was compiled from a source that is gone: a deleted test would otherwise still run. */
function removeOrphans(before, found) {
  for (const line of before.split('\n').slice(1)) {
    const path = line.slice(0, line.lastIndexOf(' '));
    if (!path.endsWith('.ts') || found.has(path)) continue;
    const output = join(BUILD, path.replace(/\.ts$/, '.js'));
    for (const file of [output, `${output}.map`]) rmSync(file, { force: true });
  }
}

/** The folder with Node's C headers. */
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const tried = [join(prefix, 'include/node'), '/usr/include/node'];
  const found = tried.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (found === undefined) {
    throw new SetupError(
      `Node's C headers are not at ${tried.join(' or ')}. They come with Node's own archive and with NodeSource's package nodejs; for Debian's nodejs install libnode-dev.`,
    );
  }
  return found;
}

/** Compiles the addon when its source is newer. */
function buildAddon(found) {
  const native = [...found].filter(([path]) => /^native\/.*\.[ch]$/.test(path));
  const units = native.map(([path]) => path).filter((path) => path.endsWith('.c'));
  if (units.length === 0) {
    say('lvsd build: native/ has no C source, so there is no addon');
    return;
  }
  if (modifiedAt(ADDON) > Math.max(...native.map(([, time]) => time))) return;
  mkdirSync(dirname(ADDON), { recursive: true });
  say('lvsd build: compiling the addon');
  const partial = `${ADDON}.partial-${process.pid}`;
  run(
    process.env.CC || 'cc',
    ['-O2', '-Wall', '-Wextra', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${nodeHeaders()}`, ...units, '-o', partial],
    'The addon did not compile. It needs a C compiler and the C library headers: apt-get install gcc libc6-dev',
  );
  // A running process may have the old file mapped: it keeps that one, and the new one takes its name.
  renameSync(partial, ADDON);
}

/** Bundles one program for bin/, or one thread that programs start (healthcheck/probes/regex.ts). */
async function bundle(name, source) {
  if (!existsSync(join(repoRoot, `${source}.ts`))) {
    say(`lvsd build: ${source}.ts is absent, so there is no dist/${name}.cjs yet`);
    return;
  }
  writeWhole(join(DIST, `${name}.cjs`), await bundled(name, source, { head: '', foot: '' }));
}

/** The text of a program in one file, between `head` and `foot`. */
async function bundled(name, source, { head, foot }) {
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [join(BUILD, `${source}.js`)],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      external: ['*.node'],
      legalComments: 'none',
      logLevel: 'warning',
      // The loader reads one byte a character.
      charset: 'ascii',
      // A CommonJS file has no import.meta; modules that ask for it (yargs) get the bundle's own place.
      define: { 'import.meta.url': '__lvsdBundleUrl' },
      banner: { js: `${head}const __lvsdBundleUrl = require('node:url').pathToFileURL(__filename).href;` },
      footer: { js: foot },
    });
    return outputFiles[0].text;
  } catch {
    throw new SetupError(`esbuild could not bundle ${name} (see above).`);
  }
}

/** lvsd itself: the program under a name that says its content, its compiled code beside it, and the loader of both. */
async function bundleWithCode(name, source) {
  const head = '(function (exports, require, module, __filename, __dirname) {';
  const text = await bundled(name, source, { head, foot: '})' });
  const stem = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
  const program = join(DIST, `${stem}.js`);
  writeWhole(program, text);
  const { programFlags, startFlags } = await import(pathToFileURL(join(BUILD, 'runtime/heap.js')).href);
  for (const kind of PROCESSES) {
    const flags = STARTS_LARGE.includes(kind) ? [...programFlags, ...startFlags] : programFlags;
    const cache = join(DIST, `${stem}.${kind}.cache`);
    const partial = `${cache}.partial-${process.pid}`;
    const made = spawnSync(
      process.execPath,
      [...flags, join(repoRoot, 'setup/code-cache.mjs'), program, join(DIST, `${name}.cjs`), kind, partial],
      // NODE_OPTIONS could hold other flags than lvsd runs with.
      { cwd: repoRoot, stdio: ['ignore', 2, 2], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    if (made.status === 0) renameSync(partial, cache);
    else {
      rmSync(partial, { force: true });
      say(`lvsd build: the code of the ${kind} could not be compiled ahead; it starts a little slower without`);
    }
  }
  writeWhole(join(DIST, `${name}.cjs`), loader(stem));
  // What was built before stays for a while: a machine that shares this folder may still have the loader of that.
  for (const file of readdirSync(DIST)) {
    if (!/-[0-9a-f]{12}\./.test(file) || file.startsWith(stem)) continue;
    if (Date.now() - modifiedAt(join(DIST, file)) > KEPT_MS) rmSync(join(DIST, file));
  }
}

/**
 * The text of dist/lvsd.cjs. V8 takes compiled code only for a text of the same length, from the same version and with the
 * same flags, and compiles what it does not take; the content is in the name, so that a length is enough.
 */
function loader(stem) {
  return `'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const [, , word, role] = process.argv;
const kind = word === '--role' && ${JSON.stringify(PROCESSES)}.includes(role) ? role : 'supervisor';
const filename = __dirname + '/${stem}.js';
let cachedData;
try {
  cachedData = readFileSync(__dirname + '/${stem}.' + kind + '.cache');
} catch {}
const program = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
program.runInThisContext()(exports, require, module, __filename, __dirname);
`;
}

/** Writes a file so that a process that starts meanwhile reads the old one or the new one. */
function writeWhole(path, text) {
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

/** Builds what is not up to date. */
export async function ensureBuilt() {
  ensureModules();
  const found = sources();
  const wanted = describe(found);
  const before = isThere(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  if (before === wanted) return;
  mkdirSync(BUILD, { recursive: true });
  rmSync(STAMP, { force: true });
  removeOrphans(before, found);
  buildAddon(found);
  say('lvsd build: compiling the TypeScript sources');
  run(join(repoRoot, 'node_modules/.bin/tsc'), ['-p', repoRoot], 'The TypeScript sources did not compile (see above).');
  mkdirSync(DIST, { recursive: true });
  if (existsSync(ADDON)) {
    const partial = join(DIST, `lvsd.node.partial-${process.pid}`);
    copyFileSync(ADDON, partial);
    renameSync(partial, join(DIST, 'lvsd.node'));
  }
  await bundle('lvsctl', 'cmd/lvsctl/main');
  await bundleWithCode('lvsd', 'cmd/lvsd/main');
  await bundle('regex-worker', 'healthcheck/probes/regex-worker');
  copyFileSync(REGEX_LIBRARY, join(DIST, 'libpcre2.wasm'));
  writeFileSync(STAMP, wanted);
}

/** Runs a set-up program's main function: a SetupError is one plain message and status 1. */
export async function mainOf(url, main) {
  if (process.argv[1] !== fileURLToPath(url)) return;
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`lvsd setup: ${error.message}`);
    process.exitCode = 1;
  }
}

await mainOf(import.meta.url, ensureBuilt);
