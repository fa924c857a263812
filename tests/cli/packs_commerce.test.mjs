// The packs of shops, billing and web analytics: every file of the landed exports is a stream that loads whole, shared ports hold
// what an independent count of the files gives, and what the exports lack (refunds, yen, test orders) is tried on files made here.
import test from "node:test";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { json, must, rows, scratch, serve, shared } from "./lib.mjs";

const data = (name) => path.join(shared, "data", name);
const skip = fs.existsSync(data("commerce_shopify")) ? false : `no reference data at ${data("commerce_shopify")}`;
const WEB = ["ga4", "amplitude", "mixpanel", "segment"];

function mesh(t, rates) {
    const dir = scratch(t);
    must(["init", "m", "--currency", "USD"], { cwd: dir });
    const cwd = path.join(dir, "m");
    if (rates) fs.writeFileSync(path.join(cwd, "governance/rates.csv"), `date,currency,rate\n${rates.join("\n")}\n`);
    return cwd;
}
function write(dir, files) {
    for (const [name, lines] of Object.entries(files)) {
        fs.mkdirSync(dir, { recursive: true });
        fs.writeFileSync(path.join(dir, name), `${lines.join("\n")}\n`);
    }
    return dir;
}
const add = (cwd, pack, from, more = []) => must(["add", pack, "--domain", "web", "--path", from, ...more], { cwd });
const sources = (cwd) => json(["status"], { cwd }).sources.sources;
const ports = (cwd) => json(["status"], { cwd }).products.products.flatMap((p) => p.ports);
const plain = (csv) => csv.replace(/(\.\d*?)0+(?=,|$)/g, "$1").replace(/\.(?=,|$)/g, "");
const ask = (cwd, sql) => rows(sql, { cwd }).map(plain);

// What the README of a folder says of its files: [file, rows].
function promised(folder) {
    const text = fs.readFileSync(path.join(data(folder), "README.md"), "utf8");
    return [...text.matchAll(/^\| (\S+\.csv(?:\.gz)?) \| ([\d,]+) \|/gm)].map((m) => [m[1], Number(m[2].replaceAll(",", ""))]);
}

