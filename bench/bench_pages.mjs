/* What people wait for in the browser: the first paint of the large pages, and from a key, click, wheel or move to the picture that
 * shows its effect. Real server, real browser, empty cache; a mesh of 10,000 products with 100,000 columns and one of 2,000 ports, made
 * once and kept beside the program. Beside each figure stands its aim (* where it is missed) and how many times the yardstick it is:
 * the paint of a page of a few bytes from the same server, and a frame that nothing is drawn in.
 *   node bench/bench_pages.mjs [ROUNDS]      TRELLIS_BIN names another program */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { launch } from '../tests/e2e/lib/browser.mjs';
import { binary, killAll, serve, trellisOk } from '../tests/e2e/lib/program.mjs';

const ROUNDS = Math.max(1, Number(process.argv[2] ?? 7));
const AIM = { paint: 500, graph: 1000, act: 100 };
const [DOMAINS, COLUMNS, FORM] = [20, 10, 2]; /* FORM: raise it when the meshes are written otherwise */

/* ---- the meshes ---- */
const WORDS =
  'campaign order customer session revenue spend click impression conversion refund email product basket margin visit lead account subscription invoice ticket audience segment channel creative keyword budget target forecast cohort retention churn coupon review store stock return shipment payment device country region city browser referrer daily weekly monthly total rate count amount share average new active lost paid organic claimed real'.split(
    ' ',
  );
let seed = 7;
function word() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return WORDS[(seed >>> 16) % WORDS.length];
}
const say = (n) => Array.from({ length: n }, word).join(' ');

function product(i, inputs) {
  const d = `d${i % DOMAINS}`;
  const ports = inputs.map((k) => `d${k % DOMAINS}.t${k}`);
  const columns = Array.from({ length: COLUMNS }, (_, c) => c);
  return {
    'product.yaml': `apiVersion: v1.0.0
kind: DataProduct
id: ${d}.p${i}
name: p${i}
version: 1.0.0
status: active
domain: ${d}
description:
  purpose: "${say(12)}"
tags: [${word()}]
customProperties:
  - {property: trellisTitle, value: "${say(3)} ${i}"}
outputPorts:
  - name: t${i}
    version: 1.0.0
    type: tables
    contractId: ${d}.p${i}.t${i}
    customProperties:
      - {property: trellisMaterialization, value: view}
`,
    [`t${i}.odcs.yaml`]: `apiVersion: v3.1.0
kind: DataContract
id: ${d}.p${i}.t${i}
name: t${i}
version: 1.0.0
status: active
schema:
  - name: t${i}
    physicalType: view
    properties:
${columns.map((c) => `      - {name: c${c}, logicalType: integer, businessName: "${say(2)}", classification: internal, description: "${say(6)}"}\n`).join('')}`,
    [`t${i}.sql`]: `SELECT ${columns.map((c) => (ports.length ? `a.c${c} AS c${c}` : `${c} AS c${c}`)).join(', ')}${ports.map((p, k) => (k ? ` JOIN ${p} AS b ON a.c0 = b.c0` : ` FROM ${p} AS a`)).join('')}\n`,
  };
}

async function mesh(name, products, inputsOf) {
  const dir = path.join(path.dirname(binary), 'bench', `${name}-${products}-${FORM}`);
  if (existsSync(dir)) return dir;
  const half = `${dir}.part`;
  const put = async (file, text) => {
    await mkdir(path.dirname(path.join(half, file)), { recursive: true });
    await writeFile(path.join(half, file), text);
  };
  seed = 7;
  await rm(half, { recursive: true, force: true });
  await put('mesh.yaml', 'name: many\ntitle: Many\n');
  for (let d = 0; d < DOMAINS; d++) await put(`domains/d${d}/domain.yaml`, `name: d${d}\ntitle: ${say(2)}\nowner: {name: Ana Ruiz, contact: ana@example.org}\nprofile: light\n`);
  for (let i = 0; i < products; i++) {
    for (const [file, text] of Object.entries(product(i, inputsOf(i)))) await put(`domains/d${i % DOMAINS}/products/p${i}/${file}`, text);
  }
  /* those that read nothing: Home has no figures as long as nothing was ever built */
  await trellisOk(['-C', half, 'run', ...Array.from({ length: DOMAINS }, (_, i) => `d${i}.t${i}`)], { timeout: 300_000 });
  await rename(half, dir);
  return dir;
}

