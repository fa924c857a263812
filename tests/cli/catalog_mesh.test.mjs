// Home, domains, glossary, goals, pacing, naming and requests by the real program: in the terminal, over the API, and both at once.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ads, hasShared, json, must, run, scratch, serve, smallMesh, until, write } from "./lib.mjs";

const goals = `# what we are after
north_star: spend_a_day
goals:
  - name: spend_a_day        # the one
    title: Spend per day
    question: Is a day dear?
    owner: {name: Ana, contact: ana@example.org}
    number:
      port: acquisition.spend
      value: "sum(amount) / count(DISTINCT day)"
      unit: currency
      direction: down
      time_column: day
      window_days: 2

    # agreed in spring
    target: {value: 5, by: 2026-12-31}
  - {name: flat, title: Flat, question: How many?, owner: {name: Ana, contact: ana@example.org}, number: {port: acquisition.spend, value: count(*), unit: count, time_column: day}}
`;

const glossary = (owner, definition, more = "") => `terms:
  - name: conversion
    title: Conversion
    definition: ${definition}
    owner: {name: ${owner}, contact: ${owner.toLowerCase()}@example.org}
    status: agreed
${more}`;

function world(t) {
    const dir = smallMesh(t);
    write(dir, "governance/goals.yaml", goals);
    write(dir, "governance/glossary.yaml", glossary("Ana", "A paid order.", "    synonyms: [purchase]\n    columns: [acquisition.spend.amount]\n"));
    write(dir, "domains/web/glossary.yaml", glossary("Bo", "Any form that is sent."));
    write(dir, "domains/acquisition/glossary.yaml", "terms: []\n");
    write(dir, "domains/acquisition/goals.yaml", "goals: []\n");
    must(["run"], { cwd: dir });
    return dir;
}

test("goals: shown, frozen once, every other byte kept", (t) => {
    const dir = world(t);
    const file = path.join(dir, "governance/goals.yaml");
    const found = json(["goals"], { cwd: dir }).goals;
    assert.equal(found[0].name, "spend_a_day");
    assert.ok(found[0].north_star);
    assert.equal(found[0].value, 10.115, "the newest two days: (20.20 + 0.03) / 2");
    assert.equal(found[0].progress, null, "without a baseline nobody knows how far it came");
    assert.match(must(["goals"], { cwd: dir }).out, /spend_a_day +EUR +10[^]*flat/);

    must(["goals", "freeze", "spend_a_day", "--from", "2026-01-01", "--to", "2026-01-02"], { cwd: dir });
    const lines = fs.readFileSync(file, "utf8").split("\n");
    const at = lines.findIndex((l) => l.startsWith("    baseline: {value: 15.15, from: 2026-01-01, to: 2026-01-02, frozen: "));
    assert.ok(at > 0, lines.join("\n"));
    assert.equal(lines[at - 1], "      window_days: 2");
    assert.equal([...lines.slice(0, at), ...lines.slice(at + 1)].join("\n"), goals, "one line came, no byte else changed");
    const after = json(["goals"], { cwd: dir }).goals[0];
    assert.equal(after.baseline.value, 15.15);
    assert.ok(Math.abs(after.progress - (15.15 - 10.115) / (15.15 - 5)) < 1e-9);

    const again = run(["goals", "freeze", "spend_a_day", "--from", "2026-01-03", "--to", "2026-01-03"], { cwd: dir });
    assert.equal(again.code, 2);
    assert.match(again.err, /frozen already[^]*--force/);
    // 0.03 lies behind the target of 5: the mesh would not be in order, so nothing is written
    const before = fs.readFileSync(file);
    const wrong = run(["goals", "freeze", "spend_a_day", "--from", "2026-01-03", "--to", "2026-01-03", "--force"], { cwd: dir });
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.err, /nothing was written/);
    assert.deepEqual(fs.readFileSync(file), before);
    must(["goals", "freeze", "spend_a_day", "--from", "2026-01-02", "--to", "2026-01-02", "--force"], { cwd: dir });
    assert.equal(fs.readFileSync(file, "utf8").match(/baseline:/g).length, 1);
    assert.equal(json(["goals"], { cwd: dir }).goals[0].baseline.value, 20.2);

    for (const [args, code, said] of [
        [["freeze", "spend_a_da", "--from", "2026-01-01", "--to", "2026-01-02"], 2, /did you mean spend_a_day/],
        [["freeze", "spend_a_day", "--from", "2026-01-01"], 2, /--to/],
        [["freeze", "spend_a_day", "--from", "2026-13-01", "--to", "2026-01-02"], 2, /--from/],
        [["freeze", "spend_a_day", "--from", "2026-01-02", "--to", "2026-01-01"], 2, /ends before/],
        [["freeze", "spend_a_day", "--from", "2020-01-01", "--to", "2020-01-02"], 2, /no data/],
        [["freeze", "flat", "--from", "2026-01-01", "--to", "2026-01-02"], 2, /one line[^]*baseline: \{value: 2/],
        [["freeze"], 2, /which goal/],
        [["melt"], 2, /no `trellis goals melt`/],
    ]) {
        const r = run(["goals", ...args], { cwd: dir });
        assert.equal(r.code, code, `${args.join(" ")}: ${r.err}`);
        assert.match(r.err, said, args.join(" "));
    }
});

