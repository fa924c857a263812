// Drafts over HTTP: previews with text, all wrong answers at once by their names, applied whole; and the packs that can be added.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { must, rows, scratch, serve } from "./lib.mjs";

async function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana Ruiz", "--contact", "ana@example.org"]);
    fs.writeFileSync(path.join(dir, "orders.csv"), `order_id,day,country,paid,amount,email,"o""dd name"\n${Array.from({ length: 40 }, (_, i) => `${i},2026-03-${String((i % 28) + 1).padStart(2, "0")},${["DE", "O'Hara", "CH"][i % 3]},${i % 2 === 0},${i}.25,a${i}@example.org,x`).join("\n")}\n`);
    must(["-C", dir, "add", "files", "--name", "orders", "--path", "orders.csv", "--domain", "web"]);
    must(["-C", dir, "run"]);
    const s = await serve(t, dir);
    const draft = async (kind, answers, apply = false) => {
        const r = await s.ask("/api/v1/drafts", { method: "POST", body: JSON.stringify({ kind, answers, apply }) });
        return { status: r.status, ...JSON.parse(r.text ?? r.body) };
    };
    return { dir, s, draft };
}
const brief = { domain: "web", name: "paid_orders", purpose: "Know what was paid.", consumers: ["Shop"], success_metrics: ["Used"], sla: { freshness: "26h" }, from: "web.orders" };
const fields = (d) => d.errors.map((e) => e.field);

test("a preview writes nothing, the same applied builds what was clicked", async (t) => {
    const { dir, s, draft } = await mesh(t);
    const answers = {
        ...brief, columns: [{ column: "country", title: "Land" }], measures: [{ column: "amount", aggregate: "sum" }, { aggregate: "count", name: "orders" }],
        where: [{ column: "paid", is: "=", value: true }, { column: "day", is: ">=", value: "2026-03-02" }, { column: "country", is: "<>", value: "x'); DROP TABLE y; --" }, { column: "email", is: "contains", value: "@EXAMPLE" }],
    };
    const shown = await draft("product", answers);
    assert.deepEqual(shown.errors, []);
    assert.equal(shown.applied, false);
    assert.deepEqual(shown.files.map((f) => [path.basename(f.path), f.how]), [["product.yaml", "new"], ["paid_orders.odcs.yaml", "new"], ["paid_orders.sql", "new"], ["README.md", "new"]]);
    assert.ok(!fs.existsSync(path.join(dir, shown.files[0].path)));
    assert.match(shown.files[2].text, /"country" <> 'x''\); DROP TABLE y; --'/);
    assert.match(shown.files[1].text, /businessName: "Land"/);
    assert.match(shown.files[0].text, /property: trellisSuccessMetrics, value: \["Used"\]/);
    assert.match(shown.files[1].text, /property: frequency, value: 26, unit: h/);
    const done = await draft("product", answers, true);
    assert.equal(done.applied, true);
    assert.equal(done.patch, shown.patch, "what was shown is what is written");
    for (const f of shown.files) assert.equal(fs.readFileSync(path.join(dir, f.path), "utf8"), f.text);
    assert.match(done.next[0].command, /trellis run web\.paid_orders/);
    must(["-C", dir, "run"]);
    const want = new Map();
    for (let i = 0; i < 40; i++) if (i % 2 === 0 && (i % 28) + 1 >= 2) want.set(["DE", "O'Hara", "CH"][i % 3], [(want.get(["DE", "O'Hara", "CH"][i % 3])?.[0] ?? 0) + i + 0.25, (want.get(["DE", "O'Hara", "CH"][i % 3])?.[1] ?? 0) + 1]);
    assert.deepEqual(rows("SELECT country, amount::DOUBLE, orders FROM web.paid_orders ORDER BY country", { cwd: dir }), [...want].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, [a, n]]) => `${k},${a},${n}`));
    const product = JSON.parse((await s.ask("/api/v1/products/web/paid_orders")).text ?? "{}");
    assert.deepEqual(product.success_metrics, ["Used"]);
    assert.deepEqual(fields(await draft("product", answers)), ["name"], "there already");
});

