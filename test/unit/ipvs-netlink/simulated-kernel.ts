/**
 * An IPVS kernel in memory, for tests: answers requests and dumps as ip_vs_ctl.c does, errnos included.
 *
 * It reads requests with its own small walker, so a message that the real kernel would refuse for a missing attribute is
 * refused here too. What the real kernel says is in test/vm/ipvs; this one is for properties that need thousands of runs.
 */
import { decodeDestination, writeDestination } from '../../../ipvs-netlink/destination-codec.js';
import {
  type Destination,
  destinationKeyText,
  type KernelService,
  type ServiceKey,
  type ServiceSettings,
  serviceKeyText,
} from '../../../ipvs-netlink/model.js';
import { Command, CommandAttribute, ServiceAttribute } from '../../../ipvs-netlink/numbers.js';
import { ServiceDecoder, writeService } from '../../../ipvs-netlink/service-codec.js';
import { AttributeWriter, forEachAttribute } from '../../../netlink/attribute.js';
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_ATTR_MAXATTR,
  CTRL_ATTR_VERSION,
  type DumpChannel,
  GENL_HEADER_LENGTH,
  GENL_ID_CTRL,
  GenericRequests,
  type RequestChannel,
} from '../../../netlink/generic-netlink.js';
import { decodeMessages, encodeMessage, type NetlinkMessage } from '../../../netlink/message.js';
import { refused } from '../../../netlink/netlink-error.js';
import type { Answer } from '../../../netlink/request-socket.js';

const FAMILY = 29;
const ENOENT = 2;
const ESRCH = 3;
const EEXIST = 17;
const EINVAL = 22;
const NO_EXTACK = { text: undefined, offset: undefined, missingType: undefined };

interface SimulatedService {
  key: ServiceKey;
  settings: ServiceSettings;
  destinations: Map<string, Destination>;
}

export class SimulatedKernel implements RequestChannel, DumpChannel {
  readonly stats = { sends: 0, messages: 0 };
  readonly services = new Map<string, SimulatedService>();
  readonly schedulers = new Set(['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh', 'dh', 'none']);
  /** Errno for every IPVS command, and for the family itself, when not 0. */
  denied = 0;
  absent = 0;
  /** Called after each request that was done. */
  onChange: ((command: number) => void) | undefined;

  exchange(requests: readonly Uint8Array[] | Uint8Array): Answer[] {
    const messages =
      requests instanceof Uint8Array
        ? decodeMessages(Buffer.from(requests)).messages
        : requests.flatMap((request) => decodeMessages(Buffer.from(request)).messages);
    this.stats.sends++;
    this.stats.messages += messages.length;
    return messages.map((message) => {
      const replies: NetlinkMessage[] = [];
      const errno = message.type === GENL_ID_CTRL ? this.#family(replies) : this.#command(message.payload, replies);
      return errno === 0 ? { ok: true, replies } : { ok: false, error: refused(errno, NO_EXTACK) };
    });
  }

  dump(request: Uint8Array): NetlinkMessage[] {
    const payload = decodeMessages(request).messages[0]?.payload ?? Buffer.alloc(0);
    const messages: NetlinkMessage[] = [];
    if (payload[0] === Command.GET_SERVICE)
      for (const service of this.services.values()) messages.push(this.#serviceMessage(service));
    if (payload[0] === Command.GET_DEST) {
      const key = readKey(payload);
      const service = key === undefined ? undefined : this.services.get(serviceKeyText(key));
      for (const destination of service?.destinations.values() ?? [])
        messages.push(message(Command.NEW_DEST, (into) => writeDestination(into, destination)));
    }
    return messages;
  }

  put(service: KernelService): void {
    const { key, settings, destinations } = service;
    this.services.set(serviceKeyText(key), { key, settings, destinations: new Map(destinations) });
  }

  #family(replies: NetlinkMessage[]): number {
    if (this.absent !== 0) return this.absent;
    const writer = new AttributeWriter().word(1).string(CTRL_ATTR_FAMILY_NAME, 'IPVS').u16(CTRL_ATTR_FAMILY_ID, FAMILY);
    writer.u32(CTRL_ATTR_VERSION, 1).u32(CTRL_ATTR_MAXATTR, 6);
    const bytes = encodeMessage({ type: GENL_ID_CTRL, flags: 0, sequence: 0, payload: writer.take() });
    replies.push(...decodeMessages(bytes).messages);
    return 0;
  }

