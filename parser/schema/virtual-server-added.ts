/**
 * What other grammars and lvsd itself add to virtual_server: FULLNAT of Alibaba's LVS and of DPVS
 * (fullnat-grammar.md 2, 6.1), announcements, slow start and the like (architecture, section 6).
 *
 * None of it is acted on yet. Everything that is said is kept; what does not go together is validate-added.ts's matter.
 */
import { type AddedOptions, noAddedOptions, noDpvs } from '../../config/added.js';
import type { DpvsOptions } from '../../config/dpvs.js';
import { seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import { readShortAnnouncement } from './announce.js';
import type { VirtualServerDraft } from './drafts.js';
import { choiceWord, flagWord, keyword, numberWord, secondsWord, textWord, type Unbuilt } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_IPVS_TIMEOUT, MAX_UNSIGNED } from './limits.js';
import { localAddressBlock } from './local-addresses.js';

const kernel = (what: string): Unbuilt => ({
  decides: 'traffic',
  cure: `${what} needs the patched ip_vs module, which lvsd cannot drive yet: take the word out, or start with --ignore-unbuilt to run without it.`,
});
const dpvs = (what: string, decides: Unbuilt['decides'] = 'traffic'): Unbuilt => ({
  decides,
  cure: `${what} is a word of DPVS that lvsd does not act on: take it out, or start with --ignore-unbuilt to run without it.`,
});
const later = (what: string): Unbuilt => ({
  decides: 'traffic',
  cure: `lvsd does not act on ${what} yet: take the word out, or start with --ignore-unbuilt to run without it.`,
});

/** DPVS takes 1 to 3600 seconds and cuts what is outside. */
const LONGEST_ESTABLISHED_DPVS = 3600;

function add(virtual: VirtualServerDraft, fields: Partial<AddedOptions>): void {
  virtual.added = { ...(virtual.added ?? noAddedOptions), ...fields };
}

function addDpvs(virtual: VirtualServerDraft, fields: Partial<DpvsOptions>): void {
  add(virtual, { dpvs: { ...(virtual.added?.dpvs ?? noDpvs), ...fields } });
}

/** The words of FULLNAT, of DPVS, and of lvsd's own. */
export function addedWords(): Keyword<VirtualServerDraft>[] {
  return [...fullnatWords(), ...ownWords(), ...dpvsWords()];
}

function fullnatWords(): Keyword<VirtualServerDraft>[] {
  return [
    textWord<VirtualServerDraft>(
      {
        name: 'laddr_group_name',
        since: 'Alibaba',
        unbuilt: kernel('laddr_group_name'),
        doc: 'The local_address_group of this service.',
      },
      'NAME',
      (virtual, value) => {
        virtual.localAddressGroup = value;
      },
    ),
    keyword<VirtualServerDraft>(
      {
        name: 'local_address',
        opens: 'local_address_group',
        since: 'lvsd',
        unbuilt: kernel('local_address'),
        doc: 'Local addresses of this service, inline.',
      },
      [],
      (virtual, statement, context) => {
        const draft = { name: '', entries: virtual.localAddresses, owner: undefined };
        bindBody(localAddressBlock, draft, statement.body ?? [], context);
      },
    ),
    flagWord<VirtualServerDraft>(
      {
        name: 'syn_proxy',
        since: 'Alibaba',
        unbuilt: kernel('syn_proxy'),
        doc: 'The director answers SYN with cookies.',
      },
      (virtual) => {
        virtual.synProxy = true;
      },
    ),
    keyword<VirtualServerDraft>(
      {
        name: 'est_timeout',
        aliases: [{ name: 'establish_timeout' }],
        since: 'Alibaba',
        default: "the kernel's",
        unbuilt: { ...kernel('est_timeout'), decides: 'none' },
        doc: "Timeout of established connections of this service; DPVS's establish_timeout goes up to 3600.",
      },
      [argument.number('SECS', 0, MAX_IPVS_TIMEOUT, 'seconds')],
      (virtual, statement, context) => {
        const value = context.number(statement, 1, 0, MAX_IPVS_TIMEOUT, "the kernel's timeout stays");
        if (value === undefined) return;
        const cut = statement.words[0]?.text === 'establish_timeout' && value > LONGEST_ESTABLISHED_DPVS;
        if (cut) {
          const message = `establish_timeout ${value} is more than ${LONGEST_ESTABLISHED_DPVS}`;
          context.report('assumed', 'LVSD_CONFIG_BAD_NUMBER', message, statement, 1, {
            expected: `up to ${LONGEST_ESTABLISHED_DPVS}, as DPVS has it; est_timeout takes up to ${MAX_IPVS_TIMEOUT}`,
            assumed: `${LONGEST_ESTABLISHED_DPVS} seconds`,
          });
        }
        virtual.establishedTimeout = value === 0 ? undefined : seconds(cut ? LONGEST_ESTABLISHED_DPVS : value);
      },
    ),
    textWord<VirtualServerDraft>(
      {
        name: 'vip_bind_dev',
        since: 'Alibaba',
        unbuilt: later('vip_bind_dev'),
        doc: 'The address is put on this device while the service has quorum.',
      },
      'INTERFACE',
      (virtual, value) => {
        virtual.vipBindDevice = value;
      },
    ),
  ];
}

