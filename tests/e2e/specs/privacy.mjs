/* Consent, requests, retention and the audit log, on a mesh of a dozen people of its own: what somebody says holds from the next reading on, a request
 * is looked at before it is carried out, and the log knows of all of it. No page puts what names a person into an address. */
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits } from '../lib/looks.mjs';
import { binary, serve, trellisOk } from '../lib/program.mjs';
import { assert, until } from '../lib/test.mjs';

const PASSWORD = 'seven green bottles standing';
const PAGES = ['consent', 'requests', 'retention', 'audit'];
/* the identifiers that are typed here, as they could stand in an address */
const PERSONAL = /ann(@|%40)|dora(@|%40)|kim(@|%40)|u-lou|u-gus/i;

async function made(context) {
  process.env.TRELLIS_PROGRAM ??= binary; /* for the helpers of the command line's tests */
  const { calls, landed, mesh, send } = await import('../../cli/entities_world.mjs');
  const dir = path.join(context.temp, 'private');
  const key = JSON.parse(mesh(dir)).key;
  landed(dir);
  await appendFile(path.join(dir, 'governance/policies.yaml'), 'retention:\n  - {name: old_letters, products: ["lifecycle.*"], keep: 1d, action: delete}\n');
  await send(dir, key, [calls()]);
  await trellisOk(['run'], { cwd: dir });
  return serve(dir);
}

