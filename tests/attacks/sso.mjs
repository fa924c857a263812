// Single sign-on with a provider that lies: tokens beyond those of tests/cli/oidc.test.mjs, and pages to come back to that are not ours.
import crypto from "node:crypto";
import http from "node:http";

const b64 = (v) => Buffer.from(typeof v === "string" ? v : JSON.stringify(v)).toString("base64url");
export async function provider(t) {
    const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }), ec = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pub = { ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256", use: "sig" }, pubEc = { ...ec.publicKey.export({ format: "jwk" }), kid: "ec", alg: "ES256", use: "sig" };
    const p = { lie: {}, asked: [], pub, pem: publicKey.export({ type: "spki", format: "pem" }), der: publicKey.export({ type: "spki", format: "der" }), ec };
    p.rs = (x) => crypto.sign("sha256", Buffer.from(x), privateKey).toString("base64url");
    const server = http.createServer((q, r) => {
        q.resume();
        const u = new URL(q.url, p.issuer);
        p.asked.push(u.pathname);
        const say = (x) => { r.writeHead(200, { "content-type": "application/json" }); r.end(typeof x === "string" ? x : JSON.stringify(x)); };
        if (u.pathname === "/.well-known/openid-configuration") return say({ issuer: p.issuer, authorization_endpoint: `${p.issuer}/authorize`, token_endpoint: `${p.issuer}/token`, jwks_uri: `${p.issuer}/jwks`, response_types_supported: ["code"] });
        if (u.pathname === "/jwks") return say({ keys: [pub, pubEc, { kty: "oct", k: b64("x"), kid: "" }, { kty: "oct", k: "", kid: "empty", alg: "HS256" }] });
        if (u.pathname !== "/token") return say({});
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: p.issuer, aud: "trellis", sub: "subject-1", exp: now + 300, iat: now, nonce: p.nonce, groups: ["marketing"], preferred_username: "lia", ...p.lie.claims };
        const head = p.lie.headText ?? JSON.stringify({ alg: "RS256", kid: "k", typ: "JWT", ...p.lie.head }), body = p.lie.bodyText ? p.lie.bodyText(claims) : JSON.stringify(claims);
        const signed = `${b64(head)}.${b64(body)}`, token = `${signed}.${(p.lie.sign ?? p.rs)(signed, p)}`;
        return say({ access_token: "x", token_type: "Bearer", id_token: p.lie.token ? p.lie.token(token, p) : token });
    });
    await new Promise((r) => server.listen(0, "127.0.0.1", r));
    t.after(() => new Promise((r) => { server.closeAllConnections(); server.close(r); }));
    p.issuer = `http://127.0.0.1:${server.address().port}`;
    return p;
}
const hs = (key, alg = "sha256") => (x) => crypto.createHmac(alg, key).update(x).digest("base64url");
const ecSign = (x, p) => crypto.sign("sha256", Buffer.from(x), { key: p.ec.privateKey, dsaEncoding: "ieee-p1363" });
const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const big = (b) => BigInt(`0x${b.toString("hex")}`), bytes = (n, l = 32) => Buffer.from(n.toString(16).padStart(2 * l, "0"), "hex");