test("the landed exports", { skip, timeout: 300_000 }, async (t) => {
    const cwd = mesh(t, ["2020-01-01,GBP,1.30"]);
    add(cwd, "shopify", data("commerce_shopify"));
    add(cwd, "stripe", data("billing_stripe"));
    for (const pack of WEB) add(cwd, pack, data("web_events"));
    must(["check"], { cwd });
    must(["run"], { cwd });
    const all = sources(cwd);
    const counted = new Map();
    for (const s of all.filter((s) => s.domain === "web")) {
        const each = s.streams.map((st) => `SELECT '${st.ref}', count(*) FROM ${st.ref}`).join(" UNION ALL ");
        for (const line of rows(each, { cwd })) counted.set(...line.split(","));
    }

    await t.test("each file is a stream, and its rows are loaded or set aside with a reason", () => {
        const reasons = {};
        const landed = (source, stream) => {
            const st = all.find((s) => s.name === source)?.streams.find((s) => s.name === stream);
            assert.ok(st, `${source} has no stream ${stream}`);
            for (const q of st.quarantine) reasons[`${st.ref} ${q.reason}`] = q.rows;
            assert.equal(Number(counted.get(st.ref)), st.rows, `rows of ${st.ref}`);
            return st.rows + st.rows_quarantined;
        };
        const stem = (file) => file.replace(/^shopify_/, "").replace(/(_data)?\.csv(\.gz)?$/, "");
        for (const [folder, source] of [["commerce_shopify", "shopify"], ["billing_stripe", "stripe"]]) {
            const files = promised(folder);
            assert.equal(files.length, source === "shopify" ? 43 : 27);
            for (const [file, n] of files) assert.equal(landed(source, stem(file)), n, `${folder}/${file}`);
            assert.equal(all.find((s) => s.name === source).streams.length, files.length);
        }
        const web = promised("web_events");
        assert.equal(web.length, 6);
        for (const [file, n] of web) {
            const owners = all.filter((s) => WEB.includes(s.name) && s.streams.some((st) => st.name === stem(file) && st.files === 1)).map((s) => s.name);
            assert.deepEqual(owners.toSorted(), file.startsWith("referrer") ? WEB.toSorted() : [file.split("_")[0]], `${file} belongs to its tool alone`);
            for (const owner of owners) assert.equal(landed(owner, stem(file)), n, `${owner}: ${file}`);
        }
        console.log(`# set aside: ${JSON.stringify(reasons)}`);
        assert.deepEqual(reasons, {}, "nothing of these files is set aside");
    });
    await t.test("orders: what the files add up to", () => {
        assert.deepEqual(
            ask(cwd, "SELECT currency, count(*), sum(gross_amount), sum(discount_amount), sum(tax_amount), sum(total_amount), sum(net_revenue) FROM shared.customer_order WHERE platform = 'shopify' GROUP BY 1 ORDER BY 1"),
            ["GBP,3,12.8,2.8,0,11.98,10", "USD,5,580,50,0.03,615.03,579.97"],
        );
        assert.deepEqual(ask(cwd, "SELECT sum(net_revenue_reporting) FROM shared.customer_order WHERE platform = 'shopify'"), ["592.97"]); // 10 x 1.30 + 579.97
        assert.deepEqual(ask(cwd, "SELECT order_id, is_test, total_amount, net_revenue FROM shared.customer_order WHERE platform = 'stripe' ORDER BY 1"), ["ab1111,false,10,10", "si8jo54,true,10,0"]);
        assert.deepEqual(ask(cwd, "SELECT count(*), sum(quantity), sum(gross_amount) FROM shared.order_line WHERE platform = 'shopify'"), ["3,4,12.8"]);
        assert.deepEqual(ask(cwd, "SELECT order_line_key FROM shared.order_line WHERE ordered_at IS NULL ORDER BY 1"), ["stripe:bd665:ba222", "stripe:cde3453:ba3333"]);
        assert.deepEqual(ask(cwd, "SELECT discount_codes FROM shared.customer_order WHERE order_id = '2674098602081'"), ['"FIXED,GIFTCARD,SHIPPING2022"']);
        assert.deepEqual(ask(cwd, "SELECT count(*) FROM shared.customer_order o JOIN shared.contact c ON o.customer_key = c.contact_key"), ["3"]);
        assert.deepEqual(ask(cwd, "SELECT platform, count(*), count(*) FILTER (WHERE is_deleted) FROM shared.contact GROUP BY 1 ORDER BY 1"), ["shopify,4,0", "stripe,12,1"]);
    });
    await t.test("money of the payment system: minor units, recurring revenue, disputes, balance", () => {
        assert.deepEqual(ask(cwd, "SELECT sum(monthly_recurring_amount), sum(monthly_recurring_amount_reporting) FROM shared.subscription"), ["4500,4500"]);
        assert.deepEqual(ask(cwd, "SELECT subscription_id, status, product_names, billing_interval FROM shared.subscription ORDER BY 1"), ["sdgfs4536,active,prod_BUZaPcD5jIhqAG,1 month", "sfjytkyu876,active,prod_BUqcov3uJTssuQ,1 month"]);
        assert.deepEqual(ask(cwd, "SELECT sum(amount) FROM web.stripe_refund"), ["23914.21"]);
        assert.deepEqual(ask(cwd, "SELECT status, count(*), sum(amount) FROM web.stripe_dispute GROUP BY 1 ORDER BY 1"), ["lost,7,6595.99", "under_review,1,7.01", "warning_needs_response,1,7", "won,3,78.98"]);
        assert.deepEqual(ask(cwd, "SELECT sum(amount), sum(fee_amount), sum(net_amount) FROM web.stripe_balance"), ["211115.59,6482.18,204633.41"]);
        assert.deepEqual(ask(cwd, "SELECT status, count(*), sum(amount) FROM web.stripe_payment GROUP BY 1"), ["failed,16,66776.96"]);
        assert.deepEqual(ask(cwd, "SELECT sum(amount) FROM web.shopify_payment"), ["1473.07"]);
        assert.deepEqual(ask(cwd, "SELECT sum(total_amount), count(completed_at) FROM web.shopify_abandoned_checkout"), ["622.71,0"]);
    });
    await t.test("web events by tool and name", () => {
        assert.deepEqual(ask(cwd, "SELECT platform, left(event_name, 40) AS n, count(*) FROM shared.web_event GROUP BY 1, 2 ORDER BY 1, 2"), [
            `amplitude,${"a".repeat(40)},3`, "amplitude,test_event_01,1", "amplitude,watch_test_amplitude,2", "amplitude,watch_test_amplitude_2,3", "amplitude,watch_test_amplitude_3,1",
            "ga4,add_to_cart,1", "ga4,begin_checkout,1", "ga4,checkout,1", "ga4,purchase,1", "ga4,scroll,1", "ga4,view_item,1",
            "mixpanel,plays,1", "mixpanel,playthrough_25,2", "mixpanel,playthrough_29,1", "mixpanel,playthrough_30,1", "segment,page_view,1",
        ]);
        assert.deepEqual(ask(cwd, "SELECT count(DISTINCT session_key), sum(revenue_amount), max(currency) FROM shared.web_event WHERE platform = 'ga4'"), ["5,79.98,USD"]);
        assert.deepEqual(ask(cwd, "SELECT page_host, page_path, referrer_source, utm_campaign, channel_group FROM shared.web_event WHERE platform = 'segment'"), ["www.getdbt.com,/product,Google,autumn_collection_2015,organic_social"]);
        assert.deepEqual(ask(cwd, "SELECT DISTINCT operating_system FROM shared.web_event WHERE platform = 'mixpanel'"), ["Roku"]);
    });
    await t.test("every port is fresh, has rows where files had, and no check fails", () => {
        const mine = ports(cwd).filter((p) => p.domain === "web" || ["customer_order", "order_line", "subscription", "web_event"].includes(p.name));
        assert.ok(mine.length >= 25, `${mine.length} ports`);
        for (const p of mine) assert.deepEqual([p.ref, p.state, p.rows > 0, p.checks.failed, p.checks.not_evaluated], [p.ref, "fresh", true, 0, 0]);
    });
    await t.test("nobody's data is shown, neither by a port nor by a raw stream", async (t2) => {
        const server = await serve(t2, cwd);
        const persons = ["tnyrnbs@hh.com", "hyrehher@gmail.com", "PAULY", "12161115152", "11-01 01st", "109.249.185.68", "8b121314a4d97bc9dc15bfba8518ec88", "dce90c7b4e52e045e5975836aff49cf1",
            "kitties.com/1111311610/checkouts", "abcd999999", "Aldous Huxley", "bravenewworld", "dumbledore", "severus", "32beaaeef4e37a5d19f8bafc1a16", "jayz@gmail.com", "john_doe", "123.0.0.1",
            "8.8.8.8", "user_123", "pseudo_123", "gclid_abc", "9e308c27-42ab-57af-beef-555708cde092", "2ff5d160-21b5-5101-87e8-ba5aa69d7961", "507f191e810c19729de860ea", "97980cfea0067"];
        const everything = [...ports(cwd).map((p) => p.ref), ...all.flatMap((s) => s.streams.map((st) => st.ref))];
        for (const ref of everything) {
            const { status, text: out } = await server.ask("/api/v1/query", { method: "POST", body: { sql: `SELECT * FROM ${ref}` } });
            assert.equal(status, 200, ref);
            for (const p of persons) assert.ok(!out.includes(p), `${ref} shows ${p}`);
        }
    });
    await t.test("a second run has nothing to do", () => {
        const plan = json(["plan"], { cwd });
        assert.deepEqual([plan.would_load.length, plan.would_build.length], [0, 0]);
    });
});

