/* Klaviyo: a letter each week, a welcome flow and a flow for abandoned baskets. One walk over all messages serves the export and the
 * figures that goals start from. */
#include "cli/demo/records.h"

#include "base/fs.h"
#include "cli/demo/people.h"

#define LEN(x) (sizeof(x) / sizeof((x)[0]))

enum { PROFILES = 420, CUSTOMERS_APART = 21, HASHED_EACH = 40, WEEK = 7 };
static const size_t TEXT_MAX_BYTES = 64u << 20;

static const struct { const char *id, *name; } METRICS[] = {
    {"RcvEml", "Received Email"}, {"OpnEml", "Opened Email"}, {"ClkEml", "Clicked Email"}, {"Unsubs", "Unsubscribed"}, {"BncEml", "Bounced Email"}};
enum kind { RECEIVED, OPENED, CLICKED, UNSUBSCRIBED, BOUNCED };
static const struct { const char *id, *name, *subject; int64_t after_s; double open; } FLOWS[] = {
    {"FLWELC", "Welcome series", "Welcome to Marlow & Finch", 600, 0.52}, {"FLBASK", "Abandoned basket", "Still thinking it over?", 9 * 86400, 0.41}};
static const char *const SUBJECTS[] = {"What to plant this week", "New in: raised beds", "Terrace ideas under 100 euros", "Your soil explained", "Ten herbs for a balcony"};

struct message {
    int profile, week, flow;   /* week: of a mailing, from 0; flow: -1 for mailings */
    int32_t day;
    enum kind kind;
    int64_t second;            /* of the day; may run into the next */
    int step;                  /* what tells two events of one message apart */
};

/* Half of the profiles were there before the year began. */
static int32_t joined(const struct demo_world *w, int profile)
{
    return profile < PROFILES / 2 ? w->first_day - 30 : w->first_day + (int32_t)((double)w->n_days * demo_chance(w->seed, (uint64_t)profile, 1, 41));
}

/* The week in which a profile unsubscribes; most never do. */
static int leaves_in(const struct demo_world *w, int profile, int weeks)
{
    return (int)(demo_chance(w->seed, (uint64_t)profile, 2, 41) * 8.0 * weeks);
}

typedef void message_fn(void *ctx, const struct message *m);

static void follow(const struct demo_world *w, struct message m, double open, message_fn *fn, void *ctx)
{
    uint64_t who = (uint64_t)m.profile * 1000u + (uint64_t)(m.flow < 0 ? m.week : 900 + m.flow);
    if (demo_chance(w->seed, who, 3, 41) < 0.008) {
        m.kind = BOUNCED;
        fn(ctx, &m);
        return;
    }
    m.kind = RECEIVED;
    fn(ctx, &m);
    double keen = 0.55 + 0.9 * demo_chance(w->seed, (uint64_t)m.profile, 4, 41);
    if (demo_chance(w->seed, who, 5, 41) >= open * keen) {
        return;
    }
    m.kind = OPENED;
    m.step = 1;
    m.second += 300 + (int64_t)(14.0 * 3600.0 * demo_chance(w->seed, who, 6, 41) * demo_chance(w->seed, who, 7, 41));
    fn(ctx, &m);
    if (demo_chance(w->seed, who, 8, 41) < 0.17) {
        m.kind = CLICKED;
        m.step = 2;
        m.second += 40;
        fn(ctx, &m);
    }
}

static void each_message(const struct demo_world *w, message_fn *fn, void *ctx)
{
    int weeks = (int)(w->n_days / WEEK);
    for (int week = 0; week < weeks; week++) {
        int32_t day = w->first_day + week * WEEK + 2;
        double open = 0.24 + 0.06 * (double)week / weeks + 0.05 * demo_chance(w->seed, (uint64_t)week, 9, 41);
        for (int p = 0; p < PROFILES; p++) {
            int leaves = leaves_in(w, p, weeks);
            if (joined(w, p) >= day || leaves < week) {
                continue;
            }
            struct message m = {.profile = p, .week = week, .flow = -1, .day = day, .second = 8 * 3600 + p % 240};
            follow(w, m, open, fn, ctx);
            if (leaves == week) {
                m.kind = UNSUBSCRIBED;
                m.step = 3;
                m.second += 3600;
                fn(ctx, &m);
            }
        }
    }
    for (int p = PROFILES / 2; p < PROFILES; p++) {
        for (int f = 0; f < (int)LEN(FLOWS); f++) {
            follow(w, (struct message){.profile = p, .flow = f, .day = joined(w, p), .second = 50000 + FLOWS[f].after_s}, FLOWS[f].open, fn, ctx);
        }
    }
}

