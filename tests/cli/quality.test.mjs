// Rows that break a check, the history of a port and why it is stale, by the real program: in the terminal and over the API.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, serve, smallMesh, write } from "./lib.mjs";

const secret = ["canary.one", "canary-two@example.org", "canary-three@example.org"];
const product = "domains/acquisition/products/people";
const contract = (limit) => `apiVersion: v3.1.0
kind: DataContract
id: acquisition.people.people
name: people
version: 1.0.0
status: active
schema:
  - name: people
    physicalType: table
    properties:
      - {name: person, logicalType: integer, physicalType: INTEGER, classification: internal, description: Number., primaryKey: true}
      - {name: email, logicalType: string, physicalType: VARCHAR, classification: personal, description: Address.}
      - {name: score, logicalType: integer, physicalType: INTEGER, classification: internal, description: Points., logicalTypeOptions: {maximum: ${limit}}}
    quality:
      - {name: addresses have an at, type: sql, query: "SELECT count(*) FROM {object} WHERE email NOT LIKE '%@%'", mustBe: 0, dimension: conformity, severity: warning}
`;

function people(t) {
    const dir = smallMesh(t);
    write(dir, `${product}/product.yaml`, `apiVersion: v1.0.0
kind: DataProduct
id: acquisition.people
name: people
version: 1.0.0
status: active
domain: acquisition
description: {purpose: A test., limitations: None., usage: Tests.}
outputPorts:
  - {name: people, version: 1.0.0, type: tables, description: People., contractId: acquisition.people.people}
team: {name: Growth, members: [{username: bo@example.org, name: Bo, role: owner}]}
`);
    write(dir, `${product}/people.odcs.yaml`, contract(100));
    write(dir, `${product}/people.sql`, `SELECT * FROM (VALUES (1, '${secret[0]}', 5), (2, '${secret[1]}', 50), (3, '${secret[2]}', 500 - 450)) t(person, email, score)\n`);
    must(["run"], { cwd: dir });
    return dir;
}

// Every byte of what is no table of the engine: the control store with its log, and whatever the program has written beside.
function nowhere(dir, said) {
    for (const name of fs.readdirSync(path.join(dir, "data"), { recursive: true })) {
        const file = path.join(dir, "data", name);
        if (/mesh\.duckdb/.test(name) || !fs.statSync(file).isFile()) continue;
        const bytes = fs.readFileSync(file);
        for (const s of secret) assert.equal(bytes.includes(s), false, `${s} stands in ${name}`);
    }
    for (const s of secret) assert.equal(said.includes(s), false, `${s} was said`);
}

test("rows of a warned rule and of a refused version, personal values hidden", async (t) => {
    const dir = people(t);
    const rule = "addresses have an at";
    const warned = json(["failing", "acquisition.people", rule], { cwd: dir });
    assert.equal(warned.refused, false);
    assert.equal(warned.check.verdict, "warned");
    assert.deepEqual(warned.columns.map((c) => c.name), ["person", "email", "score"]);
    assert.deepEqual(warned.rows, [[1, "hidden: personal", 5]], "judged by the address, which is not shown");
    assert.equal(warned.why_none, null);
    const passed = json(["failing", "acquisition.people", "score: maximum"], { cwd: dir });
    assert.deepEqual(passed.rows, []);
    assert.match(passed.why_none, /no row breaks/);

    write(dir, `${product}/people.odcs.yaml`, contract(10));
    const refused = run(["run"], { cwd: dir });
    assert.equal(refused.code, 4);
    const all = json(["failing", "acquisition.people"], { cwd: dir });
    assert.equal(all.refused, true);
    assert.deepEqual(all.columns.map((c) => c.name), ["check", "person", "email", "score"]);
    assert.deepEqual(all.rows.map((r) => [r[0], r[1], r[3]]), [["score: maximum", 2, 50], ["score: maximum", 3, 50], [rule, 1, 5]]);
    const shown = must(["failing", "acquisition.people", "score: maximum"], { cwd: dir });
    assert.match(shown.out, /2 values of score are above 10[^]*refused; readers keep the one before[^]*hidden: personal/);
    assert.deepEqual(rows("SELECT count(*) FROM acquisition.people", { cwd: dir }), ["3"], "the live version is as it was");
    assert.equal(json(["failing", "acquisition.people", "--limit", "1"], { cwd: dir }).truncated, true);
    const unknown = run(["failing", "acquisition.people", "score: maximun"], { cwd: dir });
    assert.match(unknown.err, /there is no check score: maximun[^]*did you mean score: maximum\?/);
    assert.match(run(["failing", "people"], { cwd: dir }).err, /is no port/);
    assert.match(run(["failing", "acquisition.nobody"], { cwd: dir }).err, /there is no port acquisition\.nobody/);
    assert.match(must(["why", "acquisition.people"], { cwd: dir }).out, /acquisition\.people failing since [^]*was refused[^]*owner: Bo/);

    const it = await serve(t, dir);
    const over = await it.json("/api/v1/ports/acquisition/people/failing?rule=score%3A%20maximum&column=score");
    assert.equal(over.status, 200);
    assert.equal(over.row_count, 2);
    const asked = await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT DISTINCT email FROM acquisition.people_v1__failing" } });
    assert.deepEqual(asked.rows, [["hidden: personal"]]);
    const outside = await it.json("/api/v1/query", { method: "POST", body: { sql: "SELECT * FROM acquisition.people_v1__failing", as_of: "2026-01-01" } });
    assert.equal(outside.error?.name, "E_NOT_FOUND", "of the past nothing is kept");
    nowhere(dir, refused.out + refused.err + shown.out + it.out + it.err + JSON.stringify([all, over, asked]));
});

