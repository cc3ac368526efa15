/**
 * Parts of a text that live longer than it.
 *
 * V8 makes a part of 13 characters or more a view that keeps the whole text alive: eight megabytes for one word of a
 * configuration. A copy does not.
 */

/** The same characters in a string of their own. */
export function ownText(part: string): string {
  return part.length < 13 ? part : Buffer.from(part, 'utf16le').toString('utf16le');
}
