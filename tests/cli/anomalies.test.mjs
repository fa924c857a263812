// What is out of the ordinary in the demo: each planted day is found, what explains it, what happened then; effects and the baseline over HTTP.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import os from "node:os";
import { json, must, root, run, start, until, write } from "./lib.mjs";

const NOW = "2026-11-22T10:00:00Z", LAST = "2026-11-21", DAYS = 90; // the demo's calendar has its sales: a fixed day makes the same year each time
const env = { TRELLIS_NOW: NOW };
const back = (n) => new Date(Date.parse(LAST) - n * 86400000).toISOString().slice(0, 10);
const table = fs.readFileSync(path.join(root, "src/cli/demo/planted.c"), "utf8");
const planted = [...table.matchAll(/^ {4}\{MOVED_(\w+), "([^"]+)", "(\w+)", (NULL|"[^"]+"), (NULL|"[^"]+"), (\d+), (\d+), ([\d.]+), (NULL|"\w+")\},$/gm)].map(([, moved, title, metric, dimension, value, from, to, factor, kind]) => ({
    moved, title, metric, factor: Number(factor), from: back(from), to: back(to), dimension: dimension === "NULL" ? null : dimension.slice(1, -1), value: value === "NULL" ? null : value.slice(1, -1), kind: kind === "NULL" ? null : kind.slice(1, -1),
}));

