// The command line's own manners: help, wrong words, exit codes, generated pages. No mesh is needed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, program, root, run, scratch } from "./lib.mjs";

test("help names every command and each has its own", () => {
    const { out } = must(["help"]);
    const names = [...out.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map((m) => m[1]);
    assert.ok(names.length >= 12, `only ${names.length} commands`);
    for (const name of names.filter((n) => n !== "help")) {
        const own = must([name, "--help"]).out;
        assert.match(own, new RegExp(`^trellis ${name}: `));
        assert.match(own, /Options of every command/);
        assert.equal(must(["help", name]).out, own);
    }
    assert.doesNotMatch(out, /loader-child|reference/);
});

test("version", () => {
    assert.match(must(["version"]).out, /^trellis \d+\.\d+\.\d+ \(engine: DuckDB v1\./);
    assert.equal(must(["--version"]).out, must(["version"]).out);
    assert.ok(JSON.parse(must(["version", "--json"]).out).engine);
});

// words, what standard error must hold
const wrong = [
    [[], /./],
    [["quary"], /no command quary[^]*did you mean: trellis query/],
    [["zzz"], /no command zzz[^]*trellis help/],
    [["query"], /SQL is missing/],
    [["query", "SELECT 1", "SELECT 2"], /one word too many: 'SELECT 2'/],
    [["query", "--fromat", "csv", "SELECT 1"], /unknown option --fromat[^]*did you mean --format/],
    [["query", "--format", "xml", "SELECT 1"], /table, csv, json; not 'xml'/],
    [["query", "--format"], /--format needs a value: --format FORMAT/],
    [["query", "--limit", "-3", "SELECT 1"], /--limit must be a whole number/],
    [["query", "--limit", "many", "SELECT 1"], /--limit must be a whole number/],
    [["serve", "--port", "99999"], /--port must be a whole number from 0 to 65535/],
    [["run", "--full=yes"], /--full takes no value/],
    [["plan", "now"], /one word too many: 'now'/],
    [["completion", "tcsh"], /no completion for tcsh/],
    [["reference", "nothing"], /no page nothing/],
    [["help", "nothing"], /no command nothing/],
    [["add", "google_ads"], /--domain is missing/],
    [["add", "files", "--domain", "a"], /--path is missing/],
    [["add", "files", "--domain", "a", "--path", "x"], /--name is missing/],
    [["check", "-C", "/nowhere/at/all"], /no folder \/nowhere\/at\/all/],
];
for (const [words, expected] of wrong)
    test(`wrong words: trellis ${words.join(" ")}`, () => {
        const r = run(words, { cwd: "/" });
        assert.equal(r.code, 2, r.err);
        if (words.length) assert.match(r.err, expected);
    });

test("outside of a mesh every command that needs one says what to do", (t) => {
    const dir = scratch(t);
    for (const words of [["check"], ["plan"], ["run"], ["query", "SELECT 1"], ["serve"], ["status"]]) {
        const r = run(words, { cwd: dir });
        assert.equal(r.code, 2, `${words}: ${r.err}`);
        assert.match(r.err, /trellis init/, `${words}: ${r.err}`);
        assert.deepEqual(fs.readdirSync(dir), [], `${words} left something behind`);
    }
});

test("errors as JSON", (t) => {
    const r = run(["query", "--json", "SELECT 1"], { cwd: scratch(t) });
    assert.equal(r.code, 2);
    assert.equal(JSON.parse(r.out).error.name, "E_NOT_FOUND");
});

test("packs are listed with one line each", () => {
    const { out } = must(["add"]);
    for (const pack of "google_ads meta_ads linkedin_ads microsoft_ads tiktok_ads pinterest_ads amazon_ads campaign_performance files".split(" "))
        assert.match(out, new RegExp(`^${pack} +(source|product) +\\S`, "m"));
    assert.ok(JSON.parse(must(["add", "--json"]).out).length >= 8);
});

test("a reader who has had enough is no error", () => {
    const r = spawnSync("/bin/sh", ["-c", `"${program}" help | head -1; "${program}" reference cli | head -1 >/dev/null`], { encoding: "utf8" });
    assert.equal(r.stderr, "");
    assert.equal(r.status, 0);
});

for (const [page, file] of [["cli", "cli.md"], ["errors", "errors.md"], ["man", "trellis.1"]])
    test(`docs/reference/${file} is what the program says`, () => {
        assert.equal(fs.readFileSync(path.join(root, "docs/reference", file), "utf8"), must(["reference", page]).out,
            `write it anew: build/trellis reference ${page} > docs/reference/${file}`);
    });

test("completion scripts are sound", (t) => {
    const dir = scratch(t);
    for (const shell of ["bash", "zsh", "fish"]) {
        const text = must(["completion", shell]).out;
        for (const word of ["query", "--as-of", "--format", "serve"]) assert.ok(text.includes(word.replace(/^--/, "")), `${shell}: ${word}`);
        fs.writeFileSync(path.join(dir, shell), text);
    }
    const ask = (words) =>
        spawnSync("bash", ["-c", `source "$0"; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _trellis; echo "\${COMPREPLY[@]}"`, path.join(dir, "bash")],
            { encoding: "utf8" }).stdout.trim();
    assert.equal(ask("trellis ru"), "run");
    assert.equal(ask("trellis query --as"), "--as-of");
    assert.equal(ask("trellis completion f"), "fish");
});
