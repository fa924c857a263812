#include "identity/rules.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "base/mem.h"

/* A pattern of RE2 is linear by its nature; here the steps are counted instead, and one that needs more does not match. */
enum { MATCH_STEPS = 100000, SQL_MAX = 1 << 20 };

struct pattern { uint32_t kind; pcre2_code *code; }; /* kind RESOLVE_NONE: every kind */
struct rules {
    struct arena arena;
    const struct mesh_identity *m; /* a copy */
    struct resolve_rules rules;
    struct pattern *patterns;
    size_t n_patterns;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static bool pattern_add(struct rules *x, uint32_t kind, struct str text, struct err *e)
{
    int code;
    PCRE2_SIZE at;
    pcre2_code *p = pcre2_compile((PCRE2_SPTR)(text.p ? text.p : ""), text.n, PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
    if (!p) {
        err_set(e, E_SCHEMA, "the pattern \"%.*s\" of blocked identifiers is not understood at character %zu", STR_FMT(text), (size_t)at + 1);
        err_hint(e, "mend it in governance/identity.yaml");
        return false;
    }
    (void)pcre2_jit_compile(p, PCRE2_JIT_COMPLETE); /* where it cannot be, it is interpreted */
    x->patterns[x->n_patterns++] = (struct pattern){kind, p};
    return true;
}

static bool is_listed(struct str value, const struct str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(value, v[i]))
            return true;
    return false;
}

static bool is_blocked(void *ctx, uint32_t kind, struct str value)
{
    const struct rules *x = ctx;
    const struct mesh_identifier_kind *k = &x->m->kinds[kind];
    struct str trimmed = str_trim(value);
    if (is_listed(trimmed, x->m->blocked, x->m->n_blocked) || is_listed(trimmed, k->blocked, k->n_blocked))
        return true;
    for (size_t i = 0; i < x->n_patterns; i++)
        if ((x->patterns[i].kind == RESOLVE_NONE || x->patterns[i].kind == kind) &&
            pcre2_match(x->patterns[i].code, (PCRE2_SPTR)value.p, value.n, 0, PCRE2_NO_UTF_CHECK, x->match, x->limits) >= 0)
            return true;
    return false;
}

static struct str *texts_copy(struct arena *a, const struct str *v, size_t n)
{
    struct str *out = arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = arena_str(a, v[i]);
    return out;
}

/* A declaration goes when a newer one comes; what it says of identities may be in use for longer. */
static const struct mesh_identity *copy_of(const struct mesh_identity *m, struct arena *a)
{
    struct mesh_identity *c = arena_alloc(a, sizeof *c);
    *c = *m;
    c->kinds = arena_array(a, m->n_kinds + 1, sizeof *c->kinds);
    for (size_t i = 0; i < m->n_kinds; i++) {
        struct mesh_identifier_kind *k = &c->kinds[i];
        *k = m->kinds[i];
        k->name = arena_str(a, k->name);
        k->title = arena_str(a, k->title);
        k->normalise = arena_str(a, k->normalise);
        k->blocked = texts_copy(a, k->blocked, k->n_blocked);
        k->patterns = texts_copy(a, k->patterns, k->n_patterns);
    }
    c->blocked = texts_copy(a, m->blocked, m->n_blocked);
    c->patterns = texts_copy(a, m->patterns, m->n_patterns);
    return c;
}

bool rules_open(const struct mesh_identity *declared, struct rules **out, struct err *e)
{
    struct rules *x = mem_alloc(sizeof *x);
    arena_init(&x->arena);
    const struct mesh_identity *m = copy_of(declared, &x->arena);
    struct resolve_kind *kinds = mem_alloc((m->n_kinds + 1) * sizeof *kinds);
    size_t n = m->n_patterns;
    bool good = true;
    *out = NULL;
    x->m = m;
    x->match = pcre2_match_data_create(1, NULL);
    x->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(x->limits, MATCH_STEPS);
    for (size_t i = 0; i < m->n_kinds; i++) {
        const struct mesh_identifier_kind *k = &m->kinds[i];
        kinds[i] = (struct resolve_kind){k->name, k->limit > 0 ? (uint32_t)k->limit : 0, k->per_s > INT64_MAX / 1000000 ? 0 : k->per_s * 1000000};
        n += k->n_patterns;
    }
    x->patterns = mem_alloc((n + 1) * sizeof *x->patterns);
    for (size_t i = 0; i < m->n_patterns && good; i++)
        good = pattern_add(x, RESOLVE_NONE, m->patterns[i], e);
    for (size_t i = 0; i < m->n_kinds; i++)
        for (size_t k = 0; k < m->kinds[i].n_patterns && good; k++)
            good = pattern_add(x, (uint32_t)i, m->kinds[i].patterns[k], e);
    x->rules = (struct resolve_rules){.kinds = kinds, .n_kinds = m->n_kinds, .blocked = is_blocked, .blocked_ctx = x};
    if (good && m->n_kinds > RESOLVE_KINDS_MAX)
        good = err_set(e, E_TOO_LARGE, "%zu kinds of identifiers are declared; at most %d can be", m->n_kinds, RESOLVE_KINDS_MAX);
    if (!good) {
        rules_close(x);
        return false;
    }
    *out = x;
    return true;
}

void rules_close(struct rules *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->n_patterns; i++)
        pcre2_code_free(x->patterns[i].code);
    pcre2_match_data_free(x->match);
    pcre2_match_context_free(x->limits);
    mem_free((void *)x->rules.kinds);
    mem_free(x->patterns);
    arena_fini(&x->arena);
    mem_free(x);
}

