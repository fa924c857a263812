// trellis attribution through the whole program: over tables of one's own (figures worked out by hand, published ones, mistakes, what is hidden), and over the shared
// ports of a few hundred people made by rule, where it agrees with the port of credit in every digit.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { before, after } from "node:test";
import { mesh, send } from "./entities_world.mjs";
import { hasShared, json, must, run, scratch, serve, shared, write } from "./lib.mjs";

const hooks = [];
const t = { after: (fn) => hooks.push(fn) };
after(async () => {
    for (const fn of hooks.reverse()) await fn();
});

const visits = "web.visits customer=buyer time=at channel=channel source=site campaign=campaign";
const sales = "web.sales customer=buyer time=at value=paid";
let dir, it;

// ---- people of the shared ports ----

let seed = 20260301;
const draw = (n) => {
    let x = (seed = (seed + 0x6d2b79f5) | 0); // mulberry32
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % n;
};
const WAYS = [
    { source: "google", medium: "cpc", name: "Spring", content: "a1" }, { source: "Google ", medium: "cpc", name: "Brand" }, { source: "facebook", medium: "paid_social", name: "Launch" },
    { source: "news", medium: "email", name: "march" }, { source: "partner", medium: "affiliate", name: "blog" }, null, null, null,
];

// Visits of four months by eight ways, with baskets and orders; some of one moment, some long ago, one person in twelve says no to analytics at the end.
function calls() {
    const out = [];
    for (let p = 0; p < 260; p++) {
        const who = { anonymousId: `anon-${p}`, ...(draw(3) ? { userId: `u-${p}` } : {}) };
        let at = Date.UTC(2026, 0, 1) + draw(30 * 86400) * 1000;
        for (let visit = draw(9); visit > 0; visit--) {
            at += (1 + draw(20 * 86400)) * 1000;
            const campaign = WAYS[draw(WAYS.length)], time = new Date(at).toISOString();
            const put = (type, name, more = {}, after = 0) =>
                out.push({ type, messageId: `m-${out.length}`, timestamp: new Date(at + after).toISOString(), ...who, ...(name ? { event: name } : {}), ...more,
                    context: { page: { url: "https://shop.example/", path: "/", referrer: draw(2) ? "" : "https://www.google.com/" }, ...(campaign ? { campaign } : {}), ...more.context } });
            put("page", "");
            if (draw(3) === 0) put("track", "Product Added", { properties: { product_id: "7" } }, draw(2) * 60000);
            if (draw(3) === 0) put("track", "Order Completed", { properties: { order_id: `o-${out.length}`, total: (100 + draw(20000)) / 100, currency: "EUR" } }, draw(3) * 300000);
        }
        if (p % 12 === 5) out.push({ type: "page", messageId: `m-${out.length}`, timestamp: new Date(at + 1000).toISOString(), ...who, context: { page: { url: "https://shop.example/", path: "/" }, consent: { categoryPreferences: { analytics: false } } } });
    }
    return out;
}

// Contracts of landed files take a column of people's numbers for personal; whoever owns the table says what it is.
function opened(names) {
    for (const name of names)
        for (const file of [`domains/web/products/${name}/${name}.odcs.yaml`, `domains/web/sources/${name}.odcs.yaml`]) {
            const text = fs.readFileSync(path.join(dir, file), "utf8");
            fs.writeFileSync(path.join(dir, file), text.replace(/(name: customer_id,.*classification: )personal/, "$1confidential"));
        }
}

