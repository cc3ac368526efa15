/**
 * The runner role: runs the scripts of the configuration, and writes the FIFOs (keepalived.md 13.1, 13.2, 15.8).
 *
 * It is handed a place in the configuration, never a command line: what it runs, as whom and whether that is safe, it
 * reads from its own copy of the snapshot. So a process that parses what servers answer cannot make it run anything
 * that the operator did not write. Scripts of the generation before stay known, because the notify script of a server
 * that left the file runs after the change.
 */
import type { Config } from '../../../config/config.js';
import type { GlobalConfig } from '../../../config/global.js';
import { virtualServerName } from '../../../config/names.js';
import type { Script } from '../../../config/script.js';
import { checkerKey, registerServers } from '../../../healthcheck/check-loop-register.js';
import type { ScriptEnd } from '../../../healthcheck/probes/probe.js';
import { closeFd, type Fd } from '../../../native/descriptor.js';
import { NotifyFifoSet, type WantedFifo } from '../../../observe/notify-fifo-set.js';
import { ScriptRunner } from '../../../observe/script-runner.js';
import { checkScript, type ScriptCheck, ScriptMemo } from '../../../observe/script-security.js';
import { credentialsOf, type ScriptCredentials } from '../../../observe/script-user.js';
import { type ScriptOwner, scriptsOf, securityViolation } from '../../../parser/scripts-of.js';
import { milliseconds } from '../../../runtime/units.js';
import { scriptSearchPath } from '../host-surroundings.js';
import type { ScriptIndex, SupervisorMessage } from '../messages.js';
import { type Agreement, agreeTo } from './agreement.js';
import { HeldConfiguration } from './held-configuration.js';
import type { Role, RoleContext } from './role.js';

/** Scripts that stop waits for (keepalived waits at most 1 s for those of STOP). */
const STOP_PATIENCE_MS = 1000;

type Usable = { readonly check: Extract<ScriptCheck, { kind: 'usable' }>; readonly user: ScriptCredentials };

export class RunnerRole implements Role {
  readonly #context: RoleContext;
  readonly #held = new HeldConfiguration();
  readonly #agreement: Agreement;
  readonly #scripts: ScriptRunner;
  readonly #fifos: NotifyFifoSet;
  readonly #running = new Map<number, () => void>();
  #before: { readonly generation: number; readonly config: Config } | undefined;
  /** By user and argv: what was found out about a script at the last commit. */
  readonly #known = new Map<string, Usable | string>();
  #memo = new ScriptMemo();

