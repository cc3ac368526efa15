/** A role in this process: what it says is kept, snapshots come from texts. */
import type { BetweenRoles, RoleMessage, RoleName, ToSupervisor } from '../../../../../cmd/lvsd/messages.js';
import type { Role, RoleContext } from '../../../../../cmd/lvsd/roles/role.js';
import { closeFd, type Fd } from '../../../../../native/descriptor.js';
import { sealedMemfd } from '../../../../../native/descriptor-passing.js';
import { encodeSnapshot } from '../../../../../parser/snapshot.js';
import { MemoryLog } from '../../../../../runtime/log.js';
import { VirtualClock } from '../../../../../runtime/virtual-clock.js';
import { snapshotOf } from '../../../parser/schema/parse-text.js';
import { welcomeOf } from '../welcome.js';

type Said = Extract<ToSupervisor | BetweenRoles, { readonly type: string }>;

export class RoleRig {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly said: Said[] = [];
  readonly left: number[] = [];
  readonly role: Role;

  constructor(name: RoleName, journal: string, make: (context: RoleContext) => Role) {
    this.role = make({
      welcome: welcomeOf(name, journal),
      log: this.log,
      clock: this.clock,
      send: (message: RoleMessage, descriptors: readonly Fd[] = []) => {
        for (const fd of descriptors) closeFd(fd);
        this.said.push(message as Said);
      },
      leave: (status) => {
        this.left.push(status);
        return undefined as never;
      },
    });
  }

  snapshot(text: string): Fd {
    return sealedMemfd('lvsd-test', encodeSnapshot(snapshotOf(text)));
  }

  show(generation: number, text: string): void {
    this.role.onMessage({ type: 'prepare', generation, purpose: 'start' }, [this.snapshot(text)]);
  }

  commit(generation: number): void {
    this.role.onMessage({ type: 'commit', generation }, []);
  }

  of<T extends Said['type']>(type: T): readonly Extract<Said, { readonly type: T }>[] {
    return this.said.filter((message): message is Extract<Said, { readonly type: T }> => message.type === type);
  }

  /** Waits until it has said so many of a kind. */
  async says(type: Said['type'], n = 1): Promise<void> {
    while (this.of(type).length < n) await new Promise((resolve) => setImmediate(resolve));
  }
}
