import { toCsv } from './csv';

const columns = [
  { name: 'text', of: ({ text }: { text: string }) => text },
  { name: 'number', of: () => -5 },
];
const cellOf = (text: string): string => toCsv(columns, [{ text }]).split('\r\n').slice(1, -1).join('\r\n');

test.each([
  ['plain', 'plain,-5'],
  ['=SUM(A1:A9)', "'=SUM(A1:A9),-5"],
  ['+49 1', "'+49 1,-5"],
  ['-1', "'-1,-5"],
  ['@cmd', "'@cmd,-5"],
  ['\tx', '"\'\tx",-5'],
  ['\r=x', '"\'\r\'=x",-5'],
  ["x;=cmd|'/C calc'!A0", `"x;'=cmd|'/C calc'!A0",-5`],
  ['x;"=1', `"x;'""=1",-5`],
  ['a;+1;-2', `"a;'+1;'-2",-5`],
  ['a\t@b', `"a\t'@b",-5`],
  ['two\r\n=lines', `"two\r\n'=lines",-5`],
  ['two\n-lines', `"two\n'-lines",-5`],
  ['a=b', 'a=b,-5'],
  ['a;b', '"a;b",-5'],
  ['a,b', '"a,b",-5'],
  ['a "b"', '"a ""b""",-5'],
  ['=a"b', `"'=a""b",-5`],
  ['two\nlines', '"two\nlines",-5'],
  ['Zoë 😀', 'Zoë 😀,-5'],
])('the text %j runs nothing, whether a spreadsheet separates cells by commas, semicolons or tabs', (text, cell) => {
  expect(cellOf(text)).toBe(cell);
});

test('numbers stay numbers, what is not known is empty, and each line ends as RFC 4180 has it', () => {
  const rows = [
    { amount: 9_007_199_254_740_993n, unknown: null },
    { amount: 0n, unknown: null },
  ];
  const text = toCsv(
    [
      { name: 'amount', of: ({ amount }) => amount },
      { name: 'unknown', of: ({ unknown }) => unknown },
    ],
    rows,
  );
  expect(text).toBe('amount,unknown\r\n9007199254740993,\r\n0,\r\n');
  expect(toCsv(columns, [])).toBe('text,number\r\n');
});
