/**
 * Real servers that say the same: a body that was read and bound once is not read again.
 *
 * Large configurations are written by programs: thousands of real servers differ in their address and in nothing else.
 * The lexer asks here at the `{` of a real_server whether what follows is, character for character, a body that was
 * bound before without anything to tell; then it is passed over in one step, the binder starts from the draft that the
 * equal body gave, and the validation from the effective server, moved to the new address and the new lines. What was
 * complained about, what names a program or an unbuilt word, and what stands in text that was expanded is read anew each
 * time, so that every message has its own place.
 *
 * Equal text gives equal drafts because a body of real_server depends on nothing above it but the forwarding method,
 * which is set apart here; the effective server depends further on the words of its virtual server (`wordsOf`).
 */
import type { Checker, ConnectOptions } from '../config/checker.js';
import type { Position } from '../config/position.js';
import type { Forwarding, RealServer } from '../config/virtual-server.js';
import { type IpAddress, isIpv6 } from '../runtime/addresses.js';
import { type Port, port } from '../runtime/units.js';
import { ownText } from './own-text.js';
import type { CheckerDraft, HandedDown, KnownServer, RealServerDraft, ServerWords } from './schema/drafts.js';
import { type KnownBodies, type KnownBody, lineFeeds, type Statement } from './statement.js';

/** Bodies that are compared with; a file whose servers all differ must not pay for more. */
const MOST_BODIES = 8;
/** After so many bodies that were not known, with fewer found than that, nothing is looked for any more. */
const PATIENCE = 256;

/** The bodies that one parse has met. */
export class KnownServers implements KnownBodies {
  readonly #text: string;
  /** The one that was found last comes first. */
  readonly #bodies: KnownServer[] = [];
  readonly #handedDown: HandedDown[] = [];
  #found = 0;
  #missed = 0;

  /** @param text the snapshot's */
  constructor(text: string) {
    this.#text = text;
  }

  find(text: string, at: number, to: number, below: number): KnownServer | undefined {
    const bodies = this.#bodies;
    for (let k = 0; k < bodies.length; k++) {
      const body = bodies[k] as KnownServer;
      const end = at + body.text.length;
      // Four times as fast as startsWith.
      if (end > to || body.below !== below || text.slice(at, end) !== body.text) continue;
      if (k > 0) {
        bodies[k] = bodies[0] as KnownServer;
        bodies[0] = body;
      }
      this.#found++;
      return body;
    }
    this.#missed++;
    return undefined;
  }

  /** Whether it is worth the comparing. */
  get promising(): boolean {
    return this.#missed < PATIENCE || this.#found > this.#missed;
  }

