/**
 * keepalived's defaults and corrections, with its words (keepalived.md 14, 15, 16, 24), each against what keepalived
 * 2.2.7 says with -t, and the few where lvsd differs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualServerName } from '../../../config/names.js';
import type { VirtualServer } from '../../../config/virtual-server.js';
import { exitCodeOf } from '../../../parser/render-diagnostic.js';
import type { ScriptFinding, Surroundings } from '../../../parser/validate-surroundings.js';
import { complaints, parseText } from './schema/parse-text.js';

const usual = 'protocol TCP\nlvs_sched rr\nlvs_method NAT\n';

function only(text: string): { readonly server: VirtualServer; readonly said: readonly string[] } {
  const { config, diagnostics } = parseText(text);
  const server = config.virtualServers[0];
  assert.ok(server, `no virtual server: ${complaints(diagnostics).join('; ')}`);
  return { server, said: complaints(diagnostics) };
}

const virtual = (inside: string, head = '10.0.0.1 80'): string => `virtual_server ${head} {\n${inside}\n}\n`;
const real = (where: string, inside = ''): string => `real_server ${where} {\n${inside}\n}\n`;

test('what is not written is said and defaulted: protocol, scheduler, method', () => {
  const { server, said } = only(virtual(real('10.1.0.1 80')));
  assert.deepEqual(said, [
    'assumed Virtual server [10.0.0.1]:none:80: no protocol set - defaulting to UDP',
    "assumed Virtual server [10.0.0.1]:udp:80: no scheduler set, setting default 'wlc'",
    'assumed Virtual server [10.0.0.1]:udp:80: no forwarding method set, setting default NAT',
  ]);
  assert.deepEqual([server.protocol, server.scheduler, server.forwarding], ['UDP', 'wlc', { method: 'NAT' }]);
});

test('a checker inherits from its server, that from its virtual server, that from the built-in default', () => {
  const check = (kind: string): string =>
    `${kind} {\n${kind.endsWith('GET') ? 'url {\npath /\n}' : kind === 'MISC_CHECK' ? 'misc_path /bin/x' : ''}\n}\n`;
  const kinds = ['TCP_CHECK', 'HTTP_GET', 'MISC_CHECK', 'DNS_CHECK'];
  const plain = only(virtual(usual + real('10.1.0.1 80', kinds.map(check).join('')))).server.realServers[0];
  assert.deepEqual(
    plain?.checkers.map(({ schedule: s }) => [s.delayLoop, s.warmup, s.retry, s.delayBeforeRetry, s.alpha]),
    [
      [60, 60, 1, 1, false],
      [60, 60, 1, 3, false],
      [60, 60, 0, 1, false],
      [60, 60, 3, 60, false],
    ],
  );
  const inherited = only(
    virtual(
      `${usual}delay_loop 6\nretry 9\nwarmup 2\nconnect_timeout 4\nalpha\nvirtualhost vs\n${real('10.1.0.1 80', `retry 5\ndelay_before_retry 0.5\n${check('TCP_CHECK')}HTTP_GET {\nretry 2\nalpha no\nconnect_timeout 1\nurl {\npath /\n}\n}\n`)}`,
    ),
  ).server.realServers[0];
  const [tcp, http] = inherited?.checkers ?? [];
  assert.deepEqual(tcp?.schedule, {
    delayLoop: 6,
    warmup: 2,
    retry: 5,
    delayBeforeRetry: 0.5,
    alpha: true,
    logAllFailures: false,
  });
  assert.deepEqual(http?.schedule, {
    delayLoop: 6,
    warmup: 2,
    retry: 2,
    delayBeforeRetry: 0.5,
    alpha: false,
    logAllFailures: false,
  });
  assert.ok(tcp?.kind === 'TCP_CHECK' && http?.kind === 'HTTP_GET');
  assert.deepEqual([tcp.connect.timeout, http.connect.timeout, http.virtualhost], [4, 1, 'vs']);
});

test('smtp_alert: a server has it unless somebody says otherwise, a virtual server does not', () => {
  const alerts = (text: string): readonly boolean[] => {
    const { server } = only(text);
    return [server.smtpAlert, server.realServers[0]?.smtpAlert ?? false];
  };
  const body = virtual(usual + real('10.1.0.1 80'));
  assert.deepEqual(alerts(body), [false, true]);
  assert.deepEqual(alerts(`global_defs {\nsmtp_alert no\n}\n${body}`), [false, false]);
  assert.deepEqual(alerts(`${body}global_defs {\nsmtp_alert no\nsmtp_alert_checker\n}\n`), [true, true]);
});

test('ports: a translated server keeps its own, a routed one gets the virtual port', () => {
  const ports = (text: string): readonly number[] => only(text).server.realServers.map((each) => each.port);
  assert.deepEqual(ports(virtual(usual + real('10.1.0.1') + real('10.1.0.2 8080'))), [80, 8080]);
  const routed = only(
    virtual(`protocol TCP\nlvs_sched rr\nlvs_method DR\n${real('10.1.0.1 8080', 'TCP_CHECK {\n}')}${real('10.1.0.2')}`),
  );
  assert.deepEqual(
    routed.server.realServers.map((each) => each.port),
    [80, 80],
  );
  assert.deepEqual(routed.said, [
    "assumed WARNING - virtual server [10.0.0.1]:tcp:80 and real server [10.1.0.1]:tcp:8080 ports don't match - resetting",
  ]);
  const check = routed.server.realServers[0]?.checkers[0];
  assert.ok(check?.kind === 'TCP_CHECK');
  assert.equal(check.connect.port, 8080, 'the check keeps the port that was written, as in keepalived');
});

test('ports of a fwmark service are cleared unless translated', () => {
  const marked = only(
    virtual(`lvs_sched rr\nlvs_method DR\n${real('10.1.0.1 80')}sorry_server 10.9.0.1 80`, 'fwmark 5'),
  );
  assert.deepEqual(marked.said, [
    'assumed WARNING - fwmark virtual server FWM 5, real server [10.1.0.1]:none:80 has port specified - clearing',
    'assumed WARNING - virtual server FWM 5, sorry server has port specified - clearing',
  ]);
  assert.deepEqual([marked.server.realServers[0]?.port, marked.server.sorryServer?.port], [0, 0]);
  assert.deepEqual(marked.server.target, { kind: 'fwmark', mark: 5, family: 'inet' });
});

test('a fwmark service takes its family from ip_family or its servers', () => {
  const family = (inside: string): unknown => only(virtual(`lvs_sched rr\n${inside}`, 'fwmark 5')).server.target;
  assert.deepEqual(family(`lvs_method DR\n${real('2001:db8::1')}`), { kind: 'fwmark', mark: 5, family: 'inet6' });
  assert.deepEqual(family(`lvs_method TUN\n${real('2001:db8::1')}${real('10.1.0.1')}`), {
    kind: 'fwmark',
    mark: 5,
    family: 'inet',
  });
  assert.deepEqual(family(`ip_family inet6\nlvs_method TUN\n${real('10.1.0.1')}`), {
    kind: 'fwmark',
    mark: 5,
    family: 'inet6',
  });
});

test('families must agree unless tunnelled', () => {
  const { server, said } = only(virtual(usual + real('2001:db8::1 80') + real('10.1.0.1 80')));
  assert.deepEqual(
    server.realServers.map((each) => each.address),
    ['10.1.0.1'],
  );
  assert.deepEqual(said, [
    "assumed Address family of virtual server and real server 2001:db8::1 don't match - skipping real server.",
  ]);
  const tunnelled = only(virtual(`protocol TCP\nlvs_sched rr\nlvs_method TUN\n${real('2001:db8::1 80')}`));
  assert.equal(tunnelled.server.realServers.length, 1);
});

test('servers that are written twice, or that corrected ports made equal, are one', () => {
  const twice = only(virtual(usual + real('10.1.0.1 80') + real('10.1.0.1 80', 'weight 7')));
  assert.deepEqual(twice.said, [
    'assumed VS [10.0.0.1]:tcp:80: real server [10.1.0.1]:tcp:80 is duplicated - removing second rs',
  ]);
  assert.deepEqual(
    twice.server.realServers.map((each) => each.weight),
    [1],
  );
  const corrected = only(
    virtual(`protocol TCP\nlvs_sched rr\nlvs_method DR\n${real('10.1.0.1 80')}${real('10.1.0.1 81')}`),
  );
  assert.equal(corrected.server.realServers.length, 1);
  const many = only(virtual(usual + Array.from({ length: 40 }, (_, i) => real(`10.1.0.${(i % 39) + 1} 80`)).join('')));
  assert.equal(many.server.realServers.length, 39);
});

test('a virtual server without real servers is left out', () => {
  const { config, diagnostics } = parseText(virtual(`${usual}sorry_server 10.9.0.1 80`));
  assert.deepEqual(complaints(diagnostics), [
    'assumed Virtual server [10.0.0.1]:tcp:80 has no real servers - ignoring',
  ]);
  assert.deepEqual(config.virtualServers, []);
});

test('quorum above the total weight is lowered, never to 0; hysteresis stays below it', () => {
  const quorum = (inside: string): readonly unknown[] => {
    const { server, said } = only(virtual(usual + inside));
    return [server.quorum, server.hysteresis, said];
  };
  const name = '[10.0.0.1]:tcp:80';
  assert.deepEqual(quorum(`quorum 9\n${real('10.1.0.1 80', 'weight 3')}`), [
    3,
    0,
    [`assumed Warning - quorum 9 for ${name} exceeds total weight of real servers 3, reducing quorum to 3`],
  ]);
  assert.deepEqual(quorum(real('10.1.0.1 80', 'weight 0')), [
    1,
    0,
    [`assumed Warning - quorum 1 for ${name} exceeds total weight of real servers 0, keeping quorum 1`],
  ]);
  assert.deepEqual(quorum(`quorum 2\nhysteresis 5\nweight 4\n${real('10.1.0.1 80')}`), [
    2,
    1,
    [`assumed Virtual server ${name}: hysteresis 5 >= quorum 2; setting hysteresis to 1`],
  ]);
});

test('persistence: 0 is refused, without a value it is 360, a service without a port needs it', () => {
  const persistence = (inside: string, head?: string): readonly unknown[] => {
    const { server, said } = only(virtual(usual + inside + real('10.1.0.1 80'), head));
    return [server.persistence?.timeout, said];
  };
  assert.deepEqual(persistence('persistence_timeout 0\n'), [
    undefined,
    ["assumed number '0' outside range [1, 2678400]"],
  ]);
  assert.deepEqual(persistence('persistence_timeout\n'), [360, []]);
  assert.deepEqual(persistence('persistence_granularity 255.255.255.0\n'), [360, []]);
  assert.deepEqual(persistence('', '10.0.0.1'), [
    360,
    ['assumed Virtual server [10.0.0.1]:tcp:0: zero port only valid for persistent services - setting'],
  ]);
});

test('flags of sh and mh count only behind their scheduler', () => {
  const flags = (inside: string): readonly unknown[] => {
    const { server, said } = only(virtual(`protocol TCP\nlvs_method NAT\n${inside}\n${real('10.1.0.1 80')}`));
    return [server.flags.sched1, server.flags.sched2, said];
  };
  assert.deepEqual(flags('lvs_sched sh\nsh-port\nsh-fallback'), [true, true, []]);
  assert.deepEqual(flags('lvs_sched mh\nmh-port'), [false, true, []]);
  assert.deepEqual(flags('sh-port\nlvs_sched sh'), [
    false,
    false,
    ['assumed sh-port only applies to sh scheduler - ignoring'],
  ]);
  assert.deepEqual(flags('lvs_sched sh\nhashed\nmh-port'), [false, false, []]);
});

test('one-packet scheduling is for UDP and marks', () => {
  const { server, said } = only(virtual(`${usual}ops\n${real('10.1.0.1 80')}`));
  assert.equal(server.flags.ops, false);
  assert.deepEqual(said, ['assumed Virtual server [10.0.0.1]:tcp:80: one packet scheduling requires UDP - resetting']);
});

test('groups: unknown, empty, of both families; ordinals count in file order', () => {
  const text = (groups: string): ReturnType<typeof parseText> =>
    parseText(groups + virtual(usual + real('10.1.0.1 80'), 'group g'));
  assert.deepEqual(complaints(text('').diagnostics), [
    'assumed Virtual server group g specified but not configured - ignoring virtual server [g]:0',
  ]);
  assert.deepEqual(complaints(text('virtual_server_group g {\n}\n').diagnostics), [
    'assumed virtual server group g has no entries - removing',
    'assumed Virtual server group g specified but not configured - ignoring virtual server [g]:0',
  ]);
  assert.deepEqual(complaints(text('virtual_server_group g {\n10.0.0.1 80\n2001:db8::1 80\n}\n').diagnostics), [
    "assumed g: virtual server group with IPv4 & IPv6 doesn't match virtual server [g]:0 - ignoring",
  ]);
  const group = 'virtual_server_group g {\n10.0.0.1 80\n}\n';
  const empty = virtual(usual, 'group g');
  const full = virtual(usual + real('10.1.0.1 80'), 'group g');
  const { config } = parseText(group + empty + full + full);
  assert.deepEqual(config.virtualServers.map(virtualServerName), ['[g]:0', '[g]:1']);
});

test('a group without a block ends the reading, as an argument that lacks does', () => {
  const { diagnostics } = parseText('virtual_server_group g\nrouter_id x\n');
  assert.equal(exitCodeOf(diagnostics), 2);
});

test('entries of a group: ranges in every form, masks, marks', () => {
  const { config, diagnostics } = parseText(
    'virtual_server_group g {\n10.0.0.1-5 80\n10.0.1.0-10.0.2.3\n10.0.4.0/24 81\n2001:db8::f-1f 443\nfwmark 7 inet6\n10.0.0.9-5 80\n10.0.0.1-a 80\n10.0.0.1/24 80\n10.0.0.1 70000\nfoo\n}\n',
  );
  assert.deepEqual(
    config.groups
      .get('g')
      ?.entries.map((entry) =>
        entry.kind === 'range' ? [entry.first, entry.last, entry.port] : [entry.mark, entry.family],
      ),
    [
      ['10.0.0.1', '10.0.0.5', 80],
      ['10.0.1.0', '10.0.2.3', 0],
      ['10.0.4.0', '10.0.4.255', 81],
      ['2001:db8::f', '2001:db8::1f', 443],
      [7, 'inet6'],
    ],
  );
  assert.deepEqual(complaints(diagnostics), [
    'assumed Address range end is not greater than address range start - 10.0.0.9-5 - skipping',
    "assumed Virtual server group range '10.0.0.1-a' has extra characters at end 'a'",
    'assumed Address mask bits not empty - 10.0.0.1/24 - skipping',
    "assumed number '70000' outside range [1, 65535]",
    'assumed Invalid virtual server group IP address foo  - skipping',
  ]);
});

test('ha_suspend is cleared for marks and kept for groups of addresses', () => {
  const marked = only(virtual(`lvs_sched rr\nlvs_method NAT\nha_suspend\n${real('10.1.0.1 80')}`, 'fwmark 5'));
  assert.deepEqual(marked.said, [
    'assumed Virtual server FWM 5: cannot use ha_suspend with fwmarks - clearing ha_suspend',
  ]);
  assert.equal(marked.server.haSuspend, false);
  const group = 'virtual_server_group g {\n10.0.0.1 80\n}\n';
  assert.equal(only(group + virtual(`${usual}ha_suspend\n${real('10.1.0.1 80')}`, 'group g')).server.haSuspend, true);
});

test('two blocks of one service: the first with the servers of both', () => {
  const { config, diagnostics } = parseText(
    virtual(usual + real('10.1.0.1 80')) +
      virtual(`protocol TCP\nlvs_sched wrr\nlvs_method DR\n${real('10.1.0.1 80', 'weight 5')}${real('10.1.0.2 80')}`),
  );
  const [server, ...others] = config.virtualServers;
  assert.deepEqual(
    [server?.scheduler, server?.realServers.map((each) => [each.address, each.weight]), others],
    [
      'rr',
      [
        ['10.1.0.1', 1],
        ['10.1.0.2', 1],
      ],
      [],
    ],
  );
  assert.deepEqual(
    diagnostics.map((each) => [each.class, each.message]),
    [['note', 'Virtual server [10.0.0.1]:tcp:80 is defined twice']],
  );
});

test('a sorry server that is a real server too has its inhibit setting', () => {
  const { server, said } = only(
    virtual(`${usual}sorry_server 10.1.0.1 80\n${real('10.1.0.1 80', 'inhibit_on_failure')}`),
  );
  assert.equal(server.sorryServer?.inhibit, true);
  assert.deepEqual(said, [
    'assumed Virtual server [10.0.0.1]:tcp:80: real server [10.1.0.1]:tcp:80 matches sorry server, but inhibit setting differs, setting on sorry server',
  ]);
});

test('checkers that cannot be made are left out', () => {
  const checks = (inside: string): readonly unknown[] => {
    const { server, said } = only(virtual(usual + real('10.1.0.1 80', inside)));
    return [server.realServers[0]?.checkers.length, said];
  };
  assert.deepEqual(checks('HTTP_GET {\nurl {\n}\n}'), [
    0,
    [
      'assumed HTTP/SSL_GET checker url has no path - ignoring',
      'assumed HTTP/SSL_GET checker has no urls specified - ignoring',
    ],
  ]);
  assert.deepEqual(checks('MISC_CHECK {\n}'), [
    0,
    ['assumed No script path has been specified for MISC_CHECKER - skipping'],
  ]);
  assert.deepEqual(checks('TCP_CHECK {\nconnect_ip fe80::1\n}'), [
    0,
    ['assumed Checker link local address fe80::1 requires a bind_if'],
  ]);
  assert.deepEqual(checks('FILE_CHECK {\ntrack_file x\n}'), [0, ['assumed track_file x not found']]);
});

test('a pattern that the hook refuses is told and not kept', () => {
  const text = virtual(
    usual + real('10.1.0.1 80', 'HTTP_GET {\nurl {\npath /\nregex "a(b"\nregex_options caseless\n}\n}'),
  );
  const asked: unknown[] = [];
  const { config, diagnostics } = parseText(text, {
    validateRegex: (pattern, options) => {
      asked.push([pattern, options]);
      return 'missing closing parenthesis';
    },
  });
  assert.deepEqual(asked, [['a(b', ['caseless']]]);
  assert.deepEqual(complaints(diagnostics), ["assumed Invalid regex: 'a(b': missing closing parenthesis"]);
  const check = config.virtualServers[0]?.realServers[0]?.checkers[0];
  assert.ok(check?.kind === 'HTTP_GET');
  assert.equal(check.urls[0]?.regex, undefined);
});

test('scripts without script security are told when they could run', () => {
  const text = virtual(`${usual}quorum_up "/bin/true 'a b' c" root\n${real('10.1.0.1 80')}`);
  const finding = (outcome: ScriptFinding['outcome'], ...messages: readonly string[]): Surroundings => ({
    lookAtScript: () => ({ outcome, messages }),
    interfaceExists: () => true,
  });
  const host = finding('runs');
  const { config, diagnostics } = parseText(text, { surroundings: host });
  assert.deepEqual(complaints(diagnostics), [
    'security SECURITY VIOLATION - check scripts are being executed but script_security not enabled.',
  ]);
  assert.deepEqual(config.virtualServers[0]?.quorumUp?.argv, ['/bin/true', 'a b', 'c']);
  assert.deepEqual(config.virtualServers[0]?.quorumUp?.user, { name: 'root', group: undefined });
  const secured = parseText(`global_defs {\nenable_script_security\n}\n${text}`, { surroundings: host });
  assert.deepEqual(complaints(secured.diagnostics), []);
  const told = (surroundings: Surroundings, file = text): readonly string[] =>
    parseText(file, { surroundings }).diagnostics.map((each) => `${each.class} ${each.message}`);
  assert.deepEqual(told(finding('disabled', 'not there', 'cure')), ['note not there']);
  // keepalived does not count a user that stands behind the script.
  assert.deepEqual(told(finding('user-unknown', 'who?')), ['note who?']);
  assert.deepEqual(told(finding('user-unknown', 'who?'), text.replace(' root\n', '\n')), ['assumed who?']);
  assert.deepEqual(told(finding('insecure', 'Unsafe permissions')), [
    'note Unsafe permissions',
    'security SECURITY VIOLATION - check scripts are being executed but script_security not enabled. There are insecure scripts.',
  ]);
});