test("wrong answers are told all at once, each by its name", async (t) => {
    const { draft } = await mesh(t);
    const d = await draft("product", {
        domain: "wep", name: "Bad-Name", purpose: " ", consumers: "one", sla: { freshness: "soon", availability: 140 }, owner: { name: "X" }, colums: [], materialization: "cube", from: "web.orders",
        columns: [{ column: "contry" }, { column: "country", grain: "week" }, { column: "amount", name: "a__b", classification: "secret" }, {}],
        measures: [{ column: "country", aggregate: "sum" }, { column: "amount", aggregate: "total" }, { aggregate: "avg" }],
        where: [{ column: "amount", is: "=", value: "1; DROP" }, { column: "day", is: "<", value: "yesterday" }, { column: "amount", is: "like", value: 1 }, { column: "amount", is: ">" }, { column: "country", is: "in", value: "DE" }, { column: "paid", is: "=", value: "perhaps" }],
    });
    assert.equal(d.status, 200);
    for (const f of ["domain", "name", "purpose", "consumers", "success_metrics", "sla.freshness", "sla.availability", "owner.contact", "colums", "columns[0].column", "columns[1].grain",
        "columns[2].name", "columns[2].classification", "columns[3].column", "measures[0].column", "measures[1].aggregate", "measures[2].column", "where[0].value", "where[1].value", "where[2].is", "where[3].value", "where[4].value", "where[5].value"])
        assert.ok(fields(d).includes(f), `${f} is not told: ${fields(d)}`);
    assert.match(d.errors.find((e) => e.field === "columns[0].column").hint, /country/);
    assert.deepEqual(d.files, []);
    for (const [change, field] of [[{ from: "web.order", columns: [{ column: "day" }] }, "from"], [{ domain: "lifecycle", from: "web.orders__data", columns: [{ column: "day" }] }, "from"], [{ columns: [] }, "columns"], [{ columns: [{ column: "country" }, { column: "country" }] }, "columns[1].name"],
        [{ columns: [{ column: "day" }], key: ["nope"] }, "key"], [{ columns: [{ column: "country" }], time_column: "country" }, "time_column"], [{ sql: "SELECT 1 AS one", columns: [] }, "sql"], [{ from: null }, "from"],
        [{ from: null, sql: "SELECT contry FROM web.orders" }, "sql"], [{ from: null, sql: "DELETE FROM web.orders" }, "sql"], [{ from: null, sql: "SELECT * FROM read_csv('/etc/passwd')" }, "sql"], [{ name: "orders", columns: [{ column: "day" }] }, "name"]]) {
        const r = await draft("product", { ...brief, ...change });
        assert.deepEqual(fields(r), [field], JSON.stringify([change, r.errors]));
        assert.deepEqual(r.files, []);
    }
    assert.match((await draft("produkt", {})).errors[0].hint, /product/);
});

test("of a stream, all loaded columns can be chosen; personal ones stay personal", async (t) => {
    const { dir, draft } = await mesh(t);
    const d = await draft("product", { ...brief, from: "web.orders__data", columns: [{ column: "email" }, { column: "amount" }], measures: [{ column: "email", aggregate: "min", name: "first_mail" }, { column: "email", aggregate: "count_distinct" }] }, true);
    assert.deepEqual(d.errors, []);
    assert.match(d.files[1].text, /- name: email\n(?: {8}.*\n)*? {8}classification: personal|name: email,.*classification: personal/);
    assert.match(d.files[1].text, /first_mail[^}]*?classification: personal/);
    assert.match(d.files[1].text, /distinct_email[^}]*?classification: internal/);
    must(["-C", dir, "run"]);
    assert.deepEqual(rows("SELECT count(*), min(email), min(first_mail), sum(distinct_email)::INT FROM web.paid_orders", { cwd: dir }), ["40,hidden: personal,hidden: personal,40"]);
});

