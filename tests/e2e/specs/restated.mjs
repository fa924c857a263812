/* A platform restates a week on the next day: the dashboard shows the new figures, and the old ones as reported on the day before. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { axeViolations, open, settled } from '../lib/browser.mjs';
import { serve, trellisOk } from '../lib/program.mjs';
import { assert, figure, near } from '../lib/test.mjs';

const DAY_MS = 86_400_000;

/* Doubles one column of a CSV file without quotes. */
async function double(file, column) {
  const [header, ...lines] = (await readFile(file, 'utf8')).trimEnd().split(/\r?\n/);
  const at = header.split(',').indexOf(column);
  assert.ok(at >= 0, `${column} in ${file}`);
  const changed = lines.map((line) => {
    const cells = line.split(',');
    cells[at] = String(2 * Number(cells[at]));
    return cells.join(',');
  });
  await writeFile(file, `${[header, ...changed].join('\n')}\n`);
}

export default async function restated({ t, browser, server, second, screenshots }) {
  await t.test('a restated file changes what is known now, and not what was reported the day before', async () => {
    const { time_zone: timeZone } = await server.api('/api/v1/mesh');
    const { built_at: builtAt } = await server.api('/api/v1/ports/acquisition/campaign_daily');
    const loadedOn = new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date(builtAt));
    const spend = `SELECT sum(spend_reporting) AS spend FROM acquisition.campaign_daily
      WHERE date_day > (SELECT max(date_day) FROM acquisition.campaign_daily) - 28`;
    const [before] = await server.rows(spend);

    const exports = path.join(second, 'exports/google_ads');
    const file = (await readdir(exports)).find((f) => f.startsWith('update_') && f.includes('campaign_stats'));
    await double(path.join(exports, file), 'cost_micros');
    const env = { TRELLIS_NOW: new Date(Date.parse(builtAt) + DAY_MS).toISOString() };
    await trellisOk(['run'], { cwd: second, env });
    const later = await serve(second, { env });
    try {
      const [after] = await later.rows(spend);
      assert.ok(after.spend > before.spend + 1, 'the restated file is loaded');
      const page = await open(browser);
      await page.goto(later.at('/dashboards/campaign-360'));
      await page.locator('[data-answer]').waitFor();
      await settled(page);
      const tile = async (part) => figure(await page.locator(`[data-tile=spend] ${part}`).getAttribute('data-exact'));
      near(await tile('.value'), after.spend, 0.0051, 'spend as known now');
      assert.equal(await page.locator('.known').count(), 0);

      await page.goto(`${later.origin}/dashboards/campaign-360?as_of=${loadedOn}`);
      await settled(page);
      near(await tile('.value'), before.spend, 0.0051, `spend as reported on ${loadedOn}`);
      near(await tile('.known'), after.spend, 0.0051, 'what is known now, beside it');
      assert.deepEqual(await axeViolations(page), []);
      await page.screenshot({ path: path.join(screenshots, 'as-reported-1440-light.png'), fullPage: true });
      await page.context().close();
    } finally {
      await later.stop();
    }
  });
}
