/**
 * What other grammars and lvsd itself add to virtual_server: FULLNAT of Alibaba's LVS and of DPVS
 * (fullnat-grammar.md 2, 6.1), announcements, slow start and the like (architecture, section 6).
 *
 * None of it is acted on yet. What belongs to FULLNAT is kept in the model; the rest is only known.
 */
import { seconds } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { VirtualServerDraft } from './drafts.js';
import { flagWord, keyword, numberWord, textWord, type Unbuilt, unbuiltWord } from './forms.js';
import { argument, type Keyword } from './keyword.js';
import { MAX_IPVS_TIMEOUT } from './limits.js';
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

export function addedWords(): Keyword<VirtualServerDraft>[] {
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
    numberWord<VirtualServerDraft>(
      {
        name: 'est_timeout',
        aliases: [{ name: 'establish_timeout' }],
        since: 'Alibaba',
        default: "the kernel's",
        unbuilt: { ...kernel('est_timeout'), decides: 'none' },
        doc: 'Timeout of established connections of this service.',
      },
      argument.number('SECS', 0, MAX_IPVS_TIMEOUT, 'seconds'),
      (virtual, value) => {
        virtual.establishedTimeout = value === 0 ? undefined : seconds(value);
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
    unbuiltWord(
      {
        name: 'announce',
        opens: 'announce',
        blockOptional: true,
        since: 'lvsd',
        unbuilt: later('announce'),
        doc: 'Announces the address by OSPF, or puts it on lo.',
      },
      [argument.text('INSTANCE', 'an ospf_instance, or loopback')],
    ),
    unbuiltWord(
      {
        name: 'slow_start',
        since: 'lvsd',
        unbuilt: later('slow_start'),
        doc: 'Ramps the weight of a server that comes back.',
      },
      [argument.seconds('SECS', 0, 86400)],
    ),
    unbuiltWord(
      {
        name: 'drain_timeout',
        since: 'lvsd',
        unbuilt: later('drain_timeout'),
        doc: 'A removed server gets weight 0 first and is deleted when idle or late.',
      },
      [argument.seconds('SECS', 0, 2678400)],
    ),
    unbuiltWord(
      {
        name: 'max_down_percent',
        since: 'lvsd',
        unbuilt: later('max_down_percent'),
        doc: 'Share that stays in when checks fail everywhere at once.',
      },
      [argument.number('PERCENT', 0, 100)],
    ),
    unbuiltWord(
      {
        name: 'daddr_group_name',
        since: 'DPVS',
        unbuilt: dpvs('daddr_group_name'),
        doc: 'deny_address_group whose sources are refused.',
      },
      [argument.text('NAME')],
    ),
    unbuiltWord(
      {
        name: 'waddr_group_name',
        since: 'DPVS',
        unbuilt: dpvs('waddr_group_name'),
        doc: 'allow_address_group whose sources alone may connect.',
      },
      [argument.text('NAME')],
    ),
    unbuiltWord({
      name: 'expire_quiescent_conn',
      since: 'DPVS',
      unbuilt: dpvs('expire_quiescent_conn', 'none'),
      doc: 'Closes connections of removed servers at once.',
    }),
    unbuiltWord({ name: 'quic', since: 'DPVS', unbuilt: dpvs('quic'), doc: 'Schedules by the QUIC connection id.' }),
    unbuiltWord({ name: 'hash_target', since: 'DPVS', unbuilt: dpvs('hash_target'), doc: 'What conhash hashes.' }, [
      argument.choice('TARGET', ['sip', 'qid']),
    ]),
    unbuiltWord(
      {
        name: 'proxy_protocol',
        since: 'DPVS',
        unbuilt: dpvs('proxy_protocol'),
        doc: 'Tells the real server the client by the PROXY protocol.',
      },
      [argument.choice('VERSION', ['v1', 'v2', 'v1-insecure', 'v2-insecure'])],
    ),
    unbuiltWord({ name: 'bps', since: 'DPVS', unbuilt: dpvs('bps'), doc: 'Limit of bandwidth.' }, [argument.text('N')]),
    unbuiltWord(
      {
        name: 'limit_proportion',
        since: 'DPVS',
        unbuilt: dpvs('limit_proportion'),
        doc: 'Share that the limit lets through.',
      },
      [argument.text('N')],
    ),
    ...(['src-range', 'dst-range', 'iif', 'oif'] as const).map((name) =>
      unbuiltWord<VirtualServerDraft>(
        { name, since: 'DPVS', unbuilt: dpvs(name), doc: 'What a match service matches (SNAT).' },
        [argument.text('MATCH', 'a range or an interface')],
      ),
    ),
  ];
}
