/**
 * The tables of nftables_ipvs as nft(8) shows them, beside what keepalived 2.2.7 made of the same groups (captured in the
 * test VM, where there is IPVS). Needs nf_tables and nft; says so where one is absent.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { repoRoot } from '../root.js';
import { readText } from '../unit/parser/schema/parse-text.js';

const built = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs a module in a network namespace of its own; `nft(...)` runs nft and answers its output. */
function inNamespace(body: string): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const script = `
    import { spawnSync } from 'node:child_process';
    const { MarkTables } = await import('${built}/host/mark-tables.js');
    const { groupMarks, markTables } = await import('${built}/director/group-marks.js');
    const { parseText } = await import('${built}/test/unit/parser/schema/parse-text.js');
    const nft = (...words) => {
      const run = spawnSync('nft', words, { encoding: 'utf8' });
      if (run.error !== undefined) { console.log('no nft'); process.exit(77); }
      return run.stdout + run.stderr;
    };
    let tables;
    try { tables = new MarkTables(); nft('list', 'ruleset'); } catch (error) { console.log(String(error)); process.exit(77); }
    const tablesOf = (text, before = []) => {
      const { config } = parseText(text);
      return markTables(config, groupMarks(config, before));
    };
    ${body}
  `;
  return spawnSync('unshare', ['-n', process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8' });
}

const fixture = (name: string): string => readText(join(repoRoot, 'fixtures', 'nftables', name));

/** lvsd gives every port where none is written; keepalived's map then matches port 0 only, which no packet has. */
const everyPort = (text: string): string => text.replaceAll(' . 0 :', ' . 0-65535 :');

for (const name of ['plain', 'reloaded', 'families']) {
  test(`${name}: nft shows what it showed of keepalived`, (t) => {
    const { status, stdout, stderr } = inNamespace(`
      tables.apply(tablesOf(${JSON.stringify(fixture(`${name}.conf`))}));
      process.stdout.write(nft('list', 'ruleset'));
    `);
    if (status === 77) {
      t.diagnostic(`nothing was compared: ${stdout.trim()}`);
      return;
    }
    assert.equal(stdout, everyPort(fixture(`${name}.nft`)), stderr);
  });
}

test('a change replaces, what others have stays, and the end leaves nothing', (t) => {
  const { status, stdout, stderr } = inNamespace(`
    nft('add', 'table', 'ip', 'theirs');
    tables.apply(tablesOf(${JSON.stringify(fixture('plain.conf'))}));
    const second = new MarkTables();
    second.apply(tablesOf(${JSON.stringify(fixture('reloaded.conf'))}));
    process.stdout.write(nft('list', 'table', 'ip', 'keepalived_ipvs'));
    second.withdraw([]);
    process.stdout.write(nft('list', 'ruleset'));
  `);
  if (status === 77) {
    t.diagnostic(`nothing was tried: ${stdout.trim()}`);
    return;
  }
  assert.equal(stdout, `${fixture('reloaded.nft')}table ip theirs {\n}\n`, stderr);
});

test('withdraw takes away what goes and gives nothing new', (t) => {
  const { status, stdout, stderr } = inNamespace(`
    tables.apply(tablesOf(${JSON.stringify(fixture('plain.conf'))}));
    tables.withdraw(tablesOf(${JSON.stringify(fixture('reloaded.conf'))}));
    const shown = nft('list', 'ruleset');
    console.log(shown.includes('203.0.113.20'), shown.includes('203.0.113.50'), shown.includes('203.0.113.10 . 80'));
  `);
  if (status === 77) {
    t.diagnostic(`nothing was tried: ${stdout.trim()}`);
    return;
  }
  assert.equal(stdout, 'false false true\n', stderr);
});

test('ten thousand addresses go in one transaction; what the kernel refuses changes nothing', (t) => {
  const { status, stdout, stderr } = inNamespace(`
    const elements = Array.from({ length: 10_000 }, (_, i) => {
      const address = '10.' + (i >> 14) + '.' + ((i >> 7) & 127) * 2 + '.' + (i & 127) * 2;
      return { first: address, last: address, firstPort: 80, lastPort: 80, mark: 1000 };
    });
    const table = { family: 'inet', name: 'many', priority: -1, counters: false, maps: [{ protocol: 'TCP', elements }] };
    tables.apply([table]);
    console.log(nft('list', 'table', 'ip', 'many').split(' : 0x').length - 1);
    try {
      tables.apply([{ ...table, maps: [{ protocol: 'TCP', elements: [...elements, { ...elements[0], mark: 7 }] }] }]);
    } catch (error) {
      console.log(error.code);
    }
    console.log(nft('list', 'table', 'ip', 'many').split(' : 0x').length - 1);
  `);
  if (status === 77) {
    t.diagnostic(`nothing was tried: ${stdout.trim()}`);
    return;
  }
  assert.equal(stdout, '10000\nLVSD_NETLINK_REFUSED\n10000\n', stderr);
});
