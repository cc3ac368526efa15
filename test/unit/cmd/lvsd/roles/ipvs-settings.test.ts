/** Settings of IPVS that belong to no service: what the kernel refused is told and is not ours to take back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpvsSettings } from '../../../../../cmd/lvsd/roles/ipvs-settings.js';
import type { GlobalConfig } from '../../../../../config/global.js';
import { nothingToRestore } from '../../../../../director/journal.js';
import { IpvsFamily } from '../../../../../ipvs-netlink/ipvs-family.js';
import { Command } from '../../../../../ipvs-netlink/numbers.js';
import { GENL_ID_CTRL } from '../../../../../netlink/generic-netlink.js';
import { decodeMessages, type NetlinkMessage } from '../../../../../netlink/message.js';
import { refused } from '../../../../../netlink/netlink-error.js';
import type { Answer } from '../../../../../netlink/request-socket.js';
import { emptyGlobal } from '../../../../../parser/schema/global-draft.js';
import { MemoryLog } from '../../../../../runtime/log.js';
import { SimulatedKernel } from '../../../ipvs-netlink/simulated-kernel.js';

/** Takes no sync daemon, as a kernel does whose interface is missing. */
class NoDaemons extends SimulatedKernel {
  readonly commands: number[] = [];

  override exchange(requests: readonly Uint8Array[] | Uint8Array): Answer[] {
    const list = requests instanceof Uint8Array ? [requests] : requests;
    return list.flatMap((request): Answer[] => {
      const message = decodeMessages(Buffer.from(request)).messages[0] as NetlinkMessage;
      const command = message.payload[0] ?? 0;
      if (message.type === GENL_ID_CTRL || command === Command.GET_INFO) return super.exchange([request]);
      this.commands.push(command);
      const nothing = { text: undefined, offset: undefined, missingType: undefined };
      return [command === Command.NEW_DAEMON ? { ok: false, error: refused(19, nothing) } : { ok: true, replies: [] }];
    });
  }

  override dump(): NetlinkMessage[] {
    return [];
  }
}

test('a sync daemon that the kernel refused is told, and is not counted as ours', () => {
  const kernel = new NoDaemons();
  const log = new MemoryLog();
  const settings = new IpvsSettings(IpvsFamily.open(kernel), kernel, undefined, nothingToRestore, log);
  const daemon = {
    interface: 'eth9',
    instance: undefined,
    syncId: 7,
    maxLength: undefined,
    port: undefined,
    ttl: undefined,
    group: undefined,
    at: { file: 'f', line: 1, column: 1 },
  };
  settings.set({ ...(emptyGlobal() as GlobalConfig), lvsSyncDaemon: daemon });
  assert.deepEqual(settings.restorable.daemons, []);
  assert.equal(log.lines.filter((line) => line.includes('sync daemon')).length, 2, log.lines.join('\n'));
  settings.restore();
  assert.ok(!kernel.commands.includes(Command.DEL_DAEMON));
});