  constructor(context: RoleContext) {
    this.#context = context;
    this.#agreement = {
      held: this.#held,
      send: context.send,
      parse: 'when-shown',
      commit: (generation) => this.#commit(generation),
    };
    this.#scripts = new ScriptRunner({ clock: context.clock, log: context.log });
    this.#fifos = new NotifyFifoSet(context.clock, context.log);
  }

  onMessage(message: SupervisorMessage, descriptors: readonly Fd[]): void {
    if (agreeTo(message, descriptors, this.#agreement)) return;
    switch (message.type) {
      case 'run':
        this.#check(message.id, message.generation, message.script, message.timeout);
        return;
      case 'cancel':
        this.#running.get(message.id)?.();
        this.#running.delete(message.id);
        return;
      case 'notify':
        this.#notify(message.generation, message.script);
        return;
      case 'fifo':
        for (const line of message.lines) this.#fifos.write(line);
        return;
      case 'run-script':
        this.#runAndAnswer(message.id, message.script);
        return;
      case 'stop':
        void this.#stop();
        return;
      default:
        for (const fd of descriptors) closeFd(fd);
    }
  }

  #commit(generation: number): void {
    const old = this.#held.current;
    const held = this.#held.commit(generation);
    if (held === undefined) return;
    if (old !== undefined) this.#before = { generation: old.generation, config: old.parsed.config };
    this.#known.clear();
    this.#memo = new ScriptMemo();
    const { config } = held.parsed;
    this.#tellScripts(config);
    this.#fifos.apply(this.#wantedFifos(config.global));
    this.#context.send({ type: 'committed', generation, report: undefined });
  }

  /** Looks at every script once and says what is wrong with it, before it is needed at night. */
  #tellScripts(config: Config): void {
    const insecureOf = new Map<ScriptOwner, boolean>();
    for (const { script, owner } of scriptsOf(config)) {
      const known = this.#resolve(script, config.global);
      if (typeof known !== 'string') insecureOf.set(owner, insecureOf.get(owner) === true || known.check.insecure);
    }
    if (config.global.enableScriptSecurity) return;
    for (const [owner, insecure] of insecureOf) this.#context.log.warning(securityViolation(owner, insecure));
  }

  /** The commands of a script and its user, or why it is not run. Messages are logged the first time. */
  #resolve(script: Script, global: GlobalConfig): Usable | string {
    const key = JSON.stringify([script.argv, script.user ?? null]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#find(script, global);
    this.#known.set(key, found);
    return found;
  }

  #find(script: Script, global: GlobalConfig): Usable | string {
    const answer = credentialsOf(script.user, global.scriptUser, global.enableScriptSecurity);
    if (answer.kind === 'unknown') {
      this.#context.log.error(`${answer.why} - disabling script '${script.command}'`);
      return answer.why;
    }
    const check = checkScript(script, answer.credentials, {
      strict: global.enableScriptSecurity,
      useSymlinkPaths: global.useSymlinkPaths,
      searchPath: scriptSearchPath(),
      memo: this.#memo,
    });
    for (const text of check.messages) this.#context.log.warning(text);
    if (check.kind === 'disabled') return `script '${script.command}' is disabled: ${check.reason}`;
    return { check, user: answer.credentials };
  }

  #configOf(generation: number): Config | undefined {
    if (this.#held.current?.generation === generation) return this.#held.config;
    return this.#before?.generation === generation ? this.#before.config : undefined;
  }

  #scriptAt(config: Config, index: ScriptIndex): Script | undefined {
    switch (index.kind) {
      case 'misc': {
        const checker =
          config.virtualServers[index.virtualServer]?.realServers[index.realServer]?.checkers[index.checker];
        return checker?.kind === 'MISC_CHECK' ? checker.script : undefined;
      }
      case 'server': {
        const server = config.virtualServers[index.virtualServer]?.realServers[index.realServer];
        return index.up ? server?.notifyUp : server?.notifyDown;
      }
      case 'quorum': {
        const server = config.virtualServers[index.virtualServer];
        return index.up ? server?.quorumUp : server?.quorumDown;
      }
      case 'startup':
        return config.global.startupScript;
      case 'shutdown':
        return config.global.shutdownScript;
    }
  }

  /** Starts a script of the configuration. @returns what ends it early */
  #run(
    generation: number,
    index: ScriptIndex,
    timeout: number | undefined,
    done: (end: ScriptEnd) => void,
  ): () => void {
    const config = this.#configOf(generation);
    const script = config === undefined ? undefined : this.#scriptAt(config, index);
    if (config === undefined || script === undefined) {
      done({ kind: 'not-run', why: 'the configuration that named it is no longer in force' });
      return () => {};
    }
    const usable = this.#resolve(script, config.global);
    if (typeof usable === 'string') {
      done({ kind: 'disabled', why: usable });
      return () => {};
    }
    return this.#scripts.run(
      {
        name: script.command,
        commands: usable.check.commands,
        user: usable.user,
        lane: index.kind === 'misc' ? 'check' : 'notice',
        ...(timeout === undefined ? {} : { timeout: milliseconds(timeout) }),
        ...(index.kind === 'misc' ? { key: checkKey(config, index) } : {}),
      },
      done,
    );
  }

  #check(id: number, generation: number, index: ScriptIndex, timeout: number): void {
    let ended = false;
    const cancel = this.#run(generation, index, timeout, (end) => {
      ended = true;
      this.#running.delete(id);
      this.#context.send({ to: 'checker', type: 'ran', id, end });
    });
    // A script that cannot be run is answered before `#run` returns, and nothing is left to cancel.
    if (!ended) this.#running.set(id, cancel);
  }

  #notify(generation: number, index: ScriptIndex): void {
    this.#run(generation, index, undefined, (end) => {
      if (end.kind === 'not-run' || end.kind === 'disabled') {
        this.#context.log.warning(`A ${index.kind} notify script was not run: ${end.why}`);
      }
    });
  }

  #runAndAnswer(id: number, index: ScriptIndex): void {
    const global = this.#held.config?.global;
    const limit = index.kind === 'shutdown' ? global?.shutdownScriptTimeout : global?.startupScriptTimeout;
    this.#run(this.#held.current?.generation ?? 0, index, (limit ?? 10) * 1000, (end) =>
      this.#context.send({ type: 'answer', id, value: end }),
    );
  }

  #wantedFifos(global: GlobalConfig): readonly WantedFifo[] {
    const pairs = [
      { fifo: global.notifyFifo, script: global.notifyFifoScript },
      { fifo: global.lvsNotifyFifo, script: global.lvsNotifyFifoScript },
    ];
    return pairs.flatMap(({ fifo, script }) => {
      if (fifo === undefined) return [];
      const owner = fifo.user === undefined ? undefined : credentialsOf(fifo.user, undefined, true);
      if (owner?.kind === 'unknown') this.#context.log.error(`${owner.why}: the FIFO ${fifo.path} belongs to root`);
      const usable = script === undefined ? undefined : this.#resolve(script, global);
      const command = usable === undefined || typeof usable === 'string' ? undefined : usable.check.commands[0];
      return [
        {
          path: fifo.path,
          owner: owner?.kind === 'found' ? { uid: owner.credentials.uid, gid: owner.credentials.gid } : undefined,
          script:
            command === undefined || usable === undefined || typeof usable === 'string'
              ? undefined
              : { command, user: usable.user },
        },
      ];
    });
  }

  async #stop(): Promise<void> {
    await this.#scripts.whenIdle(milliseconds(STOP_PATIENCE_MS));
    this.#scripts.close();
    this.#fifos.close();
    this.#context.leave(0);
  }
}

/**
 * A check by its identity: its last run may be of the generation before, where it stood in another place, and another
 * check may stand in its place now.
 */
function checkKey(config: Config, index: Extract<ScriptIndex, { readonly kind: 'misc' }>): string {
  const virtual = config.virtualServers[index.virtualServer];
  const real = virtual?.realServers[index.realServer];
  if (virtual === undefined || real === undefined) return JSON.stringify(index);
  const [registered] = registerServers({ ...virtual, realServers: [real] }, index.virtualServer, false);
  const mine = registered?.checkers.find(({ address }) => address.checker === index.checker);
  return registered === undefined || mine === undefined
    ? JSON.stringify(index)
    : checkerKey(virtualServerName(virtual), registered.realServer, mine);
}
