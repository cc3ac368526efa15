/** The command line: keepalived 2.2.7's behaviour form by form (each checked against Debian's binary), and lvsd's own words. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type CommandLine, readCommandLine, unbuiltOptions } from '../../../../cmd/lvsd/command-line.js';
import { type Option, options } from '../../../../cmd/lvsd/options.js';

const outcome = (...words: readonly string[]) => readCommandLine(words, 'lvsd', '0.1.0');

function started(...words: readonly string[]): CommandLine {
  const result = outcome(...words);
  if (result.kind !== 'start') assert.fail(result.text);
  return result.commandLine;
}

function ended(...words: readonly string[]) {
  const result = outcome(...words);
  if (result.kind !== 'end') assert.fail(`${words.join(' ')} starts`);
  return result;
}

test("nothing given is keepalived's default", () => {
  assert.deepEqual(started(), {
    configFile: '/etc/keepalived/keepalived.conf',
    configTest: undefined,
    subsystems: { checker: true, vrrp: true, bfd: true },
    allRoles: false,
    logConsole: false,
    logDetail: 0,
    facility: 'daemon',
    logFile: undefined,
    syslog: true,
    umask: undefined,
    keepIpvsAtStop: false,
    respawn: true,
    foreground: false,
    dumpConfig: false,
    pidFiles: { parent: undefined, checkers: undefined, vrrp: undefined, bfd: undefined },
    namespace: undefined,
    strictIncludes: false,
    configId: undefined,
    ignoreSigint: false,
    ignoreUnbuilt: false,
    json: false,
    printConfig: false,
    role: undefined,
    given: [],
    warnings: [],
  } satisfies CommandLine);
});

test('every way to write one option', () => {
  for (const words of [
    ['-f', 'a'],
    ['-fa'],
    ['--use-file', 'a'],
    ['--use-file=a'],
    ['--use-fi=a'],
    ['-nf', 'a'],
    ['-lnDfa'],
  ]) {
    assert.equal(started(...words).configFile, 'a', words.join(' '));
  }
  const bundled = started('-lnD');
  assert.deepEqual([bundled.logConsole, bundled.foreground, bundled.logDetail], [true, true, 1]);
  assert.equal(started('-D', '-D').logDetail, 2);
  assert.equal(started('-DDD').logDetail, 2);
  assert.equal(started('-i', 'a', '-i', 'b').configId, 'b', 'the last one counts');
  assert.equal(started('-f', '-n').configFile, '-n', 'an argument may begin with a dash');
});

test('optional arguments are only attached ones', () => {
  assert.deepEqual(started('-t').configTest, { logFile: undefined });
  for (const word of ['-t/l', '-t=/l', '--config-test=/l', '--config-t=/l', '-lt/l']) {
    assert.deepEqual(started(word).configTest, { logFile: '/l' }, word);
  }
  const apart = started('-t', '/l');
  assert.deepEqual(apart.configTest, { logFile: undefined });
  assert.deepEqual(apart.warnings, ['Unexpected argument(s): /l']);
  assert.equal(started('-g').logFile, '/tmp/keepalived.log');
  assert.equal(started('-g=/l').logFile, '/l');
  assert.equal(started('--log-file=/l').logFile, '/l');
});

test('-nltf takes f as the log file of -t, as getopt does', () => {
  const line = started('-nltf', 'b.conf');
  assert.deepEqual(line.configTest, { logFile: 'f' });
  assert.equal(line.configFile, '/etc/keepalived/keepalived.conf');
  assert.deepEqual(line.warnings, ['Unexpected argument(s): b.conf']);
});

test('-t stays in the foreground, without syslog and without starting roles again', () => {
  const { foreground, syslog, respawn } = started('-t');
  assert.deepEqual([foreground, syslog, respawn], [true, false, false]);
});

test('subsystems: -P takes the checker away, -C VRRP, -B BFD', () => {
  assert.deepEqual(started('-P').subsystems, { checker: false, vrrp: true, bfd: true });
  assert.deepEqual(started('-C', '-B').subsystems, { checker: true, vrrp: false, bfd: false });
  assert.deepEqual(started('-PC').subsystems, { checker: false, vrrp: false, bfd: true });
});

test('files, names and flags go where they belong', () => {
  const line = started(
    ...['-p', 'p', '-c', 'c', '-r', 'r', '-b', 'b', '-s', 'ns', '-e', '-I', '-R', '-G', '-d', '--all'],
    ...['--ignore-unbuilt', '--json', '--print-config', '--role', 'director', '--ignore-sigint'],
  );
  assert.deepEqual(line.pidFiles, { parent: 'p', checkers: 'c', vrrp: 'r', bfd: 'b' });
  assert.deepEqual([line.namespace, line.role], ['ns', 'director']);
  assert.deepEqual([line.strictIncludes, line.keepIpvsAtStop, line.respawn, line.syslog], [true, true, false, false]);
  assert.deepEqual(
    [line.dumpConfig, line.allRoles, line.ignoreUnbuilt, line.json, line.printConfig],
    Array(5).fill(true),
  );
  assert.equal(line.ignoreSigint, true);
});

test('facilities: a wrong one is told and daemon is used', () => {
  assert.equal(started('-S', '3').facility, 'local3');
  assert.equal(started('-Slocal7').facility, 'local7');
  assert.equal(started('--log-facility=user').facility, 'user');
  for (const wrong of ['9', 'local8', 'foo']) {
    const line = started('-S', wrong);
    assert.deepEqual([line.facility, line.warnings], ['daemon', [`Invalid log facility '${wrong}'`]]);
  }
});

test('umask: octal, hex and decimal as strtol reads them; a wrong one is told', () => {
  const cases = [
    ['077', 0o77],
    ['0x12', 0x12],
    ['99', 99],
    ['0', 0],
  ] as const;
  for (const [text, value] of cases) assert.equal(started('-u', text).umask, value);
  for (const wrong of ['0778', '01000', '512', 'x', '', '-1', '0x', '1 ']) {
    const line = started('-u', wrong);
    assert.deepEqual([line.umask, line.warnings], [undefined, [`Invalid --umask option ${wrong}`]], wrong);
  }
});

test('unknown options end with 1, all of them named', () => {
  const cases = [
    [['--bogus'], ['Unknown option --bogus']],
    [['-Z'], ['Unknown option -Z']],
    [['-n=1'], ['Unknown option -=', 'Unknown option -1']],
    [['--dont-fork=1'], ['Unknown option --dont-fork=1']],
    [['--log'], ['Unknown option --log']],
    [
      ['-t', '-f', 'b.conf', '--bogus', '-Z'],
      ['Unknown option --bogus', 'Unknown option -Z'],
    ],
    [['-f'], ['Missing parameter for option -f']],
    [['--pid'], ['Missing parameter for option --pid']],
    [['--signum'], ['Missing parameter for option --signum']],
  ] as const;
  for (const [words, lines] of cases) {
    const { exitCode, stream, text } = ended(...words);
    assert.deepEqual(
      [exitCode, stream, text.split('\n').slice(0, lines.length)],
      [1, 'stderr', lines],
      words.join(' '),
    );
  }
});

test('operands and what stands behind -- are told and passed over', () => {
  assert.deepEqual(started('a', '-n', '--', '-x', '-').warnings, ['Unexpected argument(s): a -x -']);
  assert.deepEqual(unbuiltOptions(started('--', '-x')), []);
});

test("--signum prints glibc's numbers, to the letter", () => {
  const numbers = { STOP: 15, RELOAD: 1, DATA: 10, STATS: 12, STATS_CLEAR: 63, JSON: 36 };
  for (const [name, number] of Object.entries(numbers)) {
    for (const words of [['--signum', name], [`--signum=${name}`]]) {
      assert.deepEqual(ended(...words), { kind: 'end', stream: 'stdout', text: `${number}\n`, exitCode: 0 });
    }
  }
  for (const wrong of ['TDATA', 'TDUMP', 'stop', '', '15']) {
    assert.deepEqual(ended(`--signum=${wrong}`), {
      kind: 'end',
      stream: 'stderr',
      text: `Unknown sigfunc ${wrong}\n`,
      exitCode: 1,
    });
  }
});

test('-v and -h go to stderr and end with 0, whichever comes first', () => {
  for (const words of [['-v'], ['--version'], ['-vh'], ['-v', 'extra'], ['-nv']]) {
    assert.deepEqual(ended(...words), {
      kind: 'end',
      stream: 'stderr',
      text: 'lvsd v0.1.0, in place of Keepalived v2.4.3\n',
      exitCode: 0,
    });
  }
  const help = ended('-hv');
  assert.deepEqual([help.stream, help.exitCode], ['stderr', 0]);
  for (const option of options as readonly Option[]) {
    assert.equal(help.text.includes(`--${option.long}`), option.hidden !== true, option.long);
  }
  for (const line of help.text.split('\n')) assert.ok(line.length <= 120, line);
});

test('genhash says what to use instead', () => {
  const { exitCode, text } = ended('-T', '-s', '10.0.0.1');
  assert.equal(exitCode, 1);
  assert.match(text, /md5sum/);
});

test('options without effect yet are named once each, with the reason; the others are not', () => {
  assert.deepEqual(unbuiltOptions(started('-lnD', '-I', '-C', '-g')), []);
  const named = unbuiltOptions(started('-x', '-P', '-x', '--debug'));
  assert.deepEqual(
    named.map(({ option }) => option),
    ['-x (--snmp)', '-P (--vrrp)', '--debug'],
  );
  assert.match(
    named[0]?.message ?? '',
    /^Option -x \(--snmp\) is accepted but has no effect: lvsd does not speak SNMP yet/,
  );
});

test('long names are unique, short ones too', () => {
  const list = options as readonly Option[];
  assert.equal(new Set(list.map((option) => option.long)).size, list.length);
  const short = list.flatMap((option) => option.short ?? []);
  assert.equal(new Set(short).size, short.length);
});

test('any words give an outcome: never an exception, and 1 only with a text', () => {
  const word = fc.oneof(
    fc.constantFrom('-', '--', '-t', '-f', '--use-file', '--log-file=', '-S', '-u', '--=', '-=', '---', '--signum'),
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 6 }).map((text) => `-${text}`),
    fc.string({ maxLength: 6 }).map((text) => `--${text}`),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      const result = outcome(...words);
      if (result.kind === 'end') return result.text.endsWith('\n');
      return result.commandLine.given.length <= words.join('').length;
    }),
    { numRuns: 2000 },
  );
});

test('for any set of options, short and long forms mean the same', () => {
  const both = (options as readonly Option[]).filter(
    (option) => option.short !== undefined && !['v', 'h', 'T'].includes(option.short),
  );
  const choice = fc.array(fc.tuple(fc.constantFrom(...both), fc.constantFrom('a', '7', '/x=y')), { maxLength: 8 });
  fc.assert(
    fc.property(choice, (chosen) => {
      const short = chosen.map(([option, value]) => `-${option.short}${option.argument === 'none' ? '' : value}`);
      const long = chosen.map(([option, value]) => `--${option.long}${option.argument === 'none' ? '' : `=${value}`}`);
      assert.deepEqual(outcome(...short), outcome(...long));
    }),
  );
});
