// HubSpot, Salesforce and Klaviyo on their landed tables: every file is a stream whose rows are all accounted for, and the shared
// entities hold what another program (Python's csv module) counted in the same files. Rules that those samples do not show, such as
// stages of deals, are held against small folders written here.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { json, must, rows, run, scratch, shared, write } from "./lib.mjs";

const FOLDERS = { hubspot: "crm_hubspot", salesforce: "crm_salesforce", klaviyo: "email_klaviyo" };
const data = path.join(shared, "data");
const skip = fs.existsSync(path.join(data, "crm_hubspot")) ? false : `no reference data at ${data}`;

const cell = (line) => line.split(",");
const table = (sql, dir) => rows(sql, { cwd: dir }).map(cell);
const plain = (decimal) => (decimal.includes(".") ? decimal.replace(/0+$/, "").replace(/\.$/, "") : decimal);

function mesh(t) {
    const dir = path.join(scratch(t), "shop");
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    write(dir, "governance/rates.csv", "date,currency,rate\n2018-01-01,USD,0.5\n2026-02-01,USD,0.25\n");
    return dir;
}
const add = (dir, pack, folder, more = []) => must(["add", pack, "--domain", "lifecycle", "--path", folder, "--currency", "USD", ...more], { cwd: dir });
const landed = (dir) => json(["status"], { cwd: dir }).sources.sources.flatMap((s) => s.streams.map((x) => ({ ...x, source: s.name })));

// The table of files in the README beside the data: | file.csv | rows | …
const counts = (folder) =>
    [...fs.readFileSync(path.join(data, folder, "README.md"), "utf8").matchAll(/^\| (\S+)\.csv \| ([0-9,]+) \|/gm)].map(([, file, n]) => [
        file.replace(/_data$/, "").replace(/^sf_/, ""),
        Number(n.replaceAll(",", "")),
    ]);

