/**
 * The schema as JSON, for editors and other programs that complete, explain or check a configuration while it is typed:
 * docs/editor/lvsd.keywords.json. What its keys mean is written in docs/editor/README.md.
 */
import { type AnyBlock, allBlocks } from './index.js';
import type { Json } from './json-document.js';
import type { Alias, Argument, ArgumentType, Effect, Keyword } from './keyword.js';

/** Grows when a key changes its meaning or goes away. */
const VERSION = 1;

export function editorDescription(): Json {
  return {
    version: VERSION,
    topLevel: allBlocks[0]?.name ?? '',
    includes: ['include', 'includer', 'includem', 'includew', 'includeb', 'includea'],
    loops: ['~SEQ', '~SEQx', '~LST'],
    builtIns: ['_PWD', '_INSTANCE', '_RANDOM', '_ENV', '_HASH', '_BANG'],
    blocks: allBlocks.map(describeBlock),
  };
}

function describeBlock(block: AnyBlock): Json {
  return {
    name: block.name,
    title: block.title,
    doc: block.doc,
    line: block.line === undefined ? undefined : { form: block.line.form, doc: block.line.doc },
    keywords: block.keywords.map(describeKeyword),
  };
}

function describeKeyword(keyword: Keyword<never>): Json {
  return {
    name: keyword.name,
    aliases: keyword.aliases?.map(describeAlias),
    arguments: keyword.arguments.length === 0 ? undefined : keyword.arguments.map(describeArgument),
    opens: keyword.opens,
    default: keyword.default,
    since: keyword.since,
    ...describeEffect(keyword.effect),
    doc: keyword.doc,
  };
}

function describeAlias(alias: Alias): Json {
  return { name: alias.name, deprecated: alias.deprecated };
}

function describeArgument(argument: Argument): Json {
  return {
    name: argument.name,
    ...describeType(argument.type),
    optional: argument.optional === true ? true : undefined,
    repeats: argument.repeats === true ? true : undefined,
  };
}

function describeType(type: ArgumentType): { readonly [key: string]: Json | undefined } {
  switch (type.kind) {
    case 'number':
      return { type: 'number', min: type.min, max: type.max, unit: type.unit };
    case 'seconds':
      return { type: 'seconds', min: type.min, max: type.max };
    case 'choice':
      return { type: 'choice', words: type.words };
    case 'text':
      return { type: 'text', form: type.form };
    case 'boolean':
    case 'address':
    case 'script':
      return { type: type.kind };
  }
}

function describeEffect(effect: Effect<never>): { readonly [key: string]: Json | undefined } {
  if (effect.acts) return { acts: true };
  if ('reportedBy' in effect) return { acts: false, reportedBy: effect.reportedBy };
  return { acts: false, decides: effect.decides, cure: effect.cure };
}
