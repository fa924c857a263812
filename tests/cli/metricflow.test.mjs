// Metrics of dbt's semantic layer taken over: both forms of its YAML, what is left out and why, and the figures that come of it.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { json, must, root, run, scratch, write } from "./lib.mjs";

const fixture = (name) => path.join(root, "tests/cli/metricflow", name);

const dirs = [];
after(() => dirs.forEach((d) => fs.rmSync(d, { recursive: true, force: true })));

// One mesh for both: what they write is called differently.
function mesh() {
    const dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "trellis-cli-")), "shop");
    dirs.push(path.dirname(dir));
    must(["init", dir, "--name", "shop"]);
    write(dir, "land/orders.csv", "order_id,buyer_id,ordered_at,shipped_at,status,amount\n1,7,2026-03-01,2026-03-02,paid,10.50\n2,7,2026-03-02,2026-03-02,sent,120.00\n3,8,2026-03-03,,cancelled,5.00\n4,9,2026-04-03,2026-04-05,paid,200.00\n");
    write(dir, "land/buyers.csv", "buyer_id,country,signed_up_at\n7,DE,2026-02-27\n8,AT,2026-03-01\n9,DE,2026-03-01\n");
    must(["add", "files", "--domain", "web", "--name", "orders_placed", "--path", "land/orders.csv"], { cwd: dir });
    must(["add", "files", "--domain", "web", "--name", "dim_buyers", "--path", "land/buyers.csv"], { cwd: dir });
    must(["run"], { cwd: dir });
    return dir;
}
const dir = mesh();

// The one figure of a metric over March and April, or by the values of a dimension.
function figure(dir, metric, by) {
    const rows = JSON.parse(must(["metric", metric, "--from", "2026-03-01", "--to", "2026-04-30", "--format", "json", ...(by ? ["--by", by] : [])], { cwd: dir }).out);
    return by ? Object.fromEntries(rows.map((r) => [r[by], r[metric]])) : rows[0][metric];
}

test("the older form: every type of metric, and what has no counterpart is named with its place", () => {
    const r = must(["import", "metrics", fixture("legacy.yml"), "--domain", "web", "--port", "fct_orders=web.orders_placed"], { cwd: dir });
    for (const [what, why] of [
        ["the model nowhere", "no port fct_nowhere"], ["the metric over_lost", "its model nowhere is left out"], ["the metric by_entity", "Entity\\('buyer'\\)"],
        ["the metric by_metric", "Metric\\('p90'"], ["the measure amount_p50_seen", "discrete"], ["the metric p50", "amount_p50_seen is left out"], ["the metric cased", "its expression"],
        ["the metric made_of_it", "its part over_lost is left out"], ["the metric goes_round", "made of itself"], ["the metric half_hourly", "30 minutes"], ["the metric Strange-Name", "its name"],
        ["the dimension macro_made", "its expression"],
    ])
        assert.match(r.err, new RegExp(`legacy\\.yml:\\d+:\\d+: warning TR116: ${what}.* is left out: .*${why}`));
    assert.equal([...r.err.matchAll(/ is left out: /g)].length, 12, r.err);
    const checked = must(["check"], { cwd: dir });
    assert.doesNotMatch(checked.err + checked.out, /warning/);
    must(["run"], { cwd: dir });
    assert.equal(figure(dir, "order_total"), 335.5);
    assert.equal(figure(dir, "paid_total"), 210.5);
    assert.equal(figure(dir, "german_orders"), 3, "a dimension of another model, and a year");
    assert.ok(Math.abs(figure(dir, "order_value") - 335.5 / 3) < 1e-9, "each side with its own filter");
    assert.equal(figure(dir, "shipped_orders"), 1, "counted by the day of shipping");
    assert.deepEqual(figure(dir, "order_total", "is_large"), { large: 320, small: 15.5 });
    assert.equal(figure(dir, "buy_rate"), 0.5, "of the two who signed up since March one ordered within a week");
    const again = run(["import", "metrics", fixture("legacy.yml"), "--domain", "web", "--port", "fct_orders=web.orders_placed"], { cwd: dir });
    assert.equal(again.code, 0, "the same again changes nothing");
    fs.appendFileSync(path.join(dir, "domains/web/metrics/p90.yaml"), "watch: true\n");
    assert.equal(run(["import", "metrics", fixture("legacy.yml"), "--domain", "web", "--port", "fct_orders=web.orders_placed"], { cwd: dir }).code, 2, "what was changed by hand is not replaced unasked");
});

test("the newer form: simple metrics are measures, parts stand beside the name", () => {
    for (const folder of ["models", "metrics"]) fs.rmSync(path.join(dir, "domains/web", folder), { recursive: true, force: true }); // of the older form
    const r = must(["import", "metrics", fixture("latest.yml"), "--domain", "web", "--port", "fct_orders=web.orders_placed"], { cwd: dir });
    assert.match(r.err, /latest\.yml:\d+:\d+: warning TR116: the metric filtered_side is left out: large_sales counts only some rows/);
    assert.equal([...r.err.matchAll(/ is left out: /g)].length, 1, r.err);
    const checked = must(["check"], { cwd: dir });
    assert.deepEqual([...(checked.err + checked.out).matchAll(/ warning (TR\d+: "[^"]*")/g)].map((w) => w[1]), ['TR108: "sales"'], checked.err); // the fixture's title, and a word for revenue
    must(["run"], { cwd: dir });
    assert.equal(figure(dir, "sale_count"), 4);
    assert.equal(figure(dir, "sale_mean"), 335.5 / 4);
    assert.equal(figure(dir, "large_share"), 0.5);
    assert.deepEqual(figure(dir, "sale_total", "size"), { large: 320, small: 15.5 });
    const metrics = json(["metric", "--list"], { cwd: dir }).metrics.filter((m) => m.domain === "web").map((m) => m.name);
    assert.deepEqual(metrics.sort(), ["buyer_to_sale", "large_sales", "large_share", "new_buyers", "sale_count", "sale_growth", "sale_mean", "sale_p95", "sale_to_date", "sale_total"]);
});

test("what cannot be read is said, and nothing is written", (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--name", "shop"]);
    write(dir, "broken.yml", "metrics:\n  - {name: x\n");
    write(dir, "empty.yml", "version: 2\n");
    for (const [args, why] of [
        [["broken.yml", "--domain", "web"], /broken\.yml:\d+/], [["empty.yml", "--domain", "web"], /no metric and no semantic model/], [["empty.yml"], /domain/],
        [["empty.yml", "--domain", "nowhere"], /no domain "nowhere"/], [["gone.yml", "--domain", "web"], /gone\.yml/], [["empty.yml", "--domain", "web", "--port", "x"], /--port x/],
    ]) {
        const r = run(["import", "metrics", ...args], { cwd: dir });
        assert.notEqual(r.code, 0, args.join(" "));
        assert.match(r.err, why);
    }
    assert.ok(!fs.existsSync(path.join(dir, "domains/web/metrics")));
});
