// The list of attacks over the network and the command line: each is asked of the real program and must end as its table says, and no canary, no hidden name
// and no word of the engine may be in any answer, in the server's log or in the audit log. The corpus is tests/attacks; counts and seconds are printed.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { must, root, run, scratch, serve } from "./lib.mjs";
import { attacked, attackedMesh, exchange, leaks, names, request, values } from "../attacks/world.mjs";
import cells from "../attacks/csv.mjs";
import cli from "../attacks/cli.mjs";
import cookies from "../attacks/cookies.mjs";
import headers from "../attacks/headers.mjs";
import http from "../attacks/http.mjs";
import paths from "../attacks/paths.mjs";
import redirects, { evils, leadsElsewhere } from "../attacks/redirects.mjs";
import { lies, nobodies, provider } from "../attacks/sso.mjs";
import timing from "../attacks/timing.mjs";
import tokens from "../attacks/tokens.mjs";

const ends = [];
const t = { after: (f) => ends.unshift(f) };
const counts = {};
let x;
before(async () => (x = await attacked(t)));
after(async () => {
    console.log(`# attacks: ${Object.entries(counts).map(([k, n]) => `${k} ${n}`).join(", ")}; ${Object.values(counts).reduce((a, b) => a + b, 0)} in all, ${x?.asked} requests`);
    for (const f of ends) await f();
});

// All that fails is told, not the first alone.
function tries() {
    const wrong = [];
    const one = async (f) => {
        try {
            await f();
        } catch (e) {
            wrong.push(e.message);
        }
    };
    one.end = () => assert.equal(wrong.length, 0, `${wrong.length} of them:\n\n${wrong.join("\n\n")}`);
    return one;
}
const nothing = (v) => v === null || v === 0 || v === "0" || v === false;
function judge(r, must, what) {
    const said = `${what}: ${r.status} ${r.body.slice(0, 300)}`;
    assert.ok(r.status < 500 || [must.status].flat().includes(r.status), said);
    if (must.status !== undefined) assert.ok([must.status].flat().includes(r.status), `${said} — not ${must.status}`);
    if (must.error) assert.equal(r.json?.error?.name, must.error, said);
    if (must.none) assert.ok(r.status === 200 && (r.json.rows.length === 0 || (r.json.rows.length === 1 && r.json.rows[0].every(nothing))), said);
    if (must.answers !== undefined) assert.equal(r.answers, must.answers, `${said} — ${r.answers} answers`);
}

function sqlOf(file) {
    return fs.readFileSync(path.join(root, "tests/attacks", file), "utf8").split("\n").filter((l) => l && !l.startsWith("#")).map((l) => {
        const [, as, end, sql] = l.match(/^(\w+) (\w+) (.*)$/);
        return { as, end, sql: sql.replaceAll("\\n", "\n") };
    });
}
const ending = { refused: { status: [400, 401, 403, 404, 422] }, absent: { status: 404, error: "E_NOT_FOUND" }, none: { none: true }, run: { status: [200, 400, 403, 404, 408, 413, 422] } };

test("questions by role", async () => {
    const one = tries();
    for (const { as, end, sql } of sqlOf("roles.sql")) {
        counts.sql = (counts.sql ?? 0) + 1;
        for (const format of end === "run" ? ["json", "csv", "ndjson"] : ["json"]) await one(async () => {
            const r = await x.ask({ method: "POST", path: "/api/v1/query", as, body: { sql, format, ...(as === "mails_only" ? { purpose: "email" } : {}) } }, { wait: 35_000 });
            judge(r, ending[end], `${as}: ${sql} (${format})`);
            assert.deepEqual(leaks(r.text, sql), [], `${as}: ${sql} (${format}): ${r.text.slice(0, 600)}`);
        });
    }
    one.end();
});

