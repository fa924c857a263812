// What must come of the dozen people of entities_world.mjs: every row of identity, touchpoints, consent, traits, customers and accounts, worked out by hand. Then: an
// event that comes late, a merge that is taken back, and the same events shuffled and twice.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { json, must, rows, scratch, write } from "./lib.mjs";
import { calls, landed, late, mesh, page, send } from "./entities_world.mjs";

// A person is told by a call or record that is theirs alone.
const persons = { m1: "ann", "late-1": "ann", m10: "ben", m12: "cleo", m16: "dora", "shopify:5002": "fay", m20: "gus", m23: "hal", m24: "ivy", m27: "bot", m28: "own", m29: "kim", m31: "lou" };

function world(t, { order = (list) => [list] } = {}) {
    const dir = path.join(scratch(t), "shop");
    const key = JSON.parse(mesh(dir)).key;
    const source = path.join(dir, "domains/web/sources/site.yaml");
    fs.writeFileSync(source, fs.readFileSync(source, "utf8").trimEnd() + "\n  internal: {hosts: [staging.shop.example]}\n");
    landed(dir);
    return { dir, key, async load(batches = order(calls())) {
        await send(dir, key, batches);
        must(["run"], { cwd: dir });
    } };
}

// Rows of a question, with people's names in the place of their ids.
function told(dir, sql) {
    const names = new Map();
    for (const row of rows("SELECT message_id, customer_id FROM shared.identity", { cwd: dir })) {
        const [record, id] = row.split(",");
        if (persons[record]) names.set(id, persons[record]);
    }
    return rows(sql, { cwd: dir }).map((r) => r.replace(/\bc_[a-z2-7]{26}\b/g, (id) => names.get(id) ?? id)).sort();
}
const same = (dir, sql, expected) => assert.deepEqual(told(dir, sql), expected.trim().split("\n").map((l) => l.trim()).sort());

const customers = `SELECT customer_id, is_known, identifiers, user_ids, emails, records, visitors, touchpoints, sessions, page_views, events, orders, revenue_reporting, first_channel_group, last_channel_group,
    emails_received, email_clicks, strftime(first_seen_at, '%m-%d %H:%M'), strftime(last_seen_at, '%m-%d %H:%M') FROM shared.customer`;
const touchpoints = `SELECT customer_id, interaction_id, kind, channel_group, campaign_key, platform, campaign_name, cost_reporting, begins_session, dense_rank() OVER (PARTITION BY customer_id ORDER BY session_id IS NULL, first), landing_path, referrer_host
    FROM (SELECT *, min(occurred_at) OVER (PARTITION BY customer_id, session_id) AS first FROM shared.touchpoint)`;
const consent = `SELECT customer_id, purpose, status, granted, source, strftime(since, '%Y-%m-%d %H:%M'), conflict FROM shared.consent WHERE status <> 'unknown'`;