let top, dir, server;
const cli = (args) => json(args, { cwd: dir, env });
const ask = async (at, body, role) => {
    const r = await fetch(`http://127.0.0.1:${server.port}/api/v1/${at}`, { method: body ? "POST" : "GET", headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json", ...(role && { "x-trellis-role": role }) }, body: body && JSON.stringify(body) });
    return { status: r.status, ...(await r.json()) };
};

before(async () => {
    top = fs.mkdtempSync(path.join(os.tmpdir(), "trellis-cli-"));
    dir = path.join(top, "demo");
    must(["demo", "--dir", dir, "--no-serve"], { env });
    write(dir, "domains/shared/metrics/order_events.yaml", "name: order_events\ntitle: Orders that the site told of\ndescription: Order events of the site and the app.\ntype: simple\nunit: count\nmeasure: interaction.events\nfilter: \"event = 'Order Completed'\"\nwatch: true\n");
    server = start(["serve", "--port", "0"], { cwd: dir, env });
    const url = new URL(await until("the address", () => server.out.match(/http:\/\/\S+/)?.[0], 120_000));
    server.port = url.port;
    server.token = url.searchParams.get("token");
});
after(async () => {
    server?.child.kill("SIGTERM");
    await server?.ended;
    fs.rmSync(top, { recursive: true, force: true });
});

const overlaps = (a, from, to) => a.since <= to && (a.until ?? LAST) >= from;

test("each planted day of the demo is found, and where it was", async () => {
    assert.equal(planted.length, 4);
    const all = await ask(`anomalies?days=${DAYS}&explained=0`);
    assert.equal(all.status, 200);
    assert.deepEqual(all.problems, []);
    const explained = new Set();
    for (const p of planted) {
        const up = p.factor > 1;
        const own = all.anomalies.filter((a) => overlaps(a, p.from, p.to));
        const hit = own.find((a) => a.metric.endsWith(`.${p.metric}`) && a.value > a.expected === up) ?? (p.dimension ? undefined : own.find((a) => /visits|new_customers|conversion_rate/.test(a.metric) && a.value > a.expected === up));
        assert.ok(hit, `${p.title}, ${p.from} to ${p.to}: ${JSON.stringify(own, null, 1)}`);
        assert.ok(Math.abs(Date.parse(hit.since) - Date.parse(p.from)) <= 2 * 86400000, `${p.title} began ${p.from}, told ${hit.since}`);
        for (const a of own) explained.add(a);
        console.log(`# ${p.title}: ${hit.metric} ${hit.kind} since ${hit.since}, ${hit.value} where ${hit.expected.toFixed(1)} is usual`);
        if (!p.dimension) continue;
        const why = await ask("anomalies/explain", { metric: hit.metric, day: hit.day });
        assert.equal(why.status, 200);
        assert.ok(why.exact && Math.abs(why.after - hit.value) < 0.01 && Math.abs(why.before - hit.expected) < 0.01, JSON.stringify(why));
        const driver = why.drivers.find((d) => d.dimension === p.dimension && d.value === p.value);
        assert.ok(driver && driver.share > 0.5, `${p.title}: ${JSON.stringify(why.drivers.slice(0, 6))}`);
    }
    // What the calendar of the demo explains is none either: its sales stand in the annotations.
    const sales = (await ask(`annotations?from=${back(DAYS + 10)}&to=${LAST}`)).annotations.filter((a) => a.source === "file");
    const others = all.anomalies.filter((a) => !explained.has(a) && !sales.some((s) => a.since <= new Date(Date.parse(s.until ?? s.day) + 10 * 86400000).toISOString().slice(0, 10) && (a.until ?? LAST) >= s.day));
    const years = all.judged / 365;
    console.log(`# beside them and the sales: ${others.length} in ${all.judged} days of ${all.watched} metrics, ${(others.length / years).toFixed(1)} a year in each; in all ${all.anomalies.length}`);
    for (const a of others) console.log(`#   ${a.metric} ${a.kind} ${a.since} ${a.value.toFixed(2)} where ${a.expected.toFixed(2)}`);
    assert.ok(others.length / years <= 8, "too many");
    assert.ok(all.false_alarms.per_year <= 1 && all.false_alarms.how);
});

test("drivers of a list, as a table and for a spreadsheet", () => {
    const list = cli(["anomalies", "--days", "20", "--metric", "spend"]);
    const spend = list.anomalies.find((a) => a.since === back(17));
    assert.ok(spend, JSON.stringify(list));
    assert.equal(spend.kind, "spike");
    assert.ok(spend.drivers.some((d) => d.dimension === "campaign" && d.value === "DE | Shopping | All products" && d.share > 0.9), JSON.stringify(spend.drivers));
    const csv = must(["anomalies", "--days", "20", "--metric", "spend", "--format", "csv"], { cwd: dir, env }).out.split("\r\n");
    assert.ok(csv[0].startsWith("metric,day,kind,severity,since,until,value,expected,low,high,dimension,"));
    assert.ok(csv.some((l) => l.startsWith(`acquisition.spend,${back(17)},spike,`)), csv.join("\n"));
    const shown = must(["anomalies", "--days", "20", "--metric", "spend"], { cwd: dir, env });
    assert.match(shown.out, /acquisition\.spend +\d{4}-\d\d-\d\d +spike/);
    assert.match(shown.err, /1 metric looked at; chance alone/);
    const wrong = run(["anomalies", "--metric", "spent"], { cwd: dir, env });
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.err, /spend/);
    assert.equal(run(["anomalies", "--days", "0"], { cwd: dir, env }).code, 2);
});

test("ratios are taken apart by mix and rate, and sum", async () => {
    const r = await ask("anomalies/explain", { metric: "cac", day: back(20), against: "week before" });
    assert.equal(r.status, 200, JSON.stringify(r));
    assert.ok(r.exact);
    for (const d of r.drivers) assert.ok(Math.abs(d.rate + d.mix - d.change) < 1e-6 * (1 + Math.abs(d.change)), JSON.stringify(d));
    const channels = await ask("metrics/query", { metrics: ["cac"], grain: "day", from: back(20), to: back(20) });
    assert.ok(Math.abs(channels.rows[0][1] - r.after) < 0.01, `${JSON.stringify(channels.rows)} ${r.after}`);
    assert.equal((await ask("anomalies/explain", { metric: "cac", day: back(20), against: "last year" })).status, 400);
    assert.equal((await ask("anomalies/explain", { metric: "cac" })).status, 400);
    assert.equal((await ask("anomalies/explain", { metric: "nothing", day: back(1) })).status, 404);
});

test("what happened when: from people, platforms and the declaration", async () => {
    const r = await ask(`annotations?from=${back(400)}&to=${LAST}`);
    assert.equal(r.status, 200, JSON.stringify(r));
    assert.ok(r.annotations.some((a) => a.source === "file" && a.title === "New checkout" && a.kind === "deployment" && a.day === back(26)));
    assert.ok(r.annotations.some((a) => a.source === "platform" && a.kind === "campaign" && / began/.test(a.title)), JSON.stringify(r.annotations.filter((a) => a.source === "platform").slice(0, 5)));
    // as its history tells: on the day itself, not on that of the export
    assert.ok(r.annotations.some((a) => a.source === "platform" && a.title === "google_ads: DE | Search | Competitors is PAUSED after ENABLED" && a.day === back(95)), JSON.stringify(r.annotations.filter((a) => / is PAUSED/.test(a.title))));
    assert.ok(r.annotations.some((a) => a.source === "platform" && a.title === "facebook_ads: DE | Retargeting | Basket has a budget of 65 after 33"));
    const now = await ask("annotations");
    assert.ok(now.annotations.some((a) => a.source === "trellis" && a.ref === "shared.order_events" && a.href === "/metrics/shared/order_events"), JSON.stringify(now.annotations));
    assert.ok((await ask(`annotations?from=${back(400)}&to=${LAST}&domain=lifecycle`)).annotations.every((a) => a.source !== "file" || a.ref !== "web"));
    assert.equal((await ask("annotations?from=2026-02-30")).status, 400);
    assert.equal((await ask("annotations?domain=none")).status, 404);
});

test("what came of a day, and what nothing came of", async () => {
    const r = await ask("effects", { metric: "orders", post_from: back(26), from: back(58), to: back(10) });
    assert.equal(r.status, 200, JSON.stringify(r));
    assert.equal(r.effect, true);
    assert.ok(r.relative.value < -0.1 && r.relative.high < 0 && r.p < 0.01 && r.post_days === 17, JSON.stringify({ ...r, days: 0 }));
    assert.equal(r.days.length, 49);
    console.log(`# new checkout: ${(100 * r.relative.value).toFixed(0)} % [${(100 * r.relative.low).toFixed(0)}, ${(100 * r.relative.high).toFixed(0)}] of orders, planted -28 %`);
    const none = await ask("effects", { metric: "orders", post_from: back(36), from: back(61), to: back(27) });
    assert.equal(none.status, 200, JSON.stringify(none));
    assert.equal(none.effect, false, JSON.stringify({ ...none, days: 0 }));
    assert.equal((await ask("effects", { metric: "orders" })).status, 400);
    assert.equal((await ask("effects", { metric: "orders", post_from: back(26), controls: ["orders"] })).status, 400);
    assert.equal((await ask("effects", { metric: "orders", post_from: back(26), from: back(28), to: back(20) })).status, 400);
});

test("new customers without ads, or why that is not known", async () => {
    const r = await ask(`baseline?from=${back(88)}&to=${LAST}`);
    assert.equal(r.status, 200, JSON.stringify(r));
    assert.equal(r.source, "baseline");
    assert.ok(r.method && r.days.length > 60 && r.new_customers > 0);
    if (r.known) {
        assert.ok(r.incremental.low <= r.incremental.value && r.incremental.value <= r.incremental.high && r.incremental.value >= 0);
        assert.ok(Math.abs(r.organic.value + r.incremental.value - r.new_customers) < 1e-6);
    } else assert.ok(r.why && r.incremental === null);
    console.log(`# baseline: ${r.known ? `${r.organic.value.toFixed(0)} of ${r.new_customers.toFixed(0)} new customers without ads` : r.why}`);
    const few = await ask(`baseline?from=${back(20)}&to=${LAST}`);
    assert.ok(!few.known && /56 days/.test(few.why));
    assert.equal((await ask(`baseline?from=${back(20)}`)).status, 400);
});

test("one alert while it lasts, and lines of the digest", async () => {
    const first = await ask("alerts/check", {});
    assert.equal(first.status, 200, JSON.stringify(first));
    const alerts = async () => (await ask("alerts")).alerts.filter((a) => a.kind === "metric_unusual");
    const told = await alerts();
    assert.ok(told.some((a) => a.ref === "acquisition.spend" && /would be usual/.test(a.message)), JSON.stringify(told));
    await ask("alerts/check", {});
    assert.deepEqual((await alerts()).map((a) => [a.ref, a.raised_at]), told.map((a) => [a.ref, a.raised_at]));
    assert.match((await ask("digest")).text, /Out of the ordinary\n {2}.*: .*would be usual/);
});

test("figures of the whole are not told to who sees a part", async () => {
    const of = async (role) => (await ask("alerts", undefined, role)).alerts.filter((a) => a.kind === "metric_unusual" && /^shared\.(orders|revenue|visits)$/.test(a.ref));
    assert.ok((await of("analyst")).some((a) => /would be usual/.test(a.message)));
    for (const role of ["viewer", "german_agency", "tester"]) {
        const told = await of(role);
        assert.ok(told.length > 0, role);
        for (const a of told) assert.match(a.message, /^[^0-9]* is out of the ordinary \(shared\.[a-z]+\)\.$/, `${role}: ${a.message}`);
    }
});

test("days that are withheld are not days of nothing", async () => {
    const r = await ask("anomalies?explained=0", undefined, "viewer");
    assert.equal(r.status, 200, JSON.stringify(r));
    const hidden = r.problems.filter((p) => /withheld/.test(p.message)).map((p) => p.metric);
    assert.ok(hidden.includes("shared.revenue") || hidden.includes("shared.orders"), JSON.stringify(r.problems));
    assert.ok(r.anomalies.every((a) => !hidden.includes(a.metric)));
});

test("a question that somebody shared is there for who sees all that it names", async () => {
    const kept = async (title, by, where) => assert.equal((await ask("views", { title, ask: { metrics: ["orders"], by, where }, chart: "bar", shared: true })).status, 200);
    await kept("by country", ["country"]);
    await kept("by industry", ["industry"]);
    await kept("of an industry", ["country"], "industry = 'Florists'");
    const titles = async (role) => (await ask("views", undefined, role)).views.map((v) => v.title).sort();
    assert.deepEqual(await titles("analyst"), ["by country", "by industry", "of an industry"]);
    assert.deepEqual(await titles("german_agency"), ["by country"]);
});

test("conversions are named to whom they are shown", async () => {
    const named = async (role) => (await ask("attribution/conversions", undefined, role)).conversions.map((x) => x.name);
    assert.ok((await named("viewer")).includes("purchase"));
    assert.deepEqual(await named("german_agency"), []);
});

test("the purpose that a question names holds: who said no to it is not counted", async () => {
    const body = { metrics: ["people_active"], from: back(20), to: LAST }, of = async (at, purpose) => (await ask(at, { ...body, purpose })).rows[0][0];
    const whole = await of("metrics/query", "analytics"), advertising = await of("metrics/query", "advertising");
    assert.equal(advertising, await of("metrics/query?purpose=advertising"));
    assert.ok(advertising < whole, `${advertising} of ${whole}`);
    assert.equal((await ask("metrics/explain", { ...body, purpose: "nothing" })).status, 403);
    assert.equal((await ask("metrics/query", { ...body, purpose: "nothing" })).status, 403);
    assert.equal((await ask("anomalies/explain", { metric: "visits", day: LAST, purpose: "nothing" })).status, 403);
});
