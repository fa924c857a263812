/* HubSpot: companies that buy plants for their offices, the people there, what is being sold to them, and everybody's questions to
 * support. Some contacts were merged by hand, as in every CRM. */
#include "cli/demo/records.h"

#include "cli/demo/people.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { COLLEAGUES = 3, PATRONS = 260, PATRONS_APART = 34, DEALS_AT_MOST = 5, MERGED = 9, MERGED_APART = 7, OWNERS = 3,
       COMPANY_ID = 7000, COLLEAGUE_ID = 20000, PATRON_ID = 40000, OLD_ID = 19000, DEAL_ID = 51000, TICKET_ID = 90000 };
static const size_t TEXT_MAX_BYTES = 64u << 20;

static const struct { const char *id, *label, *probability; } STAGES[] = {
    {"inquiry", "Inquiry", "0.1"}, {"visit", "Site visit", "0.3"}, {"offer", "Offer sent", "0.5"}, {"contract", "Contract", "0.8"}, {"closedwon", "Won", "1.0"}, {"closedlost", "Lost", "0.0"}};
enum { OPEN_STAGES = 4, WON = 4, LOST = 5 };
static const struct { const char *id, *label, *state; } TICKET_STAGES[] = {{"1", "New", "OPEN"}, {"2", "In work", "OPEN"}, {"4", "Closed", "CLOSED"}};
static const struct { const char *category, *subject; } QUESTIONS[] = {
    {"DELIVERY", "Where is my parcel?"}, {"DELIVERY", "Delivered to the wrong door"}, {"RETURN", "How do I send it back?"}, {"RETURN", "Pot arrived broken"},
    {"PRODUCT_ISSUE", "Leaves turn yellow"}, {"BILLING_ISSUE", "Invoice shows another address"}, {"GENERAL_INQUIRY", "Do you plant on roofs?"}};
static const struct { const char *id, *first, *last, *email; } OWNED_BY[OWNERS] = {
    {"301", "Lena", "Vogt", "lena.vogt@example.org"}, {"302", "Paul", "Adler", "paul.adler@example.org"}, {"303", "Nora", "Stein", "nora.stein@example.org"}};

struct crm { const struct demo_world *w; int32_t known; const char *dir, *synced; bool sloppy; };

static double chance(const struct crm *c, int who, uint64_t what)
{
    return demo_chance(c->w->seed, (uint64_t)who, what, 51);
}

static size_t pick(const struct crm *c, int who, uint64_t what, size_t n)
{
    return (size_t)((double)n * chance(c, who, what));
}

/* A day of the year up to `known`, or later: then it is not told yet. */
static int32_t day_at(const struct crm *c, int who, uint64_t what)
{
    return c->w->first_day + (int32_t)((double)c->w->n_days * chance(c, who, what));
}

static bool put(const struct crm *c, const char *table, struct buf *b, struct err *e)
{
    bool ok = demo_table_write(c->dir, "", table, b, e);
    buf_fini(b);
    return ok;
}

static void time_then(struct buf *b, int32_t day, int64_t second, const char *then)
{
    demo_time(b, day, second);
    buf_addz(b, then);
}

/* ---- Companies and people ---- */

static bool companies_write(const struct crm *c, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "id,is_deleted,_fivetran_synced,property_name,property_industry,property_city,property_country,property_domain,property_annualrevenue,property_numberofemployees,property_hubspot_owner_id,property_createdate\n");
    for (int i = 0; i < DEMO_COMPANIES; i++) {
        struct demo_company co = demo_company(c->w, i);
        buf_printf(&b, "%d,FALSE,%s,%s,%s,%s,,%s,", COMPANY_ID + i, c->synced, co.name, co.industry, co.city, co.site);
        if (i % 29 == 11) {
            buf_addz(&b, "about 2 million"); /* typed by hand */
        } else {
            buf_printf(&b, "%d", co.employees * 85000);
        }
        buf_printf(&b, ",%d,%s,", co.employees, OWNED_BY[i % OWNERS].id);
        time_then(&b, c->w->first_day - 200 + i, 36000, "\n");
    }
    return put(c, "company", &b, e);
}

