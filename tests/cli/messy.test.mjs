// Files as people have them, through the real program: add, run, query. Each loads right, with nothing lost, or is refused with a
// message that says how to mend it. TRELLIS_LONG=1 adds a file of two gigabytes.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, rows, run, scratch, write } from "./lib.mjs";
import { cases } from "../messy/files.mjs";
import { workbook, zip } from "../messy/workbook.mjs";

function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--currency", "EUR", "--owner", "Ana", "--contact", "ana@example.org"]);
    fs.mkdirSync(path.join(dir, "in"));
    return dir;
}

// A sheet of 400 MB of one letter, in 400 kB.
const bomb = () => zip([["xl/workbook.xml", '<workbook xmlns:r="r"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>'],
    ["xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'],
    ["xl/worksheets/sheet1.xml", "<worksheet>" + " ".repeat(400 << 20)]]);

const contract = (dir, source) =>
    Object.fromEntries([...fs.readFileSync(path.join(dir, `domains/web/sources/${source}.odcs.yaml`), "utf8").split("properties:")[1]
        .matchAll(/- (?:\{)?name: "?(\w+)"?[,\n][^]*?physicalType: "([^"]+)"[^]*?classification: (\w+)/g)].map((m) => [m[1], { type: m[2], class: m[3] }]));

// One mesh and one run for all that load, so that the table costs seconds.
test("files as people have them", async (t) => {
    const dir = mesh(t), loaded = [];
    for (const [i, c] of cases.entries()) {
        const bytes = c.bomb ? bomb() : typeof c.bytes === "function" ? c.bytes() : c.bytes, source = `c${i}`, file = `in/${source}-${c.file}`;
        write(dir, file, bytes);
        await t.test(c.name, () => {
            const r = run(["add", "files", "--domain", "web", "--name", source, "--path", file], { cwd: dir });
            if (c.refused) {
                assert.notEqual(r.code, 0, r.out);
                assert.match(r.err, c.refused);
                assert.match(r.err, c.hint);
                return;
            }
            assert.equal(r.code, 0, r.err);
            const found = contract(dir, source);
            assert.deepEqual(Object.entries(found).map(([k, v]) => [k, v.type]).sort(), Object.entries(c.columns).sort());
            for (const [column, of] of Object.entries(c.classes ?? {})) assert.equal(found[column].class, of);
            if (c.says) assert.match(r.err + r.out, c.says);
            loaded.push([source, file, c]);
        });
    }
    const r = run(["run"], { cwd: dir });
    assert.ok(r.code === 0 || r.code === 4, r.err);
    for (const [source, file, c] of loaded)
        await t.test(`${c.name}: what came`, () => {
            if (c.sql) assert.deepEqual(rows(c.sql[0].replace("web.x", `web.${source}`), { cwd: dir }), c.sql[1]);
            const port = rows(`SELECT * FROM web.${source}`, { cwd: dir }).filter((l) => l !== "" || Object.keys(c.columns).length === 1);
            if (c.rows && !Object.values(c.classes ?? {}).length) assert.deepEqual(port.sort(), [...c.rows].sort());
            assert.equal(port.length, c.rows?.length ?? c.count);
            const told = r.err.split("\n").filter((l) => l.startsWith(file + ":")).join("\n");
            const aside = c.aside ?? [], sum = aside.length ? Number(told.match(/(\d+) of \d+ rows went to quarantine/)?.[1]) : 0;
            assert.equal(sum, aside.length, told);
            for (const one of aside) assert.ok(told.includes(one.split(" ")[0]), `${one}: ${told}`);
            if (aside.length) assert.equal(Number(told.match(/\d+ of (\d+) rows/)[1]), aside.length + port.length, "rows in = rows loaded + rows in quarantine");
            assert.equal(Number(told.match(/(\d+) rows? of totals/)?.[1] ?? 0), c.left ?? 0, told);
        });
});

test("another sheet of a workbook by the stream's options", (t) => {
    const dir = mesh(t);
    write(dir, "in/a.xlsx", workbook([{ name: "Small", rows: [["k", "v"], ["a", 1]] }, { name: "Large", rows: [["n", "t"], [1, "a"], [2, "b"], [3, "c"]] }]));
    must(["add", "files", "--domain", "web", "--name", "small", "--path", "in/a.xlsx", "--sheet", "small"], { cwd: dir });
    assert.match(fs.readFileSync(path.join(dir, "domains/web/sources/small.yaml"), "utf8"), /sheet: "Small"/);
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT * FROM web.small", { cwd: dir }), ["a,1"]);
    const r = run(["add", "files", "--domain", "web", "--name", "none", "--path", "in/a.xlsx", "--sheet", "Other"], { cwd: dir });
    assert.match(r.err, /no sheet named "Other"[^]*Small, Large/);
});

function large(dir, mb) {
    const file = path.join(dir, "in/large.csv"), fd = fs.openSync(file, "w");
    let rows = 0, bad = 0;
    fs.writeSync(fd, "day;channel;spend;note\n");
    for (let bytes = 0; bytes < mb * 1e6; ) {
        let text = "";
        for (let i = 0; i < 20_000; i++, rows++) {
            if (rows % 100_003 === 7) {
                text += "25.12.2026;short row\n";
                bad++;
            } else text += `${String((rows % 28) + 1).padStart(2, "0")}.${String((rows % 12) + 1).padStart(2, "0")}.2026;channel ${rows % 17};1.${String(rows % 1000).padStart(3, "0")},${rows % 10};"a note; with a delimiter"\n`;
        }
        bytes += fs.writeSync(fd, text);
    }
    fs.closeSync(fd);
    return { rows, bad };
}

function loadLarge(t, mb) {
    const dir = mesh(t), made = large(dir, mb);
    must(["add", "files", "--domain", "web", "--name", "large", "--path", "in/large.csv"], { cwd: dir });
    const r = run(["run"], { cwd: dir });
    assert.ok(r.code === 0 || r.code === 4, r.err);
    assert.deepEqual(rows("SELECT count(*), count(day), min(spend) FROM web.large", { cwd: dir }), [`${made.rows - made.bad},${made.rows - made.bad},1000.000000`]);
    assert.match(r.err, new RegExp(`${made.bad} of ${made.rows} rows went to quarantine`));
}

test("50 MB are streamed", (t) => loadLarge(t, 50));
test("2 GB are streamed", { skip: process.env.TRELLIS_LONG ? false : "TRELLIS_LONG is not set" }, (t) => loadLarge(t, 2000));
