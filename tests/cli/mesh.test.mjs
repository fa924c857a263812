// One small mesh through its whole life by the real program: made, checked, planned, run, asked, restated, broken, mended.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, run, scratch, serve, smallMesh, start, until, write } from "./lib.mjs";

const total = "SELECT sum(amount)::DECIMAL(18,2) AS total FROM acquisition.spend";

test("a new mesh can be checked and run at once", (t) => {
    const dir = path.join(scratch(t), "a b'ö"); // blanks, quotes and letters beyond ASCII in the path
    assert.match(must(["init", dir, "--name", "shop"]).out, /new +mesh\.yaml/);
    assert.match(must(["check"], { cwd: dir }).out, /declaration is in order/);
    assert.match(must(["run"], { cwd: dir }).out, /succeeded: \d+ built/);
    assert.match(must(["plan"], { cwd: dir }).out, /Nothing to do/);
    assert.equal(fs.statSync(path.join(dir, "data")).mode & 0o777, 0o700);
    const again = run(["init", dir]);
    assert.equal(again.code, 2, "a mesh is not made over another");
    assert.match(again.err, /mesh\.yaml/);
});

test("from a file to an answer", (t) => {
    const dir = smallMesh(t);
    const early = run(["query", total], { cwd: dir });
    assert.equal(early.code, 1);
    assert.match(early.err, /TR302[^]*trellis run/);

    const plan = json(["plan"], { cwd: dir });
    assert.equal(plan.would_load.length, 2, "the file, and the exchange rates that every mesh has");
    assert.ok(plan.would_build.some((b) => b.ref === "acquisition.spend" && b.reason === "never_built"));

    const report = json(["run"], { cwd: dir });
    assert.equal(report.exit_code, 0, JSON.stringify(report));
    assert.equal(report.status, "succeeded");
    assert.deepEqual(rows(total, { cwd: dir }), ["30.33"]);
    assert.equal(json(["run"], { cwd: dir }).built, 0, "nothing is built twice");

    // One answer in three forms; decimals exact, NULL, quotes and line breaks kept.
    const sql = `SELECT 0.10::DECIMAL(4,2) AS d, NULL AS n, 'a "b", c\nd' AS s, 9007199254740993 AS big, DATE '2026-01-31' AS day, true AS yes, [1,2] AS list`;
    const out = must(["query", "--format", "csv", sql], { cwd: dir }).out;
    assert.equal(out, 'd,n,s,big,day,yes,list\r\n0.10,,"a ""b"", c\nd",9007199254740993,2026-01-31,true,"[1,2]"\r\n');
    const text = must(["query", "--json", sql], { cwd: dir }).out;
    assert.match(text, /"d":0\.10,/);
    assert.deepEqual(JSON.parse(text), [{ d: 0.1, n: null, s: 'a "b", c\nd', big: "9007199254740993", day: "2026-01-31", yes: true, list: [1, 2] }]);
    assert.equal(must(["query", "--format", "json", sql], { cwd: dir }).out, text);
    assert.match(must(["query", sql], { cwd: dir }).out, /^ +d +n +s/);
    assert.equal(must(["query", "--format", "csv", "-"], { cwd: dir, input: total }).out, "total\r\n30.33\r\n");
    assert.deepEqual(JSON.parse(must(["query", "--json", "SELECT amount FROM acquisition.spend WHERE false"], { cwd: dir }).out), []);
    const cut = must(["query", "--limit", "2", "--format", "csv", "SELECT * FROM acquisition.spend"], { cwd: dir });
    assert.equal(cut.out.trimEnd().split("\r\n").length, 3);
    assert.match(cut.err, /cut after 2 rows/);
});

