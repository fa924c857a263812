/* Events in the browser: from nothing to the first one, as they arrive, one looked for, what was set aside mended and loaded, a source with its keys and plan.
 * The page of live events keeps a line open, so that nothing here waits for silence. */
import path from 'node:path';
import { axeViolations, open } from '../lib/browser.mjs';
import { fits } from '../lib/looks.mjs';
import { serve, trellisOk } from '../lib/program.mjs';
import { assert, until } from '../lib/test.mjs';

export default async function live(context) {
  const { t, browser, temp } = context;
  const dir = path.join(temp, 'events');
  await trellisOk(['init', dir, '--owner', 'Ana', '--contact', 'ana@example.org']);
  await trellisOk(['add', 'events', '--domain', 'web', '--name', 'site'], { cwd: dir });
  const server = await serve(dir, { more: ['--collector-listen', '127.0.0.1:0'] });
  const { address } = await server.api('/api/v1/collector');
  const page = await open(browser);
  await page.goto(server.address);
  let key = '';
  const send = async (...batch) => {
    const r = await fetch(`${address}/v1/batch`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }, body: JSON.stringify({ batch }) });
    assert.equal(r.status, 200);
  };
  const order = (id, revenue) => ({ type: 'track', userId: 'u-1', event: 'Order Completed', messageId: id, properties: { order_id: id, revenue, currency: 'EUR' }, context: { traits: { email: 'ana.ruiz@example.org' } } });

  await t.test('a source of events: a key is made on the page, shown once, and ends', async () => {
    await page.goto(`${server.origin}/sources/web/site`);
    await page.getByRole('button', { name: 'New key' }).waitFor();
    await page.getByPlaceholder('What it is for').fill('shop');
    await page.getByRole('button', { name: 'New key' }).click();
    const shown = page.getByRole('group', { name: 'Write key' });
    await shown.waitFor();
    key = (await shown.innerText()).trim();
    assert.match(key, /^[A-Za-z0-9]{32}$/);
    assert.ok((await page.getByRole('group', { name: 'How to send' }).innerText()).includes(`${address}/t.js`));
    await page.reload();
    await page.getByRole('button', { name: 'Revoke' }).waitFor();
    assert.ok(!(await page.content()).includes(key), 'shown once');
    assert.match(await page.locator('main').innerText(), /No event has come yet/);
    await fits(page);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('live: the page that waits for the first event turns live by itself', async () => {
    await page.goto(`${server.origin}/live`);
    await page.getByRole('heading', { name: 'Waiting for the first event' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await send({ type: 'page', anonymousId: 'anon-77', messageId: 'p-1', context: { page: { url: 'https://shop.example/start?utm_source=google&utm_medium=cpc' } } });
    const row = page.locator('tbody tr').first();
    await row.waitFor();
    assert.match(await row.innerText(), /shop\.example\/start[^]*Paid search[^]*Stored/);
  });

  await t.test('live: stored, set aside and seen before, in words; held still on demand; nobody is named', async () => {
    await send(order('o-1', 12.5), order('o-2', 'much'), { type: 'track', event: 'Nobody', messageId: 'n-1' });
    await send(order('o-1', 12.5));
    await until('all four', async () => (await page.locator('tbody tr').count()) === 5);
    const text = await page.locator('tbody').innerText();
    assert.match(text, /Set aside/);
    assert.match(text, /A field is of another type than planned/);
    assert.match(text, /It names nobody/);
    assert.match(text, /Seen before/);
    await page.getByRole('button', { name: 'Hold still' }).click();
    await send({ type: 'page', anonymousId: 'anon-77', messageId: 'p-2' });
    await page.getByRole('button', { name: 'Show 1 newer' }).click();
    await until('the newer one', async () => (await page.locator('tbody tr').count()) === 6);
    await page.getByRole('button', { name: /^Set aside/ }).click();
    await until('only those', async () => (await page.locator('tbody tr').count()) === 2);
    assert.doesNotMatch(await page.content(), /ana\.ruiz|anon-77|u-1\b/);
    await fits(page);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('live: from sending to seeing takes about a second at most', async () => {
    await page.goto(`${server.origin}/live`);
    await page.locator('tbody tr').first().waitFor();
    await send({ type: 'track', anonymousId: 'anon-9', event: 'Quick look', messageId: 'q-1' });
    await page.getByRole('button', { name: 'Quick look' }).waitFor();
  });

  await t.test('live: one event looked for by its id, whole, with personal values hidden', async () => {
    await page.getByPlaceholder('Find a message id').fill('o-1');
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog');
    await sheet.getByText('Stored in web.site__track').waitFor();
    const text = await sheet.innerText();
    assert.match(text, /order_id\s+o-1/);
    assert.match(text, /user_id\s+hidden: personal/);
    assert.doesNotMatch(text, /ana\.ruiz|u-1\b/);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  await t.test('set aside: by reason, one mended in the form and loaded, the other given up', async () => {
    await page.goto(`${server.origin}/quarantine`);
    await page.getByRole('button', { name: 'Order Completed' }).first().waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('tbody').last().getByRole('button', { name: 'Order Completed' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText('properties.revenue').first().waitFor();
    assert.doesNotMatch(await sheet.innerText(), /ana\.ruiz|u-1\b/);
    await sheet.getByLabel('What to do').selectOption('set');
    await sheet.getByLabel('Value').fill('9.5');
    await sheet.getByRole('button', { name: 'Change and load' }).click();
    await sheet.getByRole('status').waitFor();
    assert.match(await sheet.getByRole('status').innerText(), /1 changed; 1 loaded/);
    const rows = await server.api('/api/v1/query', { sql: "SELECT revenue_amount FROM web.site__track WHERE message_id = 'o-2'" });
    assert.deepEqual(rows.rows.map(([v]) => Number(v)), [9.5]);
    await page.keyboard.press('Escape');
    await page.locator('tbody').last().getByRole('button', { name: 'Nobody' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Give up' }).click();
    await page.getByRole('dialog').getByRole('status').waitFor();
    await page.goto(`${server.origin}/quarantine`);
    await page.getByText('Nothing is set aside').waitFor();
  });

  await t.test('a source of events: the plan beside what came', async () => {
    await page.goto(`${server.origin}/sources/web/site`);
    const plan = page.getByRole('group', { name: 'Event types' });
    await plan.waitFor();
    assert.match(await plan.innerText(), /Order Completed[^]*Quick look[^]*not planned|Quick look[^]*not planned[^]*Order Completed/);
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText(/^revoked/).waitFor();
    await until('the refusal', async () => (await fetch(`${address}/v1/track`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }, body: '{"userId":"u","event":"E"}' })).status === 401);
    page.troubles.length = 0;
  });
  await page.context().close();
}
