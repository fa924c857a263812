// Attribution of companies: a deal is led to by everybody of the company, and by nobody else; beside it the same deals led to by their contact alone.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { mesh, page, send } from "./entities_world.mjs";
import { must, rows, run, scratch, write } from "./lib.mjs";

const SYNCED = "2026-04-01 00:00:00";
const people = [
    { n: 21, name: "ann", company: 31 }, // of Acme, and the contact of its deal
    { n: 22, name: "bob", company: 31 },
    { n: 23, name: "cleo", company: 32 }, // of Bolt, which lost its deal
    { n: 24, name: "dan", company: "" },
];
const google = { source: "google", medium: "cpc", name: "B2B" }, letter = { source: "newsletter", medium: "email", name: "march" }, social = { source: "linkedin", medium: "paid_social", name: "Plants" };
const who = (name) => ({ anonymousId: `anon-${name}`, userId: `u-${name}` });
const identify = (day, time, name) => ({ type: "identify", messageId: `i-${name}`, timestamp: `2026-03-${String(day).padStart(2, "0")}T${time}:00.000Z`, ...who(name), traits: { email: `${name}@example.org` } });

// Ann comes by an ad, Bob by a letter and then by a post, Cleo and Dan by ads of their own; one visit of Bob's is after the deal, one of Ann's a hundred days before.
const visit = (day, name, campaign) => page(day, "08:00", who(name), "/", { campaign, id: `${name}-${day}` });
const calls = () => [
    ...people.map((p) => identify(1, "07:00", p.name)),
    { ...visit(1, "ann", social), timestamp: "2025-12-10T08:00:00.000Z" },
    visit(3, "ann", google), visit(5, "bob", letter), visit(7, "bob", social), visit(8, "cleo", google), visit(9, "dan", google), visit(25, "bob", google),
];

function landed(dir) {
    write(dir, "in/crm/hubspot_contact.csv", "id,property_email,property_firstname,property_lastname,property_associatedcompanyid,property_createdate,property_lastmodifieddate,_fivetran_synced\n" +
        people.map((p) => `${p.n},${p.name}@example.org,${p.name},Doe,${p.company},2026-01-01 08:00:00,2026-01-01 08:00:00,${SYNCED}\n`).join(""));
    write(dir, "in/crm/hubspot_company.csv", `id,property_name,property_website,property_createdate,_fivetran_synced\n31,Acme,http://acme.example,2026-01-01 00:00:00,${SYNCED}\n32,Bolt,http://bolt.example,2026-01-01 00:00:00,${SYNCED}\n`);
    write(dir, "in/crm/hubspot_deal.csv", "deal_id,deal_pipeline_stage_id,property_dealname,property_amount,property_closedate,property_createdate,_fivetran_synced,property_hs_is_closed_won,property_hs_is_closed,property_deal_currency_code\n" +
        `41,s1,Acme plants,900.00,2026-03-20 10:00:00,2026-03-01 10:00:00,${SYNCED},true,true,EUR\n42,s1,Bolt plants,500.00,2026-03-21 10:00:00,2026-03-01 10:00:00,${SYNCED},false,true,EUR\n`);
    write(dir, "in/crm/hubspot_deal_company.csv", "company_id,deal_id,type_id,category\n31,41,5,x\n32,42,5,x\n");
    write(dir, "in/crm/hubspot_deal_contact.csv", `contact_id,deal_id,_fivetran_synced,type_id,category\n21,41,${SYNCED},3,x\n23,42,${SYNCED},3,x\n`);
    must(["add", "hubspot", "--domain", "lifecycle", "--path", path.join(dir, "in/crm")], { cwd: dir });
    write(dir, "governance/attribution.yaml", "conversions:\n  - {name: deal_won, title: Deal won, from: opportunities, value: amount_reporting, by: account, lookback: 90d}\n  - {name: deal_of_contact, title: Deal of a contact, from: opportunities, value: amount_reporting, lookback: 90d}\n");
}

test("a company's deal is led to by everybody of the company", async (t) => {
    const dir = path.join(scratch(t), "mesh"), at = { cwd: dir };
    const key = JSON.parse(mesh(dir)).key;
    landed(dir);
    await send(dir, key, [calls()]);
    must(["run"], at);
    const credit = (conversion, model) => JSON.parse(must(["attribution", "--conversion", conversion, "--model", model, "--by", "channel", "--from", "2026-03-01", "--to", "2026-03-31", "--format", "json"], at).out);
    const shares = (conversion, model) => Object.fromEntries(credit(conversion, model).rows.filter((r) => r.credits[model].conversions > 0).map((r) => [r.key.channel, [r.credits[model].conversions, r.credits[model].value]]));

    await t.test("by rules, worked out by hand", () => {
        const third = 1 / 3, linear = shares("deal_won", "linear");
        assert.deepEqual(Object.keys(linear).sort(), ["email", "paid_search", "paid_social"]);
        for (const channel of ["email", "paid_search", "paid_social"]) {
            assert.ok(Math.abs(linear[channel][0] - third) < 2e-6, JSON.stringify(linear)); // the last millionth goes to one of them
            assert.equal(linear[channel][1], 300);
        }
        assert.deepEqual(shares("deal_won", "last"), { paid_social: [1, 900] }, "Bob's post; his visit after the deal is none of it");
        assert.deepEqual(shares("deal_won", "first"), { paid_search: [1, 900] }, "Ann's ad; what she did a hundred days before is beyond the lookback");
        assert.deepEqual(shares("deal_of_contact", "linear"), { paid_search: [1, 900] }, "the contact alone");
    });

    await t.test("the port says the same, and names the account", () => {
        assert.deepEqual(rows("SELECT DISTINCT a.account_name FROM shared.account_credit AS c JOIN shared.account_360 AS a USING (account_id) WHERE c.conversion = 'deal_won'", at), ["Acme"]);
        assert.deepEqual(rows("SELECT channel, credit_last, value_linear FROM shared.account_credit WHERE conversion = 'deal_won' ORDER BY touched_at", at), ["paid_search,0.000000,300.000000", "email,0.000000,300.000000", "paid_social,1.000000,300.000000"]);
    });

    await t.test("a touch of somebody new of the company counts with the next build", async () => {
        write(dir, "in/crm/hubspot_contact.csv", fs.readFileSync(path.join(dir, "in/crm/hubspot_contact.csv"), "utf8").replace("24,dan@example.org,dan,Doe,,", "24,dan@example.org,dan,Doe,31,"));
        must(["run"], at);
        const linear = shares("deal_won", "linear");
        assert.ok(linear.paid_search[0] === 0.5 && linear.email[0] === 0.25, JSON.stringify(linear));
        assert.equal(run(["attribution", "--conversion", "deal_lost"], at).code !== 0, true);
    });
});
