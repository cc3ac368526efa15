/**
 * Setters for the parts of global_defs: a word names its part and its field, so that a declaration stays one line.
 *
 * The parts are replaced, never changed: what a Config holds is immutable.
 */
import type { ReceiveBuffer } from '../../config/global-process.js';
import { seconds } from '../../runtime/units.js';
import { booleanWord, numberWord, type Texts, type Unbuilt } from './forms.js';
import type { GlobalDraft } from './global-draft.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';

/** The fields of global_defs that are objects of several fields. */
export type GlobalPart =
  | 'processNames'
  | 'checkerScheduling'
  | 'vrrpScheduling'
  | 'bfdScheduling'
  | 'autoPriority'
  | 'reloadControl'
  | 'dumps'
  | 'mail'
  | 'snmp'
  | 'dbus'
  | 'vrrpDefaults'
  | 'vrrp'
  | 'lvsCommandBuffer'
  | 'lvsMonitorBuffer';

/** Replaces some fields of a part. */
export function change<P extends GlobalPart>(global: GlobalDraft, part: P, fields: Partial<GlobalDraft[P]>): void {
  global[part] = { ...global[part], ...fields };
}

/** A setter of one field of a part. */
export function into<P extends GlobalPart, F extends keyof GlobalDraft[P]>(
  part: P,
  field: F,
): (global: GlobalDraft, value: GlobalDraft[P][F]) => void {
  return (global, value) => {
    const fields: Partial<GlobalDraft[P]> = {};
    fields[field] = value;
    change(global, part, fields);
  };
}

/** A setter of a field that holds seconds. */
export function secondsInto<P extends GlobalPart, F extends keyof GlobalDraft[P]>(
  part: P,
  field: F,
): (global: GlobalDraft, value: number) => void {
  const set = into(part, field);
  return (global, value) => set(global, seconds(value) as GlobalDraft[P][F]);
}

/** What is said when a global boolean has no good value. */
export const invalidGlobal =
  (name: string) =>
  (text: string): string =>
    `Invalid value '${text}' for global ${name} specified`;

/** The two words of one receive buffer: its size in bytes (0 leaves the kernel's), and `_force`. */
export function bufferWords(
  name: string,
  what: string,
  unbuilt: Unbuilt,
  set: (global: GlobalDraft, fields: Partial<ReceiveBuffer>) => void,
): readonly Keyword<GlobalDraft>[] {
  const size: Texts = {
    name,
    default: "the kernel's",
    doc: `Receive buffer of ${what}.`,
    whenMissing: `${name} size missing`,
    unbuilt,
  };
  return [
    numberWord<GlobalDraft>(size, argument.number('BYTES', 0, MAX_UNSIGNED, 'bytes'), (global, value) => {
      if (value > 0) set(global, { bytes: value });
    }),
    booleanWord<GlobalDraft>(
      {
        name: `${name}_force`,
        default: 'off',
        doc: 'Sets that buffer beyond the limit of the system.',
        whenWrong: invalidGlobal(`${name}_force`),
        unbuilt,
      },
      (global, value) => set(global, { force: value }),
    ),
  ];
}