/* ---- figures ---- */
const figures = new Map();
function note(name, aim, yardstick, ms) {
  if (!figures.has(name)) figures.set(name, { aim, yardstick, all: [] });
  figures.get(name).all.push(ms);
}
const middle = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
function report() {
  const ms = (x) => x.toFixed(x < 10 ? 1 : 0).padStart(5);
  for (const [name, f] of figures) {
    const [m, base] = [middle(f.all), figures.get(f.yardstick)];
    const aim = f.aim === null ? ''.padEnd(16) : `aim < ${String(f.aim).padStart(4)} ms${m < f.aim ? '  ' : ' *'}`.padEnd(16);
    console.log(`  ${name.padEnd(58)} ${ms(m)} ms (${ms(Math.min(...f.all))} - ${ms(Math.max(...f.all))})  ${aim} ${base ? `${(m / middle(base.all)).toFixed(1)} x ${f.yardstick}` : ''}`);
  }
}
const PAGE = 'a page of a few bytes';
const FRAME = 'an empty frame';

/* ---- in the page ---- */
/* Paints, as the browser tells them, and from an event to the frame after which its effect is seen. */
function helpers() {
  globalThis.lcp = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) globalThis.lcp = e.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  const painted = (then) => {
    const c = new MessageChannel();
    c.port1.onmessage = then;
    c.port2.postMessage(0);
  };
  globalThis.seen = (when) =>
    new Promise((done, fail) => {
      const look = () => {
        if (when()) painted(() => done(performance.now()));
        else if (performance.now() > end) fail(new Error(`did not come: ${when}`));
        else requestAnimationFrame(look);
      };
      const end = performance.now() + 30_000;
      requestAnimationFrame(look);
    });
  globalThis.armed = (type, when) => {
    globalThis.timed = new Promise((done, fail) => {
      addEventListener(type, (e) => void globalThis.seen(when).then((t) => done(t - e.timeStamp), fail), { capture: true, once: true });
      setTimeout(() => fail(new Error(`no ${type} came for ${when}`)), 40_000);
    });
  };
  globalThis.frames = () => {
    let [last, worst, on] = [performance.now(), 0, true];
    const tick = (t) => {
      worst = Math.max(worst, t - last);
      last = t;
      if (on) requestAnimationFrame(tick);
    };
    requestAnimationFrame((t) => ((last = t), requestAnimationFrame(tick)));
    return () => ((on = false), worst);
  };
}

/* Does something, and tells how long it took from the event to the picture; `when` is a condition in the page. */
async function timed(page, type, when, act) {
  await page.evaluate(([t, w]) => globalThis.armed(t, new Function(`return ${w}`)), [type, when]);
  await act();
  return page.evaluate(() => globalThis.timed);
}

/* The longest wait for a frame while something goes on. */
async function worstFrame(page, act) {
  await page.evaluate(() => (globalThis.stop = globalThis.frames()));
  await act();
  return page.evaluate(() => globalThis.stop());
}

const idle = (page) => page.evaluate(() => new Promise((done) => setTimeout(done, 150)));
const text = (selector) => `(document.querySelector('${selector}')?.textContent ?? '')`;

/* A server's browser: every page is opened with the session but an empty cache. */
class Visitor {
  constructor(browser, server, state) {
    Object.assign(this, { browser, server, state });
  }
  static async of(browser, server) {
    const context = await browser.newContext();
    await (await context.newPage()).goto(server.address);
    const state = await context.storageState();
    await context.close();
    return new Visitor(browser, server, state);
  }
  async visit(address, body) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', storageState: this.state });
    await context.addInitScript(helpers);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(this.server.origin + address, { waitUntil: 'commit' });
    await body(page);
    await context.close();
  }
  /* First and largest paint, and when what one came for is there. */
  async load(name, address, when, paintAim, thereAim, body) {
    await this.visit(address, async (page) => {
      const there = await page.evaluate((w) => globalThis.seen(new Function(`return ${w}`)), when);
      await idle(page);
      const [first, largest] = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, globalThis.lcp]);
      note(`${name}: first paint`, paintAim, PAGE, first);
      if (largest) note(`${name}: largest paint`, null, PAGE, largest);
      note(`${name}: what one came for`, thereAim, PAGE, there);
      await body?.(page);
    });
  }
  async yardsticks() {
    await this.visit('/healthz', async (page) => {
      await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
      note(PAGE, null, '', await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
      note(FRAME, null, '', await timed(page, 'keydown', 'true', () => page.keyboard.press('a')));
    });
  }
}

