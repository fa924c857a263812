// The whole way through the real program, beside what the machine and others can do in the same run:
//   1d. batches of 100 events taken durably, per CPU second of the server, against a server in Node that parses them and keeps nothing (aim: 4 times)
//   2a. from sending one event until a question shows it, against appending 4 KiB with fdatasync (aim: at most 12 times, medians)
//   2b. the same way's 99th percentile while 5,000 events a second come and four dashboards ask, against when nobody does (aim: at most 5 times)
//   node bench/bench_live.mjs [SECONDS]        each part takes about as many; TRELLIS_PROGRAM names the program
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";

const program = process.env.TRELLIS_PROGRAM ?? "build/trellis", seconds = Number(process.argv[2] ?? 10);
const ROUNDS = 7, CONNECTIONS = 16, RATE = 5000, READERS = 4;
const top = fs.mkdtempSync(path.join(os.tmpdir(), "trellis-bench-live-")), dir = path.join(top, "shop");
const children = [];
process.on("exit", () => {
    for (const c of children) c.kill("SIGKILL");
    fs.rmSync(top, { recursive: true, force: true });
});

function must(args) {
    const r = spawnSync(program, args, { cwd: fs.existsSync(dir) ? dir : top, encoding: "utf8" });
    if (r.status !== 0) throw new Error(`trellis ${args.join(" ")}: ${r.stderr}`);
    return r.stdout.trim();
}
function start(command, args, pattern, cwd) {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "ignore"] });
    children.push(child);
    let out = "";
    return new Promise((resolve, reject) => {
        child.on("exit", () => reject(new Error(`${command} ended`)));
        child.stdout.on("data", (d) => {
            out += d;
            if (pattern.test(out)) resolve({ child, out });
        });
    });
}
async function stop(child) {
    child.removeAllListeners("exit");
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGTERM");
    await ended;
}
const sorted = (v) => [...v].sort((a, b) => a - b);
const at = (v, q) => sorted(v)[Math.min(v.length - 1, Math.floor(v.length * q))];
const range = (v, digits = 1) => `${at(v, 0.5).toFixed(digits)} [${at(v, 0).toFixed(digits)}-${at(v, 1).toFixed(digits)}]`;
const now = () => Number(process.hrtime.bigint()) / 1e6;
const cpuSeconds = (pid) => {
    let ns = 0;
    for (const task of fs.readdirSync(`/proc/${pid}/task`)) ns += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    return ns / 1e9;
};

const agent = new http.Agent({ keepAlive: true });
function ask(url, { method = "POST", headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
        const q = http.request(url, { method, agent, headers: { "content-type": "application/json", ...headers, ...(body ? { "content-length": Buffer.byteLength(body) } : {}) } }, (r) => {
            const chunks = [];
            r.on("data", (d) => chunks.push(d));
            r.on("end", () => resolve({ status: r.statusCode, text: Buffer.concat(chunks).toString() }));
        });
        q.on("error", reject);
        q.end(body);
    });
}
let number = 0;
const event = (id = `b-${number++}`) => ({
    type: "track", event: "Product Viewed", messageId: id, anonymousId: `a-${number % 5000}`, timestamp: new Date().toISOString(),
    properties: { product_id: `p-${number % 100}`, price: 19.9, category: "shoes", position: 3, url: "https://shop.example/shoes/red" },
    context: { library: { name: "analytics-node", version: "2.3.0" }, page: { url: "https://shop.example/shoes/red", referrer: "https://www.google.com/", path: "/shoes/red", title: "Red shoes" }, locale: "de-AT" },
});