  /**
   * Keeps a body that was bound without a word said about it; not each can be kept.
   *
   * @param draft what it gave to a draft without a forwarding method
   */
  remember(statement: Statement, draft: RealServerDraft): void {
    const body = bodyOf(this.#text, statement);
    if (body === undefined || !isSimple(draft)) return;
    if (this.#bodies.length === MOST_BODIES) this.#bodies.pop();
    this.#bodies.unshift({ ...body, draft, effective: new Map() });
  }

  /** What a virtual server hands down, as one object for equal ones. */
  handedDown(by: ServerWords): HandedDown {
    const last = this.#handedDown.length - 1;
    for (let k = last; k >= 0; k--) {
      const one = this.#handedDown[k] as HandedDown;
      if (sameWords(one, by)) return one;
    }
    const words = wordsOf(by);
    if (this.#handedDown.length >= MOST_BODIES) this.#handedDown.length = 0;
    this.#handedDown.push(words);
    return words;
  }
}

/** What there is to remember of a statement's body; undefined if its places would depend on what stands before it. */
function bodyOf(text: string, statement: Statement): KnownBody | undefined {
  const { body, bodyFrom = -1, bodyTo = -1, bodyLine = 0 } = statement;
  if (body === undefined || bodyFrom < 0 || bodyTo < bodyFrom) return undefined;
  const own = text.slice(bodyFrom, bodyTo);
  const lines = lineFeeds(own);
  if (body[0] !== undefined && !own.slice(0, own.indexOf(body[0].raw)).includes('\n')) return undefined;
  const count = (of: readonly Statement[]): number => of.reduce((sum, each) => sum + 1 + count(each.body ?? []), 0);
  const tail = own.length - own.lastIndexOf('\n') - 1;
  return { text: ownText(own), below: bodyLine - statement.line, lines, tail, statements: count(body), body };
}

function wordsOf(by: ServerWords): HandedDown {
  const { alpha, inhibitOnFailure, weight, forwarding, retry, delayBeforeRetry, warmup, delayLoop } = by;
  const { connectTimeout, smtpAlert, virtualhost, snmpName } = by;
  return {
    alpha,
    inhibitOnFailure,
    weight,
    forwarding,
    retry,
    delayBeforeRetry,
    warmup,
    delayLoop,
    connectTimeout,
    smtpAlert,
    virtualhost,
    snmpName,
  };
}

function sameWords(a: HandedDown, b: ServerWords): boolean {
  return (
    a.delayLoop === b.delayLoop &&
    a.connectTimeout === b.connectTimeout &&
    a.forwarding === b.forwarding &&
    a.weight === b.weight &&
    a.alpha === b.alpha &&
    a.inhibitOnFailure === b.inhibitOnFailure &&
    a.retry === b.retry &&
    a.delayBeforeRetry === b.delayBeforeRetry &&
    a.warmup === b.warmup &&
    a.smtpAlert === b.smtpAlert &&
    a.virtualhost === b.virtualhost &&
    a.snmpName === b.snmpName
  );
}

/** Whether a draft holds nothing with a place of its own but checkers that can be moved. */
function isSimple(draft: RealServerDraft): boolean {
  const { at: _at, checkers, forwarding: _forwarding, ...words } = draft;
  if (Object.values(words).some((value) => typeof value === 'object')) return false;
  return checkers.every((check) => check.kind === 'TCP_CHECK' || check.kind === 'HTTP_GET' || check.kind === 'SSL_GET');
}

/** Leads places of one server to the same places of another with an equal body. */
class Move {
  readonly #file: string;
  readonly #lines: number;

  constructor(from: Position, to: Position) {
    this.#file = to.file;
    this.#lines = to.line - from.line;
  }

  at(place: Position): Position {
    return { file: this.#file, line: place.line + this.#lines, column: place.column };
  }
}

/** The checkers of a known body as drafts of a server at another place. */
export function movedDrafts(known: KnownServer, at: Position): CheckerDraft[] {
  const move = new Move(known.draft.at, at);
  return known.draft.checkers.map((check) =>
    check.kind === 'HTTP_GET' || check.kind === 'SSL_GET'
      ? {
          ...check,
          at: move.at(check.at),
          urls: check.urls.map((url) => ({
            ...url,
            at: move.at(url.at),
            patternAt: url.patternAt === undefined ? undefined : move.at(url.patternAt),
          })),
        }
      : { ...check, at: move.at(check.at) },
  );
}

/** Whether equal bodies give equal servers at two addresses: a link-local one is asked for more, and one without port. */
export function canStandFor(known: RealServer, server: RealServerDraft): boolean {
  if (server.port === 0) return false;
  const one = isIpv6(known.address);
  return (
    one === isIpv6(server.address) && !(one && (/^fe[89ab]/.test(known.address) || /^fe[89ab]/.test(server.address)))
  );
}

/**
 * The effective server of a known body at another address.
 *
 * @param before the effective server where the body was met first, made of the same `drafts`
 * @param written the port in the file; `serverPort` what keepalived's corrections made of it
 */
export function movedServer(
  before: RealServer,
  drafts: readonly CheckerDraft[],
  address: IpAddress,
  written: number,
  serverPort: Port,
  forwarding: Forwarding,
  at: Position,
): RealServer {
  const checked = written === 0 ? serverPort : port(written);
  const [first] = before.checkers;
  const [draft] = drafts;
  let checkers = before.checkers;
  if (first !== undefined && draft !== undefined) {
    const move = new Move(before.at, at);
    // Most servers have one; an array that grew by push would have room for seventeen.
    if (before.checkers.length === 1) checkers = [movedChecker(first, draft, address, checked, move)];
    else checkers = before.checkers.map((one, i) => movedChecker(one, drafts[i] ?? draft, address, checked, move));
  }
  return { ...before, address, port: serverPort, forwarding, checkers, at };
}

function movedChecker(checker: Checker, draft: CheckerDraft, address: IpAddress, checked: Port, move: Move): Checker {
  switch (checker.kind) {
    case 'TCP_CHECK':
      return {
        kind: checker.kind,
        schedule: checker.schedule,
        connect: movedConnect(checker.connect, draft, address, checked),
        at: move.at(checker.at),
      };
    case 'HTTP_GET':
    case 'SSL_GET':
      return {
        ...checker,
        connect: movedConnect(checker.connect, draft, address, checked),
        urls: checker.urls.map((url) => ({ ...url, at: move.at(url.at) })),
        at: move.at(checker.at),
      };
    default:
      return checker;
  }
}

/** Where the check connects to: what the body says, else the server (as validate-checker.ts decides it). */
function movedConnect(before: ConnectOptions, draft: CheckerDraft, address: IpAddress, checked: Port): ConnectOptions {
  return {
    address: draft.connectIp ?? address,
    port: draft.connectPort === undefined ? checked : before.port,
    bindTo: before.bindTo,
    bindPort: before.bindPort,
    bindIf: before.bindIf,
    fwmark: before.fwmark,
    timeout: before.timeout,
  };
}
