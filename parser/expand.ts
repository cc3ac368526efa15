/**
 * From files to one expanded text: includes, conditional lines, definitions, loops (keepalived.md 5.2 to 5.5).
 *
 * Only lines in which one of those can stand are looked at one by one: a line with `$`, one that starts with `@` or `~`,
 * one that starts with `include`. What lies between them goes into the text as it is, by the stretch. A line that was
 * looked at and did not change is verbatim too.
 *
 * Order of the steps on one line, as keepalived: comment off, condition, definition or loop, substitution, include.
 * A use at the start of a line is replaced alone and the line is looked at again, because what it stands for may be a
 * condition (`$MASTER priority 200`) or a loop. Expansion is bounded in lines, characters, turns and depth.
 */
import { dirname } from 'node:path';
import { parseCondition } from './conditions.js';
import { type BuiltIns, Definitions, matchDefinition } from './definitions.js';
import type { Diagnostic } from './diagnostic.js';
import { ExpansionReport, type Place } from './expansion-report.js';
import {
  ALL_CHECKS,
  checksOf,
  type Include,
  type IncludeChecks,
  matchInclude,
  NO_CHECKS,
  readIncludeCheck,
} from './include.js';
import { openIncluded } from './include-files.js';
import { type Loop, parseLoop } from './loops.js';
import { randomSource } from './random.js';
import { refusal, type SourceFile } from './source-file.js';
import {
  countLines,
  LineFinder,
  lineEnd,
  mayChange,
  nextLineAt,
  readDefinition,
  withoutComment,
} from './source-lines.js';
import { columnAt, type Substituted, sliceLine, substitute } from './substitution.js';
import { EXPANSION_LIMITS, type MappedLine, TextBuilder } from './text-builder.js';
import type { LineMap } from './text-map.js';

/** Includes, multi-line definitions and loops within each other. */
const MAX_DEPTH = 64;
/** Replacements at the start of one line, after which a definition is taken to lead to itself. */
const MAX_LEADING = 100;

export interface ExpanderOptions {
  readonly configId: string;
  readonly seed: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly allConfigChecks: boolean;
  readonly open: (path: string) => SourceFile;
  readonly exists: ((path: string) => boolean) | undefined;
}

export class Expander {
  readonly #options: ExpanderOptions;
  readonly #builder = new TextBuilder();
  readonly #definitions = new Definitions();
  readonly #files: string[] = [];
  readonly #fileOfPath = new Map<string, number>();
  readonly #report = new ExpansionReport(this.#builder, this.#files);
  /** Identities of the files that are being read, outermost first. */
  readonly #reading: string[] = [];
  /** Multi-line definitions whose lines are being read. */
  readonly #unfolding: string[] = [];
  #checks: IncludeChecks;
  #random: ((minimum: number, maximum: number) => number) | undefined;
  #depth = 0;
  #steps = 0;
  #includes = 0;
  #plain = true;
  #ascii = true;
  #toldFull = false;

  constructor(options: ExpanderOptions) {
    this.#options = options;
    this.#checks = options.allConfigChecks ? ALL_CHECKS : NO_CHECKS;
  }

