// What was read before need not be read again (parser/known-servers.ts, known-virtual-servers.ts): with and without
// that, every text gives the same configuration and the same messages, to the last line and column.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateConfig } from '../../../bench/generate-config.js';
import { KnownVirtualServers } from '../../../parser/known-virtual-servers.js';
import { type ParseOptions, parseSnapshot } from '../../../parser/parse.js';
import { readSnapshot, type Snapshot } from '../../../parser/snapshot.js';

const read = (text: string): Snapshot => readSnapshot('/f', { readFile: () => Buffer.from(text), configId: 'a' });

function sameEitherWay(text: string, options: ParseOptions = {}): void {
  const snapshot = read(text);
  const recalled = parseSnapshot(snapshot, undefined, options);
  const anew = parseSnapshot(snapshot, undefined, { ...options, recall: false });
  assert.deepStrictEqual(recalled.config, anew.config);
  assert.deepStrictEqual(recalled.diagnostics, anew.diagnostics);
}

const pick = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
/** Mostly the first, so that equal ones follow each other. */
const mostly = (first: string, ...texts: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(first) }, { weight: 2, arbitrary: pick(...texts) });

const check = mostly(
  '        TCP_CHECK {\n            connect_timeout 3\n        }\n',
  '',
  '        TCP_CHECK {\n            connect_ip 10.9.9.9\n            connect_port 8080\n            bindto 10.0.0.9\n        }\n',
  '        TCP_CHECK {\n            bindto fd00::1\n        }\n',
  '        HTTP_GET {\n            url {\n                path /\n                status_code 200-204 304\n            }\n            retry 2\n        }\n',
  '        HTTP_GET {\n            url {\n                path /x\n                regex "a+"\n                regex_options caseless\n            }\n            url {\n                path /y\n            }\n            connect_port 81\n        }\n',
  '        HTTP_GET {\n            url {\n                path /x\n                regex "(("\n            }\n        }\n',
  '        SSL_GET {\n        }\n',
  '        MISC_CHECK {\n            misc_path "/bin/true x"\n        }\n',
  '        SMTP_CHECK {\n            helo_name x\n        }\n',
  '        TCP_CHECK {\n            connect_timeout 3\n            wrong_word 1\n        }\n        TCP_CHECK {\n        }\n',
);
const words = mostly(
  '        weight 1\n',
  '',
  '        weight 300\n',
  '        weight 0\n        uthreshold 5 # at most\n        lthreshold 2\n',
  '        lvs_method TUN\n',
  '        lvs_method DR\n',
  '        inhibit_on_failure\n        alpha\n',
  '        notify_up "/bin/up it"\n',
  '        smtp_alert\n',
  '        virtualhost www.example.org\n        delay_loop 7\n',
  '        weight x\n',
  '\t! nothing\n\n',
);
const address = mostly(
  '',
  '10.1.0.1',
  '10.1.0.222',
  '172.16.100.200',
  '::1',
  'fd00::5',
  'fe80::1',
  'FD00:0::5',
  '10.01.0.1',
  '10.1.0.256',
  'host',
  '10.1.0.1\\#',
  '"10.1.0.7"',
);
const server = fc
  .tuple(
    fc.nat(3000),
    address,
    mostly('80', '0', '', '8080', '65536', '080', '99999', '80 81', 'x'),
    words,
    check,
    mostly('{\n', ' {\n', '\n    {\n', '{ weight 3\n', '{ # it\n', '\n'),
    mostly('', '', '    # between\n', '    { }\n', '    weight 2\n', '\n', ' \u00e9\n'),
  )
  .map(
    ([n, text, port, own, checks, open, behind]) =>
      `    real_server ${text === '' ? `10.1.${n % 9}.${n % 250}` : text} ${port} ${open}${own}${checks}    }\n${behind}`,
  );
