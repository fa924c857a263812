/* A product's page against the API: each tab, the texts to paste (they are run), a cause that is named, what is missing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { assert, until } from '../lib/test.mjs';

const run = promisify(execFile);
const AT = '/catalog/acquisition/campaign_performance';

export default async function product({ t, browser, server, mesh }) {
  const page = await open(browser);
  const whole = await server.api('/api/v1/products/acquisition/campaign_performance');
  const port = whole.ports.find((p) => p.name === 'campaign_daily');
  await page.goto(server.at(`${AT}?port=campaign_daily`));
  await page.locator('[data-panel=overview]').waitFor();
  await settled(page);
  const tab = async (name) => {
    await page.getByRole('tab', { name, exact: true }).click();
    await settled(page);
  };

  await t.test('the head says what it is, whose, which version, and whether to trust it', async () => {
    assert.equal(await page.locator('h1').innerText(), whole.title);
    assert.match(await page.title(), new RegExp(`^${whole.title}`));
    const head = await page.locator('main > header').innerText();
    for (const said of [whole.purpose, whole.owner.name, whole.version]) assert.ok(head.includes(said), said);
    assert.match(await page.locator('main > header .badge').innerText(), /Fresh.*\d+ of \d+ checks/s);
  });

  await t.test('Overview: use, limits, words, tables and rows', async () => {
    const text = await page.locator('[data-panel=overview]').innerText();
    for (const said of [whole.usage, whole.limitations, ...whole.consumers]) assert.ok(text.includes(said), said);
    assert.equal(await page.getByRole('group', { name: 'Tables of this product' }).locator('tbody tr').count(), whole.ports.length);
    assert.equal(await page.getByRole('group', { name: 'The first 10 rows' }).locator('tbody tr').count(), 10);
    const { terms } = await server.api('/api/v1/glossary');
    const tied = terms.filter((x) => x.columns.some((c) => whole.ports.some((p) => p.ref === c.ref)));
    assert.ok(tied.length > 0, 'terms are tied to its columns');
    assert.deepEqual((await page.locator('a.term').allInnerTexts()).sort(), tied.map((x) => x.title || x.name).sort());
  });

  await t.test('Schema: every column with its meaning, found by a word, opened to its way and to feedback', async () => {
    await tab('Schema');
    const rows = page.locator('tr[data-column]');
    assert.equal(await rows.count(), port.columns.length);
    const spend = port.columns.find((c) => c.name === 'spend');
    assert.ok((await page.locator('tr[data-column=spend]').innerText()).includes(spend.description));
    await page.getByRole('searchbox', { name: 'Find a column' }).fill('day');
    await until('the filter', async () => (await rows.count()) < port.columns.length);
    await page.getByRole('searchbox', { name: 'Find a column' }).fill('');
    await page.locator('tr[data-column=spend]').getByRole('button').click();
    await page.waitForURL(/column=spend/);
    const way = await server.api('/api/v1/ports/acquisition/campaign_daily/lineage?column=spend');
    await page.locator('[data-way]').waitFor();
    const text = await page.locator('[data-way]').innerText();
    assert.ok(way.nodes.some((n) => n.kind === 'stream' && text.includes(n.ref)), text);
    const link = page.getByRole('link', { name: 'Give feedback on it' });
    assert.match(await link.getAttribute('href'), /new=feedback&.*ref=acquisition\.campaign_daily&field=spend/);
  });

  await t.test('five hundred columns are shown by the hundred and found at once', async () => {
    const columns = Array.from({ length: 500 }, (_, i) => ({ ...port.columns[0], name: `column_${i}`, key: false, description: `Meaning ${i}` }));
    await page.route('**/api/v1/products/acquisition/campaign_performance', (route) => route.fulfill({ json: { ...whole, ports: [{ ...port, columns, lineage: [] }] } }));
    await page.goto(`${server.origin}${AT}?tab=schema`);
    await page.locator('tr[data-column]').first().waitFor();
    assert.equal(await page.locator('tr[data-column]').count(), 100);
    await page.getByRole('searchbox', { name: 'Find a column' }).fill('meaning 499');
    await until('the one column', async () => (await page.locator('tr[data-column]').allInnerTexts()).join().includes('column_499'));
    assert.equal(await page.locator('tr[data-column]').count(), 1);
    await page.unroute('**/api/v1/products/acquisition/campaign_performance');
    await page.goto(`${server.origin}${AT}?port=campaign_daily`);
    await settled(page);
  });

  await t.test('Quality: each check with what was measured', async () => {
    await tab('Quality');
    await page.getByRole('button', { name: /^Show all/ }).click();
    await settled(page);
    assert.equal(await page.getByRole('group', { name: 'Contract checks' }).locator('tbody tr').count(), port.latest_checks.length);
    assert.match(await page.locator('[data-checks]').innerText(), new RegExp(`^${port.checks.passed} of`));
  });

  await t.test('Lineage: what it is made from, and the SQL that makes it', async () => {
    await tab('Lineage');
    for (const u of port.upstream) assert.ok((await page.getByRole('link', { name: u.ref, exact: true }).count()) >= 1, u.ref);
    assert.equal((await page.getByRole('group', { name: 'SQL of acquisition.campaign_daily' }).innerText()).trim(), port.sql.trim());
  });

  await t.test('Usage names its consumers, how often it is asked, and what stands on it', async () => {
    await tab('Usage');
    await until('the count of questions', async () => /\d+ question/.test(await page.locator('[data-uses]').innerText()));
    const text = await page.locator('[data-panel=usage]').innerText();
    for (const c of whole.consumers) assert.ok(text.includes(c), c);
    for (const d of port.downstream) assert.ok(text.includes(d.ref), d.ref);
  });

  await t.test('Runs and Runbook: the builds, and the README as a page', async () => {
    await tab('Runs');
    assert.equal(await page.getByRole('group', { name: 'Runs' }).locator('tbody tr').count(), port.runs.length);
    await tab('Runbook');
    assert.ok((await page.locator('[data-runbook] :is(h2, h3)').count()) > 0);
    assert.ok((await page.locator('[data-runbook] table tr').count()) > 1, 'its table is a table');
    assert.equal((await page.locator('[data-runbook]').innerText()).includes('**'), false);
  });

  await t.test('the texts to paste work, and hold no key', async () => {
    const env = { ...process.env, TRELLIS_TOKEN: server.token };
    const text = async (name) => {
      await page.goto(`${server.origin}${AT}?port=campaign_daily&tab=use&in=${name}`);
      await page.locator(`[data-snippet=${name}] pre`).waitFor();
      const said = await page.locator('main').innerText();
      assert.equal(said.includes(server.token), false, `${name} shows the key`);
      return page.locator(`[data-snippet=${name}] pre`).innerText();
    };
    assert.equal((await server.rows(await text('sql'))).length, 100);
    const curl = JSON.parse((await run('sh', ['-c', await text('curl')], { env, maxBuffer: 1 << 24 })).stdout);
    assert.equal(curl.row_count, 100);
    assert.deepEqual(curl.columns.map((c) => c.name), port.columns.map((c) => c.name));
    const python = (await run('python3', ['-c', await text('python')], { env })).stdout;
    assert.match(python, /^100 rows of \['date_day'/);
    const key = (await run('sh', ['-c', `${await page.locator('pre').first().innerText()} && printf %s "$TRELLIS_TOKEN"`], { cwd: mesh })).stdout;
    assert.equal(key, server.token);
    const r = await text('r');
    assert.match(r, /Sys\.getenv\("TRELLIS_TOKEN"\)/);
    const address = /"(http[^"]+)"/.exec(r)[1];
    const csv = await (await fetch(address, { headers: { authorization: `Bearer ${server.token}` } })).text();
    assert.equal(csv.trim().split('\n').length, 101);
    if (await run('Rscript', ['--version']).then(() => true, () => false)) assert.match((await run('Rscript', ['-e', r], { env })).stdout, /100 obs/);
    else console.log('# the R text was not run: there is no Rscript here');
  });

  await t.test('tabs go by arrows, stand in the address, and Back works', async () => {
    await page.goto(`${server.origin}${AT}?port=campaign_daily`);
    await settled(page);
    await page.getByRole('tab', { name: 'Overview' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/tab=chart/);
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/tab=schema/);
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Schema');
    await page.keyboard.press('End');
    await page.waitForURL(/tab=use/);
    await page.goBack();
    await page.waitForURL(/tab=schema/);
    await settled(page);
    assert.equal(await page.getByRole('tab', { name: 'Schema' }).getAttribute('aria-selected'), 'true');
  });

  await t.test('an address of before leads to the product of the port', async () => {
    await page.goto(`${server.origin}/data/acquisition/campaign_daily`);
    await page.waitForURL(/\/catalog\/acquisition\/campaign_performance\?port=campaign_daily$/);
    await page.locator('[data-panel=overview]').waitFor();
  });

  await t.test('a stale port names the cause at the end of the chain, its owner, and a way to write', async () => {
    const stale = { ...port, state: 'stale', state_reason: 'an input is older than its SLA allows', stale_cause: null };
    const owner = { name: 'Noor Haddad', contact: 'noor@example.org' };
    const chain = [
      { ref: port.ref, kind: 'port', state: 'stale', since: port.built_at, message: 'an input is older than its SLA allows', owner: whole.owner },
      { ref: 'acquisition.meta_ads__basic_ad', kind: 'stream', state: 'failed', since: port.built_at, message: 'basic_ad.csv line 7: unclosed quote', owner: whole.owner },
      { ref: 'acquisition.meta_ads', kind: 'source', state: 'late', since: port.built_at, message: 'deliver basic_ad.csv again', owner },
    ];
    await page.route('**/api/v1/products/acquisition/campaign_performance', (route) => route.fulfill({ json: { ...whole, ports: [stale] } }));
    await page.route('**/why', (route) => route.fulfill({ json: { ref: port.ref, state: 'stale', chain } }));
    await page.goto(`${server.origin}${AT}`);
    await page.locator('[data-why]').waitFor();
    const said = page.locator('[data-why]');
    assert.match(await said.innerText(), /Why it is stale[\s\S]*unclosed quote[\s\S]*Deliver basic_ad\.csv again[\s\S]*Noor Haddad/);
    assert.equal(await said.getByRole('link', { name: 'acquisition.meta_ads', exact: true }).getAttribute('href'), '/sources/acquisition/meta_ads');
    assert.match(await said.getByRole('link', { name: 'Write' }).getAttribute('href'), /^mailto:noor@example\.org\?subject=/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/why');
    await page.unroute('**/api/v1/products/acquisition/campaign_performance');
  });

  await t.test('a part that fails says so, and the rest stays', async () => {
    await page.route('**/rows?limit=10', (route) => route.fulfill({ status: 504, json: { error: { code: 'TR020', name: 'E_TIMEOUT', message: 'The query took longer than 30 s.', retryable: true } } }));
    await page.goto(`${server.origin}${AT}?port=campaign_daily`);
    await page.getByText('The query took longer than 30 s.').waitFor();
    assert.ok((await page.locator('[data-panel=overview]').innerText()).includes(whole.usage));
    await page.unroute('**/rows?limit=10');
  });

  await t.test('a product, a port and an address that do not exist say so, and what to do', async () => {
    await page.goto(`${server.origin}/catalog/acquisition/campain_performance`);
    await page.getByText('There is no such product').waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.goto(`${server.origin}/data/acquisition/campain_daily`);
    await page.getByText('There is no such port').waitFor();
    await page.getByRole('link', { name: 'Look for it in the catalog' }).click();
    await page.waitForURL(/\/catalog\?q=campain/);
    await page.goto(`${server.origin}/data/a/b/c`);
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
  });
  await page.context().close();
}