before(async () => {
    dir = path.join(scratch(t), "shop");
    const { key } = JSON.parse(mesh(dir));
    write(dir, "governance/attribution.yaml", `conversions:
  - {name: purchase, title: Purchase, from: orders, value: net_revenue_reporting, lookback: 30d, touches: {visit: 21d}}
  - {name: basket, title: Basket, from: events, events: ["Product Added"], lookback: 7d}
models:
  w: {weights: [0.3, 0.3, 0.3, 0.1], milestone: basket}
  time_decay: {half_life: 5d}
`);
    fs.appendFileSync(path.join(dir, "governance/roles.yaml"), `
  - {name: board, title: Board, grants: [{products: ["*"], tier: aggregated}]}
  - {name: planner, title: Planner, grants: [{products: ["*"], tier: masked}]}
  - {name: finance, title: Finance, grants: [{products: [shared.customer_order], tier: masked}]}
`);
    const all = calls();
    await send(dir, key, Array.from({ length: Math.ceil(all.length / 400) }, (_, i) => all.slice(400 * i, 400 * i + 400)));
    const csv = (name, lines) => write(dir, `in/${name}.csv`, lines.join("\n") + "\n");
    csv("visits", [
        "buyer,at,channel,site,campaign",
        "1,2026-01-01 10:00:00,search,google,spring", "1,2026-01-05 10:00:00,social,meta,launch", "1,2026-01-09 10:00:00,direct,,", "1,2026-02-20 10:00:00,search,google,brand",
        "2,2026-01-02 10:00:00,social,meta,launch", "2,2026-01-03 10:00:00,search,bing,spring",
        "3,2026-01-04 10:00:00,search,google,spring",
        "4,2025-11-01 10:00:00,social,meta,launch", // more than 30 days before
    ]);
    csv("sales", ["buyer,at,paid,kind", "1,2026-01-10 10:00:00,100.01,shop", "2,2026-01-03 10:00:00,50.00,shop", "4,2026-01-20 10:00:00,7.77,shop", "5,2026-01-21 10:00:00,1.00,test"]);
    csv("people", ["customer_id,at,channel", "a,2026-01-01 10:00:00,search", "b,2026-01-01 10:00:00,social"]);
    csv("costs", ["day,channel,amount", "2026-02-01,paid_search,300.50", "2026-03-01,paid_search,99.50", "2026-02-01,paid_social,100", "2026-02-02,display,50", "2025-01-01,display,1000"]);
    const names = ["visits", "sales", "people", "costs"];
    if (hasShared) {
        const data = path.join(shared, "data");
        for (const [name, file] of [["sessions", "attribution_playbook/sessions.csv"], ["bought", "attribution_playbook/customer_conversions.csv"], ["touches", "attribution_touchpoints/touchpoints.csv.gz"]]) {
            fs.copyFileSync(path.join(data, file), path.join(dir, "in", name + path.basename(file).replace(/^[^.]*/, "")));
            names.push(name);
        }
    }
    for (const name of names) {
        const file = fs.readdirSync(path.join(dir, "in")).find((f) => f.startsWith(name + "."));
        must(["add", "files", "--name", name, "--path", `in/${file}`, "--domain", "web"], { cwd: dir });
    }
    if (hasShared) {
        // The playbook leaves out what is empty at the end of a line.
        const source = path.join(dir, "domains/web/sources/sessions.yaml");
        fs.writeFileSync(source, fs.readFileSync(source, "utf8").replace(/( +)load: snapshot.*/, "$1load: snapshot\n$1options: {short_rows: fill}"));
        opened(["sessions", "bought", "touches"]);
    }
    write(dir, "domains/web/models/costs.yaml", "name: costs\nport: web.costs\ndescription: What ads cost.\ntime: day\ndimensions: [{name: channel, title: Channel}]\nmeasures: [{name: spend, agg: sum, expr: amount, unit: currency}]\n");
    write(dir, "domains/web/metrics/spend.yaml", "name: spend\ntitle: Ad spend\ndescription: What ads cost.\ntype: simple\nunit: currency\nmeasure: costs.spend\n");
    must(["run"], { cwd: dir });
    it = await serve(t, dir);
});

const ask = (body) => it.json("/api/v1/attribution", { method: "POST", body });
const told = (answer, model) => Object.fromEntries(answer.rows.map((r) => [Object.values(r.key).map((v) => v ?? "-").join("/"), [r.credits[model].conversions, r.credits[model].value]]));

