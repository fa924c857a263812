// The state of sources, alerts and the digest, through the real program and real receivers: HTTP and SMTP servers that answer, refuse, fail
// and hang; a clock that is set from outside.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { json, must, run, serve, smallMesh, start, until, write } from "./lib.mjs";

const source = (dir) => path.join(dir, "domains/acquisition/sources/spend.yaml");
const NOW = "2026-01-04T09:00:00Z"; // the newest day, the 3rd, ended in Berlin ten hours before
const LATE = "2026-01-06T09:00:00Z"; // 58 hours after it
const at = (moment, more = {}) => ({ TRELLIS_NOW: moment, ...more });

function lateMesh(t, alerts = "") {
    const dir = smallMesh(t);
    fs.writeFileSync(source(dir), fs.readFileSync(source(dir), "utf8").replace(/^drift:.*$/m, "$&\nsla: {freshness: 26h}")
        .replace("load: snapshot", "load: replace_days\n    day_column: day"));
    if (!/sla:/.test(fs.readFileSync(source(dir), "utf8"))) throw new Error("no place for sla");
    if (alerts) fs.appendFileSync(path.join(dir, "mesh.yaml"), alerts);
    must(["run"], { cwd: dir, env: at(NOW) });
    return dir;
}

// Answers with `status`; 0: never.
async function receiver(t, status = 200) {
    const it = { posts: [], status, open: 0 };
    const server = http.createServer((q, r) => {
        const chunks = [];
        it.open++;
        q.on("data", (d) => chunks.push(d));
        q.on("end", () => {
            it.posts.push({ path: q.url, type: q.headers["content-type"], body: JSON.parse(Buffer.concat(chunks).toString()) });
            if (it.status) r.writeHead(it.status, it.status === 302 ? { location: "/elsewhere" } : {}).end("so be it");
        });
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => { server.closeAllConnections(); server.close(); });
    it.url = `http://127.0.0.1:${server.address().port}/hook/very-secret`;
    return it;
}

// The least of SMTP that a client needs; keeps what it was told.
async function smtp(t, { password = null } = {}) {
    const it = { mails: [], logins: [] };
    const server = net.createServer((s) => {
        let rest = "", mail = null, data = false, asked = false;
        s.write("220 test\r\n");
        s.on("error", () => {});
        s.on("data", (d) => {
            rest += d.toString("latin1");
            for (let end; (end = rest.indexOf("\r\n")) >= 0; ) {
                const line = rest.slice(0, end);
                rest = rest.slice(end + 2);
                if (data) {
                    if (line === ".") { data = false; it.mails.push(mail); s.write("250 taken\r\n"); } else mail.lines.push(line.replace(/^\.\./, "."));
                } else if (/^EHLO/i.test(line)) s.write(password ? "250-test\r\n250 AUTH PLAIN\r\n" : "250 test\r\n");
                else if (/^AUTH PLAIN$/i.test(line)) { asked = true; s.write("334 \r\n"); }
                else if (asked) {
                    const [, user, pass] = Buffer.from(line, "base64").toString().split("\0");
                    asked = false;
                    it.logins.push(user);
                    s.write(pass === password ? "235 welcome\r\n" : "535 no\r\n");
                } else if (/^MAIL FROM:/i.test(line)) { mail = { from: line.slice(10), to: [], lines: [] }; s.write("250 ok\r\n"); }
                else if (/^RCPT TO:/i.test(line)) { mail.to.push(line.slice(8)); s.write("250 ok\r\n"); }
                else if (/^DATA/i.test(line)) { data = true; s.write("354 go on\r\n"); }
                else if (/^QUIT/i.test(line)) s.end("221 bye\r\n");
                else s.write("500 what?\r\n");
            }
        });
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => server.close());
    it.url = `smtp://127.0.0.1:${server.address().port}`;
    it.text = (i) => {
        const { lines } = it.mails[i], blank = lines.indexOf("");
        return Buffer.from(lines.slice(blank + 1).join(""), "base64").toString();
    };
    return it;
}

// The receivers live in this process: it must not stand still while the program runs.
async function go(args, options) {
    const it = start(args, options);
    const { code } = await it.ended;
    return { code, out: it.out, err: it.err };
}

test("a source in time, late, and mended, in words and as JSON", async (t) => {
    const dir = lateMesh(t);
    let s = json(["sources"], { cwd: dir, env: at(NOW) }).sources.find((x) => x.name === "spend");
    assert.equal(s.state, "ok");
    assert.equal(s.lag_s, 10 * 3600);
    assert.equal(s.allowed_lag_s, 26 * 3600);
    assert.equal(s.last_rows, 3);
    assert.equal(s.habit_rows, null);
    assert.deepEqual(s.affected, [{ ref: "acquisition.spend" }]);
    assert.equal(s.streams[0].state, "loaded");
    s = json(["sources", "acquisition.spend"], { cwd: dir, env: at(LATE) });
    assert.equal(s.state, "late");
    assert.equal(s.lag_s, 58 * 3600);
    assert.match(s.reason, /2026-01-03.*26 hours are promised; Ana should .*in\/spend\.csv.*trellis run/);
    assert.equal(s.loads.length, 1);
    assert.equal(s.loads[0].rows, 3);
    assert.equal(s.loads[0].day_to, "2026-01-03");
    assert.match(must(["sources"], { cwd: dir, env: at(LATE) }).out, /acquisition\.spend +late +2026-01-03/);
    assert.match(must(["status"], { cwd: dir, env: at(LATE) }).out, /Sources that need a look\nacquisition\.spend late/);
    const wrong = run(["sources", "acquisition.spent"], { cwd: dir });
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /did you mean acquisition\.spend/);
    assert.equal(run(["sources", "../../x"], { cwd: dir }).code, 2);
});

test("one alert to a webhook while it lasts, and one when it is mended", async (t) => {
    const hook = await receiver(t);
    const dir = lateMesh(t, "alerts: {webhook: env:HOOK, page: https://trellis.example.org}\n");
    const env = at(LATE, { HOOK: hook.url }), cwd = dir;
    const first = await go(["alerts", "check"], { cwd, env });
    assert.equal(first.code, 0);
    assert.match(first.out, /^1 new, 0 mended, 1 open; messages: 1 sent, 0 not/);
    assert.equal(hook.posts.length, 1);
    const { text } = hook.posts[0].body;
    assert.match(hook.posts[0].type, /^application\/json/);
    assert.match(text, /spend is late/);
    assert.match(text, /Owner: Ana, ana@example\.org/);
    assert.match(text, /Affects acquisition\.spend\./);
    assert.match(text, /https:\/\/trellis\.example\.org\/sources\/acquisition\/spend/);
    await go(["alerts", "check"], { cwd, env });
    assert.equal(hook.posts.length, 1, "told once");
    const list = json(["alerts"], { cwd, env });
    assert.equal(list.alerts[0].kind, "source_late");
    assert.ok(list.alerts[0].sent_at);
    assert.equal(list.messages[0].attempts, 1);
    fs.appendFileSync(path.join(dir, "in/spend.csv"), "2026-01-05,search,1.00\n");
    const loaded = await go(["run"], { cwd, env }); // a run without a server looks by itself
    assert.equal(loaded.code, 0, loaded.err);
    assert.equal(hook.posts.length, 2);
    assert.match(hook.posts[1].body.text, /Mended: acquisition\.spend is in order again/);
    assert.match(must(["alerts"], { cwd, env }).out, /No open alert/);
});

test("a receiver that fails is tried again; its address stands nowhere", async (t) => {
    const hook = await receiver(t, 500);
    const dir = lateMesh(t, "alerts: {webhook: file:hook}\n");
    const cwd = dir;
    write(dir, "hook", `${hook.url}\n`);
    fs.chmodSync(path.join(dir, "hook"), 0o644);
    const open = await go(["alerts", "check"], { cwd, env: at(LATE) });
    assert.notEqual(open.code, 0);
    assert.match(open.err, /may be read by others \(mode 644\).*chmod 600/s);
    assert.equal(hook.posts.length, 0);
    fs.chmodSync(path.join(dir, "hook"), 0o600);
    const again = await go(["alerts", "check"], { cwd, env: at("2026-01-06T09:01:00Z") });
    assert.match(again.err, /answered with status 500/);
    assert.ok(!(again.err + again.out).includes("very-secret") && !(again.err + again.out).includes("127.0.0.1"));
    await go(["alerts", "check"], { cwd, env: at("2026-01-06T09:02:59Z") }); // the second wait is two minutes
    assert.equal(hook.posts.length, 1);
    hook.status = 302;
    const led = await go(["alerts", "check"], { cwd, env: at("2026-01-06T09:03:00Z") });
    assert.match(led.err, /redirects are not followed/);
    assert.ok(hook.posts.every((p) => p.path === "/hook/very-secret"));
    hook.status = 200;
    const good = await go(["alerts", "check"], { cwd, env: at("2026-01-06T10:00:00Z") });
    assert.equal(good.code, 0, good.err);
    const list = json(["alerts"], { cwd, env: at("2026-01-06T10:00:00Z") });
    assert.equal(list.messages[0].attempts, 4);
    assert.ok(list.messages[0].sent_at);
    assert.ok(!JSON.stringify(list).includes("very-secret"));
    for (const file of fs.readdirSync(path.join(dir, "data"))) {
        const full = path.join(dir, "data", file);
        if (fs.statSync(full).isFile()) assert.ok(!fs.readFileSync(full).includes("very-secret"), file);
    }
});

test("mail: recipients, subject and text; a password; a wrong one", async (t) => {
    const server = await smtp(t, { password: "pa ss" });
    const dir = lateMesh(t, `alerts:\n  mail: {smtp: "${server.url}", user: env:MAIL_USER, password: env:MAIL_PASSWORD, from: trellis@example.org, to: [a@example.org, b@example.org]}\n`);
    const cwd = dir;
    const good = await go(["alerts", "test"], { cwd, env: at(LATE, { MAIL_USER: "ana", MAIL_PASSWORD: "pa ss" }) });
    assert.equal(good.code, 0, good.err);
    assert.match(good.out, /Test messages: 1 sent, 0 not/);
    assert.match(server.mails[0].from, /<trellis@example\.org>/);
    assert.deepEqual(server.mails[0].to.map((x) => x.trim()), ["<a@example.org>", "<b@example.org>"]);
    assert.match(server.text(0), /This is a test/);
    assert.ok(server.mails[0].lines.some((l) => l.startsWith("Subject: =?UTF-8?B?")));
    const wrong = await go(["alerts", "test"], { cwd, env: at(LATE, { MAIL_USER: "ana", MAIL_PASSWORD: "other" }) });
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.err, /refused the user or the password/);
    assert.ok(!wrong.err.includes("other"));
    const none = await go(["alerts", "test"], { cwd, env: at(LATE, { MAIL_USER: "ana" }) });
    assert.match(none.err, /env:MAIL_PASSWORD, which is empty or not set/);
    assert.equal(server.mails.length, 1);
});

