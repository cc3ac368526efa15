/**
 * Every keyword of the schema, one by one: a good value is taken without a word and changes the Config (or is reported
 * as unbuilt), a value outside the declared range is reported, a missing argument is reported.
 *
 * So no word can be accepted and silently ignored: a keyword that is bound to nothing fails here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyBlock, allBlocks } from '../../../../parser/schema/index.js';
import type { Argument, Keyword } from '../../../../parser/schema/keyword.js';
import { vrrpSideBlocks } from '../../../../parser/schema/top-level-vrrp.js';
import { complaints, parseText, withoutPositions } from './parse-text.js';
import { vrrpAround, vrrpGoodLines, vrrpToldAnyway, vrrpTraceless } from './vrrp-lines.js';

const server = (inside: string): string =>
  `virtual_server 10.0.0.1 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nreal_server 10.1.0.1 80 {\n${inside}\n}\n}\n`;
const checker =
  (kind: string, more = '') =>
  (line: string): string =>
    `track_file t {\nfile /t\n}\nbfd_instance b {\nneighbor_ip 10.1.1.1\n}\n${server(`${kind} {\n${more}\n${line}\n}`)}`;

const core = 'ospf_instance core {\ninterface eth0 {\narea 7\n}\n}\n';
const ospf = (line: string): string => `ospf_instance x {\ninterface eth0 {\n${line}\n}\n}\n`;

/** A file in which a line stands in the block. */
const around: Readonly<Record<string, (line: string) => string>> = {
  'top level': (line) => `${line}\n`,
  global_defs: (line) => `global_defs {\n${line}\n}\n`,
  linkbeat_interfaces: (line) => `linkbeat_interfaces {\n${line}\n}\n`,
  announce: (line) => server('').replace('protocol TCP', `protocol TCP\nannounce core {\n${line}\n}`) + core,
  announce_address: (line) => `announce_address 10.0.0.1 {\nospf core\n${line}\n}\n${core}`,
  ospf_instance: (line) => `ospf_instance x {\ninterface eth0\n${line}\n}\n`,
  'interface of an ospf_instance': (line) => `${ospf(line)}bfd_instance word7 {\nneighbor_ip 10.1.1.1\n}\n`,
  'area of an OSPF interface': (line) => ospf(`area 7 {\n${line}\n}`),
  'authentication of an OSPF interface': (line) => ospf(`authentication {\nkey 9 a\nkey 7 a\ntype md5\n${line}\n}`),
  cluster: (line) => `cluster {\nredis redis://127.0.0.1\n${line}\n}\n`,
  tunnel_group: (line) => `tunnel_group g {\n${line}\n}\n`,
  tunnel_entry: (line) => `tunnel_group g {\ntunnel_entry tun1 {\n${line}\n}\n}\n`,
  SSL: (line) => `SSL {\n${line}\n}\n`,
  virtual_server_group: (line) => `virtual_server_group g {\n10.0.0.1 80\n${line}\n}\n`,
  local_address_group: (line) => `local_address_group g {\n${line}\n}\n`,
  virtual_server: (line) =>
    `virtual_server 10.0.0.1 80 {\nprotocol TCP\nlvs_sched wrr\nlvs_method NAT\n${line}\nreal_server 10.1.0.1 80 {\nTCP_CHECK {\n}\n}\nreal_server 10.1.0.2 80 {\nweight 9\n}\n}\n`,
  real_server: (line) => server(`TCP_CHECK {\n}\n${line}`),
  TCP_CHECK: checker('TCP_CHECK'),
  HTTP_GET: checker('HTTP_GET', 'url {\npath /\n}'),
  SSL_GET: checker('SSL_GET', 'url {\npath /\n}'),
  url: (line) => server(`HTTP_GET {\nurl {\npath /x\n${line}\n}\n}`),
  MISC_CHECK: checker('MISC_CHECK', 'misc_path /bin/x'),
  SMTP_CHECK: checker('SMTP_CHECK'),
  DNS_CHECK: checker('DNS_CHECK'),
  UDP_CHECK: checker('UDP_CHECK'),
  PING_CHECK: checker('PING_CHECK'),
  FILE_CHECK: checker('FILE_CHECK', 'track_file t'),
  BFD_CHECK: (line) => checker('BFD_CHECK', line.startsWith('name') ? '' : 'name b')(line),
  host: (line) => checker('SMTP_CHECK')(`host {\n${line}\n}`),
  ...vrrpAround,
};