const struct resolve_rules *rules_of(const struct rules *x)
{
    return &x->rules;
}

uint32_t rules_kind(const struct rules *x, struct str name)
{
    for (size_t i = 0; i < x->m->n_kinds; i++)
        if (str_eq(x->m->kinds[i].name, name))
            return (uint32_t)i;
    return RESOLVE_KIND_UNKNOWN;
}

struct str rules_kind_name(const struct rules *x, uint32_t kind)
{
    return kind == RESOLVE_KIND_EVIDENCE ? STR("evidence") : kind < x->m->n_kinds ? x->m->kinds[kind].name : STR("?");
}

struct str rules_kind_sql(const struct rules *x, struct arena *a, const char *from)
{
    struct buf b = BUF_INIT(SQL_MAX);
    buf_printf(&b, "CASE WHEN %skind IN (''", from);
    for (size_t i = 0; i < x->m->n_kinds; i++) {
        buf_addz(&b, ", ");
        buf_sql_text(&b, x->m->kinds[i].name);
    }
    buf_printf(&b, ") THEN %skind ELSE '?' END", from);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}

/* How a value is made comparable: its SQL, where %1$s stands for the table. */
static const struct { const char *normalise, *sql; } forms[] = {
    {"email", "lower(trim(%1$svalue))"},
    {"lower", "lower(trim(%1$svalue))"},
    {"digits", "regexp_replace(%1$svalue, '[^0-9]', '', 'g')"},
    /* +49 30 1 and 0049 30 1 are one number */
    {"phone", "regexp_replace(regexp_replace(%1$svalue, '[^0-9+]|(.)\\+', '\\1', 'g'), '^00', '+')"},
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
struct str rules_value_sql(const struct rules *x, struct arena *a, const char *from)
{
    struct buf b = BUF_INIT(SQL_MAX);
    buf_addz(&b, "coalesce(CASE ");
    buf_printf(&b, "%skind", from);
    for (size_t i = 0; i < x->m->n_kinds; i++)
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
            if (str_eq(x->m->kinds[i].normalise, str_of(forms[f].normalise))) {
                buf_addz(&b, " WHEN ");
                buf_sql_text(&b, x->m->kinds[i].name);
                buf_addz(&b, " THEN ");
                buf_printf(&b, forms[f].sql, from);
            }
    buf_printf(&b, " WHEN '' THEN '' ELSE trim(%svalue) END, '')", from);
    struct str s = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return s;
}
#pragma GCC diagnostic pop
