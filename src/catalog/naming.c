/* Naming: campaigns, ad groups and ads whose name or tracking parameter breaks a rule of governance/naming.yaml, with what was
 * spent on them lately. Each rule is one question to the shared entities; patterns are the engine's own (RE2). */
#include "catalog/catalog_int.h"

#include <stdlib.h>

enum { SQL_MAX = 60 << 10, SPEND_DAYS = 90 };

/* What a subject is read from, and what is spent on it. */
static const struct subject {
    const char *name, *port, *id, *shown, *value, *daily, *daily_id;
    bool utm;
} subjects[] = {
    {"campaign_name", "campaign", "campaign_id", "campaign_name", "campaign_name", "campaign_daily", "campaign_id", false},
    {"ad_group_name", "ad", "ad_group_id", "ad_group_name", "ad_group_name", "ad_group_daily", "ad_group_id", false},
    {"ad_name", "ad", "ad_id", "ad_name", "ad_name", "ad_daily", "ad_id", false},
    {"utm_source", "ad", "ad_id", "ad_name", "landing_url", "ad_daily", "ad_id", true},
    {"utm_medium", "ad", "ad_id", "ad_name", "landing_url", "ad_daily", "ad_id", true},
    {"utm_campaign", "ad", "ad_id", "ad_name", "landing_url", "ad_daily", "ad_id", true},
};

static const struct subject *subject_of(const struct mesh_naming_rule *r)
{
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (str_eq(r->subject, str_of(subjects[i].name)))
            return &subjects[i];
    return NULL;
}

/* Number of the capturing group (?P<name>…) or (?<name>…); 0: no such group. */
static int group_number(struct str pattern, struct str name)
{
    int n = 0;
    bool in_class = false;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c == '\\') {
            i++;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            if (i + 1 < pattern.n && pattern.p[i + 1] == '^')
                i++;
            if (i + 1 < pattern.n && pattern.p[i + 1] == ']') /* a bracket that stands first is itself */
                i++;
        } else if (c == '(') {
            struct str rest = {pattern.p + i + 1, pattern.n - i - 1};
            size_t skip = str_starts(rest, STR("?P<")) ? 3 : str_starts(rest, STR("?<")) ? 2 : 0;
            if (!skip && str_starts(rest, STR("?")))
                continue;
            n++;
            rest = (struct str){rest.p + skip, rest.n - skip};
            if (skip && str_starts(rest, name) && rest.n > name.n && rest.p[name.n] == '>')
                return n;
        }
    }
    return 0;
}

static void put_list(struct buf *b, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_addz(b, i ? ", " : "");
        buf_sql_text(b, v[i]);
    }
}

/* 'text "' || value || '": reason' */
static void put_saying(struct buf *b, struct str reason)
{
    buf_addz(b, "'\"' || v || '\": ' || ");
    buf_sql_text(b, reason);
}

static struct str joined(const struct str *v, size_t n, struct arena *a)
{
    struct buf b = BUF_INIT((size_t)2000);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "", STR_FMT(v[i]));
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void put_part(struct buf *b, const struct mesh_naming_rule *r, const struct mesh_naming_part *part, struct arena *a)
{
    int no = group_number(r->pattern, part->name);
    struct buf value = BUF_INIT((size_t)4096);
    if (!no || !part->n_allowed)
        return;
    buf_addz(&value, "regexp_extract(v, ");
    buf_sql_text(&value, r->pattern);
    buf_printf(&value, ", %d)", no);
    buf_printf(b, "\n  WHEN %.*s NOT IN (", STR_FMT(buf_str(&value)));
    put_list(b, part->allowed, part->n_allowed);
    buf_addz(b, ") THEN '\"' || v || '\": ' || ");
    buf_sql_text(b, arena_printf(a, "%.*s is \"", STR_FMT(part->name)));
    buf_printf(b, " || %.*s || ", STR_FMT(buf_str(&value)));
    buf_sql_text(b, arena_printf(a, "\", which is none of %.*s", STR_FMT(joined(part->allowed, part->n_allowed, a))));
    buf_fini(&value);
}

/* NULL where all is well. A name that is not known breaks no rule; an address without the parameter does. */
static void put_problem(struct buf *b, const struct subject *s, const struct mesh_naming_rule *r, struct arena *a)
{
    buf_addz(b, "CASE");
    if (s->utm) {
        buf_addz(b, "\n  WHEN v = '' THEN ");
        buf_sql_text(b, arena_printf(a, "the landing page's address has no %s", s->name));
    }
    if (r->lower_case) {
        buf_addz(b, "\n  WHEN v <> lower(v) THEN ");
        put_saying(b, STR("not in lower case"));
    }
    if (r->n_allowed) {
        buf_addz(b, "\n  WHEN v NOT IN (");
        put_list(b, r->allowed, r->n_allowed);
        buf_addz(b, ") THEN ");
        put_saying(b, arena_printf(a, "none of %.*s", STR_FMT(joined(r->allowed, r->n_allowed, a))));
    }
    if (r->pattern.n) {
        struct str wanted = r->message.n ? r->message : STR("does not follow the pattern");
        buf_addz(b, "\n  WHEN NOT regexp_full_match(v, ");
        buf_sql_text(b, r->pattern);
        buf_addz(b, ") THEN ");
        put_saying(b, r->example.n ? arena_printf(a, "%.*s, as in %.*s", STR_FMT(wanted), STR_FMT(r->example)) : wanted);
        for (size_t i = 0; i < r->n_parts; i++)
            put_part(b, r, &r->parts[i], a);
    }
    buf_addz(b, "\n  END");
}