test("data cannot steer a terminal", (t) => {
    const dir = smallMesh(t);
    const { out } = must(["query", "SELECT chr(27) || ']0;evil' || chr(7) AS x, chr(155) AS c1"], { cwd: dir });
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

// SQL, exit code, what is said; and where the caret stands
const refused = [
    ["SELEC 1", 2, /TR110/, null],
    ["SELECT\n  nope\nFROM acquisition.spend", 2, /no column "nope"/, "\n    nope\n    ^"],
    ["SELECT * FROM acquisition.spent", 2, /TR011[^]*did you mean acquisition\.spend\?/, "  SELECT * FROM acquisition.spent\n                ^"],
    ["SELECT 'ä', * FROM acquisition.spent", 2, /TR011/, "  SELECT 'ä', * FROM acquisition.spent\n                     ^"],
    ["DROP TABLE acquisition.spend", 5, /TR111|TR110/, null],
    ["SELECT 1; SELECT 2", 2, /one/, null],
    ["SELECT * FROM read_csv('/etc/passwd')", 5, /not allowed/, null],
    ["SELECT * FROM '/etc/passwd'", 5, /./, null],
    ["SELECT getenv('HOME')", 5, /not allowed/, null],
    ["COPY (SELECT 1) TO '/tmp/x'", 5, /./, null],
    ["SELECT 1 + 'Alice'::INT", 2, /./, null],
    ["", 2, /empty/, null],
];
test("questions that are refused say why", (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    for (const [sql, code, said, caret] of refused) {
        const r = run(["query", "--", sql], { cwd: dir });
        assert.ok(r.code === code || (code === 5 && r.code === 2), `${sql}: ${r.code} ${r.err}`);
        assert.match(r.err, said, sql);
        assert.doesNotMatch(r.err, /Alice.*INT32|Conversion Error|Catalog Error|Binder Error|Parser Error/, "the engine's own words");
        if (caret) assert.ok(r.err.includes(caret), `${sql}: ${r.err}`);
        assert.equal(r.out, "");
    }
});

test("a restated file changes today's figure and not the answer as reported before", (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir, env: { TRELLIS_NOW: "2026-02-01T09:00:00Z" } });
    write(dir, "in/spend.csv", "day,channel,amount\n2026-01-01,search,10.10\n2026-01-02,search,25.00\n2026-01-03,social,0.03\n");
    const env = { TRELLIS_NOW: "2026-02-05T09:00:00Z" };
    assert.equal(json(["plan"], { cwd: dir, env }).would_load[0].reason, "changed");
    must(["run"], { cwd: dir, env });
    assert.deepEqual(rows(total, { cwd: dir, env }), ["35.13"]);
    assert.deepEqual(rows(total, { cwd: dir, env }, ["--as-of", "2026-02-04"]), ["30.33"]);
    assert.deepEqual(rows(total, { cwd: dir, env }, ["--as-of", "2026-02-05"]), ["35.13"]);
    assert.deepEqual(rows("SELECT count(*) FROM acquisition.spend", { cwd: dir, env }, ["--as-of", "2026-01-31"]), ["0"]);
    assert.match(run(["query", "--as-of", "5.2.2026", total], { cwd: dir }).err, /YYYY-MM-DD/);
    assert.match(run(["query", "--as-of", "", total], { cwd: dir }).err, /--as-of is empty/);
});

test("a broken declaration is reported whole, and nothing runs on it", (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    const sql = path.join(dir, "domains/acquisition/products/spend/spend.sql"), good = fs.readFileSync(sql, "utf8");
    fs.writeFileSync(sql, "SELECT day, channel,, amount FROM acquisition.spend__data");
    fs.appendFileSync(path.join(dir, "mesh.yaml"), "desciption: A shop\n");
    const r = run(["check"], { cwd: dir });
    assert.equal(r.code, 2);
    assert.match(r.out, /mesh\.yaml:\d+:1: error TR103[^]*did you mean/);
    assert.match(r.out, /spend\.sql:1:21: error TR110/);
    assert.match(r.out, /^2 errors/m);
    const report = JSON.parse(run(["check", "--json"], { cwd: dir }).out);
    assert.equal(report.ok, false);
    assert.deepEqual(report.errors.map((e) => e.code).sort(), ["TR103", "TR110"]);
    for (const words of [["run"], ["plan"], ["serve", "--port", "0"]]) assert.equal(run(words, { cwd: dir }).code, 2, words.join(" "));
    fs.writeFileSync(sql, good);
    fs.writeFileSync(path.join(dir, "mesh.yaml"), fs.readFileSync(path.join(dir, "mesh.yaml"), "utf8").replace(/^desciption.*\n/m, ""));
    assert.match(must(["run"], { cwd: dir }).out, /0 built/);
});

