/* The catalog against the API: words, facets, order, the address, ten thousand products, and nothing found. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { assert, until } from '../lib/test.mjs';

const ODD = ['حملات الربيع 🌷', 'A very long name that somebody once wrote because every detail of the quarter had to be in it, with region, channel and agency', '<b>bold</b> & "quotes"'];

/* As many products as one likes, from one that is real. */
function many(item, total) {
  return (offset, limit) =>
    Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => ({ ...item, name: `p_${offset + i}`, title: ODD[offset + i] ?? `Product ${offset + i}` }));
}

export default async function catalog({ t, browser, server }) {
  const page = await open(browser);
  await page.goto(server.at('/catalog'));
  await page.locator('[data-at="0"] a').waitFor();
  await settled(page);
  const titles = () => page.locator('[data-at] a').allInnerTexts();
  const told = (query) => server.api(`/api/v1/catalog?limit=500&${query}`);
  /* Of a long list the page holds only those rows that can be seen. */
  const shows = (items) =>
    until(items.map((i) => i.title).join(), async () => {
      const seen = await titles();
      const counted = Number(/^\d+/.exec(await page.locator('[data-answer]').innerText())?.[0]);
      return seen.length >= Math.min(items.length, 10) && counted === items.length && seen.every((title, i) => title === (items[i]?.title || items[i]?.name));
    });

  await t.test('the catalog lists every product with purpose, owner and state', async () => {
    const all = await told('');
    assert.equal(await page.locator('[data-answer]').innerText().then((x) => Number(/^\d+/.exec(x)[0])), all.total);
    await shows(all.items);
    const first = await page.locator('[data-at="0"]').innerText();
    assert.ok(first.includes(all.items[0].purpose) && first.includes(all.items[0].owner.name) && /Fresh|Stale|Failing|Never built/.test(first), first);
  });

  await t.test('a facet narrows the list, stands in the address, and Back takes it away', async () => {
    await page.getByRole('group', { name: 'Domain' }).getByRole('checkbox', { name: /Web/ }).check();
    await page.waitForURL(/\?domain=web$/);
    await shows((await told('domain=web')).items);
    await page.getByRole('group', { name: 'Domain' }).getByRole('checkbox', { name: /Shared/ }).check();
    await shows((await told('domain=web,shared')).items);
    await page.goBack();
    await page.goBack();
    await page.waitForURL(/\/catalog$/);
    const all = (await told('')).items.map((i) => i.title);
    await until('all of them again', async () => {
      const seen = await titles();
      return seen.length > 0 && seen.every((title, i) => title === all[i]);
    });
  });

  await t.test('words find by meaning, the best first', async () => {
    await page.getByRole('searchbox', { name: 'Find in the catalog' }).fill('ad spend');
    await page.waitForURL(/q=ad\+spend/);
    const found = await told('q=ad+spend');
    assert.ok(found.total > 0);
    await until('the best first', async () => (await titles())[0] === found.items[0].title);
    assert.equal(await page.getByLabel('Order').inputValue(), 'relevance');
  });

  await t.test('an address opened cold shows the same', async () => {
    await page.goto(`${server.origin}/catalog?domain=acquisition&sort=use`);
    await shows((await told('domain=acquisition&sort=use')).items);
    assert.ok(await page.getByRole('group', { name: 'Domain' }).getByRole('checkbox', { name: /Acquisition/ }).isChecked());
  });

  await t.test('nothing found says so and offers to ask for it', async () => {
    await page.goto(`${server.origin}/catalog?q=zzyzx+qwrtp`);
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Ask for it' }).getAttribute('href'), '/requests?new=product&title=zzyzx%20qwrtp');
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Show all products' }).click();
    await page.locator('[data-at="0"]').waitFor();
  });

  await t.test('ten thousand products: only those in sight are drawn, and arrows reach the last', async () => {
    const TOTAL = 10_000;
    const one = await told('domain=acquisition');
    const rows = many(one.items[0], TOTAL);
    await page.route('**/api/v1/catalog?**', (route) => {
      const q = new URL(route.request().url()).searchParams;
      const offset = Number(q.get('offset') ?? 0);
      return route.fulfill({ json: { ...one, total: TOTAL, offset, items: rows(offset, Number(q.get('limit') ?? 50)) } });
    });
    await page.goto(`${server.origin}/catalog?sort=state`);
    await page.getByText(/^10,000 products in/).waitFor();
    await settled(page);
    assert.ok((await page.locator('[data-at]').count()) < 60, 'only what is in sight is drawn');
    assert.deepEqual((await titles()).slice(0, 3), ODD);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-at="0"] a').focus();
    await page.keyboard.press('ArrowDown');
    await until('the second row', async () => (await page.evaluate(() => document.activeElement.closest('[data-at]')?.dataset.at)) === '1');
    await page.keyboard.press('End');
    await until('the last row', async () => (await page.evaluate(() => document.activeElement.innerText)) === 'Product 9999');
    assert.ok((await page.locator('[data-at]').count()) < 60);
    await page.unroute('**/api/v1/catalog?**');
  });

  await t.test('a catalog that cannot be read says why', async () => {
    await page.route('**/api/v1/catalog?**', (route) => route.abort());
    await page.goto(`${server.origin}/catalog`);
    await page.getByText('The catalog could not be read').waitFor();
    await page.unroute('**/api/v1/catalog?**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-at="0"] a').waitFor();
  });
  await page.context().close();

  await t.test('a narrow window filters in a drawer', async () => {
    const small = await open(browser, { width: 390, height: 844 });
    await small.goto(server.at('/catalog'));
    await small.locator('[data-at="0"] a').waitFor();
    await small.getByRole('button', { name: 'Filter' }).click();
    const dialog = small.getByRole('dialog');
    await dialog.getByRole('checkbox', { name: /^Web/ }).check();
    assert.deepEqual(await axeViolations(small), []);
    await dialog.getByRole('button', { name: /^Show \d+ product/ }).click();
    const web = await told('domain=web');
    await until('the one domain', async () => (await small.locator('[data-at] a').count()) === Math.min(web.total, 20));
    await small.context().close();
  });
}
