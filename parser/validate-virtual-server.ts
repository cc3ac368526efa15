/**
 * From a virtual server's draft to the effective virtual server: keepalived's defaults, corrections and complaints, in
 * its order and its words (keepalived.md 14, 16; validate_check_config of keepalived's check_data.c is the behaviour).
 *
 * Where keepalived has a bug the operator's wish counts (keepalived.md 24): quorum never becomes 0, ha_suspend works for
 * groups. It asks the host nothing and never throws.
 */
import type { Persistence, SchedulerFlags, VirtualServer, VirtualServerTarget } from '../config/virtual-server.js';
import { type AddressFamily, familyOf, type Ipv4 } from '../runtime/addresses.js';
import { fwmark, seconds } from '../runtime/units.js';
import type { BindContext } from './bind-context.js';
import type { VirtualServerDraft } from './schema/drafts.js';
import { DEFAULT_PERSISTENCE } from './schema/limits.js';
import { delayLoopOf, type VirtualServerSurroundings } from './validate-checker.js';
import { RealServersValidation } from './validate-real-servers.js';
import { hasAddresses, hasMarks, VirtualServerVoice } from './validate-voice.js';

const SOLID = '255.255.255.255' as Ipv4;
const NO_FLAGS: SchedulerFlags = { ops: false, sched1: false, sched2: false, sched3: false };
const NO_FULLNAT: VirtualServer['fullnat'] = {
  localAddressGroup: undefined,
  localAddresses: [],
  synProxy: false,
  establishedTimeout: undefined,
  vipBindDevice: undefined,
};

class Validation {
  readonly #draft: VirtualServerDraft;
  readonly #of: VirtualServerSurroundings;
  readonly #context: BindContext;
  readonly #voice: VirtualServerVoice;
  #persistence: number | undefined;

  constructor(draft: VirtualServerDraft, of: VirtualServerSurroundings, context: BindContext) {
    this.#draft = draft;
    this.#of = of;
    this.#context = context;
    this.#voice = new VirtualServerVoice(draft, of.ordinal, context);
    this.#persistence = draft.persistenceTimeout;
  }

  run(): VirtualServer | undefined {
    const draft = this.#draft;
    if (draft.realServers.length === 0) {
      this.#voice.say(
        'LVSD_CONFIG_NO_REAL_SERVERS',
        `Virtual server ${this.#voice.name()} has no real servers - ignoring`,
        {
          assumed: 'this virtual server does not exist',
        },
      );
      return undefined;
    }
    const target = this.#target();
    if (target === undefined) return undefined;
    const haSuspend = this.#haSuspend();
    const ops = this.#transport();
    if (draft.scheduler === undefined) {
      this.#voice.say(
        'LVSD_CONFIG_DEFAULT',
        `Virtual server ${this.#voice.name()}: no scheduler set, setting default 'wlc'`,
        {
          expected: 'lvs_sched',
          assumed: 'wlc',
        },
      );
    }
    const servers = new RealServersValidation(draft, this.#of, this.#context, this.#voice).run();
    const fullnat = this.#fullnat();
    return {
      target,
      protocol: this.#voice.protocol ?? 'TCP',
      family: target.kind === 'group' ? draft.family : undefined,
      scheduler: draft.scheduler ?? 'wlc',
      flags: this.#flags(ops),
      persistence: this.#persist(),
      forwarding: servers.forwarding,
      alpha: draft.alpha ?? false,
      omega: draft.omega,
      quorum: servers.quorum,
      hysteresis: servers.hysteresis,
      quorumUp: draft.quorumUp,
      quorumDown: draft.quorumDown,
      haSuspend,
      delayLoop: seconds(delayLoopOf(draft)),
      smtpAlert: draft.smtpAlert ?? this.#of.smtpAlert ?? false,
      virtualhost: draft.virtualhost,
      snmpName: draft.snmpName,
      sorryServer: servers.sorryServer,
      realServers: servers.realServers,
      fullnat,
      added: draft.added,
      at: draft.at,
    };
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
      this.#voice.say('LVSD_CONFIG_GROUP', message, { assumed: 'this virtual server does not exist' });
      return false;
    };
    if (group === undefined) {
      return refuse(
        `Virtual server group ${name} specified but not configured - ignoring virtual server ${this.#voice.name()}`,
      );
    }
    const has = (family: AddressFamily): boolean =>
      group.entries.some((entry) => (entry.kind === 'range' ? familyOf(entry.first) : entry.family) === family);
    const { family } = this.#draft;
    if (family === undefined) return true;
    if (has('inet') && has('inet6')) {
      return refuse(
        `${name}: virtual server group with IPv4 & IPv6 doesn't match virtual server ${this.#voice.name()} - ignoring`,
      );
    }
    if (has(family === 'inet' ? 'inet6' : 'inet')) {
      return refuse(`${name}: address family doesn't match virtual server ${this.#voice.name()} - ignoring`);
    }
    return true;
  }

  #haSuspend(): boolean {
    if (!this.#draft.haSuspend || !hasMarks(this.#draft, this.#of.group)) return this.#draft.haSuspend;
    const message = `Virtual server ${this.#voice.name()}: cannot use ha_suspend with fwmarks - clearing ha_suspend`;
    this.#voice.say('LVSD_CONFIG_HA_SUSPEND', message, { assumed: 'its checks never pause' });
    return false;
  }

  /** Protocol, one-packet scheduling and the persistence that a service without a port needs. */
  #transport(): boolean {
    const { target } = this.#draft;
    let ops = this.#draft.ops;
    if (hasAddresses(this.#draft, this.#of.group)) {
      if (this.#voice.protocol === undefined) {
        const message = `Virtual server ${this.#voice.name()}: no protocol set - defaulting to UDP`;
        this.#voice.say('LVSD_CONFIG_DEFAULT', message, { expected: 'protocol TCP, UDP or SCTP', assumed: 'UDP' });
        this.#voice.protocol = 'UDP';
      }
      if (ops && this.#voice.protocol !== 'UDP') {
        const message = `Virtual server ${this.#voice.name()}: one packet scheduling requires UDP - resetting`;
        this.#voice.say('LVSD_CONFIG_OPS', message, { assumed: 'no ops' });
        ops = false;
      }
      const portless =
        target.kind === 'address'
          ? target.port === 0
          : (this.#of.group?.entries.some((each) => each.kind === 'range' && each.port === 0) ?? false);
      if (portless && this.#persistence === undefined) {
        const message = `Virtual server ${this.#voice.name()}: zero port only valid for persistent services - setting`;
        this.#voice.say('LVSD_CONFIG_ZERO_PORT', message, { assumed: `persistence_timeout ${DEFAULT_PERSISTENCE}` });
        this.#persistence = DEFAULT_PERSISTENCE;
      }
    } else if (this.#voice.protocol !== undefined) {
      const message = `Warning: Virtual server ${this.#voice.name()}: protocol specified for fwmark - protocol will be ignored`;
      this.#voice.say('LVSD_CONFIG_FWMARK_PROTOCOL', message, { expected: 'no protocol', assumed: 'any protocol' });
      this.#voice.protocol = undefined;
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
        const message = `Virtual server ${this.#voice.name()}: persistence_engine has no effect without persistence_timeout`;
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

  #fullnat(): VirtualServer['fullnat'] {
    const { localAddressGroup, localAddresses, synProxy, establishedTimeout, vipBindDevice } = this.#draft;
    if (localAddressGroup !== undefined && !this.#of.localAddressGroups.has(localAddressGroup)) {
      this.#voice.say('LVSD_CONFIG_LOCAL_ADDRESSES', `No address in group ${localAddressGroup}`, {
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
