// Metrics against SQL written by hand: 200 generated combinations of metric, dimension, filter and grain; what would lie is refused; words are understood.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { must, run, scratch, serve, write } from "./lib.mjs";

const SEED = 20261122, COMBINATIONS = 200;
let state = SEED;
const random = (n) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return Math.floor((state / 0x7fffffff) * n) % n;
};
const pick = (list) => list[random(list.length)];

// Rows are a pure function of their number, so that the world needs no files.
const ports = {
    orders: {
        columns: "order_id string,customer_id string,ordered_at timestamp,country string,device string,amount number,returned boolean",
        sql: `SELECT 'o' || i AS order_id, 'c' || (i * 7 % 60) AS customer_id, TIMESTAMP '2025-12-01 22:10:00' + INTERVAL 1 MINUTE * (i * 613 % 200000) AS ordered_at,
  CASE i % 5 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' WHEN 2 THEN 'AT' WHEN 3 THEN 'DE' END AS country, CASE WHEN i % 3 = 0 THEN 'mobile' ELSE 'desktop' END AS device,
  CAST((i * 37 % 911) / 4 AS DECIMAL(18,6)) AS amount, i % 11 = 0 AS returned FROM generate_series(1, 700) AS t(i)`,
    },
    customers: {
        columns: "customer_id string,segment string,region string",
        sql: `SELECT 'c' || i AS customer_id, CASE i % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'loyal' WHEN 2 THEN 'vip' END AS segment, CASE WHEN i % 2 = 0 THEN 'north' ELSE 'south' END AS region FROM generate_series(0, 52) AS t(i)`,
    },
    lines: {
        columns: "order_id string,product string,quantity integer",
        sql: `SELECT 'o' || (i % 700 + 1) AS order_id, 'p' || i % 9 AS product, i % 3 + 1 AS quantity FROM generate_series(1, 2000) AS t(i)`,
    },
    ads: {
        columns: "date_day date,channel string,country string,spend number,reach integer",
        sql: `SELECT DATE '2025-12-01' + CAST(i // 6 AS INTEGER) AS date_day, CASE i % 3 WHEN 0 THEN 'search' WHEN 1 THEN 'social' ELSE 'video' END AS channel, CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'FR' END AS country,
  CAST((i * 53 % 701) / 7 AS DECIMAL(18,6)) AS spend, i % 97 AS reach FROM generate_series(0, 839) AS t(i)`,
    },
    visits: {
        columns: "visit_id string,customer_id string,visited_at timestamp,channel string,country string",
        sql: `SELECT 'v' || i AS visit_id, 'c' || (i * 11 % 60) AS customer_id, TIMESTAMP '2025-12-01 00:00:00' + INTERVAL 1 MINUTE * (i * 389 % 200000) AS visited_at, CASE i % 3 WHEN 0 THEN 'search' WHEN 1 THEN 'social' ELSE 'direct' END AS channel,
  CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'FR' END AS country FROM generate_series(1, 1500) AS t(i)`,
    },
    balances: {
        columns: "date_day date,account string,country string,balance number",
        sql: `SELECT DATE '2025-12-01' + CAST(i // 4 AS INTEGER) AS date_day, 'a' || i % 4 AS account, CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'FR' END AS country, CAST(i * 3 % 101 AS DECIMAL(18,6)) AS balance FROM generate_series(0, 399) AS t(i)`,
    },
};
const models = {
    orders: `port: shop.orders
time: ordered_at
entities: [{name: order, type: primary, expr: order_id}, {name: customer, type: foreign, expr: customer_id}]
dimensions: [{name: country, title: Country, synonyms: [market]}, {name: device, title: Device}]
measures:
  - {name: amount, agg: sum, expr: amount, unit: currency}
  - {name: orders, agg: count}
  - {name: buyers, agg: count_distinct, expr: customer_id}
  - {name: middle, agg: median, expr: amount}
  - {name: largest, agg: max, expr: amount}
  - {name: returns, agg: sum_boolean, expr: returned}
`,
    customers: `port: shop.customers
entities: [{name: customer, type: primary, expr: customer_id}]
dimensions: [{name: segment, title: Segment}, {name: region, title: Region}]
measures: [{name: people, agg: count}]
`,
    lines: `port: shop.lines
entities: [{name: order, type: foreign, expr: order_id}]
dimensions: [{name: product, title: Product}]
measures: [{name: pieces, agg: sum, expr: quantity}]
`,
    ads: `port: shop.ads
time: date_day
dimensions: [{name: country, title: Country}, {name: channel, title: Channel}]
measures:
  - {name: spend, agg: sum, expr: spend, unit: currency}
  - {name: reach, agg: sum, expr: reach, non_additive: [date_day]}
`,
    visits: `port: shop.visits
time: visited_at
entities: [{name: customer, type: foreign, expr: customer_id}]
dimensions: [{name: country, title: Country}, {name: channel, title: Channel}]
measures: [{name: visits, agg: count}, {name: social, agg: sum_boolean, expr: "channel = 'social'"}]
`,
    balances: `port: shop.balances
time: date_day
dimensions: [{name: country, title: Country}, {name: account, title: Account}]
measures: [{name: balance, agg: sum, expr: balance, last_over: date_day}]
`,
};
const simple = (measure, unit = "count", more = "") => `type: simple\nunit: ${unit}\nmeasure: ${measure}\n${more}`;
const metrics = {
    revenue: simple("orders.amount", "currency", "synonyms: [sales, turnover]\n"),
    orders: simple("orders.orders"),
    buyers: simple("orders.buyers"),
    middle: simple("orders.middle", "currency"),
    largest: simple("orders.largest", "currency"),
    returns: simple("orders.returns"),
    mobile_revenue: simple("orders.amount", "currency", `filter: "device = 'mobile'"\n`),
    filled: simple("orders.orders", "count", "fill_nulls_with: 0\n"),
    spend: simple("ads.spend", "currency"),
    spend_in_shop: simple("orders.amount", "currency"),
    reach: simple("ads.reach"),
    visits: simple("visits.visits"),
    pieces: simple("lines.pieces"),
    people: simple("customers.people"),
    balance: simple("balances.balance", "currency"),
    order_value: "type: ratio\nunit: currency\nnumerator: revenue\ndenominator: orders\n",
    mobile_share: `type: ratio\nunit: percent\nnumerator: {metric: revenue, filter: "device = 'mobile'"}\ndenominator: revenue\n`,
    cost_per_order: "type: ratio\nunit: currency\ndirection: down\nsynonyms: [cpo]\nnumerator: spend\ndenominator: orders\n",
    profit: `type: derived\nunit: currency\nexpr: "coalesce(revenue, 0) - 2 * coalesce(spend, 0)"\nmetrics: [{metric: revenue}, {metric: spend}]\n`,
    growth: `type: derived\nunit: percent\nexpr: "(now - before) / nullif(before, 0)"\nmetrics: [{metric: revenue, as: now}, {metric: revenue, as: before, offset: 1 month}]\n`,
    since_month: `type: derived\nunit: currency\nexpr: "now - first"\nmetrics: [{metric: revenue, as: now}, {metric: revenue, as: first, offset_to: month}]\n`,
    active_28: "type: cumulative\nunit: count\nmetric: buyers\nwindow: 28 days\nperiod: last\n",
    month_to_date: "type: cumulative\nunit: currency\nmetric: revenue\ngrain_to: month\nperiod: last\n",
    to_date: "type: cumulative\nunit: currency\nmetric: revenue\nperiod: last\n",
    conversions_7: "type: conversion\nunit: count\nbase: visits.visits\nconverted: orders.orders\nentity: customer\nwindow: 7 days\ncalculation: conversions\n",
    social_to_order: "type: conversion\nunit: percent\nbase: visits.social\nconverted: orders.orders\nentity: customer\nwindow: 7 days\n",
    visit_to_order: "type: conversion\nunit: percent\nbase: visits.visits\nconverted: orders.orders\nentity: customer\nwindow: 7 days\n",
};

