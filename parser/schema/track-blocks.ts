/**
 * The blocks that say what an instance or a sync group tracks: track_interface, track_script, track_file,
 * track_process, track_bfd (keepalived.md 9).
 *
 * Each line names one thing that was declared above, and may give it another weight.
 */
import type { TrackedReference } from '../../config/tracking.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { keyword } from './forms.js';
import { type Block, block, type Keyword } from './keyword.js';
import type { TracksThings, VrrpSide } from './vrrp-drafts.js';
import { tell } from './vrrp-forms.js';

/** How the things of one block are called in messages; keepalived is not of one mind about it. */
interface Voice {
  /** `track script`: what is not found, and where a weight has no value. */
  readonly thing: string;
  readonly keyword: string;
  readonly unknownOption: (name: string, tracked: string, option: string) => string;
  readonly badWeight: (name: string, tracked: string, text: string) => string;
  readonly unknownWeightOption: (name: string, tracked: string, option: string) => string;
  /** Largest weight, and whether one more is taken as that. */
  readonly weight: 253 | 254;
  readonly clamps: boolean;
  readonly noreverse: boolean;
  /** An unknown word behind the weight leaves the line out. */
  readonly strict: boolean;
}

const IGNORED_LINE = 'this line is left out';

function readTracked(
  voice: Voice,
  draft: TracksThings,
  list: readonly { readonly name?: string; readonly interface?: string }[],
  defaults: { readonly weight: number; readonly reverse: boolean },
  statement: Statement,
  context: BindContext,
): TrackedReference | undefined {
  const tracked = context.text(statement, 0);
  const { name } = draft;
  const refuse = (index: number, code: `LVSD_CONFIG_${string}`, message: string): undefined => {
    tell(context, statement, index, code, message, IGNORED_LINE);
    return undefined;
  };
  if (list.some((each) => (each.name ?? each.interface) === tracked)) {
    return refuse(0, 'LVSD_CONFIG_DUPLICATE', `(${name}) duplicate ${voice.keyword} ${tracked} - ignoring`);
  }
  let { weight, reverse } = defaults;
  const option = statement.words[1]?.text;
  if (option !== undefined) {
    if (option !== 'weight') {
      return refuse(1, 'LVSD_CONFIG_UNKNOWN_OPTION', voice.unknownOption(name, tracked, option));
    }
    const text = statement.words[2]?.text;
    if (text === undefined) {
      return refuse(
        1,
        'LVSD_CONFIG_MISSING_VALUE',
        `(${name}) weight without value specified for ${voice.thing} ${tracked} - ignoring`,
      );
    }
    const limit = voice.clamps ? 254 : voice.weight;
    const number = context.number(statement, 2, -limit, limit, `weight ${weight}`);
    if (number === undefined) {
      tell(context, statement, 2, 'LVSD_CONFIG_BAD_VALUE', voice.badWeight(name, tracked, text), `weight ${weight}`);
    } else if (voice.clamps && Math.abs(number) === 254) {
      weight = Math.sign(number) * 253;
      const message = `(${name}) weight for ${tracked} cannot be +/-254. Setting to +/-253`;
      tell(context, statement, 2, 'LVSD_CONFIG_BAD_VALUE', message, `weight ${weight}`);
    } else weight = number;
    const direction = statement.words[3]?.text;
    if (direction === 'reverse') reverse = true;
    else if (direction === 'noreverse' && voice.noreverse) reverse = false;
    else if (direction !== undefined) {
      const message = voice.unknownWeightOption(name, tracked, direction);
      tell(
        context,
        statement,
        3,
        'LVSD_CONFIG_UNKNOWN_OPTION',
        message,
        voice.strict ? IGNORED_LINE : 'no such option',
      );
      if (voice.strict) return undefined;
    }
  }
  return { name: tracked, weight, reverse, at: context.position(statement) };
}

function notFound(what: string, draft: TracksThings, statement: Statement, context: BindContext): void {
  const message = `(${draft.name}) ${what} ${statement.words[0]?.text} not found, ignoring...`;
  tell(
    context,
    statement,
    0,
    'LVSD_CONFIG_UNKNOWN_NAME',
    message,
    IGNORED_LINE,
    `one that is declared above this line`,
  );
}

const interfaceVoice: Voice = {
  thing: 'track_interface',
  keyword: 'track_interface',
  unknownOption: (name, tracked, option) => `(${name}) unknown track_interface ${tracked} option ${option} - ignoring`,
  badWeight: (name, tracked, text) =>
    `(${name}) weight ${text} for ${tracked} must be between [-253..253] inclusive. Ignoring...`,
  unknownWeightOption: (name, tracked, option) =>
    `(${name}) unknown track_interace ${tracked} weight option ${option} - ignoring`,
  weight: 253,
  clamps: true,
  noreverse: false,
  strict: false,
};

function bindInterface(draft: TracksThings, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 0);
  draft.side.interfaceUses.push({
    name,
    message: `(${draft.name}) tracked interface ${name} doesn't exist`,
    at: context.position(statement),
    mayComeLater: true,
  });
  const { interfaces } = draft.tracking;
  const tracked = readTracked(interfaceVoice, draft, interfaces, { weight: 0, reverse: false }, statement, context);
  if (tracked === undefined) return;
  const { weight, reverse, at } = tracked;
  interfaces.push({ interface: name, weight, reverse, at });
}

