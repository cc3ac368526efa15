/**
 * vrrp_track_process: processes whose presence changes a priority or a state (keepalived.md 9.3).
 */
import type { Position } from '../../config/position.js';
import { seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { flagWord, keyword } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { namedNumber, tell, waiting } from './vrrp-forms.js';

interface TrackProcessDraft {
  readonly name: string;
  readonly at: Position;
  process: string | undefined;
  parameters: readonly string[];
  match: 'exact' | 'initial' | 'partial' | undefined;
  fullCommand: boolean;
  weight: number;
  reverse: boolean;
  quorum: number;
  quorumMax: number | undefined;
  forkDelay: number | undefined;
  terminateDelay: number | undefined;
}

type Draft = TrackProcessDraft;

function bindProcess(draft: Draft, statement: Statement, context: BindContext): void {
  if (draft.process !== undefined) {
    const message = `Process already set for track process ${draft.name} - ignoring ${statement.words[1]?.text}`;
    tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
    return;
  }
  draft.process = context.text(statement, 1);
  if (statement.words.length <= 2) return;
  draft.parameters = statement.words.slice(2).map((_, i) => context.text(statement, i + 2));
  draft.match ??= 'exact';
  draft.fullCommand = true;
}

function bindMatch(draft: Draft, statement: Statement, context: BindContext): void {
  const match = statement.words[1]?.text ?? 'exact';
  if (match === 'exact' || match === 'initial' || match === 'partial') {
    draft.match = match;
    draft.fullCommand = true;
    return;
  }
  const message = `Invalid param_match type ${match} - ignoring`;
  tell(context, statement, 1, 'LVSD_CONFIG_BAD_CHOICE', message, undefined, 'initial, partial, or nothing');
}

function bindWeight(draft: Draft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  if (draft.weight !== 0) {
    const message = `Weight already set for track process ${draft.name} - ignoring ${text}`;
    tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
    return;
  }
  const weight = context.number(statement, 1, -254, 254);
  if (weight === undefined) {
    const message = `Weight (${text}) for vrrp_track_process ${draft.name} must be between [-254..254] inclusive. Ignoring...`;
    tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message);
    return;
  }
  draft.weight = weight;
  const option = statement.words[2]?.text;
  if (option === 'reverse') draft.reverse = true;
  else if (option !== undefined) {
    const message = `vrrp_track_process ${draft.name} unknown weight option ${option}`;
    tell(context, statement, 2, 'LVSD_CONFIG_UNKNOWN_OPTION', message, 'no such option', 'reverse');
  }
}

function quorumWords(): Keyword<Draft>[] {
  const range = (word: string, text: string, name: string, min: number): string =>
    `${word} (${text}) for vrrp_track_process ${name} must be between [${min}..65535] inclusive. Ignoring...`;
  return [
    namedNumber<Draft>(
      { name: 'quorum', default: '1', doc: 'How many processes there must be.' },
      argument.number('N', 1, 65535),
      { message: (draft, text) => range('Quorum', text, draft.name, 1) },
      (draft, value, context, statement) => {
        if (draft.quorumMax === undefined || value <= draft.quorumMax) draft.quorum = value;
        else tell(context, statement, 1, 'LVSD_CONFIG_CONFLICT', 'Quorum is greater than quorum_max - ignoring');
      },
    ),
    namedNumber<Draft>(
      { name: 'quorum_max', default: 'any number', doc: 'How many processes there may be; 0: none.' },
      argument.number('N', 0, 65535),
      { message: (draft, text) => range('quorum_max', text, draft.name, 0) },
      (draft, value, context, statement) => {
        if ((value > 0 || draft.quorum > 1) && value < draft.quorum) {
          tell(context, statement, 1, 'LVSD_CONFIG_CONFLICT', 'quorum_max is less than quorum - ignoring');
          return;
        }
        draft.quorumMax = value;
        draft.quorum = value === 0 ? 0 : Math.max(1, draft.quorum);
      },
    ),
  ];
}

function delayWord(name: string, doc: string, fields: readonly ('forkDelay' | 'terminateDelay')[]): Keyword<Draft> {
  return namedNumber<Draft>(
    { name, doc },
    argument.seconds('SECS', 0.000001, 3600),
    {
      message: (draft, text) =>
        `${name} (${text}) for vrrp_track_process ${draft.name} must be between [0.000001..3600] inclusive. Ignoring...`,
    },
    (draft, value) => {
      for (const field of fields) draft[field] = value;
    },
  );
}

export const trackProcessDeclarationBlock = block<Draft>(
  'vrrp_track_process',
  'vrrp_track_process',
  'Processes whose presence changes a priority or a state.',
  waiting(
    [
      keyword<Draft>(
        { name: 'process', doc: 'The program, and the parameters that it must run with.' },
        [argument.text('NAME'), argument.optional(argument.repeated(argument.text('PARAMETER')))],
        bindProcess,
      ),
      keyword<Draft>(
        {
          name: 'param_match',
          default: 'all parameters, in order',
          doc: 'initial: the parameters that come first; partial: each may go on.',
        },
        [argument.optional(argument.choice('MATCH', ['initial', 'partial']))],
        bindMatch,
      ),
      keyword<Draft>(
        {
          name: 'weight',
          default: '0',
          doc: 'Added to the priority while the processes are there (negative: while not); 0 is FAULT while not.',
          whenMissing: 'No weight specified for track process - ignoring',
        },
        [argument.number('N', -254, 254), argument.optional(argument.choice('reverse', ['reverse']))],
        bindWeight,
      ),
      ...quorumWords(),
      delayWord('delay', 'Both fork_delay and terminate_delay.', ['forkDelay', 'terminateDelay']),
      delayWord('terminate_delay', 'How long a process may be gone before that counts.', ['terminateDelay']),
      delayWord('fork_delay', 'How long a process must be there before that counts.', ['forkDelay']),
      flagWord<Draft>(
        { name: 'full_command', doc: "The whole command line is looked at, not the kernel's 15 characters." },
        (draft) => {
          draft.fullCommand = true;
        },
      ),
    ],
    'vrrp_track_process',
  ),
);

export function bindTrackProcess(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  const draft: Draft = {
    name,
    at: context.position(statement),
    process: undefined,
    parameters: [],
    match: undefined,
    fullCommand: false,
    weight: 0,
    reverse: false,
    quorum: 1,
    quorumMax: undefined,
    forkDelay: undefined,
    terminateDelay: undefined,
  };
  bindBody(trackProcessDeclarationBlock, draft, statement.body ?? [], context);
  const { process, forkDelay, terminateDelay } = draft;
  if (process === undefined) {
    const message = `track process '${name}' process name not specified`;
    context.reportAt('assumed', 'LVSD_CONFIG_NO_SUBJECT', message, side.blockEnd(), {
      expected: 'process NAME',
      assumed: 'the vrrp_track_process does not exist',
    });
    return;
  }
  if (side.processes.has(name)) return;
  side.processes.set(name, {
    ...draft,
    process,
    forkDelay: forkDelay === undefined ? undefined : seconds(forkDelay),
    terminateDelay: terminateDelay === undefined ? undefined : seconds(terminateDelay),
  });
}
