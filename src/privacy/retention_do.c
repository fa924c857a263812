/* Taking away what is too old: rows of streams in one transaction, then every product that reads them, or that holds such rows itself, built whole again
 * (the builder leaves out what rules take away), then versions from before, and the file written anew where much was freed. */
#include "privacy/retention_int.h"

#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "privacy/erase_int.h"

enum { SALT_BYTES = 16, COMPACT_ROWS = 50000, COMPACT_PATIENCE_MS = 60000 };

static bool note(const struct privacy *v, const struct retention_report *r, const char *verdict, struct err *e)
{
    const struct audit_entry x = {.kind = AUDIT_RETENTION, .principal = v->by, .what = STR("retention"), .verdict = str_of(verdict), .rows = r->rows};
    return !v->audit || audit_write(v->audit, &x, e);
}

static bool take_rows(struct engine_conn *c, struct retention_report *r, struct err *e)
{
    unsigned char bytes[SALT_BYTES];
    char salt[2 * SALT_BYTES + 1];
    struct engine_param p = {.type = ENGINE_TEXT};
    bool ok = engine_exec(c, STR("BEGIN"), e);
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(salt, sizeof salt, bytes, sizeof bytes);
    p.s = str_of(salt);
    for (size_t i = 0; ok && i < r->n; i++) {
        const struct retention_place *x = &r->places[i];
        int64_t changed;
        if (x->rows == 0 || strcmp(x->how, "rows") != 0)
            continue;
        if (x->rule->anonymise)
            ok = engine_value_i64(c, arena_printf(r->a, "UPDATE %.*s SET %.*s WHERE %.*s", STR_FMT(x->table), STR_FMT(x->set), STR_FMT(x->where)),
                                  &p, str_find(x->set, STR("$1"), 0) != SIZE_MAX, &changed, e);
        else
            ok = engine_value_i64(c, arena_printf(r->a, "DELETE FROM %.*s WHERE %.*s", STR_FMT(x->table), STR_FMT(x->where)), NULL, 0, &changed, e);
    }
    fault_crash_point("retention_before_commit");
    ok = ok && engine_exec(c, STR("COMMIT"), e);
    if (!ok && !engine_exec(c, STR("ROLLBACK"), NULL))
        log_event(LOG_DEBUG, "retention", "rollback", "already ended");
    sodium_memzero(salt, sizeof salt);
    return ok;
}

/* Ports that hold such rows, that read a stream that was touched, and all that read those. In build order, so one pass is enough. */
static size_t affected(const struct privacy *v, const struct retention_report *r, struct str **out)
{
    const struct mesh *m = v->m;
    bool *hit = arena_array(r->a, m->n_ports + 1, sizeof *hit);
    size_t n = 0;
    *out = arena_array(r->a, m->n_ports + 1, sizeof **out);
    for (size_t i = 0; i < r->n; i++)
        if (r->places[i].port && r->places[i].rows > 0)
            hit[r->places[i].port->index] = true;
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        for (size_t k = 0; k < p->n_inputs && !hit[i]; k++) {
            const struct mesh_input *in = &p->inputs[k];
            hit[i] = in->port && hit[in->port->index];
            for (size_t x = 0; in->stream && x < r->n && !hit[i]; x++)
                hit[i] = r->places[x].stream == in->stream && r->places[x].rows > 0 && strcmp(r->places[x].kind, "stream") == 0;
        }
        if (hit[i])
            (*out)[n++] = p->ref_major;
    }
    return n;
}

static bool build_again(const struct privacy *v, struct retention_report *r, struct errs *es, struct err *e)
{
    struct build_options o = {.program = v->program, .full = true, .trigger = STR("retention")};
    struct build_report report = {0};
    struct str *ports;
    o.n_ports = affected(v, r, &ports);
    o.ports = ports;
    if (o.n_ports == 0)
        return true;
    if (!build_run(v->build, v->m, &o, &report, es, e))
        return false;
    if (report.failed + report.refused > 0)
        retention_problem(r, arena_printf(r->a, "%zu products could not be built again (run %lld says why): they still show their last good version", report.failed + report.refused,
                                          (long long)report.run_id));
    return true;
}

bool retention_do(const struct privacy *v, struct retention_report *r, struct errs *es, struct err *e)
{
    struct engine_conn *c = NULL;
    int64_t begun = clock_mono_us();
    struct err late = {0};
    if (!retention_look(v, r, e))
        return false;
    r->dry_run = false;
    if (r->rows > 0) {
        if (!note(v, r, "begun", e) || !engine_connect(v->s->engine, &c, e))
            return false;
        bool ok = take_rows(c, r, e) && build_again(v, r, es, e) && erase_drop_old(c, e);
        engine_disconnect(c);
        if (!ok)
            return false;
        fault_crash_point("retention_built");
        /* What was deleted leaves the file's free pages with the copy; a moment without readers may have to be waited for until the next day. */
        if (r->rows >= COMPACT_ROWS && !(r->compacted = engine_compact(v->s->engine, COMPACT_PATIENCE_MS, &late)))
            retention_problem(r, arena_printf(r->a, "the data file was not written anew: %s", late.text));
    }
    r->elapsed_us = clock_mono_us() - begun;
    return retention_report_keep(v, r, e) && note(v, r, "ok", e);
}
