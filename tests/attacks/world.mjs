// What the attacks are made against: a small mesh whose personal values and hidden names are canary words, a server over it, and one way in for each role.
import net from "node:net";
import path from "node:path";
import { json, must, scratch, serve, write } from "../cli/lib.mjs";

// In small letters: answers are searched in small letters. Values of people, then names and values of the domain that no role but the administrator sees.
export const values = ["zqmail", "zqiban", "zqclub", "+49170555", "zqnote", "zqraw"];
export const names = ["zqvault", "zqpay", "zqsalary", "zqboss"];
// What an answer of ours never holds, whatever was asked: engine and library talk, places in the program, files of the machine.
export const never = [/\b(catalog|binder|parser|conversion|invalid input|out of range|internal|constraint|io|permission|not implemented|dependency|fatal) error:/i, /duckdb/i, /sqlite/i, /json_serialize/i, /\bmesh\.(main|built|live|raw|src)\b/i, /gov_\d/, /trellis_(hash|token|partial)/i,
    /src\/[a-z]+\/[a-z_]+\.[ch]\b/, /root:x:0/, /AddressSanitizer|SUMMARY: |Segmentation fault|backtrace|stack trace/i, /-----BEGIN/, /trellis-cli-/, /argon2id\$/];

const product = (dir, domain, name, ports) => {
    const at = `domains/${domain}/products/${name}`;
    const out = Object.keys(ports).map((p) => `  - {name: ${p}, version: 1.0.0, type: tables, contractId: ${domain}.${name}.${p}}\n`).join("");
    write(dir, `${at}/product.yaml`, `apiVersion: v1.0.0\nkind: DataProduct\nid: ${domain}.${name}\nname: ${name}\nversion: 1.0.0\nstatus: active\ndomain: ${domain}\ndescription: {purpose: For tests}\noutputPorts:\n${out}`);
    for (const [p, { columns, sql }] of Object.entries(ports)) {
        write(dir, `${at}/${p}.sql`, `${sql}\n`);
        const props = columns.map(([n, type, cls]) => `      - {name: ${n}, logicalType: ${type}, classification: ${cls}}\n`).join("");
        write(dir, `${at}/${p}.odcs.yaml`, `apiVersion: v3.1.0\nkind: DataContract\nid: ${domain}.${name}.${p}\nname: ${p}\nversion: 1.0.0\nstatus: active\nschema:\n  - name: ${p}\n    properties:\n${props}`);
    }
};

// Composed, so that the SQL of a port, which its readers are shown, has none of the words. p7 and p8 share nothing with anybody: whoever can single one out has succeeded.
const people = `SELECT 'p' || n AS customer_id, CASE WHEN n % 2 = 0 THEN 'anna.' ELSE 'berta.' END || 'zq' || 'mail' || n || CASE WHEN n % 2 = 0 THEN '@example.org' ELSE '@example.com' END AS email,
  '+49' || '170555' || n AS phone, DATE '1980-01-01' + CAST(n * 97 AS INTEGER) AS born, 'DE' || 'zq' || 'iban' || n AS iban, 'zq' || 'club' || n AS club_key, 'zq' || 'note' || n AS remark,
  CASE WHEN n % 2 = 0 THEN 'DE' ELSE 'FR' END AS country, n * 3 AS spent, n % 5 AS shop_no FROM generate_series(1, 60) AS g (n)`;