test("single files are checked alone", (t) => {
    const dir = scratch(t);
    const file = write(dir, "x.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n");
    assert.match(must(["check", file]).out, /1 file in order/);
    write(dir, "x.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstaus: active\n");
    const r = run(["check", file]);
    assert.equal(r.code, 2);
    assert.match(r.out, /x\.odcs\.yaml:5:1: error/);
    assert.equal(run(["check", path.join(dir, "absent.yaml")]).code, 2);
});

test("a check that refuses keeps the last good version and ends with 4", (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    const contract = path.join(dir, "domains/acquisition/products/spend/spend.odcs.yaml");
    const text = fs.readFileSync(contract, "utf8");
    fs.writeFileSync(contract, `${text.trimEnd()}\n    quality:\n      - {name: amounts are large, type: sql, query: "SELECT count(*) FROM {object} WHERE amount < 5", mustBe: 0, severity: error}\n`);
    must(["check"], { cwd: dir });
    write(dir, "in/spend.csv", "day,channel,amount\n2026-01-01,search,1.00\n");
    const r = run(["run"], { cwd: dir });
    assert.equal(r.code, 4, r.out + r.err);
    assert.match(r.err + r.out, /refused/);
    assert.deepEqual(rows(total, { cwd: dir }), ["30.33"], "the last good version is served");
    const status = json(["status"], { cwd: dir });
    const port = status.products.products.find((p) => p.name === "spend").ports[0];
    assert.equal(port.state, "failing");
    assert.ok(port.checks.failed >= 1);
});

test("only named ports, and names that do not exist", (t) => {
    const dir = smallMesh(t);
    const r = run(["run", "acquisition.spent"], { cwd: dir });
    assert.equal(r.code, 2);
    assert.match(r.err, /TR011[^]*did you mean acquisition\.spend\?/);
    const one = json(["run", "acquisition.spend"], { cwd: dir });
    assert.equal(one.built, 1);
});

test("commands give the same answers beside a server", async (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    const questions = [["query", "--format", "csv", "SELECT * FROM acquisition.spend ORDER BY ALL"], ["query", "--json", total], ["plan"],
                       ["plan", "--json"], ["status"], ["check"]];
    const alone = questions.map((q) => must(q, { cwd: dir }).out);
    const wrong = run(["query", "SELECT * FROM acquisition.spent"], { cwd: dir });
    const s = await serve(t, dir);
    questions.forEach((q, i) => assert.equal(must(q, { cwd: dir }).out, alone[i], q.join(" ")));
    assert.deepEqual({ ...run(["query", "SELECT * FROM acquisition.spent"], { cwd: dir }) }, { ...wrong });

    const second = run(["serve", "--port", "0"], { cwd: dir });
    assert.equal(second.code, 3);
    assert.match(second.err, new RegExp(`\\b${s.child.pid}\\b`), "the holder's pid");

    write(dir, "in/spend.csv", "day,channel,amount\n2026-01-01,search,11.10\n2026-01-02,search,20.20\n2026-01-03,social,0.03\n");
    const report = json(["run"], { cwd: dir });
    assert.equal(report.built, 1, JSON.stringify(report));
    assert.deepEqual(rows(total, { cwd: dir }), ["31.33"]);
    const api = await s.json("/api/v1/query", { method: "POST", body: { sql: total } });
    assert.deepEqual(api.rows, [[31.33]]);

    // A new source appears while the server runs, is run and asked; a broken change keeps what was there and says so.
    write(dir, "more.csv", "id,label\n1,one\n2,two\n");
    must(["add", "files", "--name", "more", "--path", "more.csv", "--domain", "web"], { cwd: dir });
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT count(*) FROM web.more", { cwd: dir }), ["2"]);
    const yaml = path.join(dir, "domains/web/domain.yaml"), good = fs.readFileSync(yaml, "utf8");
    fs.writeFileSync(yaml, good + "nonsense: 1\n");
    const mesh = await until("the error to be noticed", async () => {
        const m = await s.json("/api/v1/mesh");
        return m.declaration_errors.length && m;
    });
    assert.match(mesh.declaration_errors[0].file, /domains\/web\/domain\.yaml/);
    assert.deepEqual(rows("SELECT count(*) FROM web.more", { cwd: dir }), ["2"]);
    assert.equal(run(["run"], { cwd: dir }).code, 2);
    fs.writeFileSync(yaml, good);
    await until("the mended declaration", async () => (await s.json("/api/v1/mesh")).declaration_errors.length === 0);
    assert.equal(must(["run"], { cwd: dir }).code, 0);
});

