/**
 * Kernel parameters under /proc/sys: read, set with read-back, put back.
 *
 * Names are lists of path parts, because an interface name may have dots in it; each part is checked, so that no name
 * leaves /proc/sys. The first value seen is kept and restored at the end; after a crash the journal hands it in again.
 * The `net.ipv4.vs.*` words exist only when the ip_vs module is loaded, and belong to the network namespace of the
 * thread (Documentation/networking/ipvs-sysctl.rst).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LvsdError } from '../runtime/errors.js';

/** A checked name. */
export interface SysctlName {
  readonly parts: readonly string[];
  /** As sysctl(8) writes it. */
  readonly text: string;
}

const PART = /^[A-Za-z0-9_@:+-][A-Za-z0-9_.@:+-]*$/;

/**
 * @param parts as ['net', 'ipv4', 'conf', 'eth0.100', 'arp_ignore']
 * @throws LvsdError LVSD_SYSCTL_NAME
 */
export function sysctlName(parts: readonly string[]): SysctlName {
  const text = parts.join('.');
  if (parts.length === 0 || !parts.every((part) => PART.test(part))) {
    throw new LvsdError('LVSD_SYSCTL_NAME', `"${text}" is not the name of a kernel parameter`, {
      fields: { name: text },
    });
  }
  return { parts, text };
}

/**
 * A word of net.ipv4.vs.
 * @throws LvsdError LVSD_SYSCTL_NAME
 */
export function ipvsSysctl(word: string): SysctlName {
  if (!/^[a-z0-9_]+$/.test(word)) {
    throw new LvsdError('LVSD_SYSCTL_NAME', `"${word}" is not a word of net.ipv4.vs (lower case letters, digits, _)`);
  }
  return sysctlName(['net', 'ipv4', 'vs', word]);
}

/** Numbers and lists of numbers come back with tabs between them. */
const normal = (value: string): string => value.trim().split(/\s+/).join(' ');

export class Sysctls {
  readonly #root: string;
  readonly #originals: Map<string, { readonly name: SysctlName; readonly value: string }>;

  /**
   * @param originals values to be restored that an earlier lvsd found, by its journal
   * @param root /proc/sys; another one for tests
   */
  constructor(originals: readonly { readonly name: SysctlName; readonly value: string }[] = [], root = '/proc/sys') {
    this.#root = root;
    this.#originals = new Map(originals.map((original) => [original.name.text, original]));
  }

  /** What `restore` would put back (for the journal). */
  originals(): readonly { readonly name: SysctlName; readonly value: string }[] {
    return [...this.#originals.values()];
  }

  /** @throws LvsdError LVSD_SYSCTL_UNKNOWN, LVSD_SYSCTL_REFUSED */
  read(name: SysctlName): string {
    try {
      return normal(readFileSync(this.#path(name), 'utf8'));
    } catch (cause) {
      throw failure('Reading', name, cause);
    }
  }

  /**
   * Sets a parameter and reads it back. A value that it has already is not written.
   * @returns whether it was changed
   * @throws LvsdError LVSD_SYSCTL_UNKNOWN, LVSD_SYSCTL_REFUSED, LVSD_SYSCTL_NOT_TAKEN
   */
  set(name: SysctlName, value: string | number): boolean {
    const wanted = normal(String(value));
    const before = this.read(name);
    if (before === wanted) return false;
    this.#write(name, wanted);
    if (!this.#originals.has(name.text)) this.#originals.set(name.text, { name, value: before });
    const after = this.read(name);
    if (after === wanted) return true;
    throw new LvsdError(
      'LVSD_SYSCTL_NOT_TAKEN',
      `The kernel parameter ${name.text} was set to ${wanted} and is ${after}: the kernel does not take this value`,
      { fields: { name: name.text, wanted, after } },
    );
  }

  /**
   * Puts back the first values, last changed first.
   * @returns what could not be put back; it is tried again by the next call
   */
  restore(): readonly LvsdError[] {
    const failures: LvsdError[] = [];
    for (const { name, value } of [...this.#originals.values()].reverse()) {
      try {
        if (this.read(name) !== value) this.#write(name, value);
        this.#originals.delete(name.text);
      } catch (error) {
        if (!(error instanceof LvsdError)) throw error;
        failures.push(error);
      }
    }
    return failures;
  }

  #write(name: SysctlName, value: string): void {
    try {
      writeFileSync(this.#path(name), `${value}\n`, { flag: 'r+' });
    } catch (cause) {
      throw failure('Setting', name, cause);
    }
  }

  #path(name: SysctlName): string {
    return join(this.#root, ...name.parts);
  }
}

function failure(what: 'Reading' | 'Setting', name: SysctlName, cause: unknown): LvsdError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  const fields = { name: name.text };
  if (code === 'ENOENT') {
    const module = name.parts[2] === 'vs' ? ' (or the ip_vs module is not loaded)' : '';
    const message = `This kernel has no parameter ${name.text}${module}: correct the name, or leave it out`;
    return new LvsdError('LVSD_SYSCTL_UNKNOWN', message, { cause, fields });
  }
  if (code === 'EINVAL' || code === 'ERANGE') {
    const message = `The kernel refused the value for ${name.text} (${code}): it is out of range or not of its form`;
    return new LvsdError('LVSD_SYSCTL_NOT_TAKEN', message, { cause, fields });
  }
  const message = `${what} the kernel parameter ${name.text} failed (${String(code)}): lvsd needs to be root in the namespace's owner, and /proc/sys writable`;
  return new LvsdError('LVSD_SYSCTL_REFUSED', message, { cause, fields });
}