test("credit by rule is what one works out by hand, with conversions that nothing led to", async () => {
    const a = await ask({ touches: visits, conversions: sales + " where=kind = 'shop'", models: ["last", "last_non_direct", "first", "linear"] });
    assert.equal(a.status, 200);
    assert.deepEqual(a.total, { conversions: 3, value: 157.78, journeys: 2, open_journeys: 3, untouched: 1 });
    assert.deepEqual([a.from, a.to, a.lookback_s, a.currency], ["2026-01-03", "2026-01-20", 30 * 86400, "EUR"]);
    assert.deepEqual(told(a, "last"), { direct: [1, 100.01], search: [1, 50], social: [0, 0], "(none)": [1, 7.77] });
    assert.deepEqual(told(a, "last_non_direct"), { social: [1, 100.01], search: [1, 50], direct: [0, 0], "(none)": [1, 7.77] });
    assert.deepEqual(told(a, "first"), { search: [1, 100.01], social: [1, 50], direct: [0, 0], "(none)": [1, 7.77] });
    // A third each, the millionth that is left to the later: search, social, direct.
    assert.deepEqual(told(a, "linear"), { search: [0.833333, 58.336666], social: [0.833333, 58.336667], direct: [0.333334, 33.336667], "(none)": [1, 7.77] });
});

test("lower levels add up to higher ones, in every model", async () => {
    const body = { touches: visits, conversions: sales };
    const by = {};
    for (const level of ["channel", "source", "campaign"]) by[level] = await ask({ ...body, by: level });
    for (const { name } of by.channel.models) {
        const sums = (a) => a.rows.reduce((o, r) => ((o[r.key.channel] = [(o[r.key.channel]?.[0] ?? 0) + Math.round(r.credits[name].conversions * 1e6), (o[r.key.channel]?.[1] ?? 0) + Math.round(r.credits[name].value * 1e6)]), o), {});
        assert.deepEqual(sums(by.source), sums(by.channel), name);
        assert.deepEqual(sums(by.campaign), sums(by.channel), name);
        assert.deepEqual(Object.values(sums(by.channel)).reduce((x, v) => [x[0] + v[0], x[1] + v[1]], [0, 0]), [4e6, 158_780_000], name);
    }
});

test("days, lookback and conditions choose what counts", async () => {
    const body = { touches: visits, conversions: sales, models: ["first"] };
    assert.deepEqual(told(await ask({ ...body, from: "2026-01-10", to: "2026-01-10" }), "first"), { search: [1, 100.01], social: [0, 0], direct: [0, 0] });
    assert.deepEqual(told(await ask({ ...body, lookback: "5d", to: "2026-01-10" }), "first"), { social: [2, 150.01], search: [0, 0], direct: [0, 0] });
    const meta = await ask({ ...body, where: "site = 'meta'", to: "2026-01-10" });
    assert.deepEqual(told(meta, "first"), { social: [2, 150.01] });
    assert.ok(!meta.notes.some((n) => /none that meets it/.test(n)), "each conversion has a touch of meta");
    const none = await ask({ ...body, where: "site = 'nowhere'", to: "2026-01-10" });
    assert.ok(none.notes.includes(`The condition is over touches: ${none.total.conversions} of ${none.total.conversions} conversions have none that meets it, and stand under (none).`), JSON.stringify(none.notes));
    assert.deepEqual(told(await ask({ ...body, lookback: "90d", from: "2026-01-20", to: "2026-01-20" }), "first"), { social: [1, 7.77] });
    assert.equal((await ask({ ...body, from: "2030-01-01" })).total.conversions, 0);
});

