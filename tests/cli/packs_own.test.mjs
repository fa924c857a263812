// Packs of one's own: found, copied, made of what stands in a mesh, checked in one pass, tested; and every shipped pack by its cases.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { json, must, root, run, rows, scratch, smallMesh, write } from "./lib.mjs";

const mesh = (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    return dir;
};
const change = (dir, file, from, to) => {
    const full = path.join(dir, file), text = fs.readFileSync(full, "utf8");
    assert.ok(text.includes(from), `${file} holds ${from}`);
    fs.writeFileSync(full, text.replace(from, to));
};

test("a new pack is in order, passes its case, and is found before those of the program", (t) => {
    const dir = mesh(t);
    must(["pack", "new", "podcast_ads"], { cwd: dir });
    assert.match(must(["pack", "check", "podcast_ads"], { cwd: dir }).out, /1 pack in order, 1 test case/);
    assert.match(must(["pack", "test"], { cwd: dir }).out, /2 cases, 0 differ/);
    const list = json(["add"], { cwd: dir });
    assert.deepEqual([list[0].name, list[0].own, list[1].own], ["podcast_ads", true, false]);
    assert.match(must(["pack", "list"], { cwd: dir }).out, /^podcast_ads +source +own: /);
    write(dir, "in/campaign_report.csv", "date,account_id,campaign_id,impressions,clicks,spend\n2026-01-01,a,c,10,1,0.30\n");
    must(["add", "podcast_ads", "--domain", "acquisition", "--path", "in", "--name", "radio"], { cwd: dir });
    must(["add", "campaign_performance", "--domain", "acquisition"], { cwd: dir });
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT platform, spend FROM acquisition.campaign_daily", { cwd: dir }), ["podcast_ads,0.300000"]);
});

test("a copy keeps its files but for the name, and one under a shipped name takes its place", (t) => {
    const dir = mesh(t);
    must(["pack", "copy", "reddit_ads", "--as", "our_reddit"], { cwd: dir });
    assert.match(fs.readFileSync(path.join(dir, "packs/our_reddit/pack.yaml"), "utf8"), /^name: our_reddit$/m);
    assert.match(fs.readFileSync(path.join(dir, "packs/our_reddit/source.yaml"), "utf8"), /^pack: our_reddit$/m);
    const sql = "products/{{source}}/{{source}}_ad.sql";
    assert.equal(fs.readFileSync(path.join(dir, "packs/our_reddit", sql), "utf8"), fs.readFileSync(path.join(root, "packs/reddit_ads", sql), "utf8"));
    must(["pack", "check", "our_reddit"], { cwd: dir });
    must(["pack", "copy", "reddit_ads"], { cwd: dir });
    assert.match(must(["pack", "list"], { cwd: dir }).out, /^reddit_ads .*in the place of the shipped one/m);
    assert.match(must(["pack", "check", "reddit_ads"], { cwd: dir }).out, /pack\.yaml:1:7: warning TR105: the program has a pack reddit_ads as well/);
    assert.equal(run(["pack", "copy", "our_reddit", "--as", "main"], { cwd: dir }).code, 2);
    change(dir, "packs/our_reddit/pack.yaml", "title: ", "title: Our ");
    const again = run(["pack", "copy", "reddit_ads", "--as", "our_reddit"], { cwd: dir });
    assert.equal(again.code, 2);
    assert.match(again.err, /would be changed/);
});

