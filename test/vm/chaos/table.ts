/**
 * The kernel's IPVS table as tests see it: /proc/net/ip_vs parsed, and a tight poller of it in a thread of its own that
 * records every destination that was ever absent, or ever there, against its orders.
 *
 * Tables of these tests stay below one page, so one read is one consistent look.
 */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** `TCP 10.9.1.1:80` -> `10.9.0.1:80` -> weight. */
export type Table = Map<string, Map<string, number>>;

const address = (hex: string): string =>
  `${[0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')}:${Number.parseInt(hex.slice(9), 16)}`;

/** Parses /proc/net/ip_vs (IPv4 and firewall marks). */
export function parseTable(text: string): Table {
  const table: Table = new Map();
  let current: Map<string, number> | undefined;
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'TCP' || words[0] === 'UDP' || words[0] === 'SCTP') {
      current = new Map();
      table.set(`${words[0]} ${address(words[1] as string)}`, current);
    } else if (words[0] === 'FWM') {
      current = new Map();
      table.set(`FWM ${Number.parseInt(words[1] as string, 16)}`, current);
    } else if (words[0] === '->' && words[1] !== 'RemoteAddress:Port') {
      current?.set(address(words[1] as string), Number(words[3]));
    }
  }
  return table;
}

export const readTable = (): Table => parseTable(readFileSync('/proc/thread-self/net/ip_vs', 'utf8'));

/** One line a destination, sorted: for comparing and for messages. */
export function tableText(table: Table): string {
  const lines: string[] = [];
  for (const [service, destinations] of table) {
    lines.push(service);
    for (const [destination, weight] of destinations) lines.push(`${service} ${destination} ${weight}`);
  }
  return lines.sort().join('\n');
}

export interface Breach {
  readonly what: string;
  readonly kind: 'absent' | 'present';
  /** Milliseconds since the watch began. */
  readonly at: number;
}

/** `SERVICE DESTINATION`, as `TCP 10.9.1.1:80 10.9.0.1:80`. */
export type Place = string;

/** Watches the table without a break. */
export class TableWatch {
  readonly #worker: Worker;
  readonly #breaches: Breach[] = [];
  #looks = 0;

  constructor() {
    this.#worker = new Worker(new URL('./table-poller.js', import.meta.url));
    this.#worker.on('message', (message: { readonly looks: number; readonly breach?: Breach }) => {
      this.#looks = message.looks;
      if (message.breach !== undefined) this.#breaches.push(message.breach);
    });
  }

  /**
   * Gives new orders and waits until they are in force.
   * @param keep from now on absent, or with weight 0, only until first seen: once seen they must stay
   * @param keepOut must never be there with a weight above 0
   */
  async order(keep: readonly Place[], keepOut: readonly Place[] = []): Promise<void> {
    const done = new Promise<void>((resolve) => {
      const hear = (message: { readonly ordered?: boolean }): void => {
        if (message.ordered !== true) return;
        this.#worker.off('message', hear);
        resolve();
      };
      this.#worker.on('message', hear);
    });
    this.#worker.postMessage({ keep, keepOut });
    await done;
  }

  get looks(): number {
    return this.#looks;
  }

  /** What was seen against the orders so far, and forgets it. */
  take(): Breach[] {
    return this.#breaches.splice(0);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
