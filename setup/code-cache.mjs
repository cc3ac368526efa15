// `node FLAGS setup/code-cache.mjs PROGRAM LOADER KIND OUT`: keeps the code that V8 compiles for a start of lvsd.
//
// PROGRAM is the bundle as dist/lvsd.cjs (LOADER) runs it, KIND the kind of process, FLAGS what that process is started
// with: V8 takes the code only with the same ones. The program walks through its start (cmd/lvsd/rehearsal.ts) on a small
// configuration that has what most have, so that what is compiled is what a start needs. Ends with 1, and writes nothing,
// when the rehearsal fails. Started by setup/build.mjs.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

const CHECKERS = [
  'TCP_CHECK {\n connect_timeout 3\n retry 1\n delay_before_retry 2\n }',
  'HTTP_GET {\n url {\n path /\n status_code 200\n }\n connect_timeout 3\n }',
  'SSL_GET {\n url {\n path /\n digest 00000000000000000000000000000000\n }\n connect_timeout 3\n }',
  'MISC_CHECK {\n misc_path "/bin/true"\n misc_timeout 5\n }',
];

/** Enough that every step runs more than once, and little enough that nothing is thrown away for being old. */
function sample() {
  const parts = ['global_defs {\n router_id rehearsal\n enable_script_security\n script_user root\n}\n'];
  parts.push('virtual_server_group G {\n 10.9.0.1 80\n 10.9.0.2-5 80\n fwmark 7\n}\n');
  for (let i = 0; i < 16; i++) {
    const target = i === 15 ? 'group G' : i === 14 ? 'fwmark 9' : i === 13 ? '2001:db8::1 80' : `10.1.0.${i + 1} 80`;
    const family = i === 13 ? '2001:db8::1:' : '10.2.0.';
    parts.push(`virtual_server ${target} {\n delay_loop 6\n lb_algo rr\n lb_kind NAT\n protocol TCP\n`);
    if (i % 4 === 1) parts.push(' persistence_timeout 50\n quorum 1\n alpha\n sorry_server 10.3.0.1 80\n');
    for (let k = 0; k < 4; k++) {
      parts.push(` real_server ${family}${4 * i + k + 1} 80 {\n weight 1\n ${CHECKERS[(i + k) % 4]}\n }\n`);
    }
    parts.push('}\n');
  }
  return parts.join('');
}

const [node, , program, loader, kind, out] = process.argv;
const folder = mkdtempSync(join(tmpdir(), 'lvsd-rehearsal-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'keepalived.conf');
writeFileSync(file, sample(), { mode: 0o600 });
const script = new Script(readFileSync(program, 'latin1'), { filename: program });
process.argv = [node, loader, '--role', `rehearse-${kind}`, '-f', file];
script.runInThisContext()({}, createRequire(loader), {}, loader, dirname(loader));
process.once('beforeExit', (status) => {
  if (status === 0) writeFileSync(out, script.createCachedData());
});
