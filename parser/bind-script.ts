/**
 * Script keywords: the program, its arguments, and the user and group that may stand behind it (keepalived.md 5.1,
 * 13.1). The quoting itself is quoting.ts's.
 *
 * Only what the file says: whether the program exists and is safe to run is asked of the host elsewhere.
 */
import type { Script, ScriptUser } from '../config/script.js';
import type { BindContext } from './bind-context.js';
import { readCommand, readQuoted } from './quoting.js';
import type { Statement } from './statement.js';

const IGNORED = 'the line is ignored, as if it were not written';

/** The statement's words with the script keywords' own quoting; undefined after an endless quote was reported. */
export function splitQuoted(statement: Statement, context: BindContext): readonly string[] | undefined {
  const { words, unterminated } = readQuoted(statement.raw);
  if (unterminated === undefined) return words.map((word) => word.text);
  const message = `String '${statement.raw}': missing terminating ${unterminated}`;
  context.report('assumed', 'LVSD_CONFIG_UNTERMINATED_QUOTE', message, statement, 0, {
    expected: `a closing ${unterminated}`,
    assumed: IGNORED,
  });
  return undefined;
}

/** `KEYWORD COMMAND [USER [GROUP]]`; undefined after what is wrong was reported. */
export function readScript(statement: Statement, context: BindContext): Script | undefined {
  const words = splitQuoted(statement, context);
  if (words === undefined) return undefined;
  const command = words[1] ?? '';
  const argv = readCommand(command);
  if (argv === undefined) {
    const message = `${words[0]} has no program to run`;
    context.report('note', 'LVSD_CONFIG_NO_SCRIPT', message, statement, 1, {
      expected: `${words[0]} "PROGRAM ARGUMENTS" [USER [GROUP]]`,
      assumed: IGNORED,
    });
    return undefined;
  }
  const user = words[2];
  return {
    command: context.shared(command),
    argv: argv.map((each) => context.shared(each)),
    user: user === undefined ? undefined : userOf(user, words[3], context),
    at: context.position(statement),
  };
}

/** `USER [GROUP]` from word `index` on. */
export function readScriptUser(statement: Statement, index: number, context: BindContext): ScriptUser {
  const group = statement.words[index + 1];
  return { ...userOf(context.text(statement, index), group?.text, context), at: context.position(statement, index) };
}

function userOf(name: string, group: string | undefined, context: BindContext): ScriptUser {
  return { name: context.shared(name), group: group === undefined ? undefined : context.shared(group) };
}
