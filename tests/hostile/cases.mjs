// What nobody should send to the collector, and what it answers (docs/events.md, "What the collector answers").
//
// A case is { name, send, status, code?, kept?, also? }. `send` gives the raw bytes of one request for a context x (x.key a good
// write key, x.mark a word that no other case has, x.host). status 0: the connection ends without an answer. kept: whether the
// word may be found in the spool afterwards; left out, it is what a 200 means. `also` looks at the answer further.
import zlib from "node:zlib";

export const MB = 1 << 20;
const crlf = "\r\n";
export const basic = (key) => "Basic " + Buffer.from(`${key}:`).toString("base64");

export function request(x, { method = "POST", path = "/v1/track", headers = {}, body = "", auth = true, length = true, host = true, version = "HTTP/1.1" } = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, "utf8");
    const lines = [`${method} ${path} ${version}`];
    if (host) lines.push(`Host: ${x.host}`);
    if (auth) lines.push(`Authorization: ${basic(x.key)}`);
    if (length && method !== "GET") lines.push(`Content-Length: ${bytes.length}`);
    for (const [k, v] of Object.entries(headers)) for (const one of Array.isArray(v) ? v : [v]) lines.push(`${k}: ${one}`);
    return Buffer.concat([Buffer.from(lines.join(crlf) + crlf + crlf, "latin1"), bytes]);
}

const track = (x, more = {}) => JSON.stringify({ anonymousId: x.mark, event: "Hostile", messageId: x.mark, ...more });
const post = (body, options = {}) => (x) => request(x, { body: typeof body === "function" ? body(x) : body, ...options });
const raw = (text) => (x) => Buffer.from(text(x), "latin1");
const nested = (x, n, open = '{"a":', close = "}") => `{"anonymousId":"${x.mark}","event":"e","properties":${open.repeat(n)}1${close.repeat(n)}}`;
// An event whose JSON text has exactly n bytes.
export const sized = (mark, n) => {
    const bare = JSON.stringify({ type: "track", anonymousId: mark, event: "e", properties: { fill: "" } });
    return bare.replace('"fill":""', `"fill":"${"x".repeat(n - bare.length)}"`);
};
const batchOf = (items) => `{"batch":[${items.join(",")}],"sentAt":"2026-01-01T00:00:00Z"}`;
// A batch whose body has exactly n bytes.
export const sizedBatch = (mark, n) => {
    const items = [];
    let left = n - batchOf([]).length;
    for (; left > 40000; left -= 30001) items.push(sized(mark, 30000));
    items.push(sized(mark, Math.floor(left / 2)));
    items.push(sized(mark, left - Math.floor(left / 2) - 1));
    return batchOf(items);
};
const zipped = (fn, coding, change = (b) => b) => (x) => request(x, { body: change(fn(Buffer.from(track(x)))), headers: { "Content-Encoding": coding } });
const zstdOfNothing = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x00, 0x01, 0x00, 0x00, 0x99, 0xe9, 0xd8, 0x51]);
const bad = (name, body, more = {}) => ({ name, send: post(body), status: 400, code: "TR205", ...more });
const good = (name, body, more = {}) => ({ name, send: post(body), status: 200, kept: true, ...more });