export default async function privacy(context) {
  const { t, browser, screenshots } = context;
  const server = await made(context);
  const page = await open(browser);
  const addresses = [];
  page.on('request', (r) => addresses.push(r.url()));
  await page.goto(server.address);
  const go = async (route, where = page) => {
    await where.goto(server.origin + route);
    await settled(where);
  };
  const dialog = page.getByRole('dialog');
  const gone = () => dialog.waitFor({ state: 'detached' });
  const customer = async (name) => (await server.api('/api/v1/identity/explain', { who: name })).customer_id;
  const [ann, gus] = [await customer('ann@example.org'), await customer('u-gus')];
  const number = async (purpose, label) => Number((await page.locator(`[data-purpose="${purpose}"] dl div`, { hasText: new RegExp(`^${label}\\s*\\d`) }).locator('dd').innerText()).replace(/\D/g, ''));

  await t.test('consent: the figures of each purpose are the API’s, and the picture says the same', async () => {
    await go('/governance/consent');
    const c = await server.api('/api/v1/consent');
    assert.ok(c.purposes.length > 2 && c.customers > 5);
    assert.match(await page.locator('[data-answer-consent]').innerText(), new RegExp(`${c.customers} customers, for ${c.purposes.length} purposes`));
    for (const p of c.purposes) {
      assert.deepEqual([await number(p.purpose, 'Said yes'), await number(p.purpose, 'Said no'), await number(p.purpose, 'Said nothing')], [p.granted, p.denied, p.unknown], p.purpose);
      const share = Math.round((100 * p.granted) / (p.granted + p.denied + p.unknown));
      assert.match(await page.locator(`[data-purpose="${p.purpose}"] .bar`).getAttribute('aria-label'), new RegExp(`^${share} percent said yes`));
      assert.match(await page.locator(`[data-purpose="${p.purpose}"]`).innerText(), new RegExp(`${p.counts_as_granted} of ${c.customers} customers may be used`));
    }
  });

  await t.test('consent: a word is taken down by keyboard alone; its receipt says what it reaches', async () => {
    const rows = async () => (await server.rows(`SELECT count(*) AS n FROM shared.interaction WHERE customer_id = '${ann}'`, [], { purpose: 'analytics' }))[0].n;
    assert.ok(Number(await rows()) > 0);
    await page.getByRole('button', { name: 'Record an answer' }).focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Escape');
    await gone();
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Record an answer/, 'the focus goes back');
    await page.keyboard.press('Enter');
    await page.locator('[data-desk-identifier]').focus();
    await page.keyboard.type('email:nobody');
    await page.locator('[data-desk-purpose]').selectOption('analytics');
    await page.locator('[data-desk-identifier]').fill('not an identifier');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').waitFor();
    assert.match(await dialog.getByRole('alert').innerText(), /It was not taken down/);
    page.troubles.length = 0; /* the browser tells of a 400 */
    await page.locator('[data-desk-identifier]').fill('email:ann@example.org');
    await dialog.getByLabel('No', { exact: true }).check();
    await dialog.getByLabel('How it came').fill('call');
    await page.locator('[data-desk-identifier]').focus();
    await page.keyboard.press('Enter');
    await gone();
    const receipt = page.locator('[data-receipt]').first();
    await receipt.waitFor();
    assert.match(await receipt.innerText(), /No to analytics, by email[\s\S]*left out from now on/);
    assert.equal(Number(await rows()), 0, 'from the next reading on');
    const id = await receipt.getAttribute('data-receipt');
    const [file] = await Promise.all([page.waitForEvent('download'), receipt.getByRole('link', { name: 'The signed receipt' }).click()]);
    const signed = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.equal(signed.receipt_id, id);
    assert.equal((await server.api('/api/v1/receipts/verify', { receipt: signed })).valid, true);
    assert.doesNotMatch(JSON.stringify(signed), PERSONAL);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('consent: of a list the wrong lines are told without their values, the others count', async () => {
    await go('/governance/consent?open=import');
    await page.locator('[data-import-text]').fill('identifier,purpose,status\nemail:dora@example.org,email,granted\nemail:kim@example.org,email,perhaps\nuser_id:u-lou,no_such_purpose,denied\n');
    await page.getByRole('button', { name: 'Take it in' }).click();
    await page.locator('[data-import-answer]').waitFor();
    assert.match(await page.locator('[data-import-answer]').innerText(), /^1 word taken down, 2 lines refused\.$/);
    const told = await dialog.locator('ul').innerText();
    assert.match(told, /Line 3, status[\s\S]*Line 4, purpose/);
    assert.doesNotMatch(told, PERSONAL);
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Escape');
    await gone();
  });

  await t.test('consent: what one person said, what holds, and what was known on a day', async () => {
    await go('/governance/consent');
    await page.getByRole('button', { name: 'One person' }).click();
    await page.locator('[data-person-identifier]').fill('email:ann@example.org');
    await dialog.getByLabel('On which day').fill('2026-02-01');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    const of = page.locator('[data-consent-of]');
    await of.waitFor();
    const shown = await of.innerText();
    assert.match(shown, /What we knew on[\s\S]*What held on[\s\S]*What holds now[\s\S]*denied analytics/);
    assert.match(await of.locator('section', { hasText: 'What holds now' }).locator('tr', { hasText: 'analytics' }).innerText(), /No/);
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-person-identifier]').fill('email:nobody@example.net');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nobody is known by this identifier' }).waitFor();
    await page.keyboard.press('Escape');
    await gone();
  });

  await t.test('customer: a word and a request from their page, by an id that names nobody; who saw them', async () => {
    await go(`/customers/${gus}`);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Record an answer' }).click();
    await settled(page);
    assert.equal(await page.locator('[data-desk-identifier]').count(), 0, 'whose word is known');
    await page.locator('[data-desk-purpose]').selectOption('email');
    await dialog.getByLabel('Yes', { exact: true }).check();
    await page.getByRole('button', { name: 'Take it down' }).click();
    await gone();
    await page.locator('[data-receipt]').waitFor();
    assert.match(await page.locator('[data-receipt]').innerText(), /Yes to email/);
    await page.getByRole('button', { name: 'Record a request' }).click();
    await dialog.getByLabel(/^Access/).check();
    await dialog.getByLabel('When it came in').fill('2026-10-01');
    await page.getByRole('button', { name: 'Write it down' }).click();
    await gone();
    await page.getByText(/Request no\. \d+ is written down/).waitFor();
    await page.getByRole('link', { name: 'Work on it' }).click();
    await page.locator('[data-request-open]').waitFor();
    assert.match(page.url(), /\/governance\/requests\?id=\d+$/);
    await go(`/customers/${gus}`);
    await page.getByRole('link', { name: 'Who saw this customer' }).click();
    await page.waitForURL(`**/governance/audit?customer=${gus}`);
    await settled(page);
    assert.match(await page.locator('main').innerText(), /Entries about customer/);
    const entries = (await server.api(`/api/v1/audit?customer=${gus}&limit=50`)).entries;
    const ids = await page.locator('[data-entry]').evaluateAll((all) => all.map((e) => Number(e.dataset.entry)));
    assert.ok(ids.length > 0 && ids.every((i) => entries.some((e) => e.id === i)), 'the same that the API tells');
    await page.getByRole('button', { name: 'Show everything' }).click();
    await until('everything', async () => !page.url().includes('customer='));
  });

  await t.test('requests: late ones first; a document of what is held is made and kept by nobody', async () => {
    await go('/governance/requests');
    assert.match(await page.locator('[data-answer-requests]').innerText(), /1 person waits for an answer, 1 of them past the day/);
    assert.match(await page.locator('[data-request]').first().innerText(), /Access[\s\S]*days late/);
    await page.locator('[data-request] button').first().click();
    await page.locator('[data-look]').waitFor();
    assert.match(await page.locator('[data-look]').innerText(), /One customer with \d+ identifiers?\. \d+ rows? in/);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make the document' }).click()]);
    const held = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.match(JSON.stringify(held), /anon-gus|u-gus/);
    await page.getByText(/The document of no\. \d+ was made/).waitFor();
    await page.keyboard.press('Escape');
    await gone();
  });

  await t.test('requests: written down, looked at, declined with a reason; one is given two more months', async () => {
    await go('/governance/requests');
    for (const [kind, what] of [[/^Object/, 'Decline'], [/^Correct/, 'Two more months']]) {
      await page.getByRole('button', { name: 'Record a request' }).first().click();
      await dialog.getByLabel(kind).check();
      await page.locator('[data-request-identifier]').fill('email:kim@example.org');
      await page.getByRole('button', { name: 'Write it down' }).click();
      await page.locator('[data-request-open]').waitFor();
      assert.equal(await page.getByRole('button', { name: what }).isDisabled(), true, 'not without a reason');
      await page.getByLabel('Reason or answer').fill('It was asked before.');
      await page.getByRole('button', { name: what }).click();
      await page.getByText(what === 'Decline' ? /is declined\./ : /is due on .* now/).waitFor();
      assert.deepEqual(await axeViolations(page), []);
      await page.keyboard.press('Escape');
      await gone();
    }
    await page.getByRole('button', { name: /^Closed/ }).click();
    await until('the declined one', async () => /Declined/.test(await page.locator('[data-request]').allInnerTexts().then((a) => a.join())));
  });

  await t.test('retention: what is due is only looked at; a hold keeps a person from erasure, and ends', async () => {
    await go('/governance/retention');
    await page.getByRole('button', { name: 'What is due' }).click();
    await page.locator('[data-look]').waitFor();
    const report = await server.api('/api/v1/retention', { dry_run: true });
    const told = report.places.filter((p) => p.rows > 0 || p.held > 0 || p.why);
    assert.ok(told.some((p) => p.why), 'what has no day is told with its reason');
    assert.equal(await page.locator('[data-look] tbody tr').count(), told.length);
    for (const p of told) assert.ok((await page.locator('[data-look]').innerText()).includes(p.ref), p.ref);
    assert.ok(!(await server.api('/api/v1/retention')).reports.some((x) => x.by !== 'trellis' && !x.dry_run), 'nothing was carried out');
    await page.getByRole('button', { name: 'Hold something' }).click();
    await page.locator('[data-hold-subject]').fill('email:dora@example.org');
    await dialog.getByLabel(/^Why/).fill('File 7 of the court');
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Hold it' }).click();
    await gone();
    const hold = page.locator('[data-hold]');
    await hold.waitFor();
    assert.match(await hold.innerText(), /A person, by email[\s\S]*Held[\s\S]*File 7 of the court/);
    const { id } = await server.api('/api/v1/privacy/requests', { kind: 'erase', identifier: 'email:dora@example.org' });
    await go(`/governance/requests?id=${id}`);
    await page.getByText('A legal hold keeps these rows: File 7 of the court').waitFor();
    await page.locator('[data-typed]').fill('ERASE');
    assert.equal(await page.getByRole('button', { name: 'Erase', exact: true }).isDisabled(), true);
    await go('/governance/retention');
    await page.getByRole('button', { name: 'End the hold' }).click();
    await page.getByText('Nothing is held.').waitFor();
  });

  await t.test('requests: an erasure is typed out, done, and its signed receipt offered', async () => {
    await go('/governance/requests');
    await page.getByRole('button', { name: 'Record a request' }).first().click();
    await dialog.getByLabel(/^Erase/).check();
    await page.locator('[data-request-identifier]').fill('email:ann@example.org');
    await page.getByRole('button', { name: 'Write it down' }).click();
    await page.locator('[data-look]').waitFor();
    const button = page.getByRole('button', { name: 'Erase', exact: true });
    assert.match(await dialog.innerText(), /raw streams[\s\S]*deleted/);
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-typed]').fill('erase');
    assert.equal(await button.isDisabled(), true, 'not without the word');
    await page.locator('[data-typed]').fill('ERASE');
    await button.click();
    await page.getByText(/is done: \d+ rows erased/).waitFor({ timeout: 120_000 });
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Signed receipt' }).click()]);
    const receipt = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.equal((await server.api('/api/v1/receipts/verify', { receipt })).valid, true);
    assert.doesNotMatch(JSON.stringify(receipt), PERSONAL);
    assert.equal((await server.rows(`SELECT count(*) AS n FROM shared.customer WHERE customer_id = '${ann}'`))[0].n, 0);
    await page.keyboard.press('Escape');
    await gone();
  });

  await t.test('audit: filters stand in the address; an entry opens to what was asked; the log is whole', async () => {
    await go('/governance/audit');
    await page.locator('[data-audit-kind]').selectOption('erasure');
    await page.waitForURL(/kind=erasure/);
    await settled(page);
    await until('erasures alone', async () => (await page.locator('[data-entry] td:nth-child(3)').allInnerTexts()).every((x) => x === 'Erased'));
    await go('/governance/audit?kind=read&what=shared.interaction');
    const shown = await page.locator('[data-entry]').count();
    assert.equal(shown, Math.min(50, (await server.api('/api/v1/audit?kind=read&what=shared.interaction&limit=500')).entries.length));
    const first = page.getByRole('button', { name: /^More about entry/ }).first();
    await first.focus();
    await page.keyboard.press('Enter');
    await settled(page);
    assert.equal(await first.getAttribute('aria-expanded'), 'true');
    await page.locator('tr.more').waitFor();
    assert.match(await page.locator('tr.more').innerText(), /SELECT[\s\S]*Entry \d+\. \d+ rows?/i);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByLabel('Refused only').check();
    await page.waitForURL(/refused=true/);
    await settled(page);
    await page.getByRole('button', { name: 'Verify the log' }).click();
    await page.getByText(/^The log is whole: [\d,]+ entries/).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export', exact: true }).click()]);
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
    assert.ok(lines.length > 10 && lines.every((l) => typeof JSON.parse(l) === 'object'));
    assert.doesNotMatch(lines.join('\n'), PERSONAL);
  });

  await t.test('audit: who saw this customer, asked by an identifier that stays out of the address', async () => {
    await go('/governance/audit');
    await page.locator('[data-audit-person]').fill('user_id:u-gus');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.getByText('Entries about this customer, the newest first.').waitFor();
    await settled(page);
    const { entries } = await server.api('/api/v1/audit?limit=50', { customer: 'user_id:u-gus' });
    assert.ok(entries.length > 0);
    assert.match(await page.locator('main tbody').innerText(), /Answered a request/);
    await page.locator('[data-audit-person]').fill('email:nobody@example.net');
    await page.keyboard.press('Enter');
    await until('an answer', async () => (await page.getByText('Nobody saw this customer').count()) + (await page.getByRole('alert').count()) > 0);
    page.troubles.length = 0;
  });

  await t.test('privacy: nothing that names a person was ever in an address', () => {
    assert.ok(addresses.length > 100);
    assert.deepEqual(addresses.filter((a) => PERSONAL.test(a)), []);
    assert.deepEqual(page.troubles, []);
  });

  await t.test('privacy: what fails says so in its place, and comes when it is tried again', async () => {
    for (const [name, glob, text] of [
      ['consent', '**/api/v1/consent', 'Consent could not be read'],
      ['requests', '**/api/v1/privacy/requests?*', 'The requests could not be read'],
      ['retention', '**/api/v1/retention', 'The rules could not be read'],
      ['audit', '**/api/v1/audit?*', 'The log could not be read'],
    ]) {
      await answering(page, glob, () => broken);
      await go(`/governance/${name}`);
      await page.getByText(text).waitFor();
      assert.deepEqual(await axeViolations(page), []);
      await page.unroute(glob);
      await page.getByRole('button', { name: 'Try again' }).first().click();
      await until('it comes', async () => (await page.getByText(text).count()) === 0);
    }
    const bad = { whole: false, problem: 'entry 7 is not the one that was written', first_bad_id: 7, entries: 9, checkpoints: 1, blanked: 0, head: 'x' };
    await answering(page, '**/api/v1/audit/verify', () => ({ json: bad }));
    await page.getByRole('button', { name: 'Verify the log' }).click();
    await page.getByText('The log is not whole: entry 7 is not the one that was written').waitFor();
  });
  await page.context().close();

  await t.test('privacy: a role without these rights sees neither the pages nor the ways there', async () => {
    const { link } = await server.api('/api/v1/users', { name: 'vera', title: 'Vera', roles: ['viewer'] });
    const person = await open(browser);
    await person.goto(server.origin + link);
    await person.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await person.getByLabel('The same once more', { exact: true }).fill(PASSWORD);
    await person.getByRole('button', { name: 'Set the password and go in' }).click();
    await person.getByRole('link', { name: 'Vera' }).waitFor();
    const asked = [];
    person.on('request', (r) => asked.push(new URL(r.url()).pathname));
    for (const name of PAGES) {
      await go(`/governance/${name}`, person);
      await person.getByText('This page is not open to you').waitFor();
      assert.equal(await person.getByRole('navigation', { name: 'Governance' }).count(), 0);
    }
    assert.deepEqual(asked.filter((p) => /\/(consent|privacy|retention|holds|audit)/.test(p) && p.startsWith('/api/')), [], 'what they may not have is not asked for');
    await go(`/customers/${gus}`, person);
    assert.equal(await person.getByText(/Record an answer|Record a request|Who saw this customer/).count(), 0);
    await person.context().close();
  });

  const views = [...PAGES.map((n) => [n, `/governance/${n}`]), ['consent-desk', '/governance/consent?open=desk'], ['consent-list', '/governance/consent?open=import'], ['consent-person', '/governance/consent?open=person'], ['request-new', '/governance/requests?new=1'], ['requests-closed', '/governance/requests?show=closed'], ['hold', '/governance/retention?hold=new'], ['customer-acts', `/customers/${gus}`]];
  for (const scheme of ['light', 'dark'])
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      const one = await open(browser, { width, height, scheme });
      await one.goto(server.address);
      for (const [name, address] of views)
        await t.test(`privacy-${name} at ${width}, ${scheme}: axe finds nothing and it fits`, async () => {
          await go(address, one);
          await one.screenshot({ path: path.join(screenshots, `privacy-${name}-${width}-${scheme}.png`), fullPage: true });
          await fits(one);
          assert.deepEqual(await axeViolations(one), []);
        });
      assert.deepEqual(one.troubles, []);
      await one.context().close();
    }
  await server.stop();
}
