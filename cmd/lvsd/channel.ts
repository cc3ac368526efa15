/**
 * One end of the line between the supervisor and a role: whole JSON messages, each with the descriptors it carries.
 *
 * A SEQPACKET socket keeps message boundaries and order, and its end is seen by the other side the moment this process
 * is gone. A message that does not fit a packet (a status of thousands of servers) travels as a sealed memory file. The
 * queue of what the other side has not taken yet is bounded: a role that is stopped costs its own messages, not our
 * memory, and the heartbeat, not this file, decides what becomes of it.
 *
 * A descriptor that was sent is closed here: it belongs to the receiver. A received message that nobody understands has
 * its descriptors closed by the receiver's handler contract: `onMessage` owns them.
 */
import { closeFd, type Fd, ownsFd } from '../../native/descriptor.js';
import {
  readMemfd,
  receiveWithDescriptors,
  sealedMemfd,
  sendWithDescriptors,
} from '../../native/descriptor-passing.js';
import { type Watch, watch } from '../../native/readiness.js';
import { errno } from '../../native/system-call-error.js';
import { LvsdError } from '../../runtime/errors.js';

/** First byte of a packet: the message itself, or one memory file (the first descriptor) that holds it. */
const INLINE = 0x4a;
const IN_MEMFD = 0x4d;

/** Below the smallest send buffer that a unix socket has (net.core.wmem_default 212,992, halved for overhead). */
const LARGEST_INLINE_BYTES = 64 * 1024;
const MOST_QUEUED_MESSAGES = 20_000;
const MOST_DESCRIPTORS = 4;
/** Messages handled in one turn, so that timers of this process run in between. */
const MESSAGES_PER_TURN = 256;

interface Outgoing {
  readonly packet: Uint8Array;
  readonly descriptors: readonly Fd[];
}

export interface ChannelHandlers<Incoming> {
  /** Owns the descriptors: uses, hands on, or closes them. */
  onMessage(message: Incoming, descriptors: readonly Fd[]): void;
  /** The other side is gone; called once. */
  onEnd(): void;
}

export class Channel<Incoming, Outgoing_> {
  readonly #fd: Fd;
  readonly #handlers: ChannelHandlers<Incoming>;
  readonly #watch: Watch;
  readonly #room = Buffer.allocUnsafe(LARGEST_INLINE_BYTES + 1024);
  #queue: Outgoing[] = [];
  #ended = false;
  #dropped = 0;

  /** @param fd one end of a `socketPair`; owned by the channel from now on */
  constructor(fd: Fd, handlers: ChannelHandlers<Incoming>) {
    this.#fd = fd;
    this.#handlers = handlers;
    this.#watch = watch(fd, { readable: true }, (ready) => {
      if (ready.writable) this.#flush();
      if (ready.readable || ready.failed) this.#receive();
    });
  }

  /** Messages that were dropped because the other side did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Sends a message. Its descriptors are closed here, sent or not.
   * @returns false if the other side is gone or its queue is full: the message is lost then
   */
  send(message: Outgoing_, descriptors: readonly Fd[] = []): boolean {
    if (this.#ended || this.#queue.length >= MOST_QUEUED_MESSAGES) {
      this.#dropped++;
      closeAll(descriptors);
      return false;
    }
    const text = JSON.stringify(message);
    const body = Buffer.from(text, 'utf8');
    if (body.length <= LARGEST_INLINE_BYTES) {
      this.#enqueue({ packet: Buffer.concat([Buffer.of(INLINE), body]), descriptors });
    } else {
      this.#enqueue({ packet: Buffer.of(IN_MEMFD), descriptors: [sealedMemfd('lvsd-message', body), ...descriptors] });
    }
    return true;
  }

  /** Lets an idle channel not keep the process alive. */
  unref(): void {
    this.#watch.unref();
  }

  /** Ends this side; queued messages are lost. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch.stop();
    for (const outgoing of this.#queue) closeAll(outgoing.descriptors);
    this.#queue = [];
    if (ownsFd(this.#fd)) closeFd(this.#fd);
  }

  #enqueue(outgoing: Outgoing): void {
    if (this.#queue.length > 0 || !this.#trySend(outgoing)) {
      this.#queue.push(outgoing);
      if (this.#queue.length === 1) this.#watch.modify({ readable: true, writable: true });
    }
  }

  #trySend(outgoing: Outgoing): boolean {
    const sent = sendWithDescriptors(this.#fd, outgoing.packet, outgoing.descriptors);
    // EAGAIN: try again when writable. Any other error means that the other side is gone; the end is reported by receive.
    if (sent === -errno.EAGAIN) return false;
    closeAll(outgoing.descriptors);
    if (sent < 0) this.#dropped++;
    return true;
  }

  #flush(): void {
    let done = 0;
    while (done < this.#queue.length && this.#trySend(this.#queue[done] as Outgoing)) done++;
    this.#queue.splice(0, done);
    if (this.#queue.length === 0 && !this.#ended) this.#watch.modify({ readable: true });
  }

  #receive(): void {
    for (let turn = 0; turn < MESSAGES_PER_TURN && !this.#ended; turn++) {
      const got = receiveWithDescriptors(this.#fd, this.#room, MOST_DESCRIPTORS);
      if (got.bytes === -errno.EAGAIN) return;
      if (got.bytes <= 0) {
        this.close();
        this.#handlers.onEnd();
        return;
      }
      this.#deliver(this.#room.subarray(0, got.bytes), got.descriptors, got.cut);
    }
  }

  #deliver(packet: Buffer, descriptors: readonly Fd[], cut: boolean): void {
    let message: Incoming;
    let carried = descriptors;
    try {
      if (cut)
        throw new LvsdError(
          'LVSD_CHANNEL_CUT',
          'A message between two lvsd processes arrived cut. This is a bug in lvsd: please report it.',
        );
      let body = packet.subarray(1);
      if (packet[0] === IN_MEMFD) {
        const file = descriptors[0];
        if (file === undefined)
          throw new LvsdError(
            'LVSD_CHANNEL_CUT',
            'A large message between two lvsd processes arrived without its memory file.',
          );
        body = readMemfd(file);
        closeFd(file);
        carried = descriptors.slice(1);
      }
      message = JSON.parse(body.toString('utf8')) as Incoming;
    } catch (error) {
      closeAll(descriptors.filter((fd) => ownsFd(fd)));
      throw error;
    }
    this.#handlers.onMessage(message, carried);
  }
}

function closeAll(descriptors: readonly Fd[]): void {
  for (const fd of descriptors) closeFd(fd);
}
