// Configurations of virtual routers for tests, and a router that is fed by hand and remembers its effects.

import type { AddressFamily, IpAddress } from '../../../runtime/addresses.js';
import type { ElectionParameters } from '../../../vrrp/election-state.js';
import type { NotificationState } from '../../../vrrp/notification.js';
import { fifoLine } from '../../../vrrp/notification.js';
import type { VrrpVersion } from '../../../vrrp/packet.js';
import { type Authentication, addressBytes } from '../../../vrrp/packet-encode.js';
import {
  identityOf,
  Router,
  type RouterConfig,
  type RouterEffect,
  type SyncGroupConfig,
} from '../../../vrrp/router.js';
import type { Tracker } from '../../../vrrp/tracking.js';
import {
  defaultGroup,
  type OutgoingAdvert,
  type VirtualRouter,
  type VirtualRouterConfig,
} from '../../../vrrp/virtual-router.js';
import { parameters } from './elections.js';
import { addresses, authentication, ip } from './packets.js';

export interface InstanceGiven {
  readonly name?: string;
  readonly scope?: string;
  readonly vrid?: number;
  readonly family?: AddressFamily;
  readonly version?: VrrpVersion;
  readonly source?: string | undefined;
  readonly auth?: string | Authentication;
  readonly trackers?: readonly Tracker[];
  readonly group?: string;
  readonly peers?: readonly string[];
  readonly election?: Partial<ElectionParameters>;
}

export function instance(given: InstanceGiven = {}): VirtualRouterConfig {
  const family = given.family ?? 'inet';
  const version = given.version ?? 3;
  const vrid = given.vrid ?? 51;
  const election = parameters({
    name: given.name ?? 'VI_1',
    version,
    grouped: given.group !== undefined,
    ...given.election,
  });
  const list = addressBytes(addresses(family === 'inet' ? '10.0.0.100' : 'fe80::100'), family);
  const auth = typeof given.auth === 'object' ? given.auth : authentication(given.auth ?? 'none');
  const peers: readonly IpAddress[] = (given.peers ?? []).map(ip);
  const interval = version === 2 ? election.interval / 1000 : election.interval / 10;
  const multicastGroup = defaultGroup(family);
  return {
    identity: identityOf(given.scope ?? 'eth0', family, vrid),
    election,
    form: {
      family,
      version,
      vrid,
      addressCount: 1,
      addresses: list,
      interval,
      ttl: 255,
      multicastGroup,
      authentication: auth,
    },
    receive: {
      vrid,
      family,
      version,
      interval,
      authentication: auth,
      peers: new Map(peers.map((peer) => [peer, { min: 0, max: 255 }])),
      checkUnicastSource: false,
      addressCount: 1,
      addresses: list,
      skipCheckOfSameSender: false,
      multicastGroup,
      checksumWithoutPseudoHeader: false,
      oldUnicastChecksum: 'adapt',
      ownerIgnores: false,
    },
    source:
      'source' in given && given.source === undefined
        ? undefined
        : ip(given.source ?? (family === 'inet' ? '10.0.0.5' : 'fe80::5')),
    peers,
    trackers: given.trackers ?? [],
    group: given.group,
  };
}

export function configOf(instances: readonly VirtualRouterConfig[], logUnknownVrids = false): RouterConfig {
  const groups = new Map<string, string[]>();
  for (const { group, election } of instances) {
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), election.name]);
  }
  const list: SyncGroupConfig[] = [...groups].map(([name, members]) => ({ name, members }));
  return { instances, groups: list, logUnknownVrids };
}

/** A router by hand: `now` is moved by the test. */
export class HandRouter {
  readonly effects: RouterEffect[] = [];
  readonly router = new Router((effect) => {
    this.effects.push(effect);
  });
  now = 0;

  get at(): { now: number; wall: number } {
    return { now: this.now, wall: 1_700_000_000_000 + this.now };
  }

  load(...instances: readonly VirtualRouterConfig[]): this {
    this.router.load(configOf(instances));
    return this;
  }

  start(): this {
    this.router.start(this.at);
    return this;
  }

  /** Lets `span` milliseconds pass. */
  pass(span: number): this {
    const end = this.now + span;
    for (let next = this.router.deadline; next <= end; next = this.router.deadline) {
      this.now = next;
      this.router.timer(this.at);
    }
    this.now = end;
    return this;
  }

  of(name: string): VirtualRouter {
    const found = this.router.instances().find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no instance ${name}`);
    return found;
  }

  roles(): string {
    return this.router
      .instances()
      .map(({ name, election }) => `${name}:${election.role}`)
      .join(' ');
  }

  /** What was notified since the last call, as FIFO lines without their ends. */
  notified(): readonly string[] {
    const lines = this.effects.flatMap((effect) =>
      effect.kind === 'notify' ? [fifoLine(effect.subject, effect.state satisfies NotificationState).trim()] : [],
    );
    this.effects.length = 0;
    return lines;
  }

  /** The adverts that were sent since the effects were looked at last. */
  said(): readonly OutgoingAdvert[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' ? effect.adverts : []));
  }

  lines(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'log' && !effect.detail ? [effect.text] : []));
  }
}
