// Conditions, definitions, loops (keepalived.md 5.3 to 5.5). "seen": as keepalived 2.2.7 names the words in its messages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines, readText, told, written } from './reading.js';

const CASES: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
  ['conditions (seen)', '@vm q1\n@^a q2\n@a no\n@^vm no\n@vm\n  @vm lead', ['1 q1', '2 q2', '6 lead']],
  ['one condition a line (seen)', '@^a @^b dbl', ['1 @^b|dbl']],
  ['a condition only at the start (seen)', 'foo @a mid', ['1 foo|@a|mid']],
  ['a condition from a definition (seen)', '$CO=@^a\n$CO x\n$NO=@a\n$NO y', ['2 x']],
  ['a definition behind a condition (seen)', '@^a $V=9\n@a $V=8\n$V', ['3 9']],
  [
    'NAME is followed by white space, comma, bracket or end (seen)',
    '$C=t\na$C\n$C,\n$C)\nx($C)y\n$C.q\n"$C"\n"$C "',
    ['2 at', '3 t,', '4 t)', '5 x(t)y', '6 $C.q', '7 "$C"', '8 "t "'],
  ],
  ['braces need no end (seen)', '$C=t\n${C}x\n"${C}"\n$D=${C}u\n${D}v', ['2 tx', '3 "t"', '5 tuv']],
  ['substitution is late (seen)', '$E=$B c\n$B=1\n$E\n$B=2\n$E', ['3 1|c', '5 2|c']],
  ['undefined names are text (seen)', '$A1 x\n$1=one\n$a-b=foo', ['1 $A1|x', '2 $1=one', '3 $a-b=foo']],
  ['an empty value (seen)', '$E=\n$E foo\nbar$E', ['2 foo', '3 bar']],
  ['a space before = defines nothing (seen)', '$A =x', ['1 $A|=x']],
  ['values lose comment and white space (seen)', '$C=  trail  # comment\n$C x', ['2 trail|x']],
  [
    'a value may hold braces (seen)',
    '$F={\n$G=zoo { bad }\nfoo $F\nx\n}\n$G',
    ['3 foo {', '  4 x', '6 zoo {', '  6 bad'],
  ],
  ['multi-line (seen)', '$M=\\\n l1 \\\n l2\\\n l3\n$M', ['5 l1', '5 l2', '5 l3']],
  ['multi-line that starts on its first line (seen)', '$N= first \\\n second\n$N', ['3 first', '3 second']],
  ['a blank line ends a definition (seen)', '$O=a \\\n\nafter\n$O', ['3 after', '4 a']],
  ['a comment line does not (seen)', '$T=\\\n# c \\\n t2 \\ # x\n # c3\n t4\n$T', ['6 t2', '6 t4']],
  [
    'multi-line behind other words (seen)',
    '$M=\\\n l1 \\\n l2\nfoo $M\n"$M"\n$M x\n',
    ['4 foo|l1', '4 l2', '5 "$M"', '6 $M|x'],
  ],
  [
    'parameters and settings inside (seen)',
    '$P=\\\n $Q=zz \\\n $Q end \\\n vs $Q { \\\n bad \\\n }\n$P',
    ['7 zz|end', '7 vs|zz {', '  7 bad'],
  ],
  ['conditions inside (seen)', '$U=\\\n @a u1 \\\n @^a u2\n$U', ['4 u2']],
  ['a dropped multi-line definition is dropped whole', '@a $N=\\\n n1 \\\n n2\nafter', ['4 after']],
  [
    '~SEQ forms (seen)',
    '~SEQ(i,2) a$i\n~SEQ(i,2,3) b$i\n~SEQ(i,5,-2,1) c$i\n~SEQ(i,-2) d$i\n~SEQ ( i , 1 , 2 ) e$i',
    ['1 a1', '1 a2', '2 b2', '2 b3', '3 c5', '3 c3', '3 c1', '4 d-1', '4 d-2', '5 e1', '5 e2'],
  ],
  [
    '~SEQ reads hexadecimal, ~SEQx writes it (seen)',
    '~SEQ(i,0x10,0x11) a$i\n~SEQx(i,9,10) b${i}z',
    ['1 a16', '1 a17', '2 b9z', '2 baz'],
  ],
  ['~SEQ bounds from definitions (seen)', '$X=2\n~SEQ(i,1,$X) d$i', ['2 d1', '2 d2']],
  [
    '~LST forms (seen)',
    '~LST(a, x, y) l$a\n~LST(a,) s$a\n~LST({a,b},{1},{2,3}) u${a}_$b\n~LST(a, {1}, 2) w$a',
    ['1 lx', '1 ly', '2 s', '3 u1_', '3 u2_3', '4 w1', '4 w2'],
  ],
  ['the variable keeps its last value (seen)', '~SEQ(i,1,2) $X=$i\n$i', ['2 2']],
  ['loops nest, the leftmost outermost', '~SEQ(i,1,2) ~LST(a,x,y) n$i $a', ['1 n1|x', '1 n1|y', '1 n2|x', '1 n2|y']],
  ['a loop over a multi-line definition', '$B=\\\n vs $i { \\\n }\n~SEQ(i,1,2) $B', ['4 vs|1 {', '4 vs|2 {']],
  ['a loop from a definition (seen)', '$S=~SEQ(i,1,2) f$i\n$S', ['2 f1', '2 f2']],
  ['a loop and conditions (seen)', '@^a ~SEQ(i,1,2) c$i\n~SEQ(i,1,2) @^a d$i', ['1 c1', '1 c2', '2 d1', '2 d2']],
  ['a loop only at the start of a line (seen)', 'foo ~LST(a,p,q) x', ['1 foo|~LST(a,p,q)|x']],
  [
    'text behind a brace is the next line (seen)',
    'foo { @a x1\n@^a x2 }\nfoo { ~SEQ(i,1,2) y$i\n}\nfoo { $B=bb\nt $B }',
    ['1 foo {', '  2 x2', '3 foo {', '  3 y1', '  3 y2', '5 foo {', '  6 t|bb'],
  ],
  [
    'built-ins (seen)',
    '${_PWD}\n${_INSTANCE}x\n${_HASH}foo\n"${_HASH}f" z\n${_BANG}-\n$OFF=${_HASH}\n$OFF foo\na ${OFF}b',
    ['1 /etc/lvs', '2 vmx', '4 "#f"|z', '8 a'],
  ],
];

