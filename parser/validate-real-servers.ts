/**
 * The real servers of one virtual server: which stay, with which method, port and weight, and what quorum they can give
 * (keepalived.md 14.3, 16).
 *
 * Checkers are validate-checker.ts's; what concerns the service itself is validate-virtual-server.ts's.
 */
import type { Checker } from '../config/checker.js';
import type { Forwarding, RealServer, SorryServer } from '../config/virtual-server.js';
import { port, weight } from '../runtime/units.js';
import type { BindContext } from './bind-context.js';
import { canStandFor, movedDrafts, movedServer } from './known-servers.js';
import type {
  CheckerDraft,
  HandedDown,
  RealServerDraft,
  SorryServerDraft,
  VirtualServerDraft,
} from './schema/drafts.js';
import { NAT } from './schema/forwarding.js';
import { type VirtualServerSurroundings, validateChecker } from './validate-checker.js';
import { hasMarks, type VirtualServerVoice } from './validate-voice.js';

export interface EffectiveServers {
  readonly realServers: readonly RealServer[];
  readonly sorryServer: SorryServer | undefined;
  readonly forwarding: Forwarding;
  readonly quorum: number;
  readonly hysteresis: number;
}

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

/** The real servers of one virtual server as they become effective, and its sorry server, quorum and hysteresis. */
export class RealServersValidation {
  readonly #draft: VirtualServerDraft;
  readonly #of: VirtualServerSurroundings;
  readonly #context: BindContext;
  readonly #voice: VirtualServerVoice;
  #forwarding: Forwarding | undefined;
  #handsDown: HandedDown | undefined;

  constructor(
    draft: VirtualServerDraft,
    of: VirtualServerSurroundings,
    context: BindContext,
    voice: VirtualServerVoice,
  ) {
    this.#draft = draft;
    this.#of = of;
    this.#context = context;
    this.#voice = voice;
    this.#forwarding = draft.forwarding;
  }

  run(): EffectiveServers {
    const sorry = this.#draft.sorryServer;
    const written = this.#withoutDuplicates();
    const methods = written.map((server) => server.forwarding ?? this.#method());
    const sorryMethod = sorry === undefined ? undefined : (sorry.forwarding ?? this.#method());
    const ports = this.#ports(written, methods, sorry, sorryMethod);
    const kept = this.#stillDistinct(written, ports.real);
    const inhibit = this.#sorryInhibit(written, ports);
    const { quorum, hysteresis } = this.#quorum(kept.map(({ server }) => server));
    return {
      realServers: kept.map(({ server, i }) => this.#realServer(server, methods[i] ?? NAT, ports.real[i] ?? 0)),
      sorryServer:
        sorry === undefined
          ? undefined
          : { address: sorry.address, port: port(ports.sorry), forwarding: sorryMethod ?? NAT, inhibit, at: sorry.at },
      forwarding: this.#forwarding ?? methods[0] ?? NAT,
      quorum,
      hysteresis,
    };
  }

  /** The virtual server's method; said once where it is a default. */
  #method(): Forwarding {
    if (this.#forwarding === undefined) {
      const message = `Virtual server ${this.#voice.name()}: no forwarding method set, setting default NAT`;
      this.#voice.say('LVSD_CONFIG_DEFAULT', message, { expected: 'lvs_method', assumed: 'NAT' });
      this.#forwarding = NAT;
    }
    return this.#forwarding;
  }

  #withoutDuplicates(): readonly RealServerDraft[] {
    const all = this.#draft.realServers;
    const second = secondOnes(all);
    if (second.size === 0) return all;
    for (const server of second) {
      const message = `VS ${this.#voice.name()}: real server ${this.#voice.serverName(server)} is duplicated - removing second rs`;
      this.#voice.say('LVSD_CONFIG_DUPLICATE', message, { assumed: 'the first one counts' }, server.at);
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
      const name = this.#voice.serverName({ address: server.address, port: ports[i] ?? 0 });
      if (!seen.has(name)) {
        seen.add(name);
        return true;
      }
      const message = `VS ${this.#voice.name()}: real server ${name} is duplicated - removing second rs`;
      this.#voice.say('LVSD_CONFIG_DUPLICATE', message, { assumed: 'the first one counts' }, server.at);
      return false;
    });
  }

