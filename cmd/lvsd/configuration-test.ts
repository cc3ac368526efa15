/**
 * lvsd -t: is this configuration good? Reads and binds everything, starts nothing, says all that is wrong at once.
 *
 * Exit codes are keepalived's (keepalived.md 3). Beyond the file it looks at what the file names on this host: scripts,
 * their users and interfaces. What the daemon would refuse to start with (an unbuilt word that decides who gets traffic) is
 * told as well, and does not change the exit code: that judges the file, as keepalived judges it.
 */
import { openSync, writeSync } from 'node:fs';
import { validatePattern } from '../../healthcheck/probes/pcre2.js';
import { parseSnapshot } from '../../parser/parse.js';
import { printConfig } from '../../parser/print.js';
import { diagnosticsToJson, exitCodeOf, renderDiagnostics } from '../../parser/render-diagnostic.js';
import { readSnapshot } from '../../parser/snapshot.js';
import { unbuiltDiagnostics } from '../../parser/validate-unbuilt.js';
import type { CommandLine } from './command-line.js';
import { hostSurroundings } from './host-surroundings.js';

/** Tests a configuration and writes what it found. @returns the exit status */
export function testConfiguration(commandLine: CommandLine): number {
  const snapshot = readSnapshot(commandLine.configFile, {
    ...(commandLine.configId === undefined ? {} : { configId: commandLine.configId }),
    allConfigChecks: commandLine.strictIncludes,
  });
  const parsed = parseSnapshot(snapshot, undefined, {
    validateRegex: validatePattern,
    surroundings: hostSurroundings(commandLine.namespace),
  });
  const ofTheFile = [...snapshot.diagnostics, ...parsed.diagnostics];
  const diagnostics = [
    ...ofTheFile,
    ...unbuiltDiagnostics(parsed.config.unbuilt, {
      checkerOnly: !commandLine.subsystems.vrrp,
      ignoreUnbuilt: commandLine.ignoreUnbuilt,
    }),
  ];
  const exitCode = exitCodeOf(ofTheFile);
  const config = commandLine.printConfig ? printConfig(parsed.config) : undefined;
  if (commandLine.json) {
    writeWhole(1, diagnosticsToJson(diagnostics, snapshot, { exitCode, ...(config === undefined ? {} : { config }) }));
    return exitCode;
  }
  if (diagnostics.length > 0) {
    writeWhole(openLog(commandLine.configTest?.logFile), `${renderDiagnostics(diagnostics, snapshot)}\n`);
  }
  if (config !== undefined) writeWhole(1, config);
  return exitCode;
}

/** Where messages go: stderr, or the file that -t names; a file that cannot be written is told, and stderr serves. */
function openLog(path: string | undefined): number {
  if (path === undefined) return 2;
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    writeWhole(2, `${path} cannot be written (${codeOf(error)}): the messages follow here\n`);
    return 2;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** For how long a reader may leave a full pipe alone, milliseconds. */
const PATIENCE = 60_000;

/** Writes all of a text, also into a pipe that takes it in parts; a reader that has gone away (`| head`) ends it. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let waited = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
      waited = 0;
    } catch (error) {
      if (codeOf(error) === 'EPIPE') return;
      if (codeOf(error) !== 'EAGAIN' || waited >= PATIENCE) throw error;
      Atomics.wait(pause, 0, 0, 10);
      waited += 10;
    }
  }
}
