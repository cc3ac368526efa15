/**
 * bfd_instance: one BFD session (keepalived.md 20).
 *
 * The trackers know a session by its block even when it cannot run; so it is declared at once, and made when the block
 * is whole.
 */
import type { Position } from '../../config/position.js';
import { familyOf, type IpAddress } from '../../runtime/addresses.js';
import { milliseconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { flagWord, keyword } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { looseAddress, namedNumber, tell, waiting } from './vrrp-forms.js';

interface BfdDraft {
  readonly name: string;
  readonly at: Position;
  neighbor: IpAddress | undefined;
  /** The address of the neighbour was no good: the block is left out. */
  spoiled: boolean;
  source: IpAddress | undefined;
  minRx: number;
  minTx: number;
  idleTx: number;
  multiplier: number;
  passive: boolean;
  ttl: number | undefined;
  maxHops: number;
  multihop: boolean;
  weight: number;
  reverse: boolean;
  forVrrp: boolean;
  forChecker: boolean;
}

type Draft = BfdDraft;

const MAX_NAME = 31;
/** 2^32 - 1 microseconds, in whole milliseconds. */
const LONGEST = 4294967;
const LONGEST_SENSIBLE = 10_000;
const LONGEST_SENSIBLE_MULTIPLIER = 10;
/** RFC 5881 wants 255 for one hop; several hops are the system's default. */
const SINGLE_HOP_TTL = 255;
const MULTIHOP_TTL = 64;

const ERROR = 'Configuration error: BFD instance';

function interval(
  name: 'min_rx' | 'min_tx' | 'idle_tx',
  field: 'minRx' | 'minTx' | 'idleTx',
  min: number,
  byDefault: string,
  doc: string,
): Keyword<Draft> {
  return keyword<Draft>(
    { name, default: byDefault, doc },
    [argument.text('MS', `${min} to ${LONGEST} milliseconds, three digits after the point`)],
    (draft, statement, context) => {
      const text = statement.words[1]?.text ?? '';
      const value = /^\d+(\.\d{0,3})?$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= min && value <= LONGEST)) {
        const message = `${ERROR} ${draft.name} ${name} value ${text} is not valid (must be in range [${min}-${LONGEST}]), ignoring`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_NUMBER', message);
        return;
      }
      draft[field] = value;
      if (value <= LONGEST_SENSIBLE) return;
      const message = `Configuration warning: BFD instance ${draft.name} ${name} value ${text} is larger than max sensible (${LONGEST_SENSIBLE})`;
      context.report('note', 'LVSD_CONFIG_LARGE', message, statement, 1);
    },
  );
}

function addressWords(): Keyword<Draft>[] {
  return [
    keyword<Draft>(
      { name: 'neighbor_ip', aliases: [{ name: 'neighbour_ip' }], doc: 'Address of the other side.' },
      [argument.address('ADDRESS')],
      (draft, statement, context) => {
        const text = statement.words[1]?.text ?? '';
        const address = looseAddress(text);
        if (address !== undefined) {
          draft.neighbor = address;
          return;
        }
        draft.spoiled = true;
        const message = `${ERROR} ${draft.name} has malformed neighbor address ${text}, ignoring instance`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_ADDRESS', message, 'the session does not exist');
      },
    ),
    keyword<Draft>(
      { name: 'source_ip', default: 'any', doc: 'Address that packets leave from.' },
      [argument.address('ADDRESS')],
      (draft, statement, context) => {
        const text = statement.words[1]?.text ?? '';
        const address = looseAddress(text);
        if (address !== undefined) {
          draft.source = address;
          return;
        }
        const message = `${ERROR} ${draft.name} has malformed source address ${text}, ignoring`;
        tell(context, statement, 1, 'LVSD_CONFIG_BAD_ADDRESS', message);
      },
    ),
  ];
}

function hopWords(): Keyword<Draft>[] {
  const range = (draft: Draft, word: string, text: string, min: string): string =>
    `${ERROR} ${draft.name} ${word} value ${text} not valid (must be in range [${min}-255]), ignoring`;
  return [
    namedNumber<Draft>(
      { name: 'multiplier', default: '5', doc: 'Packets that may be missed before the session is down.' },
      argument.number('N', 1, 255),
      { message: (draft, text) => range(draft, 'multiplier', text, '1') },
      (draft, value, context, statement) => {
        draft.multiplier = value;
        if (value <= LONGEST_SENSIBLE_MULTIPLIER) return;
        const message = `Configuration warning: BFD instance ${draft.name} multiplier value ${value} is larger than max sensible (${LONGEST_SENSIBLE_MULTIPLIER})`;
        context.report('note', 'LVSD_CONFIG_LARGE', message, statement, 1);
      },
    ),
    namedNumber<Draft>(
      {
        name: 'ttl',
        aliases: [{ name: 'hoplimit' }],
        default: '255; 64 with multihop',
        doc: 'TTL or hop limit of what is sent.',
      },
      argument.number('TTL', 1, 255),
      { message: (draft, text) => range(draft, 'ttl/hoplimit', text, '1') },
      (draft, value) => {
        draft.ttl = value;
      },
    ),
    namedNumber<Draft>(
      { name: 'max_hops', default: '0', doc: 'Hops that a packet of the other side may have made; -1 is any number.' },
      argument.number('N', -1, 255),
      { message: (draft, text) => range(draft, 'max_hops', text, '-1') },
      (draft, value) => {
        draft.maxHops = value;
      },
    ),
    keyword<Draft>(
      {
        name: 'multihop',
        since: 'after 2.2.7',
        default: 'off',
        doc: 'The other side is several hops away: port 4784.',
      },
      [argument.boolean],
      (draft, statement, context) => {
        const message = (text: string): string => `${ERROR} ${draft.name} multihop setting not valid - ${text}`;
        draft.multihop = context.boolean(statement, 1, message) ?? draft.multihop;
      },
    ),
    flagWord<Draft>({ name: 'passive', doc: 'Waits for the other side to speak first.' }, (draft) => {
      draft.passive = true;
    }),
  ];
}

