/**
 * Virtual servers that say the same: a block that differs from an earlier one only in addresses and ports is not lexed,
 * parsed and bound again.
 *
 * An earlier block that was read whole, without a word said about it, is kept as the pieces of text that stand between
 * its addresses:
 *
 *     virtual_server |10.0.0.1 80| {
 *         protocol TCP
 *         real_server |10.1.0.1 80| {
 *             weight 1
 *         }
 *         real_server |10.1.0.2 80| {
 *             weight 1
 *         }
 *     }
 *
 * A block that consists of the same pieces, character for character, in the same order (a piece between two servers any
 * number of times), with IPv4 addresses and ports between them, means what the earlier one meant. What depends on the
 * addresses and on the number of servers is looked at (`mayStand`): a port that is corrected, a server that stands
 * twice, a quorum that is too large. Wherever something would have to be said, or is not of this simple form, the answer
 * is undefined and the block is read as any other (lexer.ts, block-parser.ts, bind.ts).
 */
import type { Position } from '../config/position.js';
import type { RealServer, VirtualServer } from '../config/virtual-server.js';
import type { Ipv4 } from '../runtime/addresses.js';
import { type Port, port } from '../runtime/units.js';
import { movedServer } from './known-servers.js';
import { ownText } from './own-text.js';
import type { KnownServer, VirtualServerDraft } from './schema/drafts.js';
import { lineFeeds, type Statement } from './statement.js';
import type { BlockSpan } from './text-map.js';

/** Forms that are compared with, and pieces of one form; a file whose blocks all differ must not pay for more. */
const MOST = 4;
/** After so many blocks of no known form, with fewer found than that, nothing is looked for any more. */
const PATIENCE = 64;
/** Up to this many servers comparing each with each is cheaper than a table. */
const FEW = 64;

/** The text from behind one server's port to the next server's address, or to the end of the block. */
interface Piece {
  readonly text: string;
  /** The server that it belongs to, as it became effective in an earlier block. */
  readonly known: KnownServer;
  readonly server: RealServer;
  /** Line feeds in it. */
  readonly lines: number;
}

interface Form {
  /** From the block's first character to the address. */
  readonly start: string;
  /** Between every address and its port. */
  readonly gap: string;
  /** From behind the port to the first server's address. */
  readonly head: string;
  /** Line feeds in it. */
  readonly headLines: number;
  /** From behind the last server's block to the end. */
  readonly tail: string;
  /** Column of each `real_server`. */
  readonly column: number;
  readonly between: Piece[];
  readonly last: Piece[];
  /** What an earlier block of this form meant. */
  readonly value: VirtualServer;
}

/** The forms that one parse has met. */
export class KnownVirtualServers {
  readonly #forms: Form[] = [];
  #found = 0;
  #missed = 0;
  /** Where the address or port that was read last ends. */
  #end = 0;
  /** The block's characters; addresses are cut out of it, because a part of the text would keep all of it alive. */
  #bytes = Buffer.alloc(1 << 12);