test("check names those who claim the same word", (t) => {
    const dir = world(t);
    const { out } = must(["check"], { cwd: dir });
    assert.match(out, /glossary\.yaml:2:\d+: warning TR108[^]*web\.conversion \(Bo\)[^]*\(Ana\)/);
});

test("requests go to the owner, are answered, and nothing else gets in", async (t) => {
    const dir = world(t);
    const offline = json(["request", "product", "Store", "visits", "by", "day", "--as", "Cy"], { cwd: dir });
    assert.deepEqual([offline.id, offline.kind, offline.title, offline.domain, offline.asker, offline.state], [1, "product", "Store visits by day", "shared", "Cy", "open"]);
    assert.equal(json(["request", "feedback", "acquisition.spend", "--field", "amount", "Is VAT in it?"], { cwd: dir }).domain, "acquisition");
    assert.equal(json(["request", "access", "acquisition.spend"], { cwd: dir }).title, "Access to acquisition.spend");

    const s = await serve(t, dir);
    const post = (body, where = "/api/v1/requests") => s.json(where, { method: "POST", body });
    const asked = await post({ kind: "question", title: "  What is a day? ", domain: "web", body: "In which zone?\nThanks" });
    assert.equal(asked.status, 200);
    assert.equal(asked.state, "open");
    assert.deepEqual([asked.id, asked.title, asked.domain, asked.asker], [4, "What is a day?", "web", "local-admin"]);
    // A command beside the server asks it.
    assert.match(must(["requests", "--state", "open"], { cwd: dir }).out, /What is a day\?[^]*Access to acquisition\.spend[^]*Store visits by day/);
    must(["request", "answer", "4", "A day in Berlin.", "--as", "Bo"], { cwd: dir });
    must(["request", "answer", "1", "Not", "this", "year", "--declined"], { cwd: dir });
    const all = (await s.json("/api/v1/requests")).requests;
    assert.deepEqual(all.map((r) => [r.id, r.state]), [[4, "answered"], [3, "open"], [2, "open"], [1, "declined"]]);
    assert.equal(all[0].answered_by, "Bo");
    assert.equal(all[3].answer, "Not this year");
    assert.equal((await s.json("/api/v1/requests?domain=acquisition&state=open")).requests.length, 2);
    assert.equal((await s.json("/api/v1/requests?ref=acquisition.spend")).requests.length, 2);

    for (const [body, status, said] of [
        [{ title: "x" }, 400, /kind is missing/],
        [{ kind: "wish", title: "x" }, 400, /kind is one of/],
        [{ kind: "product", title: "   " }, 400, /title is missing/],
        [{ kind: "product", title: "x".repeat(201) }, 413, /longer than 200/],
        [{ kind: "product", title: "x", body: "x".repeat(4001) }, 413, /longer than 4000/],
        [{ kind: "product", titel: "x" }, 400, /unknown member titel/],
        [{ kind: "product", title: 1 }, 400, /must be a text/],
        [{ kind: "access", title: "x" }, 400, /needs a ref/],
        [{ kind: "access", title: "x", ref: "acquisition.spent" }, 404, /no port, product or domain/],
        [{ kind: "feedback", title: "x", ref: "acquisition.spend", field: "amont" }, 404, /no column amont/],
        [{ kind: "question", title: "x", domain: "wbe" }, 404, /no domain wbe/],
        [{ kind: "question", title: "x", field: "amount" }, 400, /needs the ref/],
        [[], 400, /JSON object/],
    ]) {
        const r = await s.ask("/api/v1/requests", { method: "POST", body });
        assert.equal(r.status, status, JSON.stringify(body) + r.text);
        assert.match(JSON.parse(r.text).error.message, said);
    }
    for (const [id, body, status] of [
        ["99", { answer: "x" }, 404],
        ["x", { answer: "x" }, 400],
        ["2", { answer: "" }, 400],
        ["2", { answer: "x", state: "open" }, 400],
        ["2", { answer: "x", state: "closed" }, 400],
    ])
        assert.equal((await s.ask(`/api/v1/requests/${id}/answer`, { method: "POST", body })).status, status, `${id} ${JSON.stringify(body)}`);
    assert.equal((await s.ask("/api/v1/requests", { bare: true })).status, 401);
    assert.equal((await s.ask("/api/v1/requests?state=opne")).status, 400);
    assert.equal((await s.json("/api/v1/requests")).requests.length, 4, "nothing that was refused was kept");
});