static int32_t day_of(const struct message *m)
{
    return m->day + (int32_t)(m->second / 86400);
}

struct counting { struct demo_mail sums; int32_t from, to; };

static void count(void *ctx, const struct message *m)
{
    struct counting *c = ctx;
    if (day_of(m) >= c->from && day_of(m) <= c->to) {
        c->sums.delivered += m->kind == RECEIVED;
        c->sums.opened += m->kind == OPENED;
    }
}

struct demo_mail demo_mail_sums(const struct demo_world *w, int32_t from, int32_t to)
{
    struct counting c = {.from = from, .to = to};
    each_message(w, count, &c);
    return c.sums;
}

/* ---- Clicks ---- */

struct clicking { demo_click_fn *fn; void *ctx; };

static void click(void *ctx, const struct message *m)
{
    const struct clicking *c = ctx;
    if (m->kind != CLICKED || m->profile % HASHED_EACH == HASHED_EACH - 1) {
        return;
    }
    const struct demo_click k = {.customer = m->profile * CUSTOMERS_APART, .day = day_of(m), .second = m->second % 86400, .letter = m->flow < 0 ? m->week + 1 : 0,
                                 .campaign = m->flow < 0 ? SUBJECTS[m->week % (int)LEN(SUBJECTS)] : FLOWS[m->flow].name};
    c->fn(c->ctx, &k);
}

void demo_mail_clicks(const struct demo_world *w, demo_click_fn *fn, void *ctx)
{
    struct clicking c = {fn, ctx};
    each_message(w, click, &c);
}

int demo_forgotten(int nth)
{
    int profile = (nth + 1) * HASHED_EACH - 1;
    return profile < PROFILES ? profile * CUSTOMERS_APART : -1;
}

/* ---- Tables ---- */

struct writing { struct buf *out; int32_t known; const char *synced; };

static void event(void *ctx, const struct message *m)
{
    struct writing *w = ctx;
    if (day_of(m) > w->known) {
        return;
    }
    buf_printf(w->out, "E%03d%02d%03d%d,P%04d,", m->flow + 1, m->week, m->profile, m->step, m->profile);
    if (m->flow < 0) {
        buf_printf(w->out, "CMP%02d,,", m->week);
    } else {
        buf_printf(w->out, ",%s", FLOWS[m->flow].id);
        buf_addc(w->out, ',');
    }
    for (int i = 0; i < 2; i++) {
        demo_time(w->out, m->day, m->second);
        buf_addc(w->out, ',');
    }
    buf_printf(w->out, "FALSE,%s,%s,%s,", METRICS[m->kind].id, METRICS[m->kind].name, w->synced);
    buf_csv_field(w->out, str_of(m->flow < 0 ? SUBJECTS[m->week % (int)LEN(SUBJECTS)] : FLOWS[m->flow].subject));
    buf_printf(w->out, ",%s,%s\n", m->kind == CLICKED ? "https://www.example.com/new" : "", m->kind == BOUNCED ? "Soft" : "");
}

/* A profile whose owner asked to be forgotten by name keeps a digest of the address. */
static void profile(struct buf *out, const struct demo_world *w, int p, const char *synced)
{
    struct demo_person who = demo_customer(w, p * CUSTOMERS_APART);
    struct sha hashed;
    bool hidden = p % HASHED_EACH == HASHED_EACH - 1;
    sha_bytes(str_of(who.email), &hashed);
    buf_printf(out, "P%04d,", p);
    demo_time(out, joined(w, p), 50000);
    buf_addc(out, ',');
    demo_time(out, joined(w, p), 50000);
    buf_printf(out, ",FALSE,%s,%s,%s,%s,%s,%s,%s,%s\n", hidden ? "" : who.first, hidden ? "" : who.last, hidden ? "" : who.phone, who.country, who.city,
               hidden ? hashed.hex : who.email, p % 3 == 0 ? "Checkout" : "Sign-up form", synced);
}