test("a port's SQL cannot read them", (t) => {
    const dir = people(t);
    write(dir, `${product}/people.sql`, "SELECT person, email, score FROM acquisition.people_v1__failing\n");
    assert.match(run(["check"], { cwd: dir }).err + run(["check"], { cwd: dir }).out, /people_v1__failing/);
    assert.equal(run(["check"], { cwd: dir }).code, 2);
});

test("why: yesterday's file is missing; the history has each build", async (t) => {
    const dir = smallMesh(t);
    const file = path.join(dir, "domains/acquisition/sources/spend.yaml");
    write(dir, "domains/acquisition/sources/spend.yaml", fs.readFileSync(file, "utf8") + "\nsla: {freshness: 26h}\nowner: {name: Cleo, contact: cleo@example.org}\n");
    const at = (now, args, more = {}) => must(args, { cwd: dir, env: { TRELLIS_NOW: now }, ...more });
    const first = at("2026-01-04T06:00:00Z", ["run"]);
    assert.equal(first.code, 0);
    assert.match(at("2026-01-04T06:30:00Z", ["why", "acquisition.spend"]).out, /acquisition\.spend fresh/);

    const late = JSON.parse(at("2026-01-06T06:00:00Z", ["why", "acquisition.spend", "--json"]).out);
    assert.equal(late.state, "stale");
    assert.deepEqual(late.chain.map((s) => [s.kind, s.ref, s.state, s.owner.name]), [
        ["port", "acquisition.spend", "stale", "Ana"],
        ["stream", "acquisition.spend__data", "late", "Cleo"],
        ["source", "acquisition.spend", "late", "Cleo"],
    ]);
    assert.match(late.chain[2].message, /Cleo should have the missing export delivered/);
    assert.ok(late.chain.every((s) => s.since));
    assert.match(at("2026-01-06T06:00:00Z", ["why", "acquisition.spend"]).out, /late \(source\) since 2026-01-0[56] [^]*owner: Cleo, cleo@example\.org/);
    const stale = at("2026-01-06T06:00:00Z", ["status"]).out;
    assert.match(stale, /acquisition\.spend +stale [^]*the source [Ss]pend is late/);

    fs.appendFileSync(path.join(dir, "in/spend.csv"), "2026-01-04,search,1.00\n2026-01-05,search,1.00\n");
    at("2026-01-06T07:00:00Z", ["run"]);
    assert.match(at("2026-01-06T07:30:00Z", ["why", "acquisition.spend"]).out, /acquisition\.spend fresh/);

    const it = await serve(t, dir); // by the clock of today
    const h = await it.json("/api/v1/ports/acquisition/spend/history?days=3660");
    assert.equal(h.status, 200);
    assert.deepEqual(h.runs.map((r) => [r.status, r.rows]), [["built", 5], ["built", 3]]);
    assert.equal(h.checks.length, 2);
    assert.ok(h.checks.every((c) => c.passed > 0 && c.failed === 0) && h.checks[0].at < h.checks[1].at);
    // No column tells the time of a row, so that builds count: after the first, before and after the second; then it grows until now.
    assert.deepEqual(h.freshness.slice(0, 3).map((f) => Math.round(f.lag_s / 3600)), [0, 49, 0]);
    assert.equal(h.freshness.length, 4);
    assert.deepEqual((await it.json("/api/v1/ports/acquisition/spend/history?days=1")).runs, []);
    const none = await it.json("/api/v1/ports/acquisition/spend/history?days=0");
    assert.equal(none.status, 400);
});