/** Good lines where the declaration alone cannot say one; several lines where a word needs others before it. */
const goodLines: Readonly<Record<string, string>> = {
  'top level.virtual_server': server(''),
  'top level.virtual_server_group': 'virtual_server_group g {\n10.0.0.1 80\n}',
  'top level.local_address_group': 'local_address_group g {\n10.20.0.1\n}',
  'top level.SSL': 'SSL {\nca /a\n}',
  'top level.global_defs': 'global_defs {\nlvs_flush\n}',
  'top level.linkbeat_interfaces': 'linkbeat_interfaces {\neth0 MII\n}',
  'top level.announce_address': `announce_address 10.0.0.1 {\nospf core\n}\n${core}`,
  'top level.ospf_instance': core,
  'top level.cluster': 'cluster {\nredis redis://127.0.0.1:6379/0\n}',
  'virtual_server.announce': 'announce loopback',
  'announce.metric_type': 'metric_type 1',
  'announce.area': 'area 7',
  'announce_address.ospf': 'loopback\nospf core',
  'announce_address.metric_type': 'metric_type 1',
  'announce_address.area': 'area 7',
  'ospf_instance.router_id': 'router_id 10.0.0.9',
  'interface of an ospf_instance.area': 'area 0.0.0.7',
  'interface of an ospf_instance.hello_interval': 'dead_interval 99\nhello_interval 7',
  'interface of an ospf_instance.dead_interval': 'hello_interval 1\ndead_interval 7',
  'interface of an ospf_instance.neighbor_filter': 'neighbor_filter 10.0.0.0/30',
  'interface of an ospf_instance.authentication': 'authentication {\ntype simple\nkey 1 a\n}',
  'authentication of an OSPF interface.key': 'key 8 secret',
  'authentication of an OSPF interface.key_file': 'key_file 8 /etc/key',
  'cluster.redis': 'redis sentinel mymaster 10.0.0.1:26379 10.0.0.2:26379',
  'cluster.verdict': 'verdict majority',
  'virtual_server.daddr_group_name': 'daddr_group_name g',
  'virtual_server.waddr_group_name': 'waddr_group_name g',
  'virtual_server.quic': 'protocol UDP\nquic',
  'virtual_server.hash_target': 'protocol UDP\nhash_target qid',
  'global_defs.umask': 'umask 077',
  'global_defs.include_check': 'include_check read',
  'global_defs.notification_email': 'notification_email {\na@example.org b@example.org\n}',
  'global_defs.vrrp_mcast_group4': 'vrrp_mcast_group4 224.0.0.77',
  'global_defs.vrrp_mcast_group6': 'vrrp_mcast_group6 ff02::77',
  'global_defs.vrrp_garp_extra_if': 'vrrp_garp_extra_if all 7',
  'global_defs.vrrp_rx_bufs_policy': 'vrrp_rx_bufs_policy MTU',
  'global_defs.lvs_timeouts': 'lvs_timeouts tcp 5 tcpfin 6 udp 7',
  'global_defs.metrics_listen': 'metrics_listen 127.0.0.1:9650',
  'global_defs.ipvs_sysctl': 'ipvs_sysctl conn_reuse_mode 1',
  'global_defs.lvs_sync_daemon': 'lvs_sync_daemon eth0 id 3 maxlen 1400 port 8848 ttl 1 group 224.0.0.81',
  'global_defs.lvs_drift': 'lvs_drift report',
  'virtual_server.lvs_sched': 'lvs_sched sh',
  'virtual_server.lvs_method': 'lvs_method TUN type gue port 6080 csum',
  'virtual_server.sh-port': 'lvs_sched sh\nsh-port',
  'virtual_server.sh-fallback': 'lvs_sched sh\nsh-fallback',
  'virtual_server.mh-port': 'lvs_sched mh\nmh-port',
  'virtual_server.mh-fallback': 'lvs_sched mh\nmh-fallback',
  'virtual_server.ip_family': 'ip_family inet',
  'virtual_server.ops': 'protocol UDP\nops',
  'virtual_server.persistence_granularity': 'persistence_granularity 255.255.255.0',
  'virtual_server.persistence_engine': 'persistence_timeout 60\npersistence_engine sip',
  'virtual_server.protocol': 'protocol SCTP',
  'virtual_server.quorum': 'quorum 3',
  'virtual_server.hysteresis': 'quorum 5\nhysteresis 2',
  'virtual_server.sorry_server': 'sorry_server 10.9.0.1 80',
  'virtual_server.sorry_server_inhibit': 'sorry_server 10.9.0.1 80\nsorry_server_inhibit',
  'virtual_server.sorry_server_lvs_method': 'sorry_server 10.9.0.1 80\nsorry_server_lvs_method DR',
  'virtual_server.real_server': 'real_server 10.1.0.3 80 {\n}',
  'virtual_server.local_address': 'local_address {\n10.20.0.1-9\n}',
  'virtual_server.laddr_group_name': 'laddr_group_name g',
  'virtual_server.retry': 'retry 4',
  'real_server.lvs_method': 'lvs_method DR',
  'real_server.MISC_CHECK': 'MISC_CHECK {\nmisc_path "/bin/x a"\n}',
  'real_server.HTTP_GET': 'HTTP_GET {\nurl {\npath /\n}\n}',
  'real_server.SSL_GET': 'SSL_GET {\nurl {\npath /\n}\n}',
  'real_server.FILE_CHECK': 'FILE_CHECK {\ntrack_file t\n}',
  'real_server.BFD_CHECK': 'BFD_CHECK {\nname b\n}',
  'url.digest': 'digest 0123456789abcdef0123456789abcdef',
  'url.status_code': 'status_code 200 300-304',
  'url.regex_no_match': 'regex a\nregex_no_match',
  'url.regex_options': 'regex a\nregex_options caseless',
  'url.regex_min_offset': 'regex a\nregex_min_offset 7',
  'url.regex_max_offset': 'regex a\nregex_max_offset 7',
  'url.regex_stack': 'regex a\nregex_stack 7 9',
  'HTTP_GET.url': 'url {\npath /other\n}',
  'SSL_GET.url': 'url {\npath /other\n}',
  'HTTP_GET.http_protocol': 'http_protocol 1.1',
  'SSL_GET.http_protocol': 'http_protocol 1.1',
  'UDP_CHECK.payload': 'payload 0a0b',
  'UDP_CHECK.require_reply': 'require_reply 0axx',
  'FILE_CHECK.track_file': 'track_file t',
  'BFD_CHECK.name': 'name b',
  'SMTP_CHECK.host': 'host {\nconnect_ip 10.1.0.7\n}',
  ...vrrpGoodLines,
};

