/**
 * Opens what an include line names (keepalived.md 5.2): finds the files, says what is wrong with each that is not read,
 * with its cure. Which checks are asked is include.ts's matter; expanding what was read is expand.ts's.
 */
import { join } from 'node:path';
import { findFiles } from './glob.js';
import { complainAbout, type IncludeChecks } from './include.js';
import { refusal, type SourceFile } from './source-file.js';

/** A file that an include names and that can be read. */
export interface Included {
  /** As the pattern found it, for messages. */
  readonly name: string;
  readonly path: string;
  readonly source: Extract<SourceFile, { kind: 'text' }>;
}

export interface FileAccess {
  readonly open: (path: string) => SourceFile;
  /** Undefined: the file system is asked. */
  readonly exists: ((path: string) => boolean) | undefined;
}

/** @param fatal whether a check that was asked for failed */
export type Complain = (message: string, fatal: boolean, suggestion?: string) => void;

/**
 * The files of a pattern, opened one by one as they are asked for.
 * @param directory where relative names start
 */
export function* openIncluded(
  pattern: string,
  directory: string,
  checks: IncludeChecks,
  access: FileAccess,
  complain: Complain,
): Generator<Included, void, void> {
  const found = findFiles(pattern, directory, access.exists);
  const complaint = complainAbout(pattern, found, checks);
  if (complaint !== undefined) {
    const bare = /^"(.*)"$/.exec(pattern)?.[1];
    const cure = bare === undefined ? undefined : `write ${bare} without quotes: they are part of the name here`;
    complain(complaint.message, complaint.fatal, cure);
  }
  if (found.cut) complain(`'${pattern}' names more files than lvsd looks at`, true);
  for (const name of found.names) {
    const path = name.startsWith('/') ? name : join(directory, name);
    const source = access.open(path);
    if (source.kind === 'text') yield { name, path, source };
    else complain(refusal(name, source), checks.read, cureFor(name, source));
  }
}

function cureFor(name: string, source: Exclude<SourceFile, { kind: 'text' }>): string | undefined {
  if (source.kind === 'special' && source.why === 'executable') return `chmod a-x ${name}`;
  if (source.kind === 'directory') return `name the files in it: ${name.replace(/\/$/, '')}/*.conf`;
  return undefined;
}
