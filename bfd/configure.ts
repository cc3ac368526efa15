/**
 * From bfd_instance blocks to sessions (keepalived.md 20). Pure.
 */
import type { BfdInstance } from '../config/bfd.js';
import type { BfdSessionConfig } from './sessions.js';

/** The session of one block. max_hops of -1 takes packets from anywhere; 0 only what no router forwarded. */
export function bfdSessionConfig(instance: BfdInstance): BfdSessionConfig {
  const { name, minTx, minRx, idleTx, multiplier, passive, neighbor, ttl, maxHops, multihop } = instance;
  return {
    parameters: { name, minTx, minRx, idleTx, multiplier, passive },
    neighbor,
    leastTtl: maxHops < 0 ? 0 : Math.max(0, ttl - maxHops),
    multihop,
  };
}
