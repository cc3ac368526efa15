/**
 * lvs_sync_daemon: the option form, and the old positional form INTERFACE INSTANCE [ID] (keepalived.md 7.5).
 */
import type { LvsSyncDaemon } from '../../config/global.js';
import { parseIpAddress } from '../../runtime/addresses.js';
import { port } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { GlobalDraft } from './global-draft.js';
import { MAX_INTERFACE_NAME } from './limits.js';

type Draft = { -readonly [K in keyof LvsSyncDaemon]: LvsSyncDaemon[K] };

const options = new Set(['inst', 'id', 'maxlen', 'port', 'ttl', 'group']);

export function readSyncDaemon(global: GlobalDraft, statement: Statement, context: BindContext): void {
  const before = global.lvsSyncDaemon;
  const say = (message: string, index: number, assumed: string): void =>
    context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', message, statement, index, { assumed });
  if (before !== undefined) {
    const message = `lvs_sync_daemon has already been specified as ${before.interface} ${before.instance ?? ''} - ignoring`;
    context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 0, { assumed: 'the first one counts' });
    return;
  }
  const name = context.text(statement, 1);
  if (name.length > MAX_INTERFACE_NAME) {
    say(`lvs_sync_daemon interface name '${name}' too long - ignoring`, 1, 'no sync daemon');
    return;
  }
  const daemon: Draft = {
    interface: name,
    instance: undefined,
    syncId: undefined,
    maxLength: undefined,
    port: undefined,
    ttl: undefined,
    group: undefined,
    at: context.position(statement),
  };
  let index = 2;
  const second = statement.words[2]?.text;
  if (second !== undefined && !options.has(second)) {
    daemon.instance = context.text(statement, 2);
    index = 3;
    if (/^\d+$/.test(statement.words[3]?.text ?? '')) {
      const message = 'Please use keyword "id" before lvs_sync_daemon SYNCID';
      context.report('assumed', 'LVSD_CONFIG_DEPRECATED', message, statement, 3, { expected: 'id N' });
      daemon.syncId = context.number(statement, 3, 0, 255);
      index = 4;
    }
  }
  for (; index < statement.words.length; index += 2) index = readOption(daemon, statement, index, context);
  if (daemon.instance !== undefined) {
    context.useUnbuilt(
      {
        word: 'inst',
        block: 'lvs_sync_daemon',
        decides: 'none',
        vrrpSide: true,
        cure: 'lvsd runs no VRRP yet, so the sync daemon cannot follow an instance: leave inst out and both daemons run.',
      },
      statement,
      2,
    );
  }
  global.lvsSyncDaemon = daemon;
}

/** Reads one option and its value; returns where to go on from (the caller adds 2). */
function readOption(daemon: Draft, statement: Statement, index: number, context: BindContext): number {
  const option = statement.words[index]?.text ?? '';
  const wrong = (message: string, at: number): void =>
    context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', message, statement, at, { assumed: 'the option is left out' });
  if (!options.has(option)) {
    wrong(`Unknown option ${option} specified for lvs_sync_daemon`, index);
    return index - 1;
  }
  if (statement.words[index + 1] === undefined) {
    wrong(`No value specified for lvs_sync_daemon ${option} - ignoring`, index);
    return index;
  }
  const text = context.text(statement, index + 1);
  switch (option) {
    case 'inst':
      daemon.instance = text;
      break;
    case 'id':
      daemon.syncId = context.number(statement, index + 1, 0, 255);
      break;
    case 'maxlen':
      daemon.maxLength = context.number(statement, index + 1, 1, 65507);
      break;
    case 'port': {
      const value = context.number(statement, index + 1, 1, 65535);
      if (value !== undefined) daemon.port = port(value);
      break;
    }
    case 'ttl':
      daemon.ttl = context.number(statement, index + 1, 1, 255);
      break;
    default: {
      const address = parseIpAddress(text);
      if (address === undefined) wrong(`Invalid lvs_sync_daemon group (${text}) - ignoring`, index + 1);
      else if (!/^(22[4-9]|23\d)\.|^ff/.test(address)) {
        wrong(`lvs_sync_daemon group address ${text} is not multicast - ignoring`, index + 1);
      } else daemon.group = address;
    }
  }
  return index;
}
