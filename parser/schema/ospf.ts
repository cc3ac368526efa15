/**
 * ospf_instance and what stands in it (architecture, section 6). Nothing of it acts yet.
 */
import {
  type OspfAuthentication,
  type OspfDigest,
  type OspfInterface,
  type OspfKey,
  ospfDigests,
} from '../../config/ospf.js';
import { seconds } from '../../runtime/units.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { AddedDraft } from './added-draft.js';
import { booleanWord, choiceWord, keyword, numberWord, type Texts, textWord } from './forms.js';
import { argument, block, type Keyword } from './keyword.js';
import { readAreaId, readPrefix, readRouterId } from './ospf-values.js';
import { bindSettings, reportedBy } from './settings.js';

interface AuthenticationDraft {
  type: OspfAuthentication['type'];
  readonly keys: OspfKey[];
  activeKey: number | undefined;
}

type AreaDraft = { areaType: OspfInterface['areaType'] };

type InterfaceDraft = { -readonly [K in keyof OspfInterface]: OspfInterface[K] } & {
  dead: number | undefined;
};

interface InstanceDraft {
  routerId: string | undefined;
  readonly interfaces: OspfInterface[];
  announceAs: 'external' | 'stub';
  holdDown: number;
  delay: number;
  withdrawDelay: number;
  dryRun: boolean;
}

const inside = (name: string, doc: string, more: Partial<Texts> = {}): Texts => ({ name, since: 'lvsd', doc, ...more });
const INTERVAL = 65535;
/** RFC 2328, appendix C.3: the dead interval is some multiple of the hello interval, by custom four. */
const DEAD_FACTOR = 4;
const authenticationTypes = ['none', 'simple', ...ospfDigests] as const;

function keyWord(name: 'key' | 'key_file'): Keyword<AuthenticationDraft> {
  const doc = name === 'key' ? 'A key by its id.' : 'A key that a file holds, by its id.';
  return keyword<AuthenticationDraft>(
    inside(name, doc),
    [argument.number('ID', 0, 255), argument.text(name === 'key' ? 'SECRET' : 'PATH')],
    (draft, statement, context) => {
      const id = context.number(statement, 1, 0, 255);
      if (id === undefined) return;
      const text = context.text(statement, 2);
      if (draft.keys.some((each) => each.id === id)) {
        context.report('assumed', 'LVSD_CONFIG_DUPLICATE', `key ${id} is already there - ignoring`, statement, 1);
      } else draft.keys.push({ id, secret: name === 'key' ? { text } : { file: text } });
    },
  );
}

export const ospfAuthenticationBlock = block<AuthenticationDraft>(
  'ospf_instance.interface.authentication',
  'authentication of an OSPF interface',
  'How the packets of one interface are authenticated.',
  reportedBy('ospf_instance', [
    choiceWord<AuthenticationDraft, OspfAuthentication['type']>(
      inside('type', 'none, a password in clear text, or a digest (RFC 5709).', { default: 'none' }),
      authenticationTypes,
      (draft, value) => {
        draft.type = value;
      },
    ),
    keyWord('key'),
    keyWord('key_file'),
    numberWord<AuthenticationDraft>(
      inside('active_key', 'The key that signs what is sent.', { default: 'the first key' }),
      argument.number('ID', 0, 255),
      (draft, value) => {
        draft.activeKey = value;
      },
    ),
  ]),
);

export const ospfAreaBlock = block<AreaDraft>(
  'ospf_instance.interface.area',
  'area of an OSPF interface',
  'What kind of area it is.',
  reportedBy('ospf_instance', [
    choiceWord<AreaDraft, OspfInterface['areaType']>(
      inside('type', 'Kind of the area.', { default: 'normal' }),
      ['normal', 'stub', 'nssa'],
      (draft, value) => {
        draft.areaType = value;
      },
    ),
  ]),
);