const cells = ["=1+1", "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "=HYPERLINK(\"http://evil.example\",\"x\")", "=1+1\",=2+2", "%=1", ";=1+1", "'=1+1", "+49 170 5550", "-12.50", "+3", "-", "＝1+1", "1e5", "\ufeff=1+1", "\u00a0=1+1", "ＳＵＭ", "-1e5", "plain"];
const text = (s) => `${[...s].map((c) => (/[\t\r\n]/.test(c) ? `' || chr(${c.charCodeAt(0)}) || '` : c === "'" ? "''" : c)).join("")}`;

export const roles = `roles:
  - {name: viewer, grants: [{products: ["shop.*"], tier: aggregated}]}
  - {name: marketer, title: Marketer, groups: [marketing], grants: [{products: ["shop.*"], tier: masked, purposes: [analytics, email]}]}
  - {name: german, grants: [{products: ["shop.*"], tier: masked, rows: "country = 'DE'"}]}
  - {name: mailer, grants: [{products: ["shop.*"], tier: masked, purposes: [email]}]}
  - {name: tester, grants: [{products: ["shop.*"], tier: test}]}
  - {name: engineer, grants: [{products: ["shop.*"], tier: masked}], rights: [{right: build, domains: [shop]}]}
  - {name: officer, grants: [{products: ["shop.*"], tier: masked}], rights: [{right: reveal}, {right: consent}, {right: privacy}, {right: audit}]}
  - {name: keeper, grants: [], rights: [{right: administer}]}
  - {name: nobody, grants: []}
`;
export const policies = `masks:
  - {name: mails, columns: [email], mask: partial}
  - {name: phones, columns: [phone], mask: tokenise}
  - {name: births, columns: [born], mask: generalise, to: year}
  - {name: clubs, columns: [club_key], mask: hash}
small_groups: {minimum: 10}
`;

export function attackedMesh(t) {
    const dir = path.join(scratch(t), "mesh");
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    for (const d of ["shop", "zqvault"]) write(dir, `domains/${d}/domain.yaml`, `name: ${d}\nowner: {name: Ana, contact: ana@example.org}\n`);
    write(dir, "in/till.csv", "day,amount\n2026-01-01,10\n2026-01-02,20\n");
    must(["add", "files", "--name", "till", "--path", "in/till.csv", "--domain", "shop"], { cwd: dir });
    const personal = (n, type = "string") => [n, type, "personal"], open = (n, type = "string") => [n, type, "internal"];
    product(dir, "shop", "people", { people: { columns: [open("customer_id"), personal("email"), personal("phone"), personal("born", "date"), personal("iban"), personal("club_key"), personal("remark"), open("country"), open("spent", "integer"), open("shop_no", "integer")], sql: people } });
    product(dir, "shop", "orders", { orders: { columns: [open("order_no", "integer"), open("customer_id"), open("amount", "integer"), open("country")], sql: "SELECT range AS order_no, 'p' || (1 + range % 60) AS customer_id, range % 17 AS amount, CASE WHEN range % 2 = 1 THEN 'DE' ELSE 'FR' END AS country FROM range(600)" } });
    product(dir, "shop", "cells", { cells: { columns: [open("no", "integer"), open("word"), open("list", "array"), open("amount", "number"), open("day", "date")], sql: `SELECT no, word, [word] AS list, CAST(-no AS DECIMAL(9,2)) AS amount, DATE '2026-01-01' AS day FROM (VALUES ${cells.map((c, i) => `(${i}, '${text(c)}')`).join(", ")}) AS v (no, word)` } });
    product(dir, "zqvault", "wages", { zqpay: { columns: [open("zqsalary", "integer"), personal("zqboss")], sql: "SELECT range AS zqsalary, 'zqraw' || range AS zqboss FROM range(30)" } });
    write(dir, "governance/roles.yaml", roles);
    write(dir, "governance/policies.yaml", policies);
    must(["run"], { cwd: dir });
    return dir;
}
export { cells };

export const PASSWORD = "violet kettle 93 harbour";
const made = (dir, role, purposes = ["analytics"], more = []) => json(["token", "create", "--role", role, ...purposes.flatMap((p) => ["--purpose", p]), ...more], { cwd: dir });

// One answer to bytes as they are: what came until the connection ended, or until all that was promised is there and nothing more came for a moment.
export function exchange(x, bytes, { wait = 2500, from } = {}) {
    return new Promise((resolve) => {
        const socket = net.connect({ port: x.port, host: "127.0.0.1", localAddress: from });
        let got = Buffer.alloc(0), quiet;
        const end = () => {
            clearTimeout(late);
            clearTimeout(quiet);
            socket.destroy();
            resolve(read(got));
        };
        const late = setTimeout(end, wait);
        socket.on("data", (d) => {
            got = Buffer.concat([got, d]);
            clearTimeout(quiet);
            if (complete(got)) quiet = setTimeout(end, 60);
        });
        socket.on("close", end).on("error", end);
        socket.write(bytes);
    });
}
function complete(b) {
    const at = b.indexOf("\r\n\r\n");
    if (at < 0) return false;
    const head = b.subarray(0, at).toString("latin1").toLowerCase(), length = head.match(/content-length: (\d+)/)?.[1];
    return length !== undefined ? b.length >= at + 4 + Number(length) : /transfer-encoding: chunked/.test(head) ? b.subarray(-5).toString() === "0\r\n\r\n" : /^http\/1\.1 (204|304)/.test(head);
}
// Pieces put together: a word that lies over a border is found as well.
function unchunked(b) {
    const parts = [];
    for (let at = 0, end; (end = b.indexOf("\r\n", at)) > 0; ) {
        const n = parseInt(b.subarray(at, end).toString(), 16);
        if (!n) break;
        parts.push(b.subarray(end + 2, end + 2 + n));
        at = end + 4 + n;
    }
    return Buffer.concat(parts);
}
function read(b) {
    const text = b.toString("latin1"), [head, ...rest] = text.split("\r\n\r\n"), [line, ...lines] = head.split("\r\n");
    const headers = {};
    for (const l of lines) {
        const k = l.slice(0, l.indexOf(":")).toLowerCase();
        headers[k] = k in headers ? `${headers[k]}\n${l.slice(l.indexOf(":") + 2)}` : l.slice(l.indexOf(":") + 2);
    }
    let bytes = Buffer.from(rest.join("\r\n\r\n"), "latin1");
    if (/chunked/.test(headers["transfer-encoding"] ?? "")) bytes = unchunked(bytes);
    const body = bytes.toString();
    let said = null;
    try {
        said = JSON.parse(body);
    } catch {
        // no JSON, or in chunks
    }
    return { status: Number(line.match(/^HTTP\/1\.[01] (\d{3})/)?.[1] ?? 0), answers: (text.match(/HTTP\/1\.1 \d{3} /g) ?? []).length, headers, head, body, json: said, text: `${head}\r\n\r\n${body}` };
}

// A request as bytes. Who asks stands in `as`: a role's token, "local" (the printed address), "anna" (a session of a user), or nobody.
export function request(x, { method = "GET", path: at = "/", as, headers = {}, body, version = "HTTP/1.1", host = x.host, type = "application/json", length = true, raw = false } = {}) {
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const lines = [`${method} ${at} ${version}`];
    if (host !== null) lines.push(`Host: ${host}`);
    if (as === "anna") lines.push(`Cookie: ${x.anna.cookie}`, `X-Trellis-CSRF: ${x.anna.csrf}`);
    else if (as) lines.push(`Authorization: Bearer ${as === "local" ? x.local : x.tokens[as]}`);
    if (body !== undefined && type) lines.push(`Content-Type: ${type}`);
    if (length && (body !== undefined || method !== "GET")) lines.push(`Content-Length: ${bytes.length}`);
    for (const [k, v] of Object.entries(headers)) for (const one of [v].flat()) lines.push(`${k}: ${one}`);
    if (!raw) lines.push("Connection: close");
    return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "utf8"), bytes]);
}

