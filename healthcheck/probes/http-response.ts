/**
 * Reads an HTTP/1.x answer as it comes in: status, headers as far as they frame the body, and the body.
 *
 * Total: any bytes, cut anywhere, give a status and a body, or a named reject; nothing throws. It keeps at most one
 * header line and one chunk-size line; the body passes through to the sinks. It is lenient where keepalived is
 * (bare LF, no reason phrase, a body that is shorter than promised is only noted) because a server that has answered
 * is alive, and strict where a lie would cost memory or time (lengths of lines, of the head, of the body).
 *
 * Pure: no clock, no socket. Source: RFC 9112 sections 2 to 8; keepalived.md 15.3.
 */

/** The most bytes of status line and headers together, and of one line of them. */
export const MOST_HEAD_BYTES = 65_536;
const MOST_LINE_BYTES = 16_384;
/** The most bytes of trailers after a chunked body. */
const MOST_TRAILER_BYTES = 16_384;
/** The most bytes of body that a check reads. */
export const MOST_BODY_BYTES = 64 * 1024 * 1024;
const MOST_CHUNK_LINE_BYTES = 1024;

export type HttpReject =
  | 'no-http' // the first line is not a status line
  | 'head-too-long'
  | 'bad-chunk' // a chunk size that is none, or too long
  | 'bad-length'; // Content-Length that is none, or two that differ

export interface HttpSinks {
  /** Everything as it arrived, head included: what keepalived's regex is shown. The bytes are valid during the call. */
  head?(bytes: Uint8Array): void;
  /** The body without chunk framing. */
  body?(bytes: Uint8Array): void;
  /** The body as it came over the wire, framing included (what genhash digests). */
  framed?(bytes: Uint8Array): void;
}

export type HttpProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'complete' }
  /** The bound of the body was reached; what follows is not read. */
  | { readonly kind: 'body-bound' }
  | { readonly kind: 'rejected'; readonly reject: HttpReject };

type State =
  | 'status'
  | 'headers'
  | 'until-close'
  | 'length'
  | 'chunk-size'
  | 'chunk-data'
  | 'chunk-end'
  | 'trailer'
  | 'done';

const more: HttpProgress = { kind: 'more' };
const complete: HttpProgress = { kind: 'complete' };
const LF = 10;
const CR = 13;

export class HttpResponseReader {
  /** 100..599; 0 until the status line was read. */
  status = 0;
  /** Bytes of body so far, without framing. */
  bodyBytes = 0;
  /** Content-Length, if the body is framed by it. */
  contentLength: number | undefined;
  /** Whether the body came in chunks. */
  chunked = false;

  readonly #sinks: HttpSinks;
  readonly #mostBody: number;
  #state: State = 'status';
  #line: Buffer = Buffer.alloc(0);
  #headBytes = 0;
  #left = 0;
  #interim = false;

  constructor(sinks: HttpSinks, mostBody = MOST_BODY_BYTES) {
    this.#sinks = sinks;
    this.#mostBody = mostBody;
  }

  /** Whether the head was read to its end. */
  get headComplete(): boolean {
    return this.#state !== 'status' && this.#state !== 'headers';
  }