test("a killed server leaves nothing in the way", async (t) => {
    const dir = smallMesh(t);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir);
    s.child.kill("SIGKILL");
    await s.ended;
    assert.ok(fs.existsSync(path.join(dir, "data/trellis.sock")), "a stale socket is there");
    assert.deepEqual(rows(total, { cwd: dir }), ["30.33"]);
    const next = await serve(t, dir);
    assert.equal((await next.json("/healthz")).status, "ok");
});

test("SIGTERM and SIGINT stop the server at once and cleanly", async (t) => {
    for (const signal of ["SIGTERM", "SIGINT"]) {
        const dir = smallMesh(t), s = await serve(t, dir);
        await s.json("/api/v1/mesh"); // leaves a kept connection behind
        const at = Date.now();
        s.child.kill(signal);
        assert.deepEqual(await s.ended, { code: 0, signal: null }, s.err);
        assert.ok(Date.now() - at < 9000, "it did not wait for the drain's limit");
        assert.ok(!fs.existsSync(path.join(dir, "data/trellis.sock")));
    }
});

// A source large enough that its load takes a while.
function largeMesh(t) {
    const dir = smallMesh(t), file = path.join(dir, "large.csv"), fd = fs.openSync(file, "w");
    fs.writeSync(fd, "day,k,amount\n");
    for (let i = 0; i < 60; i++) fs.writeSync(fd, Array.from({ length: 20_000 }, (_, k) => `2026-01-${String(1 + (k % 28)).padStart(2, "0")},${i}_${k},${k}.25\n`).join(""));
    fs.closeSync(fd);
    must(["add", "files", "--name", "large", "--path", "large.csv", "--domain", "web"], { cwd: dir });
    return dir;
}

test("Ctrl-C calls a run off; the next one completes", async (t) => {
    const dir = largeMesh(t);
    const it = start(["run"], { cwd: dir });
    await until("the load to begin", () => it.err.includes("large") || it.child.exitCode !== null);
    it.child.kill("SIGINT");
    const { code, signal } = await it.ended;
    assert.equal(signal, null);
    assert.notEqual(code, 0, it.out + it.err);
    assert.match(it.out + it.err, /cancelled|called off|TR005/i);
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT count(*) FROM web.large", { cwd: dir }), ["1200000"]);
    assert.equal(json(["status"], { cwd: dir }).runs.runs[0].status, "succeeded");
});

test("beside a server: one run at a time, Ctrl-C reaches it, a lost client does not", async (t) => {
    const dir = largeMesh(t), s = await serve(t, dir);
    const it = start(["run"], { cwd: dir });
    await until("the load to begin", () => it.err.includes("large") || it.child.exitCode !== null);
    const other = run(["run"], { cwd: dir });
    assert.equal(other.code, 3, other.err);
    assert.match(other.err, /run \d+ is still in work/);
    assert.deepEqual(rows("SELECT 1 AS x", { cwd: dir }), ["1"], "questions are answered meanwhile");
    it.child.kill("SIGINT");
    assert.notEqual((await it.ended).code, 0, it.out + it.err);
    await until("the run's end", async () => (await s.json("/api/v1/mesh")).running === null);

    const lost = start(["run"], { cwd: dir });
    await until("the load to begin", () => lost.err.includes("large") || lost.child.exitCode !== null);
    lost.child.kill("SIGKILL");
    await lost.ended;
    await until("the run to go on to its end", async () => (await s.json("/api/v1/runs?limit=1")).runs[0].status === "succeeded", 120_000);
    assert.deepEqual(rows("SELECT count(*) FROM web.large", { cwd: dir }), ["1200000"]);
});
