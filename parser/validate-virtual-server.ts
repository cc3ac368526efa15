/**
 * From a virtual server's draft to the effective virtual server: keepalived's defaults, corrections and complaints, in
 * its order and its words (keepalived.md 14, 16; validate_check_config of keepalived's check_data.c is the behaviour).
 *
 * Where keepalived has a bug the operator's wish counts (keepalived.md 24): quorum never becomes 0, ha_suspend works for
 * groups. It asks the host nothing and never throws.
 */
import type { Checker } from '../config/checker.js';
import type {
  Forwarding,
  Persistence,
  RealServer,
  SchedulerFlags,
  SorryServer,
  TransportProtocol,
  VirtualServer,
  VirtualServerGroup,
  VirtualServerTarget,
} from '../config/virtual-server.js';
import { type AddressFamily, familyOf, type Ipv4 } from '../runtime/addresses.js';
import { fwmark, port, seconds, weight } from '../runtime/units.js';
import type { BindContext } from './bind-context.js';
import type { RealServerDraft, SorryServerDraft, VirtualServerDraft } from './schema/drafts.js';
import { NAT } from './schema/forwarding.js';
import { DEFAULT_PERSISTENCE } from './schema/limits.js';
import { delayLoopOf, type KnownNames, type SchedulePool, validateChecker } from './validate-checker.js';

/** What a virtual server is validated against. */
export interface VirtualServerSurroundings {
  /** The group that a group virtual server names. */
  readonly group: VirtualServerGroup | undefined;
  /** How many virtual servers above this one use the group. */
  readonly ordinal: number;
  readonly smtpAlert: boolean | undefined;
  readonly logAllFailures: boolean;
  readonly localAddressGroups: ReadonlySet<string>;
  readonly knownNames: KnownNames;
  readonly schedules: SchedulePool;
  readonly validateRegex: ((pattern: string, options: readonly string[]) => string | undefined) | undefined;
}

const SOLID = '255.255.255.255' as Ipv4;
const NO_FLAGS: SchedulerFlags = { ops: false, sched1: false, sched2: false, sched3: false };
const NO_FULLNAT: VirtualServer['fullnat'] = {
  localAddressGroup: undefined,
  localAddresses: [],
  synProxy: false,
  establishedTimeout: undefined,
  vipBindDevice: undefined,
};

/** Methods whose real servers may have a port of their own. */
function translatesPorts(forwarding: Forwarding): boolean {
  return forwarding.method === 'NAT' || forwarding.method === 'FNAT' || forwarding.method === 'SNAT';
}

const NONE: ReadonlySet<RealServerDraft> = new Set();
/** Up to this many servers comparing each with each is cheaper than a table. */
const FEW = 12;

/** The servers whose address and port an earlier one has. */
function secondOnes(servers: readonly RealServerDraft[]): ReadonlySet<RealServerDraft> {
  const equal = (a: RealServerDraft, b: RealServerDraft): boolean => a.port === b.port && a.address === b.address;
  if (servers.length <= FEW && !servers.some((one, i) => servers.some((other, j) => j < i && equal(one, other)))) {
    return NONE;
  }
  const seen = new Set<string>();
  return new Set(
    servers.filter((server) => {
      const before = seen.size;
      return seen.add(`${server.address} ${server.port}`).size === before;
    }),
  );
}

class Validation {
  readonly #draft: VirtualServerDraft;
  readonly #of: VirtualServerSurroundings;
  readonly #context: BindContext;
  #protocol: TransportProtocol | undefined;
  #persistence: number | undefined;
  #forwarding: Forwarding | undefined;

  constructor(draft: VirtualServerDraft, of: VirtualServerSurroundings, context: BindContext) {
    this.#draft = draft;
    this.#of = of;
    this.#context = context;
    this.#protocol = draft.protocol;
    this.#persistence = draft.persistenceTimeout;
    this.#forwarding = draft.forwarding;
  }

