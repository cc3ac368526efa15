/** How the IPVS family is found, and what is said where it is not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import { refusalLine, refusalWords } from '../../../ipvs-netlink/refusal.js';
import { isLvsdError } from '../../../runtime/errors.js';
import { SimulatedKernel } from './simulated-kernel.js';

const here = { release: '6.1.0-test', installed: true };

function codeOf(kernel: SimulatedKernel, installed = true): { code: string; message: string } {
  try {
    IpvsFamily.open(kernel, () => ({ ...here, installed }));
  } catch (error) {
    assert.ok(isLvsdError(error));
    return { code: error.code, message: error.message };
  }
  return { code: 'ok', message: '' };
}

test('IPVS that is there and allowed is opened, with its version', () => {
  const ipvs = IpvsFamily.open(new SimulatedKernel(), () => here);
  assert.deepEqual(ipvs.info(), { version: '1.2.1', connectionTableSize: 4096 });
});

test('each way of not having IPVS has its code and its cure', () => {
  const absent = new SimulatedKernel();
  absent.absent = 2;
  const none = codeOf(absent);
  assert.equal(none.code, 'LVSD_IPVS_ABSENT');
  assert.match(none.message, /^IPVS: Can't initialize ipvs: .*6\.1\.0-test.*modprobe ip_vs.*container/);
  const other = codeOf(absent, false);
  assert.equal(other.code, 'LVSD_IPVS_OTHER_KERNEL');
  assert.match(other.message, /\/lib\/modules\/6\.1\.0-test.*reboot/);
  absent.absent = 12;
  assert.equal(codeOf(absent).code, 'LVSD_IPVS_UNREACHABLE');
  const denied = new SimulatedKernel();
  denied.denied = 1;
  assert.equal(codeOf(denied).code, 'LVSD_IPVS_PERMISSION');
  assert.match(codeOf(denied).message, /CAP_NET_ADMIN in the initial user namespace/);
});

test('log lines are the ones that operators grep', () => {
  assert.equal(
    refusalLine('new-dest', 17, 'why'),
    'IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: Destination already exists(17) (why)',
  );
  assert.equal(refusalWords('del-service', 3), 'No such service');
  assert.equal(refusalWords('start-daemon', 17), 'Daemon has already run');
  assert.equal(refusalWords('new-service', 2), 'Scheduler or persistence engine not found');
  assert.equal(refusalWords('flush', 1), 'Permission denied (you must be root)');
});