function world(t) {
    const dir = path.join(scratch(t), "mesh");
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    // Only the numbers of this test, so that their names are theirs alone.
    for (const folder of ["dashboards", "metrics", "models"]) fs.rmSync(path.join(dir, "domains/shared", folder), { recursive: true, force: true });
    write(dir, "governance/policies.yaml", "consent: {rows: false}\n");
    write(dir, "governance/roles.yaml", 'roles:\n  - {name: groups, grants: [{products: ["*"], tier: aggregated}]}\n');
    write(dir, "domains/shop/domain.yaml", "name: shop\nowner: {name: Ana, contact: ana@example.org}\ndescription: sells\n");
    write(dir, "domains/shop/dashboards/board.yaml", "name: board\ntitle: The board\npanels:\n  - {title: Money, metrics: [revenue], chart: number}\n");
    write(dir, "domains/shop/goals.yaml", "goals:\n  - name: money\n    title: Money of phones\n    question: Do phones earn?\n    owner: {name: Ana, contact: ana@example.org}\n    number: {metric: revenue, where: \"device = 'mobile'\"}\n");
    const at = "domains/shop/products/sales";
    write(dir, `${at}/product.yaml`, `apiVersion: v1.0.0\nkind: DataProduct\nid: shop.sales\nname: sales\nversion: 1.0.0\nstatus: active\ndomain: shop\ndescription: {purpose: "For tests"}\noutputPorts:\n${Object.keys(ports).map((p) => `  - {name: ${p}, version: 1.0.0, type: tables, contractId: shop.sales.${p}}`).join("\n")}\n`);
    for (const [p, { columns, sql }] of Object.entries(ports)) {
        write(dir, `${at}/${p}.sql`, sql + "\n");
        const props = columns.split(",").map((c) => c.split(" ")).map(([n, k]) => `      - {name: ${n}, logicalType: ${k}, ${k === "number" ? 'physicalType: "DECIMAL(18,6)", ' : k === "integer" ? "physicalType: BIGINT, " : ""}classification: internal, description: "${n}"}`).join("\n");
        write(dir, `${at}/${p}.odcs.yaml`, `apiVersion: v3.1.0\nkind: DataContract\nid: shop.sales.${p}\nname: ${p}\nversion: 1.0.0\nstatus: active\nschema:\n  - name: ${p}\n    properties:\n${props}\n`);
    }
    for (const [name, text] of Object.entries(models)) write(dir, `domains/shop/models/sold_${name}.yaml`, `name: sold_${name}\ndescription: "${name}, as metrics read them"\n${text}`);
    for (const [name, text] of Object.entries(metrics))
        write(dir, `domains/shop/metrics/${name}.yaml`, `name: ${name}\ntitle: ${name.replaceAll("_", " ")}\ndescription: "For tests"\n${text.replace(/(measure|base|converted): (\w+)\./g, "$1: sold_$2.")}`);
    return dir;
}

