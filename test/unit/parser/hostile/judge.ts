/**
 * What must hold of every text, however spoilt: it is read, parsed, told about and printed without an exception, every
 * place that is named exists, what is printed means the same, and a reload onto it ends where a start does.
 */
import assert from 'node:assert/strict';
import type { Config } from '../../../../config/config.js';
import { type ParseResult, parseSnapshot } from '../../../../parser/parse.js';
import { printConfig } from '../../../../parser/print.js';
import { diagnosticsToJson, exitCodeOf, renderDiagnostics } from '../../../../parser/render-diagnostic.js';
import { decodeSnapshot, encodeSnapshot, readSnapshot, type Snapshot } from '../../../../parser/snapshot.js';
import { withoutPositions } from '../schema/parse-text.js';

const NAME = 'test.conf';

export function readBytes(bytes: Uint8Array, previous?: Snapshot): Snapshot {
  const readFile = (path: string): Uint8Array => {
    if (path.endsWith(NAME)) return bytes;
    throw new Error('no such file');
  };
  return readSnapshot(NAME, { configId: 'lb1', randomSeed: 1, environment: { HOME: '/root' }, readFile }, previous);
}

function comparable(config: Config): unknown {
  const { unbuilt: _unbuilt, ...rest } = config;
  return withoutPositions(rest);
}

export interface Earlier {
  readonly snapshot: Snapshot;
  readonly parsed: ParseResult;
}

/** A text that a reload may come from. */
export function load(text: string): Earlier {
  const snapshot = readBytes(Buffer.from(text));
  return { snapshot, parsed: parseSnapshot(snapshot) };
}

/** @param earlier what is in force when the text comes by a reload */
export function judge(bytes: Uint8Array, earlier?: Earlier): void {
  const snapshot = readBytes(bytes);
  const parsed = parseSnapshot(snapshot);
  const diagnostics = [...snapshot.diagnostics, ...parsed.diagnostics];
  for (const { at, span, message, code } of diagnostics) {
    assert.ok(span >= 1 && message.length > 0 && code.startsWith('LVSD_CONFIG_'), code);
    if (at === undefined) continue;
    assert.ok(snapshot.files.includes(at.file) && at.line >= 1 && at.column >= 1, `${code} ${JSON.stringify(at)}`);
  }
  renderDiagnostics(diagnostics, snapshot);
  const json = JSON.parse(diagnosticsToJson(diagnostics, snapshot)) as { readonly exitCode: number };
  assert.equal(json.exitCode, exitCodeOf(diagnostics));

  const printed = printConfig(parsed.config);
  const again = parseSnapshot(readBytes(Buffer.from(printed)));
  assert.deepEqual(comparable(again.config), comparable(parsed.config), 'what is printed means something else');
  assert.equal(printConfig(again.config), printed, 'what is printed is printed otherwise');

  if (earlier === undefined) return;
  assert.deepEqual(decodeSnapshot(encodeSnapshot(snapshot)), snapshot, 'the snapshot is another behind its codec');
  const reread = readBytes(bytes, earlier.snapshot);
  assert.deepEqual(reread, snapshot, 'a reload reads something else');
  const reloaded = parseSnapshot(reread, earlier.parsed);
  assert.deepEqual(reloaded.config, parsed.config, 'a reload ends elsewhere than a start');
  assert.deepEqual(reloaded.diagnostics, parsed.diagnostics, 'a reload tells something else than a start');
}
