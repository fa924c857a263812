/* Words for people; a rule that reaches only what the asker does not see is not told by its routes. */
#include "serve/policy_words.h"

#include "serve/put.h"

enum { WORDS_MAX = 64 << 10, DAY_S = 86400 };

/* ---- what may be named ---- */

static bool pattern_seen(struct call *c, struct str pattern)
{
    struct str rest, domain = str_cut(pattern, '.', &rest);
    return str_eq(pattern, STR("*")) || call_sees(c, rest.p && str_eq(rest, STR("*")) ? domain : pattern);
}

struct mesh_strs words_seen(struct call *c, struct mesh_strs products)
{
    struct mesh_strs out = {arena_array(c->a, products.n + 1, sizeof *out.v), 0};
    for (size_t i = 0; i < products.n; i++)
        if (pattern_seen(c, products.v[i]))
            out.v[out.n++] = products.v[i];
    return out;
}

/* ---- lists ---- */

static void put_joined(struct buf *b, struct mesh_strs list, const char *last)
{
    for (size_t i = 0; i < list.n; i++) {
        buf_addz(b, i == 0 ? "" : i + 1 == list.n ? last : ", ");
        buf_add(b, list.v[i]);
    }
}

static void put_products(struct call *c, struct buf *b, struct mesh_strs products)
{
    struct mesh_strs seen = words_seen(c, products);
    if (products.n == 0 || mesh_strs_have(products, STR("*"))) {
        buf_addz(b, "all products");
        return;
    }
    if (seen.n == 0)
        buf_addz(b, "other products");
    for (size_t i = 0; i < seen.n; i++) {
        struct str rest, domain = str_cut(seen.v[i], '.', &rest);
        bool whole = rest.p && str_eq(rest, STR("*"));
        buf_printf(b, "%s%s%.*s", i == 0 ? "" : i + 1 == seen.n ? " and " : ", ", whole ? "all of " : "", STR_FMT(whole ? domain : seen.v[i]));
    }
}

static struct str title_of(struct call *c, struct str role)
{
    const struct mesh_role *r = policy_role(c->whole, role);
    return r ? r->title : role;
}

static void put_for_roles(struct call *c, struct buf *b, struct mesh_strs roles)
{
    struct mesh_strs titles = {arena_array(c->a, roles.n + 1, sizeof *titles.v), roles.n};
    if (roles.n == 0 || mesh_strs_have(roles, STR("*")))
        return;
    for (size_t i = 0; i < roles.n; i++)
        titles.v[i] = title_of(c, roles.v[i]);
    buf_addz(b, " for ");
    put_joined(b, titles, " and ");
}

static struct str taken(struct call *c, struct buf *b)
{
    struct str s = arena_str(c->a, buf_str(b));
    buf_fini(b);
    return s;
}

/* ---- words ---- */

struct str words_tier(enum mesh_tier t)
{
    static const struct str words[] = {
        [TIER_NONE] = {"not at all", 10},
        [TIER_TEST] = {"as generated rows", 17},
        [TIER_AGGREGATED] = {"as figures over groups of people", 32},
        [TIER_MASKED] = {"with personal values masked", 27},
        [TIER_RAW] = {"as it is", 8},
    };
    return words[t];
}

struct str words_mask(struct call *c, enum mesh_mask k, struct str to)
{
    static const struct str words[] = {
        [MASK_NONE] = {"as it is", 8}, [MASK_PARTIAL] = {"in part", 7},        [MASK_GENERALISE] = {"only coarsely", 13}, [MASK_TOKENISE] = {"as a token that joins", 21},
        [MASK_HASH] = {"as a keyed hash", 15}, [MASK_REDACT] = {"not at all", 10}, [MASK_NULL] = {"as nothing", 10},
    };
    static const struct { const char *to, *words; } coarse[] = {
        {"day", "to the day"}, {"month", "to the month"}, {"year", "to the year"}, {"decade", "to the decade"}, {"prefix2", "by its first two signs"}, {"age_band", "as a band of age"},
    };
    for (size_t i = 0; k == MASK_GENERALISE && i < sizeof coarse / sizeof coarse[0]; i++)
        if (str_eq(to, str_of(coarse[i].to)))
            return arena_printf(c->a, "only %s", coarse[i].words);
    return words[k];
}

