// Metrics over HTTP on a mesh of ten times the demo's rows: twelve questions as pages ask them, by one user and by sixteen at once; beside it the same in one statement of SQL
// through the gate, so that the ratio is what planning, legs and putting together cost.
//   node bench/bench_metrics.mjs [SECONDS]        TRELLIS_PROGRAM names the program
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { serving } from "./serving.mjs";

const program = path.resolve(process.env.TRELLIS_PROGRAM ?? "build/trellis"), seconds = Number(process.argv[2] ?? 8), USERS = 16;
const top = fs.mkdtempSync(path.join(os.tmpdir(), "trellis-bench-metrics-")), dir = path.join(top, "mesh");
process.on("exit", () => {
    fs.rmSync(top, { recursive: true, force: true });
});
const write = (name, text) => {
    const file = path.join(dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
};
const must = (...args) => {
    const r = spawnSync(program, args, { cwd: fs.existsSync(dir) ? dir : top, encoding: "utf8" });
    if (r.status !== 0) throw new Error(`${args.join(" ")}: ${r.stderr}`);
};

// ---- the mesh: rows are a pure function of their number; counts are the demo's, times ten ----
const channel = (n) => `CASE i % 11 WHEN 0 THEN 'paid_search' WHEN 1 THEN 'paid_social' WHEN 2 THEN 'organic_search' WHEN 3 THEN 'direct' WHEN 4 THEN 'email' WHEN 5 THEN 'referral' WHEN 6 THEN 'paid_shopping' ELSE 'affiliate' END AS ${n}`;
const ports = {
    ads: [77_000, `DATE '2025-11-01' + CAST(i % 385 AS INTEGER) AS date_day, 'c' || (i % 200) AS campaign_id, ${channel("channel")}, CAST(i * 53 % 70001 / 7 AS DECIMAL(18,6)) AS spend, i % 9973 AS clicks`, "date_day date,campaign_id string,channel string,spend number,clicks integer"],
    campaigns: [200, `'c' || (i - 1) AS campaign_id, 'Campaign ' || i AS name, CASE i % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'AT' END AS country`, "campaign_id string,name string,country string"],
    orders: [290_000, `'o' || i AS order_id, 'p' || (i * 7 % 140000) AS buyer, TIMESTAMP '2025-11-01 00:00:00' + INTERVAL 1 SECOND * (i * 7919 % 33264000) AS ordered_at, CASE i % 5 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'AT' END AS country, CAST(i * 37 % 91100 / 400 AS DECIMAL(18,6)) AS amount`, "order_id string,buyer string,ordered_at timestamp,country string,amount number"],
    visits: [300_000, `'v' || i AS visit_id, 'p' || (i * 11 % 140000) AS buyer, TIMESTAMP '2025-11-01 00:00:00' + INTERVAL 1 SECOND * (i * 6101 % 33264000) AS visited_at, ${channel("channel")}, CASE i % 5 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'AT' END AS country`, "visit_id string,buyer string,visited_at timestamp,channel string,country string"],
    credits: [540_000, `'t' || i AS credit_id, DATE '2025-11-01' + CAST(i % 385 AS INTEGER) AS date_day, ${channel("channel")}, CAST(i % 1000 / 1000 AS DECIMAL(18,6)) AS credit, CAST(i * 31 % 9001 / 30 AS DECIMAL(18,6)) AS value`, "credit_id string,date_day date,channel string,credit number,value number"],
};
const models = {
    ads: "time: date_day\nentities: [{name: campaign, type: foreign, expr: campaign_id}]\ndimensions: [{name: channel}]\nmeasures: [{name: spend, agg: sum, expr: spend}, {name: clicks, agg: sum, expr: clicks}]\n",
    campaigns: "entities: [{name: campaign, type: primary, expr: campaign_id}]\ndimensions: [{name: country}, {name: campaign_name, column: name}]\nmeasures: [{name: campaigns, agg: count}]\n",
    orders: "time: ordered_at\nentities: [{name: person, type: foreign, expr: buyer}]\ndimensions: [{name: country}]\nmeasures: [{name: amount, agg: sum, expr: amount}, {name: orders, agg: count}, {name: buyers, agg: count_distinct, expr: buyer}]\n",
    visits: "time: visited_at\nentities: [{name: person, type: foreign, expr: buyer}]\ndimensions: [{name: channel}, {name: country}]\nmeasures: [{name: visits, agg: count}]\n",
    credits: "time: date_day\ndimensions: [{name: channel}]\nmeasures: [{name: credit, agg: sum, expr: credit}, {name: value, agg: sum, expr: value}]\n",
};
const metrics = {
    b_spend: "type: simple\nunit: currency\nmeasure: b_ads.spend\n", b_clicks: "type: simple\nunit: count\nmeasure: b_ads.clicks\n", b_revenue: "type: simple\nunit: currency\nmeasure: b_orders.amount\n",
    b_orders: "type: simple\nunit: count\nmeasure: b_orders.orders\n", b_buyers: "type: simple\nunit: count\nmeasure: b_orders.buyers\n", b_visits: "type: simple\nunit: count\nmeasure: b_visits.visits\n",
    b_won: "type: simple\nunit: count\nmeasure: b_credits.credit\n", b_value: "type: simple\nunit: currency\nmeasure: b_credits.value\n",
    b_cpc: "type: ratio\nunit: currency\nnumerator: b_spend\ndenominator: b_clicks\n", b_cac: "type: ratio\nunit: currency\nnumerator: b_spend\ndenominator: b_won\n", b_roas: "type: ratio\nunit: ratio\nnumerator: b_value\ndenominator: b_spend\n",
    b_active: "type: cumulative\nunit: count\nmetric: b_buyers\nwindow: 28 days\n", b_converted: "type: conversion\nunit: percent\nbase: b_visits.visits\nconverted: b_orders.orders\nentity: person\nwindow: 7 days\n",
};
must("init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org");
write("domains/shop/domain.yaml", "name: shop\nowner: {name: Ana, contact: ana@example.org}\ndescription: sells\n");
write("domains/shop/products/bench/product.yaml", `apiVersion: v1.0.0\nkind: DataProduct\nid: shop.bench\nname: bench\nversion: 1.0.0\nstatus: active\ndomain: shop\ndescription: {purpose: "For measuring"}\noutputPorts:\n${Object.keys(ports).map((p) => `  - {name: ${p}, version: 1.0.0, type: tables, contractId: shop.bench.${p}}`).join("\n")}\n`);
for (const [p, [n, sql, columns]] of Object.entries(ports)) {
    const types = { number: 'logicalType: number, physicalType: "DECIMAL(18,6)"', integer: "logicalType: integer, physicalType: BIGINT" };
    write(`domains/shop/products/bench/${p}.sql`, `SELECT ${sql} FROM generate_series(1, ${n}) AS t(i)\n`);
    write(`domains/shop/products/bench/${p}.odcs.yaml`, `apiVersion: v3.1.0\nkind: DataContract\nid: shop.bench.${p}\nname: ${p}\nversion: 1.0.0\nstatus: active\nschema:\n  - name: ${p}\n    properties:\n${columns.split(",").map((c) => c.split(" ")).map(([name, k]) => `      - {name: ${name}, ${types[k] ?? `logicalType: ${k}`}, classification: internal, description: "${name}"}`).join("\n")}\n`);
    write(`domains/shop/models/b_${p}.yaml`, `name: b_${p}\nport: shop.${p}\n${models[p]}`);
}
for (const [name, text] of Object.entries(metrics)) write(`domains/shop/metrics/${name}.yaml`, `name: ${name}\ntitle: ${name}\ndescription: "For measuring"\n${text}`);
must("run", "--quiet", ...Object.keys(ports).map((p) => `shop.${p}`));

// ---- the server ----
const { url } = await serving(program, dir);
const agent = new http.Agent({ keepAlive: true, maxSockets: USERS });
const post = (at, body) =>
    new Promise((resolve, reject) => {
        const q = http.request({ host: "127.0.0.1", port: url.port, path: at, method: "POST", agent, headers: { "content-type": "application/json", authorization: `Bearer ${url.searchParams.get("token")}` } }, (r) => {
            const chunks = [];
            r.on("data", (d) => chunks.push(d));
            r.on("end", () => (r.statusCode === 200 ? resolve(JSON.parse(Buffer.concat(chunks))) : reject(new Error(Buffer.concat(chunks).toString()))));
        });
        q.on("error", reject);
        q.end(JSON.stringify(body));
    });
const now = () => Number(process.hrtime.bigint()) / 1e6;
const at = (v, q) => [...v].sort((a, b) => a - b)[Math.min(v.length - 1, Math.floor(v.length * q))];

const range = { from: "2026-08-01", to: "2026-10-31" }, month = { from: "2026-10-01", to: "2026-10-31" };
const questions = [
    { metrics: ["b_spend"], ...month, compare: "previous" }, { metrics: ["b_cac", "b_roas"], by: ["channel"], ...month, compare: "previous" }, { metrics: ["b_spend", "b_value"], grain: "week", ...range }, { metrics: ["b_cpc"], by: ["campaign_name"], ...month },
    { metrics: ["b_revenue", "b_orders"], grain: "day", ...range }, { metrics: ["b_buyers"], by: ["country"], grain: "month", ...range }, { metrics: ["b_visits"], by: ["channel", "country"], ...range }, { metrics: ["b_spend"], by: ["country"], grain: "month", ...range },
    { metrics: ["b_revenue"], where: "country = 'DE'", grain: "week", ...range }, { metrics: ["b_cac"], by: ["channel"], grain: "week", ...range }, { metrics: ["b_active"], grain: "week", ...month }, { metrics: ["b_converted"], by: ["channel"], ...month },
];
const sql = [];
for (const q of questions) sql.push((await post("/api/v1/metrics/query", { ...q, compare: "none" })).sql);

async function measure(users, f) {
    const took = questions.map(() => []), end = now() + seconds * 1000;
    let i = 0;
    await Promise.all(Array.from({ length: users }, async () => {
        while (now() < end) {
            const k = i++ % questions.length, began = now();
            await f(k);
            took[k].push(now() - began);
        }
    }));
    return took;
}
const metric = (k) => post("/api/v1/metrics/query", { ...questions[k], compare: "none" });
await measure(1, metric); // warm
const alone = await measure(1, metric), straight = await measure(1, (k) => post("/api/v1/query", { sql: sql[k], limit: 100000 })), crowd = await measure(USERS, (k) => post("/api/v1/metrics/query", questions[k]));
const all = (v) => v.flat();
console.log(`metrics   rows ${Object.entries(ports).map(([p, [n]]) => `${p} ${n}`).join(", ")}; ${questions.length} questions`);
questions.forEach((q, k) => console.log(`metrics   ${(q.metrics.join(",") + (q.by ? ` by ${q.by.join(",")}` : "") + (q.grain ? ` a ${q.grain}` : "")).padEnd(44)} ${at(alone[k], 0.5).toFixed(1).padStart(7)} ms   in one statement ${at(straight[k], 0.5).toFixed(1).padStart(7)} ms   ratio ${(at(alone[k], 0.5) / at(straight[k], 0.5)).toFixed(2)}`));
console.log(`metrics   one user           p50 ${at(all(alone), 0.5).toFixed(1)} ms  p99 ${at(all(alone), 0.99).toFixed(1)} ms  ${(all(alone).length / seconds).toFixed(0)} questions/s`);
console.log(`metrics   ${USERS} users at once   p50 ${at(all(crowd), 0.5).toFixed(1)} ms  p99 ${at(all(crowd), 0.99).toFixed(1)} ms  ${(all(crowd).length / seconds).toFixed(0)} questions/s   (with the time before where the page asks for it)`);
process.exit(0);