test("the same on the command line: table, csv, json, and by itself as with a server", async () => {
    const words = ["attribution", "--touches", visits, "--conversions", sales, "--model", "first,linear"];
    const served = json(words, { cwd: dir });
    assert.deepEqual(served.rows, (await ask({ touches: visits, conversions: sales, models: ["first", "linear"] })).rows);
    const csv = must([...words, "--format", "csv", "--by", "campaign"], { cwd: dir }).out.split("\r\n");
    assert.equal(csv[0], "channel,source,campaign,title,touches,spend,first_conversions,first_value,linear_conversions,linear_value");
    assert.ok(csv.includes("search,google,spring,spring,1,,1,100.01,0.333333,33.336666"), csv.join("\n"));
    assert.match(must(words, { cwd: dir }).out, /Conversions, by channel:\nchannel +touches +first +linear\n.*\nsearch +2 +1\.00 +0\.83\n/);
    assert.match(must(["attribution", "--list"], { cwd: dir }).out, /purchase +Purchase +orders +customer +30d/);
});

test("paths and lag", async () => {
    const body = { touches: visits, conversions: sales };
    const paths = await it.json("/api/v1/attribution/paths", { method: "POST", body });
    assert.deepEqual(paths.paths[0], { path: ["search", "social", "direct"], conversions: 1, value: 100.01, open: 0, median_lag_s: 9 * 86400 });
    assert.deepEqual(paths.paths.find((p) => p.path.join() === "social"), { path: ["social"], conversions: 0, value: 0, open: 1, median_lag_s: null });
    assert.deepEqual([paths.all, paths.conversions, paths.open], [4, 2, 3]);
    const lag = await it.json("/api/v1/attribution/lag", { method: "POST", body });
    assert.deepEqual(lag.by, [{ key: "search", median_s: 9 * 86400, p90_s: 9 * 86400, conversions: 1 }, { key: "social", median_s: 86400, p90_s: 86400, conversions: 1 }]);
    assert.equal(lag.buckets.reduce((n, b) => n + b.conversions, 0), 2);
    assert.equal(lag.buckets.find((b) => b.from_s === 86400).conversions, 1);
});

test("mistakes are told with what to do", async () => {
    for (const [body, code, text] of [
        [{ conversion: "purchse" }, "E_NOT_FOUND", /no conversion purchse.*purchase/],
        [{ models: ["lineer"] }, "E_NOT_FOUND", /no model lineer.*linear/],
        [{ by: "campain" }, "E_USAGE", /campain.*campaign/],
        [{ modles: ["last"] }, "E_USAGE", /unknown member modles.*models/],
        [{ order: 5 }, "E_USAGE", /1 to 4/],
        [{ lookback: "soon" }, "E_USAGE", /no span of time/],
        [{ from: "2026-02-30" }, "E_USAGE", /must be a day/],
        [{ from: "2026-02-02", to: "2026-01-01" }, "E_USAGE", /after the last/],
        [{ touches: visits }, "E_USAGE", /both given/],
        [{ touches: "web.visits customer=buyer time=at", conversions: sales }, "E_USAGE", /channel=/],
        [{ touches: visits.replace("buyer", "byer"), conversions: sales }, "E_NOT_FOUND", /no column byer.*buyer/],
        [{ touches: visits.replace("visits", "vists"), conversions: sales }, "E_NOT_FOUND", /no port web.vists/],
        [{ touches: visits, conversions: sales, where: "1 = 1) OR (true" }, "E_USAGE", /bracket/],
        [{ touches: visits, conversions: sales, where: "nonsense = 1" }, "E_SQL", /nonsense/],
        [{ touches: visits, conversions: sales, by: "ad" }, "E_USAGE", /no column for ad/],
    ]) {
        const a = await ask({ ...(body.conversion || body.touches ? {} : { touches: visits, conversions: sales }), ...body });
        assert.equal(a.error?.name, code, JSON.stringify(body) + JSON.stringify(a.error ?? a.total));
        assert.match(`${a.error.message} ${a.error.hint ?? ""}`, text);
        assert.equal(a.error.line, undefined, "no place in SQL that nobody wrote");
    }
    assert.match(run(["attribution", "--paths", "x.csv", "--by", "channel"], { cwd: dir }).err, /--by is about a mesh/);
    assert.match(run(["attribution", "--seed", "2"], { cwd: dir }).err, /--seed is for --paths/);
    assert.match(run(["journey", "list", "x"], { cwd: dir }).err, /trellis journey show CUSTOMER/);
    assert.match(run(["journey", "show", "c_aaaaaaaaaaaaaaaaaaaaaaaaaa"], { cwd: dir }).err, /no customer of this id/);
});