function readAuthentication(statement: Statement, context: BindContext): OspfAuthentication {
  const draft: AuthenticationDraft = { type: 'none', keys: [], activeKey: undefined };
  bindSettings(ospfAuthenticationBlock, draft, statement.body ?? [], context);
  const { type, keys } = draft;
  const wrong = (message: string, expected: string): void =>
    context.report('unusable', 'LVSD_CONFIG_OSPF', message, statement, 0, { expected });
  if (type === 'none') return { type };
  if (keys.length === 0) wrong(`authentication of type ${type} has no key`, 'key ID SECRET, or key_file ID PATH');
  const activeKey = draft.activeKey ?? keys[0]?.id ?? 0;
  if (keys.length > 0 && !keys.some((each) => each.id === activeKey))
    wrong(`active_key ${activeKey} is none of the keys`, `one of ${keys.map((each) => each.id).join(', ')}`);
  return type === 'simple' ? { type, keys } : { type: type satisfies OspfDigest, keys, activeKey };
}

export const ospfInterfaceBlock = block<InterfaceDraft>(
  'ospf_instance.interface',
  'interface of an ospf_instance',
  'One interface that OSPF speaks on.',
  reportedBy('ospf_instance', [
    keyword<InterfaceDraft>(
      inside('area', 'Area of the interface.', { default: '0.0.0.0', opens: 'area', blockOptional: true }),
      [argument.text('AREA', 'a dotted quad or a number')],
      (draft, statement, context) => {
        draft.area = readAreaId(statement, 1, context) ?? draft.area;
        bindSettings(ospfAreaBlock, draft, statement.body ?? [], context);
      },
    ),
    choiceWord<InterfaceDraft, OspfInterface['network']>(
      inside('network', 'Kind of network; on broadcast a director is never designated router.', {
        default: 'point-to-point',
      }),
      ['point-to-point', 'broadcast'],
      (draft, value) => {
        draft.network = value;
      },
    ),
    numberWord<InterfaceDraft>(
      inside('hello_interval', 'Time between hellos.', { default: '10' }),
      argument.number('SECS', 1, INTERVAL, 'seconds'),
      (draft, value) => {
        draft.helloInterval = seconds(value);
      },
    ),
    numberWord<InterfaceDraft>(
      inside('dead_interval', 'Silence after which a neighbour is gone.', { default: `${DEAD_FACTOR} hello_interval` }),
      argument.number('SECS', 1, INTERVAL, 'seconds'),
      (draft, value) => {
        draft.dead = value;
      },
    ),
    numberWord<InterfaceDraft>(
      inside('cost', 'Cost of the interface.', { default: '10' }),
      argument.number('COST', 1, 65535),
      (draft, value) => {
        draft.cost = value;
      },
    ),
    booleanWord<InterfaceDraft>(inside('mtu_ignore', 'Does not compare MTUs.', { default: 'off' }), (draft, value) => {
      draft.mtuIgnore = value;
    }),
    booleanWord<InterfaceDraft>(
      inside('ttl_security', 'Takes only packets with TTL 255 (RFC 5082).', { default: 'off' }),
      (draft, value) => {
        draft.ttlSecurity = value;
      },
    ),
    keyword<InterfaceDraft>(
      inside('neighbor_filter', 'Takes only neighbours of this prefix; may be given several times.'),
      [argument.text('PREFIX', 'ADDRESS/LENGTH')],
      (draft, statement, context) => {
        const prefix = readPrefix(statement, 1, context);
        if (prefix !== undefined) draft.neighborFilters = [...draft.neighborFilters, prefix];
      },
    ),
    keyword<InterfaceDraft>(
      inside('authentication', 'Authentication of packets.', { default: 'none', opens: 'authentication' }),
      [],
      (draft, statement, context) => {
        draft.authentication = readAuthentication(statement, context);
      },
    ),
    textWord<InterfaceDraft>(
      inside('track_bfd', 'A bfd_instance; when its session goes down the neighbour is gone.'),
      'NAME',
      (draft, value) => {
        draft.trackBfd = value;
      },
    ),
  ]),
);

