/* Erasing, step by step. Every step may be repeated: a process that dies leaves the request running, with all that is looked for sealed in it, and the next
 * start goes on from the beginning. */
#include "privacy/erase.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "collect/suppress.h"
#include "govern/consent.h"
#include "identity/decisions.h"
#include "privacy/erase_int.h"
#include "privacy/receipt.h"

enum { CORPUS_MAX = 32 << 20, COUNTS_MAX = 16 << 20, COMPACT_PATIENCE_MS = 60000, ROUNDS_MAX = 1000, TRIES = 5 };

struct erase {
    const struct privacy *v;
    struct store_privacy *q; /* the request */
    struct person *p;
    struct erase_report *r;
    struct errs *es;
    struct arena *a;
};

/* ---- What was broken off, and what begins ---- */

static bool corpus_keep(struct erase *x, bool begin, struct err *e)
{
    struct buf plain = BUF_INIT((size_t)CORPUS_MAX), sealed = BUF_INIT((size_t)CORPUS_MAX), counts = BUF_INIT((size_t)COUNTS_MAX);
    struct person *p = x->p;
    person_put(p, &plain);
    buf_addc(&counts, '{');
    erase_report_put_done(&counts, x->r);
    buf_addc(&counts, '}');
    bool ok = buf_ok(&plain, e) && buf_ok(&counts, e) && request_seal(x->v->s->data_dir, buf_str(&plain), &sealed, e);
    x->q->sealed = ok ? arena_str(x->a, buf_str(&sealed)) : x->q->sealed;
    x->q->counts = ok && !begin ? arena_str(x->a, buf_str(&counts)) : x->q->counts;
    struct store_suppressed *list;
    size_t n;
    ok = ok && erase_listed(x->v, p, x->a, &list, &n, e) && store_privacy_begin(x->v->s->store, x->q, list, n, e);
    if (plain.p)
        sodium_memzero(plain.p, plain.cap);
    buf_fini(&plain);
    buf_fini(&sealed);
    buf_fini(&counts);
    return ok;
}

static bool begin(struct erase *x, struct err *e)
{
    struct str text;
    if (!request_identifier(x->v->s, x->q, x->a, &text, e))
        return false;
    if (str_starts(text, STR("{"))) { /* goes on */
        erase_report_take(x->r, x->q->counts);
        return person_take(text, &x->p, e);
    }
    if (!person_find(x->v->s, x->v->m, text, &x->p, e))
        return false;
    if (!erase_held(x->v, x->p, x->r, e))
        return false;
    if (x->r->n_held) {
        err_set(e, E_HELD, "a legal hold keeps what is held about this person");
        err_hint(e, "hold %lld: trellis hold list shows it, trellis hold end ends it", (long long)x->r->held[0].hold);
        return false;
    }
    struct person_cleaner *k = NULL; /* whether all of it can be looked for, before anything is done */
    if (!person_cleaner_new(x->p, &k, e))
        return false;
    person_cleaner_free(k);
    x->q->state = STR("running");
    x->q->started_at_us = clock_now_us();
    return corpus_keep(x, true, e);
}

static bool note(struct erase *x, struct str verdict, struct err *e)
{
    struct audit_entry entry = {.kind = AUDIT_ERASURE, .principal = x->v->by, .what = arena_printf(x->a, "privacy request %lld", (long long)x->q->id),
                                .verdict = verdict, .rows = x->r->rows};
    return !x->v->audit || audit_write(x->v->audit, &entry, e);
}

/* ---- Step by step ---- */

/* What waits in the spool is loaded, without the person: it is on the list by now. */
static bool load_waiting(struct erase *x, struct err *e)
{
    struct events_load_options o = {0};
    struct events_report report = {.more = true};
    if (!events_publish(x->v->s, x->v->m, e))
        return false;
    for (int i = 0; x->v->events && report.more && i < ROUNDS_MAX; i++)
        if (!events_load(x->v->events, x->v->m, &o, &report, x->es, e))
            return false;
    return !x->v->events || events_prepare(x->v->events, x->v->m, e); /* the spool learns how far, if it could not be told before: it forgets no more than that */
}

/* Schemas that nobody thought of: a later version's. */
static bool name_unknown(struct erase *x, struct engine_conn *c, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    bool ok = engine_query(c, STR("SELECT DISTINCT schema_name FROM duckdb_tables() WHERE database_name = 'mesh'"), NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++)
            if (!place_find(PLACE_ENGINE, engine_cell_str(ch, 0, row)))
                erase_report_left(x->r, arena_printf(x->a, "mesh.%.*s", STR_FMT(engine_cell_str(ch, 0, row))), STR("tables that this Trellis does not know"));
    engine_result_close(r);
    return ok;
}

