/**
 * How complaints about a virtual server are said: under the names that keepalived gives it and its servers at that
 * moment, `none` in the place of a protocol that is not known yet (keepalived.md 13.2, 14).
 */
import type { Position } from '../config/position.js';
import type { TransportProtocol, VirtualServerGroup } from '../config/virtual-server.js';
import type { BindContext } from './bind-context.js';
import type { VirtualServerDraft } from './schema/drafts.js';

export class VirtualServerVoice {
  readonly #draft: VirtualServerDraft;
  readonly #ordinal: number;
  readonly #context: BindContext;
  protocol: TransportProtocol | undefined;

  constructor(draft: VirtualServerDraft, ordinal: number, context: BindContext) {
    this.#draft = draft;
    this.#ordinal = ordinal;
    this.#context = context;
    this.protocol = draft.protocol;
  }

  say(
    code: `LVSD_CONFIG_${string}`,
    message: string,
    extras: { readonly expected?: string; readonly assumed?: string } = {},
    at: Position = this.#draft.at,
  ): void {
    this.#context.reportAt('assumed', code, message, at, extras);
  }

  /** `[10.0.0.1]:tcp:80`, `FWM 5`, `[group]:0`. */
  name(): string {
    const target = this.#draft.target;
    switch (target.kind) {
      case 'address':
        return `[${target.address}]:${this.#protocolName()}:${target.port}`;
      case 'fwmark':
        return `FWM ${target.mark}`;
      case 'group':
        return `[${target.group}]:${this.#ordinal}`;
    }
  }

  /** `[10.1.0.1]:tcp:80`. */
  serverName(server: { readonly address: string; readonly port: number }): string {
    return `[${server.address}]:${this.#protocolName()}:${server.port}`;
  }

  #protocolName(): string {
    return this.protocol?.toLowerCase() ?? 'none';
  }
}

/** Whether firewall marks are among what a virtual server serves. */
export function hasMarks(draft: VirtualServerDraft, group: VirtualServerGroup | undefined): boolean {
  return draft.target.kind === 'fwmark' || (group?.entries.some((each) => each.kind === 'fwmark') ?? false);
}

/** Whether addresses are among what a virtual server serves. */
export function hasAddresses(draft: VirtualServerDraft, group: VirtualServerGroup | undefined): boolean {
  if (draft.target.kind === 'group') return group?.entries.some((each) => each.kind === 'range') ?? false;
  return draft.target.kind === 'address';
}
