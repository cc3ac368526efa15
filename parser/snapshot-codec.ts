/**
 * A snapshot as bytes and back: it goes from the supervisor to the roles through a memfd.
 *
 * Big things go as they lie in memory (text, line map, block numbers), small ones as JSON. Numbers are little-endian,
 * as both ends run on one machine. The decoder is total: any bytes are a snapshot or an LvsdError.
 *
 * Layout: header of 8 words (magic, version, and the lengths in bytes of: JSON, text, runs, columns, block numbers;
 * encoding of the text), then these five parts, each padded to 4 bytes. A block is 7 words: index of its keyword,
 * firstLine, lastLine, start, end, hash high, hash low.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { LvsdError } from '../runtime/errors.js';
import { TextSpan } from './block-span.js';
import type { Diagnostic } from './diagnostic.js';
import { type BlockSpan, COLUMN_STRIDE, RUN_STRIDE, type Snapshot } from './text-map.js';

const MAGIC = 0x4453564c;
const VERSION = 1;
const HEADER_WORDS = 8;
const BLOCK_WORDS = 7;
const ASCII = 0;
const UTF8 = 1;

interface Small {
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly keywords: readonly string[];
  readonly originals: readonly (readonly [string, string])[];
}

const padded = (length: number): number => (length + 3) & ~3;

export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const keywords = new Map<string, number>();
  const blocks = new Int32Array(snapshot.blocks.length * BLOCK_WORDS);
  let word = 0;
  for (const block of snapshot.blocks) {
    let keyword = keywords.get(block.keyword);
    if (keyword === undefined) {
      keyword = keywords.size;
      keywords.set(block.keyword, keyword);
    }
    blocks[word++] = keyword;
    blocks[word++] = block.firstLine;
    blocks[word++] = block.lastLine;
    blocks[word++] = block.start;
    blocks[word++] = block.end;
    blocks[word++] = Number.parseInt(block.hash.slice(0, 8), 16);
    blocks[word++] = Number.parseInt(block.hash.slice(8), 16);
  }
  const small: Small = {
    files: snapshot.files,
    diagnostics: snapshot.diagnostics,
    keywords: [...keywords.keys()],
    originals: [...snapshot.lineMap.originals],
  };
  const json = Buffer.from(JSON.stringify(small));
  const { runs, columns } = snapshot.lineMap;
  const textLength = Buffer.byteLength(snapshot.text);
  const encoding = textLength === snapshot.text.length ? ASCII : UTF8;
  const lengths = [json.length, textLength, runs.byteLength, columns.byteLength, blocks.byteLength];
  const out = Buffer.alloc(lengths.reduce((sum, length) => sum + padded(length), HEADER_WORDS * 4));
  for (const [k, value] of [MAGIC, VERSION, ...lengths, encoding].entries()) out.writeUInt32LE(value, k * 4);
  let at = HEADER_WORDS * 4;
  json.copy(out, at);
  at += padded(json.length);
  out.write(snapshot.text, at, textLength, encoding === ASCII ? 'latin1' : 'utf8');
  at += padded(textLength);
  for (const numbers of [runs, columns, blocks]) {
    Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).copy(out, at);
    at += padded(numbers.byteLength);
  }
  return out;
}

function corrupt(what: string): LvsdError {
  return new LvsdError(
    'LVSD_SNAPSHOT_CORRUPT',
    `The configuration snapshot that the supervisor handed on is damaged: ${what}. Restart lvsd; if it comes back, please report it.`,
  );
}

/** @throws LvsdError LVSD_SNAPSHOT_CORRUPT for anything that encodeSnapshot cannot have written */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_WORDS * 4 || buffer.readUInt32LE(0) !== MAGIC) throw corrupt('it does not begin as one');
  const header = Array.from({ length: HEADER_WORDS }, (_, k) => buffer.readUInt32LE(k * 4));
  if (header[1] !== VERSION) throw corrupt('it was written by another version of lvsd');
  const lengths = header.slice(2, 7);
  const total = lengths.reduce((sum, length) => sum + padded(length), HEADER_WORDS * 4);
  if (total !== buffer.length || lengths.some((length) => length > buffer.length))
    throw corrupt('its lengths do not add up');
  let at = HEADER_WORDS * 4;
  const part = (k: number): Buffer => {
    const length = lengths[k]!;
    const found = buffer.subarray(at, at + length);
    at += padded(length);
    return found;
  };
  const small = decodeSmall(part(0));
  const textBytes = part(1);
  const encoding = header[7]!;
  if (encoding > UTF8 || (encoding === ASCII ? !isAscii(textBytes) : !isUtf8(textBytes)))
    throw corrupt('its text is not in the encoding that it names');
  const text = textBytes.toString(encoding === ASCII ? 'latin1' : 'utf8');
  const runs = decodeNumbers(part(2), RUN_STRIDE);
  const columns = decodeNumbers(part(3), COLUMN_STRIDE);
  const blocks = decodeBlocks(decodeNumbers(part(4), BLOCK_WORDS), small.keywords, text.length);
  for (let k = 0; k < runs.length; k += RUN_STRIDE) {
    if (runs[k + 1]! < 0 || runs[k + 1]! >= small.files.length)
      throw corrupt('a line comes from a file that is not named');
  }
  return {
    text,
    files: small.files,
    blocks,
    diagnostics: small.diagnostics,
    lineMap: { runs, columns, originals: new Map(small.originals) },
  };
}

