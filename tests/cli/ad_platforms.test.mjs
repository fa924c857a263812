// The seven ad packs and the flagship on real landed files: spend, impressions and clicks of every platform and level equal
// the control totals of the data's READMEs, exactly, from the command line and from the API of a running server.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const program = resolve(process.env.TRELLIS_PROGRAM ?? join(root, 'build/trellis'));
const data = join(process.env.TRELLIS_SHARED ?? join(root, '../shared'), 'data/ad_platforms');
const skip = existsSync(data) ? false : `no reference data at ${data}`;

const FOLDERS = {
  google_ads: 'google_ads', meta_ads: 'facebook_ads', linkedin_ads: 'linkedin', microsoft_ads: 'microsoft_ads',
  tiktok_ads: 'tiktok', pinterest_ads: 'pinterest', amazon_ads: 'amazon_ads',
};
// [spend, impressions, clicks] by level; a platform without a report of a level is rolled up from the next finer one.
const TOTALS = {
  account_daily: {
    google_ads: ['1632.333323', 1050214, 9742], facebook_ads: ['643.63', 37275, 149], linkedin_ads: ['530.62', 1359, 919],
    microsoft_ads: ['0', 5, 4], tiktok_ads: ['444.792', 34470, 244], pinterest_ads: ['33.975', 165000, 4950], amazon_ads: ['1.67', 1095, 2],
  },
  campaign_daily: {
    google_ads: ['231.33', 1854, 280], facebook_ads: ['643.63', 37275, 149], linkedin_ads: ['530.62', 1359, 919],
    microsoft_ads: ['946.34', 7569, 592], tiktok_ads: ['444.792', 34470, 244], pinterest_ads: ['12.375', 165000, 4950], amazon_ads: ['1.67', 1095, 2],
  },
  ad_group_daily: {
    google_ads: ['3156.84', 4483, 620], facebook_ads: ['643.63', 37275, 149], linkedin_ads: ['530.62', 1359, 919],
    microsoft_ads: ['102.23', 431, 15], tiktok_ads: ['50.15', 6502, 69], pinterest_ads: ['123.7', 165000, 4950], amazon_ads: ['7.76', 2355, 6],
  },
  ad_daily: {
    google_ads: ['0', 10, 0], facebook_ads: ['643.63', 37275, 149], linkedin_ads: ['0', 13265, 389],
    microsoft_ads: ['208.36', 860, 28], tiktok_ads: ['2.66', 69, 2], pinterest_ads: ['1.2375', 165000, 4950], amazon_ads: ['431.86', 115539, 174],
  },
};
const question = (level) => `SELECT platform, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks FROM acquisition.${level} GROUP BY 1 ORDER BY 1`;
const plain = (decimal) => decimal.includes('.') ? decimal.replace(/0+$/, '').replace(/\.$/, '') : decimal;

function trellis(cwd, ...args) {
  const r = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 180_000 });
  return { code: r.status, out: r.stdout, err: r.stderr };
}
function ok(cwd, ...args) {
  const r = trellis(cwd, ...args);
  assert.equal(r.code, 0, `trellis ${args.join(' ')}\n${r.out}\n${r.err}`);
  return r.out;
}
function compare(level, rows) {
  assert.deepEqual(rows.map((r) => r[0]), Object.keys(TOTALS[level]).sort(), level);
  for (const [platform, spend, impressions, clicks] of rows) {
    assert.deepEqual([plain(spend), Number(impressions), Number(clicks)], TOTALS[level][platform], `${level} of ${platform}`);
  }
}

test('seven ad platforms meet their control totals', { skip, timeout: 300_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'trellis-ads-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const shop = join(dir, 'shop');
  ok(dir, 'init', 'shop');
  for (const [pack, folder] of Object.entries(FOLDERS)) ok(shop, 'add', pack, '--domain', 'acquisition', '--path', join(data, folder));
  ok(shop, 'add', 'campaign_performance', '--domain', 'acquisition');
  ok(shop, 'check');
  ok(shop, 'run');

  await t.test('through the product, from the command line', () => {
    for (const level of Object.keys(TOTALS)) {
      const csv = ok(shop, 'query', '--format', 'csv', question(level));
      compare(level, csv.trim().split(/\r?\n/).slice(1).map((line) => line.split(',')));
    }
  });
  await t.test('through each pack', () => {
    for (const pack of Object.keys(FOLDERS)) for (const level of Object.keys(TOTALS)) {
      const csv = ok(shop, 'query', '--format', 'csv', `SELECT platform, sum(spend), sum(impressions), sum(clicks) FROM acquisition.${pack}_${level} GROUP BY 1`);
      for (const [platform, spend, impressions, clicks] of csv.trim().split(/\r?\n/).slice(1).map((line) => line.split(','))) {
        assert.deepEqual([plain(spend), Number(impressions), Number(clicks)], TOTALS[level][platform], `${pack}_${level}`);
      }
    }
  });
  await t.test('the shared Campaign entity holds every platform', () => {
    const rows = JSON.parse(ok(shop, 'query', '--json', 'SELECT platform, count(*) AS campaigns FROM shared.campaign GROUP BY 1 ORDER BY 1'));
    assert.deepEqual(rows.map((r) => r.platform), Object.keys(TOTALS.campaign_daily).sort());
  });
  await t.test('a second run has nothing to do', () => {
    const plan = JSON.parse(ok(shop, 'plan', '--json'));
    assert.deepEqual([plan.would_load.length, plan.would_build.length], [0, 0]);
  });
  await t.test('through the API of a running server, and the command line beside it', async (t2) => {
    const server = spawn(program, ['serve', '--port', '0'], { cwd: shop, stdio: ['ignore', 'pipe', 'pipe'] });
    t2.after(() => server.kill('SIGKILL'));
    const printed = await new Promise((done, fail) => {
      let text = '';
      const timer = setTimeout(() => fail(new Error(`no address printed: ${text}`)), 30_000);
      const read = (chunk) => {
        text += chunk;
        const url = /http:\/\/[^\s]+token=[^\s]+/.exec(text);
        if (url) { clearTimeout(timer); done(new URL(url[0])); }
      };
      server.stdout.on('data', read);
      server.stderr.on('data', read);
    });
    const token = readFileSync(join(shop, 'data/session-token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (const level of Object.keys(TOTALS)) {
      const response = await fetch(`${printed.origin}/api/v1/query`, { method: 'POST', headers, body: JSON.stringify({ sql: question(level) }) });
      assert.equal(response.status, 200);
      const text = await response.text();
      // Exact decimals: read as text, since a double would round them.
      const rows = [...text.matchAll(/\["([a-z_]+)",([0-9.]+),([0-9]+),([0-9]+)\]/g)].map((m) => m.slice(1));
      compare(level, rows);
    }
    const csv = ok(shop, 'query', '--format', 'csv', question('campaign_daily'));
    compare('campaign_daily', csv.trim().split(/\r?\n/).slice(1).map((line) => line.split(',')));
    const gone = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    assert.equal(await gone, 0);
  });
});