static struct str words_grant(struct call *c, const struct mesh_role *role, const struct mesh_grant *g)
{
    struct buf b = BUF_INIT((size_t)WORDS_MAX);
    buf_printf(&b, "%.*s reads ", STR_FMT(role->title));
    put_products(c, &b, g->products);
    buf_printf(&b, " %.*s, for ", STR_FMT(words_tier(g->tier)));
    put_joined(&b, g->purposes, " and ");
    if (g->rows.n)
        buf_printf(&b, ", only rows where %.*s", STR_FMT(g->rows));
    return taken(c, &b);
}

/* For people: without the line breaks that keep a comment inside of its brackets. */
struct str words_condition(struct call *c, struct str condition)
{
    char *p = arena_strz(c->a, condition);
    size_t n = 0;
    for (size_t i = 0; i < condition.n; i++)
        if (p[i] != '\n')
            p[n++] = p[i];
    return (struct str){p, n};
}

struct str words_tier_rule(struct call *c, const struct mesh_tier_rule *r)
{
    struct buf b = BUF_INIT((size_t)WORDS_MAX);
    put_products(c, &b, r->scope.products);
    if (r->scope.class_ != CLASS_UNSET)
        buf_printf(&b, " with %s columns", mesh_class_text(r->scope.class_));
    bool one = r->scope.products.n == 1 && !str_ends(r->scope.products.v[0], STR("*"));
    buf_printf(&b, " %s shown at most %.*s", one ? "is" : "are", STR_FMT(words_tier(r->at_most)));
    put_for_roles(c, &b, r->scope.roles);
    if (b.n && b.p[0] >= 'a' && b.p[0] <= 'z' && str_starts(buf_str(&b), STR("all")))
        b.p[0] = 'A';
    return taken(c, &b);
}

struct str words_rows_rule(struct call *c, const struct mesh_rows_rule *r)
{
    struct buf b = BUF_INIT((size_t)WORDS_MAX);
    buf_addz(&b, "Of ");
    put_products(c, &b, r->scope.products);
    buf_printf(&b, " only rows where %.*s are shown", STR_FMT(r->where));
    put_for_roles(c, &b, r->scope.roles);
    return taken(c, &b);
}

struct str words_mask_rule(struct call *c, const struct mesh_mask_rule *r)
{
    struct buf b = BUF_INIT((size_t)WORDS_MAX);
    if (r->scope.columns.n) {
        buf_addz(&b, r->scope.columns.n > 1 ? "Columns " : "The column ");
        put_joined(&b, r->scope.columns, " and ");
    } else {
        buf_printf(&b, "%s columns", r->scope.class_ == CLASS_SENSITIVE ? "Sensitive" : r->scope.class_ == CLASS_CONFIDENTIAL ? "Confidential" : "Personal");
    }
    if (r->scope.columns.n && r->scope.class_ != CLASS_UNSET)
        buf_printf(&b, " that are %s", mesh_class_text(r->scope.class_));
    if (r->scope.products.n) {
        buf_addz(&b, " of ");
        put_products(c, &b, r->scope.products);
    }
    const char *be = r->scope.columns.n == 1 ? "is" : "are";
    if (r->mask == MASK_REDACT)
        buf_printf(&b, " %s not shown", be);
    else
        buf_printf(&b, " %s shown %.*s", be, STR_FMT(words_mask(c, r->mask, r->to)));
    put_for_roles(c, &b, r->scope.roles);
    return taken(c, &b);
}

