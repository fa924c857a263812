// Sources of events: added with their tracking plan, checked, found, part of the plan, and turned into a pack.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { json, must, run, rows, scratch, write } from "./lib.mjs";

const mesh = (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
    return dir;
};
const add = (dir, name, more = []) => must(["add", "events", "--domain", "web", "--name", name, ...more], { cwd: dir });
const change = (dir, file, from, to) => {
    const full = path.join(dir, file), text = fs.readFileSync(full, "utf8");
    assert.ok(text.includes(from), `${file} holds ${from}`);
    fs.writeFileSync(full, text.replace(from, to));
};
const plan = "domains/web/sources/site/order_completed.odcs.yaml";

test("a source of events is added with its plan, joins the unions, and says what comes next", (t) => {
    const dir = mesh(t);
    const said = add(dir, "site");
    assert.match(said.out, /new +domains\/web\/sources\/site\.yaml/);
    assert.match(said.out, /new +domains\/web\/sources\/site\/order_completed\.odcs\.yaml/);
    assert.match(said.err, /trellis key create web\.site/);
    assert.match(said.err, /data-key=/);
    must(["check"], { cwd: dir });
    must(["check", plan, "domains/web/sources/site.yaml", "governance/identity.yaml", "governance/consent.yaml", "governance/channels.yaml"], { cwd: dir });
    add(dir, "app");
    must(["check"], { cwd: dir });
    const union = fs.readFileSync(path.join(dir, "domains/shared/products/web_event/web_event.sql"), "utf8");
    assert.match(union, /FROM web\.app_web_event[^]*FROM web\.site_web_event/);
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT count(*) FROM web.site__track", { cwd: dir }), ["0"]);
    assert.deepEqual(rows("SELECT count(*), sum(p_total), max(p_currency) FROM web.site__track", { cwd: dir }), ["0,,"]);
    for (const stream of ["page", "screen", "identify", "group", "alias", "consent"]) rows(`SELECT message_id, occurred_at FROM web.site__${stream}`, { cwd: dir });
    assert.equal(run(["query", "SELECT p_total FROM web.site__page"], { cwd: dir }).code, 2);
    const nearest = run(["query", "SELECT p_totl FROM web.site__track"], { cwd: dir });
    assert.match(nearest.err, /no column "p_totl"[^]*did you mean "p_total"\?/);
    const other = run(["query", "SELECT p.p_total FROM web.site__page p JOIN web.site__track t ON t.message_id = p.message_id"], { cwd: dir });
    assert.match(other.err, /no column "p_total"[^]*it is a column of web\.site__track/);
    assert.match(must(["key", "list", "web.site"], { cwd: dir }).out, /No write key yet/);
    const mistyped = run(["key", "list", "web.sit"], { cwd: dir });
    assert.equal(mistyped.code, 2);
    assert.match(mistyped.err, /web\.sit\b[^]*web\.site/);

    const refused = run(["add", "events", "--domain", "web", "--name", "shop", "--path", "x"], { cwd: dir });
    assert.equal(refused.code, 2);
    assert.match(refused.err, /events, which are sent: it has no --path[^]*leave --path out/);
    assert.match(must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir }).out, /same/);
});

