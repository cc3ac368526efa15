/**
 * global_defs: the FIFOs of notifications and the programs that read them (keepalived.md 7.6, 13.2).
 */
import type { NotifyFifo } from '../../config/global-notification.js';
import type { Script } from '../../config/script.js';
import { readScriptUser } from '../bind-script.js';
import { keyword, scriptWord, type Unbuilt } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { change } from './global-fields.js';
import { argument, type Keyword } from './keyword.js';

interface Fifo {
  readonly prefix: '' | 'lvs_' | 'vrrp_';
  readonly doc: string;
  readonly unbuilt: Unbuilt | undefined;
  readonly get: (global: GlobalDraft) => { readonly fifo: NotifyFifo | undefined; readonly script: Script | undefined };
  readonly set: (global: GlobalDraft, fifo: NotifyFifo) => void;
  readonly setScript: (global: GlobalDraft, script: Script) => void;
}

const fifos: readonly Fifo[] = [
  {
    prefix: '',
    doc: 'FIFO for all events.',
    unbuilt: undefined,
    get: ({ notifyFifo, notifyFifoScript }) => ({ fifo: notifyFifo, script: notifyFifoScript }),
    set: (global, fifo) => {
      global.notifyFifo = fifo;
    },
    setScript: (global, script) => {
      global.notifyFifoScript = script;
    },
  },
  {
    prefix: 'lvs_',
    doc: 'FIFO for LVS events.',
    unbuilt: undefined,
    get: ({ lvsNotifyFifo, lvsNotifyFifoScript }) => ({ fifo: lvsNotifyFifo, script: lvsNotifyFifoScript }),
    set: (global, fifo) => {
      global.lvsNotifyFifo = fifo;
    },
    setScript: (global, script) => {
      global.lvsNotifyFifoScript = script;
    },
  },
  {
    prefix: 'vrrp_',
    doc: 'FIFO for VRRP events.',
    unbuilt: { decides: 'none', vrrpSide: true, cure: 'lvsd runs no VRRP yet; the word waits for it.' },
    get: ({ vrrp }) => ({ fifo: vrrp.notifyFifo, script: vrrp.notifyFifoScript }),
    set: (global, notifyFifo) => change(global, 'vrrp', { notifyFifo }),
    setScript: (global, notifyFifoScript) => change(global, 'vrrp', { notifyFifoScript }),
  },
];

/** The words of all FIFOs: PATH [USER [GROUP]], and the program. */
export function fifoWords(): readonly Keyword<GlobalDraft>[] {
  return fifos.flatMap((of) => [fifoWord(of), fifoScriptWord(of)]);
}

function fifoWord(of: Fifo): Keyword<GlobalDraft> {
  return keyword<GlobalDraft>(
    {
      name: `${of.prefix}notify_fifo`,
      doc: of.doc,
      whenMissing: `No ${of.prefix}notify_fifo name specified`,
      ...(of.unbuilt === undefined ? {} : { unbuilt: of.unbuilt }),
    },
    [argument.text('PATH'), argument.optional(argument.text('USER')), argument.optional(argument.text('GROUP'))],
    (global, statement, context) => {
      const path = context.text(statement, 1);
      const { fifo } = of.get(global);
      if (fifo !== undefined) {
        const message = `${of.prefix}notify_fifo already specified - ignoring ${path}`;
        context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: fifo.path });
        return;
      }
      const user = statement.words.length > 2 ? readScriptUser(statement, 2, context) : undefined;
      of.set(global, { path, user, at: context.position(statement) });
    },
  );
}

function fifoScriptWord(of: Fifo): Keyword<GlobalDraft> {
  const name = `${of.prefix}notify_fifo_script`;
  return scriptWord<GlobalDraft>(
    {
      name,
      whenMissing: `No ${name} specified`,
      doc: 'Program that reads the FIFO; its name is added as last argument.',
      ...(of.unbuilt === undefined ? {} : { unbuilt: of.unbuilt }),
    },
    (global, script, context) => {
      const before = of.get(global).script;
      if (before === undefined) of.setScript(global, script);
      else {
        const message = `${name} already specified - ignoring ${script.command}`;
        context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', message, script.at, { assumed: before.command });
      }
    },
  );
}