test("sources, domains, dashboards, terms and goals", async (t) => {
    const { dir, s, draft } = await mesh(t);
    const domain = await draft("domain", { name: "keep", template: "retention", owner: { name: "Zoe", contact: "zoe@example.org" } }, true);
    assert.equal(domain.applied, true);
    assert.equal(domain.files.length, 3);
    assert.deepEqual(fields(await draft("domain", { name: "keep", template: "retention", owner: { name: "Zoe", contact: "zoe@example.org" } })), ["name"]);
    assert.deepEqual(fields(await draft("domain", { name: "keep2", template: "retentoin", owner: { name: "Zoe", contact: "zoe@example.org" } })), ["template"]);
    const source = await draft("source", { pack: "google_ads", domain: "acquisition", path: "exports/google" }, true);
    assert.deepEqual(source.errors, []);
    assert.equal(source.applied, true);
    assert.ok(source.files.some((f) => f.how === "changed" && f.path === "domains/shared/products/campaign/campaign.sql"), "it joins the unions");
    assert.deepEqual(fields(await draft("source", { pack: "gogle_ads", domain: "acquisition", path: "x" })), ["pack"]);
    assert.deepEqual(fields(await draft("source", { pack: "meta_ads", domain: "acquisition" })), ["path"]);
    const { packs } = JSON.parse((await s.ask("/api/v1/packs")).text ?? "{}");
    assert.equal(packs.find((p) => p.name === "google_ads").added, true);
    assert.equal(packs.find((p) => p.name === "meta_ads").added, false);
    const board = { domain: "web", name: "weekly", title: "Weekly: \"shop\"", panels: [{ title: "Sales", port: "web.orders", chart: "line", x: "day", grain: "week", measures: [{ column: "amount", aggregate: "sum" }], where: "country <> 'CH'" }] };
    assert.equal((await draft("dashboard", board, true)).applied, true);
    assert.deepEqual(JSON.parse((await s.ask("/api/v1/dashboards/web/weekly")).text).title, board.title);
    const bad = await draft("dashboard", { ...board, name: "worse", panels: [{ ...board.panels[0], port: "web.nope" }] }, true);
    assert.equal(bad.applied, false);
    assert.match(bad.errors[0].file, /dashboards\/worse\.yaml/);
    assert.ok(!fs.existsSync(path.join(dir, "domains/web/dashboards/worse.yaml")));
    const glossary = path.join(dir, "domains/web/glossary.yaml");
    const before = fs.readFileSync(glossary, "utf8");
    const term = { domain: "web", name: "basket", title: "Basket", definition: "What is in it: paid or not.", synonyms: ["cart"] };
    assert.equal((await draft("term", term, true)).applied, true);
    assert.ok(fs.readFileSync(glossary, "utf8").startsWith(before.slice(0, 200)), "what was there stays, with its comments");
    assert.match(fs.readFileSync(glossary, "utf8"), /basket/);
    assert.deepEqual(fields(await draft("term", term)), ["name"]);
    assert.deepEqual(fields(await draft("term", { name: "everywhere", definition: "x" })), ["owner"]);
    const goal = { domain: "web", name: "more_sales", title: "More sales", question: "Do we sell more?", number: { port: "web.orders", value: "sum(amount)", time_column: "day", unit: "currency", direction: "up" }, target: { value: 100, by: "2026-12-31" } };
    const goaled = await draft("goal", goal, true);
    assert.deepEqual(goaled.errors, []);
    assert.equal(goaled.applied, true);
    must(["-C", dir, "check"]);
});