test("home, domains, glossary and readiness over the API", async (t) => {
    const dir = world(t);
    must(["request", "product", "Visits", "--domain", "web"], { cwd: dir });
    const s = await serve(t, dir);
    const home = await s.json("/api/v1/home");
    assert.equal(home.north_star.name, "spend_a_day");
    assert.equal(home.health.requests_open, 1);
    assert.equal(home.health.ports, home.domains.reduce((n, d) => n + d.ports, 0));
    assert.equal(home.domains.find((d) => d.name === "web").requests_open, 1);
    assert.ok(home.changes.some((c) => c.kind === "load" && /1 file loaded, 3 rows/.test(c.title) && c.href === "/sources/acquisition/spend"));
    assert.ok(home.changes.some((c) => c.kind === "request" && c.severity === "warn"));
    assert.deepEqual(home.changes.map((c) => c.at), home.changes.map((c) => c.at).sort().reverse());
    assert.equal((await s.json("/api/v1/home?changes=1")).changes.length, 1);

    const { terms } = await s.json("/api/v1/glossary");
    assert.deepEqual(terms.filter((x) => x.name === "conversion").map((x) => [x.domain ?? "", x.owner.name, x.clash]).sort(), [["", "Ana", true], ["web", "Bo", true]]);
    const { clashes } = await s.json("/api/v1/clashes");
    assert.equal(clashes.length, 1);
    assert.deepEqual(clashes[0].claims.map((x) => x.owner.name).sort(), ["Ana", "Bo"]);

    const d = await s.json("/api/v1/domains/acquisition");
    assert.deepEqual(d.products.map((p) => p.name), ["spend"]);
    assert.equal(d.products[0].state, "fresh");
    assert.equal(d.sources[0].rows, 3);
    const mends = d.readiness.steps.find((x) => x.id === "first_products");
    assert.equal(mends.done, false);
    assert.match(mends.command, /^trellis add files --domain acquisition/);
    assert.equal((await s.json("/api/v1/readiness")).domains.find((x) => x.domain === "acquisition").all, d.readiness.all);
    const ready = must(["ready", "acquisition"], { cwd: dir }).out;
    assert.match(ready, new RegExp(`acquisition: ${d.readiness.done} of ${d.readiness.all} steps done`));
    assert.match(run(["ready", "acquisitio"], { cwd: dir }).err, /did you mean acquisition/);
    assert.match((await s.json("/api/v1/domains/acquisitio")).error.hint, /did you mean acquisition/);

    // A declaration that changes is told, in words, with its page; only what changed.
    const file = path.join(dir, "domains/web/domain.yaml");
    fs.writeFileSync(file, "# a comment\n" + fs.readFileSync(file, "utf8"));
    write(dir, "domains/web/glossary.yaml", glossary("Bo", "Any form that is sent, once."));
    const told = await until("the change", async () => {
        const found = (await s.json("/api/v1/home")).changes.filter((c) => c.kind === "declared");
        return found.length && found;
    });
    assert.deepEqual(told.map((c) => [c.title, c.href, c.owner.name]), [["The term web.conversion changed: definition", "/glossary?term=conversion", "Bo"]]);
    // governance/ is watched like domains/
    fs.rmSync(path.join(dir, "governance/goals.yaml"));
    await until("the goals to go", async () => (await s.json("/api/v1/goals")).goals.length === 0);
    assert.equal((await s.json("/api/v1/home")).north_star, null);
    assert.deepEqual(await s.json("/api/v1/pacing").then((p) => p.targets), []);
    const doc = JSON.parse((await s.ask("/openapi.json")).text);
    assert.deepEqual(Object.keys(doc.paths["/api/v1/requests"]).sort(), ["get", "post"]);
});

test("targets and names on the landed exports", { skip: !hasShared && "no landed exports here" }, async (t) => {
    const dir = path.join(scratch(t), "ads");
    must(["init", dir, "--currency", "USD", "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "google_ads", "--domain", "acquisition", "--path", path.join(ads, "google_ads")], { cwd: dir });
    must(["add", "campaign_performance", "--domain", "acquisition"], { cwd: dir });
    must(["run"], { cwd: dir });
    const [{ spend, month }] = json(["query", "SELECT sum(spend)::DOUBLE AS spend, strftime(max(date_day), '%Y') AS month FROM acquisition.campaign_daily WHERE year(date_day) = (SELECT year(max(date_day)) FROM acquisition.campaign_daily)"], { cwd: dir });
    write(dir, "targets/spend.csv", `period,platform,target\n${month},google_ads,1000\n`);
    write(dir, "governance/naming.yaml", `rules:\n  - {name: lower, subject: campaign_name, lower_case: true, message: lower case}\n`);
    must(["check"], { cwd: dir });
    const s = await serve(t, dir);
    const { targets, problem } = await s.json("/api/v1/pacing");
    assert.equal(problem, null);
    assert.ok(Math.abs(targets[0].actual - spend) < 1e-6, `${targets[0].actual} is not ${spend}`);
    assert.ok(Math.abs(targets[0].expected - (1000 * targets[0].days_done) / targets[0].days_all) < 1e-6);
    const naming = await s.json("/api/v1/naming");
    assert.equal(naming.problem, null);
    const [{ n }] = json(["query", "SELECT count(DISTINCT campaign_id) AS n FROM shared.campaign WHERE campaign_name <> lower(campaign_name)"], { cwd: dir });
    assert.equal(naming.total, n);
});
