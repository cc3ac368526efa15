/**
 * The configuration as the supervisor handles it: read and expanded once, shown to the roles as bytes, understood here
 * only as far as the processes depend on it.
 *
 * The supervisor binds global_defs and the words outside blocks; virtual servers are bound by the roles, from the same
 * bytes. So the process that must never stop has the least to do, and no role can have read another file than the
 * others (keepalived.md 1).
 */
import type { Config } from '../../config/config.js';
import type { GlobalConfig } from '../../config/global.js';
import type { Diagnostic } from '../../parser/diagnostic.js';
import { parseSnapshot } from '../../parser/parse.js';
import { encodeSnapshot, readSnapshot, type Snapshot } from '../../parser/snapshot.js';
import { unbuiltDiagnostics } from '../../parser/validate-unbuilt.js';
import type { Purpose, Refusal, RoleName } from './messages.js';

export interface ReadOptions {
  readonly configId: string | undefined;
  readonly strictIncludes: boolean;
  /** -P takes the checker half away: virtual servers are then somebody else's matter. */
  readonly subsystems: { readonly checker: boolean };
}

export interface LoadedConfiguration {
  readonly snapshot: Snapshot;
  /** What the roles are handed. */
  readonly encoded: Uint8Array;
  readonly global: GlobalConfig;
  /** What the supervisor bound: everything but virtual servers, their groups and their kin. */
  readonly own: Config;
  /** The roles that this configuration needs. */
  readonly needs: ReadonlySet<RoleName>;
  /** Of reading, expanding and `own`; the director finds the rest. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Blocks that only the roles bind. */
const roleBlocks: ReadonlySet<string> = new Set([
  'virtual_server',
  'virtual_server_group',
  'local_address_group',
  'SSL',
]);

/** Words that name a script, a FIFO with its script, or a check by script: where one stands, there is work for the runner. */
const runnerWords =
  /\b(?:misc_path|notify_up|notify_down|quorum_up|quorum_down|notify_fifo|lvs_notify_fifo|startup_script|shutdown_script)\b/;

/**
 * Reads the operator's files.
 * @param previous the configuration in force: what did not change is not read anew
 */
export function loadConfiguration(
  path: string,
  options: ReadOptions,
  previous?: LoadedConfiguration,
): LoadedConfiguration {
  const snapshot = readSnapshot(
    path,
    {
      ...(options.configId === undefined ? {} : { configId: options.configId }),
      allConfigChecks: options.strictIncludes,
    },
    previous?.snapshot,
  );
  const own = parseSnapshot({
    ...snapshot,
    blocks: snapshot.blocks.filter((block) => !roleBlocks.has(block.keyword)),
  });
  return {
    snapshot,
    encoded: encodeSnapshot(snapshot),
    global: own.config.global,
    own: own.config,
    needs: rolesNeeded(snapshot, options.subsystems.checker),
    diagnostics: [...snapshot.diagnostics, ...own.diagnostics],
  };
}

function rolesNeeded(snapshot: Snapshot, checkerHalf: boolean): ReadonlySet<RoleName> {
  const needs = new Set<RoleName>();
  if (checkerHalf && snapshot.blocks.some((block) => block.keyword === 'virtual_server')) {
    needs.add('director');
    needs.add('checker');
  }
  if (runnerWords.test(snapshot.text)) needs.add('runner');
  return needs;
}

/** What may not change while lvsd runs, as keepalived has it (keepalived.md 18). */
const fixedWords: readonly { readonly word: string; readonly of: (global: GlobalConfig) => unknown }[] = [
  { word: 'net_namespace', of: (global) => global.netNamespace },
  { word: 'net_namespace_ipvs', of: (global) => global.netNamespaceIpvs },
  { word: 'instance', of: (global) => global.instance },
  { word: 'nftables table name', of: (global) => global.vrrp.firewall.table },
  { word: 'IPVS nftables table name', of: (global) => global.nftablesIpvs.table },
  { word: 'tmp_config_directory', of: (global) => global.reloadControl.snapshotDirectory },
  { word: 'disable_local_igmp', of: (global) => global.vrrp.disableLocalIgmp },
];

/** Refusals for words that cannot change at a reload; empty if none changed. */
export function forbiddenChanges(before: GlobalConfig, after: GlobalConfig): readonly Refusal[] {
  return fixedWords
    .filter(({ of }) => of(before) !== of(after))
    .map(({ word }) => ({
      code: 'LVSD_RELOAD_FORBIDDEN',
      message: `Cannot change ${word} at a reload - please restart keepalived (that is: restart lvsd; the reload is refused, the old configuration stays)`,
    }));
}

/** What the judgement of a configuration depends on beside the file. */
export interface JudgementOptions {
  readonly purpose: Purpose;
  /** -C: the VRRP half is set aside. */
  readonly checkerOnly: boolean;
  readonly ignoreUnbuilt: boolean;
}

/**
 * Whether a configuration may be put into force: the reasons against it, empty if none. Pure.
 *
 * Refused are what would leave the operator with less than the file says (architecture, section 4): a missing
 * parameter, a file that cannot be read or whose braces do not balance, a word that decides who gets traffic and that
 * lvsd does not act on yet; with `reload_check_config`, every warning too, at a reload.
 */
export function refusalsOf(
  config: Config,
  diagnostics: readonly Diagnostic[],
  options: JudgementOptions,
): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const strict = options.purpose === 'reload' && config.global.reloadCheckConfig !== undefined;
  for (const diagnostic of diagnostics) {
    const fatal = diagnostic.class === 'missing' || diagnostic.class === 'unusable';
    if (fatal || (strict && diagnostic.class === 'assumed'))
      refusals.push({ code: diagnostic.code, message: whereAndWhat(diagnostic) });
  }
  for (const diagnostic of unbuiltDiagnostics(config.unbuilt, options)) {
    if (diagnostic.class !== 'unusable') continue;
    refusals.push({ code: diagnostic.code, message: `${whereAndWhat(diagnostic)}. ${diagnostic.suggestion ?? ''}` });
  }
  return refusals;
}

/**
 * What to log of words that lvsd reads and does not act on: each once, with its place and what to do about it.
 * @param before the configuration in force: what it had was told when it came
 */
export function unbuiltNotes(
  config: Config,
  options: Omit<JudgementOptions, 'purpose'>,
  before: Config | undefined,
): readonly Diagnostic[] {
  const told = new Set(before?.unbuilt.map(({ block, word }) => `${block} ${word}`));
  const uses = config.unbuilt.filter(({ block, word }) => !told.has(`${block} ${word}`));
  return unbuiltDiagnostics(uses, options)
    .filter((each) => each.class === 'note')
    .map((each) => ({ ...each, message: `${each.message}. ${each.suggestion ?? ''}`.trimEnd() }));
}

/** `(FILE: Line N) text`, for log lines where several files may be meant. */
export function whereAndWhat(diagnostic: Diagnostic): string {
  return diagnostic.at === undefined
    ? diagnostic.message
    : `(${diagnostic.at.file}: Line ${diagnostic.at.line}) ${diagnostic.message}`;
}
