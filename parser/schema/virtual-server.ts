/**
 * virtual_server (keepalived.md 14.2): what it says itself. The words of FULLNAT and of lvsd's own are in
 * virtual-server-added.ts; who inherits and what is corrected is validate-virtual-server.ts's matter.
 */
import { type Forwarding, type Scheduler, schedulers } from '../../config/virtual-server.js';
import { type IpAddress, ipv4FromNumber, type parseIpAddress, parseIpv4 } from '../../runtime/addresses.js';
import { MAX_WEIGHT } from '../../runtime/units.js';
import { bindBody } from '../bind.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { KnownServer, RealServerDraft, VirtualServerDraft } from './drafts.js';
import { knownServerDraft, realServerDraft } from './empty-drafts.js';
import { booleanWord, flagWord, keyword, numberWord, scriptWord } from './forms.js';
import { methodArguments, readForwarding } from './forwarding.js';
import { argument, block } from './keyword.js';
import { DEFAULT_PERSISTENCE, MAX_IPVS_TIMEOUT, MAX_KERNEL_NAME, MAX_UNSIGNED } from './limits.js';
import { realServerBlock, serverWords } from './real-server.js';
import { addedWords } from './virtual-server-added.js';

const IGNORED = 'the line is ignored, as if it were not written';

/**
 * Reads `IP [PORT]` of a server; a port of zeros is no port.
 *
 * @returns undefined after it was reported with `message`
 */
function readServerAddress(
  statement: Statement,
  context: BindContext,
  message: string,
): { readonly address: NonNullable<ReturnType<typeof parseIpAddress>>; readonly port: number } | undefined {
  const portText = statement.words[2]?.text ?? '0';
  const port = /^0*$/.test(portText) ? 0 : context.number(statement, 2, 1, 65535, 'this server is left out');
  if (port === undefined) return undefined;
  const address = context.address(statement, 1, () => message);
  return address === undefined ? undefined : { address, port };
}

/** Binds the body of a real_server, or takes over what an equal one gave. */
function bindServer(
  address: IpAddress,
  port: number,
  forwarding: Forwarding | undefined,
  statement: Statement,
  context: BindContext,
): RealServerDraft {
  const at = context.position(statement);
  const known = statement.known as KnownServer | undefined;
  if (known !== undefined) return knownServerDraft(known, address, port, forwarding, at);
  const server = realServerDraft(address, port, forwarding, at);
  const body = statement.body ?? [];
  const said = context.said;
  bindBody(realServerBlock, server, body, context);
  if (context.known !== undefined && (statement.bodyTo ?? -1) >= 0 && context.said === said) {
    // Once more, without the method of this virtual server: another one may have another.
    const alone = realServerDraft(address, port, undefined, at);
    bindBody(realServerBlock, alone, body, context);
    context.known.remember(statement, alone);
  }
  return server;
}

function readRealServer(virtual: VirtualServerDraft, statement: Statement, context: BindContext): void {
  const text = `${statement.words[1]?.text}/${statement.words[2]?.text ?? '(null)'}`;
  const where = readServerAddress(statement, context, `Invalid real server ip address/port ${text} - skipping`);
  if (where === undefined) return;
  const server = bindServer(where.address, where.port, virtual.forwarding, statement, context);
  if (server.forwarding?.method !== 'TUN') {
    const family = server.address.includes(':') ? 'inet6' : 'inet';
    if (virtual.family === undefined) virtual.family = family;
    else if (virtual.family !== family) {
      context.report(
        'assumed',
        'LVSD_CONFIG_FAMILY',
        `Address family of virtual server and real server ${server.address} don't match - skipping real server.`,
        statement,
        1,
        { expected: `an address of family ${virtual.family}, or lvs_method TUN`, assumed: 'this server is left out' },
      );
      return;
    }
  }
  virtual.realServers.push(server);
}

function readSorryServer(virtual: VirtualServerDraft, statement: Statement, context: BindContext): void {
  const message = `Invalid sorry server IP address ${statement.words[1]?.text} - skipping`;
  const where = readServerAddress(statement, context, message);
  if (where === undefined) return;
  if (virtual.sorryServer !== undefined) {
    context.report('note', 'LVSD_CONFIG_DUPLICATE', 'Duplicate sorry_server - overwriting', statement, 0, {
      assumed: 'the last sorry_server counts',
    });
  }
  virtual.sorryServer = { ...where, forwarding: virtual.forwarding, inhibit: false, at: context.position(statement) };
}