test("a dozen people", async (t) => {
    const w = world(t);
    write(w.dir, "governance/policies.yaml", "consent: {rows: false}\n"); // what is built is looked at, whatever people said
    await w.load();
    const { dir } = w;

    await t.test("identity: who is who, and what was left out", () => {
        // Cleo's tablet is Ben's, who was there first: a user has one id. Dora's two browsers are hers by her user id.
        same(dir, "SELECT customer_id, kind, count(*), count(*) FILTER (WHERE admitted), min(reason) FROM shared.identity GROUP BY 1, 2", `
            ann,anonymous_id,3,3,
            ann,contact,3,3,
            ann,email,4,4,
            ann,user_id,2,2,
            ben,anonymous_id,3,3,
            ben,contact,1,1,
            ben,email,2,2,
            ben,user_id,2,2,
            bot,anonymous_id,1,1,
            cleo,anonymous_id,2,0,limit
            cleo,email,2,2,
            cleo,user_id,2,2,
            dora,anonymous_id,4,4,
            dora,contact,2,2,
            dora,email,4,4,
            dora,user_id,2,2,
            fay,email,1,1,
            gus,anonymous_id,1,1,
            gus,user_id,1,1,
            hal,anonymous_id,1,1,
            ivy,anonymous_id,3,3,
            ivy,user_id,2,2,
            kim,anonymous_id,2,2,
            kim,email,1,1,
            kim,user_id,2,2,
            lou,anonymous_id,2,2,
            lou,email,1,1,
            lou,user_id,2,2,
            own,anonymous_id,1,1,`);
    });

    await t.test("traits: the value that survived, its rule and its origin", () => {
        same(dir, "SELECT customer_id, name, rule, origin, record, times_told FROM shared.customer_trait WHERE customer_id IN (SELECT customer_id FROM shared.identity WHERE message_id IN ('m1', 'm10', 'm16'))", `
            ann,account_key,rank,crm,hubspot:21,1
            ann,city,newest,event,m4,1
            ann,company_name,rank,crm,hubspot:21,1
            ann,email,rank,crm,hubspot:21,4
            ann,first_name,rank,crm,hubspot:21,3
            ann,full_name,rank,crm,hubspot:21,2
            ann,job_title,rank,crm,hubspot:21,1
            ann,last_name,rank,crm,hubspot:21,2
            ann,lifecycle_stage,rank,crm,hubspot:21,2
            ann,plan,newest,event,m4,1
            ben,email,rank,crm,hubspot:22,2
            ben,first_name,rank,crm,hubspot:22,1
            ben,full_name,rank,crm,hubspot:22,2
            ben,last_name,rank,crm,hubspot:22,1
            ben,lifecycle_stage,rank,crm,hubspot:22,1
            dora,email,rank,mail,klaviyo:K1,2`);
    });

    await t.test("touchpoints: visits, campaigns, clicks, costs", () => {
        same(dir, touchpoints, `
            ann,web:site:m1,visit,paid_search,google_ads:1:777,google_ads,Spring,0.500000,true,1,/,
            ann,web:site:m3,visit,direct,,,,,true,2,/shoes/red,shop.example
            ann,web:site:m7,visit,organic_search,,,,,true,3,/,www.google.com
            ann,web:site:m8,visit,email,,,march,,true,4,/sale,
            ben,web:site:m9,visit,direct,,,,,true,1,/,
            cleo,web:site:m13,visit,direct,,,,,true,1,/x,
            cleo,web:site:m15,visit,direct,,,,,true,2,/x,
            dora,email:klaviyo:E2,message_click,email,,klaviyo,March news,,false,3,,
            dora,web:site:m17,visit,direct,,,,,true,1,/,
            dora,web:site:m18,visit,organic_search,,,,,true,2,/news,www.bing.com
            gus,web:site:m20,visit,direct,,,,,true,1,/,
            gus,web:site:m22,visit,direct,,,,,true,2,/,
            hal,web:site:m23,visit,direct,,,,,true,1,/,
            ivy,web:site:m24,visit,direct,,,,,true,1,/,
            ivy,web:site:m25,visit,direct,,,,,true,2,/,
            ivy,web:site:m26,visit,direct,,,,,true,3,/,
            kim,web:site:m30,visit,direct,,,,,true,1,/x,
            lou,web:site:m32,visit,direct,,,,,true,1,/x,`);
    });

    await t.test("consent: signals, preferences, lists, unsubscribing, a box in the CRM", () => {
        same(dir, consent, `
            ben,email,denied,false,crm,2026-03-05 08:00,false
            cleo,email,granted,true,import,2023-01-15 10:00,false
            dora,email,withdrawn,false,email,2026-03-20 09:00,false
            gus,advertising,granted,true,segment,2026-03-07 10:20,false
            gus,analytics,granted,true,segment,2026-03-07 10:20,false
            gus,sale,denied,false,gpc,2026-03-07 10:00,false
            hal,advertising,denied,false,segment,2026-03-07 11:00,false
            hal,analytics,denied,false,segment,2026-03-07 11:00,false
            hal,email,denied,false,segment,2026-03-07 11:00,false
            hal,personalization,denied,false,segment,2026-03-07 11:00,false
            hal,sale,denied,false,segment,2026-03-07 11:00,false
            ivy,advertising,denied,false,segment,2026-03-09 08:00,true`);
        same(dir, "SELECT purpose, status, granted, source, count(*) FROM shared.consent WHERE status = 'unknown' GROUP BY ALL", `
            advertising,unknown,false,policy,9
            analytics,unknown,true,policy,10
            email,unknown,false,policy,8
            personalization,unknown,false,policy,11
            sale,unknown,false,policy,10`);
        // What was said stays, also where it does not count.
        same(dir, "SELECT customer_id, system, category, status, record FROM shared.consent_statement WHERE purpose = 'email' AND record NOT LIKE 'm%'", `
            ben,crm,email,denied,hubspot:22
            cleo,import,email,granted,${rows("SELECT message_id FROM lifecycle.consent_list_consent WHERE occurred_at < TIMESTAMP '2024-01-01'", { cwd: dir })[0]}
            dora,email,email,withdrawn,klaviyo:E3
            dora,import,email,granted,${rows("SELECT message_id FROM lifecycle.consent_list_consent WHERE occurred_at > TIMESTAMP '2024-01-01'", { cwd: dir })[0]}`);
    });

    await t.test("customers: identifiers, visits, orders once each, in the reporting currency", () => {
        // Ann's order is the shop's 42.00, not the call's 50. Cleo's is 20 less 5 given back; her checkout is no order. Fay's 10 dollars and Lou's 8 are halved.
        same(dir, customers, `
            ann,true,5,1,1,2,1,4,4,5,1,1,42.000000,paid_search,email,0,0,01-10 08:00,03-02 09:05
            ben,true,4,1,1,1,1,1,1,1,1,1,30.000000,direct,direct,0,0,02-02 08:00,03-05 08:00
            bot,false,1,0,0,0,1,0,0,0,0,0,0.000000,,,0,0,03-09 10:00,03-09 10:00
            cleo,true,2,1,1,0,0,2,2,0,3,1,15.000000,direct,direct,0,0,01-15 10:00,03-04 09:06
            dora,true,5,1,1,1,2,3,2,2,0,0,0.000000,email,organic_search,1,1,01-15 10:00,03-20 09:00
            fay,true,1,0,1,0,0,0,0,0,0,1,5.000000,,,0,0,03-02 15:00,03-02 15:00
            gus,true,2,1,0,0,1,2,2,3,0,0,0.000000,direct,direct,0,0,03-07 10:00,03-08 10:00
            hal,false,1,0,0,0,1,1,1,1,0,0,0.000000,direct,direct,0,0,03-07 11:00,03-07 11:00
            ivy,true,3,1,0,0,2,3,3,3,0,0,0.000000,direct,direct,0,0,03-08 08:00,03-10 08:00
            kim,true,3,1,1,0,1,1,1,0,1,1,7.000000,direct,direct,0,0,03-11 10:00,03-11 10:05
            lou,true,3,1,1,0,1,1,1,0,1,1,4.000000,direct,direct,0,0,03-12 10:00,03-12 10:05
            own,false,1,0,0,0,1,0,0,0,0,0,0.000000,,,0,0,03-09 10:00,03-09 10:00`);
        same(dir, "SELECT customer_id, granted_purposes, denied_purposes, consent_conflict FROM shared.customer WHERE denied_purposes IS NOT NULL OR granted_purposes <> 'analytics'", `
            ben,analytics,email,false
            cleo,"analytics,email",,false
            dora,analytics,email,false
            gus,"advertising,analytics",sale,false
            hal,,"advertising,analytics,email,personalization,sale",false
            ivy,analytics,advertising,true`);
    });

    await t.test("accounts: a CRM's record and a group of calls are one by their site", () => {
        same(dir, "SELECT account_name, industry, website_host, country, records, groups, account_keys, contacts, customers, sessions, page_views, orders, revenue_reporting FROM shared.account_360", `
            Acme Ltd,Retail,acme.example,AT,1,1,hubspot:31,1,1,4,5,1,42.000000`);
    });

    await t.test("robots and our own people stay in the timeline, marked", () => {
        same(dir, "SELECT customer_id, interaction_id, is_bot, is_internal FROM shared.interaction WHERE is_bot OR is_internal", "bot,web:site:m27,true,false\nown,web:site:m28,false,true");
        assert.deepEqual(rows("SELECT count(*), count(DISTINCT interaction_id) FROM shared.interaction", { cwd: dir }), ["37,37"]);
    });

    await t.test("names, addresses and identifiers are hidden", () => {
        for (const sql of ["SELECT email, first_name, full_name, city FROM shared.customer", "SELECT value FROM shared.customer_trait", "SELECT value FROM shared.trait", "SELECT value FROM shared.identity", "SELECT proof FROM shared.consent_statement WHERE proof IS NOT NULL", "SELECT click_id, visitor_id FROM shared.interaction WHERE click_id IS NOT NULL"])
            for (const row of rows(sql, { cwd: dir })) assert.match(row, /^(hidden: personal|,)+$/, sql);
    });

    await t.test("an event that comes late takes its place, and nothing else moves", async () => {
        const others = told(dir, `${customers} WHERE customer_id <> (SELECT min(customer_id) FROM shared.identity WHERE message_id = 'm4')`);
        await w.load([late()]);
        same(dir, `${touchpoints} WHERE customer_id = (SELECT min(customer_id) FROM shared.identity WHERE message_id = 'm4')`, `
            ann,web:site:late-1,visit,referral,,,,,true,1,/friend,blog.example
            ann,web:site:m1,visit,paid_search,google_ads:1:777,google_ads,Spring,0.500000,true,2,/,
            ann,web:site:m3,visit,direct,,,,,true,3,/shoes/red,shop.example
            ann,web:site:m7,visit,organic_search,,,,,true,4,/,www.google.com
            ann,web:site:m8,visit,email,,,march,,true,5,/sale,`);
        same(dir, "SELECT touchpoints, sessions, page_views, first_channel_group, strftime(first_seen_at, '%m-%d %H:%M') FROM shared.customer WHERE email IS NOT NULL AND page_views = 6", "5,5,6,referral,01-10 08:00");
        assert.deepEqual(told(dir, `${customers} WHERE customer_id <> (SELECT min(customer_id) FROM shared.identity WHERE message_id = 'm4')`), others);
    });
});

