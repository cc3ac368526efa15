/**
 * SIGUSR1: the text dumps that operators grep, keepalived_parent.data and keepalived_check.data (keepalived.md 4).
 */
import { checkerDump } from '../../observe/dump-check.js';
import { dumpPath, writeDump } from '../../observe/dump-file.js';
import { globalDefinitions } from '../../observe/dump-global.js';
import type { StateDocument } from '../../observe/state.js';
import { parseSnapshot } from '../../parser/parse.js';
import { describeError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import type { Supervisor } from './supervisor.js';

/** Writes both files; what cannot be written is told. */
export async function writeDumps(
  state: { status(): Promise<StateDocument> },
  supervisor: Supervisor,
  log: Log,
): Promise<void> {
  const loaded = supervisor.current;
  if (loaded === undefined) return;
  const { config } = parseSnapshot(loaded.snapshot);
  const namespace = config.global.netNamespace;
  try {
    const document = await state.status();
    const { dumps, instance } = config.global;
    const of = dumps.useInstance ? [namespace, instance].filter((part) => part !== undefined).join('_') : '';
    const path = (kind: 'parent' | 'check'): string => dumpPath(kind, process.env.TMPDIR, dumps.stateFile, of);
    writeDump(path('parent'), globalDefinitions(config.global, namespace));
    writeDump(path('check'), checkerDump(config, document, namespace));
    log.info(`Printing parent data for process(${process.pid}) on signal`);
  } catch (error) {
    log.warning(describeError(error));
  }
}
