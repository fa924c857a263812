/* Sources: the list and each source against the API, every state with its next step, and what was refused and why. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert } from '../lib/test.mjs';

const HOUR = 3_600_000;
const ago = (hours) => new Date(Date.now() - hours * HOUR).toISOString();
const health = (name, state, more = {}) => ({
  domain: 'acquisition',
  name,
  title: name,
  pack: null,
  kind: 'files',
  owner: { name: 'Ana Ruiz', contact: 'ana@example.org' },
  state,
  reason: `${name} is ${state}`,
  last_load_at: ago(3),
  lag_s: 3600,
  allowed_lag_s: 93_600,
  rows: 1000,
  rows_quarantined: 0,
  last_rows: 100,
  habit_rows: 100,
  drift_events: 0,
  data_from: '2026-01-01',
  data_to: '2026-11-20',
  affected: [{ ref: 'acquisition.campaign_daily' }],
  streams: [],
  loads: [],
  ...more,
});
const STATES = [
  health('a_ok', 'ok'),
  health('b_late', 'late', { lag_s: 144_000 }),
  health('c_failed', 'failed', { owner: null }),
  health('d_unusual', 'unusual', {
    last_rows: 10,
    rows_quarantined: 3,
    streams: [
      {
        name: 'stats',
        ref: 'acquisition.d_unusual__stats',
        state: 'loaded',
        files: 2,
        rows: 110,
        rows_quarantined: 3,
        last_loaded_at: ago(3),
        data_from: null,
        data_to: null,
        message: null,
        quarantine: [{ reason: 'bad_value', count: 3, first_file: 'exports/تخفيضات 🎁.csv', first_line: 7 }],
        drift_events: [{ column: 'spend_usd', change: 'added', file: 'exports/b.csv', at: ago(5) }],
      },
    ],
    loads: Array.from({ length: 20 }, (_, i) => ({ stream: 'stats', path: `exports/${'long_'.repeat(20)}${i}.csv`, at: ago(3 + 24 * i), rows: i === 0 ? 10 : 100 + i, quarantined: i === 0 ? 3 : 0, bytes: 12_345, day_from: '2026-11-01', day_to: '2026-11-20' })),
  }),
  health('e_never', 'never', { last_load_at: null, lag_s: null, last_rows: null, habit_rows: null, data_from: null, data_to: null, affected: [] }),
];

export default async function sources(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const main = page.locator('main');
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const { sources: list } = await server.api('/api/v1/sources');

  await t.test('every source stands in the list, and leads to its page', async () => {
    await go('/sources');
    assert.equal(await page.locator('[data-source]').count(), list.length);
    for (const s of list) {
      const row = await page.locator(`[data-source="${s.name}"]`).innerText();
      assert.ok(row.includes(s.title), row);
      if (s.owner?.name) assert.ok(row.includes(s.owner.name), row);
      const refused = s.rows_quarantined ?? s.streams.reduce((n, x) => n + x.rows_quarantined, 0);
      if (refused > 0) assert.ok(row.includes(`${refused.toLocaleString('en')} row${refused === 1 ? '' : 's'} in quarantine`), row);
    }
    await page.locator('[data-source="google_ads"] a').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/sources\/acquisition\/google_ads$/);
  });

  await t.test('a source shows its loads, its streams, and who waits for it', async () => {
    const s = await server.api('/api/v1/sources/acquisition/google_ads');
    await go('/sources/acquisition/google_ads');
    assert.equal(await page.locator('h1').innerText(), s.title);
    const text = await main.innerText();
    assert.ok(text.includes(s.rows.toLocaleString('en')), 'its rows');
    assert.equal(await page.getByRole('group', { name: 'Streams' }).locator('tbody tr').count(), s.streams.length);
    const loads = page.getByRole('group', { name: 'Loads' }).locator('tbody tr');
    assert.equal(await loads.count(), Math.min(12, s.loads.length));
    assert.ok((await loads.allInnerTexts()).some((x) => x.includes(s.loads[0].path)), s.loads[0].path);
    assert.ok(s.affected.length > 0);
    for (const a of s.affected.slice(0, 12)) assert.ok((await page.getByRole('link', { name: a.ref, exact: true }).count()) > 0, a.ref);
    for (const q of s.streams.flatMap((x) => x.quarantine)) assert.ok(text.includes(q.first_file), q.first_file);
  });

  await t.test('why rows were refused is said with file and line, for every source that has some', async () => {
    /* events have no file: theirs is a page of its own */
    const refusing = list.filter((s) => s.kind !== 'events' && s.streams.some((x) => x.quarantine.length > 0));
    assert.ok(refusing.length > 0, 'the demo has a broken file');
    for (const s of refusing) {
      await go(`/sources/${s.domain}/${s.name}`);
      const text = await main.innerText();
      for (const q of s.streams.flatMap((x) => x.quarantine)) {
        assert.ok(text.includes(`${q.first_file}${q.first_line === null ? '' : `:${q.first_line}`}`), text);
      }
      assert.match(text, /What to do/);
    }
  });

  await t.test('each state has its word, its reason and its next step; what needs a look comes first', async () => {
    await answering(page, '**/api/v1/sources', () => ({ json: { sources: STATES } }));
    await page.route('**/api/v1/sources/acquisition/*', (route) => route.fulfill({ json: STATES.find((s) => route.request().url().endsWith(s.name)) }));
    await go('/sources');
    assert.deepEqual(await page.locator('[data-source]').evaluateAll((a) => a.map((e) => e.dataset.source)), ['c_failed', 'b_late', 'd_unusual', 'e_never', 'a_ok']);
    assert.match(await page.locator('[data-answer-sources]').innerText(), /1 of 5 sources are in order\. 1 failed, 1 late, 1 unusual and 1 never loaded\./);
    assert.match(await page.locator('[data-source=b_late]').innerText(), /Late.*b_late is late\..*40 h old, 26 h allowed/s);
    assert.match(await page.locator('[data-source=d_unusual]').innerText(), /10% of what is usual/);
    await page.getByRole('group', { name: 'State' }).getByRole('button', { name: /^Late/ }).click();
    await page.waitForURL(/state=late/);
    await settled(page);
    assert.equal(await page.locator('[data-source]').count(), 1);
    for (const [name, words] of [
      ['a_ok', null],
      ['b_late', /Ask Ana Ruiz for newer files/],
      ['c_failed', /Mend or replace the file/],
      ['d_unusual', /Compare the last file/],
      ['e_never', /Put files where the source looks/],
    ]) {
      await go(`/sources/acquisition/${name}`);
      const text = await main.innerText();
      if (words) assert.match(text, words);
      else assert.ok(!text.includes('What to do'), text);
      await fits(page);
      assert.deepEqual(await axeViolations(page), []);
    }
    await go('/sources/acquisition/d_unusual');
    const text = await main.innerText();
    assert.match(text, /3 rows of stats: a value does not fit its type/);
    assert.match(text, /spend_usd added in stats/);
    assert.equal(await page.locator('svg[role=img] g').count(), 20, 'a bar for each load');
    await page.getByRole('button', { name: 'Show all 20' }).click();
    await settled(page);
    assert.equal(await page.getByRole('group', { name: 'Loads' }).locator('tbody tr').count(), 20);
    await page.unroute('**/api/v1/sources');
    await page.unroute('**/api/v1/sources/acquisition/*');
  });

  await t.test('very many sources, none at all, one that is not there, and a broken answer', async () => {
    const names = ['تخفيضات الربيع 🎁', 'x'.repeat(300), '<img src=x onerror="window.harmed=1">'];
    await answering(page, '**/api/v1/sources', () => ({ json: { sources: Array.from({ length: 1000 }, (_, i) => health(`s_${i}`, 'ok', { title: names[i] ?? `Source ${i}` })) } }));
    await go('/sources');
    assert.equal(await page.locator('[data-source]').count(), 200);
    await page.getByRole('searchbox', { name: 'Find a source' }).fill('Source 999');
    await page.locator('[data-source=s_999]').waitFor();
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    await fits(page);
    await page.unroute('**/api/v1/sources');
    await answering(page, '**/api/v1/sources', () => ({ json: { sources: [] } }));
    await go('/sources');
    assert.match(await page.locator('[data-empty]').innerText(), /trellis add/);
    await page.unroute('**/api/v1/sources');
    await answering(page, '**/api/v1/sources', () => broken);
    await go('/sources');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    await page.unroute('**/api/v1/sources');
    await go('/sources/acquisition/nothing_here');
    await page.getByText('There is no such source').waitFor();
  });
  await page.context().close();
  await looks(context, [
    ['sources', '/sources'],
    ['source', '/sources/acquisition/google_ads'],
  ]);
}