test("a key that is hidden from who asks would make everybody one customer: it is refused, not summed", async () => {
    const a = await ask({ touches: "web.people customer=customer_id time=at channel=channel", conversions: sales });
    assert.equal(a.error?.name, "E_DENIED");
    assert.match(a.error.message, /column customer_id of web.people is hidden/);
    assert.match(a.error.hint, /tokenise/);
});

// ---- published and computed figures ----

const near = (got, wanted, by, what) => assert.ok(Math.abs(got - wanted) <= by, `${what}: ${got}, not ${wanted}`);

test("the playbook's figures", { skip: !hasShared }, async () => {
    const figures = {
        adwords: [1, 1, 1.24, 1.369048, 10, 15, 16.4, 19.107143], bing: [0, 2, 0.8, 0.47619, 0, 25, 10, 6.428571], direct: [11, 11, 10.94, 10.97619, 140, 145, 141.4, 141.428571],
        facebook_ads: [7, 4, 5.44, 5.392857, 95, 50, 71.4, 70.178571], google: [2, 3, 2.58, 2.785714, 30, 40, 35.8, 37.857143],
    };
    const models = ["first", "last", "position_u", "linear"];
    const a = await ask({ touches: "web.sessions customer=customer_id time=started_at channel=utm_source", conversions: "web.bought customer=customer_id time=converted_at value=revenue", models });
    assert.equal(a.status, 200, JSON.stringify(a.error));
    assert.deepEqual([a.total.conversions, a.total.value, a.rows.reduce((n, r) => n + r.touches, 0), a.rows.length], [21, 275, 39, 5]);
    // Each conversion is cut to millionths, so that a channel of n conversions may differ by some in the last digit.
    for (const r of a.rows)
        models.forEach((m, i) => {
            near(r.credits[m].conversions, figures[r.key.channel][i], 3e-6, `${r.key.channel} ${m}`);
            near(r.credits[m].value, figures[r.key.channel][4 + i], 3e-6, `${r.key.channel} ${m} value`);
        });
});

test("the figures of July's touchpoints: rules, and Markov as the chain is solved", { skip: !hasShared }, async () => {
    const figures = {
        Facebook: [569, 561, 532.2776, 554.8227, 448.3399, 3561, 3514.5, 3328.131, 3471.503], Instagram: [226, 237, 234.626, 232.5559, 293.7316, 1397, 1475.5, 1463.896, 1445.634],
        "Online Display": [220, 233, 210.0265, 220.534, 294.9007, 1361.5, 1436, 1287.175, 1357.583], "Online Video": [222, 350, 309.5611, 293.0516, 362.2018, 1385, 2190, 1935.821, 1832.798],
        "Paid Search": [601, 457, 551.5088, 537.0358, 438.8261, 3719, 2807.5, 3408.477, 3315.982],
    };
    const models = ["first", "last", "linear", "position_u", "markov"];
    const body = { once: true, lookback: "400d", touches: "web.touches customer=customer_id time=time channel=channel", conversions: "web.touches customer=customer_id time=time value=conversion_value where=conversion = 1" };
    const a = await ask({ ...body, models, intervals: true });
    assert.equal(a.status, 200, JSON.stringify(a.error));
    assert.deepEqual(a.total, { conversions: 1838, value: 11423.5, journeys: 1838, open_journeys: 7668, untouched: 0 });
    // 1,838 conversions, each cut to millionths: two ten-thousandths at the most.
    for (const r of a.rows) {
        models.forEach((m, i) => near(r.credits[m].conversions, figures[r.key.channel][i], 2e-4, `${r.key.channel} ${m}`));
        models.slice(0, 4).forEach((m, i) => near(r.credits[m].value, figures[r.key.channel][5 + i], 6e-4, `${r.key.channel} ${m} value`));
        assert.ok(r.credits.markov.low < r.credits.markov.conversions && r.credits.markov.conversions < r.credits.markov.high);
        assert.ok(r.credits.markov.value_low < r.credits.markov.value && r.credits.markov.value < r.credits.markov.value_high, "of the value, too");
        assert.equal(r.credits.linear.low, null);
    }
    assert.deepEqual((await ask({ ...body, models, intervals: true })).rows, a.rows, "the same question, the same answer");
    assert.match(a.notes.join(), /0\.1934/);
});