const ORDER = "id,currency,taxes_included,subtotal_price,total_tax,total_price,total_discounts,total_line_items_price,created_at,updated_at,financial_status,cancelled_at,test,referring_site,landing_site_base_url,customer_id";
test("a shop with refunds, taxes, test and cancelled orders, twice", (t) => {
    const cwd = mesh(t, ["2026-01-01,EUR,1.10"]);
    const one = write(path.join(cwd, "in/one"), {
        "order.csv": [ORDER,
            "1,EUR,true,119,19,119,0,119,2026-02-01 10:00:00,2026-02-02 10:00:00,refunded,,false,,,7",
            "2,EUR,false,100,20,130,5,105,2026-02-01 10:00:00,2026-02-02 10:00:00,partially_refunded,,false,https://u:p@Blog.Example.org/a?mail=x@y.example,/p?utm_source=News+letter&utm_medium=e%ffmail&utm_campaign=a%20b,7",
            "3,EUR,false,50,0,50,0,50,2026-02-01 10:00:00,2026-02-02 10:00:00,paid,,true,,,",
            "4,EUR,false,60,0,60,0,60,2026-02-01 10:00:00,2026-02-02 10:00:00,paid,2026-02-03 10:00:00,false,,,",
            "5,EUR,false,10,0,10,0,10,2026-02-01 10:00:00,2026-02-02 10:00:00,pending,,false,,,",
            "5,EUR,false,12,0,12,0,12,2026-02-01 10:00:00,2026-02-03 10:00:00,paid,,false,,,",
            "6,EUR,false,abc,0,12,0,12,2026-02-01 10:00:00,2026-02-03 10:00:00,paid,,false,,,",
            "7,EUR,false,70,0,70,0,70,2025-12-31 10:00:00,2026-02-03 10:00:00,mystery,,false,,,"],
        "order_line.csv": ["id,order_id,price,quantity,total_discount,title", "11,1,119,1,0,Lamp", "21,2,40,1,0,Cup", "22,2,65,1,5,Pot", "31,3,50,1,0,Bulb"],
        "refund.csv": ["id,order_id,created_at,_fivetran_synced", "91,1,2026-02-05 10:00:00,2026-02-06", "92,2,2026-02-05 10:00:00,2026-02-06"],
        "order_line_refund.csv": ["id,refund_id,order_line_id,quantity,subtotal,total_tax", "911,91,11,1,119,19", "921,92,21,1,40,8"],
        "order_adjustment.csv": ["id,order_id,refund_id,amount,tax_amount,kind", "1,2,92,-10,0,shipping_refund"],
        "order_shipping_line.csv": ["id,order_id,price,discounted_price", "1,2,12,10"],
    });
    // The same ids in another shop, whose export carries no currency.
    const two = write(path.join(cwd, "in/two"), { "shopify_order_data.csv": [ORDER.replace("currency,", ""), "1,false,8,0,8,0,8,2026-02-01 10:00:00,2026-02-02 10:00:00,paid,,false,,,7"] });
    add(cwd, "shopify", one);
    add(cwd, "shopify", two, ["--name", "shopify_uk", "--currency", "GBP"]);
    must(["check"], { cwd });
    must(["run"], { cwd });
    assert.deepEqual(
        ask(cwd, "SELECT order_key, status, is_test, is_cancelled, items, shipping_amount, refund_amount, net_revenue, currency, net_revenue_reporting FROM shared.customer_order ORDER BY 1"),
        ["shopify:1,refunded,false,false,1,,119,0,EUR,0", "shopify:2,partially_refunded,false,false,2,10,58,60,EUR,66", "shopify:3,paid,true,false,1,,,0,EUR,0",
            "shopify:4,cancelled,false,true,,,,0,EUR,0", "shopify:5,paid,false,false,,,,12,EUR,13.2", "shopify:7,,false,false,,,,70,EUR,", "shopify_uk:1,paid,false,false,,,,8,GBP,"],
    );
    assert.deepEqual(ask(cwd, "SELECT referrer_host, utm_source, utm_medium, utm_campaign FROM shared.customer_order WHERE order_key = 'shopify:2'"), ["blog.example.org,News letter,e%ffmail,a b"]);
    assert.deepEqual(ask(cwd, "SELECT order_line_key, gross_amount, discount_amount, refunded_quantity, refund_amount, net_revenue FROM shared.order_line ORDER BY 1"),
        ["shopify:11,119,0,1,100,0", "shopify:21,40,0,1,40,0", "shopify:22,65,5,,,60", "shopify:31,50,0,,,0"]);
    assert.deepEqual(ask(cwd, "SELECT refund_id, goods_amount, tax_amount, adjustment_amount, currency FROM web.shopify_refund ORDER BY 1"), ["91,119,19,,EUR", "92,40,8,10,EUR"]);
    const bad = sources(cwd).find((s) => s.name === "shopify").streams.find((s) => s.name === "order");
    assert.deepEqual([bad.rows, bad.rows_quarantined, bad.quarantine.map((q) => q.reason)], [7, 1, ["bad_value"]]);
    const order = ports(cwd).find((p) => p.ref === "web.shopify_customer_order");
    assert.ok(order.checks.warned >= 1 && order.checks.failed === 0, "an unknown status warns");
});

