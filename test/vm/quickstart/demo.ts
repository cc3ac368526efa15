/**
 * What `npm start` shows, inside the test VM: lvsd on fixtures/quickstart/keepalived.conf, a client, three web servers
 * in network namespaces; one dies, comes back, the file changes. Each step is told in plain English with the kernel's
 * own table beside it, and is held against what it should be.
 *
 * Exit status 0 only when every step was as it should be; 1 when one was not, with lvsd's log.
 *
 *     client 198.51.100.2 --- director 198.51.100.1, VIP 198.51.100.80 | 10.1.0.1 --- web1, web2, web3 10.1.0.11 .. 13
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../root.js';
import { DirectorDaemon } from '../lab/director-daemon.js';
import { Network, WebServer } from '../lab/network.js';
import { attempt, output, until } from '../lab/shell.js';

const VIP = '198.51.100.80';
const CONFIG = '/run/quickstart/keepalived.conf';
const SERVERS = ['web1', 'web2', 'web3'];
const PATIENCE_S = 60;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const indented = (text: string): string => text.trimEnd().replace(/^/gm, '    ');

let step = 0;
const heading = (text: string): void => say(`\n${++step}. ${text}`);

/** Runs a program on the director and shows it as a person would have typed it. */
function show(shown: string, words: readonly string[]): void {
  say(`\n    $ ${shown}\n${indented(output('director', words))}`);
}

function showState(): void {
  show('ipvsadm -Ln', ['ipvsadm', '-Ln']);
  show('lvsctl status', [join(repoRoot, 'bin/lvsctl'), 'status']);
}

/** Asks N times, a new connection each time, and prints who answered. */
const ASK = `
const { get } = require('node:http');
const ask = (left) => {
  if (left === 0) return;
  const done = (who) => { console.log(who.trim()); ask(left - 1); };
  const request = get({ host: process.argv[1], agent: false, timeout: 5000 }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', () => done(text));
  });
  request.on('timeout', () => request.destroy()).on('error', () => done('nobody'));
};
ask(Number(process.argv[2]));`;

/** Who answered the client's requests to the VIP, with how often; a request without an answer counts as `nobody`. */
function askTheSite(times: number): Map<string, number> {
  const answers = new Map<string, number>();
  for (const who of output('client', ['node', '-e', ASK, VIP, String(times)]).split('\n')) {
    if (who !== '') answers.set(who, (answers.get(who) ?? 0) + 1);
  }
  return answers;
}

/** The servers in the kernel's table with their weights: `10.1.0.11:80 1`. */
function table(): string[] {
  const lines = output('director', ['ipvsadm', '-Sn']).split('\n');
  return lines
    .flatMap((line) => {
      const match = /^-a .* -r (\S+) .* -w (\d+)/.exec(line);
      return match === null ? [] : [`${match[1]} ${match[2]}`];
    })
    .sort();
}

/** Waits for the table, asks nine times as the client, and compares who answered. */
async function expect(wanted: readonly string[], answering: readonly string[]): Promise<void> {
  await until(
    () => table().join() === wanted.join(),
    PATIENCE_S,
    () => `the table to be [${wanted.join(', ')}]; it is [${table().join(', ')}]`,
  );
  const answers = askTheSite(9);
  const told = [...answers].sort().map(([who, times]) => `${who} ${times}`);
  say(`   The client asked http://${VIP}/ nine times. Answers: ${told.join(', ')}.`);
  if ([...answers.keys()].sort().join() !== [...answering].sort().join()) {
    throw new Error(`answers should have come from ${answering.join(', ')}`);
  }
  showState();
}

