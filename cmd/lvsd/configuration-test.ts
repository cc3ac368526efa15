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
  const output = commandLine.configTest?.logFile;
  const fd = output === undefined ? 2 : openSync(output, 'a', 0o600);
  if (commandLine.json) writeSync(1, diagnosticsToJson(diagnostics, snapshot, exitCode));
  else if (diagnostics.length > 0) writeSync(fd, `${renderDiagnostics(diagnostics, snapshot)}\n`);
  if (commandLine.printConfig) writeSync(1, printConfig(parsed.config));
  return exitCode;
}