function consumerWords(): Keyword<Draft>[] {
  return [
    keyword<Draft>(
      { name: 'weight', default: '0', doc: 'Weight for the track_bfd lines that say none.' },
      [argument.number('N', -253, 253), argument.optional(argument.choice('reverse', ['reverse']))],
      (draft, statement, context) => {
        const value = context.number(statement, 1, -253, 253);
        if (value !== undefined) draft.weight = value;
        else {
          const text = statement.words[1]?.text;
          const message = `${ERROR} ${draft.name} weight value ${text} not valid (must be in range [-253-253]), ignoring`;
          tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', message);
        }
        const option = statement.words[2]?.text;
        if (option === 'reverse') draft.reverse = true;
        else if (option !== undefined) {
          const message = `${ERROR} ${draft.name} unknown weight option ${option}`;
          tell(context, statement, 2, 'LVSD_CONFIG_UNKNOWN_OPTION', message, 'no such option', 'reverse');
        }
      },
    ),
    flagWord<Draft>({ name: 'vrrp', default: 'both', doc: 'Virtual routers hear of the session.' }, (draft) => {
      draft.forVrrp = true;
    }),
    flagWord<Draft>({ name: 'checker', default: 'both', doc: 'BFD_CHECK hears of the session.' }, (draft) => {
      draft.forChecker = true;
    }),
  ];
}

export const bfdBlock = block<Draft>(
  'bfd_instance',
  'bfd_instance',
  'One BFD session.',
  waiting(
    [
      ...addressWords(),
      interval('min_rx', 'minRx', 1, '10', 'Shortest time between packets that are taken, milliseconds.'),
      interval('min_tx', 'minTx', 1, '10', 'Shortest time between packets that are sent, milliseconds.'),
      interval('idle_tx', 'idleTx', 1000, '1000', 'Time between packets while the session is down, milliseconds.'),
      ...hopWords(),
      ...consumerWords(),
    ],
    'bfd_instance',
  ),
);

export function bindBfd(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  const refuse = (code: `LVSD_CONFIG_${string}`, message: string): void =>
    tell(context, statement, 1, code, message, 'the block is left out');
  if (name.length > MAX_NAME) {
    refuse(
      'LVSD_CONFIG_BAD_NAME',
      `${ERROR} ${name} name too long (maximum length is ${MAX_NAME} characters) - ignoring`,
    );
    return;
  }
  if (side.declaredBfd.has(name)) {
    refuse('LVSD_CONFIG_DUPLICATE', `BFD ${name} already specified`);
    return;
  }
  const draft: Draft = {
    name,
    at: context.position(statement),
    neighbor: undefined,
    spoiled: false,
    source: undefined,
    minRx: 10,
    minTx: 10,
    idleTx: 1000,
    multiplier: 5,
    passive: false,
    ttl: undefined,
    maxHops: 0,
    multihop: false,
    weight: 0,
    reverse: false,
    forVrrp: false,
    forChecker: false,
  };
  bindBody(bfdBlock, draft, statement.body ?? [], context);
  const everybody = !draft.forVrrp && !draft.forChecker;
  draft.forVrrp ||= everybody;
  draft.forChecker ||= everybody;
  const { weight, reverse, forVrrp, forChecker } = draft;
  side.declaredBfd.set(name, { weight, reverse, forVrrp, forChecker });
  finishBfd(draft, side, context);
}

function finishBfd(draft: Draft, side: VrrpSide, context: BindContext): void {
  const { name, neighbor, source, multihop } = draft;
  if (draft.spoiled) return;
  const say = (code: `LVSD_CONFIG_${string}`, message: string, assumed = 'the session does not exist'): void =>
    context.reportAt('assumed', code, message, side.blockEnd(), { assumed });
  if (neighbor === undefined) {
    say('LVSD_CONFIG_NO_SUBJECT', `${ERROR} ${name} has no neighbor address set, disabling instance`);
    return;
  }
  if (source !== undefined && familyOf(source) !== familyOf(neighbor)) {
    say(
      'LVSD_CONFIG_FAMILY',
      `${ERROR} ${name} source address ${source} and neighbor address ${neighbor} are not of the same family, disabling instance`,
    );
    return;
  }
  for (const other of side.bfd.values()) {
    if (other.neighbor !== neighbor || other.source !== source || other.multihop !== multihop) continue;
    const addresses =
      source === undefined ? `neighbor address ${neighbor}` : `source/neighbor address ${source}/${neighbor}`;
    say('LVSD_CONFIG_DUPLICATE', `${ERROR} ${name} has duplicate ${addresses}, ignoring instance`);
    return;
  }
  const ttl = draft.ttl ?? (multihop ? MULTIHOP_TTL : SINGLE_HOP_TTL);
  let { maxHops } = draft;
  if (maxHops > ttl) {
    const message = `BFD instance ${name}: max_hops exceeds ttl/hoplimit - setting to ttl/hoplimit`;
    say('LVSD_CONFIG_CONFLICT', message, `max_hops ${ttl}`);
    maxHops = ttl;
  }
  const { spoiled: _spoiled, ...rest } = draft;
  side.bfd.set(name, {
    ...rest,
    neighbor,
    minRx: milliseconds(draft.minRx),
    minTx: milliseconds(draft.minTx),
    idleTx: milliseconds(draft.idleTx),
    ttl,
    maxHops,
  });
}