// What must not let anybody in. Each is a token that is good but for one thing.
export const lies = (p) => ({
    "HS256 over the public key in DER": { head: { alg: "HS256" }, sign: hs(p.der) }, "HS256 over the public key, without its last line end": { head: { alg: "HS256" }, sign: hs(p.pem.trim()) }, "HS256 over the JWK": { head: { alg: "HS256" }, sign: hs(JSON.stringify(p.pub)) }, "HS512 over the public key": { head: { alg: "HS512" }, sign: hs(p.pem, "sha512") }, "HS256 with an empty key of the set": { head: { alg: "HS256", kid: "empty" }, sign: hs("") },
    "alg in small letters": { head: { alg: "rs256" } }, "alg with a blank": { head: { alg: "RS256 " } }, "alg with a NUL": { head: { alg: "RS256\0" } }, "alg as a list": { head: { alg: ["RS256"] } }, "alg twice, the second none": { headText: '{"alg":"RS256","alg":"none","kid":"k"}', sign: () => "" }, "alg twice, the first none": { headText: '{"alg":"none","alg":"RS256","kid":"k"}', sign: () => "" }, "alg none with escapes": { headText: '{"\\u0061lg":"n\\u006fne","kid":"k"}', sign: () => "" }, EdDSA: { head: { alg: "EdDSA" } }, "RS256 of SHA-1": { sign: (x) => crypto.createHash("sha1").update(x).digest("base64url") },
    "kid that is a way": { head: { kid: "../../../../dev/null" } }, "kid that is SQL": { head: { kid: "k' OR '1'='1" } }, "kid as a list": { head: { kid: ["k"] } }, "kid as an object": { head: { kid: { $ne: "" } } }, "kid of the symmetric key": { head: { kid: "" }, sign: hs("x") }, "kid with a NUL": { head: { kid: "k\0x" } }, "kid of 100,000 signs": { head: { kid: "k".repeat(100_000) } },
    "certificates of its own": { head: { x5c: [b64("x")], kid: "own" } }, "certificates from an address": { head: { x5u: `${p.issuer}/x5u`, kid: "own" } }, "keys from an address": { head: { jku: `${p.issuer}/jku`, kid: "own" } }, "a body that is not encoded": { head: { b64: false, crit: ["b64"] } }, "an unknown critical word": { head: { crit: ["x"], x: 1 } }, "crit that is empty": { head: { crit: [] } },
    "an encrypted token": { token: () => [b64({ alg: "dir", enc: "A256GCM" }), "", b64("iv"), b64("x"), b64("t")].join(".") }, "JSON form": { token: (x) => JSON.stringify({ payload: x.split(".")[1], protected: x.split(".")[0], signature: x.split(".")[2] }) }, "line ends within": { token: (x) => x.replace(".", "\n.") }, "a blank in front": { token: (x) => ` ${x}` }, "a blank behind": { token: (x) => `${x} ` }, "the other alphabet": { token: (x) => `${x.split(".").slice(0, 2).join(".")}.${Buffer.from(x.split(".")[2], "base64url").toString("base64")}` }, "a signature that is cut": { token: (x) => x.slice(0, -4) }, "a signature that is longer": { token: (x) => `${x}AAAA` }, "a signature of nothing": { sign: () => "" }, "a signature of zeros": { sign: () => Buffer.alloc(256).toString("base64url") }, "bits behind the last byte": { token: (x) => x.slice(0, -1) + { A: "B", Q: "R", g: "h", w: "x" }[x.at(-1)] },
    "ES256 with r and s changed places": { head: { alg: "ES256", kid: "ec" }, sign: (x, q) => { const s = ecSign(x, q); return Buffer.concat([s.subarray(32), s.subarray(0, 32)]).toString("base64url"); } }, "ES256 with s beyond the order": { head: { alg: "ES256", kid: "ec" }, sign: (x, q) => { const s = ecSign(x, q); return Buffer.concat([s.subarray(0, 32), bytes(big(s.subarray(32)) + ORDER, 33).subarray(-32)]).toString("base64url"); } }, "ES256 with r of zero": { head: { alg: "ES256", kid: "ec" }, sign: (x, q) => Buffer.concat([Buffer.alloc(32), ecSign(x, q).subarray(32)]).toString("base64url") }, "ES256 in 63 bytes": { head: { alg: "ES256", kid: "ec" }, sign: (x, q) => ecSign(x, q).subarray(0, 63).toString("base64url") },
    "iss as a list": { claims: { iss: [p.issuer] } }, "iss in capitals": { claims: { iss: p.issuer.toUpperCase() } }, "iss with a NUL": { claims: { iss: `${p.issuer}\0` } }, "aud as an object": { claims: { aud: { trellis: 1 } } }, "aud that begins as ours": { claims: { aud: "trellis2" } }, "aud in capitals": { claims: { aud: "TRELLIS" } }, "nonce as a list": { claims: { nonce: ["x"] } }, "nonce of another": { claims: { nonce: "B".repeat(43) } }, "exp below zero": { claims: { exp: -1 } }, "exp of null": { claims: { exp: null } }, "exp twice": { bodyText: (c) => JSON.stringify({ ...c, exp: 1 }).replace(/\}$/, `,"exp":1}`) }, "sub as an object": { claims: { sub: { a: 1 } } }, "sub that is empty": { claims: { sub: "" } }, "claims nested 5,000 times": { bodyText: () => '{"a":'.repeat(5000) + "1" + "}".repeat(5000) }, "groups as an object": { claims: { groups: { marketing: true } } }, "groups that only begin as ours": { claims: { groups: ["marketing2", "MARKETING", " marketing"] } }, "groups with the name of a role": { claims: { groups: ["admin", "keeper"] } },
});

// Names of people that a provider may tell: none of them is anybody else here, and none carries a control sign.
export const nobodies = ["local-admin", "trellis", "token:1", "anna", "x\r\nSet-Cookie: evil=1", "x\u001b[2J", "../../anna", "anna\0", "ANNA", "\u0430nna", "a".repeat(5000), "<img src=x>"];
