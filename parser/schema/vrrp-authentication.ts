/**
 * authentication { } and auth_hmac { } of a vrrp_instance (keepalived.md 11).
 *
 * Passwords and keys are kept as written and never printed in a message.
 */
import { keyword } from './forms.js';
import { argument, block } from './keyword.js';
import type { AuthenticationDraft, HmacDraft } from './vrrp-drafts.js';
import { tell } from './vrrp-forms.js';

/** Bytes of a password that travel in an advert (RFC 2338). */
const PASSWORD_LENGTH = 8;

/** The first bytes of a text, cut between characters. */
function firstBytes(text: string, bytes: number): string {
  let cut = text;
  while (Buffer.byteLength(cut, 'utf8') > bytes) cut = cut.slice(0, -1);
  return cut;
}

export const authenticationBlock = block<AuthenticationDraft>(
  'vrrp_instance.authentication',
  'authentication',
  'Password of version 2; RFC 3768 has done away with it.',
  [
    keyword<AuthenticationDraft>(
      { name: 'auth_type', doc: 'PASS: in the clear. AH: a digest, IPv4 only.' },
      [argument.choice('TYPE', ['PASS', 'AH'])],
      (draft, statement, context) => {
        const type = statement.words[1]?.text;
        if (type === 'PASS' || type === 'AH') draft.type = type;
        else {
          const message = `(${draft.instance}) unknown authentication type '${type}'`;
          tell(context, statement, 1, 'LVSD_CONFIG_BAD_CHOICE', message, undefined, 'PASS or AH');
        }
      },
    ),
    keyword<AuthenticationDraft>(
      { name: 'auth_pass', doc: 'The password; 8 bytes of it count.' },
      [argument.text('PASSWORD')],
      (draft, statement, context) => {
        const password = context.text(statement, 1);
        draft.password = firstBytes(password, PASSWORD_LENGTH);
        if (draft.password === password) return;
        const message = `Truncating auth_pass to ${PASSWORD_LENGTH} characters`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message, 'the first 8 bytes', 'at most 8 bytes');
      },
    ),
  ],
);

const NEWER = 'after 2.2.7';

export const authHmacBlock = block<HmacDraft>('vrrp_instance.auth_hmac', 'auth_hmac', 'Adverts carry a keyed digest.', [
  keyword<HmacDraft>(
    { name: 'key', since: NEWER, doc: 'A key and its number.' },
    [argument.number('ID', 0, 255), argument.text('VALUE')],
    (draft, statement, context) => {
      const id = context.number(statement, 1, 0, 255);
      if (id !== undefined) draft.keys.set(id, context.text(statement, 2));
    },
  ),
  keyword<HmacDraft>(
    { name: 'active_key', since: NEWER, default: 'the first key', doc: 'Number of the key that signs.' },
    [argument.number('ID', 0, 255)],
    (draft, statement, context) => {
      draft.activeKey = context.number(statement, 1, 0, 255) ?? draft.activeKey;
    },
  ),
  keyword<HmacDraft>(
    { name: 'time_window', since: NEWER, doc: 'How far clocks may differ, seconds.' },
    [argument.number('SECS', 1, 300)],
    (draft, statement, context) => {
      draft.timeWindow = context.number(statement, 1, 1, 300) ?? draft.timeWindow;
    },
  ),
  keyword<HmacDraft>(
    { name: 'anti_replay', since: NEWER, doc: 'How old adverts are told from new ones.' },
    [argument.choice('KIND', ['time', 'monotonic'])],
    (draft, statement, context) => {
      const kind = statement.words[1]?.text;
      if (kind === 'time' || kind === 'monotonic') draft.antiReplay = kind;
      else {
        const message = `Unknown anti_replay '${kind}' - ignoring`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_CHOICE', message, undefined, 'time or monotonic');
      }
    },
  ),
  keyword<HmacDraft>(
    { name: 'mode', since: NEWER, doc: 'What happens to adverts without a good digest.' },
    [argument.choice('MODE', ['enforce', 'permissive', 'receive-only'])],
    (draft, statement, context) => {
      const mode = statement.words[1]?.text;
      if (mode === 'enforce' || mode === 'permissive' || mode === 'receive-only') draft.mode = mode;
      else {
        const message = `Unknown auth_hmac mode '${mode}' - ignoring`;
        tell(
          context,
          statement,
          1,
          'LVSD_CONFIG_BAD_CHOICE',
          message,
          undefined,
          'enforce, permissive or receive-only',
        );
      }
    },
  ),
]);