// ---- by hand ----
const local = (column) => `CAST((${column} AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Berlin' AS DATE)`;
const facts = {
    revenue: ["orders", "sum(t.amount)"], orders: ["orders", "count(*)"], buyers: ["orders", "count(DISTINCT t.customer_id)"], middle: ["orders", "median(t.amount)"], largest: ["orders", "max(t.amount)"],
    returns: ["orders", "count(*) FILTER (WHERE t.returned)"], mobile_revenue: ["orders", "sum(t.amount)", "t.device = 'mobile'"], spend: ["ads", "sum(t.spend)"], visits: ["visits", "count(*)"],
};
const times = { orders: local("t.ordered_at"), ads: "t.date_day", visits: local("t.visited_at") };
const own = { orders: ["country", "device"], ads: ["country", "channel"], visits: ["country", "channel"] };
const joined = ["segment", "region"];
const reached = { orders: [...own.orders, ...joined], ads: own.ads, visits: [...own.visits, ...joined] };
const column = (d) => (joined.includes(d) ? `c.${d}` : `t.${d}`);
const conditions = [["", ""], ["country = 'DE'", "t.country = 'DE'"], ["country in ('DE', 'FR') and not (country = 'FR')", "t.country = 'DE'"], ["country is null", "t.country IS NULL"], ["country <> 'x''y' or country like 'D%'", "(t.country <> 'x' OR t.country LIKE 'D%')"]];
const compound = {
    order_value: ["orders", "CAST(sum(t.amount) AS DOUBLE) / count(*)"],
    mobile_share: ["orders", "CAST(sum(t.amount) FILTER (WHERE t.device = 'mobile') AS DOUBLE) / nullif(sum(t.amount), 0)"],
};

function byHand(metric, by, grain, condition, from, to) {
    const [table, expr, filter] = facts[metric] ?? compound[metric];
    const keys = [...(grain ? [`CAST(date_trunc('${grain}', ${times[table]}) AS DATE) AS period`] : []), ...by.map((d) => `${column(d)} AS ${d}`)];
    const join = by.some((d) => joined.includes(d)) ? "LEFT JOIN shop.customers c ON c.customer_id = t.customer_id" : "";
    const where = [`${times[table]} BETWEEN DATE '${from}' AND DATE '${to}'`, condition, filter].filter(Boolean).join(" AND ");
    return `SELECT ${[...keys, `${expr} AS figure`].join(", ")} FROM shop.${table} t ${join} WHERE ${where}${keys.length ? " GROUP BY ALL" : ""}`;
}
// Two facts meet only after each has been added up.
function both(metric, by, grain, condition, from, to) {
    const a = byHand(metric === "profit" ? "revenue" : "spend", by, grain, condition, from, to), b = byHand(metric === "profit" ? "spend" : "orders", by, grain, condition, from, to);
    const keys = [...(grain ? ["period"] : []), ...by];
    const on = keys.length ? keys.map((k) => `a.${k} IS NOT DISTINCT FROM b.${k}`).join(" AND ") : "true";
    const expr = metric === "profit" ? "coalesce(a.figure, 0) - 2 * coalesce(b.figure, 0)" : "CAST(a.figure AS DOUBLE) / nullif(b.figure, 0)";
    return `SELECT ${[...keys.map((k) => `coalesce(a.${k}, b.${k}) AS ${k}`), `${expr} AS figure`].join(", ")} FROM (${a}) a FULL JOIN (${b}) b ON ${on}`;
}

