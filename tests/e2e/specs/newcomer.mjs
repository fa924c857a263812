/* As somebody new would: four questions from Home, with the seconds and clicks each took. */
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { open, settled } from '../lib/browser.mjs';
import { serve, trellisOk } from '../lib/program.mjs';
import { assert, figure, near, until } from '../lib/test.mjs';
import { workbook } from '../lib/workbook.mjs';

/* Every act of a hand is counted: a click, a choice, a line typed. */
function hand(page) {
  const began = performance.now();
  let acts = 0;
  return {
    click: async (l) => ((acts += 1), l.click()),
    choose: async (l, v) => ((acts += 1), l.selectOption(v)),
    type: async (l, v) => ((acts += 1), l.fill(v)),
    file: async (l, f) => ((acts += 1), l.setInputFiles(f)),
    press: async (k) => ((acts += 1), page.keyboard.press(k)),
    told: (what) => console.log(`# newcomer: ${what}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${acts} acts`),
    acts: () => acts,
  };
}

export default async function newcomer({ t, browser, server, mesh, temp }) {
  const fresh = async (at) => {
    const page = await open(browser);
    await page.goto(at.address);
    await settled(page);
    return page;
  };

  await t.test('a newcomer brings a spreadsheet to a chart', async () => {
    const page = await fresh(server);
    const h = hand(page);
    const regions = ['Nord', 'Süd', 'West'];
    const rows = Array.from({ length: 60 }, (_, i) => [new Date(Date.UTC(2026, 6, 1 + i)), regions[i % 3], `buyer${i}@example.org`, 10 + i * 1.5]);
    await h.click(page.getByRole('link', { name: 'Add data' }).first());
    await h.file(page.locator('[data-file]'), { name: 'Till sales.xlsx', mimeType: 'application/octet-stream', buffer: workbook('Sales', [['Sold on', 'Region', 'E-mail', 'Amount'], ...rows]) });
    await page.locator('[data-found]').waitFor();
    assert.match(await page.locator('[data-found-sentence]').innerText(), /Excel workbook of 4 columns.*60 rows were looked at/);
    const mail = page.locator('[data-found-column]').nth(2);
    assert.match(await mail.innerText(), /hidden: personal/);
    assert.ok(!(await page.locator('main').innerText()).includes('buyer1@'), 'a personal value is never shown');
    await h.choose(page.getByLabel('Domain'), 'web');
    await h.click(page.locator('[data-add]'));
    await page.waitForURL(/\/catalog\/web\/.+tab=chart/, { timeout: 60_000 });
    await settled(page);
    assert.match(await page.locator('[data-chart-title]').innerText(), /^Amount by (day|week)$/);
    await page.locator('.chart canvas').first().waitFor();
    h.told('own spreadsheet to a chart');
    assert.ok(h.acts() <= 5, `${h.acts()} acts`);
    /* the figures are those of the sheet */
    await page.locator('[data-choose=grain]').selectOption('month');
    await page.getByRole('button', { name: 'Table', exact: true }).last().click();
    await settled(page);
    const months = [0, 0];
    for (const r of rows) months[r[0].getUTCMonth() - 6] = (months[r[0].getUTCMonth() - 6] ?? 0) + r[3];
    const shown = await page.locator('.result tbody tr').evaluateAll((l) => l.map((r) => r.lastElementChild.textContent));
    assert.equal(shown.length, months.length);
    shown.forEach((text, i) => near(figure(text), months[i], 0.006, `month ${i}`));
    await page.context().close();
  });

  await t.test('a newcomer finds who owns “conversion” and what it means', async () => {
    const page = await fresh(server);
    const h = hand(page);
    const term = (await server.api('/api/v1/glossary')).terms.find((x) => x.name === 'conversion');
    await h.press('/');
    await page.getByRole('combobox').waitFor();
    await h.type(page.getByRole('combobox'), 'who owns conversion');
    await page.getByRole('option').filter({ hasText: /conversion/i }).first().waitFor();
    await h.click(page.getByRole('option').filter({ hasText: new RegExp(term.title, 'i') }).first());
    await page.waitForURL(/\/glossary/);
    await settled(page);
    const text = await page.locator('.term.chosen').innerText();
    const { terms } = await server.api('/api/v1/glossary');
    const at = terms.find((x) => x.name === 'conversion' && text.includes(x.definition));
    assert.ok(at && text.includes(at.owner.name), text);
    h.told('who owns “conversion”');
    await page.context().close();
  });

  await t.test('a newcomer finds out why yesterday’s Meta spend is missing', async () => {
    const late = path.join(temp, 'late');
    await cp(mesh, late, { recursive: true, filter: (from) => path.basename(from) !== 'data' });
    const folder = path.join(late, 'exports/facebook_ads');
    const days = new Set();
    const files = (await readdir(folder)).filter((f) => f.includes('basic_ad'));
    const tables = await Promise.all(files.map(async (f) => (await readFile(path.join(folder, f), 'utf8')).split(/\r?\n/)));
    const dayAt = tables.map((l) => l[0].split(',').findIndex((c) => c.replace(/"/g, '') === 'date'));
    tables.forEach((l, i) => l.slice(1).forEach((row) => row && days.add(row.split(',')[dayAt[i]].slice(0, 10))));
    const newest = [...days].sort().at(-1);
    for (const [i, f] of files.entries()) {
      const kept = tables[i].filter((row, n) => n === 0 || (row && row.split(',')[dayAt[i]].slice(0, 10) < newest));
      await writeFile(path.join(folder, f), `${kept.join('\n')}\n`);
    }
    const last = [...days].sort().at(-2);
    const source = path.join(late, 'domains/acquisition/sources/meta_ads.yaml');
    await writeFile(source, (await readFile(source, 'utf8')).replace(/freshness: \w+/, 'freshness: 20h'));
    await trellisOk(['run'], { cwd: late, timeout: 120_000 });
    const own = await serve(late);
    const page = await fresh(own);
    const h = hand(page);
    assert.match(await page.locator('[data-answer]').innerText(), /source/);
    await h.click(page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Sources' }));
    await settled(page);
    await h.click(page.getByRole('link', { name: 'Meta Ads' }).first());
    await page.waitForURL(/\/sources\/acquisition\/meta_ads/);
    await settled(page);
    const text = await page.locator('main').innerText();
    const told = await own.api('/api/v1/sources/acquisition/meta_ads');
    assert.equal(told.state, 'late');
    assert.equal(told.data_to.slice(0, 10), last);
    assert.ok(text.includes(told.owner.name), 'whose it is');
    assert.match(text, /Late/);
    assert.match(text, /20 hours are allowed|allowed/);
    assert.match(text, new RegExp(`${Number(last.slice(8))} [A-Z][a-z]{2} ${last.slice(0, 4)}`), 'the last day that has data');
    assert.match(text, /meta_ads_campaign_daily|campaign_daily/, 'what it makes stale');
    h.told('why yesterday’s Meta spend is missing');
    await page.context().close();
    await own.stop();
    await rm(late, { recursive: true, force: true });
  });

  await t.test('a newcomer asks for a product that does not exist and sees who will answer', async () => {
    const page = await fresh(server);
    const h = hand(page);
    await h.press('/');
    await page.getByRole('combobox').waitFor();
    await h.type(page.getByRole('combobox'), 'rainfall hourly');
    await h.click(page.getByRole('option', { name: /Ask for a product/ }));
    await page.waitForURL(/\/requests\?new=product/);
    await settled(page);
    assert.equal(await page.getByLabel('In a few words').inputValue(), 'rainfall hourly');
    await h.choose(page.getByLabel('Domain', { exact: false }).first(), 'web');
    const owner = (await server.api('/api/v1/domains')).domains.find((d) => d.name === 'web').owner.name;
    assert.match(await page.locator('[data-who]').innerText(), new RegExp(`${owner} of web will see it and answer`));
    await h.click(page.getByRole('button', { name: 'Ask for a product' }));
    await page.getByText('Your request is in.').waitFor();
    await until('it waits in the list', async () => (await server.api('/api/v1/requests?state=open')).requests.some((r) => r.title === 'rainfall hourly'));
    h.told('ask for a product');
    await page.context().close();
  });
}
