/* Asking the audit log: by who, what, kind, purpose, time, and whom it concerns. */
#include "govern/audit_int.h"

enum { PEOPLE_MAX = 20, LIMIT_DEFAULT = 50 };

bool audit_reader(struct audit *a, struct store **out, struct err *e)
{
    return store_audit_open(a->path, true, out, e);
}

/* The pseudonyms of customer_ids with commas between; those that the log does not know are left out. */
static bool people(struct audit *a, struct arena *arena, struct str ids, struct str **out, size_t *n, struct err *e)
{
    bool ok = true;
    *out = arena_array(arena, PEOPLE_MAX, sizeof **out);
    *n = 0;
    pthread_mutex_lock(&a->person_lock);
    for (struct str rest = ids; ok && rest.p && rest.n && *n < PEOPLE_MAX;) {
        struct audit_pseudonym p;
        ok = audit_pseudonym(a, str_trim(str_cut(rest, ',', &rest)), false, &p, e);
        if (ok && p.z[0])
            (*out)[(*n)++] = arena_str(arena, str_of(p.z));
    }
    pthread_mutex_unlock(&a->person_lock);
    return ok;
}

static void shown(const struct store_audit *x, bool this_one, struct audit_entry *out)
{
    *out = (struct audit_entry){.id = x->id,
                                .at_us = x->at_us,
                                .kind = (enum audit_kind)audit_kind_find(x->kind),
                                .principal = x->principal,
                                .roles = x->roles,
                                .purpose = x->purpose,
                                .what = x->what,
                                .sql_shape = x->sql_shape,
                                .verdict = x->verdict,
                                .detail = x->detail,
                                .person = !x->person.n ? STR("")
                                          : this_one   ? STR("this")
                                                       : STR("somebody"),
                                .rows = x->rows,
                                .bytes = x->bytes,
                                .elapsed_us = x->elapsed_us,
                                .quiet = x->quiet};
}

/* "web.page_v1" without its version: questions name most ports so. */
static struct str bare(struct str ref)
{
    size_t n = ref.n;
    while (n > 0 && ref.p[n - 1] >= '0' && ref.p[n - 1] <= '9')
        n--;
    return n < ref.n && n > 2 && ref.p[n - 1] == 'v' && ref.p[n - 2] == '_' ? (struct str){ref.p, n - 2} : STR("");
}

bool audit_find(struct audit *a, struct arena *arena, const struct audit_ask *ask, struct audit_entry **out, size_t *n,
                struct err *e)
{
    struct store *s = NULL;
    struct store_audit *v;
    struct str *persons;
    struct store_audit_ask q = {
        .kind = ask->kind >= 0 && ask->kind < AUDIT_KIND_COUNT ? str_of(audit_kind_text((enum audit_kind)ask->kind)) : STR(""),
        .principal = ask->principal,
        .what = ask->what,
        .what_bare = bare(ask->what),
        .purpose = ask->purpose,
        .text = ask->text,
        .any_person = ask->person.n > 0,
        .refused = ask->refused,
        .quiet = ask->programs,
        .from_us = ask->from_us,
        .to_us = ask->to_us,
        .before_id = ask->before_id,
        .limit = ask->limit ? ask->limit : LIMIT_DEFAULT};
    *n = 0;
    *out = NULL;
    if (!audit_flush(a, e) || !people(a, arena, ask->person, &persons, &q.n_persons, e))
        return false;
    q.persons = persons;
    if (!audit_reader(a, &s, e))
        return false;
    bool ok = store_audit_find(s, arena, &q, &v, n, e);
    store_close(s);
    if (!ok)
        return false;
    *out = arena_array(arena, *n + 1, sizeof **out);
    for (size_t i = 0; i < *n; i++)
        shown(&v[i], q.any_person, &(*out)[i]);
    return true;
}
