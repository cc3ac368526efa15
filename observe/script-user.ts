/**
 * Whose rights a script has: user and group names of the configuration as numbers (keepalived.md 7.1, script_user).
 *
 * /etc/passwd and /etc/group are read directly; a name that is not there (LDAP, systemd's dynamic users) is asked of
 * getent(1), which is run without a shell. Without any name it is `keepalived_script` if that user exists, else the
 * user that lvsd runs as; with enable_script_security there is no such falling back.
 */
import { readFileSync } from 'node:fs';
import type { ScriptUser } from '../config/script.js';
import { processesPart } from '../runtime/node-parts.js';

export interface ScriptCredentials {
  readonly uid: number;
  readonly gid: number;
  /** For messages: `nobody` or `0:0`. */
  readonly name: string;
}

export type CredentialsAnswer =
  | { readonly kind: 'found'; readonly credentials: ScriptCredentials }
  /** keepalived's words, and what to do. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Where accounts are looked up. */
export interface AccountSource {
  /** The fields of the line of passwd(5) of this name, or undefined. */
  user(name: string): readonly string[] | undefined;
  /** The fields of the line of group(5). */
  group(name: string): readonly string[] | undefined;
}

/** User that keepalived packages make for scripts. */
const DEFAULT_USER = 'keepalived_script';

function lineOf(database: 'passwd' | 'group', name: string): readonly string[] | undefined {
  if (name === '' || /[:\n\0/]/.test(name)) return undefined;
  let text = '';
  try {
    text = readFileSync(`/etc/${database}`, 'utf8');
  } catch {
    // A minimal image may have none; getent is asked below.
  }
  const own = text.split('\n').find((line) => line.startsWith(`${name}:`));
  if (own !== undefined) return own.split(':');
  const asked = processesPart().spawnSync('getent', ['--', database, name], {
    encoding: 'utf8',
    timeout: 5000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const answer = asked.status === 0 ? asked.stdout.split('\n')[0] : undefined;
  return answer?.startsWith(`${name}:`) ? answer.split(':') : undefined;
}

/** How long an answer is good for: a configuration asks for the same few names tens of thousands of times. */
const GOOD_FOR_MS = 2000;
const answers = new Map<string, readonly string[] | undefined>();
let answersSince = 0;

function remembered(database: 'passwd' | 'group', name: string): readonly string[] | undefined {
  const now = performance.now();
  if (now - answersSince > GOOD_FOR_MS) {
    answers.clear();
    answersSince = now;
  }
  const key = `${database}:${name}`;
  if (!answers.has(key)) answers.set(key, lineOf(database, name));
  return answers.get(key);
}

/** The accounts of this host, as they were at most two seconds ago. */
export const hostAccounts: AccountSource = {
  user: (name) => remembered('passwd', name),
  group: (name) => remembered('group', name),
};

const numberIn = (fields: readonly string[] | undefined, index: number): number | undefined => {
  const text = fields?.[index] ?? '';
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
};

/**
 * The user and group that a script runs as.
 * @param own as written at the script
 * @param scriptUser global_defs' script_user
 * @param strict enable_script_security: without any name and without keepalived_script there is no user
 */
export function credentialsOf(
  own: ScriptUser | undefined,
  scriptUser: ScriptUser | undefined,
  strict: boolean,
  accounts: AccountSource = hostAccounts,
): CredentialsAnswer {
  const named = own ?? scriptUser;
  const name = named?.name ?? DEFAULT_USER;
  const fields = accounts.user(name);
  const uid = numberIn(fields, 2);
  let gid = numberIn(fields, 3);
  if (uid === undefined || gid === undefined) {
    if (named === undefined && !strict) {
      const ours = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
      return { kind: 'found', credentials: { ...ours, name: `${ours.uid}:${ours.gid}` } };
    }
    const why =
      named === undefined
        ? `Unable to set default user ${DEFAULT_USER} for script: create that user, or name one with script_user`
        : `Script user '${name}' does not exist: create it, or correct the name`;
    return { kind: 'unknown', why };
  }
  if (named?.group !== undefined) {
    gid = numberIn(accounts.group(named.group), 2);
    if (gid === undefined) {
      return { kind: 'unknown', why: `Script group '${named.group}' does not exist: create it, or correct the name` };
    }
  }
  return { kind: 'found', credentials: { uid, gid, name } };
}