export async function attacked(t) {
    const dir = attackedMesh(t);
    const it = await serve(t, dir);
    const x = { dir, it, port: it.port, host: `127.0.0.1:${it.port}`, local: it.token, tokens: {}, ids: {}, asked: 0 };
    for (const [name, role, purposes] of [...["viewer", "marketer", "german", "tester", "engineer", "officer", "keeper", "nobody"].map((r) => [r, r]), ["mailer", "mailer", ["email"]], ["mails_only", "marketer", ["email"]], ["revoked", "marketer"]]) {
        const m = made(dir, role, purposes);
        x.tokens[name] = m.secret;
        x.ids[name] = m.token.id;
    }
    must(["token", "revoke", String(x.ids.revoked)], { cwd: dir });
    x.send = (bytes, options) => (x.asked++, exchange(x, bytes, options));
    x.ask = (o, options) => x.send(request(x, o), options);
    x.user = async (name, role) => {
        const code = must(["user", "add", name, "--role", role], { cwd: dir }).out.match(/code=([\w-]{43})/)[1];
        return { code, ...session(x, await x.ask({ method: "POST", path: "/api/v1/welcome", body: { code, name, password: PASSWORD } }, { wait: 20_000 })) };
    };
    x.signIn = async (name, password = PASSWORD, more = {}, from) => session(x, await x.ask({ method: "POST", path: "/api/v1/sign-in", body: { name, password }, ...more }, { wait: 20_000, from }));
    x.anna = await x.user("anna", "marketer");
    await x.user("bertha", "marketer");
    return x;
}
const session = (x, r) => ({ r, cookie: r.headers["set-cookie"]?.split("\n").map((c) => c.split(";")[0]).find((c) => c.startsWith(`trellis_${x.port}_user=`)), csrf: r.json?.csrf });

// What is wrong with an answer, whatever was asked: canaries that were not in the question, and what never is said.
export function leaks(text, asked, { hidden = [...values, ...names] } = {}) {
    const low = text.toLowerCase(), said = asked.toLowerCase();
    return [...hidden.filter((w) => low.includes(w) && !said.includes(w)), ...never.filter((r) => r.test(text) && !r.test(asked)).map(String)];
}