static bool profiles_write(const char *dir, const struct demo_world *w, int32_t known, const char *synced, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "id,updated,created,_fivetran_deleted,first_name,last_name,phone_number,country,city,email,custom_source,_fivetran_synced\n");
    for (int p = 0; p < PROFILES; p++) {
        if (joined(w, p) <= known) {
            profile(&b, w, p, synced);
        }
    }
    bool ok = demo_table_write(dir, "", "person", &b, e);
    buf_fini(&b);
    return ok;
}

static bool mailings_write(const char *dir, const struct demo_world *w, int32_t known, const char *synced, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&b, "id,from_name,campaign_type,status_label,from_email,subject,name,status,created,send_time,sent_at,_fivetran_deleted,_fivetran_synced,archived\n");
    for (int week = 0; week < (int)w->n_days / WEEK && w->first_day + week * WEEK + 2 <= known; week++) {
        int32_t day = w->first_day + week * WEEK + 2;
        buf_printf(&b, "CMP%02d,Marlow & Finch,Regular,Sent,garden@example.org,%s,Letter %d,sent,", week, SUBJECTS[week % (int)LEN(SUBJECTS)], week + 1);
        demo_time(&b, day - 1, 50000);
        buf_addc(&b, ',');
        demo_time(&b, day, 28800);
        buf_addc(&b, ',');
        demo_time(&b, day, 28800);
        buf_printf(&b, ",FALSE,%s,false\n", synced);
    }
    bool ok = demo_table_write(dir, "", "campaign", &b, e);
    buf_fini(&b);
    return ok;
}

static bool words_write(const char *dir, const char *synced, struct err *e)
{
    struct buf flows = BUF_INIT(TEXT_MAX_BYTES), metrics = BUF_INIT(TEXT_MAX_BYTES);
    buf_addz(&flows, "id,name,status,created,updated,customer_filter,_fivetran_deleted,_fivetran_synced,archived,trigger_type\n");
    for (size_t i = 0; i < LEN(FLOWS); i++) {
        buf_printf(&flows, "%s,%s,live,2024-03-01 09:00:00.000,2025-02-11 09:00:00.000,,FALSE,%s,false,Metric\n", FLOWS[i].id, FLOWS[i].name, synced);
    }
    buf_addz(&metrics, "id,name,integration_id,created,updated,_fivetran_deleted,_fivetran_synced,integration_category,integration_name\n");
    for (size_t i = 0; i < LEN(METRICS); i++) {
        buf_printf(&metrics, "%s,%s,KLAVIY,2024-02-20 08:00:00.000,2024-02-20 08:00:00.000,FALSE,%s,Internal,Klaviyo\n", METRICS[i].id, METRICS[i].name, synced);
    }
    bool ok = demo_table_write(dir, "", "flow", &flows, e) && demo_table_write(dir, "", "metric", &metrics, e);
    buf_fini(&flows);
    buf_fini(&metrics);
    return ok;
}

bool demo_mail_write(const char *dir, const struct demo_world *w, int32_t known, struct err *e)
{
    struct buf b = BUF_INIT(TEXT_MAX_BYTES), at = BUF_INIT(64);
    demo_time(&at, known + 1, 20000);
    const char *synced = buf_z(&at);
    struct writing to = {&b, known, synced};
    buf_addz(&b, "id,person_id,campaign_id,flow_id,datetime,timestamp,_fivetran_deleted,metric_id,type,_fivetran_synced,property_subject,property_url,property_bounce_type\n");
    each_message(w, event, &to);
    bool ok = buf_ok(&at, e) && demo_table_write(dir, "", "event", &b, e) && profiles_write(dir, w, known, synced, e) && mailings_write(dir, w, known, synced, e) &&
              words_write(dir, synced, e);
    buf_fini(&b);
    buf_fini(&at);
    return ok;
}
