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
import { type ParseResult, parseSnapshot } from '../../../parser/parse.js';
import { decodeSnapshot } from '../../../parser/snapshot.js';
import { LvsdError } from '../../../runtime/errors.js';

export interface HeldGeneration {
  readonly generation: number;
  readonly parsed: ParseResult;
}

export class HeldConfiguration {
  #current: HeldGeneration | undefined;
  #prepared: HeldGeneration | undefined;

  get current(): HeldGeneration | undefined {
    return this.#current;
  }

  get config(): Config | undefined {
    return this.#current?.parsed.config;
  }

  /** Reads the snapshot that a message carries; its descriptor is closed. Nothing is kept. */
  read(descriptors: readonly Fd[]): ParseResult {
    const file = descriptors[0];
    if (file === undefined) {
      throw new LvsdError(
        'LVSD_SNAPSHOT_MISSING',
        'A configuration was announced and did not come with the message. This is a bug in lvsd: please report it.',
      );
    }
    try {
      return parseSnapshot(decodeSnapshot(readMemfd(file)), this.#current?.parsed);
    } finally {
      for (const fd of descriptors) closeFd(fd);
    }
  }

  /** Reads a snapshot and keeps it beside the one in force. */
  prepare(generation: number, descriptors: readonly Fd[]): ParseResult {
    this.#prepared = { generation, parsed: this.read(descriptors) };
    return this.#prepared.parsed;
  }

  /** Puts what was prepared into force. Undefined if that generation was not prepared here. */
  commit(generation: number): HeldGeneration | undefined {
    if (this.#prepared?.generation !== generation) return undefined;
    this.#current = this.#prepared;
    this.#prepared = undefined;
    return this.#current;
  }

  abandon(generation: number): void {
    if (this.#prepared?.generation === generation) this.#prepared = undefined;
  }
}