struct str words_retention(struct call *c, const struct mesh_retention *r)
{
    struct buf b = BUF_INIT((size_t)WORDS_MAX);
    buf_addz(&b, "Rows of ");
    put_products(c, &b, r->scope.products);
    if (r->scope.class_ != CLASS_UNSET)
        buf_printf(&b, " with %s columns", mesh_class_text(r->scope.class_));
    if (r->purpose.n)
        buf_printf(&b, " kept for %.*s", STR_FMT(r->purpose));
    if (r->keep_s % DAY_S == 0)
        buf_printf(&b, " are %s after %lld day%s", r->anonymise ? "made anonymous" : "deleted", (long long)(r->keep_s / DAY_S),
                   r->keep_s / DAY_S == 1 ? "" : "s");
    else
        buf_printf(&b, " are %s after %lld minutes", r->anonymise ? "made anonymous" : "deleted", (long long)(r->keep_s / 60));
    return taken(c, &b);
}

struct str words_reason(struct call *c, const struct policy_reason *r)
{
    switch (r->what) {
    case POLICY_GRANT:
        return words_grant(c, r->role, r->grant);
    case POLICY_CEILING:
        return words_tier_rule(c, r->ceiling);
    case POLICY_ROWS:
        break;
    }
    return words_rows_rule(c, r->rows);
}

/* ---- as JSON ---- */

void put_place(struct buf *b, struct mesh_pos pos)
{
    put_opt(b, "file", pos.file);
    if (pos.file.n)
        put_int(b, "line", pos.line);
    else
        put_null(b, "line");
}

void put_rule_at(struct buf *b, const char *key, struct str name, struct mesh_pos pos)
{
    put_open(b, key, '{');
    put_opt(b, "name", name);
    put_place(b, pos);
    put_close(b, '}');
}

static void put_grants(struct call *c, struct buf *b, const struct mesh_role *r)
{
    put_open(b, "grants", '[');
    for (size_t i = 0; i < r->n_grants; i++) {
        const struct mesh_grant *g = &r->grants[i];
        struct mesh_strs seen = words_seen(c, g->products);
        if (!seen.n)
            continue;
        put_open(b, NULL, '{');
        put_texts(b, "products", seen.v, seen.n);
        put_str(b, "tier", str_of(mesh_tier_text(g->tier)));
        put_texts(b, "purposes", g->purposes.v, g->purposes.n);
        put_opt(b, "rows", g->rows);
        put_close(b, '}');
    }
    put_close(b, ']');
}

void put_role(struct call *c, struct buf *b, const struct mesh_role *r)
{
    put_open(b, NULL, '{');
    put_str(b, "name", r->name);
    put_opt(b, "title", r->title);
    put_opt(b, "about", r->about);
    put_texts(b, "groups", r->groups.v, r->groups.n);
    put_open(b, "rights", '[');
    for (size_t i = 0; i < r->n_rights; i++) {
        struct mesh_strs domains = {arena_array(c->a, r->rights[i].domains.n + 1, sizeof *domains.v), 0};
        for (size_t k = 0; k < r->rights[i].domains.n; k++)
            if (call_sees(c, r->rights[i].domains.v[k]))
                domains.v[domains.n++] = r->rights[i].domains.v[k];
        if (!r->rights[i].everywhere && !domains.n)
            continue;
        put_open(b, NULL, '{');
        put_str(b, "right", str_of(mesh_right_text(r->rights[i].right)));
        if (r->rights[i].everywhere)
            put_null(b, "domains");
        else
            put_texts(b, "domains", domains.v, domains.n);
        put_close(b, '}');
    }
    put_close(b, ']');
    put_grants(c, b, r);
    put_place(b, r->pos);
    put_close(b, '}');
}

void put_scope(struct call *c, struct buf *b, const struct mesh_scope *s)
{
    struct mesh_strs seen = words_seen(c, s->products);
    if (seen.n)
        put_texts(b, "products", seen.v, seen.n);
    if (s->columns.n)
        put_texts(b, "columns", s->columns.v, s->columns.n);
    if (s->class_ != CLASS_UNSET)
        put_str(b, "classification", str_of(mesh_class_text(s->class_)));
    if (s->roles.n)
        put_texts(b, "roles", s->roles.v, s->roles.n);
}