test("the digest is printed, sent by both ways, and by a server once", async (t) => {
    const hook = await receiver(t), server = await smtp(t);
    const dir = lateMesh(t, `alerts:\n  webhook: env:HOOK\n  mail: {smtp: "${server.url}", from: trellis@example.org, to: [a@example.org]}\n  digest: {day: tuesday, hour: 10}\n`);
    const cwd = dir, env = at(LATE, { HOOK: hook.url });
    const text = must(["digest"], { cwd, env }).out;
    assert.match(text, /digest of 2026-01-06/);
    assert.match(text, /1 of \d+ sources late or failed/);
    assert.match(text, /0 open requests/);
    const sent = await go(["digest", "--send"], { cwd, env });
    assert.equal(sent.code, 0, sent.err);
    assert.match(hook.posts[0].body.text, /digest of 2026-01-06/);
    assert.match(server.text(0), /sources late or failed/);
    // Ten in Berlin on Tuesday the 6th is nine in UTC.
    for (const [moment, count] of [["2026-01-06T08:59:59Z", 0], ["2026-01-06T09:00:00Z", 1], ["2026-01-06T09:30:00Z", 1], ["2026-01-07T09:00:00Z", 1]]) {
        await go(["alerts", "check"], { cwd, env: at(moment, { HOOK: hook.url }) });
        assert.equal(json(["alerts"], { cwd, env }).messages.filter((m) => m.kind === "digest" && m.channel === "webhook").length, 1 + count, moment);
    }
});