test("everything that is wrong with a pack is said at once, at its place in the pack", (t) => {
    const dir = mesh(t);
    must(["pack", "new", "podcast_ads"], { cwd: dir });
    const at = "packs/podcast_ads/";
    change(dir, at + "source.yaml", "{{path}}", "{{paht}}");
    change(dir, at + "pack.yaml", "[campaign_daily]", "[campaign_daily, campaign, campaigns_daily]");
    change(dir, at + "products/{{source}}/{{source}}_campaign_daily.sql", "any_value(stats.campaign_name)", "any_value(stats.campaign_name");
    change(dir, at + "products/{{source}}/{{source}}_campaign_daily.odcs.yaml", "businessName: \"Clicks\", classification: internal, ", "businessName: \"Clicks\", ");
    change(dir, at + "source.odcs.yaml", "  - name: campaign_report", "  - name: campain_report");
    change(dir, at + "tests/first/expect.yaml", "streams:", "streems:");
    write(dir, at + "product/extra.sql", "SELECT 1");
    let r = run(["pack", "check", "podcast_ads"], { cwd: dir });
    assert.equal(r.code, 2);
    assert.match(r.out, /podcast_ads\/pack\.yaml:7:\d+: error TR102: .*campaigns_daily/);
    assert.match(r.out, /podcast_ads\/source\.yaml:6:8: error TR102: there is no word \{\{paht\}\}\n.*did you mean \{\{path\}\}\?/);
    assert.match(r.out, /expect\.yaml:3:1: error TR103: .*\n.*did you mean "?streams/);
    assert.match(r.out, /product\/extra\.sql: error TR102: a pack has no place for this file\n.*did you mean products\/extra\.sql\?/);
    assert.match(r.out, /campaign_daily\.odcs\.yaml:\d+:\d+: error TR104: the column clicks has no classification/);
    assert.match(r.out, /pack\.yaml:7:\d+: error TR106: it provides campaign and has no port for it/);
    change(dir, at + "pack.yaml", ", campaign, campaigns_daily]", "]");
    r = run(["pack", "check", "podcast_ads"], { cwd: dir });
    assert.equal(r.code, 2);
    assert.match(r.out, /\{\{source\}\}_campaign_daily\.sql:\d+:\d+: error TR110/);
    assert.match(r.out, /source\.odcs\.yaml:11:\d+: error .*campain_report/);
    assert.equal(run(["pack", "test", "podcast_ads"], { cwd: dir }).code, 2);
    assert.match(run(["add", "podcast_ads", "--domain", "acquisition", "--path", "in"], { cwd: dir }).err, /unknown word \{\{paht\}\}/);
});

test("a case that differs says what was expected and what came, and ends with 4", (t) => {
    const dir = mesh(t);
    must(["pack", "new", "podcast_ads"], { cwd: dir });
    const at = "packs/podcast_ads/tests/first/";
    change(dir, at + "campaign_daily.csv", "1.25", "1.250001");
    change(dir, at + "expect.yaml", "quarantined: 1", "quarantined: 2");
    change(dir, at + "expect.yaml", "EUR,1.75", "EUR,1.7500");
    fs.appendFileSync(path.join(dir, at + "campaign_daily.csv"), "2026-01-09,c9,1,1,1,\n");
    write(dir, at + "files/leftover.csv", "a\n1\n");
    const r = run(["pack", "test", "podcast_ads"], { cwd: dir });
    assert.equal(r.code, 4);
    assert.match(r.out, /spend: expected 1\.250001, got 1\.250000; in the row date_day=2026-01-01 campaign_id=c1/);
    assert.match(r.out, /missing row: date_day=2026-01-09/);
    assert.match(r.out, /stream campaign_report: expected 2 rows set aside, got 1/);
    assert.match(r.out, /the file files\/leftover\.csv was found by no stream/);
    assert.doesNotMatch(r.out, /1\.7500/);
    const told = JSON.parse(run(["pack", "test", "podcast_ads", "--json"], { cwd: dir }).out);
    assert.equal(told.ok, false);
    assert.ok(told.cases[0].differences >= 4);
    fs.rmSync(path.join(dir, at + "files/leftover.csv"));
    change(dir, at + "expect.yaml", "quarantined: 2", "quarantined: 1");
    must(["pack", "test", "podcast_ads", "--accept"], { cwd: dir });
    must(["pack", "test", "podcast_ads"], { cwd: dir });
    assert.equal(fs.readFileSync(path.join(dir, at + "campaign_daily.csv"), "utf8"),
        "date_day,campaign_id,impressions,clicks,spend,conversions\n2026-01-01,c1,100,7,1.250000,\n2026-01-01,c2,50,0,0.500000,\n");
});

test("a key that stands twice, and a port that its own checks refuse, are differences", (t) => {
    const dir = mesh(t);
    must(["pack", "new", "podcast_ads"], { cwd: dir });
    const sql = "packs/podcast_ads/products/{{source}}/{{source}}_campaign_daily.sql";
    change(dir, sql, "GROUP BY stats.date, stats.account_id, stats.campaign_id", "GROUP BY stats.date, stats.account_id, stats.campaign_id, stats.impressions");
    write(dir, "packs/podcast_ads/tests/first/files/campaign_report.csv",
        "date,account_id,campaign_id,impressions,clicks,spend\n2026-01-01,a,c,10,1,0.30\n2026-01-01,a,c,11,1,0.30\n");
    const r = run(["pack", "test", "podcast_ads"], { cwd: dir });
    assert.equal(r.code, 4);
    assert.match(r.out, /acquisition\.podcast_ads_campaign_daily was refused by its checks/);
});

test("a pack made of a source that stands in a mesh works in another", (t) => {
    const dir = smallMesh(t);
    must(["pack", "new", "budget_plan", "--from", "acquisition.spend"], { cwd: dir });
    const r = run(["pack", "check", "budget_plan"], { cwd: dir });
    assert.equal(r.code, 2);
    assert.match(r.out, /this port names no key/);
    assert.match(r.out, /the column amount has no description/);
    const at = "packs/budget_plan/products/{{source}}/";
    change(dir, at + "product.yaml", "value: table}", "value: table}\n      - {property: trellisKey, value: [day, channel]}");
    for (const name of ["day", "channel", "amount"]) change(dir, at + "{{source}}.odcs.yaml", `name: ${name},`, `name: ${name}, description: "The ${name}.",`);
    write(dir, "packs/budget_plan/tests/one/files/spend.csv", "day,channel,amount\n2026-02-01,tv,3.10\n");
    write(dir, "packs/budget_plan/tests/one/expect.yaml", 'add: {name: other}\nports:\n  - {port: "{{source}}", rows: 1}\nqueries:\n  - {sql: "SELECT amount FROM {{domain}}.{{source}}", expect: "amount\\n3.1\\n"}\n');
    assert.match(must(["pack", "test", "budget_plan"], { cwd: dir }).out, /2 cases, 0 differ/);
    assert.match(run(["pack", "new", "x_plan", "--from", "acquisition.nothing"], { cwd: dir }).err, /has no source acquisition\.nothing/);
    assert.match(run(["pack", "new", "Plan"], { cwd: dir }).err, /cannot be the name of a pack/);
});

test("words, folders and names that are none are refused with what to type", (t) => {
    const dir = mesh(t);
    assert.match(run(["pack", "tset"], { cwd: dir }).err, /did you mean `trellis pack test`\?/);
    assert.match(run(["pack", "show", "snapchat_adds"], { cwd: dir }).err, /did you mean "snapchat_ads"\?/);
    assert.match(run(["pack", "check", "./nowhere"], { cwd: dir }).err, /there is no folder \.\/nowhere/);
    assert.match(run(["pack", "check", "./domains"], { cwd: dir }).err, /is no pack: it has no pack\.yaml/);
    assert.match(run(["pack", "test"], { cwd: dir }).err, /the mesh has no packs of its own/);
    write(dir, "packs/links/pack.yaml", "name: links\nkind: product\ntitle: L\nsummary: l\n");
    fs.symlinkSync("/etc", path.join(dir, "packs/links/products"));
    assert.match(run(["pack", "check", "links"], { cwd: dir }).err, /packs\/links\/products: error TR201: .*this is a link/);
    fs.unlinkSync(path.join(dir, "packs/links/products"));
    write(dir, "packs/links/source.yaml", "name: x\n");
    const both = run(["pack", "check", "links"], { cwd: dir }).out;
    assert.match(both, /a pack of kind product has no source/);
    assert.doesNotMatch(both, /--path/);
    assert.match(must(["pack", "show", "x_ads", "--unions"], { cwd: dir }).out, /^campaign_daily\n  date_day +DATE$/m);
});

test("every shipped pack is in order and carries at least one case", () => {
    assert.match(must(["pack", "check", "--shipped"]).out, /packs in order/);
    for (const name of json(["pack", "list"]).map((p) => p.name))
        assert.ok(json(["pack", "show", name]).files.some((f) => /^tests\/[^/]+\/expect\.yaml$/.test(f)), `${name} has a case`);
});

for (const { name } of json(["pack", "list"])) test(`the cases of ${name}`, () => void must(["pack", "test", name]));
