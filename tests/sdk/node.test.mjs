// The clients for Node of Segment and RudderStack, only their host changed: what they believe delivered is stored once, with what they sent.
import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Analytics } from "@segment/analytics-node";
import { eventMesh, post, until } from "./lib.mjs";

const Rudder = createRequire(import.meta.url)("@rudderstack/rudder-sdk-node");

const segment = (m, more = {}) => new Analytics({ writeKey: m.key, host: m.collector, path: "/v1/batch", flushInterval: 50, ...more });
const delivered = (client) => {
    const ids = [];
    client.on("http_request", () => {});
    client.on("error", (e) => ids.push(e));
    return ids;
};

test("analytics-node: every call arrives once with its fields", async (t) => {
    const m = await eventMesh(t);
    const client = segment(m);
    const errors = delivered(client);
    const at = new Date("2026-01-05T10:00:00.000Z");
    client.identify({ userId: "u1", traits: { email: "ana@example.org", plan: "pro" }, messageId: "m-identify" });
    client.track({
        userId: "u1",
        event: "Order Completed",
        properties: { order_id: "o-1", revenue: 22.5, currency: "EUR", products: [{ product_id: "p1", quantity: 1 }] },
        context: { campaign: { source: "google", medium: "cpc", name: "spring" } },
        timestamp: at,
        messageId: "m-track",
    });
    client.page({ anonymousId: "a1", name: "Home", category: "Start", properties: { url: "https://shop.example/?gclid=G1", referrer: "https://www.google.com/" }, messageId: "m-page" });
    client.screen({ anonymousId: "a1", name: "Cart", messageId: "m-screen" });
    client.group({ userId: "u1", groupId: "g1", traits: { name: "Acme" }, messageId: "m-group" });
    client.alias({ userId: "u1", previousId: "a0", messageId: "m-alias" });
    await client.closeAndFlush();
    assert.deepEqual(errors, []);
    await m.loaded(6);
    const [track] = await m.query("SELECT message_id, event, revenue_amount, currency, order_id, utm_source, utm_campaign, channel_group, occurred_at, original_timestamp, library FROM web.site__track");
    assert.equal(track.message_id, "m-track");
    assert.equal(track.event, "Order Completed");
    assert.equal(Number(track.revenue_amount), 22.5);
    assert.deepEqual([track.currency, track.order_id, track.utm_source, track.utm_campaign, track.channel_group], ["EUR", "o-1", "google", "spring", "paid_search"]);
    assert.match(track.original_timestamp, /^2026-01-05[T ]10:00:00/);
    // The client sent within moments of receiving, by one clock: its time stands.
    assert.ok(Math.abs(Date.parse(`${track.occurred_at.replace(" ", "T")}Z`) - at.getTime()) < 10_000, track.occurred_at);
    assert.match(track.library, /analytics-node/);
    const [page] = await m.query("SELECT name, category, page_host, page_path, click_id_type, referrer_source, channel_group FROM web.site__page");
    assert.deepEqual(page, { name: "Home", category: "Start", page_host: "shop.example", page_path: "/", click_id_type: "gclid", referrer_source: "Google", channel_group: "paid_search" });
    for (const [stream, id] of [["identify", "m-identify"], ["screen", "m-screen"], ["group", "m-group"], ["alias", "m-alias"]])
        assert.deepEqual(await m.query(`SELECT message_id FROM web.site__${stream}`), [{ message_id: id }]);
});

test("analytics-node: five thousand events in batches, none missing, none twice", async (t) => {
    const m = await eventMesh(t, { source: (y) => y.replace(/\n?$/, "\n") });
    const client = segment(m, { maxEventsInBatch: 100, flushInterval: 20 });
    const errors = delivered(client);
    const n = 5000;
    for (let i = 0; i < n; i++) client.track({ anonymousId: `a${i % 700}`, event: "Product Viewed", properties: { i }, messageId: `bulk-${i}` });
    await client.closeAndFlush({ timeout: 30_000 });
    assert.deepEqual(errors, []);
    await m.loaded(n, ["track"]);
    const [got] = await m.query("SELECT count(*) AS n, count(DISTINCT message_id) AS ids FROM web.site__track");
    assert.deepEqual([Number(got.n), Number(got.ids)], [n, n]);
});

