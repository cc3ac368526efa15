/**
 * Files that are no configuration, of any size: what a mistaken path, a full disk or a broken generator leaves.
 */
import { randomSource } from '../../../../parser/random.js';

const repeated =
  (text: string) =>
  (bytes: number): Buffer =>
    Buffer.alloc(bytes, text);

export const garbage: readonly (readonly [name: string, make: (bytes: number) => Buffer])[] = [
  [
    'random bytes',
    (bytes) => {
      const random = randomSource(1);
      const buffer = Buffer.allocUnsafe(bytes);
      for (let i = 0; i < bytes; i++) buffer[i] = random(0, 255);
      return buffer;
    },
  ],
  ['NUL bytes', repeated('\0')],
  ['one line', repeated('x')],
  ['opening braces', repeated('{')],
  ['closing braces', repeated('}\n')],
  ['blocks in blocks', repeated('a {\n')],
  ['blocks on one line', repeated('a { } ')],
  ['quotes', repeated('"\n')],
  ['unknown words', repeated('foo bar\n')],
  ['odd characters', repeated('\u00e9\u00a0\u201c')],
  ['uses of nothing', repeated('$A ${B} ')],
  ['uses of nothing on lines', repeated('$A ${B}\n')],
  ['a definition without an end', repeated('$A=\\\n')],
  ['includes of nothing', repeated('include nope\n')],
  ['loops', repeated('~SEQ(i,1,9) x$i\n')],
  ['virtual servers of nothing', repeated('virtual_server 192.0.2.1 80 { real_server 192.0.2.2 80 { x } } ')],
];
