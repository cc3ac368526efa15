/**
 * HostRouter on a text, beside keepalived on the same text in the stand's other namespace (vrrp-stand.ts).
 */
import assert from 'node:assert/strict';
import { HostRouter, type HostRouterOptions } from '../../vrrp/host-router.js';
import { parseText } from '../unit/parser/schema/parse-text.js';
import { Keepalived, wait } from './vrrp-lab.js';
import { alike, assertSame, picture, type Stand } from './vrrp-stand.js';

/** An instance of version 3 at 100 ms, priority 100. */
export const instanceText = (name: string, vrid: number, body: string, on = 'eth0'): string =>
  `vrrp_instance ${name} {\ninterface ${on}\nvirtual_router_id ${vrid}\nversion 3\nadvert_int 0.1\npriority 100\n${body}\n}\n`;

/** The owner of its addresses: MASTER at once. */
export const asOwner = (text: string): string => text.replaceAll('priority 100', 'priority 255');

export function optionsOf(text: string): HostRouterOptions {
  const { config } = parseText(text);
  return {
    config: config.vrrp,
    hmacKey: (written) => Buffer.from(written),
    held: false,
    logUnknownVrids: false,
    vmacPrefix: config.global.vrrp.vmacPrefix,
    vmacAddressPrefix: config.global.vrrp.vmacAddressPrefix,
  };
}

export class HostRun {
  readonly log: string[] = [];
  readonly #stand: Stand;
  #router: HostRouter | undefined;
  #keepalived: Keepalived | undefined;

  constructor(stand: Stand) {
    this.#stand = stand;
  }

  begin(text: string): HostRouter {
    this.#router = new HostRouter(optionsOf(text), {
      onNotify: () => {},
      onLog: (line) => this.log.push(line),
    });
    this.#router.start();
    return this.#router;
  }

  async beginAsMaster(text: string): Promise<HostRouter> {
    const ours = this.begin(text);
    await wait(
      () => ours.router.instances().every(({ election }) => election.role === 'master'),
      () => this.log.join('\n'),
      3000,
    );
    return ours;
  }

  /** Both do the file until all instances are MASTER. */
  async both(text: string): Promise<void> {
    const names = [...text.matchAll(/vrrp_instance (\w+)/g)].map(([, name]) => name as string);
    assert.equal(optionsOf(text).config.instances.size, names.length, 'the parser left an instance out');
    const keepalived = new Keepalived(this.#stand, text);
    this.#keepalived = keepalived;
    const { router } = this.begin(text);
    await wait(
      () => router.instances().every(({ election }) => election.role === 'master') && keepalived.all(names, 'MASTER'),
      () => `${this.log.join('\n')}\n${keepalived.log.slice(-25).join('\n')}`,
      10_000,
    );
  }

  /**
   * MASTER, then the end: alike both times, and at the end as it was before.
   * @param afterwards `ours`: keepalived itself leaves something behind, which the test says
   */
  async compare(text: string, afterwards: 'both' | 'ours' = 'both'): Promise<void> {
    const bare = picture(this.#stand.here);
    await this.both(text);
    await alike(this.#stand, `as MASTER\n${this.log.join('\n')}`);
    assert.notDeepEqual(picture(this.#stand.here), bare, 'nothing was put on the host');
    await this.stop();
    if (afterwards === 'both') await alike(this.#stand, 'after the end');
    assertSame(picture(this.#stand.here), bare, 'after the end');
  }

  /** As a crash would: nothing is said, everything stays. */
  crash(): void {
    this.#router?.close();
    this.#router = undefined;
  }

  /** Ends both. Harmless when they have ended. */
  async stop(): Promise<void> {
    this.#router?.stop();
    this.#router = undefined;
    await this.#keepalived?.stop();
    this.#keepalived = undefined;
  }
}