// ---- 1d ----
async function batches(one, ms) {
    const before = cpuSeconds(one.pid), began = now();
    let n = 0;
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
        while (now() - began < ms) {
            const r = await ask(one.url, { headers: one.headers, body: JSON.stringify({ batch: Array.from({ length: 100 }, () => event()) }) });
            if (r.status !== 200) throw new Error(`${one.name}: ${r.status} ${r.text}`);
            n++;
        }
    }));
    return { wall: n / ((now() - began) / 1000), cpu: n / (cpuSeconds(one.pid) - before) };
}
async function oneD(key) {
    const script = 'const s=require("http").createServer((q,r)=>{const c=[];q.on("data",d=>c.push(d));q.on("end",()=>{JSON.parse(Buffer.concat(c));r.end("{}")})}).listen(0,"127.0.0.1",()=>console.log("port "+s.address().port+"."))';
    const collect = await start(program, ["collect", "--listen", "127.0.0.1:0"], /http:\/\/\S+\n/, dir), node = await start(process.execPath, ["-e", script], /port \d+\./, dir);
    const ours = { name: "collector", pid: collect.child.pid, url: `${collect.out.match(/http:\/\/\S+/)[0]}/v1/batch`, headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` } };
    const theirs = { name: "node", pid: node.child.pid, url: `http://127.0.0.1:${node.out.match(/\d+/)[0]}/`, headers: {} };
    const figures = { ours: [], theirs: [], ratio: [] };
    for (let r = 0; r < ROUNDS; r++) {
        const a = await batches(ours, (seconds * 1000) / ROUNDS / 2), b = await batches(theirs, (seconds * 1000) / ROUNDS / 2);
        figures.ours.push(a.cpu);
        figures.theirs.push(b.cpu);
        figures.ratio.push(a.cpu / b.cpu);
    }
    console.log(`1d. batches of 100 per CPU second: durable ${range(figures.ours, 0)}, Node's parse alone ${range(figures.theirs, 0)}; ratio ${range(figures.ratio)} (aim 4)`);
    for (const c of [collect.child, node.child]) await stop(c);
}

// ---- 2a, 2b ----
function syncs(n) { // appending 4 KiB to a growing file, one at a time
    const fd = fs.openSync(path.join(top, "append"), "a"), block = Buffer.alloc(4096, 7), took = [];
    for (let i = 0; i < n; i++) {
        const t = now();
        fs.writeSync(fd, block);
        fs.fdatasyncSync(fd);
        took.push(now() - t);
    }
    fs.closeSync(fd);
    return took;
}
async function twoAB(key) {
    const server = await start(program, ["serve", "--port", "0", "--collector-listen", "127.0.0.1:0"], /collector http:\S+\n/, dir);
    const collector = server.out.match(/collector (http:\S+)/)[1], home = new URL(server.out.match(/http:\/\/\S+token=\S+/)[0]), token = home.searchParams.get("token");
    const basic = { authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` };
    const question = (sql) => ask(`${home.origin}/api/v1/query`, { headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ sql }) });
    const rows = async (sql) => JSON.parse((await question(sql)).text).rows;
    const shown = async () => { // from sending until a question shows it
        const id = `seen-${number++}`, t = now();
        const r = await ask(`${collector}/v1/track`, { headers: basic, body: JSON.stringify({ ...event(id), type: undefined }) });
        if (r.status !== 200) throw new Error(`collector: ${r.status} ${r.text}`);
        const acknowledged = now() - t;
        while (Number((await rows(`SELECT count(*) FROM web.site__track WHERE message_id = '${id}'`))?.[0]?.[0] ?? 0) === 0);
        return { acknowledged, seen: now() - t };
    };
    await shown();
    const base = [], idle = [], ratio = [], acknowledged = [];
    for (let r = 0; r < ROUNDS; r++) {
        const b = syncs(60), s = [];
        for (const end = now() + (seconds * 1000) / ROUNDS; now() < end; ) {
            const one = await shown();
            s.push(one.seen);
            acknowledged.push(one.acknowledged);
        }
        base.push(...b);
        idle.push(...s);
        ratio.push(at(s, 0.5) / at(b, 0.5));
    }
    console.log(`2a. one event, sent to shown: p50 ${at(idle, 0.5).toFixed(2)} ms, p99 ${at(idle, 0.99).toFixed(2)} ms (acknowledged p50 ${at(acknowledged, 0.5).toFixed(2)} ms); append and fdatasync p50 ${at(base, 0.5).toFixed(2)} ms; ratio ${range(ratio)} (aim at most 12)`);
    let going = true, sent = 0, asked = 0;
    const began = now();
    const load = (async () => {
        while (going) {
            const due = ((now() - began) / 1000) * RATE;
            if (sent + 100 > due) {
                await new Promise((r) => setTimeout(r, 2));
                continue;
            }
            await ask(`${collector}/v1/batch`, { headers: basic, body: JSON.stringify({ batch: Array.from({ length: 100 }, () => event()) }) });
            sent += 100;
        }
    })();
    const readers = Array.from({ length: READERS }, async (_, i) => {
        while (going) {
            await question(`SELECT event, date_trunc('minute', received_at) AS minute, count(*) FROM web.site__track WHERE received_at > now()::TIMESTAMP - INTERVAL ${i + 1} MINUTE GROUP BY ALL`);
            asked++;
            await new Promise((r) => setTimeout(r, 100));
        }
    });
    const busy = [];
    while (now() - began < seconds * 1500) busy.push((await shown()).seen);
    going = false;
    await Promise.all([load, ...readers]);
    const took = (now() - began) / 1000, rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024;
    console.log(`2b. while ${(sent / took).toFixed(0)} events a second come and ${READERS} dashboards ask ${(asked / took).toFixed(0)} questions a second: p50 ${at(busy, 0.5).toFixed(1)} ms, p99 ${at(busy, 0.99).toFixed(1)} ms; p99 against idle ${(at(busy, 0.99) / at(idle, 0.99)).toFixed(1)} (aim at most 5); server ${rss.toFixed(0)} MB resident`);
    await stop(server.child);
}

must(["init", dir, "--owner", "Ana", "--contact", "ana@example.org"]);
must(["add", "events", "--domain", "web", "--name", "site"]);
const source = path.join(dir, "domains/web/sources/site.yaml");
fs.writeFileSync(source, fs.readFileSync(source, "utf8").replace(/^events:\n/m, "events:\n  rate: 1000000\n"));
const key = must(["key", "create", "web.site"]);
await twoAB(key);
await oneD(key);
process.exit(0);
