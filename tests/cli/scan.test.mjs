// Personal data that nobody declared: found at load, named by plan with its line, refused in a new port, written into contracts.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, run, scratch, serve, write } from "./lib.mjs";

const canary = "QZCANARY";
const contract = "domains/web/products/core/people.odcs.yaml";
const lines = (who) =>
    `# a comment that stays\napiVersion: v3.1.0\nkind: DataContract\nid: web.people\nversion: 1.0.0\nstatus: active\nschema:\n  - name: people\n    properties:\n      - {name: order_no, logicalType: string, classification: internal}\n      - name: who   # whoever bought\n        logicalType: string\n${who}`;

function mesh(t, sql) {
    const dir = scratch(t);
    write(dir, "mesh.yaml", "name: test\ntitle: Test\ntime_zone: UTC\nreporting_currency: EUR\npurposes: [analytics]\n");
    write(dir, "domains/web/domain.yaml", "name: web\ntitle: Web\nowner: {name: Ana Ruiz, contact: ana@example.org}\n");
    write(dir, "domains/web/sources/shop.yaml", "name: shop\nkind: files\npath: exports\ncurrency: EUR\nstreams:\n  - {name: orders, load: snapshot}\n");
    write(dir, "exports/orders.csv", "order_no,login\n" + Array.from({ length: 50 }, (_, i) => `${i},${canary}${i}@example.org\n`).join(""));
    write(dir, "domains/web/products/core/product.yaml", "apiVersion: v1.0.0\nkind: DataProduct\nid: web.core\nname: core\nversion: 1.0.0\nstatus: active\ndomain: web\ndescription: {purpose: tests}\noutputPorts:\n  - {name: people, version: 1.0.0, type: tables, contractId: web.people}\n");
    write(dir, contract, lines(""));
    write(dir, "domains/web/products/core/people.sql", sql ?? "SELECT order_no::VARCHAR AS order_no, login AS who FROM web.shop__orders");
    return dir;
}
const classify = (dir, word) => write(dir, "domains/web/sources/shop.odcs.yaml", `apiVersion: v3.1.0\nkind: DataContract\nid: web.shop\nversion: 1.0.0\nstatus: active\nschema:\n  - name: orders\n    properties:\n      - {name: login, logicalType: string, classification: ${word}}\n`);
const nothing = (r) => assert.ok(!(r.out + r.err).includes(canary), "a value was told");

test("a column that looks personal fails plan and run until it is classified", (t) => {
    const dir = mesh(t);
    const first = run(["run"], { cwd: dir });
    assert.equal(first.code, 4);
    assert.match(first.err, /people\.odcs\.yaml:11:\d+: error TR115[^]*the column who looks personal \(97 %\)[^]*classification: personal/);
    const plan = run(["plan"], { cwd: dir });
    assert.equal(plan.code, 4);
    assert.match(plan.err, /shop\.odcs\.yaml: error TR115: the column login of web\.shop__orders looks personal/);
    assert.equal(run(["plan", "--json"], { cwd: dir }).code, 4);
    [first, plan].forEach(nothing);
    write(dir, "governance/policies.yaml", "unclassified: warn\n");
    assert.equal(run(["plan"], { cwd: dir }).code, 0, "warn only warns");
    fs.rmSync(path.join(dir, "governance/policies.yaml"));

    classify(dir, "personal");
    must(["plan"], { cwd: dir });
    must(["run"], { cwd: dir });
    const shown = must(["query", "SELECT who FROM web.people"], { cwd: dir });
    assert.match(shown.out, /hidden: personal/, "the class came along the lineage");
    nothing(shown);
    const p = json(["scan", "web.people"], { cwd: dir });
    assert.deepEqual(p.findings.map((f) => [f.column, f.kind, f.state]), [["who", "email", "hidden"]]);

    classify(dir, "internal");
    const doubted = json(["scan", "web.shop__orders"], { cwd: dir }).findings;
    assert.deepEqual(doubted.map((f) => [f.column, f.declared, f.state]), [["login", "internal", "doubted"]]);
    const again = run(["plan"], { cwd: dir });
    assert.equal(again.code, 4, "nothing is carried any more, and what was found in the port counts");
    assert.match(again.err, /the column who of web\.people looks personal/);
});

test("scan --write puts the class into the contract and leaves the rest", (t) => {
    const dir = mesh(t, `SELECT i::VARCHAR AS order_no, '${canary}' || i || '@example.org' AS who FROM range(40) AS r(i)`);
    write(dir, "governance/policies.yaml", "unclassified: warn\n");
    must(["run"], { cwd: dir });
    const found = must(["scan"], { cwd: dir });
    assert.match(found.out, /web\.people\.who +email +97 % +personal +unclassified +40 of 40 values/);
    nothing(found);
    nothing(must(["scan", "web.people", "--write"], { cwd: dir }));
    assert.equal(fs.readFileSync(path.join(dir, contract), "utf8"), lines("        classification: personal\n"));
    assert.match(must(["query", "SELECT who FROM web.people"], { cwd: dir }).out, /hidden: personal/);
    assert.match(run(["scan", "web.peopel"], { cwd: dir }).err, /there is no port or raw stream web\.peopel/);
});

test("the routes: who may look, and a patch before it is written", async (t) => {
    const dir = mesh(t, `SELECT i::VARCHAR AS order_no, '${canary}' || i || '@example.org' AS who FROM range(40) AS r(i)`);
    write(dir, "governance/policies.yaml", "unclassified: warn\n");
    must(["run"], { cwd: dir });
    const server = await serve(t, dir);
    const body = (v) => ({ method: "POST", body: JSON.stringify(v) });
    const ran = JSON.parse((await server.ask("/api/v1/scan", body({}))).text);
    assert.ok(ran.looked >= 1);
    const patch = JSON.parse((await server.ask("/api/v1/scan/accept", body({ ref: "web.people" }))).text);
    assert.deepEqual([patch.columns, patch.applied], [1, false]);
    assert.match(patch.patch, /\+ +classification: personal/);
    assert.equal((await server.ask("/api/v1/scan", { bare: true })).status, 401);
});
