// Events that break the tracking plan: set aside with a typed reason, mended or the plan mended, replayed once. Through the real collector,
// with a server and without one.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, until, write } from "./lib.mjs";

const order = `apiVersion: v3.1.0
kind: DataContract
id: web.site.order
name: order
version: 1.0.0
status: active
domain: web
schema:
  - name: order
    logicalType: object
    customProperties: [{property: trellisEvent, value: Order Completed}, {property: trellisOpen, value: false}]
    properties:
      - {name: order_id, logicalType: string, required: true, classification: internal, logicalTypeOptions: {pattern: "^A-[0-9]+$"}}
      - {name: total, logicalType: number, required: true, classification: internal, logicalTypeOptions: {minimum: 0, maximum: 1000}}
      - {name: items, logicalType: integer, classification: internal}
      - {name: currency, logicalType: string, classification: internal, quality: [{metric: invalidValues, arguments: {validValues: [EUR, USD]}, mustBe: 0}]}
      - {name: note, logicalType: string, classification: personal}
`;

function eventMesh(t, unplanned = "pass") {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
    fs.rmSync(path.join(dir, "domains/web/sources/site/order_completed.odcs.yaml"));
    write(dir, "domains/web/sources/site/order.odcs.yaml", order);
    const source = path.join(dir, "domains/web/sources/site.yaml");
    fs.writeFileSync(source, fs.readFileSync(source, "utf8").replace(/unplanned: \w+/, `unplanned: ${unplanned}`));
    const key = must(["key", "create", "web.site"], { cwd: dir }).out.trim();
    return { dir, key };
}

async function withCollector(t, m) {
    const it = await serve(t, m.dir, ["--collector-listen", "127.0.0.1:0"]);
    const port = Number((await until("the collector", () => it.out.match(/collector http:\/\/127\.0\.0\.1:(\d+)/)))[1]);
    it.send = (events) =>
        new Promise((resolve, reject) => {
            const body = JSON.stringify({ batch: events, sentAt: new Date().toISOString() });
            const headers = { authorization: "Basic " + Buffer.from(m.key + ":").toString("base64"), "content-type": "application/json" };
            const q = http.request({ host: "127.0.0.1", port, path: "/v1/batch", method: "POST", headers }, (r) => {
                r.resume();
                r.on("end", () => resolve(r.statusCode));
            });
            q.on("error", reject);
            q.end(body);
        });
    return it;
}

const event = (id, properties, more = {}) => ({ type: "track", event: "Order Completed", anonymousId: "visitor-" + id, messageId: id, timestamp: new Date().toISOString(), properties, ...more });
const good = (k) => ({ order_id: `A-${k}`, total: 19.99, items: 2, currency: "EUR" });
const count = (dir) => Number(rows("SELECT count(*) FROM web.site__track", { cwd: dir })[0]);
const waiting = (dir) => json(["quarantine", "--limit", "100"], { cwd: dir });

// Ten that are wrong, each in its way, with what is said of it.
const wrong = [
    [{ ...good(0), total: "19.99" }, "wrong_type", "properties.total"],
    [{ ...good(1), total: -1 }, "out_of_range", "properties.total"],
    [{ ...good(2), total: 1000.01 }, "out_of_range", "properties.total"],
    [{ ...good(3), order_id: "B-1" }, "pattern", "properties.order_id"],
    [{ total: 1 }, "missing", "properties.order_id"],
    [{ ...good(5), currency: "GBP" }, "not_allowed", "properties.currency"],
    [{ ...good(6), items: 1.5 }, "wrong_type", "properties.items"],
    [{ ...good(7), "ana@example.org": 1 }, "unknown_member", "properties.?"],
    [{ ...good(8), amount: 5 }, "unknown_member", "properties.amount"],
    [{ order_id: "A-9" }, "missing", "properties.total"],
];