static void contact(struct buf *b, const struct crm *c, int id, const struct demo_person *p, const char *stage, int company, int32_t made)
{
    buf_printf(b, "FALSE,%s,%s,%d,%s,%s,%s,%s,%s,%s,%s,", c->synced, p->email, id, p->first, p->last, p->phone, p->city, p->country, stage, OWNED_BY[id % OWNERS].id);
    if (company >= 0) {
        buf_printf(b, "%d", COMPANY_ID + company);
    }
    buf_printf(b, ",%s,", chance(c, id, 1) < 0.06 ? "TRUE" : "FALSE");
    time_then(b, made, 30000 + id % 20000, ",");
    time_then(b, made, 40000 + id % 20000, "\n");
}

static bool contacts_write(const struct crm *c, struct err *e)
{
    static const char *const LIFE[] = {"lead", "marketingqualifiedlead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity"};
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "_fivetran_deleted,_fivetran_synced,property_email,id,property_firstname,property_lastname,property_phone,property_city,property_country,property_lifecyclestage,property_hubspot_owner_id,"
                 "property_associatedcompanyid,property_hs_email_optout,property_createdate,property_lastmodifieddate\n");
    for (int i = 0; i < DEMO_COMPANIES * COLLEAGUES; i++) {
        int company = i / COLLEAGUES, id = COLLEAGUE_ID + i;
        struct demo_person p = demo_colleague(c->w, company, i % COLLEAGUES);
        int32_t made = day_at(c, id, 2);
        if (made <= c->known) {
            contact(&b, c, id, &p, LIFE[pick(c, id, 3, LEN(LIFE))], company, made);
        }
    }
    for (int i = 0; i < PATRONS; i++) {
        struct demo_person p = demo_customer(c->w, i * PATRONS_APART);
        contact(&b, c, PATRON_ID + i, &p, "customer", -1, c->w->first_day - 90 + i % 90);
    }
    return put(c, "contact", &b, e);
}

/* Somebody found the same person twice and merged the two; the old number lives on in the audit. */
static bool merges_write(const struct crm *c, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "canonical_vid,contact_id,vid_to_merge,_fivetran_synced,entity_id,first_name,last_name,num_properties_moved,timestamp,user_id\n");
    for (int i = 0; i < MERGED; i++) {
        int survivor = PATRON_ID + i * MERGED_APART;
        buf_printf(&b, "%d,%d,%d,%s,,,,%d,", survivor, survivor, OLD_ID + i, c->synced, 4 + i);
        time_then(&b, c->known - 20 - i, 39600, ",301\n");
    }
    return put(c, "contact_merge_audit", &b, e);
}

static bool owners_write(const struct crm *c, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "owner_id,_fivetran_synced,created_at,portal_id,type,updated_at,email,first_name,last_name,active_user_id\n");
    for (size_t i = 0; i < OWNERS; i++) {
        buf_printf(&b, "%s,%s,2024-01-08 09:00:00.000,7052064,PERSON,2024-01-08 09:00:00.000,%s,%s,%s,9%s\n", OWNED_BY[i].id, c->synced, OWNED_BY[i].email, OWNED_BY[i].first, OWNED_BY[i].last, OWNED_BY[i].id);
    }
    return put(c, "owner", &b, e);
}

/* ---- Deals ---- */

/* Where a deal stands at its age: through the open stages, then won or lost. */
static size_t stage_of(const struct crm *c, int id, int age, int closes_after)
{
    if (age >= closes_after) {
        return chance(c, id, 4) < 0.42 ? WON : LOST;
    }
    return (size_t)(age * OPEN_STAGES / closes_after);
}

static void deal(struct buf *deals, struct buf *companies, struct buf *contacts, const struct crm *c, int company, int nth)
{
    int id = DEAL_ID + company * DEALS_AT_MOST + nth, closes_after = 20 + (int)(80.0 * chance(c, id, 5));
    int32_t made = day_at(c, id, 6);
    struct demo_company co = demo_company(c->w, company);
    if (made > c->known || chance(c, id, 7) > 0.55) {
        return;
    }
    size_t stage = stage_of(c, id, c->known - made, closes_after);
    int desks = 5 + (int)((double)co.employees * 0.4 * chance(c, id, 8));
    buf_printf(deals, "%d,FALSE,offices,%s,%s,7052064,%s: %d desks,%d.00,", id, STAGES[stage].id, OWNED_BY[company % OWNERS].id, co.name, desks, desks * 62);
    time_then(deals, made + closes_after, 43200, ",");
    time_then(deals, made, 32400 + id % 20000, ",");
    buf_printf(deals, "%s,%s,%s,", c->synced, nth == 0 ? "newbusiness" : "existingbusiness", STAGES[stage].probability);
    time_then(deals, stage >= OPEN_STAGES ? made + closes_after : c->known, 43200, "\n");
    buf_printf(companies, "%d,%d,5,HUBSPOT_DEFINED\n", COMPANY_ID + company, id);
    buf_printf(contacts, "%d,%d,%s,3,HUBSPOT_DEFINED\n", COLLEAGUE_ID + company * COLLEAGUES + nth % COLLEAGUES, id, c->synced);
}