function readInterface(instance: InstanceDraft, statement: Statement, context: BindContext): void {
  const draft: InterfaceDraft = {
    name: context.text(statement, 1),
    area: '0.0.0.0',
    areaType: 'normal',
    network: 'point-to-point',
    helloInterval: seconds(10),
    deadInterval: seconds(0),
    dead: undefined,
    cost: 10,
    mtuIgnore: false,
    ttlSecurity: false,
    neighborFilters: [],
    authentication: { type: 'none' },
    trackBfd: undefined,
    at: context.position(statement),
  };
  bindSettings(ospfInterfaceBlock, draft, statement.body ?? [], context);
  const { dead, ...made } = draft;
  made.deadInterval = seconds(Math.min(INTERVAL, dead ?? DEAD_FACTOR * made.helloInterval));
  if (made.deadInterval <= made.helloInterval) {
    const message = `dead_interval ${made.deadInterval} of ${made.name} is not longer than its hello_interval ${made.helloInterval}`;
    const expected = `more than ${made.helloInterval}, as the routers there have it`;
    context.report('unusable', 'LVSD_CONFIG_OSPF', message, statement, 1, { expected });
  }
  if (instance.interfaces.some((each) => each.name === made.name)) {
    const message = `interface ${made.name} is already in this ospf_instance - ignoring`;
    context.report('assumed', 'LVSD_CONFIG_DUPLICATE', message, statement, 1, { assumed: 'the first one counts' });
  } else instance.interfaces.push(made);
}

const delayWord = (
  name: string,
  normal: number,
  doc: string,
  set: (draft: InstanceDraft, value: number) => void,
): Keyword<InstanceDraft> =>
  numberWord<InstanceDraft>(
    inside(name, doc, { default: String(normal) }),
    argument.number('SECS', 0, 86400, 'seconds'),
    set,
  );

export const ospfInstanceBlock = block<InstanceDraft>(
  'ospf_instance',
  'ospf_instance',
  'An OSPF process that announces addresses.',
  reportedBy('ospf_instance', [
    keyword<InstanceDraft>(
      inside('router_id', 'Router id.', { default: 'the highest IPv4 address of the host' }),
      [argument.text('ID', 'a dotted quad')],
      (draft, statement, context) => {
        draft.routerId = readRouterId(statement, 1, context) ?? draft.routerId;
      },
    ),
    keyword<InstanceDraft>(
      inside('interface', 'An interface that OSPF speaks on.', { opens: 'interface', blockOptional: true }),
      [argument.text('INTERFACE')],
      readInterface,
    ),
    choiceWord<InstanceDraft, 'external' | 'stub'>(
      inside('announce_as', 'External LSA an address, or stub links of the router LSA.', { default: 'external' }),
      ['external', 'stub'],
      (draft, value) => {
        draft.announceAs = value;
      },
    ),
    delayWord(
      'announce_hold_down',
      5,
      'Time between a withdrawal and the next announcement of an address.',
      (draft, value) => {
        draft.holdDown = value;
      },
    ),
    delayWord('announce_delay', 0, 'Time after the start before anything is announced.', (draft, value) => {
      draft.delay = value;
    }),
    delayWord('withdraw_delay', 3, 'Time between the withdrawal and the stop.', (draft, value) => {
      draft.withdrawDelay = value;
    }),
    booleanWord<InstanceDraft>(
      inside('dry_run', 'Listens, and forms no adjacency.', { default: 'off' }),
      (draft, value) => {
        draft.dryRun = value;
      },
    ),
  ]),
);

/** `ospf_instance NAME { ... }` */
export function bindOspfInstance(added: AddedDraft, statement: Statement, context: BindContext): void {
  const name = context.text(statement, 1);
  const draft: InstanceDraft = {
    routerId: undefined,
    interfaces: [],
    announceAs: 'external',
    holdDown: 5,
    delay: 0,
    withdrawDelay: 3,
    dryRun: false,
  };
  bindSettings(ospfInstanceBlock, draft, statement.body ?? [], context);
  if (added.ospf.has(name)) {
    const message = `ospf_instance ${name} is defined twice`;
    context.report('unusable', 'LVSD_CONFIG_OSPF', message, statement, 1, { expected: 'one block of each name' });
    return;
  }
  if (draft.interfaces.length === 0) {
    const message = `ospf_instance ${name} has no interface`;
    context.report('unusable', 'LVSD_CONFIG_OSPF', message, statement, 1, { expected: 'interface NAME { ... }' });
  }
  added.ospf.set(name, {
    name,
    routerId: draft.routerId,
    interfaces: draft.interfaces,
    announceAs: draft.announceAs,
    announceHoldDown: seconds(draft.holdDown),
    announceDelay: seconds(draft.delay),
    withdrawDelay: seconds(draft.withdrawDelay),
    dryRun: draft.dryRun,
    at: context.position(statement),
  });
}