// Texts of whole ports, without what says when something was done here.
const ports = ["shared.identifier_seen", "shared.identity", "shared.trait", "shared.customer_trait", "shared.interaction", "shared.touchpoint", "shared.consent_statement", "shared.consent", "shared.customer", "shared.account_360"];
const exported = (dir) => Object.fromEntries(ports.map((p) => [p, rows(`SELECT * FROM ${p}`, { cwd: dir }).sort()]));

test("the order in which events arrive does not matter, nor that they arrive twice", async (t) => {
    const straight = world(t), mixed = world(t);
    await straight.load([[...calls(), ...late()]]);
    // The same key, or ids would be others.
    fs.copyFileSync(path.join(straight.dir, "data/identity.key"), path.join(mixed.dir, "data/identity.key"));
    fs.chmodSync(path.join(mixed.dir, "data/identity.key"), 0o600);
    const all = [...calls(), ...late()];
    const shuffled = [...all, ...all.filter((_, i) => i % 5 === 0)].map((c, i) => [(i * 7919 + 13) % 104729 % 97, c]).sort((a, b) => a[0] - b[0]).map((x) => x[1]);
    for (let i = 0; i < shuffled.length; i += 16) await mixed.load([shuffled.slice(i, i + 16)]);
    const expected = exported(straight.dir), step = exported(mixed.dir);
    for (const p of ports) assert.deepEqual(step[p], expected[p], `${p}, built step by step`);
    must(["run", "--full"], { cwd: mixed.dir });
    const whole = exported(mixed.dir);
    for (const p of ports) assert.deepEqual(whole[p], expected[p], `${p}, built whole`);
});