  #inhibit(server: RealServerDraft): boolean {
    return server.inhibitOnFailure ?? this.#draft.inhibitOnFailure ?? false;
  }

  #sorryInhibit(
    servers: readonly RealServerDraft[],
    ports: { readonly real: readonly number[]; readonly sorry: number },
  ): boolean {
    const sorry = this.#draft.sorryServer;
    if (sorry === undefined) return false;
    const same = servers.find(
      (server, i) => server.address === sorry.address && (server.port === sorry.port || ports.real[i] === ports.sorry),
    );
    if (same === undefined || this.#inhibit(same) === sorry.inhibit) return sorry.inhibit;
    const inhibit = this.#inhibit(same);
    const message = `Virtual server ${this.#voice.name()}: real server ${this.#voice.serverName(same)} matches sorry server, but inhibit setting differs, ${inhibit ? 'sett' : 'clear'}ing on sorry server`;
    this.#voice.say('LVSD_CONFIG_SORRY_INHIBIT', message, {}, sorry.at);
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
      const message = `Warning - quorum ${quorum} for ${this.#voice.name()} exceeds total weight of real servers ${total}, ${what}`;
      this.#voice.say('LVSD_CONFIG_QUORUM', message, { assumed: `quorum ${reduced}` });
      quorum = reduced;
    }
    if (hysteresis >= quorum) {
      const message = `Virtual server ${this.#voice.name()}: hysteresis ${hysteresis} >= quorum ${quorum}; setting hysteresis to ${quorum - 1}`;
      this.#voice.say('LVSD_CONFIG_HYSTERESIS', message, { assumed: `hysteresis ${quorum - 1}` });
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
        ? `WARNING - fwmark virtual server ${this.#voice.name()}, real server ${this.#voice.serverName(server)} has port specified - clearing`
        : `WARNING - virtual server ${this.#voice.name()} and real server ${this.#voice.serverName(server)} ports don't match - resetting`;
      this.#voice.say('LVSD_CONFIG_PORT', message, { expected: `port ${own}`, assumed: `port ${own}` }, server.at);
      return own;
    });
    if (sorry === undefined || sorryFree) return { real, sorry: sorry?.port ?? 0 };
    if (sorry.port !== 0 && sorry.port !== own) {
      const message = marked
        ? `WARNING - virtual server ${this.#voice.name()}, sorry server has port specified - clearing`
        : `WARNING - virtual server ${this.#voice.name()} and sorry server ports don't match - resetting`;
      this.#voice.say('LVSD_CONFIG_PORT', message, { expected: `port ${own}`, assumed: `port ${own}` }, sorry.at);
    }
    return { real, sorry: own };
  }

  /** In a group ports are only told about: each entry may have its own. */
  #tellGroupPorts(
    servers: readonly RealServerDraft[],
    methods: readonly Forwarding[],
    sorry: SorryServerDraft | undefined,
  ): void {
    const name = this.#voice.name();
    const tell = (message: string, at: RealServerDraft['at']): void =>
      this.#voice.say('LVSD_CONFIG_PORT', message, {}, at);
    const strict = servers.filter((server, i) => server.port !== 0 && !translatesPorts(methods[i] ?? NAT));
    if (hasMarks(this.#draft, this.#of.group)) {
      for (const server of strict) {
        tell(
          `WARNING - fwmark virtual server ${name}, real server ${this.#voice.serverName(server)} has port specified - port will be ignored`,
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
          `virtual server ${name}:[${range},${entry.port}] and real server ${this.#voice.serverName(server)} ports don't match`,
          server.at,
        );
      }
      if (sorry !== undefined && sorry.port !== 0 && sorry.port !== entry.port) {
        tell(`WARNING - virtual server ${name}, sorry server has port specified - port will be ignored`, sorry.at);
      }
    }
  }

  #realServer(server: RealServerDraft, forwarding: Forwarding, serverPort: number): RealServer {
    const { known } = server;
    if (known === undefined) return this.#validated(server, server.checkers, forwarding, serverPort);
    this.#handsDown ??= this.#context.known?.handedDown(this.#draft);
    const words = this.#handsDown;
    const before = words === undefined ? undefined : known.effective.get(words);
    if (before !== undefined && canStandFor(before, server)) {
      const { address, port: written, at } = server;
      return movedServer(before, known.draft.checkers, address, written, port(serverPort), forwarding, at);
    }
    const said = this.#context.said;
    const made = this.#validated(server, movedDrafts(known, server.at), forwarding, serverPort);
    if (words !== undefined && this.#context.said === said && canStandFor(made, server)) {
      known.effective.set(words, made);
    }
    return made;
  }

  #validated(
    server: RealServerDraft,
    drafts: readonly CheckerDraft[],
    forwarding: Forwarding,
    serverPort: number,
  ): RealServer {
    const draft = this.#draft;
    const alpha = server.alpha ?? draft.alpha ?? false;
    const checkers: Checker[] = [];
    if (drafts.length > 0) {
      const { logAllFailures, schedules, knownNames, validateRegex } = this.#of;
      const name = (): string => this.#voice.serverName(server);
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
      for (const check of drafts) {
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
