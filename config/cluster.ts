/**
 * cluster: what several directors share through Redis (architecture, section 6).
 */
import type { Position } from './position.js';

export type RedisPlace =
  /** redis:// or rediss://, with the database behind the slash. */
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'sentinel'; readonly master: string; readonly nodes: readonly string[] }
  | { readonly kind: 'cluster'; readonly nodes: readonly string[] };

export interface ClusterConfig {
  readonly redis: RedisPlace | undefined;
  readonly passwordFile: string | undefined;
  /** This director's name; undefined: the host name. */
  readonly node: string | undefined;
  /** Whose verdict counts. */
  readonly verdict: 'local' | 'majority';
  readonly at: Position;
}
