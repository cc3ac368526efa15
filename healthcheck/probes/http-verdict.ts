/**
 * What an HTTP answer is worth: status code, then digest, then regular expression, as keepalived orders them
 * (keepalived.md 15.3). HTTP_GET and SSL_GET feed it bytes, however they got them.
 *
 * The body is not kept: it runs through MD5 if a digest is asked for, and at most 1 MiB of the answer is held if a
 * regex is. The regex is shown what keepalived shows it when head and body arrive in one piece: the whole answer from
 * its first byte, and offsets count from there. Two things differ on purpose: chunk framing is taken off before the
 * regex sees the body, and a digest may be that of the body with its framing (what genhash prints) or without (what
 * `curl | md5sum` prints).
 */
import { createHash, type Hash } from 'node:crypto';
import type { HttpUrl } from '../../config/checker.js';
import { unreachable } from '../../runtime/errors.js';
import type { ProbeResult } from '../verdict.js';
import { type HttpReject, HttpResponseReader, MOST_BODY_BYTES } from './http-response.js';
import { MOST_SUBJECT_BYTES } from './pcre2.js';
import type { RegexEngine } from './regex.js';

/** Bytes in a buffer that grows by doubling, up to a bound; what comes behind the bound is dropped. */
class Window {
  #bytes = Buffer.alloc(0);
  length = 0;

  add(piece: Uint8Array): void {
    const taken = piece.subarray(0, MOST_SUBJECT_BYTES - this.length);
    if (this.length + taken.length > this.#bytes.length) {
      const size = Math.min(MOST_SUBJECT_BYTES, Math.max(4096, 2 * (this.length + taken.length)));
      const grown = Buffer.allocUnsafeSlow(size);
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    this.#bytes.set(taken, this.length);
    this.length += taken.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }
}

/** One answer on its way in. */
export class HttpVerdict {
  readonly #url: HttpUrl;
  readonly #checked: string;
  readonly #reader: HttpResponseReader;
  readonly #bodyHash: Hash | undefined;
  readonly #framedHash: Hash | undefined;
  readonly #window: Window | undefined;
  #reject: HttpReject | undefined;
  #bounded = false;
  #any = false;

  /** @param checked how log lines name the server, as `[10.0.0.1]:tcp:80` */
  constructor(url: HttpUrl, checked: string) {
    this.#url = url;
    this.#checked = checked;
    const hashes = url.digest === undefined ? undefined : { body: createHash('md5'), framed: createHash('md5') };
    this.#bodyHash = hashes?.body;
    this.#framedHash = hashes?.framed;
    const window = url.regex === undefined ? undefined : new Window();
    this.#window = window;
    this.#reader = new HttpResponseReader({
      ...(window && { head: (bytes: Uint8Array) => window.add(bytes) }),
      ...((window || hashes) && {
        body: (bytes: Uint8Array) => {
          window?.add(bytes);
          hashes?.body.update(bytes);
        },
      }),
      ...(hashes && { framed: (bytes: Uint8Array) => void hashes.framed.update(bytes) }),
    });
  }

  /** Takes bytes as they arrive. True: enough is known, nothing more needs to be read. */
  push(bytes: Uint8Array): boolean {
    this.#any ||= bytes.length > 0;
    const progress = this.#reader.push(bytes);
    switch (progress.kind) {
      case 'complete':
        return true;
      case 'body-bound':
        this.#bounded = true;
        return true;
      case 'rejected':
        this.#reject = progress.reject;
        return true;
      case 'more':
        return this.#reader.headComplete && !this.#statusAccepted();
      default:
        return unreachable(progress);
    }
  }

  /** Whether any byte has arrived. */
  get any(): boolean {
    return this.#any;
  }

  /**
   * Judges what has arrived; call it once, when `push` said so or the stream ended.
   * @param done called once, possibly before this returns, unless cancelled
   * @returns cancels the matching of a regular expression
   */
  judge(regex: RegexEngine, done: (result: ProbeResult) => void): () => void {
    const wrong = this.#wrong();
    if (wrong !== undefined) {
      done({ ok: false, reason: 'reply', detail: wrong });
      return () => {};
    }
    const detail = this.#passedDetail();
    const asked = this.#url.regex;
    if (asked === undefined || this.#window === undefined) {
      done({ ok: true, detail });
      return () => {};
    }
    return regex.match(asked, this.#window.bytes, (answer) => {
      const line = `Regex match failed server ${this.#checked} url(${this.#url.path})`;
      if (answer.kind === 'gave-up') done({ ok: false, reason: 'reply', detail: `${line}: ${answer.why}.` });
      else if ((answer.kind === 'matched') === asked.negate) done({ ok: false, reason: 'reply', detail: `${line}.` });
      else done({ ok: true, detail: `${detail}, regex ${asked.negate ? 'absent' : 'matched'}` });
    });
  }

  #statusAccepted(): boolean {
    const status = this.#reader.status;
    return this.#url.statusCodes.some((range) => status >= range.first && status <= range.last);
  }

  /** The line for a wrong answer; undefined if status and digest are right. */
  #wrong(): string | undefined {
    const server = `server ${this.#checked}`;
    switch (this.#reject) {
      case undefined:
        break;
      case 'no-http':
        return this.#statusLine();
      case 'head-too-long':
        return `Read error with ${server}: the header is longer than lvsd reads.`;
      case 'bad-chunk':
        return `Read error with ${server}: the chunked body is malformed.`;
      case 'bad-length':
        return `Read error with ${server}: the Content-Length header is malformed.`;
    }
    // Two blanks: keepalived's line has them.
    if (!this.#reader.headComplete) return `Read, no data received from  ${server}.`;
    if (!this.#statusAccepted()) return this.#statusLine();
    if (this.#url.digest !== undefined) {
      const line = `MD5 digest error to ${server} url[${this.#url.path}]`;
      if (this.#bounded) return `${line}: the body is longer than ${MOST_BODY_BYTES} bytes.`;
      const got = this.#bodyHash?.digest('hex');
      const framed = this.#reader.chunked ? this.#framedHash?.digest('hex') : got;
      if (got !== this.#url.digest && framed !== this.#url.digest) return `${line}, MD5SUM [${got}].`;
    }
    return undefined;
  }

  #statusLine(): string {
    return `HTTP status code error to server ${this.#checked} url(${this.#url.path}) status_code [${this.#reader.status}].`;
  }

  #passedDetail(): string {
    const promised = this.#reader.contentLength;
    const short = promised !== undefined && promised !== this.#reader.bodyBytes && !this.#bounded;
    const digest = this.#url.digest === undefined ? '' : ', digest right';
    return `status ${this.#reader.status}${digest}${short ? `, body of ${this.#reader.bodyBytes} instead of ${promised} bytes` : ''}`;
  }
}