const near = (x, y) => x === y || (x !== null && y !== null && Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y)));
const keyed = (rows, n) => new Map(rows.map((r) => [JSON.stringify(r.slice(0, n).map((v) => (typeof v === "string" ? v.slice(0, 40) : v))), r[n] === undefined ? null : r[n]]));

function same(answer, reference, n, what) {
    const a = keyed(answer, n), b = keyed(reference, n);
    assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort(), `${what}: other rows`);
    for (const [k, v] of a) assert.ok(near(v, b.get(k)), `${what}: ${k} is ${v}, by hand ${b.get(k)}`);
}

test("metrics", async (t) => {
    const dir = world(t);
    must(["check"], { cwd: dir });
    must(["run", "--quiet", ...Object.keys(ports).map((p) => `shop.${p}`)], { cwd: dir });
    const it = await serve(t, dir);
    const post = async (where, body) => {
        const r = await it.ask(`/api/v1/${where}`, { method: "POST", body: JSON.stringify(body) });
        return { status: r.status, body: JSON.parse(r.text) };
    };
    const sql = async (text) => {
        const r = await post("query", { sql: text, limit: 100000 });
        assert.equal(r.status, 200, `${JSON.stringify(r.body)}\n${text}`);
        return r.body.rows;
    };
    const metric = async (ask) => {
        const r = await post("metrics/query", { from: "2025-12-01", to: "2026-03-31", ...ask });
        assert.equal(r.status, 200, `${JSON.stringify(ask)}: ${JSON.stringify(r.body)}`);
        return r.body;
    };
    const refused = async (ask, code, pattern) => {
        const r = await post("metrics/query", { from: "2025-12-01", to: "2026-03-31", ...ask });
        assert.notEqual(r.status, 200, JSON.stringify(ask));
        assert.equal(r.body.error.name, code, JSON.stringify(r.body));
        assert.match(`${r.body.error.message} ${r.body.error.hint ?? ""}`, pattern);
    };

    await t.test(`${COMBINATIONS} combinations agree with SQL by hand, and the SQL that is shown with both (seed ${SEED})`, async () => {
        const names = [...Object.keys(facts), ...Object.keys(compound), "cost_per_order", "profit"];
        for (let i = 0; i < COMBINATIONS; i++) {
            const name = pick(names), two = name === "cost_per_order" || name === "profit";
            const table = two ? "orders" : (facts[name] ?? compound[name])[0];
            const dimensions = two ? ["country"] : reached[table];
            const by = dimensions.filter(() => random(3) === 0).slice(0, 3);
            const grain = pick(["", "", "day", "week", "month", "quarter", "year"]);
            const [where, byHandWhere] = pick(conditions);
            const [from, to] = pick([["2025-12-01", "2026-03-31"], ["2026-01-01", "2026-01-31"], ["2026-02-10", "2026-02-24"]]);
            const what = JSON.stringify({ name, by, grain, where, from, to });
            const answer = await metric({ metrics: [name], by, ...(grain ? { grain } : {}), ...(where ? { where } : {}), from, to });
            const reference = await sql((two ? both : byHand)(name, by, grain, byHandWhere, from, to));
            const n = by.length + (grain ? 1 : 0);
            same(answer.rows, reference, n, what);
            same(await sql(answer.sql), reference, n, `${what}, as the SQL that is shown says`);
        }
    });

    await t.test("windows, offsets, balances and conversions agree with SQL by hand", async () => {
        const day = local("t.ordered_at");
        const active = await sql(`SELECT d.day, count(DISTINCT t.customer_id) FROM (SELECT unnest(generate_series(DATE '2026-01-10', DATE '2026-01-20', INTERVAL 1 DAY))::DATE AS day) d JOIN shop.orders t ON ${day} <= d.day AND ${day} > d.day - 28 GROUP BY 1`);
        const a = await metric({ metrics: ["active_28"], grain: "day", from: "2026-01-10", to: "2026-01-20" });
        same(a.rows, active, 1, "active_28");
        same(await sql(a.sql), active, 1, "active_28, its SQL");
        same((await metric({ metrics: ["month_to_date"], grain: "week", from: "2026-01-05", to: "2026-01-18" })).rows,
            await sql(`SELECT DATE '2026-01-05', sum(t.amount) FROM shop.orders t WHERE ${day} BETWEEN DATE '2026-01-01' AND DATE '2026-01-11' UNION ALL SELECT DATE '2026-01-12', sum(t.amount) FROM shop.orders t WHERE ${day} BETWEEN DATE '2026-01-01' AND DATE '2026-01-18'`), 1, "month_to_date");
        same((await metric({ metrics: ["to_date"], by: ["country"], to: "2026-01-18" })).rows, await sql(`SELECT t.country, sum(t.amount) FROM shop.orders t WHERE ${day} <= DATE '2026-01-18' GROUP BY 1`), 1, "to_date");
        const months = await sql(`SELECT CAST(date_trunc('month', ${day}) AS DATE) AS m, sum(t.amount) AS s FROM shop.orders t GROUP BY 1 ORDER BY 1`);
        const growth = await metric({ metrics: ["growth"], grain: "month", from: "2026-01-01", to: "2026-03-31" });
        for (const [m, g] of growth.rows) {
            const i = months.findIndex(([x]) => x === m);
            assert.ok(near(g, (months[i][1] - months[i - 1][1]) / months[i - 1][1]), `growth of ${m}`);
        }
        same(await sql(growth.sql), growth.rows, 1, "growth, its SQL");
        const since = await metric({ metrics: ["since_month"], grain: "day", from: "2026-01-03", to: "2026-01-12" });
        const days = new Map(await sql(`SELECT ${day}, sum(t.amount) FROM shop.orders t GROUP BY 1`));
        for (const [d, v] of since.rows) assert.ok(near(v, days.get(d) - days.get("2026-01-01")), `since_month ${d}`);
        same((await metric({ metrics: ["balance"], by: ["country"], grain: "month", from: "2025-12-01", to: "2026-02-28" })).rows,
            await sql(`SELECT date_trunc('month', date_day)::DATE, country, sum(balance) FROM shop.balances WHERE date_day IN (DATE '2025-12-31', DATE '2026-01-31', DATE '2026-02-28') GROUP BY ALL`), 2, "balance");
        // MetricFlow's conversion: each order for the latest visit before it, within seven days.
        same((await metric({ metrics: ["visit_to_order"], by: ["channel"], from: "2026-01-01", to: "2026-01-31" })).rows, await sql(`
            WITH v AS (SELECT *, ${local("visited_at")} BETWEEN DATE '2026-01-01' AND DATE '2026-01-31' AS asked FROM shop.visits),
            last AS (SELECT o.order_id, arg_max(v.visit_id, v.visited_at) AS visit_id FROM shop.orders o JOIN v ON v.customer_id = o.customer_id AND v.visited_at <= o.ordered_at AND v.visited_at > o.ordered_at - INTERVAL 7 DAY GROUP BY 1),
            m AS (SELECT v.channel FROM last JOIN v ON v.visit_id = last.visit_id WHERE v.asked)
            SELECT channel, (SELECT count(*) FROM m WHERE m.channel = b.channel) / CAST(count(*) AS DOUBLE) FROM v b WHERE asked GROUP BY 1`), 1, "visit_to_order");
        // A base event is what the base measure counts.
        same((await metric({ metrics: ["social_to_order"], from: "2025-12-01", to: "2026-04-30" })).rows, await sql(`
            WITH v AS (SELECT * FROM shop.visits WHERE channel = 'social')
            SELECT (SELECT count(*) FROM shop.orders o WHERE EXISTS (SELECT 1 FROM v WHERE v.customer_id = o.customer_id AND v.visited_at <= o.ordered_at AND v.visited_at > o.ordered_at - INTERVAL 7 DAY)) / CAST(count(*) AS DOUBLE) FROM v`), 0, "social_to_order");
        // Two months asked alone are two months asked together: no conversion is taken by two.
        const counts = async (from, to) => (await metric({ metrics: ["conversions_7"], from, to })).rows[0][0];
        assert.equal((await counts("2026-01-01", "2026-01-31")) + (await counts("2026-02-01", "2026-02-28")), await counts("2026-01-01", "2026-02-28"));
        const filled = await metric({ metrics: ["filled"], grain: "day", from: "2026-05-01", to: "2026-05-03" });
        assert.deepEqual(filled.rows, [["2026-05-01", 0], ["2026-05-02", 0], ["2026-05-03", 0]]);
    });

    await t.test("what would lie is refused, with the reason", async () => {
        await refused({ metrics: ["revenue"], by: ["product"] }, "E_METRIC", /several rows for each order.*counted once for each.*as primary or unique/);
        await refused({ metrics: ["spend"], by: ["segment"] }, "E_METRIC", /^spend cannot be asked by segment: no way leads there from sold_ads by segment one may ask: spend_in_shop$/);
        await refused({ metrics: ["spend"], by: ["product"] }, "E_METRIC", /^spend cannot be asked by product: no way leads there from sold_ads trellis metric spend --explain lists what/);
        await refused({ metrics: ["reach"] }, "E_METRIC", /added up over date_day/);
        await refused({ metrics: ["reach"], grain: "week" }, "E_METRIC", /added up over date_day/);
        await metric({ metrics: ["reach"], grain: "day" });
        await refused({ metrics: ["people"], grain: "day" }, "E_METRIC", /not dated/);
        await refused({ metrics: ["cost_per_order"], by: ["channel"] }, "E_METRIC", /sold_orders cannot be asked by channel/);
        assert.equal((await post("metrics/query", { metrics: ["mobile_share"], by: ["region"] })).status, 200);
        await refused({ metrics: ["revenu"] }, "E_NOT_FOUND", /did you mean revenue/);
        await refused({ metrics: ["revenue"], format: "xml" }, "E_USAGE", /format is json or csv/);
        await refused({ metrics: ["revenue"], by: ["contry"] }, "E_NOT_FOUND", /did you mean country/);
        await refused({ metrics: ["revenue"], where: "contry = 'DE'" }, "E_METRIC", /did you mean country/);
        for (const where of ["1=1) union select 1 --", "country = 'DE' -- x", "country = 'DE'; drop table x", "exists (select 1)", "country = (select 1)", "(country = 'DE'", "country = 'DE", "", "country = $1", "/* */ true"].filter(Boolean))
            await refused({ metrics: ["revenue"], where }, "E_METRIC", /cannot be read/);
        await refused({ metrics: ["revenue"], where: "read_csv('/etc/passwd') = 1" }, "E_SQL_REFUSED", /./);
        await refused({ metrics: ["revenue"], grain: "weak" }, "E_USAGE", /did you mean week/);
        await refused({ metrics: ["revenue"], from: "2026-02-01", to: "2026-01-01" }, "E_USAGE", /ends before it begins/);
        await refused({ metrics: [] }, "E_USAGE", /no metric/);
        await refused({ metrics: ["revenue", "shop.revenue"] }, "E_USAGE", /twice/);
    });

    await t.test("totals, comparison, order and range", async () => {
        const r = await metric({ metrics: ["order_value", "buyers"], by: ["country"], compare: "previous", from: "2026-02-01", to: "2026-02-28", order: "country" });
        assert.deepEqual(r.compare, { from: "2026-01-01", to: "2026-01-31" });
        const day = local("t.ordered_at");
        const [[value, buyers]] = await sql(`SELECT CAST(sum(t.amount) AS DOUBLE) / count(*), count(DISTINCT t.customer_id) FROM shop.orders t WHERE ${day} BETWEEN DATE '2026-02-01' AND DATE '2026-02-28'`);
        assert.ok(near(r.total[1], value) && r.total[4] === buyers, "the total is over everything, not a sum of rows");
        assert.deepEqual(r.rows.map((x) => x[0]), ["AT", "DE", "FR", null]);
        const [[before]] = await sql(`SELECT CAST(sum(t.amount) AS DOUBLE) / count(*) FROM shop.orders t WHERE t.country = 'AT' AND ${day} BETWEEN DATE '2026-01-01' AND DATE '2026-01-31'`);
        assert.ok(near(r.rows[0][2], before) && near(r.rows[0][3], (r.rows[0][1] - before) / before));
        const weeks = await metric({ metrics: ["revenue"], grain: "week", compare: "previous", from: "2026-02-01", to: "2026-02-28" });
        assert.deepEqual(weeks.compare, { from: "2026-01-04", to: "2026-01-31" }, "whole weeks stand beside whole weeks");
        const [[cut]] = await sql(`SELECT sum(t.amount) FROM shop.orders t WHERE ${day} = DATE '2026-01-04'`);
        assert.ok(near(weeks.rows[0][2], cut), "a week that the range cuts beside one that it cuts as well");
        assert.equal((await post("metrics/query", { metrics: ["cost_per_order", "spend"] })).body.to, "2026-04-19", "the newest day that all have");
        const now = (await post("metrics/query", { metrics: ["spend"] })).body;
        assert.equal(now.range_said, "the last 28 days that have data");
        assert.equal(now.to, "2026-04-19");
        const then = (await post("metrics/query", { metrics: ["spend"], as_of: "2020-01-31" })).body;
        assert.deepEqual([then.from, then.to], ["2020-01-04", "2020-01-31"], "no later than the day that is asked of");
        assert.equal(now.definitions[0].metric, "shop.spend");
        assert.match(now.definitions[0].version, /^[0-9a-f]{12}$/);
        assert.equal(now.ports[0].ref, "shop.ads");
    });

    await t.test("who uses a number: others, dashboards and goals; a goal says which rows it counts", async () => {
        const read = async (where) => JSON.parse((await it.ask(`/api/v1/${where}`)).text);
        const used = (await read("metrics/shop/revenue")).used_by.map((u) => `${u.kind} ${u.ref}`);
        for (const u of ["metric shop.profit", "dashboard shop.board", "goal money"]) assert.ok(used.includes(u), `${u} in ${used}`);
        assert.ok(!(await read("metrics/shop/visits")).used_by.some((u) => u.kind !== "metric"));
        const goal = (await read("goals")).goals.find((g) => g.name === "money");
        assert.deepEqual([goal.metric, goal.where], ["shop.revenue", "device = 'mobile'"]);
    });

    await t.test("why a number is so", async () => {
        const r = await post("metrics/explain", { metrics: ["cost_per_order"], key: { country: "DE" }, from: "2026-01-01", to: "2026-01-31" });
        assert.equal(r.status, 200, JSON.stringify(r.body));
        assert.equal(r.body.formula, "spend ÷ orders");
        assert.ok(near(r.body.value, r.body.parts[0].value / r.body.parts[1].value));
        for (const leg of r.body.legs) assert.ok((await sql(leg.rows_sql)).length > 0, leg.rows_sql);
        assert.deepEqual(r.body.ports.map((p) => p.ref).sort(), ["shop.ads", "shop.orders"]);
    });

    await t.test("plain words", async () => {
        const said = async (text) => (await post("metrics/understand", { text })).body;
        const a = await said("turnover by market last month germany");
        assert.deepEqual([a.ask.metrics, a.ask.by, a.ask.where, a.left], [["revenue"], ["country"], `"country" = 'DE'`, []]);
        const b = await said("weekly cost per order vs the year before mobile foo");
        assert.deepEqual([b.ask.metrics, b.ask.grain, b.ask.compare, b.left], [["cost_per_order"], "week", "year", ["mobile", "foo"]]);
        const c = await said("show me orders and buyers by device in january 2026");
        assert.deepEqual([c.ask.metrics, c.ask.by, c.ask.from, c.ask.to], [["orders", "buyers"], ["device"], "2026-01-01", "2026-01-31"]);
        assert.equal((await said("revenue by country excluding france")).ask.where, `"country" <> 'FR'`);
        assert.deepEqual(((d) => [d.ask.from, d.ask.to])(await said("orders in q1 2026")), ["2026-01-01", "2026-03-31"]);
        assert.deepEqual(((d) => [d.ask.from, d.ask.to])(await said("orders on 2026-01-03")), ["2026-01-03", "2026-01-03"]);
        assert.deepEqual(((d) => [d.ask.from, d.ask.to > "2026-10-01", d.left])(await said("orders per week since march 2026")), ["2026-03-01", true, []]);
        assert.deepEqual(((d) => [d.ask.where, d.ask.by, d.ask.compare, d.left])(await said("orders mobile vs desktop")), [`"device" IN ('mobile', 'desktop')`, ["device"], "none", []]);
        assert.deepEqual(((d) => [d.ask.where, d.ask.by, d.left])(await said("orders without FR and AT")), [`"country" NOT IN ('FR', 'AT')`, [], []]);
        assert.deepEqual(((d) => [d.ask.where, d.left])(await said("orders in DE without mobile")), [`"country" = 'DE' AND "device" <> 'mobile'`, []]);
        assert.deepEqual(((d) => [d.ask.metrics, d.ask.compare])(await said("revenue vs spend")), [["revenue", "spend"], "none"]);
        assert.equal((await said("revenue vs last month")).ask.compare, "previous");
        assert.equal((await post("metrics/understand", { text: "  " })).status, 400);
    });

    await t.test("who sees groups alone is told so, and asks by day of the mesh all the same", async () => {
        const as = async (ask) => JSON.parse((await it.ask("/api/v1/metrics/query", { method: "POST", headers: { "x-trellis-role": "groups" }, body: JSON.stringify({ from: "2026-01-01", to: "2026-01-31", ...ask }) })).text);
        const all = await as({ metrics: ["orders"], grain: "month" });
        assert.deepEqual(all.rows, (await metric({ metrics: ["orders"], grain: "month", from: "2026-01-01", to: "2026-01-31" })).rows);
        assert.match(all.notes.join(), /groups of fewer than 10/);
        assert.match((await as({ metrics: ["orders"], by: ["segment"] })).error.message, /groups of people alone/);
        const values = async (dimension) => JSON.parse((await it.ask(`/api/v1/metrics/values?dimension=${dimension}`, { headers: { "x-trellis-role": "groups" } })).text);
        assert.deepEqual((await values("device")).values.sort(), ["desktop", "mobile"], "of rows that have it themselves");
        assert.equal((await values("nowhere")).error.name, "E_NOT_FOUND");
    });

    await t.test("what is withheld from who sees groups alone is not known, and never 0", async () => {
        const headers = { "x-trellis-role": "groups" }, call = async (path, body) => (await it.ask(`/api/v1/${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) })).text;
        const days = async (metric) => JSON.parse(await call("metrics/query", { metrics: [metric], grain: "day", from: "2026-01-01", to: "2026-01-31" })).rows;
        assert.deepEqual(await days("filled"), [], "a day of few people is none without orders");
        const profit = await days("profit");
        assert.equal(profit.length, 31, "what was spent is known of each day");
        assert.ok(profit.every((r) => r[1] === null), "coalesce() makes no 0 of revenue that is withheld");
        assert.deepEqual(JSON.parse(await call("anomalies?metric=orders&days=60")).anomalies, []);
        assert.match(await call("effects", { metric: "revenue", from: "2025-12-05", to: "2026-01-31", post_from: "2026-01-20", controls: [] }), /0 days before and 0 days since/);
    });

    await t.test("a question is kept, shared, renamed, and goes", async () => {
        const ask = { metrics: ["revenue"], by: ["country"], grain: "week" };
        const kept = await post("views", { title: " Revenue by market ", ask, chart: "line" });
        assert.equal(kept.status, 200, JSON.stringify(kept.body));
        assert.deepEqual([kept.body.title, kept.body.ask, kept.body.shared, kept.body.mine], ["Revenue by market", ask, false, true]);
        const as = async (role) => JSON.parse((await it.ask("/api/v1/views", { headers: { "x-trellis-role": role } })).text).views.length;
        assert.equal((await post(`views/${kept.body.id}`, { shared: true, title: "Markets" })).body.shared, true);
        assert.equal(await as("admin"), 1, "shared with who looks as another");
        assert.equal((await post("views", { title: "x", ask: { metrics: ["nothing"] } })).status, 404);
        assert.equal((await post("views", { title: "", ask })).status, 400);
        assert.equal((await post("views", { title: "x", ask: { metrics: ["revenue"], drop: 1 } })).status, 400);
        assert.equal((await post("views/999", { shared: true })).status, 404);
        assert.equal((await post(`views/${kept.body.id}`, { delete: true })).status, 200);
        assert.deepEqual(JSON.parse((await it.ask("/api/v1/views")).text).views, []);
    });

    await t.test("the command line: table, CSV, JSON, list, explain", () => {
        const ask = ["metric", "revenue,orders", "--by", "country", "--from", "2026-01-01", "--to", "2026-01-31"];
        assert.match(must(ask, { cwd: dir }).out, /country\s+revenue\s+orders[\s\S]*all /);
        const csv = must([...ask, "--format", "csv"], { cwd: dir }).out.trimEnd().split("\r\n");
        assert.equal(csv[0], "country,revenue,orders");
        const list = JSON.parse(must([...ask, "--format", "json"], { cwd: dir }).out);
        assert.equal(list.length, csv.length - 1);
        assert.match(must(["metric", "--list"], { cwd: dir }).out, /cost_per_order/);
        assert.match(must(["metric", "cost_per_order", "--explain"], { cwd: dir }).out, /spend ÷ orders/);
        assert.match(must([...ask, "--compare", "previous"], { cwd: dir }).err, /2026-01-01 to 2026-01-31, compared with 2025-12-01 to 2025-12-31; amounts in EUR; the last line/);
        assert.doesNotMatch(must(["metric", "orders"], { cwd: dir }).err, /amounts|more rows/);
        assert.match(must([...ask, "--limit", "1"], { cwd: dir }).err, /there are more rows than are shown: --limit/);
        assert.match(run(["metric", "revenue", "--where", "country = DE"], { cwd: dir }).err, /texts stand in single quotes, as 'DE'/);
        assert.match(must(["--role", "groups", "anomalies", "--metric", "orders", "--format", "csv"], { cwd: dir }).out, /^metric,day,kind[^\n]*\n?$/);
        const r = run(["metric", "reach"], { cwd: dir });
        assert.equal(r.code, 2);
        assert.match(r.err, /added up/);
    });
});
