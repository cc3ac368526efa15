/**
 * From a snapshot to the typed Config of the LVS side: one top-level block at a time, its tree dropped as soon as it is
 * bound.
 *
 * Everything but virtual servers is bound first, because virtual servers are validated against groups and defaults that
 * may stand below them. A block is not parsed again if the previous result had the same text at the same place under the
 * same defaults: its value is taken over by reference, so an unchanged virtual server is `===` across reloads.
 *
 * It reads no files and asks the host nothing; what only the host knows comes by hooks. Diagnostics are the parser's
 * own: those of reading the files stand in the snapshot.
 */
import type { Config } from '../config/config.js';
import { virtualServerName } from '../config/names.js';
import type { Position } from '../config/position.js';
import type { LocalAddressGroup, VirtualServer, VirtualServerGroup } from '../config/virtual-server.js';
import { bindStatement } from './bind.js';
import { BindContext, type Collected, TextPool } from './bind-context.js';
import { parseBlock } from './block-parser.js';
import type { Diagnostic } from './diagnostic.js';
import { type Kept, KeptBlocks, keptServer, SILENCE } from './kept-blocks.js';
import { KnownServers } from './known-servers.js';
import { KnownVirtualServers } from './known-virtual-servers.js';
import { emptyAdded } from './schema/added-draft.js';
import { emptyGlobal, type SslDraft } from './schema/global-draft.js';
import { blockNeighbours, wordTable } from './schema/index.js';
import { type TopLevelDraft, topLevelBlock } from './schema/top-level.js';
import { emptyVrrpSide } from './schema/vrrp-drafts.js';
import type { Statement } from './statement.js';
import { suggestForWord } from './suggest.js';
import { type BlockSpan, isLinear, lineStartOf, positionOf, type Snapshot } from './text-map.js';
import { checkAdded } from './validate-added.js';
import { SchedulePool, type VirtualServerSurroundings } from './validate-checker.js';
import { mergeDuplicate } from './validate-duplicates.js';
import { checkSurroundings, type Surroundings } from './validate-surroundings.js';
import { onceEach } from './validate-unbuilt.js';
import { validateVirtualServer } from './validate-virtual-server.js';
import { oldSyncDaemon, validateVrrp } from './validate-vrrp.js';
import { checkVrrpSurroundings } from './validate-vrrp-surroundings.js';

export interface ParseOptions {
  /** Says what is wrong with a pattern of HTTP_GET; without it patterns are taken as they are. */
  readonly validateRegex?: (pattern: string, options: readonly string[]) => string | undefined;
  /** What the host knows; without it nothing is said about programs, users and interfaces. */
  readonly surroundings?: Surroundings;
  /** False: every block is read and bound by itself, also where an equal one was (known-servers.ts); for tests. */
  readonly recall?: boolean;
}

/** Opaque: hand it on to the next parse. */
export interface ParseCache {
  readonly blocks: KeptBlocks;
  readonly pool: TextPool;
  readonly schedules: SchedulePool;
  /** What flowed into every virtual server from elsewhere: if it changed, none is taken over. */
  readonly defaults: string;
  readonly merged: ReadonlyMap<string, { readonly from: readonly VirtualServer[]; readonly into: VirtualServer }>;
}

export interface ParseResult {
  readonly config: Config;
  /** Of binding and validation, in file order; those of reading are in the snapshot. */
  readonly diagnostics: readonly Diagnostic[];
  readonly cache: ParseCache;
}

const cached = new Set(['virtual_server', 'virtual_server_group', 'local_address_group']);
/** A pool that has grown beyond this over many reloads is begun anew; what it handed out stays good. */
const MOST_TEXTS = 262_144;

/**
 * Parses what the director and the checkers need.
 *
 * @param previous the result before a reload: what did not change is taken over by reference
 */
export function parseSnapshot(snapshot: Snapshot, previous?: ParseResult, options: ParseOptions = {}): ParseResult {
  return new Parse(snapshot, previous?.cache, options).run();
}