test("two people are merged and parted again, as if it had never been", async (t) => {
    const w = world(t);
    write(w.dir, "governance/policies.yaml", "consent: {rows: false}\n"); // what is built is looked at, whatever people said
    await w.load();
    const { dir } = w, before = exported(dir);
    const id = (record) => rows(`SELECT DISTINCT customer_id FROM shared.identity WHERE message_id = '${record}'`, { cwd: dir })[0];
    const kim = id("m29"), lou = id("m31");
    const decided = JSON.parse(must(["identity", "merge", kim, lou, "--reason", "one person with two accounts", "--json"], { cwd: dir }).out);
    must(["run"], { cwd: dir });
    assert.equal(id("m31"), kim, "the older one's id stays");
    assert.deepEqual(rows(`SELECT user_ids, emails, orders, revenue_reporting, sessions FROM shared.customer WHERE customer_id = '${kim}'`, { cwd: dir }), ["2,2,2,11.000000,2"]);
    assert.deepEqual(rows(`SELECT count(*) FROM shared.customer WHERE customer_id = '${lou}'`, { cwd: dir }), ["0"]);
    assert.deepEqual(rows(`SELECT count(*) FROM shared.touchpoint WHERE customer_id = '${kim}'`, { cwd: dir }), ["2"]);
    assert.deepEqual(rows(`SELECT record, times_told FROM shared.customer_trait WHERE customer_id = '${kim}' AND name = 'first_name'`, { cwd: dir }), ["m31,2"], "the newest of equals");
    must(["identity", "withdraw", String(decided.decision.id), "--reason", "they are two after all"], { cwd: dir });
    must(["run"], { cwd: dir });
    const after = exported(dir);
    for (const p of ports) assert.deepEqual(after[p], before[p], p);
});