test("the landed tables of three platforms", { skip, timeout: 300_000 }, async (t) => {
    const dir = mesh(t);
    for (const [pack, folder] of Object.entries(FOLDERS)) add(dir, pack, path.join(data, folder));
    must(["check"], { cwd: dir });
    const { err } = must(["run"], { cwd: dir });

    await t.test("every file is a stream, and no row is lost", () => {
        const streams = landed(dir);
        for (const [pack, folder] of Object.entries(FOLDERS)) {
            const wanted = counts(folder);
            assert.equal(wanted.length, fs.readdirSync(path.join(data, folder)).filter((f) => f.endsWith(".csv")).length, folder);
            assert.deepEqual(streams.filter((s) => s.source === pack).map((s) => s.name).sort(), wanted.map(([name]) => name).sort());
            for (const [name, n] of wanted) {
                const s = streams.find((x) => x.source === pack && x.name === name);
                assert.equal(s.rows + s.rows_quarantined, n, `${pack} ${name}`);
            }
            const stored = table(wanted.map(([name]) => `SELECT '${name}', count(*) FROM lifecycle.${pack}__${name}`).join(" UNION ALL "), dir);
            assert.deepEqual(Object.fromEntries(stored.map(([name, n]) => [name, Number(n)])),
                Object.fromEntries(wanted.map(([name]) => [name, streams.find((x) => x.source === pack && x.name === name).rows])));
        }
        const aside = streams.filter((s) => s.rows_quarantined).map((s) => [s.ref, s.quarantine]);
        console.log(`# rows set aside: ${aside.length ? JSON.stringify(aside) : "none"}`);
        assert.deepEqual(aside, []);
    });

    await t.test("people: merged ones are marked, not lost", () => {
        assert.deepEqual(table("SELECT platform, contact_type, count(*), count(*) FILTER (WHERE is_merged) FROM shared.contact GROUP BY ALL ORDER BY ALL", dir), [
            ["hubspot", "contact", "26", "7"], // 22 landed, 3 of them merged; 4 more ids that only the audit of merges knows
            ["klaviyo", "subscriber", "2", "0"],
            ["salesforce", "contact", "4", "0"],
            ["salesforce", "lead", "1", "1"],
        ]);
        assert.deepEqual(table("SELECT contact_id, merged_into_key FROM shared.contact WHERE platform = 'hubspot' AND is_merged ORDER BY CAST(contact_id AS BIGINT)", dir), [
            ["7777", "hubspot:4444"], ["8888", "hubspot:3333"], ["9999", "hubspot:2222"], ["11111", "hubspot:5555"],
            ["46897301", "hubspot:78971951"], ["76226001", "hubspot:78971951"], ["76340251", "hubspot:78971951"],
        ]);
        assert.deepEqual(table("SELECT merged_into_key FROM shared.contact WHERE contact_type = 'lead'", dir), [["salesforce:0031G00001QtDPlQAN"]]);
    });
    await t.test("companies", () => {
        assert.deepEqual(table("SELECT platform, count(*), count(*) FILTER (WHERE is_deleted), count(*) FILTER (WHERE is_merged), coalesce(sum(annual_revenue), 0) FROM shared.account GROUP BY 1 ORDER BY 1", dir)
            .map((r) => [...r.slice(0, 4), plain(r[4])]), [["hubspot", "24", "0", "0", "240000000"], ["salesforce", "10", "9", "1", "0"]]);
        assert.equal(plain(table("SELECT sum(annual_revenue_reporting) FROM shared.account", dir)[0][0]), "120000000");
    });
    await t.test("deals by status, and in the reporting currency", () => {
        assert.deepEqual(table("SELECT platform, coalesce(status, '-'), count(*), coalesce(sum(amount), 0), coalesce(sum(amount_reporting), 0) FROM shared.opportunity GROUP BY 1, 2 ORDER BY 1, 2", dir)
            .map((r) => r.map(plain)), [
            ["hubspot", "-", "44", "0", "0"], // no stage and no amount landed
            ["salesforce", "lost", "4", "200001", "100000.5"],
            ["salesforce", "open", "1", "210000", "105000"],
            ["salesforce", "won", "5", "24120000", "12060000"],
        ]);
        assert.deepEqual(table("SELECT sum(total_price), sum(quantity), count(*) FROM lifecycle.salesforce_opportunity_line", dir)[0].map(plain), ["295488.77", "149", "10"]);
    });
    await t.test("orders of Salesforce are customer orders", () => {
        assert.deepEqual(table("SELECT platform, count(*), sum(total_amount), sum(net_revenue_reporting) FROM shared.customer_order GROUP BY 1", dir)[0].map(plain),
            ["salesforce", "10", "54800.6", "27400.3"]);
    });
    await t.test("message events by kind and campaign", () => {
        assert.deepEqual(Object.fromEntries(table("SELECT event_type, count(*) FROM shared.email_engagement WHERE platform = 'hubspot' GROUP BY 1", dir)),
            { sent: "104", delivered: "103", open: "190", click: "100", bounce: "100", dropped: "100", spam: "32", unsubscribe: "100", other: "208" });
        assert.deepEqual(table("SELECT campaign_id, count(*) FROM shared.email_engagement WHERE event_type = 'open' AND campaign_id IS NOT NULL GROUP BY 1 ORDER BY 1", dir),
            [["2", "6"], ["86863875", "84"]]);
        // The same four events landed in two layouts: they count once, and an order is no message.
        assert.deepEqual(table("SELECT event_type, native_type, count(*) FROM shared.email_engagement WHERE platform = 'klaviyo' GROUP BY ALL", dir), [["delivered", "Received Email", "3"]]);
        assert.deepEqual(table("SELECT count(*), sum(value_amount) FROM lifecycle.klaviyo_event", dir)[0].map(plain), ["4", "35"]);
    });
    await t.test("tickets by state", () => {
        assert.deepEqual(table("SELECT status, count(*), count(first_reply_at) FROM shared.support_ticket GROUP BY 1 ORDER BY 1", dir), [["closed", "22", "1"], ["open", "3", "3"]]);
    });
    await t.test("lists, forms, engagements, activities, colleagues", () => {
        assert.deepEqual(table("SELECT is_deleted, count(*) FROM lifecycle.hubspot_list_member GROUP BY 1 ORDER BY 1", dir), [["false", "68"], ["true", "32"]]);
        assert.deepEqual(table("SELECT count(*), count(form_name) FROM lifecycle.hubspot_form_submission", dir), [["5", "5"]]);
        assert.deepEqual(Object.fromEntries(table("SELECT engagement_type, count(*) FROM lifecycle.hubspot_engagement GROUP BY 1", dir)),
            { CALL: "1", COMMUNICATION: "1", EMAIL: "1", MEETING: "100", NOTE: "1", TASK: "2" });
        assert.deepEqual(table("SELECT activity_kind, count(*), coalesce(sum(duration_minutes), 0) FROM lifecycle.salesforce_activity GROUP BY 1 ORDER BY 1", dir),
            [["event", "10", "210"], ["task", "10", "0"]]);
        assert.deepEqual(table("SELECT (SELECT count(*) FROM lifecycle.hubspot_owner), (SELECT count(*) FROM lifecycle.salesforce_owner)", dir), [["100", "10"]]);
    });
    await t.test("keys are unique, and warnings are what the samples are", () => {
        for (const [port, key] of [["contact", "contact_key"], ["account", "account_key"], ["opportunity", "opportunity_key"], ["email_engagement", "engagement_key"], ["support_ticket", "ticket_key"]])
            assert.deepEqual(table(`SELECT count(*) - count(DISTINCT ${key}) FROM shared.${port}`, dir), [["0"]], port);
        const warned = [...err.matchAll(/shared\/products\/(\w+)\/.*checks? warns?: (.*)$/gm)].map(([, port, what]) => [port, what.replaceAll(/, which must be 0/g, "")]);
        assert.deepEqual(warned.sort(), [
            ["contact", "E-mail addresses have an @: the query gives 22"], // the sample holds hashes
            ["customer", "E-mail addresses have an @: the query gives 19"], // the same, as traits
            ["email_engagement", "Every event has a time: the query gives 937"], // details whose event did not land
            ["opportunity", "Every deal has a stage: the query gives 44; Probability lies between 0 and 1: the query gives 1"], // 1000 percent
            ["support_ticket", "No ticket closes before it opens: the query gives 1"],
        ]);
    });
    await t.test("personal values are hidden in ports and in raw streams", () => {
        for (const [sql, columns] of [
            ["SELECT email, phone, first_name, last_name, full_name, job_title, street, postal_code, city FROM shared.contact LIMIT 1", 9],
            ["SELECT opportunity_name FROM shared.opportunity LIMIT 1", 1],
            ["SELECT recipient, subject, clicked_url, ip_address, user_agent FROM shared.email_engagement LIMIT 1", 5],
            ["SELECT subject, content FROM shared.support_ticket LIMIT 1", 2],
            ["SELECT property_email, property_email_1, property_firstname, property_lastname FROM lifecycle.hubspot__contact LIMIT 1", 4],
            ["SELECT name, email, mailing_street, phone, description FROM lifecycle.salesforce__contact LIMIT 1", 5],
            ["SELECT secondary_email_c FROM lifecycle.salesforce__lead LIMIT 1", 1],
            ["SELECT email, phone_number, address_1, custom_email, custom_fitness_goal FROM lifecycle.klaviyo__person LIMIT 1", 5],
        ]) assert.deepEqual(table(sql, dir), [Array(columns).fill("hidden: personal")], sql);
    });
    await t.test("a second run has nothing to do", () => {
        const plan = json(["plan"], { cwd: dir });
        assert.deepEqual([plan.would_load.length, plan.would_build.length], [0, 0]);
    });
});