// A door before the collector that is shut for the first requests, in one of several ways.
async function door(t, m, shut) {
    let n = 0;
    const target = new URL(m.collector);
    const server = http.createServer((req, res) => {
        if (n++ < shut.times) return shut.how(req, res);
        const onward = http.request({ host: target.hostname, port: target.port, path: req.url, method: req.method, headers: req.headers }, (r) => {
            res.writeHead(r.statusCode, r.headers);
            r.pipe(res);
        });
        onward.on("error", () => res.destroy());
        req.pipe(onward);
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => server.close());
    return { url: `http://127.0.0.1:${server.address().port}`, asked: () => n };
}

for (const [name, how] of [
    ["503", (_q, r) => r.writeHead(503, { "retry-after": "1" }).end()],
    ["429", (_q, r) => r.writeHead(429, { "retry-after": "1" }).end()],
    ["a closed connection", (q) => q.socket.destroy()],
    ["an answer that is lost after storing", null],
])
    test(`analytics-node: ${name} is retried, and nothing is stored twice`, async (t) => {
        const m = await eventMesh(t);
        const lost = async (req, res) => {
            const chunks = [];
            for await (const c of req) chunks.push(c);
            await fetch(`${m.collector}${req.url}`, { method: "POST", headers: { authorization: req.headers.authorization, "content-type": "application/json" }, body: Buffer.concat(chunks) });
            res.destroy();
        };
        const d = await door(t, m, { times: 2, how: how ?? lost });
        const client = segment({ key: m.key, collector: d.url }, { maxRetries: 6 });
        client.track({ userId: "u", event: "Retried", messageId: "r-1" });
        await client.closeAndFlush({ timeout: 30_000 });
        assert.ok(d.asked() >= 3);
        await m.loaded(1, ["track"]);
        await new Promise((r) => setTimeout(r, 300));
        assert.deepEqual(await m.query("SELECT message_id FROM web.site__track"), [{ message_id: "r-1" }]);
    });

for (const gzip of [true, false])
    test(`rudder-sdk-node${gzip ? ", gzip" : ""}: every call arrives once`, async (t) => {
        const m = await eventMesh(t);
        const client = new Rudder(m.key, { dataPlaneUrl: m.collector, flushAt: 3, flushInterval: 50, gzip });
        client.identify({ userId: "u1", traits: { email: "ana@example.org" }, messageId: "r-identify" });
        client.track({ userId: "u1", event: "Item Viewed", properties: { revenue: 19.95, currency: "USD" }, messageId: "r-track" });
        client.page({ userId: "u1", category: "Food", name: "Pizza", messageId: "r-page" });
        client.screen({ userId: "u1", category: "Food", name: "Pizza", messageId: "r-screen" });
        client.group({ userId: "u1", groupId: "g1", traits: { name: "Acme" }, messageId: "r-group" });
        client.alias({ previousId: "a0", userId: "u1", messageId: "r-alias" });
        await new Promise((resolve, reject) => client.flush((e) => (e ? reject(e) : resolve())));
        await m.loaded(6);
        const got = await m.query("SELECT event, revenue_amount, currency, library FROM web.site__track");
        assert.equal(got.length, 1);
        assert.deepEqual([got[0].event, Number(got[0].revenue_amount), got[0].currency], ["Item Viewed", 19.95, "USD"]);
        const [counts] = await m.query("SELECT (SELECT count(*) FROM web.site__identify) AS i, (SELECT count(*) FROM web.site__page) AS p, (SELECT count(*) FROM web.site__screen) AS s, (SELECT count(*) FROM web.site__group) AS g, (SELECT count(*) FROM web.site__alias) AS a");
        assert.deepEqual(Object.values(counts).map(Number), [1, 1, 1, 1, 1]);
    });

test("keys: a new one works at once, a revoked one is refused within a second, and none lies in the folder", async (t) => {
    const { must } = await import("../cli/lib.mjs");
    const m = await eventMesh(t);
    const second = must(["key", "create", "web.site", "--label", "second"], { cwd: m.dir }).out.trim();
    const send = (key, id) => post(`${m.collector}/v1/track`, { userId: "u", event: "E", messageId: id }, { key });
    assert.equal((await send(second, "k-2")).status, 200); // at once: a client does not ask again after a 401
    must(["key", "revoke", "1"], { cwd: m.dir });
    await until("the refusal", async () => (await send(m.key, "k-1")).status === 401, 3000);
    assert.equal((await send(second, "k-3")).status, 200);
    assert.equal((await send("nonsense", "k-4")).status, 401);
    // Clients for browsers carry the key in the body.
    assert.equal((await post(`${m.collector}/v1/batch`, { writeKey: second, batch: [{ type: "track", userId: "u", event: "E", messageId: "k-5", writeKey: second }] })).status, 200);
    await m.loaded(3, ["track"]);
    const listed = JSON.parse(must(["key", "list", "--json"], { cwd: m.dir }).out).keys;
    assert.deepEqual(listed.map((k) => [k.id, Boolean(k.revoked_at)]), [[2, false], [1, true]]);
    const { execFileSync } = await import("node:child_process");
    for (const key of [m.key, second]) {
        let found = "";
        try {
            found = execFileSync("grep", ["-rlasF", key, m.dir], { encoding: "utf8" });
        } catch (e) {
            found = e.stdout; // nothing found, or a file that went while it was looked for
        }
        assert.equal(found, "");
    }
    assert.ok(!m.server.err.includes(second) && !m.server.err.includes(m.key));
});

test("a suppressed person's events never reach the disk; others of the same batch do", async (t) => {
    const { must } = await import("../cli/lib.mjs");
    const { execFileSync } = await import("node:child_process");
    const m = await eventMesh(t);
    must(["suppress", "add", "-", "--reason", "erased"], { cwd: m.dir, input: "Gone.Person@example.org\n" });
    must(["suppress", "add", "gone-user-77"], { cwd: m.dir });
    await new Promise((r) => setTimeout(r, 1500));
    const batch = [
        { type: "track", userId: "gone-user-77", event: "A", messageId: "s-1" },
        { type: "identify", userId: "x", traits: { email: "gone.person@EXAMPLE.org" }, messageId: "s-2" },
        { type: "track", anonymousId: "gone-user-77", event: "B", messageId: "s-3" },
        { type: "track", userId: "stays-5", event: "C", messageId: "s-4" },
        { type: "track", userId: "y", event: "D", messageId: "s-5", context: { traits: { email: "gone.person@example.org" } } },
    ];
    assert.equal((await post(`${m.collector}/v1/batch`, { batch }, { key: m.key })).status, 200);
    await m.loaded(1, ["track"]);
    assert.deepEqual(await m.query("SELECT message_id FROM web.site__track"), [{ message_id: "s-4" }]);
    const kept = (text) => {
        try {
            return execFileSync("grep", ["-rlaisF", text, `${m.dir}/data`], { encoding: "utf8" });
        } catch (e) {
            return e.stdout; // nothing found, or a file that went while it was looked for
        }
    };
    assert.equal(kept("gone-user-77"), "");
    assert.equal(kept("gone.person@"), "");
    assert.notEqual(kept("stays-5"), "");
});

test("one key that asks too often is told when to come back", async (t) => {
    const m = await eventMesh(t, { source: (y) => `${y.trimEnd()}\n`.replace(/^events:\n/m, "events:\n  rate: 5\n") });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => post(`${m.collector}/v1/track`, { userId: "u", event: "E", messageId: `q-${i}` }, { key: m.key })));
    const refused = answers.filter((a) => a.status === 429);
    assert.ok(refused.length > 0 && refused.length < 40, `${refused.length}`);
    for (const r of refused) {
        assert.ok(Number(r.headers.get("retry-after")) >= 1);
        assert.ok(Number(r.headers.get("x-ratelimit-reset")) >= 0);
    }
    const taken = answers.length - refused.length;
    await m.loaded(taken, ["track"]);
    const [{ n }] = await m.query("SELECT count(*) AS n FROM web.site__track");
    assert.equal(Number(n), taken);
});