// A case: { name, as?, ask: request or raw: (x) => bytes, status, error?, answers?, hidden?, also?(r, x) }.
const families = { http, paths, cookies, tokens, headers, redirects, cells };
for (const [family, list] of Object.entries(families))
    test(`attacks: ${family}`, async () => {
        const one = tries();
        for (const c of typeof list === "function" ? list(x) : list) await one(async () => {
            counts[family] = (counts[family] ?? 0) + 1;
            const bytes = c.raw ? c.raw(x) : request(x, typeof c.ask === "function" ? c.ask(x) : c.ask);
            const r = await x.send(bytes, { wait: c.wait, from: c.from });
            const what = `${family}, ${c.name}`;
            judge(r, c, what);
            assert.deepEqual(leaks(r.text, c.echo === false ? "" : decode(bytes), { hidden: c.hidden }), [], `${what}: ${r.text.slice(0, 600)}`);
            for (const secret of [x.local, ...Object.values(x.tokens)]) assert.ok(!r.text.replace(/^set-cookie: .*$/gim, "").includes(secret), `${what}: a secret comes back`);
            if (c.also) await c.also(r, x);
        });
        one.end();
        assert.equal((await x.ask({ path: "/healthz" })).status, 200, `alive after ${family}`);
    });
const decode = (b) => {
    const text = b.toString();
    try {
        return `${text} ${decodeURIComponent(text)}`;
    } catch {
        return text;
    }
};

test("attacks: command line", async () => {
    const one = tries();
    const dir = scratch({ after: (f) => ends.push(f) });
    for (const c of cli) await one(() => {
        counts.cli = (counts.cli ?? 0) + 1;
        const args = typeof c.args === "function" ? c.args(x, dir) : c.args;
        const r = run(args, { cwd: x.dir, env: c.env, input: c.input });
        assert.ok(r.signal === null && r.code < 64, `${c.name}: ended with ${r.signal ?? r.code} ${r.err}`);
        assert.ok([c.code].flat().includes(r.code), `${c.name}: ${r.code}, not ${c.code}\n${r.out}\n${r.err}`);
        assert.deepEqual(leaks(`${r.out}\n${r.err}`, args.join(" "), { hidden: c.hidden }), [], `${c.name}: ${r.out} ${r.err}`);
        c.also?.(r, x, dir);
    });
    one.end();
});

test("attacks: single sign-on", async (t) => {
    const one = tries(), p = await provider(t), dir = attackedMesh(t);
    fs.appendFileSync(path.join(dir, "mesh.yaml"), `sign_on:\n  issuer: ${p.issuer}\n  client_id: trellis\n`);
    must(["user", "add", "anna", "--role", "admin"], { cwd: dir });
    const it = await serve(t, dir), y = { port: it.port, host: `127.0.0.1:${it.port}` };
    let n = 0;
    const enter = async (lie, next) => {
        const from = `127.0.6.${++n}`; // what is refused counts against an address
        const get = (at, cookie) => exchange(y, request(y, { path: at, headers: cookie ? { Cookie: cookie } : {} }), { from, wait: 20_000 });
        const begun = await get(`/sign-in/start${next === undefined ? "" : `?next=${encodeURIComponent(next)}`}`);
        assert.equal(begun.status, 303, begun.text);
        const asked = new URL(begun.headers.location);
        assert.equal(asked.origin, p.issuer);
        p.nonce = asked.searchParams.get("nonce");
        p.lie = lie;
        const r = await get(`/sign-in/callback?code=c&state=${asked.searchParams.get("state")}`, begun.headers["set-cookie"].split(";")[0]);
        assert.equal(r.status, 303, r.text);
        const cookie = r.headers["set-cookie"]?.split("\n").map((c) => c.split(";")[0]).find((c) => /_user=[0-9a-f]{64}$/.test(c));
        return { r, cookie, me: cookie ? await get("/api/v1/me", cookie) : null, problem: new URL(r.headers.location, `http://${y.host}`).searchParams.get("problem") };
    };
    const good = await enter({});
    assert.equal(good.me?.json?.name, "lia", good.r.text);
    for (const [name, lie] of Object.entries(lies(p))) await one(async () => {
        counts.jwt = (counts.jwt ?? 0) + 1;
        const { r, cookie, problem } = await enter(lie);
        assert.ok(!cookie && ["provider", "denied"].includes(problem), `${name} let somebody in: ${r.head}`);
        assert.deepEqual(leaks(r.text, ""), [], name);
    });
    for (const name of nobodies) await one(async () => {
        counts.jwt++;
        const { r, me, problem } = await enter({ claims: { preferred_username: name, name, sub: `subject of ${name}`.slice(0, 200) } });
        assert.ok(problem || (me.json.kind === "user" && me.json.roles.join() === "marketer" && !["local-admin", "trellis", "anna"].includes(me.json.name)), `${JSON.stringify(name)} became somebody else: ${me?.body}`);
        // eslint-disable-next-line no-control-regex
        assert.ok(problem || /^[a-z0-9._@+-]+$/.test(me.json.name), `${JSON.stringify(name)}: ${me?.body}`);
        assert.ok(!/^set-cookie: evil/im.test(r.text));
    });
    for (const next of evils) await one(async () => {
        counts.redirects = (counts.redirects ?? 0) + 1;
        const { r } = await enter({}, next);
        assert.ok(!leadsElsewhere(r, y), `next ${JSON.stringify(next)} leads to ${r.headers.location}`);
    });
    one.end();
    assert.ok(!p.asked.some((a) => /jku|x5u/.test(a)), "an address out of a token was asked");
    for (const word of ["subject-1", "eyJ"]) assert.ok(!it.err.includes(word), `the log holds ${word}`);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(it.err, /[\x00-\x08\x0b-\x1f\x7f]/);
});

