/* Own files and new products: what is refused and why, what is shown before it is written, and what comes of it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function add(context) {
  const { t, browser, server, mesh } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const file = (name, text) => page.locator('[data-file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });

  await t.test('a file that cannot be a table is refused before it is sent, with a way out', async () => {
    await go('/add');
    for (const [name, text, why] of [
      ['empty.csv', '', /is empty/],
      ['old.xls', 'x', /Save it as \.xlsx/],
      ['brief.pdf', 'x', /not a table that Trellis knows/],
    ]) {
      await file(name, text);
      await until(name, async () => why.test(await page.locator('[data-problem]').innerText().catch(() => '')));
    }
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('a file is dropped, looked into, and every answer can be changed', async () => {
    await go('/add?domain=web');
    const data = await page.evaluateHandle(() => {
      const d = new DataTransfer();
      d.items.add(new File(['Besuche je Filiale;;\n\nTag;Filiale;Umsatz €\n01.09.2026;Köln;1.234,50\n02.09.2026;Größenwald;99,00\n'], 'Filialen.csv'));
      return d;
    });
    await page.dispatchEvent('.zone', 'drop', { dataTransfer: data });
    await page.locator('[data-found]').waitFor();
    assert.match(await page.locator('[data-found-sentence]').innerText(), /3 columns, separated by semicolons/);
    assert.equal(await page.locator('[data-found-column]').count(), 3);
    await page.getByLabel('Title').fill('Umsatz der Filialen');
    await settled(page);
    assert.equal(await page.getByLabel('Name in SQL').inputValue(), 'umsatz_der_filialen');
    await page.getByLabel('Name in SQL').fill('Not A Name');
    await page.locator('[data-add]').click();
    await page.getByText('Small letters, digits').first().waitFor();
    await page.getByLabel('Name in SQL').fill('filialen');
    await page.getByRole('textbox', { name: /^Meaning of/ }).first().fill('Der Tag des Verkaufs');
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-add]').click();
    await page.waitForURL(/\/catalog\/web\/filialen\?tab=chart/, { timeout: 60_000 });
    await settled(page);
    const [row] = await server.rows('SELECT count(*) AS n, CAST(sum(umsatz) AS DOUBLE) AS s FROM web.filialen').catch(() => server.rows('SELECT count(*) AS n, CAST(sum(umsatz_eur) AS DOUBLE) AS s FROM web.filialen'));
    assert.deepEqual([row.n, row.s], [2, 1333.5]);
    const port = await server.api('/api/v1/ports/web/filialen');
    assert.equal(port.columns[0].description, 'Der Tag des Verkaufs');
  });

  await t.test('sending can be stopped, and a broken answer says what happened', async () => {
    await go('/add');
    let release;
    const held = new Promise((done) => (release = done));
    await page.route('**/api/v1/uploads/*/*', async (route) => {
      await held;
      await route.abort().catch(() => {});
    });
    await file('slow.csv', 'a,b\n1,2\n');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.zone').waitFor();
    release();
    await page.unroute('**/api/v1/uploads/*/*');
    await answering(page, '**/api/v1/uploads', () => broken);
    await file('broken.csv', 'a,b\n1,2\n');
    assert.match(await page.getByRole('alert').innerText(), /broken\.csv could not be taken.*Code TR001/s);
    await page.unroute('**/api/v1/uploads');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-found]').waitFor();
    page.troubles.length = 0;
  });

  await t.test('a platform: its folder and domain, its files shown, nothing written before', async () => {
    await go('/add');
    const pack = (await server.api('/api/v1/packs')).packs.find((p) => p.kind === 'source' && !p.added);
    await page.locator(`[data-pack=${pack.name}] button`).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Show the files' }).click();
    await dialog.locator('em').first().waitFor();
    await dialog.getByLabel('Folder of the landed files').fill(`exports/${pack.name}`);
    await dialog.getByLabel('Domain').selectOption('web');
    await dialog.getByRole('button', { name: 'Show the files' }).click();
    await dialog.locator('[data-patch]').first().waitFor();
    assert.ok(!existsSync(path.join(mesh, `domains/web/sources/${pack.name}.yaml`)));
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Escape');
  });

  await t.test('a new product: all that is missing by its field, answers kept over Back and Forward, files shown, then built', async () => {
    await go('/add/product');
    await page.getByRole('button', { name: 'Next: from which data' }).click();
    await settled(page);
    assert.ok((await page.locator('em').count()) >= 4, 'each missing answer is told by its field');
    await page.getByLabel('Title').fill('Weekly spend');
    await page.getByLabel('Domain that owns it').selectOption('acquisition');
    await page.getByLabel('What is it for?').fill('To decide budgets each Monday: “more or less?”');
    await page.getByLabel('Who will use it?').fill('Growth, Finance');
    await page.getByLabel('How will you know it was worth it?').fill('Budgets are decided on it each Monday');
    await page.getByRole('button', { name: 'Next: from which data' }).click();
    await page.waitForURL(/step=data/);
    await page.locator('[data-field=from]').selectOption('acquisition.campaign_daily');
    await page.locator('[data-column-choice=date_day] input').check();
    await page.locator('[data-column-choice=date_day] select').selectOption('week');
    await page.locator('[data-column-choice=platform] input').check();
    await page.locator('[data-add-measure]').selectOption('spend_reporting');
    await page.getByLabel('Name of this number').fill('spend_reporting');
    await page.goBack();
    await page.waitForURL((u) => !u.search.includes('step'));
    await settled(page);
    assert.equal(await page.getByLabel('What is it for?').inputValue(), 'To decide budgets each Monday: “more or less?”');
    await page.goForward();
    await page.waitForURL(/step=data/);
    await settled(page);
    assert.equal(await page.locator('[data-column-choice=platform] input').isChecked(), true);
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByLabel('Column', { exact: true }).selectOption('platform');
    await page.getByLabel('Condition', { exact: true }).selectOption('<>');
    await page.getByLabel('Value', { exact: true }).fill('amazon_ads');
    await page.getByRole('button', { name: 'Next: look at its rows' }).click();
    await settled(page);
    const shown = await page.locator('[data-step=rows] tbody').innerText();
    assert.ok(shown.includes('google_ads') && !shown.includes('amazon_ads'), shown.slice(0, 200));
    await page.getByRole('button', { name: 'Next: its files' }).click();
    await page.locator('[data-apply]').waitFor();
    const files = await page.locator('[data-step=files] summary code').allInnerTexts();
    assert.ok(files.some((f) => f.endsWith('products/weekly_spend/product.yaml')) && files.some((f) => f.endsWith('.sql')), files.join(' '));
    assert.ok(!existsSync(path.join(mesh, 'domains/acquisition/products/weekly_spend')));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as a patch' }).click()]);
    assert.match(await readFile(await download.path(), 'utf8'), /\+\+\+ b\/domains\/acquisition\/products\/weekly_spend\/product\.yaml/);
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-apply]').click();
    await page.waitForURL(/\/catalog\/acquisition\/weekly_spend/, { timeout: 60_000 });
    const made = await server.api('/api/v1/products/acquisition/weekly_spend');
    assert.deepEqual([made.consumers, made.purpose], [['Growth', 'Finance'], 'To decide budgets each Monday: “more or less?”']);
    const [of] = await server.rows(`SELECT count(*) AS n FROM ${made.ports[0].ref} WHERE platform = 'amazon_ads'`);
    assert.equal(of.n, 0);
  });
  await page.context().close();
  await looks(context, [
    ['add', '/add'],
    ['add-product', '/add/product'],
  ]);
}
