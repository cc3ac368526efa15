/**
 * The settings of IPVS that belong to no service: timeouts, sync daemons, net.ipv4.vs words (keepalived.md 7.5).
 *
 * Each is set from the file at a commit, put back at stop, and what was there before stands in the journal, so that a
 * run that began after a crash puts back the true first value. A setting that the kernel refuses is told and costs
 * nothing else: services come first.
 */
import type { GlobalConfig } from '../../../config/global.js';
import type { Restorable } from '../../../director/journal.js';
import { ipvsSysctl, Sysctls, sysctlName } from '../../../host/sysctl.js';
import type { IpvsFamily } from '../../../ipvs-netlink/ipvs-family.js';
import { SyncDaemonControl, type SyncDaemonSettings, type SyncDaemonState } from '../../../ipvs-netlink/sync-daemon.js';
import { TimeoutControl } from '../../../ipvs-netlink/timeouts.js';
import type { DumpChannel } from '../../../netlink/generic-netlink.js';
import { describeError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { seconds } from '../../../runtime/units.js';
import { inNamespace } from './kernel-table.js';

export class IpvsSettings {
  readonly #log: Log;
  readonly #namespace: string | undefined;
  readonly #timeouts: TimeoutControl;
  readonly #daemons: SyncDaemonControl;
  readonly #sysctls: Sysctls;
  #started: readonly SyncDaemonState[];

  /** @param earlier what an lvsd that did not end well had to put back */
  constructor(ipvs: IpvsFamily, dumps: DumpChannel, namespace: string | undefined, earlier: Restorable, log: Log) {
    this.#log = log;
    this.#namespace = namespace;
    const { timeouts } = earlier;
    this.#timeouts = new TimeoutControl(
      ipvs,
      timeouts === undefined
        ? undefined
        : { tcp: seconds(timeouts.tcp), tcpFin: seconds(timeouts.tcpFin), udp: seconds(timeouts.udp) },
    );
    this.#daemons = new SyncDaemonControl(ipvs, dumps);
    this.#sysctls = new Sysctls(
      Object.entries(earlier.sysctls).map(([name, value]) => ({ name: sysctlName(name.split('.')), value })),
    );
    this.#started = earlier.daemons;
  }

  /** What `restore` would put back now: for the journal. */
  get restorable(): Restorable {
    const before = this.#timeouts.before;
    return {
      timeouts: before === undefined ? undefined : { tcp: before.tcp, tcpFin: before.tcpFin, udp: before.udp },
      sysctls: Object.fromEntries(this.#sysctls.originals().map(({ name, value }) => [name.text, value])),
      daemons: [...this.#started],
    };
  }

  /**
   * What `restore` will have to put back once this file's settings are set; undefined if that is what is known already.
   * To be journalled before `set`.
   */
  restorableAfter(global: GlobalConfig): Restorable | undefined {
    const now = this.restorable;
    const { timeouts } = now;
    let readTimeouts = timeouts;
    const sysctls: Record<string, string> = { ...now.sysctls };
    if (timeouts === undefined && global.lvsTimeouts !== undefined)
      this.#try('lvs_timeouts', () => {
        const { tcp, tcpFin, udp } = this.#timeouts.read();
        readTimeouts = { tcp, tcpFin, udp };
      });
    inNamespace(this.#namespace, () => {
      for (const { name } of global.ipvsSysctls)
        this.#try(`ipvs_sysctl ${name}`, () => {
          const sysctl = ipvsSysctl(name);
          sysctls[sysctl.text] ??= this.#sysctls.read(sysctl);
        });
    });
    const daemons = statesOf(global);
    const same =
      readTimeouts === timeouts &&
      Object.keys(sysctls).length === Object.keys(now.sysctls).length &&
      daemons.every((state) => now.daemons.includes(state));
    return same ? undefined : { timeouts: readTimeouts, sysctls, daemons: [...new Set([...now.daemons, ...daemons])] };
  }

  /** Makes the kernel's settings those of the file. */
  set(global: GlobalConfig): void {
    this.#try('lvs_timeouts', () => this.#timeouts.set(global.lvsTimeouts));
    this.#setSysctls(global);
    this.#setDaemons(global);
  }

  /** Puts everything back as it was before lvsd. */
  restore(): void {
    this.#try('lvs_timeouts', () => this.#timeouts.restore());
    for (const state of this.#started) this.#try(`the ${state} sync daemon`, () => this.#daemons.stop(state));
    this.#started = [];
    const failures = inNamespace(this.#namespace, () => this.#sysctls.restore());
    for (const failure of failures) this.#log.warning(describeError(failure));
  }

  #setSysctls(global: GlobalConfig): void {
    if (global.ipvsSysctls.length === 0 && this.#sysctls.originals().length === 0) return;
    inNamespace(this.#namespace, () => {
      const wanted = new Set(global.ipvsSysctls.map(({ name }) => ipvsSysctl(name).text));
      for (const { name, value } of this.#sysctls.originals()) {
        if (!wanted.has(name.text)) this.#try(name.text, () => this.#sysctls.set(name, value));
      }
      for (const { name, value } of global.ipvsSysctls) {
        this.#try(`ipvs_sysctl ${name}`, () => this.#sysctls.set(ipvsSysctl(name), value));
      }
    });
  }

  #setDaemons(global: GlobalConfig): void {
    const wanted = global.lvsSyncDaemon;
    const states = statesOf(global);
    for (const state of this.#started) {
      if (!states.includes(state)) this.#try(`the ${state} sync daemon`, () => this.#daemons.stop(state));
    }
    // One that the kernel refused is not ours to stop at the end.
    let running: readonly SyncDaemonState[] = [];
    if (wanted !== undefined) {
      const settings: SyncDaemonSettings = {
        interface: wanted.interface,
        syncId: wanted.syncId ?? 0,
        maxLength: wanted.maxLength,
        port: wanted.port,
        ttl: wanted.ttl,
        group: wanted.group,
      };
      running = states.filter((state) =>
        this.#try(`the ${state} sync daemon`, () => this.#daemons.start(state, settings)),
      );
    }
    this.#started = running;
  }

  /** Whether it could be done; what could not is told. */
  #try(what: string, action: () => unknown): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#log.error(`${what}: ${describeError(error)}`);
      return false;
    }
  }
}

/** With an instance the VRRP state decides which sync daemon runs; without, both do (keepalived.md 7.5). */
function statesOf({ lvsSyncDaemon }: GlobalConfig): readonly SyncDaemonState[] {
  return lvsSyncDaemon === undefined || lvsSyncDaemon.instance !== undefined ? [] : ['master', 'backup'];
}
