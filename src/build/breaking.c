/* A version that breaks its readers: a column that they have is gone, or has another type, and the major is the same. Where the mesh asks for it
 * (`approvals: - {change: breaking}`), such a version waits for the council: readers keep the one they have. */
#include "build/build_int.h"

#include "base/clock.h"
#include "base/fs.h"

enum { WORDS_MAX = 400 };

struct str build_breaking_key(struct arena *a, struct str ref_major)
{
    return arena_printf(a, "council.breaking.%.*s", STR_FMT(ref_major));
}

static bool asked_for(const struct mesh *m)
{
    for (size_t i = 0; i < m->policy.n_approvals; i++)
        if (str_eq(m->policy.approvals[i].change, STR("breaking")))
            return true;
    return false;
}

/* A wider whole number reads as the narrower one did. */
static bool wider(struct str from, struct str to)
{
    static const char *const order[] = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"};
    enum { WIDTHS = sizeof order / sizeof order[0] };
    size_t x = WIDTHS, y = WIDTHS;
    for (size_t i = 0; i < WIDTHS; i++) {
        x = str_eq(from, str_of(order[i])) ? i : x;
        y = str_eq(to, str_of(order[i])) ? i : y;
    }
    return x < WIDTHS && y < WIDTHS && x <= y;
}

static const struct engine_column *column_of(const struct engine_column *v, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(v[i].name, name))
            return &v[i];
    return NULL;
}

/* `said`: for the hash, every column that breaks with both types; `words`: for people. */
static void compare(const struct engine_column *old, size_t n_old, const struct engine_column *now, size_t n_now, struct buf *said, struct buf *words)
{
    for (size_t i = 0; i < n_old; i++) {
        const struct engine_column *c = column_of(now, n_now, old[i].name);
        if (c && (str_eq(c->type_name, old[i].type_name) || wider(old[i].type_name, c->type_name)))
            continue;
        buf_printf(said, "%.*s:%.*s>%.*s\n", STR_FMT(old[i].name), STR_FMT(old[i].type_name), c ? (int)c->type_name.n : 0, c ? c->type_name.p : "");
        buf_addz(words, words->n ? "; " : "");
        if (c)
            buf_printf(words, "%.*s becomes %.*s, was %.*s", STR_FMT(old[i].name), STR_FMT(c->type_name), STR_FMT(old[i].type_name));
        else
            buf_printf(words, "%.*s is gone", STR_FMT(old[i].name));
    }
}

struct str build_breaking_rule(struct arena *a, const struct mesh_port *p)
{
    return arena_printf(a, "contract.%.*s_v%d", STR_FMT(p->name), p->major);
}

static bool approved(const struct build_job *j, const char *sha)
{
    struct str rule = build_breaking_rule(j->a, j->p);
    for (size_t i = 0; i < j->m->policy.n_breaking; i++) {
        const struct mesh_loosening *x = &j->m->policy.breaking[i];
        if (str_eq(x->domain, j->p->product->domain->name) && str_eq(x->rule, rule) && x->approved && strcmp(x->rule_sha.z, sha) == 0)
            return true;
    }
    return false;
}

/* What waits is kept for the council: hash, time, words. */
static bool wait_for_council(struct build_job *j, const char *sha, struct str words)
{
    struct str kept = arena_printf(j->a, "%s\n%lld\n%.*s", sha, (long long)clock_now_us(), STR_FMT(words));
    if (!store_setting_set(j->b->s->store, build_breaking_key(j->a, j->p->ref_major), kept, &j->err))
        return build_ended(j, false);
    err_set(&j->err, E_CHECK_FAILED, "the new version breaks its readers: %.*s", STR_FMT(words));
    err_hint(&j->err, "make it a new major, or have it approved: trellis council approve %.*s.%.*s", STR_FMT(j->p->product->domain->name), STR_FMT(build_breaking_rule(j->a, j->p)));
    j->outcome = OUTCOME_REFUSED;
    return false;
}

bool build_breaking(struct build_job *j, struct str view)
{
    struct engine_column *old = NULL, *now = NULL;
    size_t n_old = 0, n_now = 0;
    struct buf said = BUF_INIT(1 << 20), words = BUF_INIT(WORDS_MAX);
    struct sha sha;
    bool ok = true;
    /* The SQL of identity gives evidence, not rows: its columns are fixed. */
    if (!asked_for(j->m) || j->quiet || j->previous == NULL || j->p->materialization == MATERIALIZED_IDENTITY)
        return true;
    struct str object = build_qualified(j->a, STR("mesh"), STR("built"), j->previous->table_name);
    if (!engine_describe(j->conn, arena_printf(j->a, "SELECT * FROM %.*s", STR_FMT(object)), j->a, &old, &n_old, NULL)) /* it is no longer there */
        return true;
    if (!engine_describe(j->conn, arena_printf(j->a, "SELECT * FROM %.*s", STR_FMT(view)), j->a, &now, &n_now, &j->err))
        return build_ended(j, false);
    compare(old, n_old, now, n_now, &said, &words);
    sha_bytes(buf_str(&said), &sha);
    if (said.n && !approved(j, sha.hex))
        ok = wait_for_council(j, sha.hex, words.failed ? STR("many columns are gone or have another type") : arena_str(j->a, buf_str(&words)));
    else if (!store_setting_set(j->b->s->store, build_breaking_key(j->a, j->p->ref_major), STR(""), &j->err))
        ok = build_ended(j, false);
    buf_fini(&said);
    buf_fini(&words);
    return ok;
}