class Parse {
  readonly #snapshot: Snapshot;
  readonly #options: ParseOptions;
  readonly #before: ParseCache | undefined;
  readonly #kept = new KeptBlocks();
  readonly #merged = new Map<string, { from: readonly VirtualServer[]; into: VirtualServer }>();
  readonly #pool: TextPool;
  readonly #schedules: SchedulePool;
  readonly #global = emptyGlobal();
  #ssl: SslDraft | undefined;
  readonly #groups = new Map<string, VirtualServerGroup>();
  readonly #localGroups = new Map<string, LocalAddressGroup>();
  readonly #servers: VirtualServer[] = [];
  /** By block index, so that file order survives the two passes. */
  readonly #collected: Collected[] = [];
  readonly #context: BindContext;
  readonly #known: KnownServers;
  readonly #knownVirtual = new KnownVirtualServers();
  readonly #vrrp = emptyVrrpSide();
  readonly #added = emptyAdded();

  constructor(snapshot: Snapshot, before: ParseCache | undefined, options: ParseOptions) {
    this.#snapshot = snapshot;
    this.#before = before;
    this.#options = options;
    const reusable = before !== undefined && before.pool.size <= MOST_TEXTS;
    this.#pool = reusable ? before.pool : new TextPool();
    this.#schedules = reusable ? before.schedules : new SchedulePool();
    this.#known = new KnownServers(snapshot.text);
    this.#context = new BindContext(
      (line, column) => positionOf(snapshot, line, column),
      this.#pool,
      (word, block) => suggestForWord(word, block, wordTable(), blockNeighbours()),
    );
  }

  run(): ParseResult {
    const blocks = this.#snapshot.blocks;
    for (let i = 0; i < blocks.length; i++) {
      const span = blocks[i];
      if (span !== undefined && span.keyword !== 'virtual_server') this.#declaration(span, i);
    }
    const defaults = this.#defaults();
    const before = this.#before?.defaults === defaults ? this.#before.blocks : undefined;
    const surroundings = this.#serverSurroundings();
    const ordinals = new Map<string, number>();
    for (let i = 0; i < blocks.length; i++) {
      const span = blocks[i];
      if (span?.keyword === 'virtual_server') this.#virtualServer(span, i, before, surroundings, ordinals);
    }
    const { servers, told } = this.#unique();
    this.#global.lvsSyncDaemon ??= oldSyncDaemon(this.#vrrp);
    const { smtpAlert, vrrpDefaults } = this.#global;
    const inherited = { ...vrrpDefaults, smtpAlert: vrrpDefaults.smtpAlert ?? smtpAlert };
    const vrrp = validateVrrp(this.#vrrp, inherited, this.#context);
    const config: Config = {
      global: this.#global,
      ssl: this.#ssl,
      groups: this.#groups,
      localAddressGroups: this.#localGroups,
      virtualServers: servers,
      trackFiles: this.#vrrp.files,
      bfd: this.#vrrp.bfd,
      vrrp,
      added: this.#added,
      unbuilt: onceEach(this.#collected.flatMap((each) => each.unbuilt)),
    };
    const host = this.#options.surroundings;
    const diagnostics = [
      ...this.#collected.flatMap((each) => each.diagnostics),
      ...told,
      ...this.#context.take().diagnostics,
      ...checkAdded(config),
      ...(host === undefined
        ? []
        : [...checkSurroundings(config, host), ...checkVrrpSurroundings(config, this.#vrrp, host)]),
      ...untold(this.#context.untold),
    ];
    const cache = { blocks: this.#kept, pool: this.#pool, schedules: this.#schedules, defaults, merged: this.#merged };
    return { config, diagnostics, cache };
  }

  #draft(): TopLevelDraft {
    return {
      global: this.#global,
      ssl: this.#ssl,
      group: undefined,
      localGroup: undefined,
      virtualServer: undefined,
      vrrp: this.#vrrp,
      added: this.#added,
    };
  }

  /** What was kept of the same text at the same place. */
  #found(among: KeptBlocks | undefined, span: BlockSpan): Kept | undefined {
    let kept = among?.get(span.hash);
    if (kept === undefined) return undefined;
    const at = positionOf(this.#snapshot, span.firstLine, 1);
    while (kept !== undefined && (kept.line !== at.line || kept.file !== at.file || kept.keyword !== span.keyword)) {
      kept = kept.twin;
    }
    return kept;
  }

  /** Any block but a virtual server. */
  #declaration(span: BlockSpan, index: number): void {
    const found = topLevelBlock.table.get(span.keyword);
    if (found === undefined || (!found.keyword.effect.acts && found.keyword.effect.bind === undefined)) {
      this.#skipped(span, index);
      return;
    }
    const cacheable = cached.has(span.keyword);
    const before = cacheable ? this.#found(this.#before?.blocks, span) : undefined;
    const kept = before ?? this.#bindDeclaration(span);
    if (cacheable) this.#kept.add(span, kept);
    this.#collected[index] = kept.collected;
    if (kept.value === undefined) return;
    if (span.keyword === 'virtual_server_group') this.#add(this.#groups, kept.value as VirtualServerGroup, index);
    else this.#add(this.#localGroups, kept.value as LocalAddressGroup, index);
  }

  #bindDeclaration(span: BlockSpan): Kept {
    const context = this.#context;
    const draft = this.#draft();
    this.#vrrp.blockEnd = () => this.#endOf(span);
    const statement = parseBlock(this.#snapshot, span);
    if (statement !== undefined) bindStatement(topLevelBlock, draft, statement, context);
    this.#ssl = draft.ssl;
    const { file, line } = positionOf(this.#snapshot, span.firstLine, 1);
    return {
      keyword: this.#pool.text(span.keyword),
      file,
      line,
      collected: context.take(),
      value: draft.group ?? draft.localGroup,
      group: undefined,
      groupName: undefined,
      ordinal: 0,
      twin: undefined,
    };
  }

  #add<T extends { readonly name: string }>(to: Map<string, T>, value: T, index: number): void {
    if (!to.has(value.name)) to.set(value.name, value);
    else {
      const at = (value as T & { readonly at: Diagnostic['at'] }).at;
      const context = this.#context;
      const message = `Group ${value.name} is defined twice`;
      context.reportAt('note', 'LVSD_CONFIG_DUPLICATE', message, at, { assumed: 'the first one counts' });
      const { diagnostics, unbuilt } = this.#collected[index] ?? SILENCE;
      this.#collected[index] = { diagnostics: [...diagnostics, ...context.take().diagnostics], unbuilt };
    }
  }

  /** A block that is known and not acted on, or that nobody knows: its header is enough. */
  #skipped(span: BlockSpan, index: number): void {
    const context = this.#context;
    const { text } = this.#snapshot;
    const lineStart = lineStartOf(this.#snapshot, span.start);
    const header = /^[^\n{]*/.exec(text.slice(span.start, Math.min(span.end, span.start + 512)))?.[0] ?? '';
    const column = span.start - lineStart + 1;
    const words = header.split(/\s+/).filter((word) => word !== '');
    const statement: Statement = {
      words: words.map((word, i) => ({ text: i === 0 ? span.keyword : word, quoted: false, column })),
      body: span.lastLine > span.firstLine || text.slice(span.start, span.end).includes('{') ? [] : undefined,
      line: span.firstLine,
      raw: header,
      endLine: span.lastLine,
    };
    if (statement.words.length > 0) bindStatement(topLevelBlock, this.#draft(), statement, context);
    this.#collected[index] = context.take();
  }

  /** Where a block's closing brace stands. */
  #endOf(span: BlockSpan): Position {
    const lineStart = lineStartOf(this.#snapshot, Math.max(0, span.end - 1));
    return positionOf(this.#snapshot, span.lastLine, Math.max(1, span.end - lineStart));
  }

  /** The sessions that BFD_CHECK may name. */
  #checkedBfd(): ReadonlySet<string> {
    return new Set([...this.#vrrp.declaredBfd].flatMap(([name, bfd]) => (bfd.forChecker ? [name] : [])));
  }

  /** What flows into every virtual server from elsewhere, as text. */
  #defaults(): string {
    const { smtpAlert, smtpAlertChecker, checkerLogAllFailures } = this.#global;
    return JSON.stringify([
      smtpAlertChecker ?? smtpAlert,
      checkerLogAllFailures,
      [...this.#localGroups.keys()],
      [...this.#vrrp.files.keys()],
      [...this.#checkedBfd()],
    ]);
  }

  #serverSurroundings(): Omit<VirtualServerSurroundings, 'group' | 'ordinal'> {
    const { smtpAlert, smtpAlertChecker, checkerLogAllFailures } = this.#global;
    return {
      smtpAlert: smtpAlertChecker ?? smtpAlert,
      logAllFailures: checkerLogAllFailures,
      localAddressGroups: new Set(this.#localGroups.keys()),
      knownNames: { trackFiles: new Set(this.#vrrp.files.keys()), bfdInstances: this.#checkedBfd() },
      schedules: this.#schedules,
      validateRegex: this.#options.validateRegex,
    };
  }

  #virtualServer(
    span: BlockSpan,
    index: number,
    earlier: KeptBlocks | undefined,
    surroundings: Omit<VirtualServerSurroundings, 'group' | 'ordinal'>,
    ordinals: Map<string, number>,
  ): void {
    const before = this.#found(earlier, span);
    const same =
      before !== undefined &&
      (before.groupName === undefined ||
        (before.group === this.#groups.get(before.groupName) &&
          before.ordinal === (ordinals.get(before.groupName) ?? 0)));
    const linear = !same && this.#options.recall !== false && isLinear(this.#snapshot, span);
    const recalled = linear ? this.#recalled(span) : undefined;
    if (recalled !== undefined) {
      this.#kept.add(span, recalled);
      this.#collected[index] = SILENCE;
      this.#servers.push(recalled);
      return;
    }
    const kept = same ? before : this.#bindVirtualServer(span, surroundings, ordinals, linear);
    this.#kept.add(span, kept);
    this.#collected[index] = kept.collected;
    if (kept.value === undefined) return;
    if (kept.groupName !== undefined) ordinals.set(kept.groupName, kept.ordinal + 1);
    this.#servers.push(kept.value as VirtualServer);
  }

  /** The virtual server of a block of a form that was met before. */
  #recalled(span: BlockSpan): VirtualServer | undefined {
    const column = span.start - lineStartOf(this.#snapshot, span.start) + 1;
    const at = positionOf(this.#snapshot, span.firstLine, column);
    return this.#knownVirtual.find(this.#snapshot.text, span, at);
  }

  /** @param linear the block's lines stand in one file as they were written */
  #bindVirtualServer(
    span: BlockSpan,
    surroundings: Omit<VirtualServerSurroundings, 'group' | 'ordinal'>,
    ordinals: ReadonlyMap<string, number>,
    linear: boolean,
  ): Kept {
    const context = this.#context;
    context.known = linear ? this.#known : undefined;
    const draft = this.#draft();
    const said = context.said;
    const statement = parseBlock(this.#snapshot, span, context.known);
    if (statement !== undefined) bindStatement(topLevelBlock, draft, statement, context);
    const virtual = draft.virtualServer;
    const groupName = virtual?.target.kind === 'group' ? virtual.target.group : undefined;
    const group = groupName === undefined ? undefined : this.#groups.get(groupName);
    const ordinal = groupName === undefined ? 0 : (ordinals.get(groupName) ?? 0);
    const value =
      virtual === undefined ? undefined : validateVirtualServer(virtual, { ...surroundings, group, ordinal }, context);
    if (linear && statement !== undefined && virtual !== undefined && value !== undefined && context.said === said) {
      this.#knownVirtual.remember(this.#snapshot.text, span, statement, virtual, value);
    }
    const at = virtual?.at ?? positionOf(this.#snapshot, span.firstLine, 1);
    return keptServer(at, context.take(), value, group, groupName, ordinal);
  }

  /** Virtual servers with one identity become one, as in keepalived's kernel table. */
  #unique(): { readonly servers: readonly VirtualServer[]; readonly told: readonly Diagnostic[] } {
    const names = new Set<string>();
    for (const server of this.#servers) names.add(virtualServerName(server));
    if (names.size === this.#servers.length) return { servers: this.#servers, told: [] };
    const byName = new Map<string, VirtualServer[]>();
    for (const server of this.#servers) {
      const name = virtualServerName(server);
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [server]);
      else others.push(server);
    }
    const context = this.#context;
    const servers: VirtualServer[] = [];
    for (const [name, from] of byName) {
      const first = from[0];
      if (first === undefined) continue;
      if (from.length === 1) {
        servers.push(first);
        continue;
      }
      const before = this.#before?.merged.get(name);
      const same =
        before !== undefined && before.from.length === from.length && before.from.every((each, i) => each === from[i]);
      const into = mergeDuplicate(name, from, context);
      this.#merged.set(name, same ? before : { from, into });
      servers.push(same ? before.into : into);
    }
    return { servers, told: context.take().diagnostics };
  }
}

/** What is said where there is too much to say. */
function untold(count: number): readonly Diagnostic[] {
  if (count === 0) return [];
  const message = `${count} more complaints are not shown`;
  const suggestion = 'mend those above first, then run this again';
  const [expected, assumed] = [undefined, undefined];
  return [
    { class: 'note', code: 'LVSD_CONFIG_TOO_MANY', message, at: undefined, span: 1, expected, suggestion, assumed },
  ];
}
