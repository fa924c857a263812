// A dozen people, made by hand: what they did on a site, in a shop, in a CRM and in their mailboxes. What must come of them stands in entities.test.mjs.
import path from "node:path";
import { must, start, until, write } from "./lib.mjs";

const at = (day, time) => `2026-03-${String(day).padStart(2, "0")}T${time}:00.000Z`;
let count;
const call = (type, day, time, who, more = {}) => ({ type, messageId: more.id ?? `m${++count}`, timestamp: at(day, time), ...who, ...more, id: undefined });
export const page = (day, time, who, url, { referrer = "", campaign, host = "shop.example", ...more } = {}) =>
    call("page", day, time, who, { ...more, context: { ...(more.context ?? {}), ...(campaign ? { campaign } : {}), page: { url: `https://${host}${url}`, path: url.split("?")[0], referrer } } });
const track = (day, time, who, event, properties = {}, more = {}) => call("track", day, time, who, { ...more, event, properties, context: { ...(more.context ?? {}), page: { url: "https://shop.example/x", path: "/x" } } });
const identify = (day, time, who, traits, more = {}) => call("identify", day, time, who, { ...more, traits });

export function calls() {
    count = 0;
    const ann = { anonymousId: "anon-ann" }, annIn = { ...ann, userId: "u-ann" };
    const shared = { anonymousId: "anon-family" }, ben = { ...shared, userId: "u-ben" }, cleo = { ...shared, userId: "u-cleo" };
    const dora = { anonymousId: "anon-dora-1" }, doraAgain = { anonymousId: "anon-dora-2" };
    const gus = { anonymousId: "anon-gus", userId: "u-gus" }, hal = { anonymousId: "anon-hal" };
    return [
        // Ann comes by an ad, looks around, comes back after a pause, signs in and buys.
        page(1, "10:00", ann, "/?gclid=G-1&utm_source=google&utm_medium=cpc&utm_campaign=Spring&utm_id=777&utm_content=9001", { campaign: { source: "google", medium: "cpc", name: "Spring", id: "777", content: "9001" } }),
        page(1, "10:10", ann, "/shoes", { referrer: "https://shop.example/" }),
        page(1, "10:50", ann, "/shoes/red", { referrer: "https://shop.example/shoes" }),
        identify(1, "10:55", annIn, { email: "Ann@Example.org", firstName: "Annie", plan: "pro", address: { city: "Graz" } }),
        track(1, "11:00", annIn, "Order Completed", { order_id: "5001", total: 50, revenue: 50, currency: "EUR" }),
        call("group", 1, "11:01", annIn, { groupId: "acme", traits: { name: "Acme from events", website: "https://www.acme.example/about" } }),
        // Another campaign inside of one visit.
        page(2, "09:00", annIn, "/", { referrer: "https://www.google.com/" }),
        page(2, "09:05", annIn, "/sale?utm_source=newsletter&utm_medium=email&utm_campaign=march", { campaign: { source: "newsletter", medium: "email", name: "march" } }),
        // A family's tablet: Ben signs in, then Cleo. The tablet is the one's who was there first; a user has one id, so they stay two.
        page(3, "08:00", shared, "/"),
        identify(3, "08:01", ben, { email: "ben@example.org", name: "Ben B" }),
        track(3, "08:05", ben, "Order Completed", { order_id: "e-1", total: 30, currency: "EUR" }),
        identify(3, "09:00", cleo, { email: "cleo@example.org" }),
        track(3, "09:05", cleo, "Order Completed", { order_id: "e-2", total: 20, currency: "EUR" }),
        track(3, "09:06", cleo, "Checkout Started", { order_id: "e-3", total: 99, currency: "EUR" }),
        track(4, "09:06", cleo, "Order Refunded", { order_id: "e-2", total: 5, currency: "EUR" }),
        // Dora signs in, signs out (the browser gets a new id), looks around as a stranger, and signs in again.
        identify(5, "10:00", { ...dora, userId: "u-dora" }, { email: "dora@example.org" }),
        page(5, "10:01", dora, "/"),
        page(6, "12:00", doraAgain, "/news", { referrer: "https://www.bing.com/" }),
        identify(6, "12:10", { ...doraAgain, userId: "u-dora" }, {}),
        // Gus sends Global Privacy Control with every call, and says yes to advertising after all.
        page(7, "10:00", gus, "/", { context: { consent: { gpc: true } } }),
        page(7, "10:20", gus, "/privacy", { context: { consent: { gpc: true, categoryPreferences: { advertising: true, analytics: true } } } }),
        page(8, "10:00", gus, "/", { context: { consent: { gpc: true, categoryPreferences: { advertising: true, analytics: true } } } }),
        // Hal's preferences are empty: a no to all that there is.
        page(7, "11:00", hal, "/", { context: { consent: { categoryPreferences: {} } } }),
        // Ivy said yes on her telephone and no on her computer.
        page(8, "08:00", { anonymousId: "anon-ivy-phone", userId: "u-ivy" }, "/", { context: { consent: { categoryPreferences: { advertising: true } } } }),
        page(9, "08:00", { anonymousId: "anon-ivy-desk" }, "/", { context: { consent: { categoryPreferences: { advertising: false } } } }),
        page(10, "08:00", { anonymousId: "anon-ivy-desk", userId: "u-ivy" }, "/"),
        // A robot, and one of our own.
        page(9, "10:00", { anonymousId: "anon-bot" }, "/", { context: { userAgent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" } }),
        page(9, "10:00", { anonymousId: "anon-own" }, "/", { host: "staging.shop.example" }),
        // Kim and Lou are two, until somebody says otherwise.
        identify(11, "10:00", { anonymousId: "anon-kim", userId: "u-kim" }, { email: "kim@example.org", firstName: "Kim" }),
        track(11, "10:05", { anonymousId: "anon-kim", userId: "u-kim" }, "Order Completed", { order_id: "e-7", total: 7, currency: "EUR" }),
        identify(12, "10:00", { anonymousId: "anon-lou", userId: "u-lou" }, { email: "lou@example.org", firstName: "Lou" }),
        track(12, "10:05", { anonymousId: "anon-lou", userId: "u-lou" }, "Order Completed", { order_id: "e-8", total: 8, currency: "USD" }),
    ];
}
// What arrives last, though it happened first: Ann's first visit, by a friend's link.
export const late = () => [page(0 + 1, "06:00", { anonymousId: "anon-ann" }, "/friend", { id: "late-1", referrer: "https://blog.example/post" })];

export function landed(dir) {
    write(dir, "governance/rates.csv", "date,currency,rate\n2026-01-01,USD,0.5\n");
    write(dir, "in/shop/shopify_customer.csv",
        "id,email,first_name,last_name,phone,created_at,updated_at,orders_count,email_marketing_consent_state,_fivetran_synced\n" +
        "11,ann@example.org,Ann,Arbor,,2026-01-10 08:00:00,2026-03-01 12:00:00,1,subscribed,2026-03-02 00:00:00\n");
    write(dir, "in/shop/shopify_order.csv",
        "id,name,order_number,email,customer_id,created_at,updated_at,processed_at,currency,subtotal_price,total_price,total_tax,total_discounts,taxes_included,financial_status,test,_fivetran_synced\n" +
        "5001,#1001,1001,ann@example.org,11,2026-03-01 11:00:05,2026-03-01 11:00:05,2026-03-01 11:00:05,EUR,42.00,50.00,8.00,0.00,false,paid,false,2026-03-02 00:00:00\n" +
        "5002,#1002,1002,fay@example.org,,2026-03-02 15:00:00,2026-03-02 15:00:00,2026-03-02 15:00:00,USD,10.00,12.00,2.00,0.00,false,paid,false,2026-03-02 00:00:00\n");
    write(dir, "in/crm/hubspot_contact.csv",
        "id,property_email,property_firstname,property_lastname,property_jobtitle,property_associatedcompanyid,property_lifecyclestage,property_hs_email_optout,property_createdate,property_lastmodifieddate,_fivetran_synced\n" +
        "21,ann@example.org,Anna,Arbor,Buyer,31,customer,false,2026-02-01 08:00:00,2026-02-01 08:00:00,2026-03-02 00:00:00\n" +
        "22,ben@example.org,Benjamin,Berg,,,lead,true,2026-02-02 08:00:00,2026-03-05 08:00:00,2026-03-02 00:00:00\n");
    write(dir, "in/crm/hubspot_company.csv", "id,property_name,property_website,property_industry,property_country,property_createdate,_fivetran_synced\n31,Acme Ltd,http://acme.example,Retail,AT,2026-01-01 00:00:00,2026-03-02 00:00:00\n");
    write(dir, "in/mail/klaviyo_person.csv", "id,email,created,updated,_fivetran_synced\nK1,dora@example.org,2026-02-01 00:00:00,2026-02-01 00:00:00,2026-03-02 00:00:00\n");
    write(dir, "in/mail/klaviyo_metric.csv", "id,name,_fivetran_synced\nM1,Clicked Email,2026-03-02 00:00:00\nM2,Unsubscribed,2026-03-02 00:00:00\nM3,Received Email,2026-03-02 00:00:00\n");
    write(dir, "in/mail/klaviyo_campaign.csv", "id,name,subject,_fivetran_synced\nC1,March news,News,2026-03-02 00:00:00\n");
    write(dir, "in/mail/klaviyo_event.csv",
        "id,person_id,campaign_id,metric_id,datetime,_fivetran_synced\nE1,K1,C1,M3,2026-03-05 07:00:00,2026-03-06 00:00:00\nE2,K1,C1,M1,2026-03-05 07:30:00,2026-03-06 00:00:00\nE3,K1,C1,M2,2026-03-20 09:00:00,2026-03-21 00:00:00\n");
    write(dir, "in/lists/consent_list.csv", "email,category,status,occurred_at,proof\ndora@example.org,email,yes,2026-01-15T10:00:00,sheet 7\ncleo@example.org,email,yes,2023-01-15T10:00:00,sheet 1\n");
    // A campaign of two ads: 10 clicks for 5.00 on the first of March, 4 of them and 3.00 on the ad that Ann came by.
    const day = "2026-03-01", synced = "2026-03-02 00:00:00";
    write(dir, "in/ads/google_ads_campaign_stats.csv", `customer_id,date,id,base_campaign,clicks,conversions,conversions_value,cost_micros,impressions,ad_network_type,device,_fivetran_id,_fivetran_synced\n1,${day},777,customers/1/campaigns/777,10,1,10,5000000,100,SEARCH,DESKTOP,f1,${synced}\n`);
    write(dir, "in/ads/google_ads_campaign_history.csv", `id,customer_id,name,status,updated_at,advertising_channel_type,start_date,end_date,_fivetran_synced,_fivetran_active\n777,1,Spring,ENABLED,2026-02-01 00:00:00,SEARCH,2026-01-01,2037-12-30,${synced},true\n`);
    for (const [pack, domain, folder, ...more] of [["shopify", "web", "in/shop", "--currency", "EUR"], ["hubspot", "lifecycle", "in/crm"], ["klaviyo", "lifecycle", "in/mail"], ["consent_list", "lifecycle", "in/lists"], ["google_ads", "acquisition", "in/ads", "--currency", "EUR"]])
        must(["add", pack, "--domain", domain, "--path", path.join(dir, folder), ...more], { cwd: dir });
}

export function mesh(dir) {
    must(["init", dir, "--currency", "EUR", "--time-zone", "Europe/Berlin", "--owner", "Ana", "--contact", "ana@example.org"]);
    must(["add", "events", "--domain", "web", "--name", "site"], { cwd: dir });
    return must(["key", "create", "web.site", "--json"], { cwd: dir }).out;
}

// Sends batches to a collector of its own; returns when it has ended, so what was answered lies in the spool.
export async function send(dir, key, batches) {
    const it = start(["collect", "--listen", "127.0.0.1:0"], { cwd: dir });
    const url = await until("the collector", () => {
        if (it.child.exitCode !== null) throw new Error(`collect ended: ${it.err}`);
        return (it.out + it.err).match(/http:\/\/[0-9.]+:[0-9]+/)?.[0];
    });
    for (const batch of batches) {
        const r = await fetch(`${url}/v1/batch`, { method: "POST", headers: { authorization: "Basic " + Buffer.from(`${key}:`).toString("base64") }, body: JSON.stringify({ batch }) });
        if (r.status !== 200) throw new Error(`the collector answered ${r.status}: ${await r.text()}`);
    }
    it.child.kill("SIGTERM");
    await it.ended;
}