for (const [name, text, expected] of CASES) test(name, () => assert.deepEqual(lines(text), expected));

test('_ENV reads the environment that was handed in, and tells what is not there', () => {
  assert.deepEqual(lines('a ${_ENV HOME}', {}, { environment: { HOME: '/h#x' } }), ['1 a|/h#x']);
  assert.deepEqual(told(readText('"${_ENV NOPE}"')), ["assumed 1:2 The environment has no variable 'NOPE'"]);
  assert.deepEqual(told(readText('"${_ENV constructor}"')), [
    "assumed 1:2 The environment has no variable 'constructor'",
  ]);
});

test('_RANDOM stays in its bounds and repeats with its seed', () => {
  const text = `${'${_RANDOM 3 5} ${_RANDOM} x\n'.repeat(50)}`;
  const first = lines(text);
  assert.deepEqual(lines(text), first);
  assert.notDeepEqual(lines(text, {}, { randomSeed: 2 }), first);
  assert.deepEqual(lines(`random_seed 9\n${text}`, {}, { randomSeed: 2 }), lines(`random_seed 9\n${text}`));
  for (const line of first) assert.match(line, /^\d+ [345]\|\d+\|x$/);
  assert.deepEqual(lines('${_RANDOM 9 4}'), ['1 9']);
});

test('wrong loops are told in the words of keepalived and leave nothing (seen)', () => {
  const snapshot = readText(
    '~SEQ(i,1,-1,3) a\n~SEQ(i,1,0,3) b\n~SEQ(i) c\n~LST({a,b},{1,2,3}) d\n~LST(a, x y) e\n~SEQ(i,1 f',
  );
  assert.deepEqual(written(snapshot), []);
  assert.deepEqual(told(snapshot), [
    "assumed 1:1 Invalid ~SEQ values '~SEQ(i,1,-1,3) a'",
    "assumed 1:1 Invalid ~SEQ specification '~SEQ(i,1,-1,3) a'",
    "assumed 2:1 Invalid ~SEQ values '~SEQ(i,1,0,3) b'",
    "assumed 2:1 Invalid ~SEQ specification '~SEQ(i,1,0,3) b'",
    "assumed 3:1 Invalid ~SEQ definition '~SEQ(i) c'",
    "assumed 3:1 Invalid ~SEQ specification '~SEQ(i) c'",
    "assumed 4:1 ~LST specification has too many values '~LST({a,b},{1,2,3}) d'",
    "assumed 4:1 Invalid ~LST specification '~LST({a,b},{1,2,3}) d'",
    "assumed 5:1 Invalid ~LST specification '~LST(a, x y) e'",
    "assumed 6:1 ~SEQ parameter strings too long '~SEQ(i,1 f'",
  ]);
});

test('definitions that lead to themselves end in a diagnostic', () => {
  for (const text of [
    '$S=${S}a\nx ${S}',
    '$A=$B\n$B=$A\n$A',
    '$A=\\\n x \\\n $B\n$B=\\\n y \\\n $A\n$A',
    '$IF=${IF}\ninterface ${IF}',
  ]) {
    const snapshot = readText(text);
    assert.ok(
      snapshot.diagnostics.some(({ code }) => code === 'LVSD_CONFIG_SELF_REFERENCE'),
      text,
    );
  }
});

test('an unknown ${NAME} outside quotes is told, with the name that was probably meant', () => {
  const snapshot = readText('$WEIGHT=3\nweight ${WIEGHT}\nscript "echo ${HOME}"');
  assert.deepEqual(told(snapshot), ["assumed 2:8 Nothing is defined as 'WIEGHT'"]);
  assert.equal(snapshot.diagnostics[0]?.suggestion, "did you mean 'WEIGHT'?");
});

test('a backslash behind a comment does not continue a definition, and that is told', () => {
  const snapshot = readText('$M=\\\n l1 # c \\\n l2\n$N=x # c \\\n');
  assert.deepEqual(written(snapshot, false), ['3 l2']);
  assert.deepEqual(told(snapshot), [
    "note 1:1 The definition of 'M' ends where a backslash stands behind a comment",
    "note 4:1 The definition of 'N' ends where a backslash stands behind a comment",
  ]);
});