static bool deals_write(const struct crm *c, struct err *e)
{
    struct buf deals = BUF_INIT(TEXT_MAX_BYTES), companies = BUF_INIT(TEXT_MAX_BYTES), contacts = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&deals, "deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,owner_id,portal_id,property_dealname,property_amount,property_closedate,property_createdate,_fivetran_synced,property_dealtype,property_hs_deal_stage_probability,property_hs_lastmodifieddate\n");
    buf_addz(&companies, "company_id,deal_id,type_id,category\n");
    buf_addz(&contacts, "contact_id,deal_id,_fivetran_synced,type_id,category\n");
    for (int i = 0; i < DEMO_COMPANIES * DEALS_AT_MOST; i++) {
        deal(&deals, &companies, &contacts, c, i / DEALS_AT_MOST, i % DEALS_AT_MOST);
    }
    if (c->sloppy) {
        buf_printf(&deals, "%d,FALSE,offices,inquiry,302,7052064,Roof garden: town hall,on request,,", DEAL_ID + DEMO_COMPANIES * DEALS_AT_MOST);
        time_then(&deals, c->known, 50000, ",");
        buf_printf(&deals, "%s,newbusiness,0.1,\n", c->synced);
    }
    bool ok = put(c, "deal", &deals, e);
    ok = put(c, "deal_company", &companies, e) && ok;
    return put(c, "deal_contact", &contacts, e) && ok;
}

static bool pipelines_write(const struct crm *c, struct err *e)
{
    struct buf lines = BUF_INIT(TEXT_MAX_BYTES), stages = BUF_INIT(TEXT_MAX_BYTES);
    buf_printf(&lines, "pipeline_id,_fivetran_deleted,_fivetran_synced,active,display_order,label\noffices,FALSE,%s,TRUE,0,Plants for offices\n", c->synced);
    buf_addz(&stages, "_fivetran_deleted,_fivetran_synced,active,closed_won,is_closed,display_order,probability,stage_id,label,pipeline_id\n");
    for (size_t i = 0; i < LEN(STAGES); i++) {
        buf_printf(&stages, "FALSE,%s,TRUE,%s,%s,%zu,%s,%s,%s,offices\n", c->synced, i == WON ? "TRUE" : "FALSE", i >= OPEN_STAGES ? "TRUE" : "FALSE", i, STAGES[i].probability, STAGES[i].id, STAGES[i].label);
    }
    bool ok = put(c, "deal_pipeline", &lines, e);
    return put(c, "deal_pipeline_stage", &stages, e) && ok;
}

/* ---- Tickets ---- */

/* What is asked, when and by whom: the part of a ticket that the website knows, too. */
static struct demo_ticket question(const struct crm *c, int id, int32_t day)
{
    return (struct demo_ticket){.id = id, .day = day, .customer = (int)(PATRONS * chance(c, id, 16)) * PATRONS_APART, .second = 25000 + (int64_t)(50000.0 * chance(c, id, 9)),
                                .category = QUESTIONS[pick(c, id, 14, LEN(QUESTIONS))].category};
}

static int tickets_on(const struct demo_world *w, int32_t day)
{
    return (int)(2.2 * demo_season(day, true) * (0.4 + 1.2 * demo_chance(w->seed, (uint64_t)day, 17, 51)));
}

void demo_tickets(const struct demo_world *w, demo_ticket_fn *fn, void *ctx)
{
    struct crm c = {.w = w};
    int id = TICKET_ID;
    for (int32_t day = w->first_day; day <= w->last_day; day++) {
        for (int i = 0, n = tickets_on(w, day); i < n; i++) {
            struct demo_ticket t = question(&c, id++, day);
            fn(ctx, &t);
        }
    }
}

