/**
 * The words of a vrrp_instance that say when neighbours are told where the addresses are (keepalived.md 11, 12.5).
 */
import { keyword } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';
import type { VrrpInstanceDraft } from './vrrp-drafts.js';
import { namedNumber, tell } from './vrrp-forms.js';

type Draft = VrrpInstanceDraft;

/** keepalived counts these in microseconds in 32 bits. */
const MAX_DELAY = 4294;
const MAX_SIGNED = 2147483647;
const MAX_EXTRA = 86400;

export function garpWords(): Keyword<Draft>[] {
  return [
    namedNumber<Draft>(
      {
        name: 'garp_master_delay',
        default: 'vrrp_garp_master_delay (5)',
        doc: 'Time from becoming master to the second burst of gratuitous ARP.',
      },
      argument.number('SECS', 0, MAX_DELAY),
      { message: (draft, text) => `(${draft.name}): garp_master_delay '${text}' invalid - ignoring` },
      (draft, value) => {
        draft.garp.delay = value;
      },
    ),
    repeats('garp_master_repeat', 'repeat', 'vrrp_garp_master_repeat (5)', 'Frames an address in a burst.'),
    namedNumber<Draft>(
      {
        name: 'garp_master_refresh',
        default: 'vrrp_garp_master_refresh (0, never)',
        doc: 'Time between repetitions while master.',
      },
      argument.number('SECS', 0, MAX_UNSIGNED),
      {
        message: (draft, text) => `(${draft.name}): Invalid garp_master_refresh '${text}' - ignoring`,
        assumed: 'never',
        instead: (draft) => {
          draft.garp.refresh = 0;
        },
      },
      (draft, value) => {
        draft.garp.refresh = value;
      },
    ),
    repeats(
      'garp_master_refresh_repeat',
      'refreshRepeat',
      'vrrp_garp_master_refresh_repeat (1)',
      'Frames an address in a repetition.',
    ),
    namedNumber<Draft>(
      {
        name: 'garp_lower_prio_delay',
        default: 'vrrp_garp_lower_prio_delay (garp_master_delay)',
        doc: 'Time from an advert of lower priority to the second burst.',
      },
      argument.number('SECS', 0, MAX_DELAY),
      { message: (draft, text) => `(${draft.name}): garp_lower_prio_delay '${text}' invalid - ignoring` },
      (draft, value) => {
        draft.garp.lowerPriorityDelay = value;
      },
    ),
    namedNumber<Draft>(
      {
        name: 'garp_lower_prio_repeat',
        default: 'vrrp_garp_lower_prio_repeat (garp_master_repeat)',
        doc: 'Frames an address after an advert of lower priority; 0 sends none.',
      },
      argument.number('N', 0, MAX_SIGNED),
      { message: (draft, text) => `(${draft.name}): Invalid garp_lower_prio_repeat '${text}'` },
      (draft, value) => {
        draft.garp.lowerPriorityRepeat = value;
      },
    ),
    extraInterfaces(),
  ];
}

/** 0 stood for 1 in old versions. */
function repeats(name: string, field: 'repeat' | 'refreshRepeat', byDefault: string, doc: string): Keyword<Draft> {
  return namedNumber<Draft>(
    { name, default: byDefault, doc },
    argument.number('N', 0, MAX_UNSIGNED),
    { message: (draft, text) => `(${draft.name}): ${name} '${text}' invalid - ignoring` },
    (draft, value, context, statement) => {
      draft.garp[field] = Math.max(1, value);
      if (value > 0) return;
      const message = `(${draft.name}): ${name} must be greater than 0, setting to 1`;
      tell(context, statement, 1, 'LVSD_CONFIG_BAD_NUMBER', message, '1');
    },
  );
}

function extraInterfaces(): Keyword<Draft> {
  return keyword<Draft>(
    {
      name: 'garp_extra_if',
      whenMissing: 'garp_extra_if specified without time - ignoring',
      aliases: [
        {
          name: 'vmac_garp_intvl',
          deprecated: 'Keyword "vmac_garp_intvl" is deprecated - please use "garp_extra_if"',
          counts: true,
        },
      ],
      default: 'vrrp_garp_extra_if (0, never)',
      doc: 'Time between gratuitous ARPs on the VMACs of addresses on other interfaces; `all`: on those interfaces too.',
    },
    [argument.repeated(argument.text('all|SECS', 'all, or 0 to 86400 seconds'))],
    (draft, statement, context) => {
      const word = statement.words[0]?.text ?? '';
      let interval: number | undefined;
      for (let i = 1; i < statement.words.length; i++) {
        const text = statement.words[i]?.text ?? '';
        if (text === 'all') {
          draft.garp.extraAll = true;
          continue;
        }
        interval = context.number(statement, i, 0, MAX_EXTRA);
        if (interval === undefined) {
          tell(context, statement, i, 'LVSD_CONFIG_BAD_VALUE', `(${draft.name}): ${word} '${text}' invalid - ignoring`);
          return;
        }
      }
      if (interval !== undefined) draft.garp.extraInterval = interval;
      else {
        const message = `(${draft.name}): ${word} specified without time - ignoring`;
        tell(context, statement, 0, 'LVSD_CONFIG_MISSING_VALUE', message);
      }
    },
  );
}