  /** Reads the main file; a file that cannot be read leaves an empty text and a diagnostic. */
  readMain(name: string, path: string): void {
    this.#files.push(name);
    this.#fileOfPath.set(path, 0);
    const source = this.#options.open(path);
    if (source.kind === 'text') {
      this.#read(source, 0, dirname(path), true);
      return;
    }
    const missing = source.kind === 'missing';
    const message = missing ? `Config files missing '${name}'.` : refusal(name, source);
    const cure = missing
      ? 'name the file with -f'
      : source.kind === 'special' && source.why === 'executable'
        ? `chmod a-x ${name}`
        : undefined;
    this.#report.tell({
      class: 'unusable',
      code: missing ? 'LVSD_CONFIG_FILE_MISSING' : 'LVSD_CONFIG_FILE_UNREADABLE',
      message,
      at: undefined,
      span: 1,
      expected: 'a regular, readable file without execute permission',
      suggestion: cure,
      assumed: undefined,
    });
  }

  finish(): {
    text: string;
    lineMap: LineMap;
    files: readonly string[];
    diagnostics: readonly Diagnostic[];
    plain: boolean;
    ascii: boolean;
  } {
    return {
      ...this.#builder.finish(),
      files: this.#files,
      diagnostics: this.#report.diagnostics,
      plain: this.#plain && this.#report.diagnostics.length === 0,
      ascii: this.#ascii,
    };
  }

  #read(source: Extract<SourceFile, { kind: 'text' }>, file: number, directory: string, outermost: boolean): void {
    const { text } = source;
    if (source.encoding !== 'ascii') this.#ascii = false;
    this.#reading.push(source.id);
    const finder = new LineFinder(text);
    let line = 1;
    let done = 0;
    /** Where the stretch that goes in verbatim began, and its line. */
    let keptFrom = 0;
    let keptLine = 1;
    const flush = (to: number): void => {
      if (to > keptFrom) this.#builder.verbatim(text.slice(keptFrom, to), file, keptLine, line - keptLine);
    };
    for (;;) {
      const start = finder.next(done);
      if (start < 0 || this.#spent) break;
      line += countLines(text, done, start);
      const end = lineEnd(text, start);
      const original = text.slice(start, end);
      const place: Place = { file, directory, line, original };
      const cut = withoutComment(original);
      const touched = mayChange(cut);
      const definition = touched ? readDefinition(cut, text, end, this.#options.configId) : undefined;
      done = Math.min(definition?.next ?? end + 1, text.length);
      if (!touched) {
        line += 1;
        continue;
      }
      const before = line;
      flush(start);
      this.#plain = false;
      if (definition === undefined) this.#expand({ text: cut, columns: undefined }, place, false);
      else {
        if (definition.kept) this.#definitions.define(definition.name, definition.value);
        if (definition.unfinished) this.#report.unfinished(definition.name, place);
        if (definition.tooLong) {
          const most = `at most ${EXPANSION_LIMITS.definitionLines} lines`;
          const message = `The definition of '${definition.name}' has more lines than lvsd reads`;
          this.#report.tooLarge(place, message, most, 'does its last line end in a backslash?');
        }
        if (definition.hiddenBackslash) this.#report.hiddenBackslash(definition.name, place);
      }
      line =
        before + countLines(text, start, done) + (done === text.length && text.charCodeAt(done - 1) !== 10 ? 1 : 0);
      keptFrom = done;
      keptLine = line;
    }
    if (!(outermost && keptFrom === 0)) line += countLines(text, done, text.length);
    if (text.length > 0 && text.charCodeAt(text.length - 1) !== 10) line++;
    flush(text.length);
    this.#reading.pop();
  }

  /** Works one line off. `conditioned`: its condition has been read. */
  #expand(start: MappedLine, place: Place, conditionRead: boolean): void {
    let line = start;
    let conditioned = conditionRead;
    for (let leading = 0; !this.#full(place); leading++) {
      const first = line.text.charCodeAt(line.text.search(/\S|$/));
      if (first === 64 && !conditioned) {
        const condition = parseCondition(line.text, this.#options.configId);
        if (condition.kind === 'drop') return;
        if (condition.kind === 'keep') line = sliceLine(line, condition.restAt);
        conditioned = true;
        continue;
      }
      if (first === 126) {
        const loop = parseLoop(line.text, (text) => this.#substituteText(text, place));
        if (loop.kind === 'loop') {
          this.#loop(loop.loop, line, place);
          return;
        }
        if (loop.kind === 'invalid') {
          for (const message of loop.messages) {
            this.#report.say(
              place,
              columnAt(line, line.text.indexOf('~')),
              'assumed',
              'LVSD_CONFIG_INVALID_LOOP',
              `${message} '${line.text.trim()}'`,
              { expected: '~SEQ(var, [start, [step,]] end) or ~LST(var, value, ...)', assumed: 'the line is left out' },
            );
          }
          return;
        }
      }
      if (first === 36) {
        const definition = matchDefinition(line.text);
        if (definition !== undefined) {
          this.#definitions.define(definition.name, [line.text.slice(definition.valueAt).trimEnd()]);
          return;
        }
        const { line: replaced, rest } = this.#substitute(line, place, true);
        if (rest !== undefined) {
          this.#unfold(replaced, rest, place);
          return;
        }
        if (replaced !== line) {
          if (leading > MAX_LEADING) {
            this.#report.fault(
              { kind: 'self-referring', name: /\$\{?(\w*)/.exec(line.text)?.[1] ?? '', column: columnAt(line, 0) },
              [],
              place,
            );
            return;
          }
          conditioned = false;
          line = replaced;
          continue;
        }
      }
      break;
    }
    if (this.#builder.full || this.#splitAtBrace(line, place)) return;
    const { line: replaced, rest } = this.#substitute(line, place, false);
    if (replaced !== line && conditioned && rest === undefined && /^\s*@/.test(replaced.text)) {
      // keepalived looks at a line anew that a definition changed: a second condition counts there.
      this.#expand(replaced, place, false);
      return;
    }
    if (rest !== undefined) this.#unfold(replaced, rest, place);
    else if (replaced === line || !this.#splitAtBrace(replaced, place)) this.#finishLine(replaced, place);
  }

  /** Works off what stands behind a brace as a line of its own, where that makes a difference. */
  #splitAtBrace(line: MappedLine, place: Place): boolean {
    const at = nextLineAt(line.text);
    if (at < 0 || this.#depth >= MAX_DEPTH) return false;
    this.#depth++;
    this.#expand(sliceLine(line, 0, at), place, true);
    this.#expand(sliceLine(line, at), place, false);
    this.#depth--;
    return true;
  }

  /** A line that ended in a multi-line definition: its first line, then the others one by one. */
  #unfold(first: MappedLine, rest: NonNullable<Substituted['rest']>, place: Place): void {
    const { name, column, lines } = rest;
    if (this.#unfolding.includes(name) || this.#depth >= MAX_DEPTH) {
      this.#report.fault({ kind: 'self-referring', name, column }, [], place);
      return;
    }
    this.#unfolding.push(name);
    this.#depth++;
    this.#expand(first, place, false);
    for (const text of lines) {
      if (this.#builder.full) break;
      this.#expand({ text, columns: new Array<number>(text.length).fill(column) }, place, false);
    }
    this.#depth--;
    this.#unfolding.pop();
  }

  #loop(loop: Loop, line: MappedLine, place: Place): void {
    if (loop.restAt >= line.text.length) return;
    if (this.#depth >= MAX_DEPTH) {
      this.#report.say(place, 1, 'unusable', 'LVSD_CONFIG_TOO_DEEP', 'Loops and definitions are nested too deep', {
        expected: `at most ${MAX_DEPTH} levels`,
      });
      return;
    }
    const rest = sliceLine(line, loop.restAt);
    this.#depth++;
    for (let turn = 0; turn < loop.turns && !this.#full(place); turn++) {
      this.#steps++;
      const values = loop.values(turn);
      for (const [k, name] of loop.variables.entries()) this.#definitions.define(name, [values[k] ?? '']);
      this.#expand(rest, place, false);
    }
    this.#depth--;
  }

  /** Whether a bound is reached; nothing more is expanded then. */
  get #spent(): boolean {
    return this.#builder.full || this.#steps > EXPANSION_LIMITS.steps || this.#includes > EXPANSION_LIMITS.includes;
  }

  #full(place: Place): boolean {
    if (!this.#spent) return false;
    if (!this.#toldFull) {
      this.#toldFull = true;
      this.#report.tooLarge(
        place,
        'The configuration expands to more than lvsd reads',
        `at most ${EXPANSION_LIMITS.lines} lines and ${EXPANSION_LIMITS.characters} characters`,
        'look at the bounds of the loop, or at definitions that use each other',
      );
    }
    return true;
  }

  #substitute(line: MappedLine, place: Place, onlyLeading: boolean): Substituted {
    const builtIns: BuiltIns = {
      directory: place.directory,
      configId: this.#options.configId,
      random: (minimum, maximum) => this.#nextRandom(minimum, maximum),
      environment: (name) => {
        const { environment } = this.#options;
        return Object.hasOwn(environment, name) ? environment[name] : undefined;
      },
    };
    const done = substitute(
      line,
      (word, column) =>
        this.#definitions.lookUp(word, builtIns, (kind, name) =>
          this.#report.fault({ kind, name, column }, this.#definitions.names(), place),
        ),
      (fault) => this.#report.fault(fault, this.#definitions.names(), place),
      onlyLeading,
    );
    this.#steps += done.replacements;
    return done;
  }

  #substituteText(text: string, place: Place): string {
    return this.#substitute({ text, columns: undefined }, place, false).line.text;
  }

  #nextRandom(minimum: number, maximum: number): number {
    this.#random ??= randomSource(this.#seedInFile() ?? this.#options.seed);
    return this.#random(minimum, maximum);
  }

  /** `random_seed N` as far as it was read before the first use. */
  #seedInFile(): number | undefined {
    const match = /^[ \t]*random_seed[ \t]+(\d+)/m.exec(this.#builder.finish().text);
    return match === null ? undefined : Number(match[1]);
  }

  #finishLine(line: MappedLine, place: Place): void {
    const checks = readIncludeCheck(line.text, this.#checks);
    if (checks !== undefined && !this.#options.allConfigChecks) this.#checks = checks;
    const include = matchInclude(line.text);
    if (include !== undefined) this.#include(include, line, place);
    else if (line.text.trim() !== '') this.#builder.line(line, place.file, place.line, place.original);
  }

  #include(include: Include, line: MappedLine, place: Place): void {
    const most = EXPANSION_LIMITS.includes;
    if (++this.#includes > most) {
      if (this.#toldFull) return;
      this.#toldFull = true;
      const message = 'The configuration has more include lines than lvsd follows';
      const cure = 'name many files by one pattern: include DIR/*.conf';
      this.#report.tooLarge(place, message, `at most ${most}`, cure);
      return;
    }
    const column = columnAt(line, include.patternAt);
    const { pattern } = include;
    const report = this.#report.ofInclude(place, column, pattern);
    const checks = checksOf(include.keyword, this.#checks);
    for (const { name, path, source } of openIncluded(
      pattern,
      place.directory,
      checks,
      this.#options,
      report.complain,
    )) {
      if (this.#reading.includes(source.id) || this.#reading.length >= MAX_DEPTH) {
        report.includedByItself(name);
        continue;
      }
      let file = this.#fileOfPath.get(path);
      if (file === undefined) {
        file = this.#files.push(name) - 1;
        this.#fileOfPath.set(path, file);
      }
      this.#read(source, file, dirname(path), false);
      if (this.#builder.full) return;
    }
  }
}