test("what words about consent mean is declared", async (t) => {
    const dir = path.join(scratch(t), "shop");
    const key = JSON.parse(mesh(dir)).key;
    write(dir, "governance/policies.yaml", "consent: {rows: false}\n");
    write(dir, "governance/consent.yaml", `purposes:
  - {name: analytics, default: denied}
  - {name: email, default: denied, expires: 730d}
rules:
  - {system: segment, category: C2, purposes: [analytics]}
  - {system: segment, category: C4, purposes: [advertising, personalization]}
  - {system: rudderstack, category: ads, purposes: [advertising]}
merge: newest_wins
`);
    const says = (day, id, context, who = {}) => page(day, "10:00", { anonymousId: id, ...who }, "/", { id: `${id}-${day}`, context });
    const segment = (categoryPreferences) => ({ consent: { categoryPreferences } });
    await send(dir, key, [[
        says(1, "missing", segment({ C4: true })), // C2 is missing in the map: a no
        says(1, "empty", segment({})), // a no to C2 and C4, and to nothing that is no matter of that banner
        says(1, "rudder", { consentManagement: { provider: "oneTrust", allowedConsentIds: ["ads"], deniedConsentIds: [] } }), // says nothing about the others
        says(1, "google", { consent: { ad_storage: "granted", ad_user_data: "denied", analytics_storage: "granted" } }), // all signals of a purpose must say yes
        says(1, "letter", { consent: { purposes: { email: true }, policyVersion: "7" } }),
        says(1, "phone-a", segment({ C2: true, C4: true }), { userId: "a" }), says(2, "desk-a", segment({ C2: true, C4: false })), says(3, "desk-a", {}, { userId: "a" }),
        says(1, "phone-b", segment({ C2: true, C4: false }), { userId: "b" }), says(2, "desk-b", segment({ C2: true, C4: true })), says(3, "desk-b", {}, { userId: "b" }),
        says(1, "changed", segment({ C2: true, C4: false })), says(2, "changed", segment({ C2: true, C4: true })), says(3, "changed", segment({ C2: true, C4: true })), says(4, "changed", segment({ C2: true, C4: false })),
        // A browser says no, then yes after the login, then no once more: other sets of identifiers, and still the last word counts.
        says(1, "desk-d", segment({ C2: true, C4: false })), says(2, "desk-d", segment({ C2: true, C4: true }), { userId: "d" }), says(3, "desk-d", segment({ C2: true, C4: false })),
        says(1, "unknown-word", segment({ C2: true, C4: true, C9: true })),
    ]]);
    must(["run"], { cwd: dir });
    const names = new Map(rows("SELECT customer_id, message_id FROM shared.identity ORDER BY first_seen DESC", { cwd: dir }).map((r) => r.split(",")));
    const got = rows("SELECT customer_id, purpose, status, granted, strftime(since, '%d'), strftime(expires_at, '%Y-%m-%d'), conflict FROM shared.consent WHERE status <> 'unknown'", { cwd: dir });
    assert.deepEqual(got.map((r) => r.replace(/^c_\w+/, (id) => names.get(id).replace(/-1$/, ""))).sort(), `
        missing,advertising,granted,true,01,,false
        missing,analytics,denied,false,01,,false
        missing,personalization,granted,true,01,,false
        empty,advertising,denied,false,01,,false
        empty,analytics,denied,false,01,,false
        empty,personalization,denied,false,01,,false
        rudder,advertising,granted,true,01,,false
        google,advertising,denied,false,01,,false
        google,analytics,granted,true,01,,false
        letter,email,granted,true,01,2028-02-29,false
        phone-a,advertising,denied,false,02,,true
        phone-a,analytics,granted,true,02,,false
        phone-a,personalization,denied,false,02,,true
        phone-b,advertising,granted,true,02,,true
        phone-b,analytics,granted,true,02,,false
        phone-b,personalization,granted,true,02,,true
        changed,advertising,denied,false,04,,false
        changed,analytics,granted,true,01,,false
        changed,personalization,denied,false,04,,false
        desk-d,advertising,denied,false,03,,true
        desk-d,analytics,granted,true,02,,false
        desk-d,personalization,denied,false,03,,true
        unknown-word,advertising,granted,true,01,,false
        unknown-word,analytics,granted,true,01,,false
        unknown-word,personalization,granted,true,01,,false`.trim().split("\n").map((l) => l.trim()).sort());
    // Every change is kept, of repetitions the last; a word without a rule is kept, and told.
    assert.deepEqual(rows("SELECT status, strftime(occurred_at, '%d') FROM shared.consent_statement WHERE purpose = 'advertising' AND record LIKE 'changed%' ORDER BY occurred_at", { cwd: dir }), ["denied,01", "granted,02", "granted,03", "denied,04"]);
    assert.deepEqual(rows("SELECT category, purpose FROM shared.consent_statement WHERE record LIKE 'unknown-word%' AND purpose IS NULL", { cwd: dir }), ["C9,"]);
    // A rule more, and nothing else: the word means something now.
    fs.writeFileSync(path.join(dir, "governance/consent.yaml"), fs.readFileSync(path.join(dir, "governance/consent.yaml"), "utf8").replace("merge:", "  - {system: segment, category: C9, purposes: [sale]}\nmerge:"));
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT purpose, status FROM shared.consent_statement WHERE record LIKE 'unknown-word%' AND category = 'C9'", { cwd: dir }), ["sale,granted"]);
    assert.deepEqual(rows("SELECT count(*) FROM shared.consent WHERE purpose = 'sale' AND status = 'denied'", { cwd: dir }), ["6"], "those whose maps leave C9 out");
});

