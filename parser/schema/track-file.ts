/**
 * track_file: a file that holds a number (keepalived.md 9.2). Virtual routers track it, and FILE_CHECK reads it.
 */
import type { Position } from '../../config/position.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { keyword } from './forms.js';
import { argument, block } from './keyword.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { tell, waiting } from './vrrp-forms.js';

interface TrackFileDraft {
  readonly name: string;
  readonly at: Position;
  path: string | undefined;
  weight: number;
  reverse: boolean;
  initialize: { readonly value: number; readonly overwrite: boolean } | undefined;
}

type Draft = TrackFileDraft;

const MAX_SIGNED = 2147483647;

function bindInit(draft: Draft, statement: Statement, context: BindContext): void {
  let value = 0;
  let overwrite = false;
  for (let i = 1; i < statement.words.length; i++) {
    const word = statement.words[i]?.text ?? '';
    if (/^[\d-]/.test(word)) {
      const number = context.number(statement, i, -MAX_SIGNED - 1, MAX_SIGNED, '0');
      value = number ?? 0;
      if (number === undefined) {
        const message = `Track file ${draft.name} init value ${word} is invalid`;
        tell(context, statement, i, 'LVSD_CONFIG_BAD_VALUE', message, '0');
      } else if (Math.abs(number) > 254) {
        const message = `Track file ${draft.name} init value ${number} is outside sensible range [-254, 254]`;
        tell(context, statement, i, 'LVSD_CONFIG_BAD_VALUE', message, `${number}`);
      }
    } else if (word === 'overwrite') overwrite = true;
    else {
      const message = `Unknown track file init option ${word}`;
      tell(context, statement, i, 'LVSD_CONFIG_UNKNOWN_OPTION', message, 'no such option', 'a number, overwrite');
    }
  }
  draft.initialize = { value, overwrite };
}

export const trackFileBlock = block<Draft>(
  'track_file',
  'track_file',
  'A file that holds a number, which changes a priority or a weight.',
  waiting(
    [
      keyword<Draft>(
        { name: 'file', doc: 'The file; it is watched, not polled.', whenMissing: 'track file file name missing' },
        [argument.text('PATH')],
        (draft, statement, context) => {
          if (draft.path === undefined) draft.path = context.text(statement, 1);
          else {
            const message = `File already set for track file ${draft.name} - ignoring ${statement.words[1]?.text}`;
            tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
          }
        },
      ),
      keyword<Draft>(
        {
          name: 'weight',
          default: '1',
          doc: 'The number times this is added to the priority; 0: any number but 0 is FAULT.',
          whenMissing: 'No weight specified for track file - ignoring',
        },
        [argument.number('N', -254, 254), argument.optional(argument.choice('reverse', ['reverse']))],
        (draft, statement, context) => {
          const text = statement.words[1]?.text ?? '';
          if (draft.weight !== 1) {
            const message = `Weight already set for track file ${draft.name} - ignoring ${text}`;
            tell(context, statement, 1, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
            return;
          }
          const weight = context.number(statement, 1, -254, 254, 'weight 1');
          if (weight === undefined) {
            const message = `Weight (${text}) for track_file ${draft.name} must be between [-254..254] inclusive. Ignoring...`;
            tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message, 'weight 1');
          }
          draft.weight = weight ?? 1;
          const option = statement.words[2]?.text;
          if (option === 'reverse') draft.reverse = true;
          else if (option !== undefined) {
            const message = `track_file ${draft.name} unknown weight option ${option}`;
            tell(context, statement, 2, 'LVSD_CONFIG_UNKNOWN_OPTION', message, 'no such option', 'reverse');
          }
        },
      ),
      keyword<Draft>(
        { name: 'init_file', doc: 'The file is made at start if it is not there; overwrite: also if it is.' },
        [argument.optional(argument.repeated(argument.text('OPTION', 'a number, overwrite')))],
        bindInit,
      ),
    ],
    'track_file',
  ),
);

export function bindTrackFile(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  const draft: Draft = {
    name,
    at: context.position(statement),
    path: undefined,
    weight: 1,
    reverse: false,
    initialize: undefined,
  };
  bindBody(trackFileBlock, draft, statement.body ?? [], context);
  const { path } = draft;
  if (path === undefined) {
    const message = `No file set for track_file ${name} - ignoring`;
    context.reportAt('assumed', 'LVSD_CONFIG_NO_SUBJECT', message, side.blockEnd(), {
      expected: 'file PATH',
      assumed: 'the track_file does not exist',
    });
  } else if (!side.files.has(name)) side.files.set(name, { ...draft, path });
}
