/* Customers against the API, on a mesh of a dozen people: the list, the search, one customer whole, a reveal, a split that is tried, decided, built
 * and taken back. No page shows what names a person before somebody said why. */
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { binary, serve, trellisOk } from '../lib/program.mjs';
import { assert, figure, near, until } from '../lib/test.mjs';

const PERSONAL = /ann@|arbor|annie|u-ann|anon-ann|@example\.org|u-ben|anon-family/i;

/* The mesh and its server, for this and for the page of identity. */
export async function people(context) {
  if (context.people) return context.people;
  process.env.TRELLIS_PROGRAM ??= binary; /* for the helpers of the command line's tests */
  const { calls, landed, mesh, send } = await import('../../cli/entities_world.mjs');
  const dir = path.join(context.temp, 'people');
  const key = JSON.parse(mesh(dir)).key;
  landed(dir);
  await send(dir, key, [calls()]);
  await trellisOk(['run'], { cwd: dir });
  return (context.people = await serve(dir));
}

export default async function customers(context) {
  const { t, browser } = context;
  const server = await people(context);
  const page = await open(browser);
  await page.goto(server.address);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const whole = async () => `${await page.content()} ${page.url()}`;
  const ann = (await server.api('/api/v1/identity/explain', { who: 'ann@example.org' })).customer_id;

  await t.test('customers: the list is the API’s, in the order that is asked for, and names nobody', async () => {
    await go('/customers');
    const { counts, customers: list } = await server.api('/api/v1/customers?sort=recent');
    assert.deepEqual(await page.locator('[data-customer]').evaluateAll((a) => a.map((e) => e.dataset.customer)), list.map((c) => c.customer_id));
    assert.match(await page.locator('.lead').innerText(), new RegExp(`^${counts[0].customers} customers, ${counts[0].known} of them`));
    await page.getByRole('button', { name: 'Worth most' }).click();
    await settled(page);
    assert.match(page.url(), /sort=value/);
    const top = (await server.api('/api/v1/customers?sort=value')).customers[0];
    assert.equal(await page.locator('[data-customer]').first().getAttribute('data-customer'), top.customer_id);
    near(figure((await page.locator('tbody tr').first().innerText()).match(/EUR ([\d.,]+)/)[1]), top.revenue_reporting, 0.006, 'revenue');
    await page.getByLabel('Only known ones').check();
    await until('known ones', async () => (await page.locator('[data-customer]').count()) === counts[0].known);
    assert.doesNotMatch(await whole(), PERSONAL);
  });

  await t.test('customers: found by an identifier that never stands in an address', async () => {
    await go('/customers');
    const asked = [];
    page.on('request', (r) => asked.push(r.url()));
    await page.getByLabel('Find a customer').fill('nobody@example.net');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.match(await page.getByRole('alert').innerText(), /no customer has this identifier/i);
    page.troubles.length = 0; /* the browser tells of a 404 */
    await page.getByLabel('Find a customer').fill(' ANN@example.org ');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/customers/${ann}`);
    await settled(page);
    assert.deepEqual(asked.filter((u) => /example/.test(decodeURIComponent(u))), []);
    assert.doesNotMatch(await whole(), PERSONAL);
  });

  await t.test('customer: figures, consent in words, and a timeline by day with visits folded', async () => {
    await go(`/customers/${ann}`);
    const c = await server.api(`/api/v1/customers/${ann}`);
    assert.equal(await page.locator('[data-figure=revenue]').innerText(), 'EUR 42.00');
    assert.equal(await page.locator('[data-figure=orders]').innerText(), String(c.profile[0].orders));
    assert.equal(await page.getByRole('region', { name: 'Consent' }).locator('li').count(), c.consent.length);
    assert.match(await page.getByRole('region', { name: 'Consent' }).innerText(), /Measuring visits: not asked, allowed/);
    const visit = page.locator('[data-visit]').first();
    assert.match(await visit.innerText(), /Visit, direct/);
    await visit.locator('summary').click();
    await settled(page);
    assert.ok(await visit.getByText('Order Completed').isVisible());
    assert.match(await page.getByRole('tabpanel').innerText(), /Order 5001, paid\s+EUR 42\.00/);
    await page.getByRole('button', { name: /^Orders/ }).click();
    await settled(page);
    assert.equal(await page.getByRole('tabpanel').locator('.entry').count(), 1);
    await page.goBack();
    assert.doesNotMatch(await whole(), PERSONAL);
  });

  await t.test('customer: older entries come page by page', async () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ interaction_id: `web:${i}`, occurred_at: `2026-03-01T10:${String(59 - Math.floor(i / 2)).padStart(2, '0')}:00`, kind: 'track', name: `Step ${i}`, revenue_reporting: null, channel_group: null, page_host: null }));
    await answering(page, '**/timeline*', (r) => ({ json: { timeline: r.url().includes('before=') ? [{ ...many[0], interaction_id: 'web:last', name: 'The first of all', occurred_at: '2026-02-01T10:00:00' }] : many, kinds: [{ kind: 'track', n: 101 }] } }));
    await go(`/customers/${ann}`);
    await page.getByRole('button', { name: 'Show older' }).click();
    await page.getByText('The first of all').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Show older' }).count(), 0);
    await page.unroute('**/timeline*');
  });

  await t.test('customer: personal values are shown after a reason, for this visit, and that is written down', async () => {
    await go(`/customers/${ann}`);
    const before = (await server.api(`/api/v1/customers/${ann}/reveals`)).reveals.length;
    await page.getByRole('button', { name: 'Show personal values' }).click();
    const show = page.getByRole('button', { name: 'Write it down and show them' });
    assert.ok(await show.isDisabled(), 'not without a reason');
    assert.deepEqual(await axeViolations(page), []);
    await page.getByLabel('Why do you need to see them?').fill('They called about an order');
    await page.keyboard.press('Enter');
    await page.getByText('ann@example.org').waitFor();
    assert.ok(await page.getByText('Anna Arbor').isVisible());
    const { reveals } = await server.api(`/api/v1/customers/${ann}/reveals`);
    assert.equal(reveals.length, before + 1);
    assert.equal(reveals[0].reason, 'They called about an order');
    await page.getByRole('tab', { name: /Identifiers/ }).click();
    await settled(page);
    assert.match(await page.locator('[data-reveals]').innerText(), /They called about an order/);
    await page.reload();
    await settled(page);
    assert.doesNotMatch(await whole(), PERSONAL);
  });

  await t.test('customer: identifiers in part, where they were seen, and whole after a reason', async () => {
    await go(`/customers/${ann}?tab=identifiers`);
    const why = await server.api(`/api/v1/customers/${ann}/why`);
    assert.equal(await page.getByRole('group', { name: 'Identifiers', exact: true }).locator('tbody tr').count(), why.identifiers.length);
    assert.match(await page.getByRole('group', { name: 'Sources of the identifiers' }).innerText(), /lifecycle\.hubspot/);
    await page.getByRole('button', { name: 'Show them whole' }).click();
    await page.getByLabel('Why do you need to see them?').fill('To find the tablet');
    await page.keyboard.press('Enter');
    await page.getByText('u-ann').waitFor();
    await page.getByRole('button', { name: 'Hide them again' }).click();
    assert.doesNotMatch(await whole(), PERSONAL);
  });

  await t.test('customer: consent in force with its reason, and the history', async () => {
    const gus = (await server.api('/api/v1/identity/explain', { who: 'u-gus' })).customer_id;
    await go(`/customers/${gus}?tab=consent`);
    const panel = page.getByRole('tabpanel');
    assert.match(await panel.locator('[data-purpose=advertising]').innerText(), /Yes[\s\S]*They said yes: consent banner of the site/);
    assert.match(await panel.locator('[data-purpose=email]').innerText(), /Not asked, not allowed[\s\S]*counts silence as a no/);
    const said = (await server.api(`/api/v1/customers/${gus}/consent`)).statements;
    assert.equal(await panel.locator('tbody tr').count(), said.length);
    assert.match(await panel.innerText(), /Global Privacy Control of the browser/);
  });

  await t.test('customer: why one person, as a picture and in words; a split is tried, decided, built, and taken back', async () => {
    await go(`/customers/${ann}?tab=why`);
    const why = await server.api(`/api/v1/customers/${ann}/why`);
    assert.equal(await page.locator('.picture circle').count(), why.identifiers.length);
    assert.match(await page.getByRole('tabpanel').innerText(), /is theirs because lifecycle\.hubspot told/);
    await page.getByRole('button', { name: 'Split off' }).click();
    const form = page.locator('[data-decide=split]');
    await form.getByLabel(/^User id/).check();
    await form.getByRole('button', { name: 'Show what would change' }).click();
    const { then } = await server.api('/api/v1/identity/split', { customer: ann, out: [why.identifiers.find((i) => i.kind === 'user_id').ref], try: true });
    assert.match(await form.locator('[data-preview]').innerText(), new RegExp(`would become ${then.customers} `));
    assert.deepEqual(await axeViolations(page), []);
    await form.getByLabel('Why?').fill('Two people share it');
    await form.getByRole('button', { name: 'Split off' }).click();
    await page.getByText(/counts from the next build on/).waitFor();
    await page.getByRole('button', { name: 'Build now' }).click();
    await page.getByText('Built anew').waitFor({ timeout: 120_000 });
    assert.equal((await server.api('/api/v1/identity')).customers, then.customers);
    await settled(page);
    const line = page.locator('[data-decision]');
    assert.match(await line.innerText(), /Two people share it/);
    await line.getByRole('button', { name: /Take back/ }).click();
    await line.getByRole('button', { name: 'Yes, take it back' }).click();
    await page.getByText('is taken back').waitFor();
    await page.getByRole('button', { name: 'Build now' }).click();
    await page.getByText('Built anew').waitFor({ timeout: 120_000 });
    const again = await server.api(`/api/v1/customers/${ann}/why`);
    assert.deepEqual(again.identifiers.map((i) => i.ref).sort(), why.identifiers.map((i) => i.ref).sort());
  });

  await t.test('customer: a retired id leads on and says so; one that is not there says what to do', async () => {
    const { entries } = await server.api('/api/v1/identity/ledger?action=merged');
    const { other_id: old, customer_id: now } = entries[0];
    await go(`/customers/${old}`);
    const text = await page.getByRole('main').innerText();
    assert.match(text, /is now this one/);
    assert.ok(text.includes(now.slice(0, 10)));
    await go(`/customers/c_${'a'.repeat(26)}`);
    assert.match(await page.locator('[data-empty]').innerText(), /no customer of this id/);
    page.troubles.length = 0;
  });

  await t.test('customers: none yet, a broken answer, long names and another direction of writing', async () => {
    await answering(page, '**/api/v1/customers?*', () => ({ json: { counts: [{ customers: 0, known: 0, buyers: 0, revenue: null, last_seen_at: null }], customers: [] } }));
    await go('/customers');
    assert.match(await page.locator('[data-empty]').innerText(), /fills by itself/);
    assert.deepEqual(await axeViolations(page), []);
    await page.unroute('**/api/v1/customers?*');
    await answering(page, '**/api/v1/customers?*', () => broken);
    await go('/customers');
    assert.match(await page.getByRole('alert').innerText(), /Code TR001/);
    await page.unroute('**/api/v1/customers?*');
    const c = await server.api(`/api/v1/customers/${ann}`);
    await answering(page, `**/api/v1/customers/${ann}`, () => ({ json: { ...c, profile: [{ ...c.profile[0], company_name: 'تخفيضات 🎁 '.repeat(30), first_campaign_name: 'x'.repeat(200), orders: 1_234_567, revenue_reporting: 98_765_432.1 }] } }));
    await go(`/customers/${ann}`);
    await fits(page);
    assert.equal(await page.locator('[data-figure=revenue]').innerText(), 'EUR 98,765,432.10');
    await page.unroute(`**/api/v1/customers/${ann}`);
    page.troubles.length = 0;
  });
  await page.context().close();
  await looks({ ...context, server }, [
    ['customers', '/customers'],
    ['customer', `/customers/${ann}`],
    ['customer-identifiers', `/customers/${ann}?tab=identifiers`],
    ['customer-consent', `/customers/${ann}?tab=consent`],
    ['customer-why', `/customers/${ann}?tab=why`],
  ]);
}
