// Attribution follows what arrives: a visit and then an order are credited within seconds while a server runs, and what has come about step by step (in another order, with a
// merge of two people that is taken back) is what a build of everything makes of it, row by row.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, rows, scratch, serve, until, write } from "./lib.mjs";
import { mesh, send } from "./entities_world.mjs";

const PORTS = ["conversion", "credit", "account_credit", "touch_consent"];
let count = 0;
const call = (type, day, time, who, more = {}) => ({ type, messageId: `a${++count}`, timestamp: `2026-03-${String(day).padStart(2, "0")}T${time}:00.000Z`, ...who, ...more });
const page = (day, time, who, campaign) => call("page", day, time, who, { context: { ...(campaign ? { campaign } : {}), page: { url: "https://shop.example/", path: "/", referrer: "" } } });
const done = (day, time, who, event, properties = {}) => call("track", day, time, who, { event, properties, context: { page: { url: "https://shop.example/x", path: "/x", referrer: "" } } });
const order = (day, time, who, id, total) => done(day, time, who, "Order Completed", { order_id: id, total, revenue: total, currency: "EUR" });
const search = { source: "google", medium: "cpc", name: "Spring" }, social = { source: "facebook", medium: "paid-social", name: "Launch" }, letter = { source: "newsletter", medium: "email", name: "march" };

// Eight people with journeys of one to five touches, baskets between, two orders for some; one says no to analytics.
function calls() {
    count = 0;
    const all = [];
    for (let p = 0; p < 8; p++) {
        const who = { anonymousId: `anon-${p}`, userId: `u-${p}` };
        for (let i = 0; i <= p % 5; i++) all.push(page(2 + p + i * 2, `1${i}:0${p}`, who, [search, social, null, letter][(p + i) % 4]));
        if (p % 3 !== 1) all.push(done(4 + p, "16:00", who, "Product Added", { product_id: "7" }));
        all.push(order(12 + p, "18:30", who, `o-${p}`, 10.01 + p * 3.33));
        if (p % 2) all.push(page(20, "09:00", who, letter), order(20 + (p % 4), "20:00", who, `o-${p}-2`, 7.77));
    }
    all.push(call("page", 21, "10:00", { anonymousId: "anon-5", userId: "u-5" }, { context: { consent: { categoryPreferences: { analytics: false } }, page: { url: "https://shop.example/", path: "/", referrer: "" } } }));
    return all;
}

function made(t) {
    const dir = path.join(scratch(t), "shop");
    const { key } = JSON.parse(mesh(dir));
    write(dir, "governance/attribution.yaml", `conversions:
  - {name: purchase, from: orders, value: net_revenue_reporting, lookback: 20d, touches: {message_click: 5d}}
  - {name: basket, from: events, events: ["Product Added"], lookback: 10d}
models: {w: {weights: [0.3, 0.3, 0.3, 0.1], milestone: basket}}
`);
    return { dir, key };
}
const table = (dir, port) => rows(`SELECT * FROM shared.${port}`, { cwd: dir }).sort();
const tables = (dir) => Object.fromEntries(PORTS.map((p) => [p, table(dir, p)]));

function same(a, b, what) {
    for (const p of PORTS) assert.deepEqual(a[p], b[p], `${p}: ${what}`);
}

test("what has arrived step by step is what a build of everything makes of it", async (t) => {
    const straight = made(t), mixed = made(t);
    await send(straight.dir, straight.key, [calls()]);
    must(["run"], { cwd: straight.dir });
    const expected = tables(straight.dir);
    assert.deepEqual(rows("SELECT conversion, count(*), count(*) FILTER (WHERE is_first) FROM shared.conversion GROUP BY ALL ORDER BY 1", { cwd: straight.dir }), ["basket,5,5", "purchase,12,8"]);
    assert.deepEqual(rows("SELECT count(DISTINCT conversion_id), sum(credit_linear), sum(value_time_decay), sum(value_position_w) FROM shared.credit WHERE conversion = 'purchase'", { cwd: straight.dir }),
        [`12,12.000000,${(8 * 10.01 + 28 * 3.33 + 4 * 7.77).toFixed(6)},${(8 * 10.01 + 28 * 3.33 + 4 * 7.77).toFixed(6)}`]);
    assert.deepEqual(rows("SELECT channel, touches FROM shared.credit WHERE conversion = 'purchase' AND touches = 0", { cwd: straight.dir }), ["(none),0", "(none),0"], "of whom said no");
    assert.ok(rows("SELECT sum(left_out) FROM shared.touch_consent", { cwd: straight.dir })[0] > 0);
    assert.ok(rows("SELECT count(*) FROM shared.credit WHERE credit_position_w <> credit_position_u", { cwd: straight.dir })[0] > 0, "a basket between");

    fs.copyFileSync(path.join(straight.dir, "data/identity.key"), path.join(mixed.dir, "data/identity.key")); // or ids would be others
    fs.chmodSync(path.join(mixed.dir, "data/identity.key"), 0o600);
    const list = calls(), lots = [[], [], []];
    list.map((c, i) => [(i * 7919 + 13) % 104729 % 89, c]).sort((a, b) => a[0] - b[0]).forEach(([, c], i) => lots[i % 3].push(c));
    for (const lot of lots) {
        await send(mixed.dir, mixed.key, [lot]);
        must(["run"], { cwd: mixed.dir });
    }
    same(tables(mixed.dir), expected, "in another order, in three builds");
    must(["run", "--full"], { cwd: mixed.dir });
    same(tables(mixed.dir), expected, "built whole");
});