function ownWords(): Keyword<VirtualServerDraft>[] {
  return [
    keyword<VirtualServerDraft>(
      {
        name: 'announce',
        opens: 'announce',
        blockOptional: true,
        since: 'lvsd',
        unbuilt: later('announce'),
        doc: 'Announces the address by OSPF, or puts it on lo.',
      },
      [argument.text('INSTANCE', 'an ospf_instance, or loopback')],
      (virtual, statement, context) => {
        if (virtual.added?.announce !== undefined) {
          context.report('assumed', 'LVSD_CONFIG_DUPLICATE', 'announce is already there - ignoring', statement, 0, {
            expected: 'one announcement of one address',
            assumed: 'the first one counts',
          });
        } else add(virtual, { announce: readShortAnnouncement(statement, context) });
      },
    ),
    keyword<VirtualServerDraft>(
      {
        name: 'slow_start',
        since: 'lvsd',
        default: 'off',
        unbuilt: later('slow_start'),
        doc: 'Ramps the weight of a server that comes back.',
      },
      [argument.seconds('SECS', 0, 86400)],
      (virtual, statement, context) => {
        const value = context.seconds(statement, 1, 0, 86400);
        if (value === undefined) return;
        const slowStart = value === 0 ? undefined : { duration: seconds(value), at: context.position(statement) };
        add(virtual, { slowStart });
      },
    ),
    secondsWord<VirtualServerDraft>(
      {
        name: 'drain_timeout',
        since: 'lvsd',
        default: 'off',
        unbuilt: later('drain_timeout'),
        doc: 'A removed server gets weight 0 first and is deleted when idle or late.',
      },
      argument.seconds('SECS', 0, 2678400),
      (virtual, value) => add(virtual, { drainTimeout: seconds(value) }),
    ),
    numberWord<VirtualServerDraft>(
      {
        name: 'max_down_percent',
        since: 'lvsd',
        default: '100',
        unbuilt: later('max_down_percent'),
        doc: 'Share of the servers that may be down by their checks; the others stay in, and it is told.',
      },
      argument.number('PERCENT', 0, 100, 'percent'),
      (virtual, value) => add(virtual, { maxDownPercent: value }),
    ),
  ];
}

function dpvsWords(): Keyword<VirtualServerDraft>[] {
  const matching = (
    name: string,
    field: 'sourceRange' | 'destinationRange' | 'inputInterface' | 'outputInterface',
    form: string,
  ): Keyword<VirtualServerDraft> =>
    textWord<VirtualServerDraft>(
      { name, since: 'DPVS', unbuilt: dpvs(name), doc: 'What a match service matches (SNAT).' },
      form,
      (virtual, value) => addDpvs(virtual, { [field]: value }),
    );
  return [
    textWord<VirtualServerDraft>(
      {
        name: 'daddr_group_name',
        since: 'DPVS',
        unbuilt: dpvs('daddr_group_name'),
        doc: 'deny_address_group whose sources are refused.',
      },
      'NAME',
      (virtual, value) => addDpvs(virtual, { denyGroup: value }),
    ),
    textWord<VirtualServerDraft>(
      {
        name: 'waddr_group_name',
        since: 'DPVS',
        unbuilt: dpvs('waddr_group_name'),
        doc: 'allow_address_group whose sources alone may connect.',
      },
      'NAME',
      (virtual, value) => addDpvs(virtual, { allowGroup: value }),
    ),
    flagWord<VirtualServerDraft>(
      {
        name: 'expire_quiescent_conn',
        since: 'DPVS',
        unbuilt: dpvs('expire_quiescent_conn', 'none'),
        doc: 'Closes connections of removed servers at once.',
      },
      (virtual) => addDpvs(virtual, { expireQuiescentConnections: true }),
    ),
    flagWord<VirtualServerDraft>(
      { name: 'quic', since: 'DPVS', unbuilt: dpvs('quic'), doc: 'Schedules by the QUIC connection id.' },
      (virtual) => addDpvs(virtual, { quic: true }),
    ),
    choiceWord<VirtualServerDraft, 'sip' | 'qid'>(
      {
        name: 'hash_target',
        since: 'DPVS',
        default: 'sip',
        unbuilt: dpvs('hash_target'),
        doc: 'What conhash hashes: the source address, or the QUIC connection id.',
      },
      ['sip', 'qid'],
      (virtual, value) => addDpvs(virtual, { hashTarget: value }),
    ),
    choiceWord<VirtualServerDraft, 'v1' | 'v2' | 'v1-insecure' | 'v2-insecure'>(
      {
        name: 'proxy_protocol',
        since: 'DPVS',
        default: 'off',
        unbuilt: dpvs('proxy_protocol'),
        doc: 'Tells the real server the client by the PROXY protocol.',
      },
      ['v1', 'v2', 'v1-insecure', 'v2-insecure'],
      (virtual, value) => addDpvs(virtual, { proxyProtocol: value }),
    ),
    numberWord<VirtualServerDraft>(
      { name: 'bps', since: 'DPVS', default: '0', unbuilt: dpvs('bps'), doc: 'Limit of bandwidth.' },
      argument.number('N', 0, MAX_UNSIGNED, 'bytes a second'),
      (virtual, value) => addDpvs(virtual, { bandwidth: value }),
    ),
    numberWord<VirtualServerDraft>(
      {
        name: 'limit_proportion',
        since: 'DPVS',
        default: '100',
        unbuilt: dpvs('limit_proportion'),
        doc: 'Share that the limit lets through.',
      },
      argument.number('N', 0, MAX_UNSIGNED),
      (virtual, value) => addDpvs(virtual, { limitProportion: value }),
    ),
    matching('src-range', 'sourceRange', 'RANGE'),
    matching('dst-range', 'destinationRange', 'RANGE'),
    matching('iif', 'inputInterface', 'INTERFACE'),
    matching('oif', 'outputInterface', 'INTERFACE'),
  ];
}
