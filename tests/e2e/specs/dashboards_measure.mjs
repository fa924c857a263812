/* Measured pages against the same questions asked of the API: attribution, funnel, retention, spend, what is out of the ordinary,
 * and dashboards of numbers arranged by hand. */
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { looks } from '../lib/looks.mjs';
import { assert, figure, near, until } from '../lib/test.mjs';

const roles = (answer, role) => answer.columns.flatMap((c, i) => (c.role === role ? [i] : []));
const money = (v) => Number(v).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

export default async function dashboardsMeasure(context) {
  const { t, browser, server } = context;
  const page = await open(browser);
  await page.goto(server.address);
  await settled(page);
  const go = async (route) => {
    await page.goto(server.origin + route);
    await settled(page);
  };
  const sentence = async () => (await page.locator('[data-sentence]').first().innerText()).replace(/\s+/g, ' ');

  await t.test('best true cost of a customer this month and what changed, from Home by clicks on the dashboards', async () => {
    let clicks = 0;
    const click = async (locator) => {
      clicks += 1;
      await locator.click();
      await settled(page);
    };
    await go('/');
    await click(page.getByRole('link', { name: 'Dashboards', exact: true }).first());
    await click(page.getByRole('link', { name: 'Spend efficiency', exact: true }).first());
    await page.locator('[data-spend]').waitFor();
    const newest = (await server.api('/api/v1/metrics/query', { metrics: ['spend'], limit: 1 })).to;
    const want = await server.api('/api/v1/metrics/query', { metrics: ['true_cac'], by: ['channel'], from: `${newest.slice(0, 8)}01`, to: newest, compare: 'previous' });
    const [value] = roles(want, 'value');
    const known = want.rows.filter((r) => r[value] !== null && r[0] !== null && r[0] !== '(none)');
    const best = known.reduce((a, b) => (Number(b[value]) < Number(a[value]) ? b : a));
    const said = await sentence();
    assert.ok(said.includes(`true CAC EUR ${money(best[value])}`), `${said} names ${best}`);
    assert.match(said, /(up|down) [\d.,]+% from |, as in /);
    assert.equal(await page.locator('[data-spend] tbody tr').count(), (await server.api('/api/v1/metrics/query', { metrics: ['spend'], by: ['channel'], from: want.from, to: want.to, compare: 'previous' })).rows.length);
    assert.ok(clicks <= 6, `${clicks} clicks`);
    console.log(`# answered after ${clicks} clicks`);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('attribution shows what each model gives, on every level, and why', async () => {
    const { conversions } = await server.api('/api/v1/attribution/conversions');
    const c = conversions.find((x) => x.count > 0);
    const to = c.newest.slice(0, 10);
    const days = { from: `${to.slice(0, 8)}01`, to };
    const address = `/dashboards/attribution?c=${c.name}&models=last,markov&from=${days.from}&to=${days.to}`;
    for (const by of ['channel', 'campaign']) {
      await go(`${address}&by=${by}`);
      await page.locator('[data-credits]').waitFor();
      const want = await server.api('/api/v1/attribution', { conversion: c.name, models: ['last', 'markov'], by, limit: 200, ...days });
      assert.ok(want.rows.length > 2);
      for (const model of ['last', 'markov']) {
        const shown = (await page.locator(`[data-credit=${model}]`).allInnerTexts()).map(figure).sort((a, b) => a - b);
        const meant = want.rows.map((r) => r.credits[model].conversions).sort((a, b) => a - b);
        assert.equal(shown.length, meant.length);
        meant.forEach((v, i) => near(shown[i], v, 0.0051, `${model} by ${by}`));
      }
    }
    await go(address);
    assert.match(await sentence(), /^By last touch, .+ brings the most: /);
    await page.locator('[data-credit=markov]').first().click();
    await settled(page);
    assert.match(await page.locator('[data-why]').innerText(), /solved over channels[\s\S]+in 95 of 100 draws/);
    await page.keyboard.press('Escape');
    await page.locator('[data-claimed]').waitFor();
    const claimed = await server.api(`/api/v1/attribution/claimed?conversion=${c.name}&from=${days.from}&to=${days.to}`);
    assert.equal(await page.locator('[data-claimed] tbody tr').count(), claimed.rows.filter((r) => r.claimed !== null || r.touched > 0).length);
    assert.ok((await page.locator('[data-paths] li').count()) > 0);
    assert.deepEqual(await axeViolations(page), []);
    /* the level is one click */
    await page.getByRole('button', { name: 'Source', exact: true }).click();
    await settled(page);
    assert.match(page.url(), /by=source/);
    assert.match(await page.locator('#credit-title').innerText(), /by source$/);
  });

  await t.test('a funnel counts what the API counts, its steps are picked from lists', async () => {
    await go('/dashboards/funnel');
    await page.locator('[data-funnel]').waitFor();
    const steps = await page.locator('[data-step]').evaluateAll((all) => all.map((e) => e.getAttribute('data-step')));
    assert.ok(steps.length >= 2);
    const want = await server.api('/api/v1/funnel', { steps, window: '7d' });
    assert.deepEqual((await page.locator('[data-people]').allInnerTexts()).map(figure), want.steps.map((s) => s.people));
    assert.match(await sentence(), /get to “.+” within 7 days/);
    await page.getByRole('button', { name: /^One more step/ }).click();
    await page.getByRole('combobox', { name: 'Find a step' }).fill('identify');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.equal(await page.locator('[data-step]').count(), steps.length + 1);
    await page.locator('[data-choose=by]').selectOption('device');
    await settled(page);
    const by = await server.api('/api/v1/funnel', { steps: [...steps, 'identify'], window: '7d', by: 'device' });
    assert.equal(await page.locator('[data-by] tbody tr').count(), by.by.length);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('retention shows who came back, and which periods are not over', async () => {
    await go('/dashboards/retention?first=order&again=order');
    await page.locator('[data-heat]').waitFor();
    const want = await server.api('/api/v1/cohorts', { first: 'order', again: 'order', grain: 'month', kind: 'n_day', periods: 12 });
    const shown = await page.locator('[data-kept]').evaluateAll((all) => all.map((e) => Number(e.getAttribute('data-kept'))));
    assert.deepEqual(shown, want.cohorts.flatMap((c) => c.kept.slice(0, want.periods).filter((v) => v !== null)));
    const open_ = want.cohorts.reduce((n, c) => n + c.kept.slice(0, want.periods).filter((v, k) => v !== null && k >= c.whole).length, 0);
    assert.equal(await page.locator('td.open').count(), open_);
    await page.getByRole('button', { name: 'By then' }).click();
    await settled(page);
    assert.match(await page.locator('[data-kind]').innerText(), /by the end of that period/);
    assert.deepEqual(await axeViolations(page), []);
  });

  await t.test('a dashboard of numbers shows what its panels ask, and is arranged by hand into its file', async () => {
    const board = async () => (await server.api('/api/v1/dashboards')).dashboards.find((d) => d.panels.length > 2 && d.panels.every((p) => p.kind === 'metrics'));
    const d = await board();
    assert.ok(d, 'the demo has a dashboard of numbers');
    await go(`/dashboards/${d.domain}/${d.name}`);
    const number = d.panels.findIndex((p) => p.chart === 'number');
    const p = d.panels[number];
    const asked = await server.api('/api/v1/metrics/query', { metrics: p.metrics, compare: p.compare ?? undefined });
    const card = page.locator('.cell').nth(number);
    const text = (await card.locator('[data-number]').first().getAttribute('title')).replace(/^[A-Z]{3} /, '');
    near(figure(text), Number(asked.rows[0][roles(asked, 'value')[0]]), 0.0051, p.title);
    assert.equal(await page.locator('[data-age]').count(), d.panels.length, 'each figure says how old it is');
    assert.deepEqual(await axeViolations(page), []);

    await page.locator('[data-arrange]').click();
    await page.getByRole('button', { name: `Move ${d.panels[1].title} up`, exact: true }).click();
    await page.locator('[data-add-panel]').click();
    const form = page.locator('[data-panel-form]');
    await form.getByLabel('Title').fill('Touches, by hand');
    await form.getByRole('button', { name: /^Numbers:/ }).click();
    await page.getByRole('combobox', { name: 'Find number' }).fill('touchpoints');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.locator('[data-show-change]').click();
    await page.locator('[data-patch]').waitFor();
    assert.match(await page.locator('[data-patch]').innerText(), /Touches, by hand/);
    assert.deepEqual((await board()).panels.length, d.panels.length, 'nothing is written yet');
    await page.locator('[data-apply]').click();
    await page.getByRole('heading', { name: 'Touches, by hand' }).waitFor();
    const after = await board();
    assert.deepEqual(after.panels.map((x) => x.title), [d.panels[1].title, d.panels[0].title, ...d.panels.slice(2).map((x) => x.title), 'Touches, by hand']);
    assert.deepEqual(after.panels[1].metrics, d.panels[0].metrics, 'what a panel asks is as it was');
    /* and taken off again */
    await page.locator('[data-arrange]').click();
    await page.getByRole('button', { name: 'Take Touches, by hand off' }).click();
    await page.locator('[data-show-change]').click();
    await page.locator('[data-apply]').click();
    await until('the panel is off the file', async () => (await board()).panels.length === d.panels.length);
  });

  await t.test('attribution, a funnel and retention are kept on a dashboard from their pages, and added to one by hand', async () => {
    const name = 'kept_journeys';
    const board = async () => (await server.api('/api/v1/dashboards')).dashboards.find((d) => d.name === name);
    const keep = async (route, wait, first) => {
      await go(route);
      await page.locator(wait).first().waitFor();
      await page.locator('[data-keep]').click();
      const form = page.locator('[data-keep-panel]');
      if (first) {
        await form.getByLabel('Its title').fill('Kept journeys');
        await form.getByRole('button', { name: 'Show the file first' }).click();
        await settled(page);
        assert.match(await page.locator('[data-patch]').innerText(), /attribution: .*models: ?\["last", ?"markov"\]/);
        assert.equal(await board(), undefined, 'nothing is written yet');
        assert.deepEqual(await axeViolations(page), []);
      } else {
        await form.getByLabel('Dashboard').selectOption(`${(await board()).domain}.${name}`);
      }
      await form.getByRole('button', { name: 'Keep it' }).click();
      await page.waitForURL(new RegExp(`/${name}$`));
    };
    await keep('/dashboards/attribution?models=last,markov&by=campaign', '[data-credits]', true);
    await keep('/dashboards/funnel', '[data-funnel]');
    await keep('/dashboards/retention?first=order&again=order&grain=week', '[data-heat]');
    const kept = (await board()).panels;
    assert.deepEqual(kept.map((p) => p.kind), ['attribution', 'funnel', 'retention']);
    assert.deepEqual([kept[0].models, kept[0].by, kept[2].grain], [['last', 'markov'], ['campaign'], 'week']);
    assert.ok(kept[1].steps.length > 1);
    await settled(page);
    assert.ok(await page.locator('[data-panel-kind=attribution] [data-dumbbell]').count());
    /* by hand */
    await page.locator('[data-arrange]').click();
    for (const kind of ['Retention', 'Funnel', 'Attribution']) {
      await page.locator('[data-add-panel]').click();
      await page.locator('[data-panel-form]').getByRole('button', { name: kind, exact: true }).click();
      await until('the usual stands there', async () => (await page.locator('[data-panel-form] input').first().inputValue()) !== '');
    }
    await page.locator('[data-panel=by]').selectOption('source');
    assert.deepEqual(await axeViolations(page), []);
    await page.locator('[data-show-change]').click();
    await page.locator('[data-apply]').click();
    await until('the panels are in the file', async () => (await board()).panels.length === 6);
    assert.deepEqual((await board()).panels.slice(3).map((p) => p.kind), ['retention', 'funnel', 'attribution']);
    assert.deepEqual((await board()).panels[5].by, ['source']);
    await settled(page);
    assert.equal(await page.locator('[data-panel-kind=funnel] [data-funnel]').count(), 2);
  });

  await t.test('what is out of the ordinary stands with what explains it', async () => {
    await go('/anomalies?days=90');
    const want = await server.api('/api/v1/anomalies?days=90');
    if (want.watched === 0) {
      await page.locator('[data-empty]').waitFor();
      return;
    }
    const shown = await page.locator('[data-anomaly]').evaluateAll((all) => all.map((e) => `${e.getAttribute('data-anomaly')} ${e.getAttribute('data-day')}`));
    assert.deepEqual(shown, want.anomalies.slice(0, 20).map((x) => `${x.metric} ${x.day}`));
    assert.match(await page.locator('[data-alarms]').innerText(), /by chance alone at most/);
    assert.deepEqual(await axeViolations(page), []);
  });
  assert.deepEqual(page.troubles, [], 'the console is quiet');
  await page.context().close();
  await looks(context, [
    ['attribution', '/dashboards/attribution'],
    ['funnel', '/dashboards/funnel'],
    ['retention', '/dashboards/retention'],
    ['spend', '/dashboards/spend'],
    ['customers-overview', '/dashboards/customers'],
    ['north-star', '/dashboards/north-star'],
    ['anomalies', '/anomalies'],
  ]);
}
