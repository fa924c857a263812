/* People and programs coming in: a one-time link, a password, the way back, the ways it can fail, roles that hold at once, and service tokens. */
import { axeViolations, late, open, settled } from '../lib/browser.mjs';
import { answering, broken, fits, looks } from '../lib/looks.mjs';
import { assert, until } from '../lib/test.mjs';

const PASSWORD = 'seven green bottles standing';
const OTHER = 'eight green bottles standing';

export default async function signin(context) {
  const { t, browser, server } = context;
  const admin = await open(browser);
  await admin.goto(server.address);
  const go = async (page, route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const person = await open(browser);
  const come = async (page, name, password) => {
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  let link = '';

  await t.test('people: somebody is added with a role, and their link is shown once', async () => {
    await go(admin, '/governance/people');
    await admin.getByRole('button', { name: 'Add a person' }).first().click();
    await admin.getByRole('button', { name: 'Add and make a link' }).click();
    await settled(admin);
    assert.match(await admin.getByRole('dialog').innerText(), /The name is missing\.[\s\S]*Without a role they would see nothing\./);
    await admin.getByLabel('Name', { exact: true }).fill('frida');
    await admin.getByLabel('What they are called').fill('Frida Muster');
    await admin.getByLabel(/^Marketer/).check();
    assert.deepEqual(await axeViolations(admin), []);
    await admin.getByRole('button', { name: 'Add and make a link' }).click();
    await settled(admin);
    link = (await admin.locator('[data-once] pre').innerText()).trim();
    assert.match(link, new RegExp(`^${server.origin}/welcome\\?code=[A-Za-z0-9_-]{20,}.*name=frida$`));
    assert.match(await admin.locator('[data-user=frida]').innerText(), /Frida Muster[\s\S]*Marketer[\s\S]*Has not come in yet/);
    await admin.getByRole('button', { name: 'I have kept it' }).click();
    await settled(admin);
    assert.equal(await admin.locator('[data-once]').count(), 0);
    assert.ok(!(await admin.content()).includes(link.split('code=')[1].slice(0, 20)), 'it is nowhere on the page any more');
  });

  await t.test('welcome: the code leaves the address, a weak password is told, a good one leads in', async () => {
    await person.goto(link);
    await settled(person);
    assert.equal(new URL(person.url()).search, '');
    assert.equal(await person.getByLabel('Name', { exact: true }).inputValue(), 'frida');
    await person.getByLabel('New password', { exact: true }).fill('short');
    await person.getByLabel('The same once more', { exact: true }).fill('shorter');
    await person.getByRole('button', { name: 'Set the password and go in' }).click();
    await settled(person);
    assert.match(await person.locator('form').innerText(), /Twelve characters or more; these are 5\.[\s\S]*The two are not the same\./);
    assert.deepEqual(await axeViolations(person), []);
    await person.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await person.getByLabel('The same once more', { exact: true }).fill(PASSWORD);
    await person.getByRole('button', { name: 'Set the password and go in' }).click();
    await person.getByRole('link', { name: 'Frida Muster' }).waitFor();
    await settled(person);
    assert.equal(new URL(person.url()).pathname, '/');
  });

  await t.test('a link works once', async () => {
    const late = await open(browser);
    await late.goto(link);
    await late.getByLabel('New password', { exact: true }).fill(OTHER);
    await late.getByLabel('The same once more', { exact: true }).fill(OTHER);
    await late.getByRole('button', { name: 'Set the password and go in' }).click();
    await late.getByText('This link does not work any more').waitFor();
    await late.goto(`${server.origin}/welcome`);
    await late.getByText('This link is not whole').waitFor();
    await late.context().close();
  });

  await t.test('a marketer sees no governance, and a page that takes a right says which', async () => {
    await go(person, '/profile');
    assert.equal(await person.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Governance' }).count(), 0);
    assert.match(await person.locator('main').innerText(), /Frida Muster[\s\S]*You are frida, a person who signed in; this session ends/);
    const catalog = await server.api('/api/v1/catalog?limit=1');
    const shown = Number(/(\d+) products? in/.exec(await person.locator('main').innerText())[1]);
    assert.ok(shown > 0 && shown <= catalog.total, `${shown} of ${catalog.total} products`);
    assert.equal(await person.locator('[data-right]').count(), 0, 'a marketer has no rights');
    assert.deepEqual(await axeViolations(person), []);
    await go(person, '/governance/people');
    await person.getByText('This page is not open to you').waitFor();
    assert.match(await person.locator('main').innerText(), /the right “administer”/);
    await person.keyboard.press('/');
    await person.getByRole('dialog').getByRole('combobox').fill('service tokens');
    await settled(person);
    assert.equal(await person.getByRole('dialog').getByRole('option', { name: /^Service tokens/ }).count(), 0, 'nor does the search lead there');
    await person.keyboard.press('Escape');
  });

  await t.test('a marketer goes over every page of the navigation, and nothing is refused', async () => {
    person.troubles.length = 0;
    await go(person, '/');
    const links = await person.getByRole('navigation', { name: 'Pages' }).locator('li a').evaluateAll((all) => all.map((a) => new URL(a.href).pathname));
    assert.ok(!links.includes('/live') && !links.includes('/sources') && links.includes('/catalog'), links.join());
    const customer = (await server.api('/api/v1/customers?sort=recent&limit=1')).customers[0].customer_id;
    for (const route of [...links, '/runs', '/domains', '/domains/shared', '/catalog/shared/customer', '/catalog/shared/customer?tab=schema', '/catalog/shared/customer?tab=quality', '/dashboards/campaign-360', `/customers/${customer}`, `/customers/${customer}?tab=why`, `/customers/${customer}?tab=consent`]) {
      await go(person, route);
      const alerts = await person.getByRole('alert').allInnerTexts();
      assert.deepEqual(alerts, [], `${route}: ${alerts.join(' | ')}`);
      for (const name of [/^Edit/, /^Add data/, /^Show personal values/, /^Split off/, /^New term/]) assert.equal(await person.getByRole('button', { name }).count() + (await person.getByRole('link', { name }).count()), 0, `${name} on ${route}`);
    }
    assert.deepEqual(person.troubles, []);
  });

  await t.test('profile: other sessions are ended, the password is changed with the old one only', async () => {
    const second = await open(browser);
    await go(second, '/sign-in');
    await come(second, 'frida', PASSWORD);
    await second.getByRole('link', { name: 'Frida Muster' }).waitFor();
    await go(person, '/profile');
    await until('both sessions', async () => (await person.locator('[data-session]').count()) === 2);
    await person.getByRole('button', { name: /^End the session/ }).click();
    await until('one session', async () => (await person.locator('[data-session]').count()) === 1);
    await second.goto(`${server.origin}/catalog?q=orders`);
    await second.waitForURL(/\/sign-in\?next=%2Fcatalog%3Fq%3Dorders$/);
    await second.context().close();
    await person.getByRole('button', { name: 'Change the password' }).click();
    await person.getByLabel('The one of now', { exact: true }).fill('seven green bottles sitting');
    await person.getByLabel('New password', { exact: true }).fill(OTHER);
    await person.getByLabel('The new one once more', { exact: true }).fill(OTHER);
    await person.getByRole('button', { name: 'Change the password' }).click();
    await person.getByText('This is not the password of now.').waitFor();
    await person.getByLabel('The one of now', { exact: true }).fill(PASSWORD);
    await person.getByRole('button', { name: 'Change the password' }).click();
    await person.getByText('The password is changed.').waitFor();
  });

  await t.test('signing out, and in again to where one was', async () => {
    await person.getByRole('button', { name: 'Sign out' }).click();
    await person.getByText('You are signed out.').waitFor();
    await person.goto(`${server.origin}/catalog?domain=acquisition`);
    await person.waitForURL(/\/sign-in\?next=/);
    await settled(person);
    assert.deepEqual(await axeViolations(person), []);
    await come(person, 'frida', PASSWORD);
    await person.getByText('That name and password do not go together').waitFor();
    const known = await person.getByRole('alert').innerText();
    await come(person, 'nobody-of-this-name', PASSWORD);
    await until('an answer', async () => (await person.getByRole('alert').count()) === 1);
    assert.equal(await person.getByRole('alert').innerText(), known, 'a name that is not there says the same');
    await come(person, 'frida', OTHER);
    await person.waitForURL(/\/catalog\?domain=acquisition$/);
    await settled(person);
    for (const next of ['//evil.example/', 'https://evil.example/', '/api/v1/me', '/\\evil.example']) {
      await person.goto(`${server.origin}/sign-in?next=${encodeURIComponent(next)}`);
      await settled(person);
      assert.equal(new URL(person.url()).origin, server.origin);
    }
  });

  await t.test('other roles need a new session; signed out everywhere leads to the way in', async () => {
    await go(admin, '/governance/people?user=frida');
    await admin.getByLabel(/^Privacy officer/).check();
    await admin.getByRole('button', { name: 'Give these roles' }).click();
    await admin.getByText('The roles of Frida Muster are changed.').waitFor();
    await person.goto(`${server.origin}/profile`);
    await person.waitForURL(/\/sign-in\?next=%2Fprofile$/);
    await settled(person);
    await come(person, 'frida', OTHER);
    await person.locator('[data-right=privacy]').waitFor();
    assert.equal(await person.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Governance' }).count(), 1);
    await go(admin, '/governance/people?user=frida');
    await admin.getByRole('button', { name: 'Sign out everywhere' }).click();
    await admin.getByRole('button', { name: 'Yes, sign them out' }).click();
    await admin.getByText('is signed out everywhere').waitFor();
    await person.getByRole('link', { name: 'Catalog' }).first().click();
    await person.waitForURL(/\/sign-in\?next=%2Fcatalog$/);
  });

  await t.test('five wrong passwords lock the name, and the page says so', async () => {
    await go(person, '/sign-in');
    for (let i = 0; i < 5; i++) {
      const answered = person.waitForResponse((r) => r.url().endsWith('/api/v1/sign-in') && r.request().method() === 'POST');
      await come(person, 'frida', `wrong password ${i}`);
      await answered;
      await until('the form', async () => (await person.getByLabel('Password', { exact: true }).inputValue()) === '');
    }
    await come(person, 'frida', OTHER);
    await person.getByText('Too many attempts').waitFor();
    await go(admin, '/governance/people');
    assert.match(await admin.locator('[data-user=frida]').innerText(), /Locked for now/);
  });

  await t.test('a person is disabled and enabled; nobody disables oneself by mistake', async () => {
    await go(admin, '/governance/people?user=frida');
    await admin.getByRole('button', { name: 'Disable Frida Muster' }).click();
    await admin.getByRole('button', { name: 'Yes, disable' }).click();
    await admin.getByText('Frida Muster is disabled').waitFor();
    await until('so it says', async () => /Disabled/.test(await admin.locator('[data-user=frida]').innerText()));
    await go(admin, '/governance/people?user=frida');
    await admin.getByRole('button', { name: 'Let them in again' }).click();
    await admin.getByText('Frida Muster may sign in again.').waitFor();
  });

  await t.test('tokens: shown once, work for their purpose, are exchanged and revoked', async () => {
    const ask = (secret, purpose = 'analytics') =>
      fetch(`${server.origin}/api/v1/query`, { method: 'POST', headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, body: JSON.stringify({ sql: 'SELECT count(*) AS n FROM acquisition.campaign_daily', purpose }) });
    await go(admin, '/governance/tokens?new=1');
    await admin.getByRole('button', { name: 'Make the token' }).click();
    await settled(admin);
    assert.match(await admin.getByRole('dialog').innerText(), /A word or two, please\.[\s\S]*Without a role it would see nothing\./);
    await admin.getByLabel('What it is for').fill('Weekly report');
    await admin.getByLabel(/^Analyst/).check();
    await admin.getByLabel('Ends after').selectOption({ label: 'a week' });
    assert.deepEqual(await axeViolations(admin), []);
    await admin.getByRole('button', { name: 'Make the token' }).click();
    await settled(admin);
    const first = (await admin.locator('[data-once] pre').innerText()).trim();
    assert.match(first, /^trt_[A-Za-z0-9_-]{43}$/);
    assert.equal((await ask(first)).status, 200);
    assert.notEqual((await ask(first, 'advertising')).status, 200, 'not for another purpose');
    await go(admin, '/governance/tokens');
    assert.ok(!(await admin.content()).includes(first), 'shown once');
    assert.match(await admin.locator('[data-token]').first().innerText(), /Weekly report[\s\S]*analyst[\s\S]*analytics[\s\S]*Ends in 7 days/);
    await admin.getByRole('button', { name: 'Rotate Weekly report' }).click();
    await admin.getByRole('button', { name: 'Yes, rotate' }).click();
    await settled(admin);
    const second = (await admin.locator('[data-once] pre').innerText()).trim();
    assert.notEqual(second, first);
    assert.deepEqual([(await ask(first)).status, (await ask(second)).status], [200, 200], 'the one before holds for an hour');
    await admin.getByRole('button', { name: 'I have kept it' }).click();
    await settled(admin);
    const revoke = admin.getByRole('button', { name: /^Revoke/ });
    const yes = admin.getByRole('button', { name: 'Yes, revoke' });
    const slow = '**/api/v1/tokens/*/revoke';
    await until('both are there', async () => (await revoke.count()) === 2); // the list is read anew after each of these steps
    await late(admin, slow, () => 400);
    await revoke.first().click();
    await yes.click();
    await revoke.first().click(); // while the first is under way: its answer does not take the question about the second away
    await admin.getByText(/ is revoked: it is refused from now on\./).waitFor();
    await yes.click();
    await until('none is left', async () => (await revoke.count()) + (await yes.count()) === 0);
    await admin.unroute(slow);
    await until('none holds', async () => (await ask(first)).status === 401 && (await ask(second)).status === 401);
  });

  await t.test('what fails says so in its place: people, tokens, the way in', async () => {
    for (const [address, glob, text] of [
      ['/governance/people', '**/api/v1/users', 'The list of people could not be read'],
      ['/governance/tokens', '**/api/v1/tokens', 'The tokens could not be read'],
    ]) {
      await answering(admin, glob, () => broken);
      await go(admin, address);
      await admin.getByText(text).waitFor();
      await admin.unroute(glob);
      await admin.getByRole('button', { name: 'Try again' }).click();
      await until('it comes', async () => (await admin.getByText(text).count()) === 0);
    }
    const outside = await open(browser);
    await answering(outside, '**/api/v1/sign-in', () => broken);
    await go(outside, '/sign-in');
    await outside.getByText('The way in could not be read').waitFor();
    await outside.unroute('**/api/v1/sign-in');
    await answering(outside, '**/api/v1/sign-in', () => ({ json: { password: false, single_sign_on: { title: 'Company account' } } }));
    await go(outside, '/sign-in?problem=denied&next=%2Fcatalog');
    assert.equal(await outside.getByRole('link', { name: 'Sign in with Company account' }).getAttribute('href'), '/sign-in/start?next=%2Fcatalog');
    assert.match(await outside.getByRole('alert').innerText(), /You are not let in/);
    assert.equal(await outside.getByLabel('Password', { exact: true }).count(), 0);
    assert.deepEqual(await axeViolations(outside), []);
    for (const [width, height] of [[390, 844]]) {
      await outside.setViewportSize({ width, height });
      await fits(outside);
    }
    await outside.context().close();
  });

  await admin.context().close();
  await person.context().close();
  await looks(context, [
    ['sign-in', '/sign-in'],
    ['welcome', '/welcome?code=x&name=frida'],
    ['profile', '/profile'],
    ['people', '/governance/people'],
    ['person', '/governance/people?user=frida'],
    ['tokens', '/governance/tokens?show=all'],
  ]);
}
