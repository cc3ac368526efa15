/**
 * garp_group and interface_up_down_delays: how interfaces are treated, whatever stands on them (keepalived.md 8).
 */
import type { Position } from '../../config/position.js';
import { seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import { keyword } from './forms.js';
import { argument, type Block, block, type Keyword } from './keyword.js';
import type { VrrpSide } from './vrrp-drafts.js';
import { tell, waiting } from './vrrp-forms.js';

interface GarpGroupDraft {
  readonly side: VrrpSide;
  garpInterval: number | undefined;
  gnaInterval: number | undefined;
  readonly interfaces: { readonly name: string; readonly at: Position }[];
}

type Draft = GarpGroupDraft;

/** keepalived counts these in microseconds in 31 bits. */
const LONGEST = 2147.483647;
const LONGEST_SENSIBLE = 1;

function intervalWord(
  name: 'garp_interval' | 'gna_interval',
  field: 'garpInterval' | 'gnaInterval',
  doc: string,
): Keyword<Draft> {
  return keyword<Draft>({ name, doc }, [argument.seconds('SECS', 0, LONGEST)], (draft, statement, context) => {
    const value = context.seconds(statement, 1, 0, LONGEST);
    const text = statement.words[1]?.text ?? '';
    if (value === undefined) {
      tell(context, statement, 1, 'LVSD_CONFIG_BAD_VALUE', `garp_group ${name} '${text}' invalid`);
      return;
    }
    draft[field] = value;
    if (value < LONGEST_SENSIBLE) return;
    context.report('note', 'LVSD_CONFIG_LARGE', `The ${name} is very large - ${text} seconds`, statement, 1);
  });
}

/** An interface belongs to one group. */
function addInterface(draft: Draft, statement: Statement, index: number, context: BindContext): void {
  const name = context.text(statement, index);
  const at = context.position(statement, index);
  const { side } = draft;
  side.interfaceUses.push({
    name,
    message: `WARNING - interface ${name} specified for garp_group doesn't exist`,
    at,
    mayComeLater: true,
  });
  const taken = [...side.garpGroups, draft].some((group) => group.interfaces.some((each) => each.name === name));
  if (!taken) draft.interfaces.push({ name, at });
  else {
    const message = `garp_group already specified for ${name} - ignoring`;
    tell(context, statement, index, 'LVSD_CONFIG_DUPLICATE', message, 'the first one counts');
  }
}

export const garpInterfacesBlock: Block<Draft> = block<Draft>(
  'garp_group.interfaces',
  'interfaces',
  'Interfaces that share one rate.',
  [],
  {
    form: 'INTERFACE ...',
    doc: 'One or several a line.',
    bind: (draft, statement, context) => {
      for (let i = 0; i < statement.words.length; i++) addInterface(draft, statement, i, context);
    },
  },
);

export const garpGroupBlock: Block<Draft> = block<Draft>(
  'garp_group',
  'garp_group',
  'Limits how fast gratuitous ARP and neighbour advertisements leave.',
  waiting(
    [
      intervalWord('garp_interval', 'garpInterval', 'Time between two gratuitous ARPs.'),
      intervalWord('gna_interval', 'gnaInterval', 'Time between two neighbour advertisements.'),
      keyword<Draft>(
        { name: 'interface', doc: 'The interface that it holds for.' },
        [argument.text('INTERFACE')],
        (draft, statement, context) => addInterface(draft, statement, 1, context),
      ),
      keyword<Draft>(
        { name: 'interfaces', opens: garpInterfacesBlock.name, doc: garpInterfacesBlock.doc },
        [],
        (draft, statement, context) => {
          const body = statement.body ?? [];
          if (body.length > 0) bindBody(garpInterfacesBlock, draft, body, context);
          else {
            const message = 'Warning - empty garp_group interfaces block';
            tell(context, statement, 0, 'LVSD_CONFIG_EMPTY_GROUP', message, 'no interfaces');
          }
        },
      ),
    ],
    'garp_group',
  ),
);

export function bindGarpGroup(side: VrrpSide, statement: Statement, context: BindContext): void {
  const draft: Draft = { side, garpInterval: undefined, gnaInterval: undefined, interfaces: [] };
  bindBody(garpGroupBlock, draft, statement.body ?? [], context);
  const { garpInterval, gnaInterval, interfaces } = draft;
  if (garpInterval === undefined && gnaInterval === undefined) {
    const message = 'garp group 0 does not have any delay set - removing';
    context.reportAt('assumed', 'LVSD_CONFIG_NO_SUBJECT', message, side.blockEnd(), {
      expected: 'garp_interval or gna_interval',
      assumed: 'the group does not exist',
    });
    return;
  }
  side.garpGroups.push({
    garpInterval: garpInterval === undefined ? undefined : seconds(garpInterval),
    gnaInterval: gnaInterval === undefined ? undefined : seconds(gnaInterval),
    interfaces,
    at: context.position(statement),
  });
}

const MAX_DELAY = 255;

function bindDelays(side: VrrpSide, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 0);
  const at = context.position(statement);
  side.interfaceUses.push({
    name,
    message: `unknown interface ${name} specified for up/down delay`,
    at,
    mayComeLater: true,
    fatal: true,
  });
  const note = (message: string): void => context.report('note', 'LVSD_CONFIG_BAD_VALUE', message, statement, 1);
  if (statement.words.length < 2) {
    note(`No timeouts specified for ${name} up/down delays`);
    return;
  }
  if (statement.words.length > 3) note(`Too many parameters for ${name} up/down delays`);
  const down = context.seconds(statement, 1, 0, MAX_DELAY);
  const up = statement.words[2] === undefined ? 0 : context.seconds(statement, 2, 0, MAX_DELAY);
  if (down === undefined || up === undefined) return;
  side.interfaceDelays.push({ name, down: seconds(down), up: seconds(up), at });
}

export const interfaceDelaysBlock: Block<VrrpSide> = block<VrrpSide>(
  'interface_up_down_delays',
  'interface_up_down_delays',
  'How long an interface must be down or up before that counts.',
  [],
  { form: 'INTERFACE DOWN [UP]', doc: 'Seconds from 0 to 255.', bind: bindDelays },
);