/** Words whose every use is told, because lvsd does something else. */
const toldAnyway: Readonly<Record<string, RegExp>> = {
  'global_defs.vrrp_iptables': /^assumed iptables not supported/,
  'global_defs.vrrp_ipsets': /^assumed ipsets not supported/,
  ...vrrpToldAnyway,
};

/** Words that act without a trace in the Config, and why. */
const traceless: Readonly<Record<string, string>> = {
  'global_defs.include_check': 'the reader of files acts on it',
  'vrrp_instance.dpdk_interface': 'lvsd has no ports of DPDK',
  'virtual_server.hashed': 'refused with a message, always',
  'virtual_server.ip_family': 'says what the address says already; fwmark services are in validate.test.ts',
};

function goodValue(argument: Argument): string {
  const { type } = argument;
  switch (type.kind) {
    case 'number':
    case 'seconds':
      return String(type.min <= 7 && type.max >= 7 ? 7 : type.max);
    case 'choice':
      return type.words[type.words.length - 1] ?? '';
    case 'boolean':
      return 'true';
    case 'address':
      return '10.1.0.77';
    case 'script':
      return '"/bin/true one"';
    case 'text':
      return 'word7';
  }
}

function goodLine(block: AnyBlock, keyword: Keyword<never>): string {
  const own = goodLines[`${block.title}.${keyword.name}`];
  if (own !== undefined) return own;
  const words = keyword.arguments.map(goodValue);
  return `${[keyword.name, ...words].join(' ')}${keyword.opens === undefined ? '' : ' {\n}'}`;
}

/** Words that name a group, and the block that makes one. */
const groupKinds = [
  ['laddr_group_name', 'local_address_group'],
  ['daddr_group_name', 'deny_address_group'],
  ['waddr_group_name', 'allow_address_group'],
] as const;

/** `checker_log_all_failures` and the like show only in what inherits them. */
function fileOf(block: AnyBlock, line: string): string {
  const wrap = around[block.title];
  assert.ok(wrap, `the test does not know how to write a ${block.title}`);
  const declared =
    block.title === 'real_server' ? 'track_file t {\nfile /t\n}\nbfd_instance b {\nneighbor_ip 10.1.1.1\n}\n' : '';
  const kind = groupKinds.find(([word]) => line.startsWith(word))?.[1];
  const group = kind === undefined ? '' : `${kind} g {\n10.20.0.1\n}\n`;
  return `${declared}${group}${wrap(line)}`;
}

const ofVrrpSide = new Set<string>(vrrpSideBlocks.map((block) => block.title));

