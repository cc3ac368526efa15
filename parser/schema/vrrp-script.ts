/**
 * vrrp_script: a program whose result changes a priority or a state (keepalived.md 9.1).
 */
import type { Position } from '../../config/position.js';
import type { Script, ScriptUser } from '../../config/script.js';
import { seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import { readScript, readScriptUser } from '../bind-script.js';
import type { Statement } from '../statement.js';
import { flagWord, keyword } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { IGNORED, tell, waiting } from './vrrp-forms.js';

export interface VrrpScriptDraft {
  readonly name: string;
  readonly at: Position;
  script: Script | undefined;
  user: ScriptUser | undefined;
  interval: number;
  timeout: number | undefined;
  weight: number;
  reverse: boolean;
  rise: number;
  fall: number;
  initFail: boolean;
}

type Draft = VrrpScriptDraft;

const MAX_SIGNED = 2147483647;
/** keepalived counts these in microseconds in 32 bits. */
const MAX_SECONDS = 4294;

/** interval and timeout: 0 stood for 1 in old versions. */
function time(
  name: 'interval' | 'timeout',
  doc: string,
  byDefault: string,
  wrong: (text: string) => string,
): Keyword<Draft> {
  return keyword<Draft>(
    { name, default: byDefault, doc },
    [argument.seconds('SECS', 0, MAX_SECONDS)],
    (draft, statement, context) => {
      const value = context.seconds(statement, 1, 0, MAX_SECONDS);
      const say = (message: string, assumed: string): void =>
        tell(
          context,
          statement,
          1,
          'LVSD_CONFIG_BAD_NUMBER',
          `(${draft.name}): vrrp script ${name} ${message}`,
          assumed,
        );
      if (value === undefined) {
        say(wrong(statement.words[1]?.text ?? ''), IGNORED);
        return;
      }
      if (value === 0) say('must be greater than 0, setting to 1', '1');
      draft[name] = value === 0 ? 1 : value;
    },
  );
}

function count(name: 'rise' | 'fall', doc: string): Keyword<Draft> {
  return keyword<Draft>(
    { name, default: '1', doc },
    [argument.number('N', 1, MAX_SIGNED)],
    (draft, statement, context) => {
      const value = context.number(statement, 1, 1, MAX_SIGNED, '1');
      draft[name] = value ?? 1;
      if (value !== undefined) return;
      const text = statement.words[1]?.text;
      const message = `(${draft.name}): vrrp script ${name} value '${text}' invalid, defaulting to 1`;
      tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message, '1');
    },
  );
}

export const vrrpScriptBlock = block<Draft>(
  'vrrp_script',
  'vrrp_script',
  'A program whose result changes a priority or a state.',
  waiting(
    [
      keyword<Draft>(
        { name: 'script', doc: 'The program; exit status 0 is success.' },
        [argument.optional(argument.script)],
        (draft, statement, context) => {
          // Without a program it is passed over, and told.
          draft.script = readScript(statement, context) ?? draft.script;
        },
      ),
      time(
        'interval',
        'Time from one run to the next.',
        '1',
        (text) => `'${text}' must be between 1 and ${MAX_SECONDS} - ignoring`,
      ),
      time('timeout', 'How long a run may take.', 'interval', (text) => `'${text}' invalid - ignoring`),
      keyword<Draft>(
        {
          name: 'weight',
          default: '0',
          doc: 'Added to the priority while the script succeeds (negative: while it fails); 0 is FAULT while it fails.',
        },
        [argument.number('N', -253, 253), argument.optional(argument.choice('reverse', ['reverse']))],
        (draft, statement, context) => {
          const weight = context.number(statement, 1, -253, 253, 'weight 0');
          if (weight === undefined) {
            const message = `vrrp_script ${draft.name} weight ${statement.words[1]?.text} must be in [-253, 253]`;
            tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message, 'weight 0');
          }
          draft.weight = weight ?? 0;
          const option = statement.words[2]?.text;
          if (option === 'reverse') draft.reverse = true;
          else if (option !== undefined) {
            const message = `vrrp_script ${draft.name} unknown weight option ${option}`;
            tell(context, statement, 2, 'LVSD_CONFIG_UNKNOWN_OPTION', message, 'no such option', 'reverse');
          }
        },
      ),
      count('rise', 'Successes before it counts as up.'),
      count('fall', 'Failures before it counts as down.'),
      keyword<Draft>(
        { name: 'user', default: 'script_user', doc: 'User and group that the program runs as.' },
        [argument.text('USER'), argument.optional(argument.text('GROUP'))],
        (draft, statement, context) => {
          draft.user = readScriptUser(statement, 1, context);
        },
      ),
      flagWord<Draft>({ name: 'init_fail', doc: 'Taken for failed until its first result.' }, (draft) => {
        draft.initFail = true;
      }),
    ],
    'vrrp_script',
  ),
);

export function bindVrrpScript(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  const draft: Draft = {
    name,
    at: context.position(statement),
    script: undefined,
    user: undefined,
    interval: 1,
    timeout: undefined,
    weight: 0,
    reverse: false,
    rise: 1,
    fall: 1,
    initFail: false,
  };
  bindBody(vrrpScriptBlock, draft, statement.body ?? [], context);
  const { script } = draft;
  if (script === undefined) {
    const message = `No script set for vrrp_script ${name} - removing`;
    context.reportAt('assumed', 'LVSD_CONFIG_NO_SCRIPT', message, side.blockEnd(), {
      expected: 'script "PROGRAM ARGUMENTS"',
      assumed: 'the vrrp_script does not exist',
    });
    return;
  }
  // Of two with one name keepalived finds the first.
  if (side.scripts.has(name)) return;
  side.scripts.set(name, {
    name,
    script: draft.user === undefined || script.user !== undefined ? script : { ...script, user: draft.user },
    interval: seconds(draft.interval),
    timeout: seconds(draft.timeout ?? draft.interval),
    weight: draft.weight,
    reverse: draft.reverse,
    rise: draft.rise,
    fall: draft.fall,
    initFail: draft.initFail,
    at: draft.at,
  });
}
