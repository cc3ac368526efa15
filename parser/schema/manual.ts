/**
 * The manual page lvsd.conf(5), made from the schema: docs/man/lvsd.conf.5. A test holds the checked-in page against
 * this, and lets groff judge it where groff is.
 */
import { argumentText } from './document.js';
import { type AnyBlock, allBlocks } from './index.js';
import type { Effect, Keyword } from './keyword.js';
import { languageSections } from './language-manual.js';
import { bold, entry, italic, marked, roff, section } from './roff.js';

/** The whole page. */
export function manualPage(): string {
  return `${[head(), languageSections(), ...allBlocks.map(blockSection), end()].join('\n')}\n`;
}

function head(): string {
  return [
    '.\\" Made from the schema of lvsd (parser/schema/manual.ts). Do not edit this page by hand.',
    '.TH LVSD.CONF 5 "" lvsd "File formats"',
    '.SH NAME',
    `lvsd.conf, keepalived.conf \\- ${roff('configuration of lvsd')}`,
    '.SH SYNOPSIS',
    italic('/etc/keepalived/keepalived.conf'),
    '.SH DESCRIPTION',
    marked(
      'lvsd reads the file of keepalived(8), with its meaning and its defaults, and knows some words more. This page names every word. At each stands what lvsd does with it: nothing said means that it acts; `not acted on` means that it is read and named once at start; `decides traffic` means that lvsd does not start or reload with it, because it decides who gets traffic or who may connect, unless `--ignore-unbuilt` is given.',
    ),
    '.PP',
    marked('`lvsd -t -f FILE` checks a file and tells all that is wrong with it, each with its line and the cure.'),
  ].join('\n');
}

function blockSection(block: AnyBlock): string {
  const lines = [section(block.title), marked(block.doc)];
  if (block.line !== undefined) {
    lines.push(entry(bold(block.line.form.replaceAll('|', 'or')), `Each line. ${marked(block.line.doc)}`));
  }
  lines.push(...block.keywords.map(keywordEntry));
  return lines.join('\n');
}

function keywordEntry(keyword: Keyword<never>): string {
  const values = keyword.arguments.map(argumentText).join(' ');
  const opens = keyword.opens === undefined ? '' : ' { }';
  const words = [bold(keyword.name), values === '' ? '' : italic(values)].filter((part) => part !== '').join(' ');
  const more: string[] = [];
  for (const alias of keyword.aliases ?? []) {
    more.push(`${alias.deprecated === undefined ? 'Also' : 'Deprecated name:'} ${bold(alias.name)}.`);
  }
  if (keyword.default !== undefined) more.push(`Default: ${roff(keyword.default)}.`);
  if (keyword.since !== undefined) more.push(`Since: ${roff(keyword.since)}.`);
  const acts = effectText(keyword.effect);
  if (acts !== undefined) more.push(acts);
  return entry(`${words}${roff(opens)}`, marked(keyword.doc), ...more);
}

function effectText(effect: Effect<never>): string | undefined {
  if (effect.acts) return undefined;
  if ('reportedBy' in effect) return `Not acted on (see ${bold(effect.reportedBy)}).`;
  return effect.decides === 'traffic' ? 'Not acted on; decides traffic.' : 'Not acted on.';
}

function end(): string {
  return [
    '.SH FILES',
    entry(italic('/etc/keepalived/keepalived.conf'), 'The file that is read unless \\fB\\-f\\fR names another.'),
    '.SH SEE ALSO',
    '.BR lvsd (8),',
    '.BR ipvsadm (8)',
  ].join('\n');
}