test("what happened on a day, and a panel of SQL: each one more entry, its neighbours as they were", async (t) => {
    const { dir, s, draft } = await mesh(t);
    const get = async (route) => JSON.parse((await s.ask(`/api/v1/${route}`)).text ?? "{}");
    const notes = path.join(dir, "governance/annotations.yaml");
    const sale = { day: "2026-03-02", until: "2026-03-04", title: "Sale: 50 % \"off\"", kind: "promotion", domain: "web" };
    assert.match((await draft("annotation", sale)).patch, /Sale: 50 %/);
    assert.ok(!fs.existsSync(notes));
    assert.equal((await draft("annotation", sale, true)).applied, true);
    fs.writeFileSync(notes, `# ours\n${fs.readFileSync(notes, "utf8")}`);
    assert.deepEqual(fields(await draft("annotation", sale)), ["title"], "of that title there is one");
    assert.equal((await draft("annotation", { day: "2026-03-09", title: "A talk" }, true)).applied, true);
    assert.match(fs.readFileSync(notes, "utf8"), /^# ours\nannotations:\n/);
    assert.deepEqual((await get("annotations?from=2026-03-01&to=2026-03-31")).annotations.filter((x) => x.source === "file").map((x) => [x.day, x.until, x.title, x.kind]),
        [["2026-03-02", "2026-03-04", sale.title, "promotion"], ["2026-03-09", null, "A talk", "other"]]);
    assert.match((await draft("annotation", { day: "2026-03-09", until: "2026-03-01", title: "Backwards" })).errors[0].message, /ends before it begins/);
    const noted = async (column, title, value, apply) => JSON.parse((await s.ask("/api/v1/edits", { method: "POST", body: JSON.stringify({ changes: [{ kind: "annotation", ref: title, column, field: "annotation", value }], apply }) })).text ?? "{}");
    const talk = { day: "2026-03-10", title: "A talk in the hall", kind: "other" };
    assert.match((await noted("2026-03-09", "A talk", talk, false)).patch, /-.*A talk"?\}?\n\+.*A talk in the hall/);
    assert.equal((await noted("2026-03-09", "A talk", talk, true)).applied, true);
    assert.match((await noted("2026-03-09", "A talk", talk, true)).errors[0].message, /nothing of this title is written down for that day/, "another tab was faster");
    assert.match((await noted("2026-03-10", talk.title, { ...talk, until: "2026-03-01" }, true)).errors[0].message, /ends before it begins/);
    assert.equal((await noted("2026-03-10", talk.title, null, true)).applied, true);
    assert.doesNotMatch(fs.readFileSync(notes, "utf8"), /A talk/);
    assert.match(fs.readFileSync(notes, "utf8"), /^# ours\nannotations:\n  - .*Sale: 50/);

    const sql = "SELECT country, count(*) AS orders\nFROM web.orders GROUP BY 1";
    const board = path.join(dir, "domains/web/dashboards/weekly.yaml");
    await draft("dashboard", { domain: "web", name: "weekly", title: "Weekly", panels: [{ title: "Rows", port: "web.orders", chart: "number", measures: [{ aggregate: "count" }] }] }, true);
    fs.writeFileSync(board, fs.readFileSync(board, "utf8").replace("panels:\n", "panels:\n  # the first\n"));
    const before = fs.readFileSync(board, "utf8").trimEnd();
    const edit = async (value, apply) => JSON.parse((await s.ask("/api/v1/edits", { method: "POST", body: JSON.stringify({ changes: [{ kind: "dashboard", ref: "web.weekly", column: value.title, field: "panel", value }], apply }) })).text ?? "{}");
    assert.equal((await edit({ title: "By country", sql, chart: "bar", x: "country" }, true)).applied, true);
    const { panels, version } = await get("dashboards/web/weekly");
    const arrange = async (was, apply) => s.ask("/api/v1/edits", { method: "POST", body: JSON.stringify({ changes: [{ kind: "dashboard", ref: "web.weekly", field: "panels", value: [{ title: "Rows", port: "web.orders", chart: "number", measures: [{ aggregate: "count" }] }], was }], apply }) });
    const slower = await arrange("0123456789ab", true);
    assert.equal(slower.status, 409, "what another tab added is not taken away");
    assert.match(slower.text, /somebody else has changed domains\/web\/dashboards\/weekly.yaml since it was opened here/);
    const shown = await arrange(version, false);
    assert.equal(shown.status, 200);
    assert.match(JSON.parse(shown.text).patch, /-.*By country/);
    assert.deepEqual(panels.map((p) => [p.kind, p.reads.map((r) => r.ref)]), [["port", []], ["sql", ["web.orders"]]]);
    assert.equal(panels[1].sql, sql);
    assert.ok(fs.readFileSync(board, "utf8").startsWith(`${before}\n`), "all else as it was");
    assert.equal((await edit({ title: "Gone", sql: "SELECT * FROM web.nothing" }, true)).errors[0].code, "TR106");
    const lineage = await get("lineage?level=port");
    assert.ok(lineage.nodes.some((n) => n.kind === "dashboard" && n.ref === "web.weekly"));
});