  /**
   * The virtual server of a block of a known form.
   *
   * @param at where the block begins in the operator's file; its lines stand there one for one
   */
  find(text: string, span: BlockSpan, at: Position): VirtualServer | undefined {
    if (this.#missed >= PATIENCE && this.#missed >= this.#found) return undefined;
    const forms = this.#forms;
    for (let k = 0; k < forms.length; k++) {
      const form = forms[k] as Form;
      const found = this.#read(form, text, span, at);
      if (found === undefined) continue;
      if (k > 0) {
        forms[k] = forms[0] as Form;
        forms[0] = form;
      }
      this.#found++;
      return found;
    }
    this.#missed++;
    return undefined;
  }

  #read(form: Form, text: string, span: BlockSpan, at: Position): VirtualServer | undefined {
    const { start, end } = span;
    let i = start + form.start.length;
    if (text.slice(start, i) !== form.start) return undefined;
    if (end - start > this.#bytes.length) this.#bytes = Buffer.alloc(2 * (end - start));
    this.#bytes.write(text.slice(start, end), 'latin1');
    const address = this.#address(text, i, start);
    i = this.#end + form.gap.length;
    if (address === undefined || text.slice(this.#end, i) !== form.gap) return undefined;
    const ownPort = this.#port(text, i);
    i = this.#end;
    if (ownPort === undefined || text.slice(i, i + form.head.length) !== form.head) return undefined;
    i += form.head.length;
    let line = at.line + form.headLines;
    const servers: RealServer[] = [];
    for (;;) {
      const server = this.#address(text, i, start);
      i = this.#end + form.gap.length;
      if (server === undefined || text.slice(this.#end, i) !== form.gap) return undefined;
      const serverPort = this.#port(text, i);
      if (serverPort === undefined) return undefined;
      i = this.#end;
      const between = pieceAt(form.between, text, i, end);
      const piece = between ?? pieceAt(form.last, text, i, end);
      if (piece === undefined) return undefined;
      const before = piece.server;
      if (serverPort !== ownPort && before.forwarding.method !== 'NAT') return undefined;
      const place: Position = { file: at.file, line, column: form.column };
      const { checkers } = piece.known.draft;
      servers.push(movedServer(before, checkers, server, serverPort, serverPort, before.forwarding, place));
      i += piece.text.length;
      if (between === undefined) break;
      line += piece.lines;
    }
    return i === end && mayStand(form.value, servers)
      ? likeBefore(form.value, address, ownPort, servers, at)
      : undefined;
  }

  /** Reads an address at offset `i`; undefined where none is, or one of the other family. */
  #address(text: string, i: number, start: number): Ipv4 | undefined {
    let at = i;
    for (let dots = 0; ; dots++) {
      const first = at;
      let value = 0;
      let c = text.charCodeAt(at);
      while (c >= 48 && c <= 57 && value < 256) {
        value = value * 10 + c - 48;
        c = text.charCodeAt(++at);
      }
      const digits = at - first;
      if (digits === 0 || value > 255 || (digits > 1 && text.charCodeAt(first) === 48)) return undefined;
      if (dots === 3) break;
      if (c !== 46) return undefined;
      at++;
    }
    this.#end = at;
    return this.#bytes.toString('latin1', i - start, at - start) as Ipv4;
  }

  /** Reads a port from 1 to 65535 at offset `i`; undefined where none is. */
  #port(text: string, i: number): Port | undefined {
    let at = i;
    let value = 0;
    let c = text.charCodeAt(at);
    while (c >= 48 && c <= 57 && value < 65536) {
      value = value * 10 + c - 48;
      c = text.charCodeAt(++at);
    }
    this.#end = at;
    return value >= 1 && value <= 65535 && text.charCodeAt(i) !== 48 ? port(value) : undefined;
  }

  /**
   * Keeps the form of a block that was read whole and said nothing; not each can be kept.
   *
   * @param statement the block's tree
   * @param draft what it was bound to, and `value` what that became
   */
  remember(text: string, span: BlockSpan, statement: Statement, draft: VirtualServerDraft, value: VirtualServer): void {
    const made = formOf(text, span, statement, value);
    if (made === undefined || !isSimple(draft)) return;
    let form = this.#forms.find(
      (one) =>
        one.start === made.start &&
        one.gap === made.gap &&
        one.head === made.head &&
        one.tail === made.tail &&
        one.column === made.column,
    );
    if (form === undefined) {
      form = made;
      if (this.#forms.length === MOST) this.#forms.pop();
      this.#forms.unshift(form);
    } else {
      for (const piece of made.between) add(form.between, piece);
      for (const piece of made.last) add(form.last, piece);
    }
  }
}

/**
 * Whether a draft stands for one address and port, and holds nothing else that may have a place of its own: a script, a
 * sorry server, whatever is more than a word.
 */
function isSimple(draft: VirtualServerDraft): boolean {
  const { target, at: _at, realServers: _servers, forwarding: _forwarding, localAddresses, ...words } = draft;
  if (target.kind !== 'address' || target.port === 0 || localAddresses.length > 0) return false;
  return Object.values(words).every((value) => typeof value !== 'object');
}

/** Offsets in the text. */
interface Places {
  readonly address: number;
  readonly gap: number;
  readonly port: number;
  /** Behind the port. */
  readonly end: number;
}

/** Where the address and the port of a statement stand; undefined if it is not written as `WORD IP PORT`. */
function placesOf(text: string, statement: Statement): Places | undefined {
  const { words, startOffset } = statement;
  const [word, address, number] = words;
  if (word === undefined || address === undefined || number === undefined || startOffset === undefined)
    return undefined;
  const at = startOffset + address.column - word.column;
  const behind = startOffset + number.column - word.column;
  const places = { address: at, gap: at + address.text.length, port: behind, end: behind + number.text.length };
  const written = text.slice(at, places.gap) === address.text && text.slice(behind, places.end) === number.text;
  return words.length === 3 && written && !word.quoted ? places : undefined;
}

function formOf(text: string, span: BlockSpan, statement: Statement, value: VirtualServer): Form | undefined {
  const body = statement.body ?? [];
  const first = body.findIndex((each) => each.known !== undefined);
  if (first < 0) return undefined;
  const own = placesOf(text, statement);
  const servers = body.slice(first, first + value.realServers.length);
  if (own === undefined || servers.length !== value.realServers.length) return undefined;
  const gap = text.slice(own.gap, own.port);
  const column = servers[0]?.words[0]?.column ?? 0;
  const between: Piece[] = [];
  const last: Piece[] = [];
  let head = '';
  let end = own.end;
  for (let k = 0; k < servers.length; k++) {
    const one = servers[k] as Statement;
    const places = placesOf(text, one);
    if (places === undefined || one.known === undefined || one.words[0]?.column !== column) return undefined;
    if (text.slice(places.gap, places.port) !== gap) return undefined;
    const before = text.slice(end, places.address);
    if (!before.includes('\n')) return undefined;
    if (k === 0) head = before;
    else between.push(piece(before, servers[k - 1] as Statement, value.realServers[k - 1] as RealServer));
    end = places.end;
  }
  const closing = servers[servers.length - 1] as Statement;
  if (closing.bodyTo === undefined) return undefined;
  last.push(piece(text.slice(end, span.end), closing, value.realServers[servers.length - 1] as RealServer));
  return {
    start: ownText(text.slice(span.start, own.address)),
    gap: ownText(gap),
    head: ownText(head),
    headLines: lineFeeds(head),
    tail: ownText(text.slice(closing.bodyTo, span.end)),
    column,
    between,
    last,
    value,
  };
}

function piece(text: string, statement: Statement, server: RealServer): Piece {
  return { text: ownText(text), known: statement.known as KnownServer, server, lines: lineFeeds(text) };
}

function add(to: Piece[], one: Piece): void {
  if (to.some((each) => each.text === one.text)) return;
  if (to.length === MOST) to.pop();
  to.unshift(one);
}

/** The piece that stands at offset `at`; it comes first from then on. */
function pieceAt(pieces: Piece[], text: string, at: number, end: number): Piece | undefined {
  for (let k = 0; k < pieces.length; k++) {
    const one = pieces[k] as Piece;
    const to = at + one.text.length;
    if (to > end || text.slice(at, to) !== one.text) continue;
    if (k > 0) {
      pieces[k] = pieces[0] as Piece;
      pieces[0] = one;
    }
    return one;
  }
  return undefined;
}

/** Whether nothing would have to be said about these servers that was not said about the earlier ones. */
function mayStand(before: VirtualServer, servers: readonly RealServer[]): boolean {
  let total = 0;
  for (let i = 0; i < servers.length; i++) total += (servers[i] as RealServer).weight;
  if (total < before.quorum) return false;
  if (servers.length > FEW) return new Set(servers.map((one) => `${one.address} ${one.port}`)).size === servers.length;
  for (let i = 1; i < servers.length; i++) {
    const one = servers[i] as RealServer;
    for (let k = 0; k < i; k++) {
      const other = servers[k] as RealServer;
      if (one.address === other.address && one.port === other.port) return false;
    }
  }
  return true;
}

function likeBefore(
  before: VirtualServer,
  address: Ipv4,
  ownPort: Port,
  realServers: readonly RealServer[],
  at: Position,
): VirtualServer {
  return { ...before, target: { kind: 'address', address, port: ownPort }, realServers, at };
}