const portal = (dir, name, { amount = "1000.50" } = {}) => {
    const f = (file, text) => write(dir, `in/${name}/${file}.csv`, text);
    f("deal_pipeline_stage", "stage_id,pipeline_id,label,closed_won,is_closed,probability,_fivetran_synced\n" +
        "1,p,Talking,FALSE,FALSE,0.4,2026-03-01 1:00:00\n2,p,Signed,TRUE,TRUE,1.0,2026-03-01 1:00:00\n3,p,Gone,FALSE,TRUE,0.0,2026-03-01 1:00:00\n");
    f("deal_pipeline", "pipeline_id,label,_fivetran_synced\np,New business,2026-03-01 1:00:00\n");
    f("deal", "deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,property_dealname,property_amount,property_deal_currency_code,property_closedate,property_createdate\n" +
        `10,false,p,1,Talk with Jo,${amount},,2026-01-31 12:00:00,2026-01-01 9:00:00\n` + // USD declared: rate 0.5
        "11,false,p,2,Won,200,USD,2026-02-01 0:00:00,2026-01-01 9:00:00\n" + // rate 0.25 from that day on
        "12,false,p,2,Own money,300,EUR,,2026-01-01 9:00:00\n" +
        "13,false,p,3,Lost,40,CHF,2026-02-01 0:00:00,2026-01-01 9:00:00\n" + // no rate
        "14,false,p,9,Stage unknown,5,EUR,2026-02-01 0:00:00,2026-01-01 9:00:00\n" +
        "15,false,p,1,Merged,7,EUR,2026-02-01 0:00:00,2026-01-01 9:00:00\n");
    f("merged_deal", "deal_id,merged_deal_id,_fivetran_synced\n10,15,2026-03-01 1:00:00\n");
    f("deal_company", "deal_id,company_id,type_id\n10,99,341\n10,100,5\n11,7,341\n");
    f("deal_contact", "deal_id,contact_id\n10,20\n10,3\n");
    f("company", "id,is_deleted,property_name,property_annualrevenue,property_numberofemployees,property_createdate,_fivetran_synced\n" +
        "100,false,Acme,about a million,12,2026-01-01 0:00:00,2026-03-01 1:00:00\n7,true,Old,4000000,,2026-01-01 0:00:00,2026-03-01 1:00:00\n");
    // Two files of one table: the later version of a record counts.
    f("contact_data", "id,_fivetran_deleted,property_email,property_firstname,property_lifecyclestage,property_associatedcompanyid,property_createdate,_fivetran_synced\n" +
        "3,false,Jo@Example.org ,Jo,lead,100,2026-01-01 0:00:00,2026-03-01 1:00:00\n20,false,sam@example.org,Sam,lead,,2026-01-01 0:00:00,2026-03-01 1:00:00\n");
    f("hubspot_contact", "id,_fivetran_deleted,property_email,property_firstname,property_lifecyclestage,property_associatedcompanyid,property_createdate,_fivetran_synced\n" +
        "3,false,Jo@Example.org ,Jo,customer,100,2026-01-01 0:00:00,2026-03-02 1:00:00\n");
    f("email_event", "id,created,type,email_campaign_id,recipient,filtered_event,_fivetran_synced\n" +
        "e1,2026-03-01 8:00:00,OPEN,5,jo@example.org,false,2026-03-01 9:00:00\ne2,2026-03-01 8:00:01,OPEN,5,sam@example.org,true,2026-03-01 9:00:00\n" +
        "e3,2026-03-01 8:00:02,STATUSCHANGE,5,sam@example.org,false,2026-03-01 9:00:00\ne4,2026-03-01 8:00:03,STATUSCHANGE,5,nobody@example.org,false,2026-03-01 9:00:00\n");
    f("email_event_status_change", "id,portal_subscription_status,_fivetran_synced\ne3,UNSUBSCRIBED,2026-03-01 9:00:00\ne4,SUBSCRIBED,2026-03-01 9:00:00\n");
    f("email_campaign", "id,name,subject,_fivetran_synced\n5,Spring,Hello,2026-03-01 9:00:00\n");
    f("ticket_pipeline_stage", "stage_id,pipeline_id,is_closed,ticket_state,label,_fivetran_synced\n1,a,FALSE,OPEN,New,2026-03-01 9:00:00\n1,b,TRUE,CLOSED,Done,2026-03-01 9:00:00\n");
    f("ticket", "id,is_deleted,property_hs_pipeline,property_hs_pipeline_stage,property_createdate,property_closed_date,property_subject,_fivetran_synced\n" +
        "1,false,a,1,2026-01-01 0:00:00,2026-01-02 0:00:00,Opened again,2026-03-01 9:00:00\n2,false,b,1,2026-01-01 0:00:00,,Done,2026-03-01 9:00:00\n3,false,c,1,2026-01-01 0:00:00,,Unknown stage,2026-03-01 9:00:00\n");
};

