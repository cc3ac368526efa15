/**
 * `lvsctl status [NAME] [--all] [--json]`: what lvsd does now, one screen for a person, the document for a program.
 */
import type { StateDocument } from '../../observe/state.js';
import { statusText } from '../../observe/status-text.js';
import { ask, readDocument } from './client.js';
import { exitCodes } from './exit-code.js';
import type { Verb } from './verb.js';

export interface StatusOptions {
  /** Only this virtual server, with its real servers and checkers. */
  readonly name: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
}

export const status: Verb<StatusOptions> = async (context, { name, all, json }) => {
  const query = name === undefined ? '' : `?virtual_server=${encodeURIComponent(name)}`;
  const text = await ask(context.socket, { method: 'GET', path: `/v1/status${query}`, patience: 30_000 });
  const document = readDocument<StateDocument>(text);
  context.terminal.out(json ? text : statusText(document, { all, detail: name !== undefined }));
  return exitCodes.ok;
};