static void count_rows(struct erase_report *r, const struct erase_find *f, const char *how)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct erase_table *t = &f->tables[i];
        const struct place *place = place_find(PLACE_ENGINE, t->schema);
        erase_report_add(r, place->title, arena_printf(r->a, "%.*s%s", STR_FMT(t->name), str_eq(t->schema, STR("hist")) ? " (history)" : ""), how, t->rows, t->mentions);
    }
}

static void count_built(struct erase_report *r, const struct mesh *m, const struct erase_find *f)
{
    bool *touched = arena_array(r->a, m->n_ports + 1, sizeof *touched);
    r->built = arena_array(r->a, m->n_ports + 1, sizeof *r->built);
    r->n_built = 0;
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        for (size_t k = 0; k < p->n_inputs && !touched[i]; k++) {
            touched[i] = p->inputs[k].port && touched[p->inputs[k].port->index];
            for (size_t t = 0; p->inputs[k].stream && t < f->n && !touched[i]; t++)
                touched[i] = f->tables[t].stream == p->inputs[k].stream && f->tables[t].rows + f->tables[t].mentions > 0;
        }
        if (touched[i])
            r->built[r->n_built++] = p->is_default ? p->ref : p->ref_major;
    }
}

/* All rows in one transaction. What is looked for is sealed in the request before it commits. */
static bool erase_rows_once(struct erase *x, struct err *e)
{
    struct erase_find f = {.m = x->v->m, .p = x->p, .a = x->a};
    bool open = false, ok = false;
    if (!engine_connect(x->v->s->engine, &f.c, e))
        return false;
    open = engine_exec(f.c, STR("BEGIN"), e);
    if (!open || !erase_find_rows(&f, e) || !erase_names(x->v, &f, x->r, true, e) || !name_unknown(x, f.c, e))
        goto out;
    erase_report_unfollowed(x->r, x->p);
    count_rows(x->r, &f, x->q->anonymise ? "anonymised" : "deleted");
    if (x->r->n_built == 0)
        count_built(x->r, x->v->m, &f);
    if (!(x->q->anonymise ? erase_anonymise_rows(&f, e) : erase_delete_rows(&f, e)) || !erase_other_rows(&f, x->r, true, e) || !corpus_keep(x, false, e))
        goto out;
    fault_crash_point("erase_before_commit");
    ok = engine_exec(f.c, STR("COMMIT"), e);
    open = !ok;
    fault_crash_point("erase_after_commit");
out:
    if (open && !engine_exec(f.c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "privacy", "rollback", "the transaction has already ended");
    engine_disconnect(f.c);
    return ok;
}

/* Nobody loads, builds or states consent meanwhile. What else collides is tried again. */
static bool erase_rows(struct erase *x, struct err *e)
{
    const struct erase_report before = *x->r;
    bool ok = false;
    build_hold(x->v->build);
    events_hold(x->v->events);
    for (int i = 0; i < TRIES && !ok; i++) {
        x->r->n_counts = before.n_counts;
        x->r->rows = before.rows;
        x->r->cells = before.cells;
        *e = (struct err){0};
        consent_hold();
        ok = erase_rows_once(x, e);
        consent_release();
        if (!ok && e->code != E_BUSY)
            break;
    }
    events_release(x->v->events);
    build_release(x->v->build);
    return ok;
}

/* Versions that are not live. One that a kept view still reads stays, and is looked through with the others. */
bool erase_drop_old(struct engine_conn *c, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch;
    struct buf b = BUF_INIT(ERASE_SQL_MAX);
    bool ok = engine_query(c,
                           STR("SELECT v.version_id, v.table_name, (SELECT count(*) FROM duckdb_views() w WHERE w.database_name = 'mesh' AND w.schema_name = 'built' AND w.view_name ="
                               " v.table_name) FROM mesh.sys.port_version v WHERE NOT v.live AND NOT EXISTS (SELECT 1 FROM duckdb_views() w JOIN mesh.sys.port_version l ON l.live AND"
                               " l.table_name = w.view_name WHERE w.database_name = 'mesh' AND w.schema_name = 'built' AND contains(w.sql, v.table_name)) AND NOT EXISTS (SELECT 1 FROM"
                               " mesh.sys.port_version l WHERE l.live AND l.table_name = v.table_name)"),
                           NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch)
        for (size_t row = 0; row < engine_chunk_rows(ch); row++) {
            buf_printf(&b, "DROP %s IF EXISTS mesh.built.", engine_cell_i64(ch, 2, row) ? "VIEW" : "TABLE");
            buf_sql_ident(&b, engine_cell_str(ch, 1, row));
            buf_printf(&b, "; DELETE FROM mesh.sys.port_version WHERE version_id = %lld;", (long long)engine_cell_i64(ch, 0, row));
        }
    engine_result_close(r);
    ok = ok && erase_run(c, &b, e);
    buf_fini(&b);
    return ok;
}


static bool build_again(struct erase *x, struct err *e)
{
    struct build_options o = {.program = x->v->program, .full = true, .trigger = STR("erase")};
    struct build_report report;
    struct engine_conn *c = NULL;
    int64_t rows;
    if (!build_run(x->v->build, x->v->m, &o, &report, x->es, e) || !engine_connect(x->v->s->engine, &c, e))
        return false;
    fault_crash_point("erase_built");
    struct erase_find f = {.c = c, .m = x->v->m, .p = x->p, .a = x->a};
    consent_hold();
    bool ok = erase_drop_old(c, e) && engine_exec(c, STR("BEGIN"), e);
    if (ok) {
        ok = erase_other_rows(&f, NULL, true, e) && erase_sweep_built(&f, &rows, e) && engine_exec(c, STR("COMMIT"), e);
        if (!ok && !engine_exec(c, STR("ROLLBACK"), NULL))
            log_event(LOG_DEBUG, "privacy", "rollback", "the transaction has already ended");
        if (ok)
            erase_report_add(x->r, "products", STR("ports that were not built again"), "deleted", rows, 0);
    }
    consent_release();
    engine_disconnect(c);
    return ok;
}

/* Decisions of people about whom these identifiers belong to: sealed, and gone with the person. */
static bool forget_decisions(struct erase *x, int64_t *rows, bool act, struct err *e)
{
    unsigned char key[SECRET_BYTES];
    struct decision_made *d;
    size_t n;
    *rows = 0;
    if (!secret_key(x->v->s->data_dir, IDENTITY_KEY_FILE, key, e) || !decisions_read(x->v->s->store, key, x->a, &d, &n, e))
        return false;
    sodium_memzero(key, sizeof key);
    for (size_t i = 0; i < n; i++) {
        bool theirs = false;
        for (size_t k = 0; k < d[i].n_out + d[i].n_rest; k++) {
            const struct identifier *y = k < d[i].n_out ? &d[i].out[k] : &d[i].rest[k - d[i].n_out];
            for (size_t m = 0; m < x->p->n_identifiers && !theirs; m++)
                theirs = str_eq(y->kind, x->p->identifiers[m].kind) && str_eq_nocase(str_trim(y->value), str_trim(x->p->identifiers[m].value));
        }
        if (!theirs)
            continue;
        ++*rows;
        if (act && !store_decision_forget(x->v->s->store, d[i].id, e))
            return false;
    }
    return true;
}

static bool clean_store(struct erase *x, bool act, struct err *e)
{
    struct person_cleaner *k = NULL;
    struct str *names;
    size_t n;
    int64_t rows;
    bool ok = forget_decisions(x, &rows, act, e) && person_cleaner_new(x->p, &k, e) && store_tables(x->v->s->store, x->a, &names, &n, e);
    if (ok)
        erase_report_add(x->r, "decisions about identities", STR("identity_decision"), "deleted", rows, 0);
    for (size_t i = 0; ok && i < n; i++) {
        const struct place *place = place_find(PLACE_TABLE, names[i]);
        if (place && place->how != PLACE_TEXTS)
            continue;
        ok = act ? store_table_clean(x->v->s->store, names[i], person_clean, k, &rows, e) : store_table_find(x->v->s->store, names[i], person_clean, k, &rows, e);
        if (ok)
            erase_report_add(x->r, place ? place->title : "control store", names[i], "blanked", 0, rows);
    }
    person_cleaner_free(k);
    return ok && (!act || store_holds_forget(x->v->s->store, STR(PERSON_ERASED), e));
}

static bool forget_audit(struct erase *x, struct err *e)
{
    for (size_t i = 0; x->v->audit && i < x->p->customer_ids.n; i++) {
        int64_t n;
        if (!audit_forget(x->v->audit, x->p->customer_ids.v[i], &n, e))
            return false;
        erase_report_add(x->r, "audit", STR("entries whose pseudonym has no key any more"), "blanked", 0, n);
    }
    return true;
}

static bool write_receipt(struct erase *x, struct err *e)
{
    struct buf b = BUF_INIT((size_t)COUNTS_MAX), text = BUF_INIT((size_t)COUNTS_MAX);
    unsigned char key[SECRET_BYTES];
    struct receipt_id id;
    receipt_id_make(&id);
    bool ok = secret_key(x->v->s->data_dir, SUPPRESS_KEY_FILE, key, e);
    struct clock_text at = clock_iso(clock_now_us()), received = clock_iso(x->q->received_at_us);
    buf_printf(&b, "{\"receipt_id\":\"%s\",\"kind\":\"erasure\",\"at\":\"%s\",\"received_at\":\"%s\",\"request\":%lld,\"mode\":\"%s\",\"by\":", id.z, at.z, received.z, (long long)x->q->id,
               x->q->anonymise ? "anonymise" : "delete");
    buf_json_str(&b, x->v->by);
    buf_addz(&b, ",\"identifiers\":[");
    for (size_t i = 0, n = 0; ok && i < x->p->n_identifiers; i++) {
        struct suppress_hash h;
        if (x->p->identifiers[i].shared)
            continue;
        suppress_hash(key, x->p->identifiers[i].kind, x->p->identifiers[i].value, &h);
        buf_addz(&b, n++ ? ",{\"kind\":" : "{\"kind\":");
        buf_json_str(&b, x->p->identifiers[i].kind);
        buf_printf(&b, ",\"hash\":\"%s\"}", h.z);
    }
    buf_addz(&b, "],");
    erase_report_put_done(&b, x->r);
    buf_addc(&b, '}');
    sodium_memzero(key, sizeof key);
    ok = ok && buf_ok(&b, e) && receipt_keep(x->v->s->data_dir, str_of(id.z), buf_str(&b), &text, e);
    if (ok)
        x->r->receipt_id = x->q->receipt_id = arena_str(x->a, str_of(id.z));
    buf_fini(&b);
    buf_fini(&text);
    return ok;
}

static bool steps(struct erase *x, struct err *e)
{
    fault_crash_point("erase_begun");
    if (!load_waiting(x, e))
        return false;
    fault_crash_point("erase_loaded");
    if (!erase_rows(x, e))
        return false;
    if (!build_again(x, e))
        return false;
    fault_crash_point("erase_swept");
    if (!load_waiting(x, e) || !erase_files(x->v, x->p, x->r, true, e))
        return false;
    fault_crash_point("erase_files");
    if (!clean_store(x, true, e))
        return false;
    fault_crash_point("erase_store");
    if (!forget_audit(x, e))
        return false;
    fault_crash_point("erase_cleaned");
    if (!engine_compact(x->v->s->engine, COMPACT_PATIENCE_MS, e))
        return false;
    fault_crash_point("erase_compacted");
    if (!write_receipt(x, e))
        return false;
    fault_crash_point("erase_receipt");
    /* First the file without what was blanked, then the word that it is done: a request that is closed is not gone on with. */
    if (!store_vacuum(x->v->s->store, e))
        return false;
    fault_crash_point("erase_vacuumed");
    if (!request_close(x->v->s, x->q, STR("done"), x->q->answer, x->v->by, e))
        return false;
    fault_crash_point("erase_closed");
    return store_empty_log(x->v->s->store, e) && note(x, STR("ok"), e);
}

bool erase_do(const struct privacy *v, struct store_privacy *q, struct erase_report *r, struct errs *es, struct err *e)
{
    struct erase x = {.v = v, .q = q, .r = r, .es = es, .a = r->a};
    struct err ignored = {0};
    if (q->closed_at_us)
        return err_set(e, E_USAGE, "request %lld is closed", (long long)q->id);
    bool ok = begin(&x, e);
    if (x.p)
        erase_report_person(r, x.p);
    ok = ok && note(&x, STR("begun"), e) && steps(&x, e);
    if (!ok && str_eq(q->state, STR("running"))) {
        q->problem = arena_str(r->a, str_of(e->text));
        if (!store_privacy_write(v->s->store, q, &ignored))
            log_err(LOG_ERROR, "privacy", "problem_not_noted", &ignored);
    }
    person_free(x.p);
    return ok;
}

bool erase_look(const struct privacy *v, struct str identifier, bool anonymise, struct erase_report *r, struct err *e)
{
    struct store_privacy none = {.anonymise = anonymise};
    struct errs es = {0};
    struct erase x = {.v = v, .q = &none, .r = r, .es = &es, .a = r->a};
    struct erase_find f = {.m = v->m, .a = r->a};
    bool ok = false;
    if (!person_find(v->s, v->m, identifier, &x.p, e))
        return false;
    f.p = x.p;
    erase_report_person(r, x.p);
    if (!erase_held(v, x.p, r, e) || !engine_connect(v->s->engine, &f.c, e))
        goto out;
    if (engine_exec(f.c, STR("BEGIN"), e)) {
        ok = erase_find_rows(&f, e) && erase_names(v, &f, r, false, e) && name_unknown(&x, f.c, e);
        erase_report_unfollowed(r, x.p);
        if (ok)
            count_rows(r, &f, anonymise ? "anonymised" : "deleted");
        count_built(r, v->m, &f);
        ok = ok && erase_other_rows(&f, r, false, e);
        if (!engine_exec(f.c, STR("ROLLBACK"), NULL))
            log_event(LOG_DEBUG, "privacy", "rollback", "a look has ended already");
    }
    engine_disconnect(f.c);
    ok = ok && erase_files(v, x.p, r, false, e) && clean_store(&x, false, e);
out:
    person_free(x.p);
    return ok;
}
