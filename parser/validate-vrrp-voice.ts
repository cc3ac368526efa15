/**
 * How complaints about a virtual router are said: under its name, at the head of its block (keepalived.md 11).
 */
import type { BindContext } from './bind-context.js';
import type { VrrpInstanceDraft } from './schema/vrrp-drafts.js';

export class InstanceVoice {
  readonly #draft: VrrpInstanceDraft;
  readonly #context: BindContext;

  constructor(draft: VrrpInstanceDraft, context: BindContext) {
    this.#draft = draft;
    this.#context = context;
  }

  say(code: `LVSD_CONFIG_${string}`, message: string, assumed: string, expected?: string): void {
    this.#context.reportAt('assumed', code, `(${this.#draft.name}) ${message}`, this.#draft.at, {
      assumed,
      ...(expected === undefined ? {} : { expected }),
    });
  }

  note(message: string): void {
    this.#context.reportAt('note', 'LVSD_CONFIG_ADVICE', `(${this.#draft.name}) ${message}`, this.#draft.at);
  }
}