/* ---- 10,000 products ---- */
const ROWS = `document.querySelector('[data-at="0"] a')`;
const FOUND = `document.querySelector('[role=listbox]:not([data-asking])') && /found/.test(${text('dialog .foot')})`;

async function catalogRound(v, products) {
  await v.yardsticks();
  await v.load('home', '/', `document.querySelector('[data-answer]') && !document.querySelector('.placeholder, .bones, .loading, .bone, [aria-busy="true"]')`, AIM.paint, null);
  await v.load('domains', '/domains', `document.querySelector('main a[href="/domains/d1"]')`, AIM.paint, null);
  await v.load('a domain of 500 products', '/domains/d1', `document.querySelector('main a[href^="/catalog/d1/"]')`, AIM.paint, null);
  await v.load('a product', '/catalog/d1/p1', `/ 1$/.test(${text('main h1')}.trim())`, AIM.paint, null);
  await v.load('catalog', '/catalog', ROWS, AIM.paint, null, async (page) => {
    const act = (name, ms) => note(name, AIM.act, FRAME, ms);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: /^Find products/ }).waitFor();
    await idle(page);
    for (const letters of ['c', 'o', 'n', 'v']) act('palette: a letter to its results', await timed(page, 'keydown', FOUND, () => page.keyboard.press(letters)));
    for (const word of ['campain', 'weekly churn']) {
      await page.getByRole('combobox', { name: /^Find products/ }).fill('');
      await idle(page);
      for (const letter of word.slice(0, -1)) await page.keyboard.press(letter === ' ' ? 'Space' : letter);
      await idle(page);
      act(`palette: the last letter of ${JSON.stringify(word)}`, await timed(page, 'keydown', FOUND, () => page.keyboard.press(word.at(-1))));
    }
    await page.keyboard.press('Escape');
    await idle(page);

    const before = JSON.stringify(await page.locator('[data-answer]').innerText());
    const counted = (old) => `/^[1-9]/.test(${text('[data-answer]')}.trim()) && ${text('[data-answer]')}.trim().split(' ')[0] !== ${old}.split(' ')[0]`;
    const facet = page.getByRole('group', { name: 'Domain' }).getByRole('checkbox').nth(3);
    act('catalog: a facet chosen', await timed(page, 'click', counted(before), () => facet.click()));
    await idle(page);
    const chosen = JSON.stringify(await page.locator('[data-answer]').innerText());
    act('catalog: a facet let go', await timed(page, 'click', counted(chosen), () => facet.click()));
    await idle(page);
    const top = JSON.stringify(await page.locator('[data-at="0"] a').innerText());
    act('catalog: another order', await timed(page, 'change', `${text('[data-at="0"] a')} !== ${top}`, () => page.getByLabel('Order').selectOption('freshness')));
    await page.getByLabel('Order').selectOption('title');
    await idle(page);
    const find = page.getByRole('searchbox', { name: 'Find in the catalog' });
    await find.focus();
    act('catalog: a letter to its list', await timed(page, 'keydown', counted(before), () => page.keyboard.press('k')));
    await find.fill('');
    await page.waitForFunction((n) => document.querySelector('[data-answer]').textContent.trim().startsWith(n), products.toLocaleString('en'));
    await idle(page);
    const at = Math.round(products * 0.6);
    act('catalog: a leap to the middle', await timed(page, 'scroll', `document.querySelector('[data-at="${at}"] a')`, () => page.evaluate((y) => scrollTo(0, y), at * 64)));
    await page.evaluate(() => scrollTo(0, 0));
    await idle(page);
    await page.mouse.move(800, 500);
    note(
      'catalog: longest frame while scrolling',
      AIM.act,
      FRAME,
      await worstFrame(page, async () => {
        for (let i = 0; i < 25; i++) await page.mouse.wheel(0, 240);
        await idle(page);
      }),
    );
    await page.evaluate(() => scrollTo(0, 0));
    await page.locator('[data-at="2"] a').waitFor();
    await idle(page);
    const title = JSON.stringify(await page.locator('[data-at="2"] a').innerText());
    note('catalog: a product opened', null, FRAME, await timed(page, 'click', `${text('main h1')}.trim() === ${title}`, () => page.locator('[data-at="2"] a').click()));
  });
}