test("of a thousand events ten are wrong; they wait, are mended and loaded once", async (t) => {
    const m = eventMesh(t);
    const it = await withCollector(t, m);
    const events = [];
    for (let k = 0; k < 1000; k++) events.push(event("m-" + k, k % 100 === 50 ? wrong[(k - 50) / 100][0] : good(k), { writeKey: m.key }));
    for (let k = 0; k < 1000; k += 100) assert.equal(await it.send(events.slice(k, k + 100)), 200);

    await until("990 events", () => count(m.dir) === 990);
    let q = waiting(m.dir);
    assert.equal(q.total, 10);
    const byId = Object.fromEntries(q.events.map((e) => [e.message_id, e]));
    wrong.forEach(([, reason, field], i) => {
        const e = byId[`m-${i * 100 + 50}`];
        assert.deepEqual([e.reason, e.field, e.state, e.source, e.event], [reason, field, "waiting", "web.site", "Order Completed"]);
    });
    assert.ok(!JSON.stringify(q).includes("ana@example.org"), "no value stands in what is said");
    assert.deepEqual(q.groups.find((g) => g.reason === "out_of_range").count, 2);

    await t.test("sent again, they are told apart", async () => {
        assert.equal(await it.send(events.slice(0, 100)), 200);
        await it.send([event("m-after", good(7777))]);
        await until("what came after", () => count(m.dir) === 991);
        assert.equal(waiting(m.dir).total, 10);
    });

    await t.test("nothing is mended yet: a replay leaves them", () => {
        assert.deepEqual(json(["quarantine", "replay", "--all"], { cwd: m.dir }), { loaded: 0, still: 10, duplicates: 0, suppressed: 0 });
    });

    const fix = (...args) => json(["quarantine", "fix", ...args], { cwd: m.dir }).fixed;
    await t.test("mended one by one and many at once", () => {
        assert.equal(fix("--event", "Order Completed", "--reason", "wrong_type", "--cast", "properties.total=number"), 1);
        assert.equal(fix("--field", "properties.items", "--set", "properties.items=2"), 1);
        assert.equal(fix("--reason", "out_of_range", "--set", "properties.total=12.50"), 2);
        assert.equal(fix("--reason", "pattern", "--set", 'properties.order_id="A-3"'), 1);
        assert.equal(fix("--field", "properties.order_id", "--reason", "missing", "--set", "properties.order_id=A-4"), 1);
        assert.equal(fix("--reason", "not_allowed", "--remove", "properties.currency"), 1);
        assert.equal(fix(String(byId["m-750"].id), "--remove", "properties.ana@example.org"), 0, "points divide");
        assert.equal(fix(String(byId["m-750"].id), "--remove", "properties['ana@example.org']"), 1);
        assert.equal(fix(String(byId["m-850"].id), "--rename", "properties.amount=properties.total"), 1);
    });

    await t.test("what passes is loaded once, what does not waits on", () => {
        assert.deepEqual(json(["quarantine", "replay", "--all"], { cwd: m.dir }), { loaded: 9, still: 1, duplicates: 0, suppressed: 0 });
        assert.deepEqual(json(["quarantine", "replay", "--all"], { cwd: m.dir }), { loaded: 0, still: 1, duplicates: 0, suppressed: 0 });
        q = waiting(m.dir);
        assert.equal(q.total, 1);
        assert.equal(q.events[0].message_id, "m-950");
        assert.equal(json(["quarantine", "replay", String(byId["m-50"].id)], { cwd: m.dir }).loaded, 0, "it is loaded already");
    });

    await t.test("the plan is mended instead of the event", async () => {
        write(m.dir, "domains/web/sources/site/order.odcs.yaml", order.replace("{name: total, logicalType: number, required: true", "{name: total, logicalType: number, required: false"));
        await until("the new plan", () => json(["quarantine", "replay", "--event", "Order Completed"], { cwd: m.dir }).loaded === 1);
        assert.equal(waiting(m.dir).total, 0);
        assert.equal(count(m.dir), 1001);
        assert.deepEqual(rows("SELECT count(*), count(DISTINCT message_id), count(p_total) FROM web.site__track", { cwd: m.dir }), ["1001,1001,1000"]);
        assert.deepEqual(rows("SELECT p_total FROM web.site__track WHERE message_id IN ('m-50', 'm-150', 'm-850') ORDER BY message_id", { cwd: m.dir }), ["12.500000", "19.990000", "5.000000"].sort());
    });

    await t.test("the first payload is kept; all of them can be listed", () => {
        const one = json(["quarantine", "show", String(byId["m-50"].id)], { cwd: m.dir });
        assert.equal(one.state, "replayed");
        assert.equal(one.payload.properties.total, 19.99);
        assert.equal(one.first_payload.properties.total, "19.99");
        assert.ok(!("writeKey" in one.payload) && !("writeKey" in one.first_payload), "of a key only its hash is kept");
        assert.ok(one.fixed_at && one.replayed_at);
        assert.equal(json(["quarantine", "--state", "all"], { cwd: m.dir }).total, 10);
        assert.equal(json(["quarantine", "--state", "replayed"], { cwd: m.dir }).total, 10);
    });

    await t.test("a planned member of another type: what is loaded is turned, what comes is loaded", async () => {
        const text = order.replace("{name: items, logicalType: integer", "{name: items, logicalType: string").replace("name: total, logicalType: number, required: true", "name: total, logicalType: number, required: false");
        write(m.dir, "domains/web/sources/site/order.odcs.yaml", text);
        const kind = () => rows("SELECT typeof(p_items) FROM web.site__track LIMIT 1", { cwd: m.dir })[0];
        let sent = 0;
        await until("a text", async () => (await it.send([event("m-text-" + sent++, { ...good(1), items: "two" })]), kind() === "VARCHAR"));
        assert.deepEqual(rows("SELECT p_items FROM web.site__track WHERE message_id = 'm-0'", { cwd: m.dir }), ["2"]);
        await it.send([event("m-text", { ...good(1), items: "two" })]);
        await until("the text", () => rows("SELECT p_items FROM web.site__track WHERE message_id = 'm-text'", { cwd: m.dir })[0] === "two");
    });
});

