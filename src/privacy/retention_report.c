#include "privacy/retention_int.h"

#include "base/clock.h"
#include "store/holds.h"

enum { REPORT_MAX = 16 << 20, PROBLEMS_MAX = 50 };

static void text_put(struct buf *b, const char *key, struct str s)
{
    buf_addc(b, ',');
    buf_json_key(b, key);
    if (s.n)
        buf_json_str(b, s);
    else
        buf_addz(b, "null");
}

void retention_problem(struct retention_report *r, struct str text)
{
    if (!r->problems)
        r->problems = arena_array(r->a, PROBLEMS_MAX, sizeof *r->problems);
    if (r->n_problems < PROBLEMS_MAX)
        r->problems[r->n_problems++] = arena_str(r->a, text);
}

void retention_report_put(struct buf *b, const struct retention_report *r)
{
    buf_addz(b, "{\"id\":");
    if (r->id)
        buf_printf(b, "%lld", (long long)r->id);
    else
        buf_addz(b, "null");
    buf_printf(b, ",\"at\":\"%s\",\"dry_run\":%s", clock_iso(r->at_us).z, r->dry_run ? "true" : "false");
    text_put(b, "by", r->by);
    buf_printf(b, ",\"rows\":%lld,\"held\":%lld,\"elapsed_ms\":%lld,\"places\":[", (long long)r->rows, (long long)r->held, (long long)(r->elapsed_us / 1000));
    for (size_t i = 0; i < r->n; i++) {
        const struct retention_place *p = &r->places[i];
        buf_addz(b, i ? ",{\"rule\":" : "{\"rule\":");
        buf_json_str(b, p->rule->name);
        text_put(b, "ref", p->ref);
        text_put(b, "kind", str_of(p->kind));
        text_put(b, "time_column", p->time_column);
        buf_printf(b, ",\"before\":\"%s\",\"rows\":%lld,\"held\":%lld,\"action\":\"%s\"", clock_iso(p->before_us).z, (long long)p->rows, (long long)p->held, p->rule->anonymise ? "anonymise" : "delete");
        text_put(b, "how", str_of(p->how));
        text_put(b, "why", str_of(p->why ? p->why : ""));
        text_put(b, "oldest", p->oldest);
        buf_addc(b, '}');
    }
    buf_addz(b, "],\"problems\":[");
    for (size_t i = 0; i < r->n_problems; i++) {
        buf_addz(b, i ? "," : "");
        buf_json_str(b, r->problems[i]);
    }
    buf_printf(b, "],\"compacted\":%s}", r->compacted ? "true" : "false");
}

bool retention_report_keep(const struct privacy *v, struct retention_report *r, struct err *e)
{
    struct buf b = BUF_INIT((size_t)REPORT_MAX);
    retention_report_put(&b, r);
    struct store_retention row = {.at_us = r->at_us, .rows = r->rows, .held = r->held, .dry_run = r->dry_run, .by = r->by, .report = buf_str(&b)};
    bool ok = buf_ok(&b, e) && store_retention_add(v->s->store, &row, e);
    r->id = row.id;
    buf_fini(&b);
    return ok;
}
