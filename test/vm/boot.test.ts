// The test VM keeps its promises: IPVS inside, two processors, the script's own output and status, and a reason when it
// does not boot. Host side; everything else that runs in the VM stands on this.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { repoRoot, runInVm } from '../root.js';

const EXAMINE = join(repoRoot, 'test/vm/harness/examine.sh');

test('the VM has IPVS, two processors, and the script has its own output, arguments, folder for results and status', async () => {
  const out = mkdtempSync(join(tmpdir(), 'lvsd-boot-test-'));
  try {
    const run = await runInVm(EXAMINE, ['7', "it's two words"], { out, env: { LVSD_EXAMPLE: 'passed on' } });
    assert.equal(run.status, 7, run.stderr);
    assert.match(run.stdout, /^processors 2$/m);
    assert.match(run.stdout, /^IP Virtual Server version /m);
    assert.match(run.stdout, /^argument it's two words$/m);
    assert.match(run.stdout, /^variable passed on$/m);
    assert.match(run.stdout, new RegExp(`^folder ${repoRoot}$`, 'm'));
    assert.match(run.stdout, /^node v\d+\./m);
    assert.match(run.stdout, /^peers keepalived ipvsadm nginx ip modprobe$/m);
    assert.doesNotMatch(run.stdout, /\[ +\d+\.\d+\]/, 'the kernel log is not on stdout');
    assert.match(run.stderr, /^on stderr$/m);
    assert.equal(readFileSync(join(out, 'result'), 'utf8'), 'from inside\n');
    assert.equal(existsSync(join(repoRoot, 'written-by-the-vm')), false, 'what is written elsewhere stays in the VM');
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});

test('a script that does not exist is told at once, with status 127', async () => {
  const run = await runInVm('test/vm/harness/no-such-script.sh');
  assert.equal(run.status, 127);
  assert.match(run.stderr, /There is no script .*no-such-script\.sh/);
});

test('a script that runs too long is ended, with status 124', async () => {
  const run = await runInVm('sleep', ['60'], { timeoutSeconds: 1 });
  assert.equal(run.status, 124);
  assert.match(run.stderr, /longer than 1 s \(LVSD_VM_TIMEOUT\)/);
});

test('a kernel that cannot boot says why, with status 125', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-boot-test-'));
  try {
    const broken = join(folder, 'vmlinuz');
    const absent = await runInVm('true', [], { env: { LVSD_VM_KERNEL: broken } });
    assert.equal(absent.status, 125);
    assert.match(absent.stderr, /LVSD_VM_KERNEL names .*vmlinuz, which is not there/);
    writeFileSync(broken, 'this is no kernel\n');
    const run = await runInVm('true', [], { env: { LVSD_VM_KERNEL: broken } });
    assert.equal(run.status, 125);
    assert.match(run.stderr, /qemu|kernel/i);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a kernel that panics under the script says so, with status 125 and the end of its log', async () => {
  const run = await runInVm(join(repoRoot, 'test/vm/harness/panic.sh'));
  assert.equal(run.status, 125);
  assert.match(run.stderr, /Kernel panic - not syncing: sysrq triggered crash/);
});