/** A block whose lines name things that were declared. */
function referenceBinder(
  voice: Voice,
  list: 'scripts' | 'files' | 'processes' | 'bfd',
  find: (side: VrrpSide, name: string) => { readonly weight: number; readonly reverse: boolean } | undefined,
): (draft: TracksThings, statement: Statement, context: BindContext) => void {
  return (draft, statement, context) => {
    const known = find(draft.side, statement.words[0]?.text ?? '');
    if (known === undefined) {
      notFound(voice.thing, draft, statement, context);
      return;
    }
    const references = draft.tracking[list];
    const tracked = readTracked(voice, draft, references, known, statement, context);
    if (tracked !== undefined) references.push(tracked);
  };
}

const scriptVoice: Voice = {
  thing: 'track script',
  keyword: 'track_script',
  unknownOption: (name, _tracked, option) => `(${name}) unknown track script option ${option} - ignoring`,
  badWeight: (name, tracked) =>
    `(${name}) track script ${tracked}: weight must be between [-253..253] inclusive, ignoring...`,
  unknownWeightOption: (name, tracked, option) =>
    `(${name}) unknown track_script ${tracked} weight option ${option} - ignoring`,
  weight: 253,
  clamps: true,
  noreverse: true,
  strict: false,
};

const fileVoice: Voice = {
  thing: 'track file',
  keyword: 'track_file',
  unknownOption: (name, _tracked, option) => `(${name}) unknown track file option ${option} - ignoring`,
  badWeight: (name, tracked) =>
    `(${name}) weight for track file ${tracked} must be in [-254..254] inclusive. Ignoring...`,
  unknownWeightOption: (name, tracked, option) =>
    `(${name}) unknown track file ${tracked} weight option ${option} - ignoring`,
  weight: 254,
  clamps: false,
  noreverse: true,
  strict: true,
};

const processVoice: Voice = {
  thing: 'track process',
  keyword: 'track_process',
  unknownOption: (name, _tracked, option) => `(${name}) unknown track process option ${option} - ignoring`,
  badWeight: (name, tracked) =>
    `(${name}) weight for track process ${tracked} must be in [-254..254] inclusive. Ignoring...`,
  unknownWeightOption: (name, tracked, option) =>
    `(${name}) unknown track_process ${tracked} weight option ${option} - ignoring`,
  weight: 254,
  clamps: false,
  noreverse: true,
  strict: false,
};

const bfdVoice: Voice = {
  thing: 'track bfd',
  keyword: 'track_bfd',
  unknownOption: (name, tracked, option) => `(${name}) unknown track bfd ${tracked} option ${option} - ignoring`,
  badWeight: (name, tracked) =>
    `(${name}) weight for track bfd ${tracked} must be in [-253..253] inclusive. Ignoring...`,
  unknownWeightOption: (name, tracked, option) =>
    `(${name}) unknown track bfd ${tracked} weight option ${option} - ignoring`,
  weight: 253,
  clamps: false,
  noreverse: true,
  strict: true,
};

const WEIGHT = '[weight N [reverse|noreverse]]';

function trackBlock(
  name: string,
  doc: string,
  form: string,
  bind: (draft: TracksThings, statement: Statement, context: BindContext) => void,
): Block<TracksThings> {
  return block<TracksThings>(`tracking.${name}`, name, doc, [], { form, doc: 'A weight of 0 means FAULT.', bind });
}

export const trackInterfaceBlock = trackBlock(
  'track_interface',
  'Interfaces whose state counts.',
  'INTERFACE [weight N [reverse]]',
  bindInterface,
);
export const trackScriptBlock = trackBlock(
  'track_script',
  'Results of vrrp_script that count.',
  `SCRIPT ${WEIGHT}`,
  referenceBinder(scriptVoice, 'scripts', (side, name) => side.scripts.get(name)),
);
export const trackFileLinesBlock = trackBlock(
  'track_file of a virtual router',
  'Numbers in files that count.',
  `FILE ${WEIGHT}`,
  referenceBinder(fileVoice, 'files', (side, name) => side.files.get(name)),
);
export const trackProcessBlock = trackBlock(
  'track_process',
  'Processes that count.',
  `PROCESS ${WEIGHT}`,
  referenceBinder(processVoice, 'processes', (side, name) => side.processes.get(name)),
);
export const trackBfdBlock = trackBlock(
  'track_bfd',
  'BFD sessions that count.',
  `BFD_INSTANCE ${WEIGHT}`,
  referenceBinder(bfdVoice, 'bfd', (side, name) => {
    const bfd = side.declaredBfd.get(name);
    return bfd?.forVrrp === true ? bfd : undefined;
  }),
);

export const trackBlocks: readonly Block<TracksThings>[] = [
  trackInterfaceBlock,
  trackScriptBlock,
  trackFileLinesBlock,
  trackProcessBlock,
  trackBfdBlock,
];

/** The keywords that open these blocks, in an instance or a sync group. */
export function trackWords<D extends TracksThings>(): Keyword<D>[] {
  const word = (name: string, of: Block<TracksThings>): Keyword<D> =>
    keyword<D>({ name, opens: of.name, doc: of.doc }, [], (draft, statement, context) =>
      bindBody(of, draft, statement.body ?? [], context),
    );
  return [
    word('track_interface', trackInterfaceBlock),
    word('track_script', trackScriptBlock),
    word('track_file', trackFileLinesBlock),
    word('track_process', trackProcessBlock),
    word('track_bfd', trackBfdBlock),
  ];
}
