import { describe, expect, it } from 'vitest';
import { draftAnswers, EMPTY, fieldErrors, missing, previewStatement, readAnswers, stepOfField, type ProductAnswers } from './answers';

const full: ProductAnswers = {
  ...EMPTY,
  title: 'Weekly spend',
  name: 'weekly_spend',
  domain: 'acquisition',
  purpose: 'Decide budgets each Monday.',
  consumers: 'Growth, Finance',
  metrics: 'Budgets are set from it, every week\nNobody keeps a sheet',
  from: 'acquisition.campaign_daily',
  columns: [{ column: 'date_day', grain: 'week' }, { column: 'platform', grain: '' }],
  measures: [{ column: 'spend', aggregate: 'sum', name: '' }],
  where: [{ column: 'platform', is: '<>', value: "x' OR 1=1; --" }],
};
const columns = [{ name: 'date_day', type: 'DATE' }, { name: 'platform', type: 'VARCHAR' }, { name: 'spend', type: 'DECIMAL(18,6)' }];

it('what is missing is told all at once, by the names the server uses', () => {
  expect(Object.keys(missing(EMPTY)).sort()).toEqual(['consumers', 'domain', 'from', 'name', 'purpose', 'success_metrics']);
  expect(missing(full)).toEqual({});
  expect(missing({ ...full, freshness: '0', availability: '101', where: [{ column: 'platform', is: '=', value: ' ' }] })).toMatchObject({ 'sla.freshness': /./, 'sla.availability': /./, 'where[0].value': 'With what?' });
});

it('answers are sent in the shape of the API', () => {
  expect(draftAnswers(full)).toEqual({
    domain: 'acquisition',
    name: 'weekly_spend',
    title: 'Weekly spend',
    purpose: 'Decide budgets each Monday.',
    consumers: ['Growth', 'Finance'],
    success_metrics: ['Budgets are set from it, every week', 'Nobody keeps a sheet'],
    sla: { freshness: '26h' },
    from: 'acquisition.campaign_daily',
    columns: [{ column: 'date_day', grain: 'week' }, { column: 'platform' }],
    measures: [{ column: 'spend', aggregate: 'sum', name: 'spend' }],
    where: [{ column: 'platform', is: '<>', value: "x' OR 1=1; --" }],
  });
});

it('a preview binds what people typed', () => {
  const s = previewStatement(full, columns);
  expect(s?.sql).toBe(`SELECT
  CAST(date_trunc('week', "date_day") AS DATE) AS "date_day",
  "platform",
  sum("spend") AS "spend"
FROM acquisition.campaign_daily
WHERE "platform" <> CAST($1 AS VARCHAR)
GROUP BY 1, 2
ORDER BY 1, 2`);
  expect(s?.params).toEqual(["x' OR 1=1; --"]);
  expect(previewStatement(EMPTY, columns)).toBeNull();
});

describe('kept answers', () => {
  it('come back as they were', () => expect(readAnswers(JSON.stringify(full))).toEqual(full));
  it.each(['', 'null', '{"columns":5}', '[1]', null])('torn ones are none: %s', (text) => expect(readAnswers(text)).toEqual(EMPTY));
});

it('errors stand by their field, once', () => {
  const e = fieldErrors([
    { code: 'TR1', message: 'no such column', hint: 'did you mean spend?', field: 'columns[0].column' },
    { code: 'TR1', message: 'again', field: 'columns[0].column' },
    { code: 'TR2', message: 'of a file', file: 'x.yaml' },
  ]);
  expect(e).toEqual({ 'columns[0].column': 'no such column: did you mean spend?' });
  expect([stepOfField('columns[0].column'), stepOfField('sla.freshness')]).toEqual(['data', 'brief']);
});
