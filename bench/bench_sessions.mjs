// 1,000 principals of all the demo's roles, 200 of them at once, over HTTP on the real program: questions a second, how long they take beside one alone, and what the server holds in memory for all of
// their profiles. SESSIONS of the 200 are people with a password and a cookie (each costs the work of a password to make), the others service tokens.
//   node bench/bench_sessions.mjs [SECONDS] [SESSIONS]        TRELLIS_PROGRAM names the program, TRELLIS_BENCH_MESH a copy of a built demo to use
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { serving } from "./serving.mjs";

const program = path.resolve(process.env.TRELLIS_PROGRAM ?? "build/trellis"), seconds = Number(process.argv[2] ?? 10), SESSIONS = Number(process.argv[3] ?? 200);
const PRINCIPALS = 1000, AT_ONCE = 200, PASSWORD = "violet kettle 93 harbour";
const roles = ["viewer", "marketer", "analyst", "engineer", "support_agent", "german_agency", "web_lead", "privacy_officer", "council", "tester"];
const top = fs.mkdtempSync(path.join(os.tmpdir(), "trellis-bench-sessions-")), dir = process.env.TRELLIS_BENCH_MESH ?? path.join(top, "demo");
process.on("exit", () => {
    fs.rmSync(top, { recursive: true, force: true });
});
if (!process.env.TRELLIS_BENCH_MESH) {
    const r = spawnSync(program, ["demo", "--dir", dir, "--no-serve"], { encoding: "utf8" });
    if (r.status !== 0) throw new Error(r.stderr);
}
const { child, url } = await serving(program, dir);
const local = { authorization: `Bearer ${url.searchParams.get("token")}` };
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE + 8 });
function ask(at, headers, body) {
    return new Promise((resolve, reject) => {
        const q = http.request({ host: "127.0.0.1", port: url.port, path: at, method: body ? "POST" : "GET", agent, headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers } }, (r) => {
            const chunks = [];
            r.on("data", (d) => chunks.push(d));
            r.on("end", () => resolve({ status: r.statusCode, headers: r.headers, text: Buffer.concat(chunks).toString() }));
        });
        q.on("error", reject);
        q.end(body ? JSON.stringify(body) : undefined);
    });
}
async function good(at, headers, body) {
    const r = await ask(at, headers, body);
    if (r.status !== 200) throw new Error(`${at}: ${r.status} ${r.text}`);
    return r;
}
const memory = () => Number(fs.readFileSync(`/proc/${child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const now = () => Number(process.hrtime.bigint()) / 1e6;
const at = (v, q) => [...v].sort((a, b) => a - b)[Math.min(v.length - 1, Math.floor(v.length * q))];
async function together(n, f, width = 8) {
    let i = 0;
    await Promise.all(Array.from({ length: width }, async () => {
        while (i < n) await f(i++);
    }));
}

// ---- who ----
const all = [];
const begun = now();
await together(SESSIONS, async (i) => { // passwords are worked out two at a time, 256 MB each
    const name = `person-${i}`, role = roles[i % roles.length];
    const made = JSON.parse((await good("/api/v1/users", local, { name, roles: [role] })).text);
    const code = new URL(made.link, "http://x").searchParams.get("code");
    const r = await good("/api/v1/welcome", {}, { code, name, password: PASSWORD });
    all.push({ role, headers: { cookie: r.headers["set-cookie"].map((c) => c.split(";")[0]).find((c) => c.includes("_user=")), "x-trellis-csrf": JSON.parse(r.text).csrf } });
}, 4);
await together(PRINCIPALS - SESSIONS, async (i) => {
    const role = roles[i % roles.length];
    const made = JSON.parse((await good("/api/v1/tokens", local, { roles: [role], purposes: ["analytics"] })).text);
    all.push({ role, headers: { authorization: `Bearer ${made.secret}` } });
});
console.log(`sessions  ${all.length} principals of ${roles.length} roles, ${SESSIONS} with a password and a session, made in ${((now() - begun) / 1000).toFixed(0)} s`);

// ---- what they ask: what each role may ---- (answers that refuse are not counted as questions)
const wanted = ["SELECT date_day, platform, sum(spend) AS spend FROM acquisition.campaign_daily GROUP BY ALL ORDER BY ALL", "SELECT platform, sum(clicks) AS clicks FROM acquisition.campaign_daily GROUP BY ALL",
    "SELECT country, count(*) AS n FROM shared.customer GROUP BY country", "SELECT channel_group, count(*) AS n FROM shared.touchpoint GROUP BY ALL", "SELECT count(*) AS n FROM web.shop_orders"];
const may = {};
const before = memory();
for (const role of roles) {
    may[role] = [];
    for (const sql of wanted) if ((await ask("/api/v1/query", all.find((p) => p.role === role).headers, { sql })).status === 200) may[role].push(sql);
}
const first = memory();
let asked = 0;
await together(all.length, async (i) => {
    for (const sql of may[all[i].role]) await good("/api/v1/query", all[i].headers, { sql }), asked++;
});
console.log(`sessions  memory of the server: ${before.toFixed(0)} MB, after each role asked ${first.toFixed(0)}, after all ${all.length} asked ${asked} questions ${memory().toFixed(0)} (by role, not by principal: the last two beside each other, ratio ${(memory() / first).toFixed(2)})`);

async function load(people, what) {
    const took = [], until = now() + seconds * 1000;
    let slow = 0;
    await Promise.all(people.map(async (p, k) => {
        for (let i = k; now() < until && may[p.role].length; i++) {
            const t = now(), r = await ask("/api/v1/query", p.headers, { sql: may[p.role][i % may[p.role].length] });
            if (r.status === 200) took.push(now() - t);
            else if (r.status === 503 || r.status === 429) slow++;
            else throw new Error(`${r.status} ${r.text}`);
        }
    }));
    const rate = took.length / seconds;
    console.log(`sessions  ${what}: ${rate.toFixed(0)} questions a second, p50 ${at(took, 0.5).toFixed(1)} ms, p99 ${at(took, 0.99).toFixed(1)} ms, told to come again ${slow}`);
    return rate;
}
const askers = all.filter((p) => may[p.role].length);
const alone = await load([askers.find((p) => p.role === "marketer")], "one alone");
const many = await load(askers.slice(0, AT_ONCE), `${Math.min(AT_ONCE, askers.length)} at once`);
console.log(`sessions  at once beside alone: ${(many / alone).toFixed(2)} times the questions a second; memory ${memory().toFixed(0)} MB`);
child.removeAllListeners("exit");
child.kill("SIGTERM");
await new Promise((r) => child.on("close", r));
process.exit(0);
