/**
 * The synchronous netlink path: send a batch, read until its last request is answered (`native/netlink.c`).
 *
 * It moves bytes and knows one thing about them: which sequence number ends the exchange. Datagrams of senders other than
 * the kernel are dropped and counted. Meaning belongs to `netlink/`.
 */
import { addon } from './addon.js';
import type { Fd } from './descriptor.js';
import { checked } from './system-call-error.js';

/** An answer buffer must have room for at least this many bytes. */
export const LEAST_ANSWER_ROOM = 32768;

const info = new Int32Array(4);

export interface Exchanged {
  /** Bytes in the answer buffer: datagrams one after the other, each padded to four bytes. */
  readonly used: number;
  /** The end (DONE, or an error or acknowledgement) of the last request was seen. */
  readonly finished: boolean;
  /** Not finished only because the answer buffer is full: call again without a request. */
  readonly full: boolean;
  /** Datagrams of other senders than the kernel. */
  readonly foreign: number;
  /** Times that the receive buffer had overrun (ENOBUFS); what was lost then will not come. */
  readonly overruns: number;
}

/**
 * @param request what to send; null (or length 0) only reads on
 * @param requestLength how many of its bytes
 * @param lastSequence the sequence number whose end ends the exchange
 * @param answers at least LEAST_ANSWER_ROOM bytes
 * @param timeoutMs how long to wait for the kernel, 0..2147483647
 * @throws SystemCallError when sending or receiving fails
 */
export function netlinkExchange(
  fd: Fd,
  request: Uint8Array | null,
  requestLength: number,
  lastSequence: number,
  answers: Uint8Array,
  timeoutMs: number,
): Exchanged {
  const result = addon.netlinkExchange(fd, request, requestLength, lastSequence, answers, timeoutMs, info);
  const used = checked(result, 'sendmsg', 'Talking to the kernel by netlink');
  const finished = info[0] === 1;
  const full = !finished && answers.length - used < LEAST_ANSWER_ROOM;
  return { used, finished, full, foreign: info[1] as number, overruns: info[2] as number };
}
