/**
 * `lvsctl plan FILE [--json]`: what a reload of this file would change, and what it would be refused for. Nothing is done.
 */
import { resolve } from 'node:path';
import type { PlanChange, PlanReport } from '../../observe/control-protocol.js';
import { ask, readDocument } from './client.js';
import { diagnosticText } from './diagnostic-text.js';
import { exitCodes } from './exit-code.js';
import type { Verb } from './verb.js';

export interface PlanOptions {
  readonly file: string;
  readonly json: boolean;
}

export const plan: Verb<PlanOptions> = async (context, { file, json }) => {
  const body = { file: resolve(context.directory, file) };
  const text = await ask(context.socket, { method: 'POST', path: '/v1/plan', body, patience: 60_000 });
  const report = readDocument<PlanReport>(text);
  context.terminal.out(json ? text : planText(report));
  return report.refused ? exitCodes.refused : exitCodes.ok;
};

const signs: Readonly<Record<PlanChange['action'], string>> = { add: '+', remove: '-', change: '~' };

/** The report for a person: messages, then the changes under their virtual server, then one sentence. */
export function planText(report: PlanReport): string {
  const lines = [diagnosticText(report.diagnostics)];
  let under = '';
  for (const change of report.changes) {
    const details = change.details.map(({ what, from, to }) => `${what} ${from} -> ${to}`).join(', ');
    const tail = details === '' ? '' : `: ${details}`;
    if (change.server === null) {
      lines.push(`${signs[change.action]} ${change.object} ${change.name}${tail}\n`);
      under = change.name;
    } else {
      if (under !== change.name) lines.push(`~ virtual server ${change.name}\n`);
      under = change.name;
      lines.push(`  ${signs[change.action]} ${change.object} ${change.server}${tail}\n`);
    }
  }
  lines.push(`${verdict(report)}\n`);
  return lines.join('');
}

function verdict(report: PlanReport): string {
  if (report.refused) return `A reload of ${report.file} would be REFUSED: the configuration in force would stay.`;
  if (report.changes.length === 0) return `A reload of ${report.file} would change nothing.`;
  const counts = (['add', 'remove', 'change'] as const).map(
    (action) => report.changes.filter((change) => change.action === action).length,
  );
  const messages =
    report.messages === null ? '' : `, ${report.messages} netlink message${report.messages === 1 ? '' : 's'}`;
  return `A reload of ${report.file} would add ${counts[0]}, remove ${counts[1]} and change ${counts[2]}${messages}. Nothing was done.`;
}