test("what the stages, rates, merges and addresses of a HubSpot portal come to", { timeout: 120_000 }, async (t) => {
    const dir = mesh(t);
    portal(dir, "one");
    add(dir, "hubspot", "in/one");
    must(["run"], { cwd: dir });
    assert.deepEqual(table("SELECT opportunity_id, coalesce(status, '-'), coalesce(native_stage, '-'), coalesce(pipeline, '-'), amount, currency, amount_reporting, is_merged FROM shared.opportunity ORDER BY 1", dir)
        .map((r) => r.map(plain)), [
        ["10", "open", "Talking", "New business", "1000.5", "USD", "500.25", "false"],
        ["11", "won", "Signed", "New business", "200", "USD", "50", "false"],
        ["12", "won", "Signed", "New business", "300", "EUR", "300", "false"],
        ["13", "lost", "Gone", "New business", "40", "CHF", "", "false"],
        ["14", "-", "-", "New business", "5", "EUR", "5", "false"],
        ["15", "open", "Talking", "New business", "7", "EUR", "7", "true"],
    ]);
    assert.deepEqual(table("SELECT account_key, contact_key FROM shared.opportunity WHERE opportunity_id = '10'", dir), [["hubspot:100", "hubspot:3"]]);
    assert.deepEqual(table("SELECT account_id, annual_revenue, annual_revenue_reporting, employees FROM shared.account ORDER BY 1", dir).map((r) => r.map(plain)),
        [["100", "", "", "12"], ["7", "4000000", "2000000", ""]]);
    assert.deepEqual(table("SELECT contact_id, lifecycle_stage, company_name FROM shared.contact ORDER BY CAST(contact_id AS BIGINT)", dir), [["3", "customer", "Acme"], ["20", "lead", ""]]);
    assert.deepEqual(table("SELECT event_id, event_type, coalesce(contact_key, '-'), campaign_name, is_filtered FROM shared.email_engagement ORDER BY 1", dir), [
        ["e1", "open", "hubspot:3", "Spring", "false"], ["e2", "open", "hubspot:20", "Spring", "true"],
        ["e3", "unsubscribe", "hubspot:20", "Spring", "false"], ["e4", "other", "-", "Spring", "false"],
    ]);
    assert.deepEqual(table("SELECT ticket_id, status FROM shared.support_ticket ORDER BY 1", dir), [["1", "open"], ["2", "closed"], ["3", "open"]]);
});

