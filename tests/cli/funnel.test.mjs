// Funnels, cohorts and paths over people made by rule, held to SQL that is written by hand; what is wrongly asked; who may not ask.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, run, scratch, serve, write } from "./lib.mjs";

const PEOPLE = 1500, DAY = 86400_000;
let seed = 20260301;
const draw = (n) => {
    let t = (seed = (seed + 0x6d2b79f5) | 0); // mulberry32
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
};

/* Visits with views, baskets and orders over eight weeks; telephones lose more on the way to the basket, and nothing else does. */
function done() {
    const lines = ["interaction_id,evidence,customer_id,occurred_at,kind,name,channel_group,page_path,device_category,visitor_id,country,is_bot,is_internal"];
    const people = [];
    for (let p = 0; p < PEOPLE; p++) {
        const who = { id: `c_${String(p).padStart(5, "0")}`, device: ["mobile", "desktop", "tablet"][Math.min(2, draw(9) >> 2)], country: ["DE", "AT", "CH"][draw(3)], bot: p % 50 === 7, own: p % 50 === 9 };
        people.push(who);
        for (let visit = 1 + draw(4); visit > 0; visit--) {
            let at = Date.UTC(2026, 2, 1) + draw(56 * 24 * 3600) * 1000;
            const channel = ["paid_search", "organic_search", "email", "direct"][draw(4)];
            const put = (kind, name, page = "") => {
                lines.push([`i${lines.length}`, p, who.id, new Date(at).toISOString().replace("T", " ").slice(0, 19), kind, name, channel, page, who.device, `v${p}`, who.country, who.bot, who.own].join());
                at += (1 + draw(600)) * 1000;
            };
            put("page", "page_view", ["/", "/sale", "/c/100%_wool"][draw(3)]);
            for (let n = draw(4); n > 0; n--) put("track", "Product Viewed", `/p/${draw(5)}`);
            if (draw(100) < (who.device === "mobile" ? 20 : 55)) {
                put("track", "Product Added", "/basket");
                at += draw(3) === 0 ? draw(9) * DAY : 0;
                if (draw(100) < 50) put("order", draw(12) === 0 ? "cancelled" : "paid");
            }
        }
    }
    return lines.join("\n") + "\n";
}

/* A port's SQL out of its contract: what is not given is empty. */
function product(dir, name, given, from) {
    const at = path.join(dir, "domains/shared/products", name), yaml = path.join(at, "product.yaml");
    const contract = fs.readFileSync(path.join(at, `${name}.odcs.yaml`), "utf8");
    const columns = [...contract.matchAll(/\{name: (\w+), logicalType: \w+, physicalType: "([^"]+)"[^}]*\}/g)].map(([line, column, type]) => {
        const empty = line.includes("required: true") ? { BOOLEAN: "false", BIGINT: "0", VARCHAR: "''" }[type] ?? (type.startsWith("DECIMAL") ? "0" : "NULL") : "NULL";
        return `CAST(${given[column] ?? empty} AS ${type}) AS ${column}`;
    });
    fs.writeFileSync(path.join(at, `${name}.sql`), `SELECT ${columns.join(",\n  ")}\n${from}\n`);
    return yaml;
}

const world = scratch({ after: (f) => process.on("exit", f) }), dir = path.join(world, "shop"), at = { cwd: dir };
must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
write(dir, "in/done.csv", done());
must(["add", "files", "--name", "done", "--path", "in/done.csv", "--domain", "shared"], at);
const interaction = product(dir, "interaction", Object.fromEntries(["interaction_id", "evidence", "customer_id", "occurred_at", "kind", "name", "channel_group", "page_path", "device_category", "visitor_id", "is_bot", "is_internal"].map((x) => [x, x])
    .concat([["platform", "'events'"], ["source", "'shared.done'"], ["page_host", "CASE WHEN page_path IS NOT NULL THEN 'shop.example' END"]])), "FROM shared.done");
