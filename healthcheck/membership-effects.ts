/**
 * What membership asks the director to do besides changing the table, and the exact words of it.
 *
 * Effects come in the order in which keepalived does things (check/ipwrapper.c): log line, script, FIFO line. Scripts
 * are named by their place in one generation of Config, because the runner takes an index, never a command line; the
 * script of a server that left the file is of the generation before. Log lines: keepalived.md 16, 18.1, 21; FIFO
 * lines: 13.2 (without keepalived's stray NUL, 24.4).
 */
import type { RealServerName } from '../config/names.js';
import { realServerName } from '../config/names.js';
import type { Script } from '../config/script.js';
import type { SorryServer } from '../config/virtual-server.js';
import { type MembershipState, nameOf, type ServerMembership } from './membership-state.js';

export interface ScriptReference {
  readonly generation: number;
  /** Index of the virtual server in that generation's Config. */
  readonly virtualServer: number;
  /** Index of the real server in it; undefined for quorum scripts. */
  readonly realServer: number | undefined;
  readonly word: 'notify_up' | 'notify_down' | 'quorum_up' | 'quorum_down';
  /** For log lines and dumps. */
  readonly script: Script;
}

export type MembershipEffect =
  | { readonly kind: 'log'; readonly level: 'info'; readonly text: string }
  | {
      readonly kind: 'notify-server';
      readonly up: boolean;
      readonly realServer: RealServerName;
      readonly script: ScriptReference | undefined;
      /** At stop the script is waited for, at most 1 s (keepalived.md 16). */
      readonly stopping: boolean;
    }
  | {
      readonly kind: 'quorum';
      readonly up: boolean;
      readonly script: ScriptReference | undefined;
      readonly stopping: boolean;
    }
  /** One line for notify_fifo and lvs_notify_fifo, with its line feed. */
  | { readonly kind: 'fifo'; readonly line: string }
  /** The checker role stops, or goes on with, the checks of this virtual server (ha_suspend). */
  | { readonly kind: 'suspend-checks'; readonly suspended: boolean };

export interface MembershipStep {
  readonly state: MembershipState;
  readonly effects: readonly MembershipEffect[];
}

export const logLine = (text: string): MembershipEffect => ({ kind: 'log', level: 'info', text });

/** Real server up or down for those who listen: its script, then the FIFO. */
export function serverNotices(
  state: MembershipState,
  server: ServerMembership,
  realServer: number,
  up: boolean,
  stopping = false,
): readonly MembershipEffect[] {
  const script = up ? server.config.notifyUp : server.config.notifyDown;
  return [
    {
      kind: 'notify-server',
      up,
      realServer: nameOf(state, server),
      script:
        script === undefined
          ? undefined
          : {
              generation: state.generation,
              virtualServer: state.index,
              realServer,
              word: up ? 'notify_up' : 'notify_down',
              script,
            },
      stopping,
    },
    { kind: 'fifo', line: `RS ${nameOf(state, server)} ${state.name} ${up ? 'UP' : 'DOWN'}\n` },
  ];
}

/** Quorum gained or lost for those who listen. */
export function quorumNotices(state: MembershipState, up: boolean, stopping = false): readonly MembershipEffect[] {
  const script = up ? state.server.quorumUp : state.server.quorumDown;
  return [
    {
      kind: 'quorum',
      up,
      script:
        script === undefined
          ? undefined
          : {
              generation: state.generation,
              virtualServer: state.index,
              realServer: undefined,
              word: up ? 'quorum_up' : 'quorum_down',
              script,
            },
      stopping,
    },
    { kind: 'fifo', line: `VS ${state.name} ${up ? 'UP' : 'DOWN'}\n` },
  ];
}

/** `Adding service RS to VS V` and its three sisters. */
export function aliveLine(state: MembershipState, server: ServerMembership, alive: boolean): MembershipEffect {
  if (server.config.inhibitOnFailure) {
    return logLine(`${alive ? 'Enabling' : 'Disabling'} service ${nameOf(state, server)} of VS ${state.name}`);
  }
  return logLine(
    alive
      ? `Adding service ${nameOf(state, server)} to VS ${state.name}`
      : `Removing service ${nameOf(state, server)} from VS ${state.name}`,
  );
}

export function weightLine(
  state: MembershipState,
  server: ServerMembership,
  from: number,
  to: number,
  alive: boolean,
): MembershipEffect {
  const active = alive ? 'active' : 'inactive';
  return logLine(
    `Changing weight from ${from} to ${to} for ${active} service ${nameOf(state, server)} of VS ${state.name}`,
  );
}

/** The sorry server takes over (`comes`) or is no longer needed; with `inhibit` it stays in the table with weight 0. */
export function sorryLine(state: MembershipState, sorry: SorryServer, comes: boolean): MembershipEffect {
  const name = realServerName(sorry, state.server.protocol);
  if (comes) return logLine(`${sorry.inhibit ? 'Enabling' : 'Adding'} sorry server ${name} to VS ${state.name}`);
  return logLine(`${sorry.inhibit ? 'Disabling' : 'Removing'} sorry server ${name} from VS ${state.name}`);
}

/** The servers that are alive go into the pool again, or leave it to the sorry server. */
export function poolLine(state: MembershipState, added: boolean): MembershipEffect {
  return logLine(`${added ? 'Adding alive servers to' : 'Removing alive servers from'} the pool for VS ${state.name}`);
}
