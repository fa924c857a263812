// trellis attribution --paths, without any mesh: what is shown sums to the total, in every format; what is wrong is said with its place.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import zlib from "node:zlib";
import { must, run, scratch, shared } from "./lib.mjs";

const head = "path;total_conversions;total_conversion_value;total_null\n";
const small = head + "search > email;2;30;2\nsearch;1;6;1\nemail;0;0;2\n";
const ask = (file, ...more) => ["attribution", "--paths", file, ...more];
const file = (t, text, name = "paths.csv") => {
    const f = path.join(scratch(t), name);
    fs.writeFileSync(f, text);
    return f;
};
const csv = (out) => out.trimEnd().split("\r\n").map((l) => l.split(","));

test("every model side by side, as a table, csv and json", (t) => {
    const f = file(t, small);
    const table = must(ask(f));
    for (const name of ["last", "last_non_direct", "first", "linear", "position_u", "time_decay", "markov", "shapley"]) assert.match(table.out, new RegExp(`\\b${name}\\b`));
    assert.doesNotMatch(table.out, /position_w/); // paths know no milestone
    const [heads, ...lines] = csv(must(ask(f, "--format", "csv")).out);
    assert.deepEqual(lines.map((l) => l[0]), ["search", "email"]);
    heads.forEach((h, i) => {
        if (/_conversions$/.test(h)) assert.equal(Math.round(lines.reduce((s, l) => s + 1e6 * l[i], 0)), 3e6, h);
        if (/_value$/.test(h)) assert.equal(Math.round(lines.reduce((s, l) => s + 1e6 * l[i], 0)), 36e6, h);
    });
    const answer = JSON.parse(must([...ask(f, "--model", "markov"), "--json"]).out);
    assert.deepEqual(answer.total, { conversions: 3, value: 36, nulls: 5 });
    assert.equal(answer.markov.p_conversion, 3 / 8);
    assert.ok(Math.abs(answer.rows[0].credits.markov.effect - 7 / 9) < 1e-15 && Math.abs(answer.rows[1].credits.markov.effect - 2 / 3) < 1e-15); // worked out in test_measure_markov.c
    assert.equal(answer.rows[0].credits.markov.conversions, 1.615385);
});

test("a thousandth that no share of a table has goes to somebody", (t) => {
    const f = file(t, head + "a > b > c;1;0.01;0\n");
    const out = must(ask(f, "--model", "linear")).out;
    assert.deepEqual([...out.matchAll(/0\.3[34] +0\.0[01]/g)].map((m) => m[0].split(/ +/)), [["0.33", "0.00"], ["0.33", "0.00"], ["0.34", "0.01"]]);
});

test("gzip, intervals, seeds", (t) => {
    const f = file(t, zlib.gzipSync(small), "paths.csv.gz");
    const plain = file(t, small);
    assert.equal(must(ask(f, "--format", "csv")).out, must(ask(plain, "--format", "csv")).out);
    const twice = [1, 1, 2].map((seed) => must(ask(f, "--model", "markov", "--samples", "50", "--seed", String(seed), "--format", "csv")).out);
    assert.equal(twice[0], twice[1]);
    assert.notEqual(twice[0], twice[2]);
    const [heads, search] = csv(twice[0]);
    const at = (h) => Number(search[heads.indexOf(h)]);
    assert.ok(at("markov_low") < at("markov_conversions") && at("markov_conversions") < at("markov_high"));
    assert.match(must(ask(f, "--model", "markov", "--samples", "50")).out, /95 % between/);
    fs.writeFileSync(f, zlib.gzipSync(small.repeat(50)).subarray(0, 60));
    const cut = run(ask(f));
    assert.equal(cut.code, 2);
    assert.match(cut.err, /not whole/);
});

test("mistakes, each with its place and what to do", (t) => {
    const f = file(t, head + "a > > b;1;0;0\nb;-1;0;0\nc;1;x;0\n");
    const wrong = run(ask(f));
    assert.equal(wrong.code, 2);
    for (const place of [/paths\.csv:2:4: .*empty/, /paths\.csv:3:3: .*negative/, /paths\.csv:4:5: .*no number/]) assert.match(wrong.err, place);
    const good = file(t, small);
    for (const [more, says] of [
        [["--model", "markow"], /did you mean markov/],
        [["--order", "5"], /--order/],
        [["--format", "xml"], /table, csv, json/],
        [["--worth", "gold"], /conversions or rate/],
        [["--direct", "nobody"], /no path goes through/],
    ]) {
        const r = run(ask(good, ...more));
        assert.equal(r.code, 2, more.join(" "));
        assert.match(r.err, says);
    }
    assert.match(run(ask(path.join(path.dirname(good), "absent.csv"))).err, /no file/);
});

test("channels of the shared sample, of order 2, as the closed form has them", (t) => {
    const sample = path.join(shared, "data/channel_paths/paths.csv.gz");
    if (!fs.existsSync(sample)) return t.skip("no shared data");
    const answer = JSON.parse(must(ask(sample, "--model", "markov,shapley,last_non_direct", "--order", "2", "--direct", "alpha,eta", "--format", "json")).out);
    assert.equal(answer.rows.length, 12);
    assert.ok(Math.abs(answer.markov.p_conversion - 0.223845135597) < 1e-12 && answer.markov.residual < 1e-14);
    for (const m of answer.models) assert.equal(Math.round(answer.rows.reduce((s, r) => s + 1e6 * r.credits[m].conversions, 0)), 19785e6);
    assert.ok(answer.rows.find((r) => r.channel === "alpha").credits.last_non_direct.conversions < 8447);
});
