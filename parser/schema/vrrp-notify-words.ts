/**
 * The words that instances and sync groups share to say who is told of a change (keepalived.md 10, 11, 13.1).
 */
import { readScript } from '../bind-script.js';
import { keyword } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import type { ScriptsDraft, TracksThings } from './vrrp-drafts.js';
import { tell } from './vrrp-forms.js';

export interface Notifies extends TracksThings {
  readonly scripts: ScriptsDraft;
}

const states: readonly (readonly [word: string, field: keyof ScriptsDraft, doc: string])[] = [
  ['notify_master', 'master', 'Program that runs on becoming master.'],
  ['notify_backup', 'backup', 'Program that runs on becoming backup.'],
  ['notify_fault', 'fault', 'Program that runs on FAULT.'],
  ['notify_stop', 'stop', 'Program that runs when lvsd stops.'],
  ['notify', 'any', 'Program that runs on every change, with type, name, state and priority as arguments.'],
];

/** @param voice how a complaint begins: `(VI_1)`, `vrrp group G:` */
export function notifyWords<D extends Notifies>(voice: (draft: D) => string): Keyword<D>[] {
  return states.map(([name, field, doc]) =>
    keyword<D>({ name, doc }, [argument.script], (draft, statement, context) => {
      const script = readScript(statement, context);
      if (script === undefined) return;
      if (draft.scripts[field] === undefined) draft.scripts[field] = script;
      else {
        const message = `${voice(draft)} ${name} script already specified - ignoring ${script.command}`;
        tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
      }
    }),
  );
}