test("a test order is its person's, and makes one of nobody else", (t) => {
    const cwd = mesh(t);
    const order = (id, test, email, customer) => `${id},EUR,false,50,0,50,0,50,2026-02-01 10:00:00,2026-02-02 10:00:00,paid,,${test},,,${customer},${email}`;
    const from = write(path.join(cwd, "in"), {
        "customer.csv": ["id,email,created_at,updated_at", "7,ana@example.org,2026-01-01 10:00:00,2026-01-01 10:00:00", "8,ben@example.org,2026-01-01 10:00:00,2026-01-01 10:00:00"],
        // Of nobody; of one who has an order besides; of one with the address of another; of guests.
        "order.csv": [`${ORDER},email`, order(1, true, "", ""), order(2, true, "ana@example.org", 7), order(3, false, "ana@example.org", 7), order(4, true, "ben@example.org", 7), order(5, true, "ben@example.org", ""), order(6, false, "Ben@example.org", "")],
    });
    add(cwd, "shopify", from);
    must(["run"], { cwd });
    assert.deepEqual(ask(cwd, "SELECT count(*) FROM shared.customer"), ["2"]);
    // Nobody said yes to advertising.
    for (const ref of ["shared.customer_order", "web.shopify_customer_order"])
        for (const [purpose, ids] of [["analytics", ["1", "2", "3", "4", "5", "6"]], ["advertising", ["1"]]])
            assert.deepEqual(json(["query", "--purpose", purpose, `SELECT order_id FROM ${ref} ORDER BY 1`], { cwd }).map((r) => r.order_id), ids, `${ref} for ${purpose}`);
    assert.deepEqual(ask(cwd, "SELECT orders FROM shared.customer ORDER BY orders"), ["1", "1"]);
});

