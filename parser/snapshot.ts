/**
 * The face of reading: what other parts of the parser and the processes of lvsd take from it.
 *
 * The supervisor makes a snapshot (`readSnapshot`), encodes it into a memfd and hands that to the roles, which decode
 * it and parse only their own blocks from it (architecture, section 3).
 */
export { type ReadOptions, readSnapshot } from './read.js';
export { decodeSnapshot, encodeSnapshot } from './snapshot-codec.js';
export { type BlockSpan, type LineMap, positionOf, type Snapshot, sourceLine } from './text-map.js';
