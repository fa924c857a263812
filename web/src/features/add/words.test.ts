import { describe, expect, it } from 'vitest';
import type { UploadLook } from '../../lib/types';
import { answerProblems, bytesText, changedColumns, fileProblem, foundSentence, RUN_BEGIN, runStep, typesFor } from './words';

describe('fileProblem', () => {
  it.each(['a.csv', 'B.XLSX', 'x.tsv.gz', 'x.y.ndjson.zst', 'p.parquet', 'list.txt'])('takes %s', (name) => expect(fileProblem({ name, size: 9 })).toBeNull());
  it.each([
    ['a.csv', 0, /is empty/],
    ['a.csv', 3 * 1024 ** 3, /larger than 2 GB/],
    ['a.xls', 9, /Save it as .xlsx/],
    ['a.numbers', 9, /Export it/],
    ['a.pdf', 9, /not a table/],
    ['noending', 9, /not a table/],
    ['a.zip', 9, /not a table/],
  ])('refuses %s of %i bytes with a way out', (name, size, why) => expect(fileProblem({ name, size })).toMatch(why));
});

const look: UploadLook = { format: 'csv', compression: null, sheets: [], sheet: null, encoding: 'windows-1252', delimiter: ';', header_row: 3, rows_sampled: 1, problems: [], columns: [], rows: [], suggested: { name: 'x', title: null } };
it('says what was found', () => {
  expect(foundSentence(look)).toBe('A text table of 0 columns, separated by semicolons, written in windows-1252. The names of the columns stand in row 3. 1 row was looked at.');
  expect(foundSentence({ ...look, format: 'xlsx', encoding: null, delimiter: null, header_row: 1, rows_sampled: 1200 })).toBe('An Excel workbook of 0 columns. 1,200 rows were looked at.');
});

it('sends along only what somebody changed', () => {
  const found = [
    { name: 'a', title: 'A', type: 'BIGINT', classification: 'internal', examples: [] },
    { name: 'b', title: null, type: 'DATE', classification: 'internal', examples: [] },
  ];
  const now = found.map((c) => ({ ...c, description: '' }));
  expect(changedColumns(found, now)).toEqual([]);
  expect(changedColumns(found, [{ ...now[0]!, type: 'VARCHAR', description: ' what ' }, { ...now[1]!, classification: 'personal' }])).toEqual([
    { name: 'a', type: 'VARCHAR', description: 'what' },
    { name: 'b', classification: 'personal' },
  ]);
});

it('answers are held to their form', () => {
  const good = { domain: 'web', name: 'my_sales', title: '', description: '', currency: '' };
  expect(answerProblems(good)).toEqual({});
  expect(Object.keys(answerProblems({ ...good, domain: '', name: 'My Sales', currency: 'euro' }))).toEqual(['domain', 'name', 'currency']);
});

it('a found type is always among those to choose', () => {
  expect(typesFor('DECIMAL(10,2)')[0]).toEqual({ value: 'DECIMAL(10,2)', label: 'Amount' });
  expect(typesFor('DATE')).toHaveLength(7);
});

it('sizes', () => expect([bytesText(12), bytesText(2048), bytesText(5 * 1024 ** 2)]).toEqual(['12 bytes', '2 KB', '5.0 MB']));

describe('a run', () => {
  it('is followed to its good end', () => {
    const end = [
      { event: 'run_started' },
      { event: 'load', stream: 'web.x__x', file: 'uploads/web/x.csv', rows: 5, quarantined: 1 },
      { event: 'port_started', ref: 'web.x' },
      { event: 'port_done', ref: 'web.x', status: 'built', rows: 4 },
      { event: 'run_done', status: 'succeeded', errors: [] },
    ].reduce(runStep, RUN_BEGIN);
    expect(end).toEqual({ said: 'Done', rows: 4, quarantined: 1, done: true, problem: null });
  });
  it('keeps why it failed', () => {
    const end = [
      { event: 'port_done', ref: 'web.x', status: 'refused', message: 'a check refused it' },
      { event: 'run_done', status: 'failed', errors: [] },
    ].reduce(runStep, RUN_BEGIN);
    expect(end.problem?.message).toBe('a check refused it');
  });
});