test("an account that bills in yen, dinars and dollars", (t) => {
    const cwd = mesh(t, ["2026-01-01,JPY,0.01", "2026-03-01,JPY,0.02"]);
    const from = write(path.join(cwd, "in"), {
        "invoice.csv": ["id,currency,subtotal,tax,total,status,created,livemode,subscription_id,is_deleted,customer_id",
            "in_1,usd,10000,1900,11900,paid,2026-02-01 10:00:00,true,sub_1,false,cus_1", "in_2,jpy,1000,,1000,open,2026-02-01 10:00:00,true,,false,cus_1",
            "in_3,kwd,12345,,12345,paid,2026-02-01 10:00:00,true,,false,cus_1", "in_4,usd,500,,500,void,2026-02-01 10:00:00,true,,false,cus_1",
            "in_5,usd,500,,500,draft,2026-02-01 10:00:00,true,,false,cus_1", "in_6,usd,500,,500,draft,2026-02-01 10:00:00,true,,true,cus_1", "in_7,usd,0,,0,paid,2026-02-01 10:00:00,true,,false,cus_1"],
        "charge.csv": ["id,currency,amount,amount_refunded,status,captured,paid,created,livemode,invoice_id,customer_id",
            "ch_1,usd,11900,5950,succeeded,true,true,2026-02-01 10:00:00,true,in_1,cus_1", "ch_2,eur,2500,0,succeeded,true,true,2026-02-01 10:00:00,true,,cus_1",
            "ch_3,eur,2600,0,succeeded,false,false,2026-02-01 10:00:00,true,,cus_1", "ch_4,eur,2700,0,failed,false,false,2026-02-01 10:00:00,true,,cus_1",
            "ch_5,ugx,500,500,succeeded,true,true,2026-02-01 10:00:00,true,,", "ch_6,usd,900,0,succeeded,true,true,2026-02-01 10:00:00,false,,"],
        "refund.csv": ["id,charge_id,amount,currency,status,created", "re_1,ch_1,5950,usd,succeeded,2026-02-03 10:00:00", "re_2,ch_1,100,usd,failed,2026-02-03 10:00:00"],
        "subscription_history.csv": ["id,_fivetran_active,_fivetran_synced,status,livemode,customer_id,start_date",
            "sub_1,false,2026-02-02,trialing,true,cus_1,2026-01-01 00:00:00", "sub_1,true,2026-02-01,active,true,cus_1,2026-01-01 00:00:00", "sub_2,true,2026-02-01,past_due,true,cus_1,2026-01-01 00:00:00",
            "sub_3,true,2026-02-01,active,false,cus_1,2026-01-01 00:00:00", "sub_4,true,2026-02-01,canceled,true,cus_1,2026-01-01 00:00:00", "sub_5,true,2026-02-01,active,true,cus_1,2026-01-01 00:00:00", "sub_6,true,2026-02-01,active,true,cus_1,2026-01-01 00:00:00"],
        "subscription_item.csv": ["id,subscription_id,plan_id,quantity", "si_1,sub_1,year,2", "si_2,sub_1,month,3", "si_3,sub_1,used,5", "si_4,sub_2,week,1", "si_5,sub_3,month,1", "si_6,sub_4,month,1", "si_7,sub_5,gone,1", "si_8,sub_6,yen,2"],
        "plan.csv": ["id,amount,currency,interval,interval_count,usage_type", "year,12000,usd,year,1,licensed", "month,900,usd,month,3,licensed", "used,5,usd,month,1,metered", "week,700,usd,week,1,licensed"],
        "price.csv": ["id,unit_amount,currency,recurring_interval,recurring_interval_count,recurring_usage_type", "yen,500,jpy,month,1,licensed", "year,1,usd,year,1,licensed"],
    });
    add(cwd, "stripe", from);
    add(cwd, "stripe", from, ["--name", "stripe_eu"]);
    must(["check"], { cwd });
    must(["run"], { cwd });
    assert.deepEqual(ask(cwd, "SELECT order_id, status, is_test, is_cancelled, total_amount, refund_amount, net_revenue, currency, net_revenue_reporting FROM shared.customer_order WHERE source = 'stripe' ORDER BY 1"), [
        "ch_2,paid,false,false,25,,25,EUR,", "ch_3,pending,false,false,26,,26,EUR,", "ch_5,refunded,false,false,5,5,0,UGX,", "ch_6,paid,true,false,9,,0,USD,0",
        "in_1,partially_refunded,false,false,119,59.5,50,USD,50", "in_2,pending,false,false,1000,,1000,JPY,10", "in_3,paid,false,false,12.345,,12.345,KWD,",
        "in_4,cancelled,false,true,5,,0,USD,0", "in_5,draft,false,false,5,,0,USD,0", "in_7,paid,false,false,0,,0,USD,0",
    ]);
    // year: 120 / 12 x 2; month: 9 / 3 x 3; week: 7 x 365 / 84
    assert.deepEqual(ask(cwd, "SELECT subscription_id, status, items, quantity, billing_interval, monthly_recurring_amount, currency, monthly_recurring_amount_reporting FROM shared.subscription WHERE source = 'stripe' ORDER BY 1"), [
        "sub_1,active,3,10,mixed,29,USD,29", "sub_2,past_due,1,1,1 week,30.416667,USD,30.416667", "sub_3,active,1,1,3 month,0,USD,0",
        "sub_4,cancelled,1,1,3 month,0,USD,0", "sub_5,active,1,1,,,,", "sub_6,active,1,2,1 month,1000,JPY,20",
    ]);
    for (const port of ["customer_order", "subscription"]) // two accounts of one pack: equal ids, different keys
        assert.deepEqual(ask(cwd, `SELECT count(*) = 2 * count(*) FILTER (WHERE source = 'stripe_eu'), count(*) = count(DISTINCT ${port === "subscription" ? port : "order"}_key) FROM shared.${port}`), ["true,true"]);
});