test("a row without its id, or with an amount that is no number, is set aside with the reason", { timeout: 120_000 }, async (t) => {
    const dir = mesh(t);
    portal(dir, "one", { amount: "a lot" });
    fs.appendFileSync(path.join(dir, "in/one/company.csv"), ",false,No id,1,1,2026-01-01 0:00:00,2026-03-01 1:00:00\n");
    add(dir, "hubspot", "in/one");
    must(["run"], { cwd: dir });
    const company = landed(dir).find((s) => s.name === "company");
    assert.deepEqual([company.rows, company.rows_quarantined, company.quarantine[0].reason], [2, 1, "missing_key"]);
    const deal = landed(dir).find((s) => s.name === "deal");
    assert.deepEqual([deal.rows, deal.rows_quarantined, deal.quarantine[0].reason, deal.quarantine[0].count], [5, 1, "bad_value", 1]);
    assert.deepEqual(table("SELECT count(*) FROM shared.opportunity", dir), [["5"]]);
});

test("two portals of one pack, whose ids are the same, and a mesh with one table alone", { timeout: 120_000 }, async (t) => {
    const dir = mesh(t);
    portal(dir, "one");
    portal(dir, "two", { amount: "1" });
    add(dir, "hubspot", "in/one");
    add(dir, "hubspot", "in/two", ["--name", "hubspot_us"]);
    write(dir, "in/three/person.csv", "id,email,_fivetran_deleted\nk1,jo@example.org,FALSE\n");
    add(dir, "klaviyo", "in/three");
    must(["check"], { cwd: dir });
    must(["run"], { cwd: dir });
    assert.deepEqual(table("SELECT source, platform, count(*), sum(amount) FROM shared.opportunity GROUP BY ALL ORDER BY 1", dir).map((r) => r.map(plain)),
        [["hubspot", "hubspot", "6", "1552.5"], ["hubspot_us", "hubspot", "6", "553"]]);
    assert.deepEqual(table("SELECT source, min(contact_key) FROM shared.contact GROUP BY 1 ORDER BY 1", dir), [["hubspot", "hubspot:20"], ["hubspot_us", "hubspot_us:20"], ["klaviyo", "klaviyo:k1"]]);
    assert.deepEqual(table("SELECT count(*) FROM lifecycle.klaviyo_email_engagement", dir), [["0"]]);
    assert.equal(run(["add", "hubspot", "--domain", "nowhere", "--path", "in/one"], { cwd: dir }).code, 2);
});