function readScheduler(virtual: VirtualServerDraft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  const scheduler = schedulers.find((each) => each === text);
  if (scheduler !== undefined) {
    virtual.scheduler = scheduler;
    return;
  }
  if (text === 'conhash') {
    context.useUnbuilt(
      {
        word: 'conhash',
        block: 'virtual_server',
        decides: 'traffic',
        vrrpSide: false,
        cure: 'conhash is a scheduler of DPVS only: write lvs_sched mh, which hashes consistently too, or start with --ignore-unbuilt, which takes wlc.',
      },
      statement,
      1,
    );
    return;
  }
  context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', `Invalid lvs_scheduler '${text}' - ignoring`, statement, 1, {
    expected: schedulers.join(', '),
    assumed: virtual.scheduler ?? 'wlc, unless another lvs_sched follows',
  });
}

/**
 * A netmask as inet_aton(3) reads it: one to four numbers, decimal, octal or hexadecimal, the last of which fills what is
 * left of the 32 bits.
 */
function readNetmask(text: string): ReturnType<typeof parseIpv4> {
  const usual = parseIpv4(text);
  if (usual !== undefined) return usual;
  const parts = text.split('.');
  const last = parts.pop() ?? '';
  const numbers = [...parts, last].map((part) => (/^(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.test(part) ? part : 'x'));
  const values = numbers.map((part) => Number(part.replace(/^0(?=[0-7])/, '0o')));
  const filled = values.pop() ?? Number.NaN;
  const rest = 2 ** (8 * (4 - parts.length));
  if (parts.length > 3 || !(filled < rest) || !values.every((value) => value < 256)) return undefined;
  return ipv4FromNumber(values.reduce((sum, value, i) => sum + value * 2 ** (24 - 8 * i), 0) + filled);
}

function readGranularity(virtual: VirtualServerDraft, statement: Statement, context: BindContext): void {
  const text = statement.words[1]?.text ?? '';
  const family = virtual.family ?? (text.includes('.') ? 'inet' : 'inet6');
  if (family === 'inet6') {
    const prefix = context.number(statement, 1, 1, 128, 'every client by itself (128)');
    if (prefix === undefined) return;
    virtual.granularityPrefix = prefix;
    virtual.granularityMask = undefined;
  } else {
    const mask = readNetmask(text);
    if (mask === undefined) {
      const message = `Invalid IPv4 persistence_granularity specified - ${text}`;
      context.report('assumed', 'LVSD_CONFIG_BAD_ADDRESS', message, statement, 1, {
        expected: 'a netmask such as 255.255.255.0',
        assumed: 'every client by itself (255.255.255.255)',
      });
      return;
    }
    virtual.granularityMask = context.shared(mask) as typeof mask;
    virtual.granularityPrefix = undefined;
  }
  virtual.family ??= family;
  virtual.persistenceTimeout ??= DEFAULT_PERSISTENCE;
}

/** sh-port, sh-fallback, mh-port, mh-fallback, hashed: only after the scheduler that they belong to. */
function hashFlag(name: string, doc: string, set: (virtual: VirtualServerDraft) => void) {
  const own = name.startsWith('mh-') ? 'mh' : 'sh';
  return keyword<VirtualServerDraft>({ name, doc }, [], (virtual, statement, context) => {
    const scheduler: Scheduler | undefined = virtual.scheduler;
    if (name !== 'hashed' && scheduler === own) return set(virtual);
    const hashing = scheduler === 'sh' || scheduler === 'mh';
    const message = hashing
      ? `${name} has no effect with lvs_sched ${scheduler}`
      : `${name} only applies to sh scheduler - ignoring`;
    context.report(hashing ? 'note' : 'assumed', 'LVSD_CONFIG_NO_EFFECT', message, statement, 0, {
      expected: name === 'hashed' ? 'nothing: no kernel has this flag' : `lvs_sched ${own} on a line above`,
      assumed: IGNORED,
    });
  });
}

export const virtualServerBlock = block<VirtualServerDraft>(
  'virtual_server',
  'virtual_server',
  'One IPVS service (or one for each entry of a group), its real servers and their checks.',
  [
    keyword<VirtualServerDraft>(
      { name: 'ip_family', default: "the address's", doc: 'Address family of fwmark and group services.' },
      [argument.choice('FAMILY', ['inet', 'inet6'])],
      (virtual, statement, context) => {
        const text = statement.words[1]?.text ?? '';
        if (text !== 'inet' && text !== 'inet6') {
          context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', `unknown address family ${text}`, statement, 1, {
            expected: 'inet or inet6',
            assumed: IGNORED,
          });
        } else if (virtual.family !== undefined && virtual.family !== text) {
          const message = `Virtual server specified family ${text} conflicts with server family`;
          context.report('assumed', 'LVSD_CONFIG_FAMILY', message, statement, 1, {
            expected: virtual.family,
            assumed: virtual.family,
          });
        } else virtual.family = text;
      },
    ),
    keyword<VirtualServerDraft>(
      { name: 'lvs_sched', aliases: [{ name: 'lb_algo' }], default: 'wlc', doc: 'Scheduler of the service.' },
      [argument.choice('SCHEDULER', schedulers)],
      readScheduler,
    ),
    keyword<VirtualServerDraft>(
      {
        name: 'lvs_method',
        aliases: [{ name: 'lb_kind' }],
        default: 'NAT',
        doc: 'How packets reach the real servers.',
      },
      methodArguments,
      (virtual, statement, context) => {
        virtual.forwarding = readForwarding(statement, context, 'virtual', virtual.forwarding);
      },
    ),
    hashFlag('hashed', 'Has never had an effect; refused.', () => undefined),
    flagWord<VirtualServerDraft>(
      { name: 'ops', doc: 'One-packet scheduling; UDP and fwmark services only.' },
      (virtual) => {
        virtual.ops = true;
      },
    ),
    flagWord<VirtualServerDraft>({ name: 'flag-1', doc: 'First flag of the scheduler (0x08).' }, (virtual) => {
      virtual.sched1 = true;
    }),
    flagWord<VirtualServerDraft>({ name: 'flag-2', doc: 'Second flag of the scheduler (0x10).' }, (virtual) => {
      virtual.sched2 = true;
    }),
    flagWord<VirtualServerDraft>({ name: 'flag-3', doc: 'Third flag of the scheduler (0x20).' }, (virtual) => {
      virtual.sched3 = true;
    }),
    hashFlag('sh-port', 'sh hashes the source port too; after lvs_sched sh.', (virtual) => {
      virtual.sched2 = true;
    }),
    hashFlag('sh-fallback', 'sh goes on to the next server that is up; after lvs_sched sh.', (virtual) => {
      virtual.sched1 = true;
    }),
    hashFlag('mh-port', 'mh hashes the source port too; after lvs_sched mh.', (virtual) => {
      virtual.sched2 = true;
    }),
    hashFlag('mh-fallback', 'mh goes on to the next server that is up; after lvs_sched mh.', (virtual) => {
      virtual.sched1 = true;
    }),
    keyword<VirtualServerDraft>(
      { name: 'persistence_engine', doc: "The kernel's persistence engine; it has only sip." },
      [argument.text('NAME', `at most ${MAX_KERNEL_NAME} characters`)],
      (virtual, statement, context) => {
        const name = context.text(statement, 1);
        virtual.persistenceEngine = context.shared(name.slice(0, MAX_KERNEL_NAME));
        if (name.length <= MAX_KERNEL_NAME) return;
        const message = `persistence_name too long, truncating - ${name}`;
        context.report('assumed', 'LVSD_CONFIG_TOO_LONG', message, statement, 1, {
          expected: `at most ${MAX_KERNEL_NAME} characters`,
          assumed: virtual.persistenceEngine,
        });
      },
    ),
    keyword<VirtualServerDraft>(
      {
        name: 'persistence_timeout',
        default: `off; without a value ${DEFAULT_PERSISTENCE}`,
        doc: 'A client stays with its server for this long.',
      },
      [argument.optional(argument.number('SECS', 1, MAX_IPVS_TIMEOUT, 'seconds'))],
      (virtual, statement, context) => {
        if (statement.words.length < 2) virtual.persistenceTimeout = DEFAULT_PERSISTENCE;
        else {
          const assumed = 'no persistence from this line (leave the line out to say so)';
          const value = context.number(statement, 1, 1, MAX_IPVS_TIMEOUT, assumed);
          if (value !== undefined) virtual.persistenceTimeout = value;
        }
      },
    ),
    keyword<VirtualServerDraft>(
      {
        name: 'persistence_granularity',
        default: '255.255.255.255, or 128',
        doc: 'Clients of one net count as one; turns persistence on.',
      },
      [argument.text('MASK', 'netmask (IPv4) or 1 to 128 (IPv6)')],
      readGranularity,
    ),
    keyword<VirtualServerDraft>(
      { name: 'protocol', default: 'UDP', doc: 'Transport protocol of the service.' },
      [argument.choice('PROTOCOL', ['TCP', 'UDP', 'SCTP'])],
      (virtual, statement, context) => {
        const text = statement.words[1]?.text ?? '';
        const upper = text.toUpperCase();
        if (upper === 'TCP' || upper === 'UDP' || upper === 'SCTP') virtual.protocol = upper;
        else if (upper === 'ICMP' || upper === 'ICMPV6') {
          const cure = `protocol ${upper} is of DPVS only, and IPVS has no such service: take the virtual_server out, or start with --ignore-unbuilt, which takes UDP.`;
          const use = { word: upper, block: 'virtual_server', decides: 'traffic', vrrpSide: false, cure } as const;
          context.useUnbuilt(use, statement, 1);
        } else {
          context.report('assumed', 'LVSD_CONFIG_BAD_CHOICE', `Unknown protocol ${text} - ignoring`, statement, 1, {
            expected: 'TCP, UDP or SCTP',
            assumed: virtual.protocol ?? 'UDP, unless another protocol follows',
          });
        }
      },
    ),
    flagWord<VirtualServerDraft>(
      { name: 'ha_suspend', doc: 'No checks while the address is not on this host; for groups too.' },
      (virtual) => {
        virtual.haSuspend = true;
      },
    ),
    ...serverWords<VirtualServerDraft>('virtual server'),
    flagWord<VirtualServerDraft>({ name: 'omega', doc: 'Runs the down notifiers when lvsd stops.' }, (virtual) => {
      virtual.omega = true;
    }),
    keyword<VirtualServerDraft>(
      { name: 'quorum', default: '1', doc: 'Live weight that the service needs.' },
      [argument.number('N', 1, MAX_UNSIGNED)],
      (virtual, statement, context) => {
        virtual.quorum = context.number(statement, 1, 1, MAX_UNSIGNED, 'quorum 1') ?? 1;
      },
    ),
    numberWord<VirtualServerDraft>(
      { name: 'hysteresis', default: '0', doc: 'Quorum is gained this much above and lost this much below it.' },
      argument.number('N', 0, MAX_UNSIGNED),
      (virtual, value) => {
        virtual.hysteresis = value;
      },
    ),
    scriptWord<VirtualServerDraft>(
      { name: 'quorum_up', doc: 'Program that runs when quorum is gained.' },
      (virtual, script, context) => {
        if (virtual.quorumUp === undefined) virtual.quorumUp = script;
        else {
          const message = `quorum_up script already specified - ignoring ${script.command}`;
          context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', message, script.at);
        }
      },
    ),
    scriptWord<VirtualServerDraft>(
      { name: 'quorum_down', doc: 'Program that runs when quorum is lost.' },
      (virtual, script, context) => {
        if (virtual.quorumDown === undefined) virtual.quorumDown = script;
        else {
          const message = `quorum_down script already specified - ignoring ${script.command}`;
          context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', message, script.at);
        }
      },
    ),
    numberWord<VirtualServerDraft>(
      { name: 'weight', default: '1', doc: 'Weight of real servers that say none.' },
      argument.number('N', 1, MAX_WEIGHT),
      (virtual, value) => {
        virtual.weight = value;
      },
    ),
    keyword<VirtualServerDraft>(
      { name: 'sorry_server', doc: 'Server that takes over when quorum is lost.' },
      [argument.address('IP'), argument.optional(argument.number('PORT', 0, 65535))],
      readSorryServer,
    ),
    booleanWord<VirtualServerDraft>(
      { name: 'sorry_server_inhibit', doc: 'The sorry server stays in the table with weight 0.' },
      (virtual, value, context) => {
        if (virtual.sorryServer !== undefined) virtual.sorryServer.inhibit = value;
        else {
          const message = 'Ignoring sorry_server inhibit used before or without sorry_server';
          context.reportAt('assumed', 'LVSD_CONFIG_ORDER', message, virtual.at, { expected: 'sorry_server above it' });
        }
      },
    ),
    keyword<VirtualServerDraft>(
      { name: 'sorry_server_lvs_method', default: "the virtual server's", doc: 'How packets reach the sorry server.' },
      methodArguments.map(argument.optional),
      (virtual, statement, context) => {
        const sorry = virtual.sorryServer;
        if (sorry !== undefined && statement.words.length < 2) {
          context.missing(statement, { arguments: methodArguments });
        } else if (sorry !== undefined) {
          sorry.forwarding = readForwarding(statement, context, 'sorry', sorry.forwarding);
        } else {
          const message = 'sorry_server forwarding used without sorry_server';
          context.report('assumed', 'LVSD_CONFIG_ORDER', message, statement, 0, { expected: 'sorry_server above it' });
        }
      },
    ),
    keyword<VirtualServerDraft>(
      { name: 'real_server', opens: 'real_server', doc: 'One server behind this service.' },
      [argument.address('IP'), argument.optional(argument.number('PORT', 0, 65535))],
      readRealServer,
    ),
    ...addedWords(),
  ],
);