export const cases = [
    // ---- bodies that are no JSON object ----
    bad("an empty body", ""),
    bad("white space alone", " \n\t "),
    bad("a word", (x) => x.mark),
    bad("a number", "17"),
    bad("a text", (x) => JSON.stringify(x.mark)),
    bad("null", "null"),
    bad("true", "true"),
    bad("an array", (x) => `[${track(x)}]`),
    bad("an object that stops", (x) => track(x).slice(0, -1)),
    bad("an object and more", (x) => track(x) + "x"),
    bad("two objects", (x) => track(x) + track(x)),
    bad("single quotes", (x) => track(x).replaceAll('"', "'")),
    bad("a trailing comma", (x) => track(x).slice(0, -1) + ",}"),
    bad("a comment", (x) => "/* */" + track(x)),
    bad("NaN", (x) => track(x).slice(0, -1) + ',"v":NaN}'),
    bad("Infinity", (x) => track(x).slice(0, -1) + ',"v":-Infinity}'),
    bad("a number beyond all numbers", (x) => track(x).slice(0, -1) + ',"v":1e999}'),
    bad("a number with a leading zero", (x) => track(x).slice(0, -1) + ',"v":007}'),
    bad("a NUL byte within", (x) => track(x).slice(0, -1) + "\0}"),
    bad("NUL bytes behind", (x) => track(x) + "\0\0\0\0"),
    bad("a raw line break in a text", (x) => track(x).replace("Hostile", "Hos\ntile")),
    bad("form fields", (x) => `event=e&anonymousId=${x.mark}`),
    bad("XML", (x) => `<event id="${x.mark}"/>`),
    bad("UTF-16", (x) => Buffer.from("\ufeff" + track(x), "utf16le")),
    bad("a byte order mark before JSON", (x) => "\ufeff" + track(x)),
    // ---- characters ----
    bad("a byte that is no UTF-8", (x) => Buffer.concat([Buffer.from(track(x).slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')])),
    bad("an overlong slash", (x) => Buffer.concat([Buffer.from(track(x).slice(0, -2)), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])),
    bad("a surrogate in UTF-8", (x) => Buffer.concat([Buffer.from(track(x).slice(0, -2)), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])),
    bad("a character cut in two", (x) => Buffer.concat([Buffer.from(track(x).slice(0, -2)), Buffer.from([0xe2, 0x82]), Buffer.from('"}')])),
    bad("a character above U+10FFFF", (x) => Buffer.concat([Buffer.from(track(x).slice(0, -2)), Buffer.from([0xf4, 0x90, 0x80, 0x80]), Buffer.from('"}')])),
    bad("a lone surrogate, escaped", (x) => track(x).replace("Hostile", "\\ud800")),
    bad("surrogates in the wrong order", (x) => track(x).replace("Hostile", "\\udc00\\ud800")),
    bad("an unknown escape", (x) => track(x).replace("Hostile", "\\q")),
    good("an escaped NUL", (x) => track(x).replace("Hostile", "\\u0000")),
    good("a right-to-left override", (x) => track(x).replace("Hostile", "\u202eelitsoH")),
    good("emoji and combining marks", (x) => track(x).replace("Hostile", "👩‍👩‍👧‍👦 e\u0301")),
    good("markup as an event's name", (x) => track(x).replace("Hostile", "<script>alert(1)</script>")),
    good("SQL as an event's name", (x) => track(x).replace("Hostile", "'); DROP TABLE web.site__track; --")),
    // ---- shapes: valid JSON that only the loader can judge is kept, so that it is seen in quarantine ----
    good("a userId that is an object", (x) => track(x, { userId: { $ne: null } })),
    good("an event that is an array", (x) => track(x, { event: ["e"] })),
    good("properties that are a text", (x) => track(x, { properties: "p" })),
    good("a context that is a number", (x) => track(x, { context: 1 })),
    good("a library whose name is a list", (x) => track(x, { context: { library: { name: ["a", "b", "c", "d", "e", "f", "g", "h"] } } })),
    good("a timestamp that is none", (x) => track(x, { timestamp: "yesterday" })),
    good("a timestamp far ahead", (x) => track(x, { timestamp: "9999-12-31T23:59:59Z" })),
    good("neither userId nor anonymousId", (x) => JSON.stringify({ event: x.mark })),
    good("no event", (x) => JSON.stringify({ userId: x.mark })),
    good("a messageId of 10,000 characters", (x) => track(x, { messageId: x.mark + "m".repeat(10000) })),
    good("one key twice", (x) => `{"event":"a","event":"b","anonymousId":"${x.mark}"}`),
    good("__proto__ and constructor", (x) => `{"__proto__":{"a":1},"constructor":{"prototype":{}},"anonymousId":"${x.mark}","event":"e"}`),
    good("an empty key", (x) => `{"":1,"anonymousId":"${x.mark}","event":"e"}`),
    good("a key of 10,000 characters", (x) => `{"${"k".repeat(10000)}":1,"anonymousId":"${x.mark}","event":"e"}`),
    good("5,000 keys", (x) => track(x, Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])))),
    good("an integer beyond 64 bits", (x) => track(x).slice(0, -1) + `,"v":${"9".repeat(40)}}`),
    good("a number of 5,000 digits", (x) => track(x).slice(0, -1) + `,"v":0.${"1".repeat(5000)}}`),
    good("nested to 199", (x) => nested(x, 198)),
    bad("nested to 201", (x) => nested(x, 200)),
    bad("arrays nested to 201", (x) => nested(x, 200, "[", "]")),
    bad("nested to 100,000", (x) => nested(x, 100000, "[", "]")),
    bad("100,000 brackets that never close", "[".repeat(100000)),
    // ---- sizes ----
    ...[-1, 0, 1].map((d) => good(`an event of 32 KB ${d < 0 ? "-" : "+"} ${Math.abs(d)}`, (x) => sized(x.mark, 32768 + d))),
    ...[-1, 0].map((d) => good(`a batch of 500 KB ${d < 0 ? "- 1" : ""}`, undefined, { send: post((x) => sizedBatch(x.mark, 512000 + d), { path: "/v1/batch" }) })),
    bad("a batch of 500 KB + 1", undefined, { send: post((x) => sizedBatch(x.mark, 512001), { path: "/v1/batch" }), also: (r) => /512000/.test(r.body) }),
    bad("one event of 1 MB", (x) => sized(x.mark, MB)),
    bad("a body of 4 MB", (x) => sized(x.mark, 4 * MB)),
    { name: "a body of 4 MB + 1", send: post((x) => sized(x.mark, 4 * MB + 1)), status: 413, code: "TR004" },
    { name: "a claim of 10 GB", send: (x) => request(x, { length: false, headers: { "Content-Length": "10000000000" } }), status: 413, code: "TR004" },
    good("2,501 events", undefined, { send: post((x) => batchOf(Array.from({ length: 2501 }, () => `{"type":"track","event":"e","anonymousId":"${x.mark}"}`)), { path: "/v1/batch" }) }),
    bad("an empty batch", undefined, { send: post('{"batch":[]}', { path: "/v1/batch" }) }),
    bad("a batch that is an object", undefined, { send: post((x) => `{"batch":{"0":${track(x)}}}`, { path: "/v1/batch" }) }),
    bad("no batch in a batch", undefined, { send: post((x) => track(x), { path: "/v1/batch" }) }),
    good("a batch of what is no event", undefined, { send: post((x) => `{"batch":[1,null,"${x.mark}",[],{}]}`, { path: "/v1/batch" }) }),
    good("an event of an unknown type", undefined, { send: post((x) => `{"batch":[{"type":"teleport","userId":"${x.mark}"}]}`, { path: "/v1/batch" }) }),
    // ---- codings ----
    { name: "gzip as it should be", send: zipped(zlib.gzipSync, "gzip"), status: 200 },
    { name: "GZIP in capitals", send: zipped(zlib.gzipSync, "GZIP"), status: 200 },
    { name: "deflate with its wrapping", send: zipped(zlib.deflateSync, "deflate"), status: 200 },
    { name: "deflate without", send: zipped(zlib.deflateRawSync, "deflate"), status: 200 },
    { name: "gzip that stops", send: zipped(zlib.gzipSync, "gzip", (b) => b.subarray(0, b.length - 9)), status: 400, code: "TR205" },
    { name: "gzip without its sum", send: zipped(zlib.gzipSync, "gzip", (b) => b.subarray(0, b.length - 8)), status: 400, code: "TR205" },
    { name: "gzip with a wrong sum", send: zipped(zlib.gzipSync, "gzip", (b) => (b.writeUInt8(b[b.length - 8] ^ 1, b.length - 8), b)), status: 400, code: "TR205" },
    { name: "gzip and bytes behind it", send: zipped(zlib.gzipSync, "gzip", (b) => Buffer.concat([b, Buffer.from("more")])), status: 400, code: "TR205" },
    { name: "gzip in two members", send: (x) => request(x, { body: Buffer.concat([zlib.gzipSync(track(x).slice(0, 9)), zlib.gzipSync(track(x).slice(9))]), headers: { "Content-Encoding": "gzip" } }), status: 200 },
    { name: "plain text called gzip", send: zipped((b) => b, "gzip"), status: 400, code: "TR205", kept: false },
    { name: "gzip that is not called so", send: zipped(zlib.gzipSync, "identity"), status: 400, code: "TR205" },
    { name: "gzip within gzip", send: zipped((b) => zlib.gzipSync(zlib.gzipSync(b)), "gzip"), status: 400, code: "TR205" },
    { name: "two codings", send: zipped((b) => zlib.gzipSync(zlib.gzipSync(b)), "gzip, gzip"), status: 415, code: "TR205" },
    { name: "br", send: zipped(zlib.brotliCompressSync, "br"), status: 415, code: "TR205" },
    { name: "an unknown coding", send: zipped((b) => b, "rot13"), status: 415, code: "TR205", kept: false },
    { name: "an empty gzip", send: (x) => request(x, { body: zlib.gzipSync(""), headers: { "Content-Encoding": "gzip" } }), status: 400, code: "TR205" },
    { name: "an empty zstd", send: (x) => request(x, { body: zstdOfNothing, headers: { "Content-Encoding": "zstd" } }), status: 400, code: "TR205" },
    { name: "broken zstd", send: (x) => request(x, { body: Buffer.from("28b52ffd00000000ffff", "hex"), headers: { "Content-Encoding": "zstd" } }), status: 400, code: "TR205" },
    { name: "a bomb of 200 MB", send: (x) => request(x, { body: zlib.gzipSync(Buffer.alloc(200 * MB, 32), { level: 9 }), headers: { "Content-Encoding": "gzip" } }), status: 413, code: "TR004" },
    { name: "4 MB + 1, packed", send: (x) => request(x, { body: zlib.gzipSync(sized(x.mark, 4 * MB + 1)), headers: { "Content-Encoding": "gzip" } }), status: 413, code: "TR004" },
    // ---- keys ----
    { name: "no key", send: post(track, { auth: false }), status: 401, code: "TR013" },
    { name: "an unknown key", send: post(track, { auth: false, headers: { Authorization: basic("nobody") } }), status: 401, code: "TR013" },
    { name: "an unknown key of 8,000 characters", send: post(track, { auth: false, headers: { Authorization: basic("k".repeat(8000)) } }), status: 401, code: "TR013" },
    { name: "an empty key", send: post(track, { auth: false, headers: { Authorization: basic("") } }), status: 401, code: "TR013" },
    { name: "Basic that is no base64", send: post(track, { auth: false, headers: { Authorization: "Basic %%%" } }), status: 401, code: "TR013" },
    { name: "Basic without the colon", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: "Basic " + Buffer.from(x.key).toString("base64") } }), status: 200 },
    { name: "Basic without padding", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: basic(x.key).replaceAll("=", "") } }), status: 200 },
    { name: "basic in small letters, two spaces", send: (x) => request(x, { body: track(x), auth: false, headers: { authorization: basic(x.key).replace("Basic ", "basic  ") } }), status: 200 },
    { name: "the key in the body", send: (x) => request(x, { body: track(x, { writeKey: x.key }), auth: false }), status: 200 },
    { name: "the key in the body, with a Bearer", send: (x) => request(x, { body: track(x, { writeKey: x.key }), auth: false, headers: { Authorization: "Bearer abc" } }), status: 200 },
    { name: "the key of a batch in its events", send: (x) => request(x, { path: "/v1/batch", body: `{"batch":[${track(x, { type: "track", writeKey: x.key })}]}`, auth: false }), status: 200 },
    { name: "the key in the address", send: (x) => request(x, { path: `/v1/track?writeKey=${x.key}`, body: track(x), auth: false }), status: 200 },
    { name: "a Bearer alone", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: `Bearer ${x.key}` } }), status: 401, code: "TR013" },
    { name: "the key as an object", send: (x) => request(x, { body: track(x, { writeKey: { $gt: "" } }), auth: false }), status: 401, code: "TR013" },
    { name: "the key with a NUL behind it", send: (x) => request(x, { body: track(x, { writeKey: x.key + "\0" }), auth: false }), status: 401, code: "TR013" },
    { name: "the key in other letters", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: basic(x.key.toUpperCase() + "X") } }), status: 401, code: "TR013" },
    { name: "a source that is switched off", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: basic(x.offKey) } }), status: 404, code: "TR011" },
    { name: "a webhook where there is none", send: (x) => request(x, { path: "/v1/webhook", body: track(x) }), status: 404, code: "TR011" },
    { name: "a page of a foreign origin", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: basic(x.strictKey), Origin: "https://evil.example" } }), status: 403, code: "TR012" },
    { name: "an origin that only begins like ours", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: basic(x.strictKey), Origin: "https://shop.example.evil.example" } }), status: 403, code: "TR012" },
    { name: "an origin of null", send: (x) => request(x, { body: track(x), auth: false, headers: { Authorization: basic(x.strictKey), Origin: "null" } }), status: 403, code: "TR012" },
    // ---- methods and routes ----
    { name: "GET of a route that is posted to", send: (x) => request(x, { method: "GET" }), status: 405, code: "TR010", also: (r) => r.headers.allow === "POST, OPTIONS" },
    { name: "PUT", send: post(track, { method: "PUT" }), status: 405, code: "TR010" },
    { name: "DELETE", send: post("", { method: "DELETE" }), status: 405, code: "TR010" },
    { name: "PATCH", send: post(track, { method: "PATCH" }), status: 405, code: "TR010" },
    { name: "POST of the snippet", send: post(track, { path: "/t.js" }), status: 405, code: "TR010" },
    { name: "TRACE", send: (x) => request(x, { method: "TRACE", length: false }), status: 405, code: "TR010" },
    { name: "CONNECT", send: raw((x) => `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${x.host}\r\n\r\n`), status: 405 },
    { name: "an unknown method", send: raw((x) => `SPY / HTTP/1.1\r\nHost: ${x.host}\r\n\r\n`), status: 400 },
    { name: "an unknown route", send: post(track, { path: "/v1/teleport" }), status: 404, code: "TR011" },
    { name: "the page's own API", send: (x) => request(x, { method: "GET", path: "/api/v1/mesh" }), status: 404, code: "TR011" },
    { name: "the page itself", send: (x) => request(x, { method: "GET", path: "/" }), status: 404, code: "TR011" },
    { name: "a way out of the folder", send: (x) => request(x, { method: "GET", path: "/../../etc/passwd" }), status: 404, code: "TR011" },
    { name: "the same, escaped", send: (x) => request(x, { method: "GET", path: "/%2e%2e/%2e%2e/etc/passwd" }), status: 404, code: "TR011" },
    { name: "the settings themselves", send: (x) => request(x, { method: "GET", path: "/spool/collector.json" }), status: 404, code: "TR011" },
    { name: "a NUL in the address", send: (x) => request(x, { path: "/v1/track%00", body: track(x) }), status: 400 },
    { name: "a broken escape in the address", send: (x) => request(x, { path: "/v1/tr%zzck", body: track(x) }), status: 400 },
    { name: "an address of 40 KB", send: (x) => request(x, { path: "/v1/track?" + "a".repeat(40000), body: track(x) }), status: 414 },
    { name: "a proxy's address", send: raw((x) => `GET http://evil.example/ HTTP/1.1\r\nHost: ${x.host}\r\n\r\n`), status: 400 },
    { name: "a slash at the end", send: post(track, { path: "/v1/track/" }), status: 200 },
    { name: "two slashes at the beginning", send: post(track, { path: "//v1/track" }), status: 200 },
    // ---- pixels ----
    { name: "a pixel without parameters", send: (x) => request(x, { method: "GET", path: "/pixel/v1/track" }), status: 400, code: "TR205" },
    { name: "a pixel of broken escapes", send: (x) => request(x, { method: "GET", path: `/pixel/v1/track?event=%zz&anonymousId=${x.mark}` }), status: 400, code: "TR205" },
    { name: "a pixel whose data is no base64", send: (x) => request(x, { method: "GET", path: `/v1/pixel/track?data=${x.mark}*` }), status: 400, code: "TR205" },
    { name: "a pixel whose data is no JSON", send: (x) => request(x, { method: "GET", path: `/v1/pixel/track?data=${Buffer.from(x.mark).toString("base64url")}` }), status: 400, code: "TR205" },
    { name: "a pixel of 300 parameters", send: (x) => request(x, { method: "GET", path: `/pixel/v1/track?anonymousId=${x.mark}&` + Array.from({ length: 300 }, (_, i) => `p${i}=1`).join("&") }), status: 400, code: "TR205" },
    { name: "a pixel with a path of 20 parts", send: (x) => request(x, { method: "GET", path: `/pixel/v1/track?anonymousId=${x.mark}&${"a.".repeat(20)}b=1` }), status: 400, code: "TR205" },
    // ---- consent ----
    { name: "consent without purposes", send: post((x) => `{"userId":"${x.mark}"}`, { path: "/v1/consent" }), status: 400, code: "TR205" },
    { name: "consent to a list", send: post((x) => `{"userId":"${x.mark}","purposes":["ads"]}`, { path: "/v1/consent" }), status: 400, code: "TR205" },
    // ---- HTTP itself ----
    { name: "no Host", send: post(track, { host: false }), status: 400 },
    { name: "two Hosts", send: post(track, { headers: { Host: "evil.example" } }), status: 400 },
    { name: "HTTP/0.9", send: raw(() => "GET /\r\n\r\n"), status: 505 },
    { name: "HTTP/2.0 in words", send: post(track, { version: "HTTP/2.0" }), status: 505 },
    { name: "the preface of HTTP/2", send: raw(() => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), status: 400 },
    { name: "a TLS greeting", send: () => Buffer.from("160301020001000001fc0303", "hex"), status: 400 },
    { name: "noise", send: () => Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 167 + 13) & 255)), status: 400 },
    { name: "a space before the colon", send: raw((x) => `POST /v1/track HTTP/1.1\r\nHost : ${x.host}\r\nContent-Length: 0\r\n\r\n`), status: 400 },
    { name: "a header line that goes on", send: raw((x) => `POST /v1/track HTTP/1.1\r\nHost: ${x.host}\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n`), status: 400 },
    { name: "a NUL in a header", send: raw((x) => `POST /v1/track HTTP/1.1\r\nHost: ${x.host}\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n`), status: 400 },
    { name: "101 header lines", send: (x) => request(x, { body: track(x), headers: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`X-${i}`, "1"])) }), status: 431 },
    { name: "headers of 40 KB", send: (x) => request(x, { body: track(x), headers: { "X-A": "a".repeat(40000) } }), status: 431 },
    { name: "a negative length", send: (x) => request(x, { body: track(x), length: false, headers: { "Content-Length": "-1" } }), status: 400 },
    { name: "a length that is no number", send: (x) => request(x, { body: track(x), length: false, headers: { "Content-Length": "12abc" } }), status: 400 },
    { name: "a length beyond 64 bits", send: (x) => request(x, { body: track(x), length: false, headers: { "Content-Length": "18446744073709551617" } }), status: 400 },
    { name: "two lengths", send: (x) => request(x, { body: track(x), length: false, headers: { "Content-Length": ["5", "500"] } }), status: 400 },
    { name: "a length and chunks", send: (x) => request(x, { body: `0\r\n\r\n${track(x)}`, headers: { "Transfer-Encoding": "chunked" } }), status: 400 },
    { name: "chunks in other words", send: (x) => request(x, { body: "0\r\n\r\n", length: false, headers: { "Transfer-Encoding": "xchunked" } }), status: 400 },
    { name: "chunked, and not last", send: (x) => request(x, { body: "0\r\n\r\n", length: false, headers: { "Transfer-Encoding": "chunked, identity" } }), status: 400 },
    { name: "a chunk of a size that is no number", send: (x) => request(x, { body: "zz\r\n{}\r\n0\r\n\r\n", length: false, headers: { "Transfer-Encoding": "chunked" } }), status: 400 },
    { name: "a chunk larger than all", send: (x) => request(x, { body: "ffffffffffffffff\r\n{}", length: false, headers: { "Transfer-Encoding": "chunked" } }), status: 413, code: "TR004" },
    { name: "chunks as they should be", send: (x) => request(x, { body: chunked(track(x), 7), length: false, headers: { "Transfer-Encoding": "chunked" } }), status: 200 },
    { name: "one byte a chunk", send: (x) => request(x, { body: chunked(track(x), 1), length: false, headers: { "Transfer-Encoding": "chunked" } }), status: 200 },
    { name: "POST without any length", send: (x) => request(x, { length: false }), status: 411, code: "TR205" },
    { name: "an expectation that nobody can meet", send: (x) => request(x, { body: track(x), headers: { Expect: "a miracle" } }), status: 417 },
    { name: "an offer to upgrade", send: (x) => request(x, { body: track(x), headers: { Connection: "Upgrade", Upgrade: "websocket" } }), status: 200 },
    { name: "HTTP/1.0 without Host", send: post(track, { host: false, version: "HTTP/1.0" }), status: 200 },
    { name: "headers that would split the answer", send: (x) => request(x, { body: track(x), headers: { Origin: "https://a.example%0d%0aSet-Cookie: a=b" } }), status: 200, also: (r) => r.headers["set-cookie"] === undefined },
];

export function chunked(text, size) {
    const b = Buffer.from(text);
    const parts = [];
    for (let at = 0; at < b.length; at += size) {
        const piece = b.subarray(at, at + size);
        parts.push(Buffer.from(piece.length.toString(16) + crlf), piece, Buffer.from(crlf));
    }
    parts.push(Buffer.from("0\r\n\r\n"));
    return Buffer.concat(parts);
}