test("what may be personal is hidden; a reveal is logged", async (t) => {
    const m = eventMesh(t, "quarantine");
    const it = await withCollector(t, m);
    await it.send([
        event("p-1", { ...good(1), items: "x", note: "SECRET-NOTE" }, { userId: "SECRET-USER", context: { ip: "203.0.113.9", library: { name: "sdk" }, traits: { email: "SECRET@example.org" }, page: { path: "/cart", url: "https://x/?e=SECRET" } } }),
        event("p-2", { free: "SECRET-FREE", deep: { er: ["SECRET"] } }, { event: "Never Planned" }),
    ]);
    await until("two events", () => waiting(m.dir).total === 2);
    const [two, one] = waiting(m.dir).events;
    assert.deepEqual([two.reason, two.field], ["unplanned", "event"]);

    const text = must(["quarantine", "show", String(one.id)], { cwd: m.dir }).out;
    assert.ok(!text.includes("SECRET"), text);
    const shown = json(["quarantine", "show", String(one.id)], { cwd: m.dir });
    assert.equal(shown.payload.userId, "hidden: personal");
    assert.equal(shown.payload.properties.note, "hidden: personal");
    assert.equal(shown.payload.properties.order_id, "A-1");
    assert.equal(shown.payload.properties.items, "x");
    assert.equal(shown.payload.context.library.name, "sdk");
    assert.equal(shown.payload.context.page.path, "/cart");
    assert.ok(shown.hidden.includes("context.traits.email") && shown.hidden.includes("userId"));
    const unplanned = json(["quarantine", "show", String(two.id)], { cwd: m.dir });
    assert.deepEqual(unplanned.payload.properties, { free: "hidden: personal", deep: { er: ["hidden: personal"] } });

    const open = json(["quarantine", "show", String(one.id), "--reveal", "--why", "a case"], { cwd: m.dir });
    assert.equal(open.payload.properties.note, "SECRET-NOTE");
    assert.equal(open.revealed, true);
    const log = json(["audit", "show", "--kind", "reveal"], { cwd: m.dir }).entries;
    assert.equal(log.length, 1);
    assert.deepEqual([log[0].principal, log[0].detail], ["local-admin", "a case"]);
    assert.ok(log[0].what.startsWith(`quarantine ${one.id}: `) && log[0].what.includes("properties.note") && !log[0].what.includes("SECRET"), log[0].what);
});

test("events of people who were suppressed since are emptied, not replayed", async (t) => {
    const m = eventMesh(t);
    const it = await withCollector(t, m);
    const further = { context: { externalIds: [{ id: "Gone@example.org", type: "user_id", collection: "users", encoding: "none" }] } };
    await it.send([event("s-1", { ...good(1), total: "x" }, { userId: "Gone@Example.org", traits: {} }), event("s-2", { ...good(2), total: "y" }, { userId: "stays" }), event("s-3", { ...good(3), total: "z" }, further)]);
    await until("three events", () => waiting(m.dir).total === 3);
    must(["suppress", "add", "gone@example.org", "--kind", "user_id"], { cwd: m.dir });
    json(["quarantine", "fix", "--all", "--set", "properties.total=1"], { cwd: m.dir });
    assert.deepEqual(json(["quarantine", "replay", "--all"], { cwd: m.dir }), { loaded: 1, still: 0, duplicates: 0, suppressed: 2 });
    assert.deepEqual(rows("SELECT message_id FROM web.site__track", { cwd: m.dir }), ["s-2"]);
    const gone = json(["quarantine", "--state", "dropped"], { cwd: m.dir }).events[0];
    const shown = json(["quarantine", "show", String(gone.id), "--reveal"], { cwd: m.dir });
    assert.deepEqual([shown.payload, shown.first_payload], [{}, null]);
});