for (const c of timing)
    test(`attacks: time tells nothing of ${c.name}`, async (t) => {
        counts.timing = (counts.timing ?? 0) + 1;
        const [a, b] = await c.measure(x);
        const least = (v) => Math.min(...v), middle = (v) => [...v].sort((p, q) => p - q)[v.length >> 1];
        // How often a value of the one is above one of the other: a half where nothing tells them apart.
        const above = a.reduce((n, p) => n + b.reduce((k, q) => k + (p > q ? 1 : p === q ? 0.5 : 0), 0), 0) / (a.length * b.length);
        const ratio = least(a) / least(b);
        t.diagnostic(`${c.name}: ${a.length} and ${b.length} requests, middle ${middle(a).toFixed(2)} and ${middle(b).toFixed(2)} ms, least ${least(a).toFixed(2)} and ${least(b).toFixed(2)}, their ratio ${ratio.toFixed(2)}, above ${above.toFixed(2)}`);
        assert.ok(ratio > 1 / c.bound && ratio < c.bound, `the least are ${ratio.toFixed(2)} apart`);
    });

test("nothing of it stands in the logs", () => {
    const log = x.it.err + x.it.out.replaceAll(x.local, "");
    for (const word of [...values, "zqsalary7", "zqraw"]) assert.ok(!log.toLowerCase().includes(word), `the server's log holds ${word}: ${log.slice(Math.max(0, log.toLowerCase().indexOf(word) - 200))}`);
    for (const secret of [...Object.values(x.tokens), x.anna.cookie.split("=")[1], x.anna.csrf]) assert.ok(!log.includes(secret), "the server's log holds a secret");
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(log, /[\x00-\x08\x0b-\x1f\x7f]/, "control signs in the server's log");
    for (const line of log.split("\n").filter(Boolean)) assert.ok(!/^(forged|level=|FAKE)/i.test(line), line);
    const audit = must(["audit", "export"], { cwd: x.dir }).out;
    for (const word of values) assert.ok(!audit.toLowerCase().includes(word), `the audit log holds ${word}: ${audit.split("\n").find((l) => l.toLowerCase().includes(word))}`);
    for (const secret of Object.values(x.tokens)) assert.ok(!audit.includes(secret));
    assert.ok(names.length > 0 && run(["audit", "verify"], { cwd: x.dir }).code === 0, "the audit log is whole");
});
