/**
 * umask of global_defs: a number in C's notation, or names of permission bits joined by | (keepalived.md 7.1).
 */
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { GlobalDraft } from './global-draft.js';

const bits: Readonly<Record<string, number>> = {
  IRUSR: 0o400,
  IWUSR: 0o200,
  IXUSR: 0o100,
  IRGRP: 0o040,
  IWGRP: 0o020,
  IXGRP: 0o010,
  IROTH: 0o004,
  IWOTH: 0o002,
  IXOTH: 0o001,
};

function number(text: string): number | undefined {
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  if (/^0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text, 16);
  return /^[1-9]\d*$/.test(text) ? Number.parseInt(text, 10) : undefined;
}

export function readUmask(global: GlobalDraft, statement: Statement, context: BindContext): void {
  const text = statement.words
    .slice(1)
    .map((word) => word.text)
    .join(' ');
  let mask = number(text);
  if (mask === undefined) {
    mask = 0;
    for (const name of text.split('|')) {
      const bit = bits[name.trim()];
      mask = bit === undefined ? Number.NaN : mask | bit;
      if (bit === undefined) break;
    }
  }
  if (Number.isInteger(mask) && mask >= 0 && mask <= 0o777) global.umask = mask;
  else {
    context.report('assumed', 'LVSD_CONFIG_BAD_VALUE', `invalid umask value ${text}`, statement, 1, {
      expected: 'for example 022, or IWGRP | IWOTH',
      assumed: 'the umask stays',
    });
  }
}