const head = mostly(
  '    delay_loop 6\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n\n',
  '    lb_kind DR\n    lb_algo wlc\n    protocol TCP\n',
  '    lb_kind NAT\n    lb_algo wlc\n    protocol UDP\n    ops\n',
  '    lb_kind NAT\n    lb_algo sh\n    protocol TCP\n    sh-port\n    persistence_timeout 50\n',
  '    lb_kind NAT\n    lb_algo rr\n    protocol TCP\n    quorum 3\n    hysteresis 1\n    alpha\n    weight 2\n',
  '    lb_kind NAT\n    lb_algo rr\n    protocol TCP\n    sorry_server 10.7.7.7 80\n',
  '    lb_kind NAT\n    lb_algo rr\n    protocol TCP\n    quorum_up "/bin/up"\n    virtualhost a.example.org\n',
  '    protocol TCP\n',
  '',
  '    lb_kind NAT\n    wrong\n    lb_algo rr\n    protocol TCP\n',
);
const target = fc
  .tuple(
    fc.nat(3000),
    mostly(
      '',
      'group G',
      'fwmark 5',
      'fd00::9 80',
      '10.0.0.1 0',
      '10.0.0.1',
      'group none',
      '10.0.0.1 80 # x',
      '  10.0.0.2\t80',
    ),
  )
  .map(([n, text]) => (text === '' ? `10.0.${n % 9}.${n % 250} 80` : text));
const block = fc
  .tuple(
    target,
    head,
    fc.array(server, { maxLength: 6 }),
    mostly('}\n\n', '    quorum 2\n}\n', '    lb_kind TUN\n}\n', '}', '} # end\n', '\n'),
  )
  .map(([of, first, servers, end]) => `virtual_server ${of} {\n${first}${servers.join('')}${end}`);
const file = fc
  .tuple(
    pick(
      '',
      'global_defs {\n    checker_log_all_failures\n}\n',
      'virtual_server_group G {\n    10.3.0.1-9 80\n}\n',
      '$P=80\n~SEQ(i, 1, 3) # $i\n',
    ),
    fc.array(fc.tuple(block, fc.nat({ max: 3 })), { maxLength: 8 }),
    fc.boolean(),
  )
  .map(([before, blocks, crlf]) => {
    const text = before + blocks.map(([one, again]) => one.repeat(1 + again)).join('');
    return crlf ? text.replaceAll('\n', '\r\n') : text;
  });

test('random files mean the same, whether equal blocks are recalled or read', () => {
  fc.assert(
    fc.property(file, (text) =>
      sameEitherWay(text, { validateRegex: (pattern) => (pattern === '((' ? 'unbalanced' : undefined) }),
    ),
    { numRuns: 400 },
  );
});

test('generated files: every kind of check', () => {
  for (const checker of ['TCP_CHECK', 'HTTP_GET', 'none'] as const) {
    sameEitherWay(generateConfig({ services: 40, servers: 333, checker }));
    sameEitherWay(generateConfig({ services: 3, servers: 300, checker, changed: { service: 1, weight: 7 } }));
  }
});

test('equal blocks are recalled where they may be, and not where lines were expanded', (context) => {
  let found = 0;
  const find = KnownVirtualServers.prototype.find;
  context.mock.method(
    KnownVirtualServers.prototype,
    'find',
    function (this: KnownVirtualServers, ...given: Parameters<typeof find>) {
      const value = find.apply(this, given);
      if (value !== undefined) found++;
      return value;
    },
  );
  const text = generateConfig({ services: 50, servers: 200 });
  parseSnapshot(read(text));
  assert.ok(found >= 45, `${found} of 50`);
  found = 0;
  parseSnapshot(read(text.replaceAll('weight 1', '$W').replace('global_defs', '$W=weight 1\nglobal_defs')));
  assert.equal(found, 0);
});

test('a virtual server that was recalled is taken over at a reload like any other', () => {
  const before = parseSnapshot(read(generateConfig({ services: 30, servers: 90 })));
  const after = parseSnapshot(
    read(generateConfig({ services: 30, servers: 90, changed: { service: 7, weight: 5 } })),
    before,
  );
  const moved = after.config.virtualServers.filter((server, i) => server !== before.config.virtualServers[i]);
  assert.deepEqual(
    moved.map((server) => server.realServers[0]?.weight),
    [5],
  );
});