  #serviceMessage(service: SimulatedService): NetlinkMessage {
    return message(Command.NEW_SERVICE, (into) => writeService(into, service.key, service.settings));
  }

  #command(payload: Buffer, replies: NetlinkMessage[]): number {
    if (this.denied !== 0) return this.denied;
    const command = payload[0] as number;
    if (command === Command.GET_INFO) {
      replies.push(message(Command.SET_INFO, (into) => into.u32(1, 0x010201).u32(2, 4096)));
      return 0;
    }
    const errno = this.#change(command, payload, replies);
    if (errno === 0) this.onChange?.(command);
    return errno;
  }

  #change(command: number, payload: Buffer, replies: NetlinkMessage[]): number {
    const key = readKey(payload);
    if (key === undefined) return EINVAL;
    const text = serviceKeyText(key);
    const service = this.services.get(text);
    if (command === Command.NEW_SERVICE || command === Command.SET_SERVICE) {
      const settings = readSettings(payload);
      if (settings === undefined) return EINVAL;
      if (command === Command.NEW_SERVICE && service !== undefined) return EEXIST;
      if (command === Command.SET_SERVICE && service === undefined) return ESRCH;
      if (!this.schedulers.has(settings.scheduler)) return ENOENT;
      if (service === undefined) this.services.set(text, { key, settings, destinations: new Map() });
      else service.settings = settings;
      return 0;
    }
    if (service === undefined) return ESRCH;
    switch (command) {
      case Command.GET_SERVICE:
        replies.push(this.#serviceMessage(service));
        return 0;
      case Command.DEL_SERVICE:
        this.services.delete(text);
        return 0;
      case Command.DEL_DEST: {
        const destination = readDestination(payload, key, true);
        return destination !== undefined && service.destinations.delete(destinationKeyText(destination)) ? 0 : ENOENT;
      }
      default: {
        const destination = readDestination(payload, key, false);
        if (destination === undefined) return EINVAL;
        const name = destinationKeyText(destination);
        const there = service.destinations.has(name);
        if (command === Command.NEW_DEST && there) return EEXIST;
        if (command === Command.SET_DEST && !there) return ENOENT;
        const mixed = destination.address.includes(':') !== (key.family === 'inet6');
        if (mixed && destination.forwarding.method !== 'tunnel') return EINVAL;
        service.destinations.set(name, destination);
        return 0;
      }
    }
  }
}

function message(command: number, write: (into: AttributeWriter) => void): NetlinkMessage {
  const bytes = new GenericRequests({ id: FAMILY, version: 1 }).request(command, write);
  return decodeMessages(bytes).messages[0] as NetlinkMessage;
}

function nest(payload: Buffer, wanted: number): [number, number] | undefined {
  let found: [number, number] | undefined;
  forEachAttribute(payload, GENL_HEADER_LENGTH, payload.length, (type, start, end) => {
    if (type === wanted) found = [start, end];
  });
  return found;
}

function readKey(payload: Buffer): ServiceKey | undefined {
  const at = nest(payload, CommandAttribute.SERVICE);
  if (at === undefined) return undefined;
  const inside = payload.subarray(...at);
  const filler = new AttributeWriter().string(ServiceAttribute.SCHED_NAME, 'none');
  filler.bytes(ServiceAttribute.FLAGS, Buffer.alloc(8)).u32(ServiceAttribute.TIMEOUT, 0);
  const full = Buffer.concat([inside, filler.u32(ServiceAttribute.NETMASK, 0).take()]);
  const decoded = new ServiceDecoder().decode(full, 0, full.length);
  return decoded.ok ? decoded.key : undefined;
}

function readSettings(payload: Buffer): ServiceSettings | undefined {
  const at = nest(payload, CommandAttribute.SERVICE);
  const decoded = at === undefined ? undefined : new ServiceDecoder().decode(payload, ...at);
  return decoded?.ok === true ? decoded.settings : undefined;
}

function readDestination(payload: Buffer, key: ServiceKey, keyOnly: boolean): Destination | undefined {
  const at = nest(payload, CommandAttribute.DEST);
  if (at === undefined) return undefined;
  const filler = new AttributeWriter().u32(3, 0).u32(4, 0).u32(5, 0).u32(6, 0).take();
  const inside = keyOnly ? Buffer.concat([payload.subarray(...at), filler]) : payload.subarray(...at);
  const decoded = decodeDestination(inside, 0, inside.length, key.family);
  return decoded.ok ? decoded.destination : undefined;
}