// ---- the shared ports ----

const RULES = ["last", "last_non_direct", "first", "linear", "position_u", "position_w", "time_decay"];
const LEVELS = { channel: "channel", source: "source", campaign: "coalesce(campaign_key, campaign_id, campaign_name)", ad_group: "coalesce(ad_group_id, ad_group_name)", ad: "coalesce(ad_id, ad_name)" };
const micro = (x) => Math.round(Number(x ?? 0) * 1e6);

test("rule credit agrees with the port of credit in every digit, on every level", async () => {
    for (const conversion of ["purchase", "basket"])
        for (const [n, by] of Object.keys(LEVELS).entries()) {
            const keys = Object.values(LEVELS).slice(0, n + 1);
            const { rows } = await it.json("/api/v1/query", { method: "POST", body: { sql: `SELECT ${keys.join(", ")}, ${RULES.map((m) => `sum(credit_${m}), sum(value_${m})`).join(", ")} FROM shared.credit WHERE conversion = '${conversion}' GROUP BY ${keys.map((_, i) => i + 1)}` } });
            const port = Object.fromEntries(rows.map((r) => [r.slice(0, n + 1).map((v) => v ?? "").join("|"), r.slice(n + 1).map(micro)]));
            const a = await ask({ conversion, by, models: RULES, limit: 10000 });
            const asked = Object.fromEntries(a.rows.filter((r) => r.touches || r.key.channel === "(none)").map((r) => [keys.map((_, i) => Object.values(r.key)[i] ?? "").join("|"), RULES.flatMap((m) => [micro(r.credits[m].conversions), micro(r.credits[m].value)])]));
            assert.ok(rows.length > 5 && a.total.untouched > 0 && a.total.journeys > 50, `${conversion}: ${JSON.stringify(a.total)}`);
            assert.deepEqual(asked, port, `${conversion} by ${by}`);
        }
});

test("all models share the same conversions and the same value; what consent leaves out is told", async () => {
    const a = await ask({ conversion: "purchase", by: "campaign", intervals: true });
    for (const { name } of a.models) {
        assert.equal(a.rows.reduce((n, r) => n + micro(r.credits[name].conversions), 0), a.total.conversions * 1e6, name);
        assert.equal(a.rows.reduce((n, r) => n + micro(r.credits[name].value), 0), micro(a.total.value), name);
    }
    const count = async (sql) => (await it.json("/api/v1/query", { method: "POST", body: { sql } })).rows[0];
    assert.deepEqual([a.total.conversions, micro(a.total.value)], (await count("SELECT count(*), sum(value_reporting) FROM shared.conversion WHERE conversion = 'purchase'")).map((v, i) => (i ? micro(v) : v)));
    assert.ok(a.consent.left_out > 0 && a.consent.share > 0 && a.consent.share < 0.2, JSON.stringify(a.consent));
    const listed = await it.json("/api/v1/attribution/conversions");
    assert.deepEqual(listed.conversions.map((x) => [x.name, x.has_value, x.count]), [["purchase", true, a.total.conversions], ["basket", false, (await ask({ conversion: "basket", models: ["last"] })).total.conversions]]);
    assert.equal(listed.default, "last_non_direct");
    assert.match(a.notes.join(" "), /What was spent is not known by campaign/);
});