static void ticket(struct buf *tickets, struct buf *contacts, const struct crm *c, int id, int32_t day)
{
    struct demo_ticket q = question(c, id, day);
    int64_t asked = q.second;
    int64_t answered = asked + 600 + (int64_t)(30.0 * 3600.0 * chance(c, id, 10) * chance(c, id, 11));
    int64_t closed = answered + (int64_t)(9.0 * 86400.0 * chance(c, id, 12) * chance(c, id, 13));
    int64_t known_s = (int64_t)(c->known + 1 - day) * 86400;
    size_t stage = closed < known_s ? 2 : answered < known_s ? 1 : 0, question = pick(c, id, 14, LEN(QUESTIONS));
    buf_printf(tickets, "%s,%d,FALSE,", c->synced, id);
    if (stage == 2) {
        demo_time(tickets, day, closed);
    }
    buf_addc(tickets, ',');
    time_then(tickets, day, asked, ",");
    if (stage > 0) {
        demo_time(tickets, day, answered);
    }
    buf_printf(tickets, ",0,%s,%s,%s,%s,%s\n", TICKET_STAGES[stage].id, QUESTIONS[question].category, chance(c, id, 15) < 0.15 ? "HIGH" : "MEDIUM", OWNED_BY[id % OWNERS].id, QUESTIONS[question].subject);
    /* some still know the person by the number from before the merge */
    int patron = q.customer / PATRONS_APART, nth = patron / MERGED_APART;
    bool old = patron % MERGED_APART == 0 && nth < MERGED && id % 2 == 0;
    buf_printf(contacts, "%s,%d,%d,HUBSPOT_DEFINED\n", c->synced, id, old ? OLD_ID + nth : PATRON_ID + patron);
}

static bool tickets_write(const struct crm *c, struct err *e)
{
    struct buf tickets = BUF_INIT(TEXT_MAX_BYTES), contacts = BUF_INIT(TEXT_MAX_BYTES), lines = BUF_INIT(TEXT_MAX_BYTES), stages = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&tickets, "_fivetran_synced,id,is_deleted,property_closed_date,property_createdate,property_first_agent_reply_date,property_hs_pipeline,property_hs_pipeline_stage,property_hs_ticket_category,property_hs_ticket_priority,property_hubspot_owner_id,property_subject\n");
    buf_addz(&contacts, "_fivetran_synced,ticket_id,contact_id,category\n");
    int id = TICKET_ID;
    for (int32_t day = c->w->first_day; day <= c->known; day++) {
        for (int i = 0, n = tickets_on(c->w, day); i < n; i++) {
            ticket(&tickets, &contacts, c, id++, day);
        }
    }
    buf_printf(&lines, "pipeline_id,_fivetran_deleted,_fivetran_synced,active,display_order,label,object_type_id\n0,FALSE,%s,TRUE,0,Support,0-5\n", c->synced);
    buf_addz(&stages, "stage_id,_fivetran_deleted,_fivetran_synced,active,display_order,is_closed,label,pipeline_id,ticket_state\n");
    for (size_t i = 0; i < LEN(TICKET_STAGES); i++) {
        buf_printf(&stages, "%s,FALSE,%s,TRUE,%zu,%s,%s,0,%s\n", TICKET_STAGES[i].id, c->synced, i, i == 2 ? "TRUE" : "FALSE", TICKET_STAGES[i].label, TICKET_STAGES[i].state);
    }
    bool ok = put(c, "ticket", &tickets, e);
    ok = put(c, "ticket_contact", &contacts, e) && ok;
    ok = put(c, "ticket_pipeline", &lines, e) && ok;
    return put(c, "ticket_pipeline_stage", &stages, e) && ok;
}

bool demo_crm_write(const char *dir, const struct demo_world *w, int32_t known, bool sloppy, struct err *e)
{
    struct buf at = BUF_INIT(64);
    demo_time(&at, known + 1, 18000);
    struct crm c = {.w = w, .known = known, .dir = dir, .synced = buf_z(&at), .sloppy = sloppy};
    bool ok = buf_ok(&at, e) && companies_write(&c, e) && contacts_write(&c, e) && merges_write(&c, e) && owners_write(&c, e) && deals_write(&c, e) && pipelines_write(&c, e) && tickets_write(&c, e);
    buf_fini(&at);
    return ok;
}