test("Salesforce: versions of a record, converted leads, orders, and the currency of a record", { timeout: 120_000 }, async (t) => {
    const dir = mesh(t);
    const f = (file, text) => write(dir, `in/sf/sf_${file}_data.csv`, text);
    f("account", "id,name,is_deleted,_fivetran_active,_fivetran_synced,currency_iso_code,annual_revenue\nA1,Old name,false,false,2026-01-01 0:00:00,EUR,1\nA1,New name,false,true,2026-01-02 0:00:00,EUR,2\nA2,Gone,false,false,2026-01-01 0:00:00,,\n");
    f("contact", "id,account_id,is_deleted,first_name,last_name,email,mobile_phone,phone\nC1,A1,false,Jo,Berg,jo@example.org,,1\n");
    f("lead", "id,is_deleted,converted_contact_id,company,email\nL1,false,C1,Acme,jo@example.org\nL2,false,,Beta,sam@example.org\n");
    f("opportunity", "id,account_id,is_deleted,is_won,is_closed,stage_name,probability,amount,close_date,created_date,currency_iso_code\n" +
        "O1,A1,false,true,true,Signed,100,10.25,2026-01-05 0:00:00,2026-01-01 0:00:00,EUR\nO2,A1,false,false,false,Talk,50,100,2026-02-05 0:00:00,2026-01-01 0:00:00,\nO3,A2,false,,,?,,,,2026-01-01 0:00:00,\n");
    f("opportunity_line_item", "id,opportunity_id,product_2_id,name,quantity,unit_price,total_price,is_deleted\nI1,O1,P1,line,2,5,10,false\nI2,O1,P2,no product,1,0.25,0.25,\nI3,O1,P1,gone,1,1,1,true\n");
    f("product_2", "id,name,family\nP1,Widget,Things\n");
    f("order", "id,account_id,order_number,status,status_code,total_amount,effective_date,is_deleted\n1,A1,77,Activated,Activated,20,2026-01-02 0:00:00,false\n2,A1,78,Draft,Draft,30,2026-01-02 0:00:00,false\n3,A1,79,Cancelled,Activated,40,2026-01-02 0:00:00,false\n");
    add(dir, "salesforce", "in/sf");
    must(["run"], { cwd: dir });
    assert.deepEqual(table("SELECT account_id, account_name, is_deleted, currency FROM shared.account ORDER BY 1", dir), [["A1", "New name", "false", "EUR"], ["A2", "Gone", "true", "USD"]]);
    assert.deepEqual(table("SELECT contact_id, contact_type, company_name, coalesce(merged_into_key, '-'), is_merged FROM shared.contact ORDER BY 1", dir),
        [["C1", "contact", "New name", "-", "false"], ["L1", "lead", "Acme", "salesforce:C1", "true"], ["L2", "lead", "Beta", "-", "false"]]);
    assert.deepEqual(table("SELECT opportunity_id, coalesce(status, '-'), probability, amount, amount_reporting, line_items FROM shared.opportunity ORDER BY 1", dir).map((r) => r.map(plain)),
        [["O1", "won", "1", "10.25", "10.25", "2"], ["O2", "open", "0.5", "100", "25", ""], ["O3", "-", "", "", "", ""]]);
    assert.deepEqual(table("SELECT line_id, product_name, coalesce(product_family, '-') FROM lifecycle.salesforce_opportunity_line WHERE NOT is_deleted ORDER BY 1", dir),
        [["I1", "Widget", "Things"], ["I2", "no product", "-"]]);
    assert.deepEqual(table("SELECT order_number, status, is_cancelled, total_amount, net_revenue, customer_key FROM shared.customer_order ORDER BY 1", dir).map((r) => r.map(plain)),
        [["77", "pending", "false", "20", "20", "salesforce:A1"], ["78", "draft", "false", "30", "0", "salesforce:A1"], ["79", "cancelled", "true", "40", "0", "salesforce:A1"]]);
});