test("a server tells by itself after a run; a receiver that hangs keeps nobody waiting", async (t) => {
    const hook = await receiver(t, 0);
    const dir = lateMesh(t, "alerts: {webhook: file:hook}\n");
    fs.writeFileSync(path.join(dir, "hook"), hook.url, { mode: 0o600 });
    const s = await serve(t, dir);
    const ran = await s.ask("/api/v1/run", { method: "POST", body: {} });
    assert.equal(ran.status, 200);
    await until("the alert to arrive", () => hook.open > 0, 30_000);
    const begun = performance.now();
    for (let i = 0; i < 20; i++) assert.equal((await s.json("/api/v1/sources")).status, 200);
    assert.ok(performance.now() - begun < 8000, "answers while the receiver hangs");
    const list = await s.json("/api/v1/alerts");
    assert.equal(list.alerts[0].kind, "source_late");
    assert.match(hook.posts[0].body.text, new RegExp(`http://127\\.0\\.0\\.1:${s.port}/sources/acquisition/spend`));
    const whole = await s.json("/api/v1/sources/acquisition/spend?loads=1");
    assert.equal(whole.state, "late");
    assert.equal((await s.json("/api/v1/sources/acquisition/none")).status, 404);
    assert.equal((await s.json("/api/v1/alerts/test", { method: "POST", body: { x: 1 } })).status, 400);
    s.child.kill("SIGTERM"); // with a transfer in the air
    const { code } = await s.ended;
    assert.equal(code, 0);
    assert.ok(!s.err.includes("very-secret"));
});

test("without alerts: nobody is told, and it says so; what lasts is told when somebody can be", async (t) => {
    const dir = lateMesh(t), env = at(LATE);
    const r = run(["alerts", "test"], { cwd: dir, env });
    assert.equal(r.code, 2);
    assert.match(r.err, /mesh\.yaml has no `alerts:`/);
    assert.match(must(["alerts", "check"], { cwd: dir, env }).out, /^1 new, 0 mended, 1 open; messages: 0 sent/);
    assert.match(must(["alerts"], { cwd: dir, env }).out, /source_late acquisition\.spend/);
    assert.equal(run(["alerts", "chekc"], { cwd: dir }).code, 2);
    const hook = await receiver(t);
    fs.appendFileSync(path.join(dir, "mesh.yaml"), "alerts: {webhook: env:HOOK}\n");
    for (let i = 0; i < 2; i++) assert.match((await go(["alerts", "check"], { cwd: dir, env: { ...env, HOOK: hook.url } })).out, /^0 new, 0 mended, 1 open/);
    assert.equal(hook.posts.length, 1);
    assert.match(hook.posts[0].body.text, /spend is late/);
});