test("money beside credit: what a conversion cost, what came back, what each model would move at the same total", async () => {
    const a = await ask({ conversion: "purchase", models: ["last", "markov"] }), paid = { paid_search: 400, paid_social: 100, display: 50 };
    const rows = Object.fromEntries(a.rows.map((r) => [r.key.channel, r]));
    for (const [channel, spend] of Object.entries(paid)) {
        assert.equal(rows[channel].spend, spend, channel); // the costs of a year before are not of these days
        for (const { name } of a.models) {
            const c = rows[channel].credits[name];
            if (c.conversions > 0) near(c.cost_per, spend / c.conversions, 1e-9, `${channel} ${name}`);
            else assert.equal(c.cost_per, null);
            near(c.return, c.value / spend, 1e-9, `${channel} ${name} return`);
        }
    }
    assert.deepEqual([rows.direct.spend, rows.direct.credits.last.cost_per, rows["(none)"].spend], [null, null, null]);
    assert.deepEqual([rows.display.credits.markov.conversions, rows.display.touches], [0, 0]);
    assert.equal(a.rows.at(-1).key.channel, "(none)");
    for (const { name } of a.models) {
        near(a.budget.reduce((n, x) => n + x.by_model[name], 0), 550, 1e-6, name);
        const all = a.budget.reduce((n, x) => n + rows[x.channel].credits[name].value, 0);
        for (const x of a.budget) near(x.by_model[name], (550 * rows[x.channel].credits[name].value) / all, 1e-6, `${name} ${x.channel}`);
    }
    assert.equal(a.budget.reduce((n, x) => n + x.now, 0), 550);
    assert.ok(!a.budget.some((x) => ["direct", "email", "(none)"].includes(x.channel)));
    assert.ok(a.ports.includes("web.costs"));
    assert.match(must(["attribution", "--conversion", "purchase", "--model", "last"], { cwd: dir }).out, /The same money, as each model would share it/);
});