test("channels, and addresses that carry what they should not", (t) => {
    const cwd = mesh(t);
    const page = (id, url, referrer, source = "", medium = "") => `p${id},2026-02-01 10:00:00,${url},${referrer},${source},${medium}`;
    const home = "https://shop.example/";
    const cases = [
        [page(1, home, "", "google", "cpc"), "paid_search"], [page(2, home, "", "facebook", "CPC"), "paid_social"], [page(3, home, "", "news", "Email"), "email"],
        [page(4, home, "https://www.facebook.com/"), "organic_social"], [page(5, home, "https://google.com/search?q=a@b.example"), "organic_search"], [page(6, home, "https://blog.example.org/x"), "referral"],
        [page(7, home, ""), "direct"], [page(8, home, "", "x", "display"), "display"], [page(9, home, "", "flyer"), "other"], [page(10, home, "https://shop.example/cart"), "direct"],
        [page(11, `${home}?utm_source=google&utm_medium=ppc&utm_term=caf%C3%A9`, ""), "paid_search"], [page(12, `${home}?utm_medium=%ff`, ""), "other"],
        [page(13, "https://ann:pw@Shop.Example:8443/p/1?email=ann@b.example#x", "https://mail.example/inbox?u=ann"), "email"], [page(14, "", ""), "-"],
    ];
    const from = write(path.join(cwd, "in"), {
        "segment_pages.csv": ["id,timestamp,url,referrer,context_campaign_source,context_campaign_medium", ...cases.map((c) => c[0])],
        "referrer_mapping.csv": ["medium,source,host", "search,Google,www.google.com", "social,Facebook,facebook.com", "email,Mail,mail.example", "unknown,Blog,blog.example.org"],
    });
    add(cwd, "segment", from);
    must(["run"], { cwd });
    assert.deepEqual(ask(cwd, "SELECT coalesce(channel_group, '-') FROM shared.web_event ORDER BY CAST(substr(event_id, 2) AS INTEGER)"), cases.map((c) => c[1]));
    assert.deepEqual(ask(cwd, "SELECT page_url, page_host, page_path, referrer_url, referrer_source FROM shared.web_event WHERE event_id = 'p13'"), ["https://Shop.Example:8443/p/1,shop.example,/p/1,https://mail.example/inbox,Mail"]);
    assert.deepEqual(ask(cwd, "SELECT utm_term FROM shared.web_event WHERE event_id = 'p11'"), ["café"]);
    const out = must(["query", "--format", "csv", "SELECT * FROM shared.web_event"], { cwd }).out;
    for (const secret of ["ann@", "//ann", "u=ann", "a@b.example", ":pw"]) assert.ok(!out.includes(secret), secret);
});

