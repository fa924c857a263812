/* Asking for what does not exist, and answering it. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function requests(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const all = async () => (await server.api('/api/v1/requests?limit=1000')).requests;

  await t.test('no request yet: what it is for, and the four ways to begin', async () => {
    await answering(page, '**/api/v1/requests*', () => ({ json: { requests: [] } }));
    await go('/requests');
    for (const name of ['Ask for a product', 'Ask for access', 'Ask a question', 'Give feedback']) await page.getByRole('link', { name }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/requests*');
  });

  await t.test('a product that does not exist is asked for by keyboard alone, and who will answer is said before and after', async () => {
    const web = (await server.api('/api/v1/domains')).domains.find((d) => d.name === 'web');
    await go('/requests?new=product&title=Orders%20by%20hour');
    assert.equal(await page.getByLabel('In a few words').inputValue(), 'Orders by hour');
    await page.getByLabel('More about it').focus();
    await page.keyboard.type('To see when the shop is full.');
    await page.getByLabel('Domain', { exact: false }).first().selectOption('web');
    await settled(page);
    assert.match(await page.locator('[data-who]').innerText(), new RegExp(`${web.owner.name} of web will see it and answer`));
    await page.getByRole('button', { name: 'Ask for a product' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Your request is in.').waitFor();
    assert.match(await page.locator('main').innerText(), new RegExp(`${web.owner.name} of web will answer`));
    const made = (await all()).find((r) => r.title === 'Orders by hour');
    assert.deepEqual([made.kind, made.domain, made.body, made.state], ['product', 'web', 'To see when the shop is full.', 'open']);
    await page.waitForURL(new RegExp(`id=${made.id}`));
    await settled(page);
    assert.match(await page.locator(`[data-request="${made.id}"]`).innerText(), /Open\s*waits 1 min/);
  });

  await t.test('what is missing is said, and nothing is sent', async () => {
    const before = (await all()).length;
    await go('/requests?new=access');
    await page.getByRole('button', { name: 'Ask for access' }).click();
    await page.getByText('Say in a few words what you ask for.').waitFor();
    await page.getByLabel('In a few words').fill('Customer addresses');
    await page.getByText('Name the product or table that you need access to.').waitFor();
    await page.getByRole('combobox', { name: 'About' }).fill('web.no_such_thing');
    await page.getByRole('button', { name: 'Ask for access' }).click();
    await settled(page);
    assert.match(await page.getByRole('alert').innerText(), /It was not sent.*Code/s);
    assert.equal((await all()).length, before);
    assert.equal(await page.getByLabel('In a few words').inputValue(), 'Customer addresses', 'what was written stays');
    page.troubles.length = 0;
  });

  await t.test('feedback on a field, with markup and other scripts as its text', async () => {
    const title = '<img src=x onerror="window.harmed=1"> تخفيضات 🎁';
    await go('/requests?new=feedback&ref=acquisition.campaign_daily&field=conversions');
    await page.getByLabel('In a few words').fill(title);
    await page.getByRole('button', { name: 'Give feedback' }).click();
    await page.getByText('Your request is in.').waitFor();
    const made = (await all()).find((r) => r.title === title);
    assert.deepEqual([made.ref, made.field, made.domain], ['acquisition.campaign_daily', 'conversions', 'acquisition']);
    assert.equal(await page.evaluate(() => window.harmed), undefined);
    await page.getByText(title).first().waitFor();
    await fits(page);
  });

  await t.test('an owner answers, and the age stops', async () => {
    const one = (await all()).find((r) => r.title === 'Orders by hour');
    await go(`/requests?id=${one.id}`);
    const row = page.locator(`[data-request="${one.id}"]`);
    await row.getByRole('button', { name: 'Answer', exact: true }).click();
    await row.getByText('Write a sentence').waitFor();
    await row.getByLabel('Your answer').fill('Comes next week.\nSee web.shop_orders until then.');
    await row.getByRole('button', { name: 'Answer', exact: true }).click();
    await until('it answered', async () => /Answered/.test(await row.innerText()));
    const after = (await all()).find((r) => r.id === one.id);
    assert.deepEqual([after.state, after.answer], ['answered', 'Comes next week.\nSee web.shop_orders until then.']);
    assert.match(await row.innerText(), /Comes next week\./);
    await page.getByRole('group', { name: 'State' }).getByRole('button', { name: /^Answered/ }).click();
    await page.waitForURL(/state=answered/);
    await row.waitFor();
  });

  await t.test('very many and very old ones, and a broken answer', async () => {
    const [one] = await all();
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...one, id: 10_000 + i, title: `Request ${i}`, state: 'open', age_s: i * 86_400 }));
    await answering(page, '**/api/v1/requests*', () => ({ json: { requests: many } }));
    await go('/requests');
    assert.match(await page.locator('[data-answer-requests]').innerText(), /1,000 requests wait for an answer, the oldest for 999 days\./);
    assert.equal(await page.locator('[data-request]').count(), 100);
    assert.match(await page.locator('[data-request]').first().innerText(), /Request 999/);
    await page.unroute('**/api/v1/requests*');
    await answering(page, '**/api/v1/requests*', () => broken);
    await go('/requests');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    await page.unroute('**/api/v1/requests*');
  });
  await page.context().close();
  await looks(context, [
    ['requests', '/requests?id=1'],
    ['requests-new', '/requests?new=feedback&ref=acquisition.campaign_daily&field=conversions'],
  ]);
}
