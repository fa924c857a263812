// `trellis add product`: asked step by step in a pseudo terminal, or from a file of answers.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { must, program, root, rows, run, scratch } from "./lib.mjs";

function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--owner", "Ana Ruiz", "--contact", "ana@example.org"]);
    fs.writeFileSync(path.join(dir, "orders.csv"), "order_id,day,country,amount,email\n" + Array.from({ length: 60 }, (_, i) => `${i},2026-03-${String((i % 28) + 1).padStart(2, "0")},${["DE", "AT", "CH"][i % 3]},${i}.50,a${i}@example.org`).join("\n") + "\n");
    must(["-C", dir, "add", "files", "--name", "orders", "--path", "orders.csv", "--domain", "web"]);
    must(["-C", dir, "run"]);
    return dir;
}

const hasPython = spawnSync("python3", ["-c", "import pty"]).status === 0;
if (!hasPython) console.log("# python3 is not there: the questions in a terminal are not tried");

function talk(dir, answers) {
    const r = spawnSync("python3", [path.join(root, "tests/cli/terminal.py"), program, dir, ...answers], { encoding: "utf8", timeout: 120_000 });
    assert.equal(r.status, 0, r.stdout + r.stderr);
    return { said: r.stdout, code: Number(r.stdout.match(/EXIT (-?\d+)/)[1]) };
}

test("a brief given step by step ends in files that build, and in what a reviewer reads", { skip: !hasPython }, (t) => {
    const dir = mesh(t);
    const { said, code } = talk(dir, [
        "wbe", "web", "?", "Sales By Week", "sales_by_week", "", "Wrong purpose", "<", "Know each Monday what we sold.", "", "Shop team; Finance",
        "Looked at weekly", "soon", "3d", "99.5", "b.order", "2:week, contry", "2:week, country", "sum amuont", "sum amount, count, count_distinct email",
        "country = DE; amount > much", "country in DE, AT; amount > 1", "yes",
    ]);
    assert.equal(code, 0, said);
    assert.match(said, /there is no domain "wbe"\s+did you mean web\?/);
    assert.match(said, /Lower-case letters, digits and single underscores/);
    assert.match(said, /"Sales By Week" cannot be a name/);
    assert.match(said, /What is it for\? \[Wrong purpose\]/, "what was answered is kept on the way back");
    assert.match(said, /"soon" is no duration/);
    assert.match(said, /How old may the newest data be\? \[26h\]\n> 3d/, "a refused answer is no proposal");
    assert.match(said, /> b\.order\nweb\.orders\n/, "the only port with these letters is taken");
    assert.match(said, /has no column "contry"\s+did you mean country\?/);
    assert.match(said, /has no column "amuont"/);
    assert.match(said, /amount is a number, "much" is none/);
    assert.match(said, /git add domains\/web\/products\/sales_by_week\/product\.yaml/);
    assert.match(said, /New data product: Sales by week \(web\.sales_by_week\)/);
    must(["-C", dir, "check"]);
    must(["-C", dir, "run"]);
    // by hand: rows i of 0..59 whose country is DE or AT (i % 3 < 2) and amount over 1 (i > 0); day i % 28 + 1
    const monday = (d) => new Date(Date.UTC(2026, 2, d - ((new Date(Date.UTC(2026, 2, d)).getUTCDay() + 6) % 7))).toISOString().slice(0, 10);
    const want = new Map();
    for (let i = 1; i < 60; i++) {
        if (i % 3 === 2) continue;
        const k = `${monday((i % 28) + 1)},${["DE", "AT"][i % 3]}`;
        const [sum, n] = want.get(k) ?? [0, 0];
        want.set(k, [sum + i + 0.5, n + 1]);
    }
    const got = rows("SELECT week, country, amount, row_count, distinct_email FROM web.sales_by_week ORDER BY 1, 2", { cwd: dir });
    assert.deepEqual(got.map((l) => l.split(",").map((v, k) => (k > 1 ? Number(v) : v)).join(",")), [...want].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, [sum, n]]) => `${k},${sum},${n},${n}`));
});

test("leaving early, or saying no, writes nothing", { skip: !hasPython }, (t) => {
    const dir = mesh(t);
    const left = talk(dir, ["web", "x", "EOF"]);
    assert.equal(left.code, 1);
    assert.match(left.said, /Nothing was written/);
    const no = talk(dir, ["web", "x", "", "P", "", "C", "M", "26h", "", "web.orders", "all", "", "", "no"]);
    assert.equal(no.code, 0, no.said);
    assert.match(no.said, /Nothing was written/);
    assert.ok(!fs.existsSync(path.join(dir, "domains/web/products/x")));
});

test("an own SELECT needs no questions about columns", { skip: !hasPython }, (t) => {
    const dir = mesh(t);
    const { said, code } = talk(dir, ["web", "by_country", "", "P", "", "C", "M", "26h", "", "SELECT country, sum(amount) AS amount, max(email) AS last_mail FROM web.orders GROUP BY country", "yes"]);
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /Which columns/);
    const contract = fs.readFileSync(path.join(dir, "domains/web/products/by_country/by_country.odcs.yaml"), "utf8");
    assert.match(contract, /last_mail.*classification: personal/, "what comes from a personal column is personal");
    must(["-C", dir, "run"]);
    assert.deepEqual(rows("SELECT count(*), min(last_mail) FROM web.by_country", { cwd: dir }), ["3,hidden: personal"]);
});

test("a file of answers: all that is wrong at once, with its place; then the files", (t) => {
    const dir = mesh(t);
    const file = path.join(dir, "..", "answers.yaml");
    const none = run(["-C", dir, "add", "product"], { input: "" });
    assert.equal(none.code, 2);
    for (const name of ["domain", "name", "purpose", "consumers", "success_metrics", "sla", "from"]) assert.match(none.err, new RegExp(`${name} is missing`));
    fs.writeFileSync(file, "domain: web\nname: sales\npurpose: Know what we sold.\nconsumers: [Shop]\nsucces_metrics: [Used]\nsla: {freshness: often}\nfrom: web.orders\ncolumns:\n  - {column: day}\n  - {column: amonut}\n");
    const wrong = run(["-C", dir, "add", "product", "--answers", file]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /answers\.yaml:5:\d+: error TR103: succes_metrics: .*\n.*did you mean success_metrics/);
    assert.match(wrong.err, /answers\.yaml:6:\d+: error TR102: sla\.freshness/);
    assert.match(wrong.err, /answers\.yaml:10:\d+: error TR011: columns\[1\]\.column.*\n.*did you mean amount/);
    assert.ok(!fs.existsSync(path.join(dir, "domains/web/products/sales")));
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("succes_", "success_").replace("often", "26h").replace("amonut", "amount"));
    const dry = must(["-C", dir, "add", "product", "--answers", file, "--dry-run"]);
    assert.match(dry.out, /SELECT "day",\n {7}"amount"\nFROM web\.orders/);
    assert.ok(!fs.existsSync(path.join(dir, "domains/web/products/sales")));
    must(["-C", dir, "add", "product", "--answers", file]);
    must(["-C", dir, "run"]);
    assert.deepEqual(rows("SELECT count(*), sum(amount) FROM web.sales", { cwd: dir }), ["60,1800.000000"]);
    assert.equal(run(["-C", dir, "add", "product", "--answers", file]).code, 2, "a second time it is there already");
});
