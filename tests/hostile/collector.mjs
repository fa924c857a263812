// A collector of its own for a test: settings written by hand, the real program, and what lies in its spool afterwards.
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { root, scratch, start, until } from "../cli/lib.mjs";

export const sha = (key) => crypto.createHash("sha256").update(key).digest("hex");
export const keys = { site: "site-0123456789abcdefghijklmnopqr", off: "off-0123456789abcdefghijklmnopqrs", strict: "strict-0123456789abcdefghijklmnop", hook: "hook-0123456789abcdefghijklmnopqr", slow: "slow-0123456789abcdefghijklmnopqr" };

export const settings = (more = {}) => ({
    version: 1,
    mesh: "test",
    sources: [
        { ref: "web.site", enabled: true, keys: [{ id: 1, sha256: sha(keys.site) }], rate: 100000, event_bytes: 32768, batch_bytes: 512000, batch_events: 2500, origins: [], webhook: false, keep_ip: false },
        { ref: "web.off", enabled: false, keys: [{ id: 2, sha256: sha(keys.off) }], rate: 1000, origins: [], webhook: false },
        { ref: "web.strict", enabled: true, keys: [{ id: 3, sha256: sha(keys.strict) }], rate: 1000, batch_bytes: 512000, origins: ["https://shop.example"], webhook: false },
        { ref: "web.hook", enabled: true, keys: [{ id: 4, sha256: sha(keys.hook) }], rate: 1000, batch_bytes: 512000, origins: [], webhook: true },
        { ref: "web.slow", enabled: true, keys: [{ id: 5, sha256: sha(keys.slow) }], rate: 3, batch_bytes: 512000, origins: [], webhook: false },
    ],
    ...more,
});

export function writeSettings(dir, text) {
    const file = path.join(dir, "data/spool/collector.json");
    fs.writeFileSync(file + ".new", typeof text === "string" ? text : JSON.stringify(text), { mode: 0o600 });
    fs.renameSync(file + ".new", file);
}

export function meshFolder(t) {
    const dir = scratch(t);
    fs.cpSync(path.join(root, "tests/declarations/base"), dir, { recursive: true });
    return dir;
}

export async function collector(t, more = {}, args = []) {
    const dir = meshFolder(t);
    fs.mkdirSync(path.join(dir, "data/spool"), { recursive: true, mode: 0o700 });
    writeSettings(dir, settings(more));
    const it = start(["collect", "-C", dir, "--listen", "127.0.0.1:0", ...args]);
    const stop = async () => {
        if (it.child.exitCode === null && it.child.signalCode === null) it.child.kill("SIGTERM");
        return it.ended;
    };
    t.after(stop);
    const url = await until("the collector's address", () => {
        if (it.child.exitCode !== null) throw new Error(`collect ended: ${it.err}`);
        return it.out.match(/https?:\/\/\S+/)?.[0];
    });
    const port = Number(new URL(url).port);
    return { dir, port, url, it, stop, host: `127.0.0.1:${port}`, key: keys.site, offKey: keys.off, strictKey: keys.strict, stored: () => stored(dir) };
}

// Everything that lies in the spool's segments, as one text: bodies are stored plain. Segments are made in advance and filled
// from their beginning, so that a mebibyte of zeros is where it ends.
export function stored(dir) {
    const folder = path.join(dir, "data/spool");
    const piece = Buffer.alloc(1 << 20);
    let text = "";
    for (const name of fs.readdirSync(folder).filter((n) => n.endsWith(".seg")).sort()) {
        const fd = fs.openSync(path.join(folder, name), "r");
        for (let n; (n = fs.readSync(fd, piece)) > 0; ) {
            if (piece.subarray(0, n).every((b) => b === 0)) break;
            text += piece.subarray(0, n).toString("latin1").replace(/\0+/g, "\0");
        }
        fs.closeSync(fd);
    }
    return text;
}

export function parse(text) {
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return null;
    const lines = text.slice(0, end).split("\r\n");
    const headers = {};
    for (const line of lines.slice(1)) headers[line.slice(0, line.indexOf(":")).toLowerCase()] = line.slice(line.indexOf(":") + 1).trim();
    const length = Number(headers["content-length"] ?? 0);
    const body = text.slice(end + 4, end + 4 + length);
    return { status: Number(lines[0].split(" ")[1]), headers, body, size: end + 4 + length, whole: body.length === length };
}

// Sends bytes and gives what comes back: a parsed answer, or status 0 when the connection ended without one.
export function exchange(port, bytes, { answers = 1, end = false, ms = 30_000 } = {}) {
    return new Promise((resolve, reject) => {
        const s = net.connect(port, "127.0.0.1");
        let text = "", got = [];
        const done = () => {
            s.destroy();
            clearTimeout(timer);
            const gone = { status: 0, headers: {}, body: "", text };
            resolve(answers === 1 ? (got[0] ?? gone) : got);
        };
        const timer = setTimeout(() => (s.destroy(), reject(new Error(`no answer in time: ${text.slice(0, 200)}`))), ms);
        s.on("data", (d) => {
            text += d.toString("latin1");
            for (let r; (r = parse(text)) && r.whole; text = text.slice(r.size)) if (r.status !== 100) got.push(r);
            if (got.length >= answers) done();
        });
        s.on("error", done);
        s.on("close", done);
        s.write(bytes);
        if (end) s.end();
    });
}
