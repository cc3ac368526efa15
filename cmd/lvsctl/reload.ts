/**
 * `lvsctl reload [--json]`: reloads as SIGHUP does, waits until it is over, and shows what was said about the file.
 */
import type { ReloadReport } from '../../observe/control-protocol.js';
import { ask, readDocument } from './client.js';
import { diagnosticText } from './diagnostic-text.js';
import { exitCodes } from './exit-code.js';
import type { Verb } from './verb.js';

export interface ReloadOptions {
  readonly json: boolean;
}

export const reload: Verb<ReloadOptions> = async (context, { json }) => {
  const text = await ask(context.socket, { method: 'POST', path: '/v1/reload', body: {}, patience: 300_000 });
  const report = readDocument<ReloadReport>(text);
  context.terminal.out(json ? text : reloadText(report));
  return report.result === 'refused' ? exitCodes.refused : exitCodes.ok;
};

/** The report for a person: the messages, then one sentence. */
export function reloadText(report: ReloadReport): string {
  const took = `${report.durationSeconds.toFixed(3)} s`;
  const messages =
    report.messages === null ? '' : `, ${report.messages} netlink message${report.messages === 1 ? '' : 's'}`;
  const sentences = {
    applied: `Reloaded in ${took}${messages}; generation ${report.generation}.`,
    unchanged: `Reloaded in ${took}: nothing changed; generation ${report.generation}.`,
    refused: `Reload REFUSED after ${took}: generation ${report.generation} stays in force. Mend the file and reload again.`,
  };
  return `${diagnosticText(report.diagnostics)}${sentences[report.result]}\n`;
}
