import { expect, test } from 'vitest';
import { csvText } from './csv';

const written = (cell: string | number | null) => csvText([], [[cell]]).split('\r\n').slice(1).join('\r\n').replace(/\r\n$/, '');

test('a text that a spreadsheet would run is written with a quote in front', () => {
  for (const s of ['=1', '@x', '+x', '-x', '-1e', "+1+cmd|' /C calc'!A0", '\t5', '\ufeff=1', '\u00a0@x', '＝1', ' ＋1', ' -5', '-1=2'])
    expect(written(s), s).toBe(`"'${s}"`);
  expect(written('="a",1')).toBe('"\'=""a"",1"');
  expect(csvText(['=a'], [])).toBe('"\'=a"\r\n');
});

test('numbers, telephone numbers and what only looks dangerous stay', () => {
  for (const s of ['', 'a', '-5', '-12.50', '+49 (0)170/55-50', '-1e-07', '+1E9', '-', 'a=1', "'=1", 'x@y.z'])
    expect(written(s), s).toBe(s);
  expect(written(-5)).toBe('-5');
  expect(written(null)).toBe('');
  expect(written('a "b",c')).toBe('"a ""b"",c"');
});
