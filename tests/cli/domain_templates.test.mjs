// A new domain from a template: written whole, in order at once, refused where it would overwrite.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { must, run, scratch } from "./lib.mjs";

test("a domain from a template is in order at once", (t) => {
    const dir = path.join(scratch(t), "m");
    must(["init", dir, "--name", "shop", "--owner", "Ana Ruiz", "--contact", "ana@example.org"]);
    const made = must(["add", "domain", "paid_media", "--template", "acquisition", "--owner", "Bo Li", "--contact", "bo@example.org"], { cwd: dir });
    for (const file of ["domain.yaml", "glossary.yaml", "goals.yaml"]) assert.match(made.out, new RegExp(`new +domains/paid_media/${file}`));
    assert.match(fs.readFileSync(path.join(dir, "domains/paid_media/domain.yaml"), "utf8"), /title: "Paid media"\n[^]*name: "Bo Li"/);
    assert.match(must(["check"], { cwd: dir }).out, /6 domains/);

    const before = fs.readFileSync(path.join(dir, "domains/web/domain.yaml"), "utf8");
    const again = run(["add", "domain", "web", "--template", "web"], { cwd: dir });
    assert.equal(again.code, 2);
    assert.match(again.err, /has a domain "web" already/);
    assert.equal(fs.readFileSync(path.join(dir, "domains/web/domain.yaml"), "utf8"), before);
});

test("wrong words for a new domain", (t) => {
    const dir = path.join(scratch(t), "m");
    must(["init", dir, "--name", "shop"]);
    const cases = [
        [["add", "domain"], /has no name/],
        [["add", "domain", "care"], /templates are: acquisition, brand, lifecycle, retention, web/],
        [["add", "domain", "care", "--template", "retentoin"], /did you mean "retention"\?/],
        [["add", "domain", "Care Team", "--template", "retention"], /cannot be the name/],
        [["add", "google_ads", "more", "--domain", "acquisition"], /one word too many/],
    ];
    for (const [words, said] of cases) {
        const r = run(words, { cwd: dir });
        assert.equal(r.code, 2, words.join(" "));
        assert.match(r.err, said);
    }
    assert.ok(!fs.existsSync(path.join(dir, "domains/care")));
});