test("what an event says of consent is kept once, whether it fits the plan or not", async (t) => {
    const m = eventMesh(t);
    const it = await withCollector(t, m);
    await it.send([event("c-1", { ...good(1), total: "x" }, { context: { consent: { categoryPreferences: { Advertising: false } } } })]);
    await until("the event", () => waiting(m.dir).total === 1);
    const statements = () => rows("SELECT count(*) FROM web.site__consent", { cwd: m.dir })[0];
    assert.equal(statements(), "1");
    json(["quarantine", "fix", "--all", "--set", "properties.total=1"], { cwd: m.dir });
    assert.equal(json(["quarantine", "replay", "--all"], { cwd: m.dir }).loaded, 1);
    assert.equal(statements(), "1");
});

test("without a server; given up for good; mistakes are explained", async (t) => {
    const m = eventMesh(t);
    const it = await withCollector(t, m);
    await it.send([event("w-1", { ...good(1), total: "x" }), event("w-2", { ...good(2), total: null }), event("w-3", { total: [] })]);
    await until("three events", () => waiting(m.dir).total === 3);
    it.child.kill("SIGTERM");
    await it.ended;
    const ids = waiting(m.dir).events.map((e) => e.id).sort();
    assert.equal(json(["quarantine", "fix", String(ids[0]), "--drop"], { cwd: m.dir }).fixed, 1);
    assert.equal(json(["quarantine", "fix", String(ids[0]), "--set", "properties.total=1"], { cwd: m.dir }).fixed, 0, "it is given up");
    assert.equal(json(["quarantine", "fix", String(ids[1]), "--set", "properties.total=1"], { cwd: m.dir }).fixed, 1);
    assert.deepEqual(json(["quarantine", "replay", String(ids[0]), String(ids[1]), String(ids[2])], { cwd: m.dir }), { loaded: 1, still: 1, duplicates: 0, suppressed: 0 });
    assert.equal(count(m.dir), 1);
    const both = json(["quarantine", "show", String(ids[2])], { cwd: m.dir });
    assert.match(both.message, /properties\.order_id: is required; properties\.total: must be a number, and a list was sent/);

    for (const [args, said] of [
        [["fix", "--all"], /nothing to change/],
        [["fix", "--all", "--set", "a={"], /no JSON/],
        [["fix", "--all", "--set", "a..b=1"], /no path/],
        [["fix", "--all", "--set", 'messageId="x"'], /messageId cannot be changed/],
        [["fix", "--all", "--rename", "a=a.b"], /renamed into itself/],
        [["fix", "--all", "--cast", "a=money"], /number, text and boolean/],
        [["fix", "--all", "--drop", "--set", "a=1"], /dropped/],
        [["fix", "--set", "a=1"], /which events/],
        [["replay"], /which events/],
        [["replay", "x"], /not the number/],
        [["show"], /number of one event/],
        [["show", "99"], /no rejected event 99/],
        [["list", "--state", "wating"], /did you mean waiting/],
        [["bogus"], /not understood/],
    ]) {
        const r = run(["quarantine", ...args], { cwd: m.dir });
        assert.equal(r.code, 2, args.join(" "));
        assert.match(r.err, said);
    }
});

test("rows of files are listed beside events", (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    write(dir, "in/spend.csv", "day,channel,amount\n2026-01-01,search,10.10\n2026-01-02,search,20.20\n2026-01-03,social,0.03\n");
    must(["add", "files", "--name", "spend", "--path", "in/spend.csv", "--domain", "acquisition"], { cwd: dir });
    must(["run"], { cwd: dir });
    assert.deepEqual(json(["quarantine"], { cwd: dir }), { total: 0, groups: [], events: [], files: [] });
    write(dir, "in/spend.csv", "day,channel,amount\n2026-01-01,search,10.10\n2026-01-02,search,SECRET\n2026-01-03,social,0.03\n");
    run(["run"], { cwd: dir });
    const q = json(["quarantine", "--source", "acquisition.spend"], { cwd: dir });
    assert.equal(q.files.length, 1);
    assert.deepEqual([q.files[0].stream, q.files[0].column, q.files[0].reason, q.files[0].rows, q.files[0].first_line], ["acquisition.spend__data", "amount", "bad_value", 1, 3]);
    assert.ok(!must(["quarantine"], { cwd: dir }).out.includes("SECRET"));
    assert.equal(json(["quarantine", "--source", "acquisition.other"], { cwd: dir }).files.length, 0);
});