/* An escape that is broken stays as it is written. */
static void put_value(struct buf *b, const struct subject *s, struct arena *a)
{
    struct str raw = arena_printf(a, "replace(regexp_extract(%s, '[?&]%s=([^&#]*)', 1), '+', ' ')", s->value, s->name);
    if (s->utm)
        buf_printf(b, "coalesce(TRY(url_decode(%.*s)), %.*s)", STR_FMT(raw), STR_FMT(raw));
    else
        buf_addz(b, s->value);
}

static void put_question(struct buf *b, const struct mesh *m, const struct subject *s, const struct mesh_naming_rule *r,
                         size_t limit, struct arena *a)
{
    const struct mesh_port *daily = port_called(m, str_of(s->daily), STR("spend_reporting"));
    buf_printf(b, "WITH named AS (SELECT DISTINCT platform, %s AS id, %s AS shown, ", s->id, s->shown);
    put_value(b, s, a);
    buf_printf(b, " AS v\n  FROM shared.%s WHERE %s IS NOT NULL AND %s <> ''", s->port, s->value, s->value);
    if (r->n_platforms) {
        buf_addz(b, " AND platform IN (");
        put_list(b, r->platforms, r->n_platforms);
        buf_addc(b, ')');
    }
    buf_addz(b, "), judged AS (SELECT platform, id, shown, ");
    put_problem(b, s, r, a);
    buf_addz(b, " AS problem FROM named)");
    if (daily) {
        buf_printf(b, ", spent AS (SELECT platform, %s AS id, CAST(sum(spend_reporting) AS DOUBLE) AS spend\n  FROM ",
                   s->daily_id);
        sql_ref(b, daily);
        buf_addz(b, " WHERE date_day > (SELECT max(date_day) FROM ");
        sql_ref(b, daily);
        buf_printf(b, ") - %d GROUP BY ALL)", SPEND_DAYS);
    }
    buf_printf(
        b,
        "\nSELECT platform, id, shown, problem, %s AS spend, count(*) OVER () AS total FROM judged%s WHERE problem IS NOT NULL\n"
        "ORDER BY spend DESC NULLS LAST, platform, id LIMIT %zu",
        daily ? "spend" : "CAST(NULL AS DOUBLE)", daily ? " LEFT JOIN spent USING (platform, id)" : "", limit);
}

struct taking {
    struct arena *a;
    const struct mesh_naming_rule *rule;
    struct mistag *v;
    size_t n, cap, total;
};

static void take(void *ctx, const struct engine_chunk *ch, size_t row)
{
    struct taking *t = ctx;
    struct str cells[4];
    if (t->n == t->cap)
        return;
    for (size_t i = 0; i < 4; i++)
        cells[i] = engine_cell_null(ch, i, row) ? STR("") : arena_str(t->a, engine_cell_str(ch, i, row));
    bool known = !engine_cell_null(ch, 4, row);
    t->v[t->n++] = (struct mistag){.rule = t->rule,
                                   .platform = cells[0],
                                   .subject_id = cells[1],
                                   .name = cells[2],
                                   .problem = cells[3],
                                   .spend = known ? engine_cell_f64(ch, 4, row) : 0,
                                   .spend_known = known};
    t->total = (size_t)engine_cell_i64(ch, 5, row);
}

static int dearest_first(const void *a, const void *b)
{
    const struct mistag *x = a, *y = b;
    if (x->spend_known != y->spend_known)
        return x->spend_known ? -1 : 1;
    if (x->spend != y->spend)
        return x->spend > y->spend ? -1 : 1;
    int c = str_cmp(x->platform, y->platform);
    return c ? c : str_cmp(x->subject_id, y->subject_id);
}

bool catalog_naming(struct govern *g, const struct govern_principal *who, const struct mesh *m, size_t limit, struct arena *a, struct naming *out, struct err *e)
{
    struct buf sql = BUF_INIT((size_t)SQL_MAX);
    struct err why = {0};
    bool ok = true;
    *out = (struct naming){.v = arena_array(a, limit * m->n_naming + 1, sizeof *out->v)};
    for (size_t i = 0; ok && i < m->n_naming; i++) {
        const struct subject *s = subject_of(&m->naming[i]);
        struct taking t = {.a = a, .rule = &m->naming[i], .v = out->v + out->n, .cap = limit};
        if (!s)
            continue;
        buf_reset(&sql);
        put_question(&sql, m, s, &m->naming[i], limit, a);
        ok = buf_ok(&sql, &why) && ask_rows(g, who, buf_str(&sql), (int64_t)limit, take, &t, &why);
        out->n += t.n;
        out->total += t.total;
    }
    buf_fini(&sql);
    (void)e;
    if (!ok)
        out->problem = ask_problem(&why, a);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, dearest_first);
    if (out->n > limit)
        out->n = limit;
    return true;
}