async function main(): Promise<DirectorDaemon> {
  say('lvsd on real IPVS, in a virtual machine of its own: nothing of this happens on your host.');
  new Network()
    .host('client')
    .host('director')
    .lan('outside')
    .lan('inside')
    .plug('outside', 'client', 'eth0', ['198.51.100.2/24'])
    .plug('outside', 'director', 'eth0', ['198.51.100.1/24', `${VIP}/32`])
    .plug('inside', 'director', 'eth1', ['10.1.0.1/24'])
    .on('director', 'sysctl -qw net.ipv4.ip_forward=1')
    .build();
  const servers = SERVERS.map((name, i) => {
    new Network()
      .host(name)
      .plug('inside', name, 'eth0', [`10.1.0.${11 + i}/24`])
      .on(name, 'ip route add default via 10.1.0.1')
      .build();
    return new WebServer(name);
  });
  for (const server of servers) server.start();
  mkdirSync('/run/quickstart', { recursive: true });
  copyFileSync(join(repoRoot, 'fixtures/quickstart/keepalived.conf'), CONFIG);

  heading(`lvsd starts on fixtures/quickstart/keepalived.conf: one site, ${VIP}:80, on three servers.`);
  const lvsd = DirectorDaemon.start('lvsd', 'director', CONFIG);
  daemon = lvsd;
  await lvsd.started();
  await until(() => attempt(join(repoRoot, 'bin/lvsctl'), ['status']).status === 0, PATIENCE_S, 'lvsctl to reach lvsd');
  await expect(['10.1.0.11:80 1', '10.1.0.12:80 1', '10.1.0.13:80 1'], SERVERS);

  heading('web2 dies: its web server is killed. lvsd sees it by its check and takes it out of the table.');
  await servers[1]?.kill();
  const dead = process.uptime();
  await until(() => table().length === 2, PATIENCE_S, 'web2 to leave the table');
  say(`   It was out after ${(process.uptime() - dead).toFixed(1)} s.`);
  await expect(['10.1.0.11:80 1', '10.1.0.13:80 1'], ['web1', 'web3']);

  heading('web2 comes back. Its check succeeds, and it gets traffic again.');
  servers[1]?.start();
  await expect(['10.1.0.11:80 1', '10.1.0.12:80 1', '10.1.0.13:80 1'], SERVERS);

  heading('The file changes: scheduler wrr instead of rr, weight 4 for web1, web3 is removed. Then SIGHUP.');
  const before = readFileSync(CONFIG, 'utf8');
  const withoutThird = `${before.slice(0, before.indexOf('    real_server 10.1.0.13'))}}\n`;
  const after = withoutThird.replace('lvs_sched rr', 'lvs_sched wrr').replace('weight 1', 'weight 4');
  writeFileSync(CONFIG, after);
  say('   First asked what it would change (nothing is done by this):');
  show('lvsctl plan keepalived.conf', [join(repoRoot, 'bin/lvsctl'), 'plan', CONFIG]);
  await lvsd.reload();
  await expect(['10.1.0.11:80 4', '10.1.0.12:80 1'], ['web1', 'web2']);

  heading('A file with an error: SIGHUP changes nothing, and the log says where the error is.');
  const from = lvsd.log.length;
  writeFileSync(CONFIG, `${after}virtual_server 198.51.100.80 {\n`);
  process.kill(lvsd.pid, 'SIGHUP');
  await lvsd.line(/Reload refused: the old configuration stays in force/, PATIENCE_S, from);
  say(
    indented(
      lvsd.log
        .slice(from)
        .map(({ text }) => text)
        .join('\n'),
    ),
  );
  await expect(['10.1.0.11:80 4', '10.1.0.12:80 1'], ['web1', 'web2']);

  heading('lvsd is stopped: it takes its service out of the table.');
  await lvsd.stop();
  await until(() => output('director', ['ipvsadm', '-Sn']).trim() === '', PATIENCE_S, 'the table to be empty');
  show('ipvsadm -Ln', ['ipvsadm', '-Ln']);
  return lvsd;
}

let daemon: DirectorDaemon | undefined;
try {
  await main();
  say('\nEvery step was as it should be.');
} catch (error) {
  say(`\nThis was NOT as it should be: ${error instanceof Error ? error.message : String(error)}`);
  if (daemon !== undefined) say(`\nlvsd's log:\n${indented(daemon.logText)}`);
  process.exitCode = 1;
  await daemon?.stop();
}
