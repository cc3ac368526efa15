/**
 * The configuration in a role: the one in force, the one that is being prepared, and the way from bytes to both.
 *
 * A role binds the supervisor's snapshot by itself. What did not change since the configuration in force is taken over
 * by reference, so an unchanged virtual server stays the same object from one generation to the next and a reload
 * costs its difference (parser/parse.ts).
 */
import type { Config } from '../../../config/config.js';
import { closeFd, type Fd } from '../../../native/descriptor.js';
import { readMemfd } from '../../../native/descriptor-passing.js';
import type { Diagnostic } from '../../../parser/diagnostic.js';
import { type ParseOptions, type ParseResult, parseSnapshot } from '../../../parser/parse.js';
import { decodeSnapshot } from '../../../parser/snapshot.js';
import { LvsdError } from '../../../runtime/errors.js';

export interface HeldGeneration {
  readonly generation: number;
  readonly parsed: ParseResult;
}

/** A snapshot that waits for its commit to be parsed. */
interface UnreadGeneration {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

export interface ReadConfiguration {
  readonly parsed: ParseResult;
  /** Of reading, binding and validation. */
  readonly diagnostics: readonly Diagnostic[];
}

let inForce: ((config: Config) => void) | undefined;

/** Who else in this process hears of what comes into force: a process has one role, and a name and memory of its own. */
export function whenInForce(hear: (config: Config) => void): void {
  inForce = hear;
}

export class HeldConfiguration {
  readonly #options: ParseOptions;
  #current: HeldGeneration | undefined;
  #prepared: HeldGeneration | undefined;
  #unread: UnreadGeneration | undefined;

  constructor(options: ParseOptions = {}) {
    this.#options = options;
  }

  get current(): HeldGeneration | undefined {
    return this.#current;
  }

  get config(): Config | undefined {
    return this.#current?.parsed.config;
  }

  /** Reads the snapshot that a message carries; its descriptor is closed. Nothing is kept. */
  read(descriptors: readonly Fd[]): ReadConfiguration {
    return this.#parse(bytesOf(descriptors));
  }

  /** Reads a snapshot and keeps it beside the one in force. */
  prepare(generation: number, descriptors: readonly Fd[]): ReadConfiguration {
    const read = this.read(descriptors);
    this.#prepared = { generation, parsed: read.parsed };
    return read;
  }

  /**
   * Keeps a snapshot that is parsed when it is committed: for a role that never refuses one, because another role that
   * reads the same bytes does, and whose work nobody waits for.
   */
  prepareLater(generation: number, descriptors: readonly Fd[]): void {
    this.#unread = { generation, bytes: bytesOf(descriptors) };
  }

  /** Whether `commit` of this generation would put something into force. */
  holds(generation: number): boolean {
    return this.#prepared?.generation === generation || this.#unread?.generation === generation;
  }

  /** Puts what was prepared into force. Undefined if that generation was not prepared here. */
  commit(generation: number): HeldGeneration | undefined {
    if (this.#unread?.generation === generation) {
      this.#prepared = { generation, parsed: this.#parse(this.#unread.bytes).parsed };
      this.#unread = undefined;
    }
    if (this.#prepared?.generation !== generation) return undefined;
    this.#current = this.#prepared;
    this.#prepared = undefined;
    inForce?.(this.#current.parsed.config);
    return this.#current;
  }

  abandon(generation: number): void {
    if (this.#prepared?.generation === generation) this.#prepared = undefined;
    if (this.#unread?.generation === generation) this.#unread = undefined;
  }

  #parse(bytes: Uint8Array): ReadConfiguration {
    const snapshot = decodeSnapshot(bytes);
    const parsed = parseSnapshot(snapshot, this.#current?.parsed, this.#options);
    return { parsed, diagnostics: [...snapshot.diagnostics, ...parsed.diagnostics] };
  }
}

/** What a message carries; the descriptors are closed. */
function bytesOf(descriptors: readonly Fd[]): Uint8Array {
  const file = descriptors[0];
  if (file === undefined) {
    throw new LvsdError(
      'LVSD_SNAPSHOT_MISSING',
      'A configuration was announced and did not come with the message. This is a bug in lvsd: please report it.',
    );
  }
  try {
    return readMemfd(file);
  } finally {
    for (const fd of descriptors) closeFd(fd);
  }
}