test("properties that are no JSON, sessions outside of any, and a tool's own names", (t) => {
    const cwd = mesh(t);
    const from = write(path.join(cwd, "in"), {
        "amplitude_event.csv": ["uuid,event_type,event_time,device_id,session_id,event_properties,user_properties,app",
            `u1,buy,2026-02-01 10:00:00,d1,17000,"{""revenue"": 12.5, ""currency"": ""eur"", ""[Amplitude] Page URL"": ""https://a.example/x?utm_source=z""}",{},1`,
            "u2,open,2026-02-01 10:01:00,d1,17000,{broken,also broken,1", "u3,open,2026-02-01 10:02:00,d1,-1,,,1", "u3,open,2026-02-01 10:02:00,d1,-1,,,1"],
        "mixpanel_event.csv": ["_fivetran_id,name,time,device_id,properties,_line", `m1,view,2026-02-01 10:00:00,d,"{""$session_id"": ""s"", ""utm_medium"": ""cpc""}",77`, "m2,view,2026-02-01 10:00:00,d,nonsense,78"],
        "ga4_export_event.csv": ["_fivetran_id,name,timestamp,user_pseudo_id,param_ga_session_id,param_page_location,ecommerce_purchase_revenue_in_usd", "g1,purchase,2026-02-01 10:00:00,p1,s1,https://a.example/thanks?o=1,9.99",
            "g2,page_view,2026-02-01 10:00:00,p2,s1,https://a.example/,0", ",page_view,2026-02-01 10:00:00,p2,s1,,0", "g4,page_view,yesterday,p2,s1,,0"],
    });
    for (const pack of ["amplitude", "mixpanel", "ga4"]) add(cwd, pack, from);
    must(["run"], { cwd });
    assert.deepEqual(ask(cwd, "SELECT event_key, session_key IS NOT NULL, revenue_amount, currency, utm_source, utm_medium FROM shared.web_event ORDER BY 1"), [
        "amplitude:u1,true,12.5,EUR,z,", "amplitude:u2,true,,,,", "amplitude:u3,false,,,,", "ga4:g1,true,9.99,USD,,", "ga4:g2,true,,,,", "mixpanel:m1,true,,,,cpc", "mixpanel:m2,false,,,,",
    ]);
    assert.deepEqual(ask(cwd, "SELECT count(DISTINCT session_key) FROM shared.web_event WHERE platform = 'ga4'"), ["2"]);
    const ga4 = sources(cwd).find((s) => s.name === "ga4").streams.find((s) => s.name === "ga4_export_event");
    assert.deepEqual([ga4.rows, ga4.rows_quarantined, ga4.quarantine.map((q) => q.reason).toSorted()], [2, 2, ["bad_value", "missing_key"]]);
});

test("a path where no export lies is said, not passed over", (t) => {
    const cwd = mesh(t);
    add(cwd, "shopify", "in/nowhere");
    const r = must(["run"], { cwd });
    assert.match(r.out + r.err, /sources\/shopify\.yaml[^\n]*warning TR\d+: none of its 43 streams has a file: nothing matches in in\/nowhere; correct its path/);
    write(path.join(cwd, "in/nowhere"), { "shopify_order_tag_data.csv": ["order_id,index,value", "1,1,vip"] });
    const found = must(["run"], { cwd });
    assert.doesNotMatch(found.out + found.err, /none of its/);
});
