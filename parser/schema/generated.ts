/**
 * Every file of the checkout that is made from the schema, with its place: one list, so that one test holds all of them
 * and one switch (LVSD_UPDATE=1) writes all of them.
 */
import { keywordsDocument } from './document.js';
import { editorDescription } from './editor-description.js';
import { printJson } from './json-document.js';
import { manualPage } from './manual.js';
import { textMateGrammar } from './textmate.js';

export interface GeneratedFile {
  /** Below the root of the checkout. */
  readonly path: string;
  readonly text: () => string;
}

export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/keywords.md', text: keywordsDocument },
  { path: 'docs/man/lvsd.conf.5', text: manualPage },
  { path: 'docs/editor/lvsd.keywords.json', text: () => printJson(editorDescription()) },
  { path: 'docs/editor/keepalived.tmLanguage.json', text: () => printJson(textMateGrammar()) },
];
