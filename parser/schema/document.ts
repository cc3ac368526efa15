/**
 * docs/keywords.md, made from the schema: for every keyword its arguments, default, origin, meaning, and whether lvsd
 * acts on it. A test holds the checked-in file against this.
 */
import { type AnyBlock, allBlocks } from './index.js';
import type { Argument, Effect, Keyword } from './keyword.js';

const HEAD = `# Keywords

Every word that lvsd knows, made from its schema (\`parser/schema/\`); do not edit this page by hand. A word that is not
here is reported as unknown and ignored, as keepalived does.

**Acts** says whether lvsd does what the word says. *no* means: it is read, and named once at start. ***no, and it decides
traffic*** means: lvsd does not start or reload with it, because it decides who gets traffic or who may connect, unless
\`--ignore-unbuilt\` is given (or \`-C\`, for words of the VRRP side). **Since** is empty for words of keepalived 2.2.7.
`;

/** The whole page. */
export function keywordsDocument(): string {
  return `${[HEAD, summary(), ...allBlocks.map(section)].join('\n')}`;
}

function summary(): string {
  const words = allBlocks.flatMap((block) => block.keywords);
  const acting = words.filter((each) => each.effect.acts).length;
  return `${words.length} declarations in ${allBlocks.length} blocks; lvsd acts on ${acting} of them.\n`;
}

function section(block: AnyBlock): string {
  const lines = [`## ${block.title}`, '', block.doc, ''];
  if (block.line !== undefined)
    lines.push(`Each line: \`${block.line.form.replaceAll('|', 'or')}\`. ${block.line.doc}`, '');
  if (block.keywords.length > 0) {
    lines.push('| Keyword | Arguments | Default | Since | Acts | Meaning |', '|---|---|---|---|---|---|');
    for (const keyword of block.keywords) lines.push(row(keyword));
    lines.push('');
  }
  return lines.join('\n');
}

function row(keyword: Keyword<never>): string {
  const aliases = (keyword.aliases ?? []).map(
    (each) => `\`${each.name}\`${each.deprecated === undefined ? '' : ' (deprecated)'}`,
  );
  const cells = [
    [`\`${keyword.name}\``, ...aliases].join(', '),
    keyword.arguments.map(argumentText).join(' ') + (keyword.opens === undefined ? '' : ' { }'),
    keyword.default ?? '',
    keyword.since ?? '',
    actsText(keyword.effect),
    keyword.doc,
  ];
  return `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
}

/** One argument in words: optional ones in brackets, repeated ones with dots. */
export function argumentText(argument: Argument): string {
  const { type } = argument;
  let text: string;
  switch (type.kind) {
    case 'number':
      text = `${argument.name} (${type.min} to ${type.max}${type.unit === undefined ? '' : ` ${type.unit}`})`;
      break;
    case 'seconds':
      text = `${argument.name} (${secondsText(type.min)} to ${secondsText(type.max)} seconds)`;
      break;
    case 'choice':
      text = type.words.length > 10 ? argument.name : type.words.join(' or ');
      break;
    case 'boolean':
      text = 'true or false';
      break;
    case 'address':
      text = argument.name;
      break;
    case 'script':
      text = 'SCRIPT [USER [GROUP]]';
      break;
    case 'text':
      text = type.form === argument.name ? argument.name : `${argument.name} (${type.form})`;
  }
  if (argument.repeats) text += ' ...';
  return argument.optional ? `[${text}]` : text;
}

function secondsText(value: number): string {
  return value > 1e12 ? 'any' : String(value);
}

function actsText(effect: Effect<never>): string {
  if (effect.acts) return 'yes';
  if ('reportedBy' in effect) return `no (see ${effect.reportedBy})`;
  return effect.decides === 'traffic' ? '***no, and it decides traffic***' : '*no*';
}