  /** Takes the next bytes. After anything but `more` it must not be called again. */
  push(bytes: Uint8Array): HttpProgress {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'status':
        case 'headers':
        case 'chunk-size':
        case 'trailer': {
          const end = bytes.indexOf(LF, at);
          const piece = bytes.subarray(at, end < 0 ? bytes.length : end + 1);
          at += piece.length;
          const progress = this.#takeLine(piece, end >= 0);
          if (progress !== more) return progress;
          break;
        }
        case 'until-close':
        case 'length':
        case 'chunk-data': {
          const limit = this.#state === 'until-close' ? Number.POSITIVE_INFINITY : this.#left;
          const piece = bytes.subarray(at, Math.min(bytes.length, at + limit, at + this.#mostBody - this.bodyBytes));
          at += piece.length;
          this.#takeBody(piece);
          if (this.#state === 'length' && this.#left === 0) return this.#finish();
          if (this.#state === 'chunk-data' && this.#left === 0) this.#state = 'chunk-end';
          else if (this.bodyBytes >= this.#mostBody) return { kind: 'body-bound' };
          break;
        }
        case 'chunk-end': {
          const byte = bytes[at];
          this.#sinks.framed?.(bytes.subarray(at, at + 1));
          at++;
          if (byte === LF) this.#state = 'chunk-size';
          else if (byte !== CR) return { kind: 'rejected', reject: 'bad-chunk' };
          break;
        }
        case 'done':
          return complete;
      }
    }
    return this.#state === 'done' ? complete : more;
  }

  /** One line of head, chunk size or trailer, or the beginning of one. */
  #takeLine(piece: Uint8Array, ended: boolean): HttpProgress {
    const head = this.#state === 'status' || this.#state === 'headers';
    this.#headBytes += piece.length;
    if (head) this.#sinks.head?.(piece);
    else this.#sinks.framed?.(piece);
    // Garbage is not waited for, not even to its line end.
    if (this.#state === 'status' && !mayBeginStatus(this.#line.length > 0 ? this.#line : piece)) {
      return { kind: 'rejected', reject: 'no-http' };
    }
    const most = this.#state === 'chunk-size' ? MOST_CHUNK_LINE_BYTES : MOST_LINE_BYTES;
    if (this.#line.length + piece.length > most) {
      return { kind: 'rejected', reject: this.#state === 'chunk-size' ? 'bad-chunk' : 'head-too-long' };
    }
    if (this.#headBytes > (head ? MOST_HEAD_BYTES : MOST_TRAILER_BYTES) && this.#state !== 'chunk-size') {
      return { kind: 'rejected', reject: 'head-too-long' };
    }
    this.#line = this.#line.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#line, piece]);
    if (!ended) {
      const garbage = this.#state === 'status' && !mayBeginStatus(this.#line);
      return garbage ? { kind: 'rejected', reject: 'no-http' } : more;
    }
    const cut = this.#line.length >= 2 && this.#line[this.#line.length - 2] === CR ? 2 : 1;
    const line = this.#line.toString('latin1', 0, this.#line.length - cut);
    this.#line = Buffer.alloc(0);
    switch (this.#state) {
      case 'status':
        return this.#statusLine(line);
      case 'headers':
        return line === '' ? this.#headEnd() : this.#header(line);
      case 'chunk-size':
        return this.#chunkSize(line);
      default:
        return line === '' ? this.#finish() : more;
    }
  }

  #statusLine(line: string): HttpProgress {
    const match = /^HTTP\/\d+(?:\.\d+)? +([0-9]{3})(?![0-9])/i.exec(line);
    const status = Number(match?.[1] ?? 0);
    if (status < 100 || status > 599) return { kind: 'rejected', reject: 'no-http' };
    // 1xx is followed by the real answer, but 101 is a final one (RFC 9110 15.2).
    this.#interim = status < 200 && status !== 101;
    this.status = status;
    this.#state = 'headers';
    return more;
  }

  #header(line: string): HttpProgress {
    const colon = line.indexOf(':');
    if (colon <= 0) return more;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'transfer-encoding' && /(^|,)\s*chunked$/i.test(value)) this.chunked = true;
    if (name === 'content-length') {
      const length = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (Number.isNaN(length) || (this.contentLength !== undefined && this.contentLength !== length)) {
        return { kind: 'rejected', reject: 'bad-length' };
      }
      this.contentLength = length;
    }
    return more;
  }

  #headEnd(): HttpProgress {
    if (this.#interim) {
      this.#interim = false;
      this.chunked = false;
      this.contentLength = undefined;
      this.#state = 'status';
      return more;
    }
    this.#headBytes = 0;
    if (this.status === 204 || this.status === 304) return this.#finish();
    if (this.chunked) {
      this.contentLength = undefined;
      this.#state = 'chunk-size';
      return more;
    }
    if (this.contentLength === undefined) {
      this.#state = 'until-close';
      return more;
    }
    this.#left = this.contentLength;
    if (this.#left === 0) return this.#finish();
    this.#state = 'length';
    return more;
  }

  #chunkSize(line: string): HttpProgress {
    const match = /^([0-9a-fA-F]{1,8})[ \t]*(;.*)?$/.exec(line);
    if (match === null) return { kind: 'rejected', reject: 'bad-chunk' };
    this.#left = Number.parseInt(match[1] as string, 16);
    this.#headBytes = 0;
    this.#state = this.#left === 0 ? 'trailer' : 'chunk-data';
    return more;
  }

  #takeBody(piece: Uint8Array): void {
    this.bodyBytes += piece.length;
    this.#left -= piece.length;
    this.#sinks.body?.(piece);
    this.#sinks.framed?.(piece);
  }

  #finish(): HttpProgress {
    this.#state = 'done';
    return complete;
  }
}

/** Whether these first bytes can still become a status line. */
function mayBeginStatus(bytes: Uint8Array): boolean {
  const word = 'HTTP/';
  for (let i = 0; i < Math.min(bytes.length, word.length); i++) {
    if (String.fromCharCode(bytes[i] as number).toUpperCase() !== word[i]) return false;
  }
  return true;
}