test("Klaviyo: kinds of events, channels, both layouts, what was deleted", { timeout: 120_000 }, async (t) => {
    const dir = mesh(t);
    const f = (file, text) => write(dir, `in/k/${file}.csv`, text);
    f("event", "id,person_id,campaign_id,flow_id,datetime,type,metric_id,_fivetran_deleted,property_bounce_type,property_value,property_currency_code\n" +
        "1,p1,c1,,2026-03-01 8:00:00,Opened Email,,FALSE,,,\n2,p1,,f1,2026-03-01 8:00:01,Clicked SMS,,FALSE,,,\n3,p2,c1,,2026-03-01 8:00:02,Bounced Email,,FALSE,Hard,,\n" +
        "4,p2,c1,,2026-03-01 8:00:03,,m1,FALSE,,,\n5,p2,c1,,2026-03-01 8:00:04,Opened Email,,TRUE,,,\n6,p1,c1,,2026-03-01 8:00:05,Placed Order,,FALSE,,99.9,EUR\n");
    f("event_norename", "id,person_id,campaign_id,datetime,type,_fivetran_deleted,propertyvalue\n1,p1,other,2026-03-01 8:00:00,Clicked Email,FALSE,\n7,p1,c9,2026-03-01 9:00:00,Marked Email as Spam,FALSE,\n");
    f("metric", "id,name\nm1,Unsubscribed\n");
    f("campaign", "id,name,subject\nc1,Spring,Hello\n");
    f("flow", "id,name,archived\nf1,Welcome,false\n");
    add(dir, "klaviyo", "in/k");
    must(["run"], { cwd: dir });
    assert.deepEqual(table("SELECT event_id, event_type, channel, coalesce(campaign_name, '-'), coalesce(flow_name, '-'), coalesce(reason, '-') FROM shared.email_engagement ORDER BY 1", dir), [
        ["1", "open", "email", "Spring", "-", "-"], ["2", "click", "sms", "-", "Welcome", "-"], ["3", "bounce", "email", "Spring", "-", "Hard"],
        ["4", "unsubscribe", "email", "Spring", "-", "-"], ["7", "spam", "email", "-", "-", "-"],
    ]);
    assert.deepEqual(table("SELECT count(*), count(*) FILTER (WHERE is_deleted), sum(value_amount), max(currency) FILTER (WHERE value_amount IS NOT NULL) FROM lifecycle.klaviyo_event", dir)[0].map(plain), ["7", "1", "99.9", "EUR"]);
});