test("a touch and an order are credited while a server runs; a merge and a split leave no trace", async (t) => {
    const { dir, key } = made(t);
    await send(dir, key, [calls()]);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir, ["--collector-listen", "127.0.0.1:0"]);
    const collector = (await until("the collector", () => s.out.match(/collector (http:\/\/127\.0\.0\.1:\d+)/)))[1];
    const tell = async (batch) => {
        const r = await fetch(`${collector}/v1/batch`, { method: "POST", headers: { authorization: "Basic " + Buffer.from(`${key}:`).toString("base64") }, body: JSON.stringify({ batch }) });
        assert.equal(r.status, 200);
    };
    const ask = async (sql) => (await s.json("/api/v1/query", { method: "POST", body: { sql } })).rows;
    const purchases = "SELECT channel, position, touches, credit, value, is_first_conversion, began_paid FROM shared.credit WHERE conversion = 'purchase' AND converted_at::DATE = DATE '2026-03-29' ORDER BY position";
    const who = { anonymousId: "anon-new", userId: "u-new" };

    await tell([page(25, "10:00", who, search)]);
    await until("the touch", async () => (await ask("SELECT count(*) FROM shared.touchpoint WHERE utm_campaign = 'Spring' AND occurred_at::DATE = DATE '2026-03-25'"))[0][0] === 1, 60_000);
    await tell([order(29, "12:00", who, "n-1", 50)]);
    const first = await until("the credit", async () => { const r = await ask(purchases); return r.length > 0 && r; }, 60_000);
    // The order's own visit is a direct one: it is the last, and the ad the last that is not direct.
    assert.deepEqual(first.map((r) => [r[0], r[1], Number(r[3]), Number(r[4]), r[5], r[6]]), [["paid_search", 1, 1, 50, true, true], ["direct", 2, 0, 0, true, true]]);
    await tell([page(27, "10:00", who, social)]); // comes late, and lies between
    const then = await until("the touch between", async () => { const r = await ask(purchases); return r.length === 3 && r; }, 60_000);
    assert.deepEqual(then.map((r) => [r[0], Number(r[3])]), [["paid_search", 0], ["paid_social", 1], ["direct", 0]]);

    const whole = async () => Object.fromEntries(await Promise.all(PORTS.map(async (p) => [p, (await ask(`SELECT * FROM shared.${p} ORDER BY ALL`)).map((r) => JSON.stringify(r))])));
    await s.ask("/api/v1/run", { method: "POST", body: {} }); // what is counted by day is no matter of seconds
    await until("the days", async () => (await ask("SELECT count(*) FROM shared.touch_consent WHERE date_day IN (DATE '2026-03-25', DATE '2026-03-27', DATE '2026-03-29')"))[0][0] === 3, 60_000);
    const before = await whole();
    const id = async (user) => (await s.json("/api/v1/identity/explain", { method: "POST", body: { who: user } })).customer_id;
    const one = await id("u-1"), two = await id("u-new");
    const merged = await s.json("/api/v1/identity/merge", { method: "POST", body: { a: one, b: two, reason: "one person with two accounts" } });
    assert.ok(merged.decision, JSON.stringify(merged));
    await s.ask("/api/v1/run", { method: "POST", body: {} });
    await until("one customer's first purchase", async () => (await ask(`SELECT count(*), count(*) FILTER (WHERE is_first) FROM shared.conversion WHERE conversion = 'purchase' AND customer_id IN ('${one}', '${two}')`))[0].join() === "3,1", 60_000);
    await s.json("/api/v1/identity/withdraw", { method: "POST", body: { id: merged.decision.id, reason: "they are two after all" } });
    await s.ask("/api/v1/run", { method: "POST", body: {} });
    await until("two customers again", async () => (await ask(`SELECT count(*) FILTER (WHERE is_first) FROM shared.conversion WHERE conversion = 'purchase' AND customer_id IN ('${one}', '${two}')`))[0][0] === 2, 60_000);
    await until("their credit as before", async () => JSON.stringify((await whole()).credit) === JSON.stringify(before.credit), 60_000);
    same(await whole(), before, "after the split");
    must(["run", "--full"], { cwd: dir });
    same(await whole(), before, "built whole");
});
