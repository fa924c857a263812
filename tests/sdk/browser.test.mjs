// The clients for browsers, in Chromium, on a page of another origin than the collector: Segment's, RudderStack's, and our own snippet.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../e2e/lib/browser.mjs";
import { eventMesh, until } from "./lib.mjs";

const modules = path.join(path.dirname(fileURLToPath(import.meta.url)), "node_modules");
const files = {
    "/segment/": path.join(modules, "@segment/analytics-next/dist/umd"),
    "/rudder/": path.join(modules, "@rudderstack/analytics-js/dist/npm/legacy/bundled/umd"),
};
let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

// The shop's own server: its pages, and the files of the clients' packages.
async function shop(t, pages) {
    const server = http.createServer((req, res) => {
        const name = req.url.split("?")[0];
        if (name === "/favicon.ico") return res.writeHead(204).end();
        if (pages[name]) return res.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(pages[name]);
        const [prefix, dir] = Object.entries(files).find(([p]) => name.startsWith(p)) ?? [];
        const file = dir && path.join(dir, path.basename(name));
        if (!prefix || !fs.existsSync(file)) return res.writeHead(404).end();
        res.writeHead(200, { "content-type": "text/javascript" }).end(fs.readFileSync(file));
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => server.close());
    return `http://127.0.0.1:${server.address().port}`;
}

async function visit(t, url, options = {}) {
    const context = await browser.newContext(options);
    t.after(() => context.close());
    const page = await context.newPage();
    page.troubles = [];
    page.on("console", (m) => m.type() === "error" && page.troubles.push(m.text()));
    page.on("pageerror", (e) => page.troubles.push(String(e)));
    await page.goto(url);
    return page;
}
const counts = async (m) => {
    const streams = ["track", "page", "identify", "group", "alias"];
    const [row] = await m.query(`SELECT ${streams.map((s) => `(SELECT count(*) FROM web.site__${s}) AS ${s}`).join(", ")}`);
    return Object.fromEntries(Object.entries(row).map(([k, v]) => [k, Number(v)]));
};

test("analytics-next: page, track, identify, group, alias, and what is sent while the page is left", async (t) => {
    const m = await eventMesh(t);
    const html = `<!doctype html><title>Shop</title><script src="/segment/index.js"></script><script>
        window.analytics = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: "${m.key}", cdnURL: "${m.collector}" },
            { integrations: { "Segment.io": { apiHost: "${m.collector.replace("http://", "")}/v1", protocol: "http" } } });
        analytics.page("Home");
    </script><h1>Shop</h1>`;
    const url = await shop(t, { "/": html, "/next": "<!doctype html><title>Next</title>" });
    const page = await visit(t, `${url}/?utm_source=newsletter&utm_medium=email&utm_campaign=may`);
    await page.evaluate(async () => {
        await analytics.track("Product Viewed", { product_id: "p1", price: 9.5 });
        await analytics.identify("u1", { email: "ana@example.org" });
        await analytics.group("g1", { name: "Acme" });
        await analytics.alias("u2");
    });
    await m.loaded(5);
    // Left at once: the last one goes out as the page ends.
    await page.evaluate(() => {
        analytics.track("Left");
        location.href = "/next";
    });
    await m.loaded(6);
    assert.deepEqual(await counts(m), { track: 2, page: 1, identify: 1, group: 1, alias: 1 });
    const [seen] = await m.query("SELECT name, page_host, utm_source, utm_medium, utm_campaign, channel_group, browser, device_category, library FROM web.site__page");
    assert.equal(seen.name, "Home");
    assert.deepEqual([seen.utm_source, seen.utm_medium, seen.utm_campaign, seen.channel_group], ["newsletter", "email", "may", "email"]);
    assert.match(seen.library, /analytics\.js/);
    assert.deepEqual(page.troubles, []);
});

test("analytics-next, batching", async (t) => {
    const m = await eventMesh(t);
    const html = `<!doctype html><title>Shop</title><script src="/segment/index.js"></script><script>
        window.analytics = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: "${m.key}", cdnURL: "${m.collector}" },
            { integrations: { "Segment.io": { apiHost: "${m.collector.replace("http://", "")}/v1", protocol: "http", deliveryStrategy: { strategy: "batching", config: { size: 10, timeout: 100 } } } } });
    </script>`;
    const page = await visit(t, await shop(t, { "/": html }));
    await page.evaluate(async () => {
        for (let i = 0; i < 35; i++) analytics.track("Clicked", { i });
    });
    await m.loaded(35, ["track"]);
    const [got] = await m.query("SELECT count(*) AS n, count(DISTINCT message_id) AS ids FROM web.site__track");
    assert.deepEqual([Number(got.n), Number(got.ids)], [35, 35]);
    assert.deepEqual(page.troubles, []);
});

test("RudderStack analytics-js: settings, page, track, identify, group, alias, reset", async (t) => {
    const m = await eventMesh(t);
    const html = `<!doctype html><title>Shop</title><script src="/rudder/index.js"></script><script>
        window.ready = new Promise((done) => {
            const Client = window.rudderanalytics?.RudderAnalytics ?? window.RudderAnalytics;
            window.client = new Client();
            client.load("${m.key}", "${m.collector}", { configUrl: "${m.collector}", lockIntegrationsVersion: true, onLoaded: done, queueOptions: { minRetryDelay: 200 } });
            client.page("Shop", "Home");
        });
    </script>`;
    const page = await visit(t, await shop(t, { "/": html }));
    await page.evaluate(() => window.ready);
    await page.evaluate(() => {
        client.track("Order Completed", { order_id: "o1", revenue: 12.5, currency: "EUR" });
        client.identify("u1", { email: "ana@example.org" });
        client.group("g1", { name: "Acme" });
        client.alias("u2");
    });
    await m.loaded(5);
    const before = await page.evaluate(() => client.getAnonymousId());
    await page.evaluate(() => {
        client.reset(true);
        client.track("After");
    });
    await m.loaded(6);
    assert.notEqual(await page.evaluate(() => client.getAnonymousId()), before);
    assert.deepEqual(await counts(m), { track: 2, page: 1, identify: 1, group: 1, alias: 1 });
    const [order] = await m.query("SELECT order_id, revenue_amount, currency, client_session_id FROM web.site__track WHERE event = 'Order Completed'");
    assert.deepEqual([order.order_id, Number(order.revenue_amount), order.currency], ["o1", 12.5, "EUR"]);
    assert.ok(order.client_session_id);
    const [{ n }] = await m.query("SELECT count(DISTINCT evidence) AS n FROM web.site__track");
    assert.equal(Number(n), 2);
});

test("the snippet: nothing is kept before consent, all calls arrive, also those while the page is left", async (t) => {
    const m = await eventMesh(t);
    const html = `<!doctype html><title>Start</title><script>window.trellis = { q: [["track", ["Early", { a: 1 }]]] };</script>
        <script async src="${m.collector}/t.js" data-key="${m.key}"></script>`;
    const url = await shop(t, { "/": html, "/next": "<!doctype html><title>Next</title>" });
    const page = await visit(t, `${url}/?gclid=G-1`);
    await m.loaded(2, ["track", "page"]);
    const stored = () => page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
    assert.deepEqual(await stored(), ["", 0, 0]);
    await page.evaluate(() => {
        history.pushState({}, "", "/cart");
        trellis.identify("u1", { email: "ana@example.org" });
        trellis.group("g1");
    });
    await m.loaded(3 + 2);
    assert.deepEqual(await stored(), ["", 0, 0]);
    await page.evaluate(() => trellis.consent({ analytics: true, advertising: false }));
    assert.deepEqual(await stored(), ["", 1, 0]);
    await page.evaluate(() => {
        trellis.track("Left");
        location.href = "/next";
    });
    await m.loaded(7);
    assert.deepEqual(await counts(m), { track: 3, page: 2, identify: 1, group: 1, alias: 0 });
    const [first, second] = await m.query("SELECT click_id_type, channel_group, page_path, referrer_host FROM web.site__page ORDER BY occurred_at");
    assert.deepEqual([first.click_id_type, first.channel_group, first.page_path], ["gclid", "paid_search", "/"]);
    assert.equal(second.page_path, "/cart");
    const said = await until("the consent", async () => {
        const rows = await m.query("SELECT consent_category, status FROM web.site__consent WHERE consent_category IN ('analytics', 'advertising') ORDER BY 1");
        return rows.length >= 2 && rows;
    });
    assert.deepEqual([...new Set(said.map((r) => `${r.consent_category} ${r.status}`))], ["advertising denied", "analytics granted"]);
    assert.deepEqual(page.troubles, []);
    // The same visitor comes back; another one who has said nothing is another one at each page.
    const page2 = await page.context().newPage();
    await page2.goto(`${url}/`);
    await m.loaded(9);
    const [{ n }] = await m.query("SELECT count(DISTINCT evidence) AS n FROM web.site__page");
    assert.equal(Number(n), 2);
});

test("the snippet passes Global Privacy Control on and tries again after a refusal", async (t) => {
    const m = await eventMesh(t);
    const html = `<!doctype html><title>Start</title><script async src="${m.collector}/t.js" data-key="${m.key}"></script>`;
    const url = await shop(t, { "/": html });
    const context = await browser.newContext();
    t.after(() => context.close());
    await context.addInitScript(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }));
    const page = await context.newPage();
    let refused = 0;
    await page.route("**/v1/batch", (route) => (refused++ < 2 ? route.fulfill({ status: 503, headers: { "access-control-allow-origin": "*" } }) : route.continue()));
    await page.goto(url);
    await m.loaded(1, ["page"]);
    assert.ok(refused >= 3);
    const [row] = await m.query("SELECT gpc FROM web.site__page");
    assert.equal(row.gpc, true);
    const gpc = await until("the signal as consent", async () => {
        const rows = await m.query("SELECT status FROM web.site__consent WHERE system = 'gpc'");
        return rows.length && rows;
    });
    assert.deepEqual([...new Set(gpc.map((r) => r.status))], ["denied"]);
});
