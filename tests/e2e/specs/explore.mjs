/* Explore, the list of numbers, the SQL workbench and the tour, against the same questions asked of the API. */
import { readFile } from 'node:fs/promises';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, looks } from '../lib/looks.mjs';
import { assert, figure, near, until } from '../lib/test.mjs';

const roles = (answer, role) => answer.columns.flatMap((c, i) => (c.role === role ? [i] : []));
const month = (day) => `${day.slice(0, 8)}01`;

export default async function explore(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  await settled(page);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const { metrics } = await server.api('/api/v1/metrics');
  const ask = (question) => server.api('/api/v1/metrics/query', question);
  const table = page.locator('[data-result]');
  /* the figures of a column, as numbers */
  const shown = async (name) => (await page.locator(`[data-figure="${name}"]`).allInnerTexts()).map((x) => (x === '–' ? null : figure(x)));
  const same = (have, want, what) => {
    assert.equal(have.length, want.length, what);
    want.forEach((v, i) => (v === null ? assert.equal(have[i], null, what) : near(have[i], v, 0.0051, what)));
  };

  await t.test('which channel has the best true CAC this month, and what changed: by clicks from Home, six at most', async () => {
    const cac = metrics.find((m) => m.name === 'true_cac') ?? metrics.find((m) => m.name === 'cac');
    assert.ok(cac?.dimensions.includes('channel'), 'the demo has a cost of customers by channel');
    let clicks = 0;
    const click = async (locator) => {
      clicks += 1;
      await locator.click();
      await settled(page);
    };
    await go('/');
    await click(page.getByRole('link', { name: /^Compare channels by/ }));
    const newest = (await ask({ metrics: [cac.ref], limit: 1 })).to;
    const want = await ask({ metrics: [cac.ref], by: ['channel'], from: month(newest), to: newest, compare: 'previous', order: cac.name });
    const [value] = roles(want, 'value');
    const [before] = roles(want, 'before');
    const known = want.rows.filter((r) => r[value] !== null && r[0] !== null && r[0] !== '(none)');
    const best = known.reduce((a, b) => (b[value] < a[value] ? b : a));
    const sentence = await page.locator('[data-sentence]').innerText();
    assert.match(sentence, /^Best /);
    assert.ok(sentence.includes(Number(best[value]).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ',')), `${sentence} names ${best}`);
    const said = want.rows.filter((r) => r[value] !== null || r[before] !== null);
    same(await shown(cac.name), said.map((r) => (r[value] === null ? null : Number(r[value]))), 'cost by channel');
    assert.equal(await page.locator('[data-without]').count(), said.length < want.rows.length ? 1 : 0);
    if (best[before] !== null) assert.match(sentence, /(up|down) [\d.,]+%|as before/);
    assert.match(await page.locator('[data-range]').innerText(), /against/);
    assert.ok(clicks <= 6, `${clicks} clicks`);
    console.log(`# answered after ${clicks} click${clicks === 1 ? '' : 's'}`);
    /* and what is behind it */
    await click(page.locator('[data-why-open]'));
    assert.ok((await page.locator('[data-why]').innerText()).includes(cac.formula));
    await page.keyboard.press('Escape');
    assert.ok(clicks <= 6);
  });

  await t.test('plain words become the question, and what was not understood is said', async () => {
    await go('/explore');
    await page.locator('[data-plain]').fill('spend by channel last month zzyzx');
    await page.locator('[data-read] .word').first().waitFor();
    assert.match(await page.locator('[data-read]').innerText(), /not understood: .*zzyzx/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/m=spend/);
    await settled(page);
    const q = new URL(page.url()).searchParams;
    assert.equal(q.get('by'), 'channel');
    const want = await ask({ metrics: ['spend'], by: ['channel'], from: q.get('from'), to: q.get('to') });
    same(await shown('spend'), want.rows.map((r) => Number(r[roles(want, 'value')[0]])), 'spend by channel');
  });

  await t.test('by clicks: another word for a number finds it; division, filter and time hold in the address', async () => {
    const spend = metrics.find((m) => m.name === 'spend');
    await go('/explore?m=clicks');
    await page.getByRole('button', { name: /^Number:/ }).click();
    const word = spend.synonyms[0] ?? 'spend';
    await page.getByRole('combobox', { name: 'Find number' }).fill(word);
    await page.keyboard.press('Enter');
    await page.waitForURL(/m=spend/);
    await page.getByRole('button', { name: /^By:/ }).click();
    await page.getByRole('combobox', { name: 'Find dimension' }).fill('platform');
    await page.keyboard.press('Enter');
    await page.waitForURL(/by=platform/);
    await page.keyboard.press('Escape');
    await page.locator('[data-choose=grain]').selectOption('week');
    await page.getByRole('button', { name: 'Filter: Everything' }).click();
    await page.getByRole('combobox', { name: 'Find dimension to filter by' }).fill('platform');
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: /Google Ads/ }).click();
    await page.keyboard.press('Escape');
    await page.locator('[data-choose=compare]').selectOption('previous');
    await settled(page);
    const address = page.url();
    assert.match(decodeURIComponent(address).replace(/\+/g, ' '), /m=spend&by=platform&grain=week&where=platform = 'google_ads'&compare=previous/);
    const want = await ask({ metrics: ['spend'], by: ['platform'], grain: 'week', where: "platform = 'google_ads'", compare: 'previous' });
    const figures = want.rows.map((r) => Number(r[roles(want, 'value')[0]]));
    same(await shown('spend'), figures, 'spend by week');
    assert.equal(await page.locator('[data-chart=line]').count(), 1, 'time is a line');
    await page.reload();
    await settled(page);
    assert.equal(page.url(), address);
    same(await shown('spend'), figures, 'the address opens it again');
    await page.getByRole('button', { name: 'Bars', exact: true }).click();
    await settled(page);
    assert.match(page.url(), /chart=bar/);
    await page.goBack();
    await settled(page);
    assert.equal(page.url(), address);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('a row leads down: channel, campaign; by the keyboard alone', async () => {
    await go('/explore?m=spend&by=channel');
    const first = await table.locator('tbody th').first().innerText();
    await page.getByRole('button', { name: `Closer at ${first}` }).focus();
    await page.keyboard.press('Enter');
    await until('the strip has the focus', () => page.evaluate(() => document.activeElement?.hasAttribute('data-strip')));
    assert.ok((await page.locator('[data-strip]').innerText()).startsWith(first));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/by=campaign/);
    await settled(page);
    const q = new URL(page.url()).searchParams;
    assert.match(q.get('where'), /^channel = '/);
    const want = await ask({ metrics: ['spend'], by: ['campaign'], where: q.get('where') });
    const whole = await ask({ metrics: ['spend'], where: q.get('where') });
    near(figure(await page.locator('[data-total=spend]').innerText()), Number(whole.rows[0][roles(whole, 'value')[0]]), 0.0051, 'the parts make the whole');
    assert.equal(await table.locator('tbody tr').count(), Math.min(500, want.rows.length));
  });

  await t.test('why a number is so: its parts, what feeds it with owner and state, the rows, the SQL', async () => {
    const cpc = metrics.find((m) => m.name === 'cpc');
    await go('/explore?m=cpc&by=platform');
    await page.getByRole('button', { name: /^Closer at/ }).first().click();
    await page.locator('[data-strip]').getByRole('button', { name: 'Why this number' }).click();
    const why = page.locator('[data-why]');
    await page.locator('[data-parts]').waitFor();
    const question = await ask({ metrics: ['cpc'], by: ['platform'], order: 'cpc' });
    const told = await server.api('/api/v1/metrics/explain', { metrics: ['cpc'], by: ['platform'], from: question.from, to: question.to, key: { platform: question.rows[0][0] } });
    const parts = await page.locator('[data-parts] td.number').allInnerTexts();
    parts.forEach((x, i) => near(figure(x.replace(/^[A-Z]{3} /, '')), Number(told.parts[i].value), 0.0051, told.parts[i].metric));
    for (const p of told.ports) assert.ok((await why.innerText()).includes(p.title || p.ref));
    assert.ok((await why.innerText()).includes(cpc.formula));
    await why.getByRole('tab', { name: 'Rows' }).click();
    await why.locator('tbody tr').first().waitFor();
    await why.getByRole('tab', { name: 'SQL' }).click();
    await settled(page);
    assert.equal((await why.locator('pre').first().innerText()).trim(), told.sql.trim());
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Escape');
    await why.waitFor({ state: 'detached' });
  });

  await t.test('CSV holds what the table shows, PNG is a picture', async () => {
    await go('/explore?m=spend&by=channel&compare=previous');
    const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    assert.equal(csv.suggestedFilename(), 'spend-by-channel.csv');
    const lines = (await readFile(await csv.path(), 'utf8')).trim().split('\r\n');
    assert.equal(lines.length - 1, await table.locator('tbody tr').count());
    assert.match(lines[0], /channel.*spend/);
    const [png] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'PNG' }).click()]);
    assert.equal((await readFile(await png.path())).subarray(1, 4).toString(), 'PNG');
  });

  await t.test('a question is saved, opened again, shared and deleted', async () => {
    await go('/explore?m=spend&by=platform&chart=table');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const name = 'Größe & Co. <b>';
    await page.getByLabel('What it is called').fill(name);
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').getByRole('link', { name }).waitFor();
    await page.keyboard.press('Escape');
    await go('/explore');
    await page.getByRole('button', { name: 'Saved' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Share' }).click();
    await page.getByRole('dialog').getByText('shown to everybody').waitFor();
    await page.getByRole('dialog').getByRole('link', { name }).click();
    await page.waitForURL(/m=spend&by=platform/);
    await settled(page);
    assert.match(page.url(), /chart=table/);
    await page.getByRole('button', { name: 'Saved' }).click();
    await page.getByRole('button', { name: `Delete ${name}` }).click();
    await page.getByText('Nothing is saved yet').waitFor();
    assert.deepEqual((await server.api('/api/v1/views')).views, []);
    await page.keyboard.press('Escape');
  });

  await t.test('a question is kept on a new dashboard, as a file that is shown before it is written', async () => {
    await go('/explore?m=spend&by=channel&compare=previous');
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    const form = page.locator('[data-keep-panel]');
    await form.getByLabel('Title of the panel').fill('Spend, kept');
    await form.getByLabel('Its title').fill('Kept from Explore');
    await form.getByLabel('Domain').selectOption('acquisition');
    await form.getByRole('button', { name: 'Show the file first' }).click();
    await settled(page);
    const patch = await page.locator('[data-patch]').innerText();
    for (const line of [/metrics: \["spend"\]/, /by: "channel"/, /days: 28/, /compare: "previous"/]) assert.match(patch, line);
    assert.deepEqual(await axeViolations(page), []);
    const there = async () => (await server.api('/api/v1/dashboards')).dashboards.some((d) => d.domain === 'acquisition' && d.name === 'kept_from_explore');
    assert.equal(await there(), false, 'nothing is written yet');
    await form.getByRole('button', { name: 'Keep it' }).click();
    await page.waitForURL(/\/dashboards\/acquisition\/kept_from_explore$/);
    assert.equal(await there(), true);
    await page.getByRole('heading', { name: 'Spend, kept' }).waitFor();
  });

  await t.test('what happened meanwhile is marked and told, can be switched off, and is written down by hand', async () => {
    await go('/explore?m=spend&grain=week&range=90d');
    const list = page.locator('[data-happened]');
    await list.locator('li').first().waitFor();
    const q = await ask({ metrics: ['spend'], limit: 1 });
    const from = new Date(Date.parse(q.to) - 89 * 86_400_000).toISOString().slice(0, 10);
    const { annotations } = await server.api(`/api/v1/annotations?from=${from}&to=${q.to}`);
    assert.ok(annotations.length > 2, 'the demo has some');
    assert.equal(Number(await list.getAttribute('data-happened')), annotations.length);
    const text = await list.innerText();
    for (const x of annotations.filter((a) => a.source === 'file')) assert.ok(text.includes(x.title), x.title);
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-marks]').click();
    await page.waitForURL(/marks=off/);
    await settled(page);
    assert.equal(await list.locator('li').count(), 0);
    await page.locator('[data-marks]').click();
    await list.locator('li').first().waitFor();
    /* written down */
    await page.locator('[data-write-down]').click();
    const form = page.locator('[data-annotation]');
    await form.getByLabel('What it was').fill(annotations.find((a) => a.source === 'file').title);
    await form.getByRole('button', { name: 'Show the change' }).click();
    await form.getByText('there is one of this title already').waitFor();
    await form.getByLabel('What it was').fill('A talk in the town hall');
    await form.getByLabel('Kind').selectOption('other');
    await form.getByRole('button', { name: 'Show the change' }).click();
    await settled(page);
    assert.match(await page.locator('[data-patch]').innerText(), /A talk in the town hall/);
    assert.deepEqual(await axeViolations(page), []);
    await form.locator('[data-apply]').click();
    await list.getByText('A talk in the town hall').waitFor();
    assert.ok((await server.api(`/api/v1/annotations?from=${from}&to=${q.to}`)).annotations.some((x) => x.title === 'A talk in the town hall' && x.day === q.to));
    /* changed, and taken away: the file's lines alone, each told by its day */
    const files = (await server.api(`/api/v1/annotations?from=${from}&to=${q.to}`)).annotations.filter((x) => x.source === 'file');
    await page.waitForFunction((n) => document.querySelectorAll('[data-happened] [data-change]').length === n, files.length);
    await list.locator('[data-change="A talk in the town hall"]').click();
    await form.getByLabel('What it was').fill('A talk in the theatre');
    await form.getByRole('button', { name: 'Show the change' }).click();
    await page.locator('[data-patch]').waitFor();
    assert.match(await page.locator('[data-patch]').innerText(), /A talk in the town hall[\s\S]*A talk in the theatre/);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Apply the change' }).click();
    await list.getByText('A talk in the theatre').waitFor();
    assert.equal(await list.getByText('A talk in the town hall').count(), 0);
    await list.locator('[data-change="A talk in the theatre"]').click();
    await form.locator('[data-remove]').click();
    await page.getByRole('button', { name: 'Apply the change' }).click();
    await page.waitForFunction(() => !document.querySelector('[data-change="A talk in the theatre"]'));
    assert.ok((await server.api(`/api/v1/annotations?from=${from}&to=${q.to}`)).annotations.every((x) => !x.title.startsWith('A talk')));
  });

  await t.test('what is not there, not right, not answered, or nothing at all: each says so', async () => {
    await go('/explore?m=no_such_number');
    assert.match(await page.getByRole('alert').innerText(), /no_such_number[\s\S]*Code TR/);
    await go("/explore?m=spend&where=channel+LIKE+'zz%25'");
    await page.locator('[data-empty-answer]').waitFor();
    await page.getByRole('button', { name: 'Take the filters off' }).click();
    await settled(page);
    assert.equal(await page.locator('[data-empty-answer]').count(), 0);
    await answering(page, '**/api/v1/metrics/query', () => broken);
    await go('/explore?m=spend&by=channel');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/metrics/query');
    await page.getByRole('button', { name: 'Try again' }).click();
    await table.waitFor();
    await answering(page, '**/api/v1/metrics', () => ({ json: { metrics: [], dimensions: [] } }));
    for (const route of ['/explore', '/metrics']) {
      await go(route);
      await page.locator('[data-empty]').waitFor();
    }
    await go('/');
    assert.equal(await page.locator('[data-questions]').count(), 0);
    await page.unroute('**/api/v1/metrics');
    /* defined, and nothing of it built yet */
    await answering(page, '**/api/v1/metrics', () => ({ json: { metrics: metrics.map((m) => ({ ...m, state: 'never_built' })), dimensions: [] } }));
    await go('/explore');
    assert.match(await page.locator('[data-empty]').innerText(), /No figures yet/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/metrics');
    await answering(page, '**/api/v1/metrics', () => ({ json: { metrics: metrics.map((m) => (m.name === 'orders' ? { ...m, state: 'never_built' } : m)), dimensions: [] } }));
    await go('/explore?m=orders');
    assert.match(await page.locator('[data-empty]').innerText(), /Orders has no figures yet/);
    await page.unroute('**/api/v1/metrics');
    page.troubles.length = 0;
  });

  await t.test('every number has a page; the list finds it by another word; a clash is said with both owners', async () => {
    await go('/metrics');
    assert.equal(await page.locator('[data-metric]').count(), metrics.length);
    const named = metrics.find((m) => m.synonyms.length > 0 && m.state === 'fresh');
    await page.getByRole('searchbox', { name: 'Find a number' }).fill(named.synonyms[0]);
    await page.locator(`[data-metric="${named.ref}"]`).waitFor();
    await page.locator(`[data-metric="${named.ref}"] h3 a`).click();
    await settled(page);
    const text = await page.locator('main').innerText();
    for (const part of [named.formula, named.owner.name, ...named.synonyms]) assert.ok(text.includes(part), part);
    assert.deepEqual(await axeViolations(page), []);
    await go('/metrics/acquisition/no_such');
    assert.match(await page.getByRole('alert').innerText(), /Code TR/);
    page.troubles.length = 0;
    await answering(page, '**/api/v1/metrics', () => ({
      json: { metrics: ['web', 'lifecycle'].map((domain, i) => ({ ...named, name: 'orders', ref: `${domain}.orders`, domain, owner: { name: ['Ana', 'Ben'][i], contact: null }, ambiguous: true })), dimensions: [] },
    }));
    await go('/metrics');
    assert.match(await page.locator('.banner').innerText(), /two definitions[\s\S]*Ana[\s\S]*Ben/);
    await page.unroute('**/api/v1/metrics');
    page.troubles.length = 0;
  });

  await t.test('the workbench completes the names one may see, shows errors at their place, and runs by keys', async () => {
    await go('/sql');
    const editor = page.locator('[data-editor] .cm-content');
    await editor.waitFor();
    await editor.click();
    await page.keyboard.type('SELECT platform, sum(spendd) AS s FROM acquisition.campaign_d');
    await page.locator('.cm-tooltip-autocomplete').getByText('campaign_daily', { exact: true }).click();
    await page.keyboard.type(' GROUP BY 1 ORDER BY 1');
    await page.keyboard.press('Control+Enter');
    await settled(page);
    assert.match(await page.getByRole('alert').innerText(), /Line 1, column \d+[\s\S]*spendd/);
    assert.equal(await page.locator('.cm-lintRange-error').innerText(), 'spendd');
    page.troubles.length = 0;
    const sql = 'SELECT platform, sum(spend) AS s FROM acquisition.campaign_daily GROUP BY 1 ORDER BY 1';
    const asked = [];
    page.on('request', (r) => asked.push(r.url()));
    await go(`/sql#q=${encodeURIComponent(sql)}`);
    await page.reload();
    await settled(page);
    const want = await server.rows(sql);
    const group = page.getByRole('group', { name: 'The rows', exact: true });
    await group.waitFor();
    assert.deepEqual(await group.locator('tbody tr td:first-child').allInnerTexts(), want.map((r) => r.platform));
    await page.getByRole('button', { name: 'Bars', exact: true }).click();
    await page.locator('.chart canvas').waitFor();
    assert.ok(asked.every((u) => !u.includes('SELECT')), 'a statement is in no address that a server sees');
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('rows of the workbench are kept as a panel, with the chart that was chosen, and asked anew by the dashboard', async () => {
    const sql = 'SELECT date_day, platform, sum(spend) AS spent\nFROM acquisition.campaign_daily\nWHERE date_day >= DATE \'2026-09-01\' GROUP BY 1, 2';
    await go('/');
    await go(`/sql#q=${encodeURIComponent(sql)}`);
    await page.getByRole('group', { name: 'The rows', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Area', exact: true }).click();
    await page.locator('.chart canvas').waitFor();
    assert.deepEqual(await page.locator('[data-choose=x], [data-choose=series]').evaluateAll((all) => all.map((e) => e.value)), ['date_day', 'platform'], 'it picks itself');
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-keep]').click();
    const form = page.locator('[data-keep-panel]');
    await form.getByLabel('Title of the panel').fill('Asked by hand');
    await form.getByLabel('Its title').fill('Asked');
    await form.getByLabel('Domain').selectOption('acquisition');
    await form.getByRole('button', { name: 'Show the file first' }).click();
    await settled(page);
    for (const line of [/sql: "SELECT date_day/, /chart: "area"/, /x: "date_day"/, /series: "platform"/]) assert.match(await page.locator('[data-patch]').innerText(), line);
    await form.getByRole('button', { name: 'Keep it' }).click();
    await page.waitForURL(/\/dashboards\/acquisition\/asked$/);
    const panel = page.locator('[data-panel-kind=sql]');
    await panel.locator('canvas').waitFor();
    const days = new Set((await server.rows(sql)).map((r) => r.date_day));
    assert.equal(Number(await panel.locator('[data-drawn]').getAttribute('data-drawn')), days.size);
    assert.deepEqual(await axeViolations(page), []);
    await panel.getByRole('button', { name: 'SQL' }).click();
    await page.getByRole('link', { name: 'Open in the workbench' }).click();
    await page.getByRole('group', { name: 'The rows', exact: true }).waitFor();
  });

  await t.test('a statement under way is cancelled, and nothing old is taken for its answer', async () => {
    await go('/sql');
    await page.locator('.cm-content').click();
    await page.keyboard.insertText('SELECT 1 AS one');
    await page.route('**/api/v1/query', () => {});
    await page.locator('[data-run]').click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled.').waitFor();
    assert.equal(await page.getByRole('group', { name: 'The rows', exact: true }).count(), 0);
    await page.unroute('**/api/v1/query');
    await page.locator('[data-run]').click();
    await page.getByText(/^1 row in/).waitFor();
    page.underway = 0;
    page.troubles.length = 0;
  });

  await t.test('the tour: offered once, five steps by keys, and again from Help', async () => {
    const fresh = await open(browser);
    await fresh.goto(server.address);
    await settled(fresh);
    await fresh.getByRole('button', { name: 'Show me', exact: true }).click();
    for (let step = 1; step <= 5; step++) {
      await fresh.locator(`[data-tour="${step}"]`).waitFor();
      await settled(fresh);
      if (step === 2) assert.deepEqual(await axeViolations(fresh), []);
      await until('the step has the focus', () => fresh.evaluate(() => document.activeElement?.hasAttribute('data-tour')));
      await fresh.keyboard.press('ArrowRight');
    }
    await fresh.locator('[data-tour]').waitFor({ state: 'detached' });
    await fresh.goto(server.origin);
    await settled(fresh);
    assert.equal(await fresh.locator('[data-tour-offer]').count(), 0, 'it is offered once');
    await fresh.getByRole('button', { name: 'Help', exact: true }).click();
    await fresh.locator('[data-tour-start]').click();
    await fresh.locator('[data-tour="1"]').waitFor();
    await fresh.keyboard.press('Escape');
    await fresh.locator('[data-tour]').waitFor({ state: 'detached' });
    assert.deepEqual(fresh.troubles, []);
    await fresh.context().close();
  });

  assert.deepEqual(page.troubles, []);
  await page.context().close();
  await looks(context, [
    ['explore', '/explore?m=spend&by=channel&compare=previous'],
    ['explore-time', '/explore?m=spend,clicks&by=platform&grain=week&range=90d'],
    ['numbers', '/metrics?q=cac'],
    ['number', `/metrics/${(metrics.find((m) => m.name === 'cac') ?? metrics[0]).ref.replace('.', '/')}`],
    ['sql', '/sql#q=SELECT%20platform,%20sum(spend)%20AS%20spend%0AFROM%20acquisition.campaign_daily%0AGROUP%20BY%201'],
  ]);
}