for (const block of allBlocks) {
  for (const keyword of block.keywords) {
    const name = `${block.title}.${keyword.name}`;

    test(`${name} is taken, and acts or is reported`, () => {
      const line = goodLine(block, keyword);
      const prelude = keyword.opens === undefined ? line.split('\n').slice(0, -1).join('\n') : '';
      const before = parseText(fileOf(block, prelude));
      const after = parseText(fileOf(block, line));
      const said = complaints(after.diagnostics).filter((each) => toldAnyway[name]?.test(each) !== true);
      if (name === 'virtual_server.hashed') {
        assert.deepEqual(said, ['assumed hashed only applies to sh scheduler - ignoring']);
        return;
      }
      const expected = complaints(before.diagnostics).filter((each) => said.includes(each));
      assert.deepEqual(
        said.filter((each) => !expected.includes(each)),
        [],
      );
      const { effect } = keyword;
      // The VRRP side is bound whole, though lvsd does not act on it yet.
      if (effect.acts || (ofVrrpSide.has(block.title) && !vrrpTraceless.has(name))) {
        if (traceless[name] !== undefined) return;
        const { unbuilt: _a, ...old } = before.config;
        const { unbuilt: _b, ...now } = after.config;
        assert.notDeepEqual(withoutPositions(now), withoutPositions(old), `${name} changes nothing in the Config`);
      }
      if (effect.acts) return;
      const reporter = 'reportedBy' in effect ? effect.reportedBy : keyword.name;
      const words = after.config.unbuilt.map((use) => use.word);
      assert.ok(words.includes(reporter), `${reporter} is not reported as unbuilt: ${words.join(', ')}`);
    });

    const first = keyword.arguments[0];
    if (first === undefined) continue;
    const { type } = first;
    if (keyword.effect.bind !== undefined && (type.kind === 'number' || type.kind === 'seconds')) {
      test(`${name} refuses what is outside its range`, () => {
        const rest = keyword.arguments.slice(1).map(goodValue).join(' ');
        const wrong = [...(type.min > 0 || type.kind === 'number' ? [String(type.min - 1)] : ['-1']), 'seven', '7x'];
        if (type.max < 1e12) wrong.push(String(type.max + 1));
        for (const value of wrong) {
          const line = `${keyword.name} ${value} ${rest}${keyword.opens === undefined ? '' : ' {\n}'}`;
          const said = parseText(fileOf(block, line)).diagnostics.filter(
            (each) => each.code === 'LVSD_CONFIG_BAD_NUMBER',
          );
          assert.equal(said.length > 0, true, `${line} was taken`);
          assert.match(
            said[0]?.message ?? '',
            /^(number '.*' outside (range \[.*, .*\]|(unsigned )?integer range)|invalid number '.*'|negative number '.*'|.* (less|greater) than (minimum|maximum) .*|.* must be greater than 0, setting to 1)$/,
          );
        }
      });
    }
    if (!first.optional) {
      test(`${name} misses its argument`, () => {
        const line = `${keyword.name}${keyword.opens === undefined ? '' : ' {\n}'}`;
        const said = complaints(parseText(fileOf(block, line)).diagnostics);
        const usual = `missing *** Configuration line starting \`${keyword.name}\` is missing a parameter after keyword \`${keyword.name}\` at word position 2`;
        const wanted = keyword.whenMissing === undefined ? usual : `assumed ${keyword.whenMissing}`;
        assert.ok(said.includes(wanted), `said: ${said.join('; ')}`);
      });
    }
  }
}

test('every alias is taken, and a deprecated one is told', () => {
  for (const block of allBlocks) {
    for (const keyword of block.keywords) {
      for (const alias of keyword.aliases ?? []) {
        const line = goodLine(block, keyword).replace(keyword.name, alias.name);
        const said = parseText(fileOf(block, line)).diagnostics.map((each) => each.message);
        assert.ok(!said.includes(`Unknown keyword '${alias.name}'`), alias.name);
        if (alias.deprecated !== undefined)
          assert.ok(said.includes(alias.deprecated), `${alias.name}: ${said.join('; ')}`);
      }
    }
  }
});

test('an unknown word is told with what was probably meant, or where it belongs', () => {
  const { diagnostics } = parseText(server('wieght 3\nlb_algo rr'));
  assert.deepEqual(
    diagnostics.map((each) => [each.class, each.message, each.suggestion, each.at?.line]),
    [
      ['assumed', "Unknown keyword 'wieght'", "did you mean 'weight'?", 6],
      ['assumed', "Unknown keyword 'lb_algo'", "'lb_algo' belongs in virtual_server", 7],
    ],
  );
});

test('the declarations are whole', () => {
  for (const block of allBlocks) {
    for (const keyword of block.keywords) {
      assert.match(keyword.doc, /\.$/, `${block.title}.${keyword.name} has no sentence`);
      const { effect } = keyword;
      if (!effect.acts && !('reportedBy' in effect)) assert.match(effect.cure, /\.$/, `${keyword.name} has no cure`);
    }
  }
});