test("of a lead source the first word stands, however often it is said again", async (t) => {
    const dir = path.join(scratch(t), "shop");
    const key = JSON.parse(mesh(dir)).key;
    const says = (day, leadSource, plan) => ({ type: "identify", messageId: `l${day}`, timestamp: `2026-03-0${day}T10:00:00.000Z`, userId: "u-lea", traits: { leadSource, plan } });
    await send(dir, key, [[says(1, "fair", "free"), says(2, "search", "pro"), says(3, "fair", "free")]]);
    must(["run"], { cwd: dir });
    assert.deepEqual(rows("SELECT lead_source, plan FROM shared.customer", { cwd: dir }), ["fair,free"]);
    assert.deepEqual(rows("SELECT name, record, times_told FROM shared.customer_trait ORDER BY name", { cwd: dir }), ["lead_source,l1,2", "plan,l3,2"]);
});

test("without any source, the shared entities are there and empty", (t) => {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir]);
    must(["run"], { cwd: dir });
    for (const p of ports) assert.deepEqual(rows(`SELECT count(*) FROM ${p}`, { cwd: dir }), ["0"], p);
    const plan = json(["plan"], { cwd: dir });
    assert.deepEqual([plan.would_load.length, plan.would_build.length], [0, 0]);
    for (const command of [["status"], ["goals"], ["ready"], ["sources"], ["find", "customer"]]) must(command, { cwd: dir });
});