  run(): VirtualServer | undefined {
    const draft = this.#draft;
    if (draft.realServers.length === 0) {
      this.#say('LVSD_CONFIG_NO_REAL_SERVERS', `Virtual server ${this.#name()} has no real servers - ignoring`, {
        assumed: 'this virtual server does not exist',
      });
      return undefined;
    }
    const target = this.#target();
    if (target === undefined) return undefined;
    const haSuspend = this.#haSuspend();
    const ops = this.#transport();
    if (draft.scheduler === undefined) {
      this.#say('LVSD_CONFIG_DEFAULT', `Virtual server ${this.#name()}: no scheduler set, setting default 'wlc'`, {
        expected: 'lvs_sched',
        assumed: 'wlc',
      });
    }
    const written = this.#withoutDuplicates();
    const sorry = draft.sorryServer;
    const methods = written.map((server) => server.forwarding ?? this.#method());
    const sorryMethod = sorry === undefined ? undefined : (sorry.forwarding ?? this.#method());
    const sorryInhibit = this.#sorryInhibit(written);
    const ports = this.#ports(written, methods, sorry, sorryMethod);
    const kept = this.#stillDistinct(written, ports.real);
    const { quorum, hysteresis } = this.#quorum(kept.map(({ server }) => server));
    const fullnat = this.#fullnat();
    return {
      target,
      protocol: this.#protocol ?? 'TCP',
      family: target.kind === 'group' ? draft.family : undefined,
      scheduler: draft.scheduler ?? 'wlc',
      flags: this.#flags(ops),
      persistence: this.#persist(),
      forwarding: this.#forwarding ?? methods[0] ?? NAT,
      alpha: draft.alpha ?? false,
      omega: draft.omega,
      quorum,
      hysteresis,
      quorumUp: draft.quorumUp,
      quorumDown: draft.quorumDown,
      haSuspend,
      delayLoop: seconds(delayLoopOf(draft)),
      smtpAlert: draft.smtpAlert ?? this.#of.smtpAlert ?? false,
      virtualhost: draft.virtualhost,
      snmpName: draft.snmpName,
      sorryServer: this.#sorry(sorry, sorryMethod, sorryInhibit, ports.sorry),
      realServers: kept.map(({ server, i }) => this.#realServer(server, methods[i] ?? NAT, ports.real[i] ?? 0)),
      fullnat,
      at: draft.at,
    };
  }

  #say(
    code: `LVSD_CONFIG_${string}`,
    message: string,
    extras: { readonly expected?: string; readonly assumed?: string } = {},
    at = this.#draft.at,
  ): void {
    this.#context.reportAt('assumed', code, message, at, extras);
  }

  /** As keepalived names it in messages: `none` where no protocol is known yet. */
  #name(): string {
    const target = this.#draft.target;
    switch (target.kind) {
      case 'address':
        return `[${target.address}]:${this.#protocolName()}:${target.port}`;
      case 'fwmark':
        return `FWM ${target.mark}`;
      case 'group':
        return `[${target.group}]:${this.#of.ordinal}`;
    }
  }

  #protocolName(): string {
    return this.#protocol?.toLowerCase() ?? 'none';
  }

  #serverName(server: { readonly address: string; readonly port: number }): string {
    return `[${server.address}]:${this.#protocolName()}:${server.port}`;
  }

  #target(): VirtualServerTarget | undefined {
    const { target } = this.#draft;
    switch (target.kind) {
      case 'address':
        return target;
      case 'fwmark':
        return { kind: 'fwmark', mark: fwmark(target.mark), family: this.#markFamily() };
      case 'group':
        return this.#groupFits(target.group) ? { ...target, ordinal: this.#of.ordinal } : undefined;
    }
  }

  /** A mark's family where nothing has fixed it: that of its tunnelled servers if they agree, else IPv4. */
  #markFamily(): AddressFamily {
    const { family, realServers, sorryServer } = this.#draft;
    if (family !== undefined) return family;
    const families = new Set(realServers.map((server) => familyOf(server.address)));
    if (sorryServer !== undefined) families.add(familyOf(sorryServer.address));
    return families.size === 1 && families.has('inet6') ? 'inet6' : 'inet';
  }

  #groupFits(name: string): boolean {
    const group = this.#of.group;
    const refuse = (message: string): boolean => {
      this.#say('LVSD_CONFIG_GROUP', message, { assumed: 'this virtual server does not exist' });
      return false;
    };
    if (group === undefined) {
      return refuse(
        `Virtual server group ${name} specified but not configured - ignoring virtual server ${this.#name()}`,
      );
    }
    const has = (family: AddressFamily): boolean =>
      group.entries.some((entry) => (entry.kind === 'range' ? familyOf(entry.first) : entry.family) === family);
    const { family } = this.#draft;
    if (family === undefined) return true;
    if (has('inet') && has('inet6')) {
      return refuse(
        `${name}: virtual server group with IPv4 & IPv6 doesn't match virtual server ${this.#name()} - ignoring`,
      );
    }
    if (has(family === 'inet' ? 'inet6' : 'inet')) {
      return refuse(`${name}: address family doesn't match virtual server ${this.#name()} - ignoring`);
    }
    return true;
  }

  #hasMarks(): boolean {
    return (
      this.#draft.target.kind === 'fwmark' || (this.#of.group?.entries.some((each) => each.kind === 'fwmark') ?? false)
    );
  }

  #hasAddresses(): boolean {
    const kind = this.#draft.target.kind;
    return (
      kind === 'address' ||
      (kind === 'group' && (this.#of.group?.entries.some((each) => each.kind === 'range') ?? false))
    );
  }

  #haSuspend(): boolean {
    if (!this.#draft.haSuspend || !this.#hasMarks()) return this.#draft.haSuspend;
    const message = `Virtual server ${this.#name()}: cannot use ha_suspend with fwmarks - clearing ha_suspend`;
    this.#say('LVSD_CONFIG_HA_SUSPEND', message, { assumed: 'its checks never pause' });
    return false;
  }

  /** Protocol, one-packet scheduling and the persistence that a service without a port needs. */
  #transport(): boolean {
    const { target } = this.#draft;
    let ops = this.#draft.ops;
    if (this.#hasAddresses()) {
      if (this.#protocol === undefined) {
        const message = `Virtual server ${this.#name()}: no protocol set - defaulting to UDP`;
        this.#say('LVSD_CONFIG_DEFAULT', message, { expected: 'protocol TCP, UDP or SCTP', assumed: 'UDP' });
        this.#protocol = 'UDP';
      }
      if (ops && this.#protocol !== 'UDP') {
        const message = `Virtual server ${this.#name()}: one packet scheduling requires UDP - resetting`;
        this.#say('LVSD_CONFIG_OPS', message, { assumed: 'no ops' });
        ops = false;
      }
      const portless =
        target.kind === 'address'
          ? target.port === 0
          : (this.#of.group?.entries.some((each) => each.kind === 'range' && each.port === 0) ?? false);
      if (portless && this.#persistence === undefined) {
        const message = `Virtual server ${this.#name()}: zero port only valid for persistent services - setting`;
        this.#say('LVSD_CONFIG_ZERO_PORT', message, { assumed: `persistence_timeout ${DEFAULT_PERSISTENCE}` });
        this.#persistence = DEFAULT_PERSISTENCE;
      }
    } else if (this.#protocol !== undefined) {
      const message = `Warning: Virtual server ${this.#name()}: protocol specified for fwmark - protocol will be ignored`;
      this.#say('LVSD_CONFIG_FWMARK_PROTOCOL', message, { expected: 'no protocol', assumed: 'any protocol' });
      this.#protocol = undefined;
    }
    return ops;
  }

  #flags(ops: boolean): SchedulerFlags {
    const { sched1, sched2, sched3 } = this.#draft;
    return ops || sched1 || sched2 || sched3 ? { ops, sched1, sched2, sched3 } : NO_FLAGS;
  }

  #persist(): Persistence | undefined {
    const draft = this.#draft;
    if (this.#persistence === undefined) {
      if (draft.persistenceEngine !== undefined) {
        const message = `Virtual server ${this.#name()}: persistence_engine has no effect without persistence_timeout`;
        this.#context.reportAt('note', 'LVSD_CONFIG_NO_EFFECT', message, draft.at, { assumed: 'no persistence' });
      }
      return undefined;
    }
    const six =
      draft.granularityPrefix !== undefined ||
      (draft.granularityMask === undefined &&
        (draft.family === 'inet6' || (draft.target.kind === 'fwmark' && this.#markFamily() === 'inet6')));
    return {
      timeout: seconds(this.#persistence),
      granularity: six
        ? { family: 'inet6', prefix: draft.granularityPrefix ?? 128 }
        : { family: 'inet', mask: draft.granularityMask ?? SOLID },
      engine: draft.persistenceEngine,
    };
  }

  /** The virtual server's method; said once where it is a default. */
  #method(): Forwarding {
    if (this.#forwarding === undefined) {
      const message = `Virtual server ${this.#name()}: no forwarding method set, setting default NAT`;
      this.#say('LVSD_CONFIG_DEFAULT', message, { expected: 'lvs_method', assumed: 'NAT' });
      this.#forwarding = NAT;
    }
    return this.#forwarding;
  }

  #withoutDuplicates(): readonly RealServerDraft[] {
    const all = this.#draft.realServers;
    const second = secondOnes(all);
    if (second.size === 0) return all;
    for (const server of second) {
      const message = `VS ${this.#name()}: real server ${this.#serverName(server)} is duplicated - removing second rs`;
      this.#say('LVSD_CONFIG_DUPLICATE', message, { assumed: 'the first one counts' }, server.at);
    }
    return all.filter((server) => !second.has(server));
  }

  /**
   * Servers that corrected ports have made equal: keepalived keeps both over one kernel destination, so the second one's
   * checks take the first one's place away. Here a name is a server, so the second is left out.
   */
  #stillDistinct(
    servers: readonly RealServerDraft[],
    ports: readonly number[],
  ): readonly { readonly server: RealServerDraft; readonly i: number }[] {
    const all = servers.map((server, i) => ({ server, i }));
    if (servers.every((server, i) => server.port === ports[i])) return all;
    const seen = new Set<string>();
    return all.filter(({ server, i }) => {
      const name = this.#serverName({ address: server.address, port: ports[i] ?? 0 });
      if (!seen.has(name)) {
        seen.add(name);
        return true;
      }
      const message = `VS ${this.#name()}: real server ${name} is duplicated - removing second rs`;
      this.#say('LVSD_CONFIG_DUPLICATE', message, { assumed: 'the first one counts' }, server.at);
      return false;
    });
  }

  #inhibit(server: RealServerDraft): boolean {
    return server.inhibitOnFailure ?? this.#draft.inhibitOnFailure ?? false;
  }

  #sorryInhibit(servers: readonly RealServerDraft[]): boolean {
    const sorry = this.#draft.sorryServer;
    if (sorry === undefined) return false;
    const same = servers.find((server) => server.address === sorry.address && server.port === sorry.port);
    if (same === undefined || this.#inhibit(same) === sorry.inhibit) return sorry.inhibit;
    const inhibit = this.#inhibit(same);
    const message = `Virtual server ${this.#name()}: real server ${this.#serverName(same)} matches sorry server, but inhibit setting differs, ${inhibit ? 'sett' : 'clear'}ing on sorry server`;
    this.#say('LVSD_CONFIG_SORRY_INHIBIT', message, {}, sorry.at);
    return inhibit;
  }

  #weight(server: RealServerDraft): number {
    return server.weight ?? this.#draft.weight ?? 1;
  }

  /** Quorum within the reach of the weights, hysteresis below the quorum; neither ever leaves 0 behind. */
  #quorum(servers: readonly RealServerDraft[]): { readonly quorum: number; readonly hysteresis: number } {
    let { quorum, hysteresis } = this.#draft;
    const total = servers.reduce((sum, server) => sum + this.#weight(server), 0);
    if (quorum > total) {
      const reduced = Math.max(1, total);
      const what = reduced === quorum ? 'keeping quorum 1' : `reducing quorum to ${reduced}`;
      const message = `Warning - quorum ${quorum} for ${this.#name()} exceeds total weight of real servers ${total}, ${what}`;
      this.#say('LVSD_CONFIG_QUORUM', message, { assumed: `quorum ${reduced}` });
      quorum = reduced;
    }
    if (hysteresis >= quorum) {
      const message = `Virtual server ${this.#name()}: hysteresis ${hysteresis} >= quorum ${quorum}; setting hysteresis to ${quorum - 1}`;
      this.#say('LVSD_CONFIG_HYSTERESIS', message, { assumed: `hysteresis ${quorum - 1}` });
      hysteresis = quorum - 1;
    }
    return { quorum, hysteresis };
  }

  #ports(
    servers: readonly RealServerDraft[],
    methods: readonly Forwarding[],
    sorry: SorryServerDraft | undefined,
    sorryMethod: Forwarding | undefined,
  ): { readonly real: readonly number[]; readonly sorry: number } {
    const target = this.#draft.target;
    const sorryFree = sorry === undefined || sorryMethod === undefined || translatesPorts(sorryMethod);
    if (target.kind === 'group') {
      this.#tellGroupPorts(servers, methods, sorryFree ? undefined : sorry);
      return { real: servers.map((server) => server.port), sorry: sorry?.port ?? 0 };
    }
    const own = target.kind === 'address' ? target.port : 0;
    const marked = target.kind === 'fwmark';
    const real = servers.map((server, i) => {
      if (server.port === 0) return own;
      if (translatesPorts(methods[i] ?? NAT) || server.port === own) return server.port;
      const message = marked
        ? `WARNING - fwmark virtual server ${this.#name()}, real server ${this.#serverName(server)} has port specified - clearing`
        : `WARNING - virtual server ${this.#name()} and real server ${this.#serverName(server)} ports don't match - resetting`;
      this.#say('LVSD_CONFIG_PORT', message, { expected: `port ${own}`, assumed: `port ${own}` }, server.at);
      return own;
    });
    if (sorry === undefined || sorryFree) return { real, sorry: sorry?.port ?? 0 };
    if (sorry.port !== 0 && sorry.port !== own) {
      const message = marked
        ? `WARNING - virtual server ${this.#name()}, sorry server has port specified - clearing`
        : `WARNING - virtual server ${this.#name()} and sorry server ports don't match - resetting`;
      this.#say('LVSD_CONFIG_PORT', message, { expected: `port ${own}`, assumed: `port ${own}` }, sorry.at);
    }
    return { real, sorry: own };
  }

  /** In a group ports are only told about: each entry may have its own. */
  #tellGroupPorts(
    servers: readonly RealServerDraft[],
    methods: readonly Forwarding[],
    sorry: SorryServerDraft | undefined,
  ): void {
    const name = this.#name();
    const tell = (message: string, at: RealServerDraft['at']): void => this.#say('LVSD_CONFIG_PORT', message, {}, at);
    const strict = servers.filter((server, i) => server.port !== 0 && !translatesPorts(methods[i] ?? NAT));
    if (this.#hasMarks()) {
      for (const server of strict) {
        tell(
          `WARNING - fwmark virtual server ${name}, real server ${this.#serverName(server)} has port specified - port will be ignored`,
          server.at,
        );
      }
      if (sorry !== undefined && sorry.port !== 0) {
        tell(
          `WARNING - fwmark virtual server ${name}, sorry server has port specified - port will be ignored`,
          sorry.at,
        );
      }
    }
    for (const entry of this.#of.group?.entries ?? []) {
      if (entry.kind !== 'range') continue;
      const range = entry.first === entry.last ? entry.first : `${entry.first}-${entry.last}`;
      for (const server of strict) {
        if (server.port === entry.port) continue;
        tell(
          `virtual server ${name}:[${range},${entry.port}] and real server ${this.#serverName(server)} ports don't match`,
          server.at,
        );
      }
      if (sorry !== undefined && sorry.port !== 0 && sorry.port !== entry.port) {
        tell(`WARNING - virtual server ${name}, sorry server has port specified - port will be ignored`, sorry.at);
      }
    }
  }

  #sorry(
    sorry: SorryServerDraft | undefined,
    forwarding: Forwarding | undefined,
    inhibit: boolean,
    sorryPort: number,
  ): SorryServer | undefined {
    if (sorry === undefined) return undefined;
    return { address: sorry.address, port: port(sorryPort), forwarding: forwarding ?? NAT, inhibit, at: sorry.at };
  }

  #fullnat(): VirtualServer['fullnat'] {
    const { localAddressGroup, localAddresses, synProxy, establishedTimeout, vipBindDevice } = this.#draft;
    if (localAddressGroup !== undefined && !this.#of.localAddressGroups.has(localAddressGroup)) {
      this.#say('LVSD_CONFIG_LOCAL_ADDRESSES', `No address in group ${localAddressGroup}`, {
        expected: `local_address_group ${localAddressGroup}`,
        assumed: 'no local addresses',
      });
    }
    const used =
      localAddressGroup !== undefined || localAddresses.length > 0 || synProxy || vipBindDevice !== undefined;
    if (!used && establishedTimeout === undefined) return NO_FULLNAT;
    return {
      localAddressGroup,
      localAddresses,
      synProxy,
      establishedTimeout: establishedTimeout === undefined ? undefined : seconds(establishedTimeout),
      vipBindDevice,
    };
  }

  #realServer(server: RealServerDraft, forwarding: Forwarding, serverPort: number): RealServer {
    const draft = this.#draft;
    const alpha = server.alpha ?? draft.alpha ?? false;
    const checkers: Checker[] = [];
    if (server.checkers.length > 0) {
      const { logAllFailures, schedules, knownNames, validateRegex } = this.#of;
      const name = (): string => this.#serverName(server);
      const of = {
        virtual: draft,
        server,
        port: port(serverPort),
        alpha,
        logAllFailures,
        name,
        schedules,
        knownNames,
        validateRegex,
      };
      for (const check of server.checkers) {
        const checker = validateChecker(check, of, this.#context);
        if (checker !== undefined) checkers.push(checker);
      }
    }
    return {
      address: server.address,
      port: port(serverPort),
      weight: weight(this.#weight(server)),
      forwarding,
      upperThreshold: server.upperThreshold,
      lowerThreshold: server.lowerThreshold,
      inhibitOnFailure: this.#inhibit(server),
      notifyUp: server.notifyUp,
      notifyDown: server.notifyDown,
      alpha,
      smtpAlert: server.smtpAlert ?? this.#of.smtpAlert ?? true,
      virtualhost: server.virtualhost ?? draft.virtualhost,
      snmpName: server.snmpName,
      checkers,
      at: server.at,
    };
  }
}

/**
 * The effective virtual server.
 *
 * @returns undefined, after it was reported, where keepalived leaves it out
 */
export function validateVirtualServer(
  draft: VirtualServerDraft,
  of: VirtualServerSurroundings,
  context: BindContext,
): VirtualServer | undefined {
  return new Validation(draft, of, context).run();
}