fs.writeFileSync(interaction, fs.readFileSync(interaction, "utf8").replace(/ +- \{property: trellis(IncrementalBy|Live).*\n/g, "").replace("value: by_key", "value: table"));
const customer = product(dir, "customer", { customer_id: "customer_id", country: "min(country)", first_seen_at: "min(CAST(occurred_at AS TIMESTAMP))", first_order_at: "min(CAST(occurred_at AS TIMESTAMP)) FILTER (kind = 'order' AND name <> 'cancelled')" },
    "FROM shared.done GROUP BY customer_id");
fs.writeFileSync(customer, fs.readFileSync(customer, "utf8").replace(/(name: "?customer"?\n(?:.*\n)*?.*)(value: by_key)((?:.*\n)*?)( +- \{property: trellisIncrementalBy.*\n)( +- \{property: trellisLive.*\n)?/, "$1value: table$3"));
write(dir, "governance/attribution.yaml", 'conversions:\n  - {name: basket, title: Into the basket, from: events, events: ["Product Added"]}\n');
fs.appendFileSync(path.join(dir, "governance/roles.yaml"), `
  - {name: board, title: Board, grants: [{products: ["*"], tier: aggregated}]}
  - {name: planner, title: Planner, grants: [{products: ["*"], tier: masked}]}
  - {name: agency, title: Agency, grants: [{products: [shared.interaction], tier: masked}]}
  - {name: finance, title: Finance, grants: [{products: [shared.customer_order], tier: masked}]}
`);
must(["run"], at);

const STEPS = ["Product Viewed", "Product Added", "order"], FROM = "2026-03-10", TO = "2026-04-10";
// The days of the range in Berlin, where summer begins in between.
const IN = "occurred_at >= TIMESTAMP '2026-03-09 23:00:00' AND occurred_at < TIMESTAMP '2026-04-10 22:00:00'";
const EVENTS = `viewed AS (SELECT * FROM e WHERE name = 'Product Viewed'), added AS (SELECT * FROM e WHERE name = 'Product Added'), bought AS (SELECT * FROM e WHERE kind = 'order' AND name <> 'cancelled')`;
const E = "e AS (SELECT * FROM shared.interaction WHERE NOT is_bot AND NOT is_internal)";
const sql = (text) => JSON.parse(must(["query", "--format", "json", text], at).out);

test("a funnel counts whom SQL by hand counts", async (t) => {
    const s = await serve(t, dir);
    const ask = (body) => s.json("/api/v1/funnel", { method: "POST", body: { steps: STEPS, from: FROM, to: TO, ...body } });
    const by_hand = (days, more = "true", device = "true") => Object.values(sql(`WITH ${E}, ${EVENTS},
        one AS (SELECT customer_id, occurred_at AS at FROM viewed WHERE ${IN} AND ${device} AND ${more}),
        two AS (SELECT one.customer_id, one.at, added.occurred_at AS next FROM one JOIN added ON one.customer_id = added.customer_id AND added.occurred_at > one.at AND added.occurred_at <= one.at + INTERVAL (${days}) DAY),
        three AS (SELECT two.customer_id FROM two JOIN bought ON two.customer_id = bought.customer_id AND bought.occurred_at > two.next AND bought.occurred_at <= two.at + INTERVAL (${days}) DAY)
        SELECT (SELECT count(DISTINCT customer_id) FROM one) AS a, (SELECT count(DISTINCT customer_id) FROM two) AS b, (SELECT count(DISTINCT customer_id) FROM three) AS c`)[0]);
    const people = (r) => r.steps.map((x) => x.people);

    for (const days of [7, 1, 30]) {
        const r = await ask({ window: `${days}d` });
        assert.equal(r.status, 200, JSON.stringify(r));
        assert.deepEqual(people(r), by_hand(days), `${days} days`);
    }
    const r = await ask({ by: "device" });
    assert.ok(people(r)[2] > 50 && people(r)[0] > people(r)[1] && people(r)[1] > people(r)[2]);
    assert.deepEqual([r.window_s, r.from, r.to, r.range_given, r.steps[0].title, r.steps[2].step], [7 * 86400, FROM, TO, true, "Product Viewed", "order"]);
    assert.deepEqual(r.steps.map((x) => x.dropped), [0, people(r)[0] - people(r)[1], people(r)[1] - people(r)[2]]);
    assert.ok(Math.abs(r.steps[2].rate - people(r)[2] / people(r)[0]) < 1e-6 && Math.abs(r.steps[2].rate_before - people(r)[2] / people(r)[1]) < 1e-6);
    // A person has one device here, so each device's people are counted like all.
    for (const g of r.by) assert.deepEqual(g.people, by_hand(7, "true", `device_category = '${g.key}'`), g.key);
    assert.deepEqual(r.by.map((g) => g.key).sort(), ["desktop", "mobile", "tablet"]);

    // The median: from the last view before it to the first basket that lies in the window of any.
    const [{ median }] = sql(`WITH ${E}, ${EVENTS}, pair AS (SELECT v.customer_id, v.occurred_at AS at, a.occurred_at AS next FROM viewed AS v JOIN added AS a
        ON v.customer_id = a.customer_id AND a.occurred_at > v.occurred_at AND a.occurred_at <= v.occurred_at + INTERVAL 7 DAY WHERE v.${IN.replace(" AND occurred_at", " AND v.occurred_at")}),
        first_next AS (SELECT customer_id, min(next) AS next FROM pair GROUP BY 1)
        SELECT median(epoch(f.next) - epoch(m.at)) AS median FROM first_next AS f JOIN (SELECT p.customer_id, p.next, max(p.at) AS at FROM pair AS p GROUP BY 1, 2) AS m ON f.customer_id = m.customer_id AND f.next = m.next`);
    const two = await ask({ steps: STEPS.slice(0, 2) });
    assert.ok(Math.abs(two.steps[1].median_s - median) < 1e-3 * median, `${two.steps[1].median_s} ${median}`);

    // Conditions speak of the first step; a star and characters that LIKE knows; a visit as a step.
    assert.deepEqual(people(await ask({ where: "country = 'DE' AND device <> 'tablet'" })), by_hand(7, "customer_id IN (SELECT customer_id FROM shared.customer WHERE country = 'DE')", "device_category <> 'tablet'"));
    const wool = await ask({ steps: ["page:/c/100%_*", "page:/c/100%_wool", "page:*"] });
    assert.equal(wool.steps[0].people, sql(`WITH ${E} SELECT count(DISTINCT customer_id) AS n FROM e WHERE kind = 'page' AND page_path = '/c/100%_wool' AND ${IN}`)[0].n);
    const touch = await ask({ steps: ["touch:email", "order"] });
    assert.equal(touch.steps[0].people, sql(`SELECT count(DISTINCT customer_id) AS n FROM shared.touchpoint WHERE channel_group = 'email' AND ${IN}`)[0].n);

    // What is declared as a conversion is a step; another is not.
    const basket = await ask({ steps: ["Product Viewed", "conversion:basket", "order"] });
    assert.deepEqual([people(basket), basket.steps[1].title], [people(r), "Into the basket"]);
    assert.equal((await ask({ steps: ["conversion:baskett", "order"] })).error.hint, "did you mean `conversion:basket`?");

    // The one thing that was planted is found, and nothing that was not.
    const [reason, ...others] = r.reasons;
    assert.deepEqual([reason.step, reason.dimension, reason.value], [1, "device", "mobile"]);
    assert.ok(reason.rate < reason.others && reason.share_of_loss > 0.1 && reason.share_of_loss < 1);
    assert.deepEqual(others.filter((x) => !["visitor", "buyer", "device"].includes(x.dimension)), [], "countries and channels differ by chance alone");
    const mobile = r.by.find((g) => g.key === "mobile").people;
    assert.ok(Math.abs(reason.rate - mobile[1] / mobile[0]) < 1e-6 && reason.people === mobile[0]);
    assert.deepEqual((await ask({ reasons: false })).reasons, []);

    // The newest 28 days where none are said; who begins at their end is told to be on the way.
    const newest = await s.json("/api/v1/funnel", { method: "POST", body: { steps: STEPS } });
    assert.equal(newest.range_given, false);
    assert.equal((Date.parse(newest.to) - Date.parse(newest.from)) / DAY, 27);
    assert.ok(newest.unfinished > 0 && newest.notes.some((x) => x.includes("within the window")));
    assert.ok(newest.ports.some((p) => p.ref === "shared.interaction" && p.state === "fresh" && p.built_at));

    // ---- who comes back ----
    const cohorts = (body) => s.json("/api/v1/cohorts", { method: "POST", body });
    // Weeks of Berlin, which is one hour ahead and from 29 March on two.
    const WEEK = "date_trunc('week', occurred_at + CASE WHEN occurred_at < TIMESTAMP '2026-03-29 01:00:00' THEN INTERVAL 1 HOUR ELSE INTERVAL 2 HOUR END)";
    const kept = sql(`WITH ${E}, o AS (SELECT customer_id, occurred_at, ${WEEK} AS week FROM e WHERE kind = 'order' AND name <> 'cancelled'),
        f AS (SELECT customer_id, min(occurred_at) AS first, min(week) AS cohort FROM o GROUP BY 1),
        b AS (SELECT f.customer_id, cohort, date_diff('week', cohort, week) AS k FROM f JOIN o ON f.customer_id = o.customer_id AND o.occurred_at > f.first)
        SELECT strftime(cohort, '%Y-%m-%d') AS cohort, k, count(DISTINCT customer_id) AS exactly, (SELECT count(DISTINCT customer_id) FROM b AS x WHERE x.cohort = b.cohort AND x.k >= b.k) AS later,
               (SELECT count(DISTINCT customer_id) FROM b AS x WHERE x.cohort = b.cohort AND x.k <= b.k) AS sooner FROM b GROUP BY cohort, k`);
    const sizes = Object.fromEntries(sql(`WITH ${E} SELECT strftime(cohort, '%Y-%m-%d') AS cohort, count(*) AS n FROM (SELECT customer_id, min(${WEEK}) AS cohort FROM e WHERE kind = 'order' AND name <> 'cancelled' GROUP BY 1) GROUP BY 1`).map((x) => [x.cohort, x.n]));
    for (const [kind, column] of [["n_day", "exactly"], ["unbounded", "later"], ["rolling", "sooner"]]) {
        const c = await cohorts({ first: "order", grain: "week", kind });
        assert.equal(c.status, 200, JSON.stringify(c));
        assert.deepEqual(Object.fromEntries(c.cohorts.map((x) => [x.cohort, x.size])), sizes);
        for (const k of kept) assert.equal(c.cohorts.find((x) => x.cohort === k.cohort).kept[k.k], k[column], `${kind} ${k.cohort} ${k.k}`);
        // Each begun period has a count, a later one none; the last one is not over, and is in no rate.
        c.cohorts.forEach((x, i) => {
            assert.equal(x.kept.filter((v) => v !== null).length, Math.min(c.periods, c.cohorts.length - i));
            assert.equal(x.whole, Math.min(c.periods, c.cohorts.length - i - 1));
        });
        const over = c.cohorts.filter((x) => x.whole > 1);
        assert.ok(Math.abs(c.all.rates[1] - over.reduce((n, x) => n + x.kept[1], 0) / over.reduce((n, x) => n + x.size, 0)) < 1e-6);
        assert.equal(c.all.rates[c.periods - 1], null);
    }
    const first = await cohorts({ first: "order", again: "page:*", grain: "month", by: "channel" });
    const channels = sql(`WITH ${E}, f AS (SELECT customer_id, min(occurred_at) AS at FROM e WHERE kind = 'order' AND name <> 'cancelled' GROUP BY 1)
        SELECT CASE WHEN t.occurred_at >= f.at - INTERVAL 30 DAY THEN t.channel_group END AS channel, count(*) AS n FROM f ASOF LEFT JOIN shared.touchpoint AS t ON f.customer_id = t.customer_id AND f.at >= t.occurred_at GROUP BY 1`);
    assert.deepEqual(Object.fromEntries(first.by.map((g) => [g.key, g.size])), Object.fromEntries(channels.map((x) => [x.channel, x.n])));
    assert.equal(first.all.size, first.by.reduce((n, g) => n + g.size, 0));
    const german = await cohorts({ first: "order", where: "country = 'DE'", from: "2026-03-01", to: "2026-03-31" });
    assert.equal(german.all.size, sql(`WITH ${E}, f AS (SELECT customer_id, min(occurred_at) AS first FROM e WHERE kind = 'order' AND name <> 'cancelled' GROUP BY 1)
        SELECT count(*) AS n FROM f JOIN shared.customer USING (customer_id) WHERE country = 'DE' AND first >= TIMESTAMP '2026-02-28 23:00:00' AND first < TIMESTAMP '2026-03-31 22:00:00'`)[0].n);
    assert.equal(german.cohorts.length, 1);

    // ---- ways ----
    const paths = (body) => s.json("/api/v1/paths", { method: "POST", body: { from: FROM, to: TO, ...body } });
    const next = (order, from_end) => sql(`WITH ${E}, s AS (SELECT customer_id, ${from_end ? "max" : "min"}(occurred_at) AS at FROM e WHERE name = 'Product Added' AND ${IN} GROUP BY 1),
        n AS (SELECT s.customer_id, CASE e.kind WHEN 'order' THEN 'order' ELSE e.name END AS step, row_number() OVER (PARTITION BY s.customer_id ORDER BY e.occurred_at ${order}, e.kind = 'order', e.name) AS nr FROM s JOIN e ON s.customer_id = e.customer_id
              AND ${from_end ? "e.occurred_at < s.at AND e.occurred_at >= s.at - INTERVAL 1 DAY" : "e.occurred_at > s.at AND e.occurred_at <= s.at + INTERVAL 1 DAY"}
              WHERE e.kind = 'track' OR (e.kind = 'order' AND e.name <> 'cancelled'))
        SELECT step, count(*) AS n FROM n WHERE nr = 1 GROUP BY 1 ORDER BY 2 DESC`);
    for (const [body, rows] of [[{ start: "Product Added" }, next("ASC", false)], [{ end: "Product Added" }, next("DESC", true)]]) {
        const tree = await paths(body);
        assert.equal(tree.status, 200, JSON.stringify(tree));
        assert.deepEqual(Object.fromEntries(tree.edges.filter((x) => x.from === 0).map((x) => [tree.nodes[x.to].step, x.people])), Object.fromEntries(rows.map((x) => [x.step, x.n])));
        for (const x of tree.nodes) assert.equal(x.people, x.ends + tree.edges.filter((y) => y.from === x.id).reduce((n, y) => n + y.people, 0));
    }
    const tree = await paths({ start: "Product Viewed", limit: 1, steps: 3 });
    assert.ok(tree.nodes.some((x) => x.rest) && tree.nodes.every((x) => x.depth <= 3));
    const once = await paths({ start: "Product Viewed", collapse: true });
    assert.ok(once.edges.every((x) => once.nodes[x.from].step !== once.nodes[x.to].step), "the same again at once is one step");
    assert.equal((await paths({ start: "touch:email" })).of, "touches");

    // ---- what may be a step ----
    const { steps, dimensions } = await s.json("/api/v1/funnels/steps");
    const known = Object.fromEntries(steps.map((x) => [x.step, x.count]));
    assert.equal(known["Product Viewed"], sql(`WITH ${E} SELECT count(*) AS n FROM e WHERE name = 'Product Viewed'`)[0].n);
    assert.equal(known.order, sql(`WITH ${E} SELECT count(*) AS n FROM e WHERE kind = 'order' AND name <> 'cancelled'`)[0].n);
    assert.ok(known["page:/sale"] && known["touch:email"] && dimensions.length === 8);
    assert.deepEqual((await s.json("/api/v1/funnels/steps?q=VIEWED")).steps.map((x) => x.step), ["Product Viewed"]);

    // A bare name that is declared is the conversion.
    assert.equal((await cohorts({ first: "basket", again: "order", grain: "month" })).first.step, "conversion:basket");

    // ---- as /openapi.json says ----
    const { schemas } = (await s.json("/openapi.json")).components;
    const described = (v, name) => {
        for (const key of Object.keys(v)) assert.ok(key === "status" || key in schemas[name].properties, `${name}.${key} is not described`);
        for (const key of schemas[name].required) assert.ok(key in v, `${name}.${key} is missing`);
    };
    for (const [v, name] of [[r, "funnel"], [r.steps[0], "funnel_step"], [r.by[0], "funnel_group"], [reason, "funnel_reason"], [r.ports[0], "port_age"], [first, "cohorts"], [first.cohorts[0], "cohort"], [first.by[0], "cohort_group"],
        [first.all, "cohort_rates"], [first.again, "step"], [tree, "paths"], [tree.nodes[1], "path_node"], [tree.edges[0], "path_edge"], [steps[0], "step_known"]]) described(v, name);

    // ---- wrongly asked ----
    const wrong = [
        ["/funnel", { steps: ["Product Viewed"] }, "E_USAGE", /2 to 16 steps/], ["/funnel", { steps: [] }, "E_USAGE", /2 to 16/], ["/funnel", {}, "E_USAGE", /steps/],
        ["/funnel", { steps: STEPS, window: "0d" }, "E_USAGE", /window '0d'/], ["/funnel", { steps: STEPS, window: "soon" }, "E_USAGE", /no span of time/], ["/funnel", { steps: STEPS, window: "9999d" }, "E_USAGE", /366 days/],
        ["/funnel", { steps: ["Product Viewd", "order"] }, "E_NOT_FOUND", /did you mean `Product Viewed`/], ["/funnel", { steps: ["page:/sal", "order"] }, "E_NOT_FOUND", /did you mean `page:\/sale`/],
        ["/funnel", { steps: ["Product Viewed", "touch:"] }, "E_USAGE", /step 2: a step has no name/], ["/funnel", { steps: STEPS, from: TO, to: FROM }, "E_USAGE", /ends before it begins/],
        ["/funnel", { steps: STEPS, from: "March" }, "E_USAGE", /YYYY-MM-DD/], ["/funnel", { steps: STEPS, by: "devcie" }, "E_USAGE", /did you mean device/], ["/funnel", { steps: STEPS, windows: "7d" }, "E_USAGE", /did you mean window/],
        ["/funnel", { steps: STEPS, where: "countri = 'DE'" }, null, /country/], ["/funnel", { steps: STEPS, where: "true) OR (true" }, null, /./], ["/funnel", { steps: STEPS, where: "(device" }, null, /./],
        ["/funnel", { steps: "order" }, "E_USAGE", /list of texts/], ["/cohorts", { first: "order", kind: "n-day" }, "E_USAGE", /n_day, unbounded, rolling/],
        ["/cohorts", { first: "order", periods: 0 }, "E_USAGE", /1 to 60/], ["/cohorts", { first: "Order Compleeted" }, "E_NOT_FOUND", /./], ["/cohorts", { first: "order", grain: "hour" }, "E_USAGE", /day, week, month/],
        ["/paths", {}, "E_USAGE", /start or an end/], ["/paths", { start: "order", end: "order" }, "E_USAGE", /not both/], ["/paths", { start: "order", steps: 99 }, "E_USAGE", /1 to 20/], ["/paths", { start: "order", of: "clicks" }, "E_USAGE", /touches, pages or events/],
        ["/paths", { start: "Produkt" }, "E_NOT_FOUND", /./],
    ];
    for (const [where, body, name, says] of wrong) {
        const answer = await s.json(`/api/v1${where}`, { method: "POST", body });
        assert.ok(answer.error, JSON.stringify([where, body, answer]));
        if (name) assert.equal(answer.error.name, name, JSON.stringify(answer.error));
        assert.match(`${answer.error.message} ${answer.error.hint ?? ""}`, says, JSON.stringify(body));
    }

    // ---- who asks ----
    const as = (role, where, body) => s.json(`/api/v1${where}`, { method: body ? "POST" : "GET", body, headers: { "x-trellis-role": role } });
    assert.deepEqual(people(await as("planner", "/funnel", { steps: STEPS, from: FROM, to: TO })), people(r), "personal values have no part in it");
    for (const [where, body] of [["/funnel", { steps: STEPS }], ["/cohorts", { first: "order" }], ["/paths", { start: "order" }], ["/funnels/steps"]]) {
        const board = await as("board", where, body);
        assert.equal(board.error?.name, "E_DENIED", JSON.stringify(board));
        assert.match(`${board.error.message} ${board.error.hint}`, /groups of people.*metric/);
        assert.equal((await as("finance", where, body)).error?.name, "E_NOT_FOUND");
    }
    // Who sees what people did and nothing else: the figures are there, what is told apart by what they do not see is not.
    const agency = await as("agency", "/funnel", { steps: STEPS, from: FROM, to: TO });
    assert.deepEqual(people(agency), people(r));
    assert.deepEqual([agency.reasons, agency.looked_at], [[], 0]);
    assert.match(agency.notes.join(" "), /country/);
    assert.match((await as("agency", "/funnel", { steps: STEPS, by: "country" })).error.message, /country/);
    assert.equal((await as("agency", "/funnel", { steps: ["touch:email", "order"] })).error.name, "E_NOT_FOUND");
    assert.ok((await as("agency", "/funnels/steps")).steps.every((x) => x.kind !== "touch"));
});

test("in a terminal", () => {
    const span = ["--from", FROM, "--to", TO];
    const table = must(["funnel", STEPS.join(), ...span, "--by", "device"], at);
    assert.match(table.out, /Product Viewed +[\d,]+ +100\.0 % +█{24}/);
    assert.match(table.out, /Lost more often than others/);
    assert.match(table.out, /Device: mobile/);
    const csv = must(["funnel", ...STEPS, ...span, "--format", "csv"], at).out.trimEnd().split("\r\n");
    assert.equal(csv[0], "step,people,rate,rate_before,median_s,lost");
    assert.equal(csv.length, 4);
    const json = JSON.parse(must(["funnel", STEPS.join(", "), ...span, "--format", "json"], at).out);
    assert.deepEqual(json.steps.map((x) => `${x.step},${x.people}`), csv.slice(1).map((x) => x.split(",").slice(0, 2).join()));
    assert.equal(must(["funnel", ...STEPS, ...span, "--by", "country", "--format", "csv"], at).out.trimEnd().split("\r\n").length, 1 + 3 * 3);
    assert.match(must(["funnel", "--list"], at).out, /Product Viewed +event/);
    for (const [args, code, says] of [
        [["funnel"], 2, /say the steps/], [["funnel", "order"], 2, /2 to 16 steps/], [["funnel", "Prodct Viewed,order"], 2, /did you mean `Product Viewed`/], [["funnel", ...STEPS, "--window", ""], 2, /--window is empty/],
        [["funnel", ...STEPS, "--format", "xml"], 2, /table, csv, json/], [["--role", "board", "funnel", ...STEPS], 5, /groups of people/], [["retention", "--dry-run"], 2, /dry-run/],
        [["retention", "--first", "order", "--periods", "61"], 2, /periods/],
    ]) {
        const r = run(args, at);
        assert.equal(r.code, code, `${args.join(" ")}: ${r.err}`);
        assert.match(r.err, says);
    }
    const cohorts = must(["retention", "--first", "order", "--grain", "week", "--by", "country"], at);
    assert.match(cohorts.out, /week +people +0 +1/);
    assert.match(cohorts.out, /\d\*/, "what is not over is marked");
    assert.match(cohorts.out, /^AT +[\d,]+/m);
    assert.match(cohorts.err, /not over yet/);
    const cohort = (...more) => JSON.parse(must(["retention", "--periods", "3", "--format", "json", ...more], at).out);
    assert.equal(cohort().first.step, "order", "nothing is declared that could be bought");
    assert.deepEqual(cohort().cohorts, cohort("--first", "order").cohorts);
    const lines = must(["retention", "--first", "order", "--grain", "month", "--format", "csv"], at).out.trimEnd().split("\r\n");
    assert.equal(lines[0], "cohort,people,period,kept,over");
    assert.match(lines.at(-1), /,0,\d+,false$/, "the newest month is not over");
});