test("event types and rules that changed are in the plan, until a run; and event types are found", (t) => {
    const dir = mesh(t);
    add(dir, "site");
    must(["run"], { cwd: dir });
    const changes = () => json(["plan"], { cwd: dir }).changes.filter((c) => c.kind !== "port").map((c) => `${c.action} ${c.kind} ${c.ref}`);
    assert.deepEqual(changes(), []);
    const original = fs.readFileSync(path.join(dir, plan), "utf8");
    write(dir, "domains/web/sources/site/refund.odcs.yaml", original.replaceAll("order_completed", "refund").replaceAll("Order Completed", "Refund"));
    change(dir, plan, "# What the event", "# What this event"); // a comment is no change
    assert.deepEqual(changes(), ["create event web.site.refund"]);
    change(dir, plan, "required: true", "required: false");
    change(dir, "governance/identity.yaml", "{name: user_id, limit: 1}", "{name: user_id, limit: 2}");
    change(dir, "governance/consent.yaml", "denied_wins  ", "newest_wins  ");
    change(dir, "governance/channels.yaml", "rules: []", "rules: [{channel: influencer, when: {medium: x}}]");
    const wanted = ["change event web.site.order_completed", "create event web.site.refund", "change rules governance/identity.yaml",
        "change rules governance/consent.yaml", "change rules governance/channels.yaml"];
    assert.deepEqual(changes(), wanted);
    must(["run"], { cwd: dir });
    assert.deepEqual(changes(), []);

    const hit = json(["find", "refund", "--kind", "event"], { cwd: dir }).results[0];
    assert.deepEqual([hit.kind, hit.ref, hit.title, hit.href], ["event", "web.site.refund", "Refund", "/sources/web/site?event=refund"]);
    assert.equal(json(["find", "coupon", "--kind", "event"], { cwd: dir }).results[0].field, "column");

    fs.rmSync(path.join(dir, "domains/web/sources/site/refund.odcs.yaml"));
    assert.deepEqual(changes(), ["remove event web.site.refund"]);
});

test("what a planned member is called and classified decides who sees it", (t) => {
    const dir = mesh(t);
    add(dir, "site");
    change(dir, plan, "      - {name: coupon,", "      - {name: giftEmail, logicalType: string}\n      - {name: note, logicalType: string, classification: sensitive}\n      - {name: coupon,");
    change(dir, "domains/web/sources/site.yaml", "  # enrich: [{name: plan_name", "  enrich:\n    - {name: is_big, type: BOOLEAN, sql: \"p_total > 100\"}\n    - {name: plan_name, type: VARCHAR, sql: \"properties->>'plan'\"}\n  # [{name: x");
    must(["run"], { cwd: dir });
    const track = json(["query", "SELECT p_giftemail, p_note, p_coupon, is_big, plan_name, email FROM web.site__track"], { cwd: dir });
    assert.deepEqual(track, []);
    const contract = json(["lineage", "web.site_web_event"], { cwd: dir });
    assert.ok(JSON.stringify(contract).includes("web.site__track"));
    // Mistakes of plan, source and rules in one pass, each at its place.
    change(dir, plan, "name: note, logicalType: string", "name: note, logicalType: strin");
    change(dir, "domains/web/sources/site.yaml", "dedup_window: 30d", "dedup_window: 30 days");
    change(dir, "governance/identity.yaml", "limit: 5, per: 7d", "limit: five, per: 7d");
    const wrong = run(["check"], { cwd: dir });
    assert.equal(wrong.code, 2);
    assert.match(wrong.out, /order_completed\.odcs\.yaml:\d+:\d+: error TR102: "strin" is not allowed[^]*did you mean "string"/);
    assert.match(wrong.out, /site\.yaml:\d+:\d+: error TR102: events\.dedup_window: "30 days" does not have the form/);
    assert.match(wrong.out, /identity\.yaml:\d+:\d+: error TR102: kinds\[7\]\.limit must be a whole number/);
});

test("a source of events becomes a pack with its plan", (t) => {
    const dir = mesh(t);
    add(dir, "site");
    must(["pack", "new", "our_site", "--from", "web.site"], { cwd: dir });
    const text = fs.readFileSync(path.join(dir, "packs/our_site/plan/order_completed.odcs.yaml"), "utf8");
    assert.match(text, /^id: "\{\{domain\}\}\.\{\{source\}\}\.order_completed"$/m);
    assert.doesNotMatch(fs.readFileSync(path.join(dir, "packs/our_site/source.yaml"), "utf8"), /\{\{path\}\}/);
    assert.match(must(["pack", "check", "our_site"], { cwd: dir }).out, /1 pack in order/);
    must(["add", "our_site", "--domain", "web", "--name", "second"], { cwd: dir });
    must(["check"], { cwd: dir });
    assert.ok(fs.existsSync(path.join(dir, "domains/web/sources/second/order_completed.odcs.yaml")));
    write(dir, "packs/our_site/plans/x.odcs.yaml", "a: 1\n");
    assert.match(run(["pack", "check", "our_site"], { cwd: dir }).out, /plans\/x\.odcs\.yaml: error TR102: a pack has no place for this file[^]*did you mean plan\/x/);
});
