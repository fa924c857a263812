// A watched folder: what arrives while a server runs is loaded and built, once, and a file that grows only by what is new.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, rows, serve, smallMesh, until, write } from "./lib.mjs";

const source = (dir) => path.join(dir, "domains/acquisition/sources/spend.yaml");
const total = (dir) => rows("SELECT count(*), sum(amount) FROM acquisition.spend", { cwd: dir })[0];

function watched(t) {
    const dir = smallMesh(t);
    fs.writeFileSync(source(dir), fs.readFileSync(source(dir), "utf8").replace(/path: "in\/spend.csv"/g, 'path: "in/*.csv"')
        .replace("drift: evolve", "drift: evolve\nwatch: true").replace("load: snapshot", "load: append"));
    return dir;
}

test("files that arrive are loaded, and a growing one by what is new", async (t) => {
    const dir = watched(t), s = await serve(t, dir);
    await until("the file that was there", () => fs.existsSync(path.join(dir, "data/mesh.duckdb")) && s.json("/api/v1/runs?limit=1").then((r) => r.runs[0]?.status === "succeeded"), 60_000);
    assert.match(total(dir), /^3,30\.33/);
    const first = (await s.json("/api/v1/runs?limit=9")).runs;
    assert.equal(first[0].trigger, "watch");
    write(dir, "in/more.csv", "day,channel,amount\n2026-01-04,search,1.00\n");
    await until("the new file", () => total(dir).startsWith("4,31.33"), 60_000);
    fs.appendFileSync(path.join(dir, "in/more.csv"), "2026-01-05,search,2.00\n2026-01-06,search,3.00\n");
    await until("its new rows", () => total(dir).startsWith("6,36.33"), 60_000);
    const runs = (await s.json("/api/v1/runs?limit=9")).runs;
    assert.equal(runs.length, first.length + 2, "one run for each change");
});

test("what a run by hand has loaded is no reason for another one", async (t) => {
    const dir = watched(t);
    must(["run"], { cwd: dir });
    const s = await serve(t, dir);
    await new Promise((r) => setTimeout(r, 4000)); // it looks at once, and acts after two seconds
    assert.equal((await s.json("/api/v1/runs?limit=9")).runs.length, 1);
});

test("without watch: true nothing is loaded by itself", async (t) => {
    const dir = smallMesh(t), s = await serve(t, dir);
    await new Promise((r) => setTimeout(r, 4000));
    assert.equal((await s.json("/api/v1/runs?limit=9")).runs.length, 0);
});