function decodeSmall(bytes: Buffer): Small {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new LvsdError('LVSD_SNAPSHOT_CORRUPT', corrupt('its names cannot be read').message, { cause });
  }
  const strings = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'string');
  if (typeof value !== 'object' || value === null || !('files' in value) || !strings(value.files))
    throw corrupt('it names no files');
  if (!('keywords' in value) || !strings(value.keywords)) throw corrupt('it names no keywords');
  const pairs =
    'originals' in value &&
    Array.isArray(value.originals) &&
    value.originals.every((pair) => strings(pair) && pair.length === 2);
  const diagnostics =
    'diagnostics' in value && Array.isArray(value.diagnostics) && value.diagnostics.every(isDiagnostic);
  if (!pairs || !diagnostics) throw corrupt('its messages cannot be read');
  const { diagnostics: told, ...rest } = value as Small;
  // JSON leaves out what is undefined.
  return {
    ...rest,
    diagnostics: told.map(({ class: cls, code, message, at, span, expected, suggestion, assumed }) => ({
      class: cls,
      code,
      message,
      at,
      span,
      expected,
      suggestion,
      assumed,
    })),
  };
}

function isDiagnostic(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'class' in value &&
    'code' in value &&
    'message' in value &&
    typeof value.message === 'string'
  );
}

function decodeNumbers(bytes: Buffer, stride: number): Int32Array {
  if (bytes.length % (4 * stride) !== 0) throw corrupt('a table ends in the middle of a row');
  const numbers = new Int32Array(bytes.length / 4);
  Buffer.from(numbers.buffer).set(bytes);
  return numbers;
}

function decodeBlocks(numbers: Int32Array, keywords: readonly string[], length: number): BlockSpan[] {
  const blocks: BlockSpan[] = [];
  const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
  let before = 0;
  for (let k = 0; k < numbers.length; k += BLOCK_WORDS) {
    const keyword = keywords[numbers[k]!];
    const start = numbers[k + 3]!;
    const end = numbers[k + 4]!;
    if (keyword === undefined || start < before || end < start || end > length)
      throw corrupt('a block does not lie in the text');
    before = end;
    const hash = hex(numbers[k + 5]!) + hex(numbers[k + 6]!);
    blocks.push(new TextSpan(keyword, numbers[k + 1]!, numbers[k + 2]!, start, end, hash, true));
  }
  return blocks;
}
