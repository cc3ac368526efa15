/**
 * What a running lvsd shows of itself: lvsctl's socket, metrics over HTTP, the text dumps of SIGUSR1.
 *
 * Loaded when the director is already at work on the configuration: nobody waits for these, and reading their modules
 * before the file would only make the table come later. A face that cannot be opened is told; lvsd serves on.
 */
import type { GlobalConfig } from '../../config/global.js';
import { ControlSocket } from '../../observe/control-socket.js';
import { MetricsListener } from '../../observe/metrics-listener.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import type { CommandLine } from './command-line.js';
import { Control } from './control.js';
import { writeDumps } from './dumps.js';
import type { Supervisor } from './supervisor.js';

export interface FacesOptions {
  readonly commandLine: CommandLine;
  /** Path of lvsctl's socket. */
  readonly controlSocket: string;
  readonly metricsListen: GlobalConfig['metricsListen'];
  readonly log: Log;
}

/** @returns lvsctl's socket, for its orderly end; undefined if it could not be opened */
export async function openFaces(supervisor: Supervisor, options: FacesOptions): Promise<ControlSocket | undefined> {
  const { commandLine, controlSocket, metricsListen, log } = options;
  const onError = (error: unknown): void => log.warning(describeError(error));
  const routes = new Control(supervisor, commandLine);
  process.on('SIGUSR1', () => void writeDumps(routes, supervisor, log));
  let control: ControlSocket | undefined;
  try {
    control = await ControlSocket.open({ path: controlSocket, routes, onError });
  } catch (error) {
    log.warning(`${describeError(error)}. lvsd serves on; lvsctl cannot reach it.`);
  }
  if (metricsListen !== undefined) {
    try {
      await MetricsListener.open({ ...metricsListen, scrape: (scope) => routes.metrics(scope), onError });
    } catch (error) {
      log.warning(`${describeError(error)}. lvsd serves on without metrics.`);
    }
  }
  return control;
}
