/**
 * Messages about a configuration as lines for a person: place, message, cure; errors before warnings.
 */
import type { DiagnosticState } from '../../observe/state.js';

const labels: Readonly<Record<DiagnosticState['class'], string>> = {
  missing: 'error',
  unusable: 'error',
  security: 'warning',
  assumed: 'warning',
  note: 'note',
};
const order = ['error', 'warning', 'note'];

/** One line a message, each with a newline at its end. */
export function diagnosticText(diagnostics: readonly DiagnosticState[]): string {
  return [...diagnostics]
    .sort((one, other) => order.indexOf(labels[one.class]) - order.indexOf(labels[other.class]))
    .map(({ class: kind, message, file, line, column, cure }) => {
      const place = [file, line, column].filter((part) => part !== null).join(':');
      return `${place === '' ? '' : `${place}: `}${labels[kind]}: ${message}${cure === null ? '' : ` (${cure})`}\n`;
    })
    .join('');
}