/* ---- 2,000 ports ---- */
async function lineageRound(v, ports) {
  await v.yardsticks();
  await v.load('lineage of 2,000 nodes', '/lineage?level=port', `document.querySelector('.graph canvas')?.dataset.painted === '${ports}'`, AIM.paint, AIM.graph, async (page) => {
    const act = (name, ms) => note(name, AIM.act, FRAME, ms);
    const canvas = page.locator('.graph canvas').first();
    const box = await canvas.boundingBox();
    const said = (name) => `document.querySelector('.graph canvas').dataset.${name}`;
    /* somewhere there is a node that has others before or behind it */
    let at = null;
    for (let x = 0.3; x < 0.9 && !at; x += 0.013) {
      for (let y = 0.2; y < 0.8 && !at; y += 0.07) {
        const p = [box.x + box.width * x, box.y + box.height * y];
        await page.mouse.move(...p);
        if ((await page.evaluate(said('lit'))) > 1) at = p;
      }
    }
    if (!at) throw new Error('there is no node under the pointer');
    await page.mouse.move(box.x + 2, box.y + 2);
    await idle(page);
    act('lineage: the path lit under the pointer', await timed(page, 'pointermove', `${said('lit')} > 1`, () => page.mouse.move(...at)));
    note(
      'lineage: longest frame while the pointer wanders',
      AIM.act,
      FRAME,
      await worstFrame(page, async () => {
        for (let i = 0; i < 40; i++) await page.mouse.move(at[0] - i * 3, at[1] + i * 2);
      }),
    );
    await page.mouse.move(...at);
    await page.keyboard.down('Control');
    for (const by of [-120, -120, 120, 120]) {
      const scale = await page.evaluate(said('scale'));
      act('lineage: a step of zoom', await timed(page, 'wheel', `${said('scale')} !== '${scale}'`, () => page.mouse.wheel(0, by)));
      await idle(page);
    }
    await page.keyboard.up('Control');
    await page.mouse.down();
    note(
      'lineage: longest frame while it is dragged',
      AIM.act,
      FRAME,
      await worstFrame(page, async () => {
        for (let i = 0; i < 40; i++) await page.mouse.move(at[0] + i * 5, at[1] + i * 3);
        for (let i = 40; i >= 0; i--) await page.mouse.move(at[0] + i * 5, at[1] + i * 3);
      }),
    );
    await page.mouse.up();
    await idle(page);
    act('lineage: a node chosen, its card', await timed(page, 'pointerup', `document.querySelector('aside[aria-label^="Chosen"]')`, () => page.mouse.click(...at)));
  });
}

/* ---- all of it ---- */
async function rss(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

async function measure(browser, name, dir, round, count) {
  const began = performance.now();
  const server = await serve(dir, { timeout: 120_000 });
  const start = performance.now() - began;
  const v = await Visitor.of(browser, server);
  const first = await firstAnswers(server);
  const quiet = await rss(server.pid);
  console.log(`${name}: started in ${(start / 1000).toFixed(1)} s; first ${first.map(([a, ms]) => `${a} ${ms.toFixed(0)} ms`).join(', ')}; ${quiet.toFixed(0)} MB`);
  for (let i = 0; i < ROUNDS; i++) await round(v, count);
  report();
  figures.clear();
  console.log(`  memory of the server after ${ROUNDS} rounds: ${(await rss(server.pid)).toFixed(0)} MB = ${((await rss(server.pid)) / quiet).toFixed(2)} x`);
  await server.stop();
}

/* What nobody has asked before is made at the first question. */
async function firstAnswers(server) {
  const out = [];
  for (const address of ['/api/v1/mesh', '/api/v1/home', '/api/v1/search?q=a']) {
    const began = performance.now();
    await server.api(address);
    out.push([address, performance.now() - began]);
  }
  return out;
}

let browser;
let code = 0;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (killAll(), process.exit(130)));
try {
  const many = await mesh('catalog', 10_000, (i) => (i < DOMAINS ? [] : [i >> 1]));
  const graph = await mesh('lineage', 2_000, (i) => (i < DOMAINS ? [] : [...new Set([i >> 1, Math.floor(i / 3)])]));
  browser = await launch();
  await measure(browser, '10,000 products, 100,000 columns', many, catalogRound, 10_000);
  await measure(browser, '2,000 ports', graph, lineageRound, 2_000);
} catch (e) {
  console.error(`bench_pages: ${e.stack ?? e}`);
  code = 1;
} finally {
  await browser?.close();
  killAll();
}
process.exit(code);
