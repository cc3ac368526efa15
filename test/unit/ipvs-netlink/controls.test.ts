/** Timeouts and sync daemons: what is sent, that nothing is sent when all is so already, and what is put back. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import { Command, CommandAttribute, DaemonAttribute } from '../../../ipvs-netlink/numbers.js';
import { decodeDaemon, SyncDaemonControl } from '../../../ipvs-netlink/sync-daemon.js';
import { TimeoutControl } from '../../../ipvs-netlink/timeouts.js';
import { AttributeWriter, forEachAttribute, readU32 } from '../../../netlink/attribute.js';
import { GENL_HEADER_LENGTH, GENL_ID_CTRL, GenericRequests } from '../../../netlink/generic-netlink.js';
import { decodeMessages, type NetlinkMessage } from '../../../netlink/message.js';
import { refused } from '../../../netlink/netlink-error.js';
import type { Answer } from '../../../netlink/request-socket.js';
import { port, seconds } from '../../../runtime/units.js';
import { SimulatedKernel } from './simulated-kernel.js';

const FAMILY = 29;
const ESRCH = 3;
const EEXIST = 17;
const NO_EXTACK = { text: undefined, offset: undefined, missingType: undefined };
const no = (errno: number): Answer => ({ ok: false, error: refused(errno, NO_EXTACK) });
const yes: Answer = { ok: true, replies: [] };

/** Timeouts and daemons as the kernel keeps them, beside the table of the simulated kernel. */
class Settings extends SimulatedKernel {
  readonly timeouts = new Map<number, number>([
    [CommandAttribute.TIMEOUT_TCP, 900],
    [CommandAttribute.TIMEOUT_TCP_FIN, 120],
    [CommandAttribute.TIMEOUT_UDP, 300],
  ]);
  /** By state: the attributes inside the nest. */
  readonly daemons = new Map<number, Buffer>();
  readonly written: string[] = [];

  override exchange(requests: readonly Uint8Array[] | Uint8Array): Answer[] {
    const list = requests instanceof Uint8Array ? [requests] : requests;
    return list.flatMap((request) => {
      const message = decodeMessages(Buffer.from(request)).messages[0] as NetlinkMessage;
      return message.type === GENL_ID_CTRL || message.payload[0] === Command.GET_INFO
        ? super.exchange([request])
        : [this.#answer(message.payload)];
    });
  }

  override dump(): NetlinkMessage[] {
    return [...this.daemons.values()].map((inside) =>
      reply(Command.NEW_DAEMON, (into) => into.bytes(CommandAttribute.DAEMON, inside)),
    );
  }

  #answer(payload: Buffer): Answer {
    const command = payload[0] as number;
    if (command === Command.GET_CONFIG) {
      const answer = reply(Command.SET_CONFIG, (into) => {
        for (const [type, value] of this.timeouts) into.u32(type, value);
      });
      return { ok: true, replies: [answer] };
    }
    const values: number[] = [];
    let result = yes;
    forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
      if (command === Command.SET_CONFIG) {
        this.timeouts.set(type, readU32(payload, start, end) ?? 0);
        values.push(type);
      } else result = this.#daemon(command, Buffer.from(payload.subarray(start, end)));
    });
    this.written.push(command === Command.SET_CONFIG ? `timeouts ${values}` : `command ${command}`);
    return result;
  }

  #daemon(command: number, inside: Buffer): Answer {
    let state = 0;
    forEachAttribute(inside, 0, inside.length, (type, start, end) => {
      if (type === DaemonAttribute.STATE) state = readU32(inside, start, end) ?? 0;
    });
    if (command === Command.DEL_DAEMON) return this.daemons.delete(state) ? yes : no(ESRCH);
    if (this.daemons.has(state)) return no(EEXIST);
    this.daemons.set(state, inside);
    return yes;
  }
}

function reply(command: number, write: (into: AttributeWriter) => void): NetlinkMessage {
  const bytes = new GenericRequests({ id: FAMILY, version: 1 }).request(command, write);
  return decodeMessages(bytes).messages[0] as NetlinkMessage;
}

test('timeouts: only what differs is sent, and what stood before lvsd is put back', () => {
  const kernel = new Settings();
  const control = new TimeoutControl(IpvsFamily.open(kernel));
  assert.equal(control.set(undefined), false);
  assert.equal(control.before, undefined);
  assert.equal(control.set({ tcp: seconds(1000), tcpFin: undefined, udp: seconds(300) }), true);
  assert.equal(control.set({ tcp: seconds(1000), tcpFin: undefined, udp: seconds(300) }), false);
  assert.deepEqual(kernel.written, ['timeouts 4']);
  assert.deepEqual(control.before, { tcp: 900, tcpFin: 120, udp: 300 });
  assert.equal(control.set({ tcp: undefined, tcpFin: seconds(60), udp: undefined }), true, 'a reload with other words');
  assert.deepEqual([...kernel.timeouts.values()], [900, 60, 300]);
  assert.equal(control.restore(), true);
  assert.equal(control.restore(), false);
  assert.deepEqual([...kernel.timeouts.values()], [900, 120, 300]);
});

test('timeouts of a run that did not end well are put back from the journal', () => {
  const kernel = new Settings();
  kernel.timeouts.set(CommandAttribute.TIMEOUT_TCP, 7);
  const control = new TimeoutControl(IpvsFamily.open(kernel), {
    tcp: seconds(900),
    tcpFin: seconds(120),
    udp: seconds(300),
  });
  assert.equal(control.set(undefined), true);
  assert.deepEqual([...kernel.timeouts.values()], [900, 120, 300]);
});

const wanted = { interface: 'eth1', syncId: 7, maxLength: 1400, port: port(9000), ttl: 4, group: undefined };

test('daemons: started once, stopped once, and started anew with other settings', () => {
  const kernel = new Settings();
  const control = new SyncDaemonControl(IpvsFamily.open(kernel), kernel);
  assert.equal(control.stop('master'), false);
  assert.equal(control.start('master', wanted), true);
  assert.equal(control.start('master', wanted), false);
  assert.equal(control.start('backup', { ...wanted, maxLength: undefined }), true);
  assert.deepEqual(
    control.read().map((daemon) => [daemon.state, daemon.interface, daemon.syncId]),
    [
      ['master', 'eth1', 7],
      ['backup', 'eth1', 7],
    ],
  );
  assert.equal(control.start('master', { ...wanted, syncId: 8 }), true);
  assert.equal(control.stop('backup'), true);
  assert.equal(control.stop('master'), true);
  assert.deepEqual(kernel.written, ['command 9', 'command 9', 'command 10', 'command 9', 'command 10', 'command 10']);
});

test('a daemon that is none has a named reject', () => {
  const decode = (write: (writer: AttributeWriter) => void): string => {
    const writer = new AttributeWriter();
    write(writer);
    const decoded = decodeDaemon(writer.take(), 0, writer.length);
    return decoded.ok ? 'ok' : decoded.reject;
  };
  assert.equal(
    decode((writer) => writer.word(0xffff)),
    'not-attributes',
  );
  assert.equal(
    decode((writer) => writer.u32(DaemonAttribute.STATE, 3)),
    'no-state',
  );
  assert.equal(
    decode((writer) => writer.u32(DaemonAttribute.STATE, 1)),
    'no-interface',
  );
});