test("claimed: conversions with a touch and with a click of a platform", async () => {
    const c = await it.json("/api/v1/attribution/claimed");
    const google = c.rows.find((r) => r.platform === "google_ads");
    const [[touched, credited]] = (await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT count(DISTINCT conversion_id), sum(credit_last_non_direct) FROM shared.credit WHERE conversion = 'purchase' AND platform = 'google_ads'" } })).rows;
    assert.deepEqual([google.touched, micro(google.credited), google.clicked, google.claimed], [touched, micro(credited), 0, null]);
    assert.match(c.notes.join(), /claim is not known/);
    assert.match(must(["attribution", "--claimed"], { cwd: dir }).out, /google_ads/);
});

test("who may ask: groups alone are told why not, strangers see no port, masked rows are enough", async () => {
    const as = (role) => it.json("/api/v1/attribution", { method: "POST", body: { conversion: "purchase", models: ["linear"] }, headers: { "x-trellis-role": role } });
    const board = await as("board");
    assert.deepEqual([board.status, board.error.name], [403, "E_DENIED"]);
    assert.match(board.error.message, /single rows of shared\.conversion, which your role shows in groups of people only/);
    assert.match(board.error.hint, /trellis metric/);
    assert.deepEqual([(await as("finance")).error.name, (await as("finance")).error.message], ["E_NOT_FOUND", "there is no port shared.conversion"]);
    const planner = await as("planner");
    assert.deepEqual(planner.rows, (await ask({ conversion: "purchase", models: ["linear"] })).rows);
    assert.match(run(["attribution", "--role", "board"], { cwd: dir }).err, /in groups of people only/);
});

test("journey show: touches with their credit, by id and by an identifier on standard input; in the audit log with the customer", async () => {
    const [[id, when]] = (await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT customer_id, max(converted_at) FROM shared.credit WHERE conversion = 'purchase' AND touches > 2 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1" } })).rows;
    const j = await it.json(`/api/v1/journeys/${id}?conversion=purchase`);
    const newest = j.journeys.find((x) => !x.open);
    assert.equal(newest.at.slice(0, 19), when.slice(0, 19));
    const { rows } = await it.json("/api/v1/query", { method: "POST", body: { sql: `SELECT touchpoint_id, credit_linear, credit_position_w, value_time_decay FROM shared.credit WHERE customer_id = '${id}' AND conversion = 'purchase' AND converted_at = TIMESTAMP '${when}' ORDER BY position` } });
    assert.deepEqual(newest.touches.map((x) => [x.touchpoint_id, micro(x.credits.linear.conversions), micro(x.credits.position_w.conversions), micro(x.credits.time_decay.value)]), rows.map((r) => [r[0], ...r.slice(1).map(micro)]));
    const shown = must(["journey", "show", id, "--conversion", "purchase"], { cwd: dir }).out;
    assert.match(shown, new RegExp(`Customer ${id}`));
    assert.match(shown, /Purchase at .*, worth \d+\.\d\d:\ntime +channel +source/);
    const known = (await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT customer_id FROM shared.customer WHERE is_known AND orders > 0 ORDER BY 1 LIMIT 1" } })).rows[0][0];
    const named = (await it.json("/api/v1/identity/explain", { method: "POST", body: { who: known, reveal: true, reason: "test" } })).identifiers.find((x) => /^u-/.test(x.value)).value;
    const out = must(["journey", "show", "-"], { cwd: dir, input: named + "\n" }).out;
    assert.match(out, new RegExp(`Customer ${known}`));
    assert.ok(!out.includes(named));
    const log = await it.json("/api/v1/audit?limit=200");
    assert.ok(log.entries.some((x) => x.person && /shared\.touchpoint/.test(x.what)), "the reads name whom they were about");
    assert.equal((await it.json("/api/v1/journeys/c_aaaaaaaaaaaaaaaaaaaaaaaaaa")).error.name, "E_NOT_FOUND");
    assert.ok(["E_DENIED", "E_NOT_FOUND", "E_SQL_REFUSED"].includes((await it.json(`/api/v1/journeys/${id}`, { headers: { "x-trellis-role": "board" } })).error.name));
});

test("answers are what /openapi.json says", async () => {
    const { schemas } = (await it.json("/openapi.json")).components;
    const described = (v, name) => {
        for (const key of Object.keys(v)) assert.ok(key === "status" || key in schemas[name].properties, `${name}.${key} is not described`);
        for (const key of schemas[name].required) assert.ok(key in v, `${name}.${key} is missing`);
    };
    const post = (what, body) => it.json(`/api/v1/attribution${what}`, { method: "POST", body });
    const a = await post("", { conversion: "purchase" }), paths = await post("/paths", { conversion: "purchase", fold: true }), lag = await post("/lag", { conversion: "purchase" });
    const listed = await it.json("/api/v1/attribution/conversions"), claimed = await it.json("/api/v1/attribution/claimed");
    const id = (await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT customer_id FROM shared.credit WHERE touches > 0 ORDER BY 1 LIMIT 1" } })).rows[0][0], journeys = await it.json(`/api/v1/journeys/${id}`);
    for (const [v, name] of [[a, "attribution"], [a.rows[0], "attribution_row"], [a.total, "attribution_total"], [a.models[0], "attribution_name"], [a.consent, "attribution_left_out"], [a.budget[0], "attribution_move"], [paths, "attribution_paths"],
        [paths.paths[0], "attribution_path"], [lag, "attribution_lag"], [lag.buckets[0], "attribution_lag_bucket"], [lag.by[0], "attribution_lag_row"], [listed, "attribution_conversions"], [listed.conversions[0], "attribution_conversion"],
        [listed.models[0], "attribution_model"], [listed.consent, "attribution_consenting"], [claimed, "attribution_claimed"], [claimed.rows[0], "claimed_row"], [journeys, "journeys"], [journeys.journeys[0], "journey"], [journeys.journeys[0].touches[0], "journey_touch"]])
        described(v, name);
    assert.ok(paths.paths.every((x) => x.path.every((c, i) => i === 0 || x.path[i - 1] !== c)), "repeats are folded");
    assert.equal(lag.by.reduce((n, x) => n + x.conversions, 0), a.total.journeys);
});
