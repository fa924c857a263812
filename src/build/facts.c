/* What the ledger says, arranged by port and by stream: live versions and loaded files. Read once per plan, run or status. */
#include "build/build_int.h"

#include <stdlib.h>

#include "govern/consent.h"
#include "identity/identity.h"
#include "mesh/functions.h"

static int by_address(const void *a, const void *b)
{
    const struct mesh_stream *x = *(const struct mesh_stream *const *)a, *y = *(const struct mesh_stream *const *)b;
    return (uintptr_t)x < (uintptr_t)y ? -1 : (uintptr_t)x > (uintptr_t)y;
}

/* streams_by_address is sorted; stream_index[i] is the place of streams_by_address[i] in m->streams. */
static void index_streams(const struct mesh *m, struct arena *a, struct build_facts *f)
{
    f->streams_by_address = arena_array(a, m->n_streams + 1, sizeof *f->streams_by_address);
    f->stream_index = arena_array(a, m->n_streams + 1, sizeof *f->stream_index);
    for (size_t i = 0; i < m->n_streams; i++)
        f->streams_by_address[i] = m->streams[i];
    qsort(f->streams_by_address, m->n_streams, sizeof *f->streams_by_address, by_address);
    for (size_t i = 0; i < m->n_streams; i++) {
        const struct mesh_stream *st = m->streams[i];
        const struct mesh_stream **at =
            bsearch(&st, f->streams_by_address, m->n_streams, sizeof *f->streams_by_address, by_address);
        f->stream_index[at - f->streams_by_address] = i;
    }
}

size_t build_stream_index(const struct build_facts *f, const struct mesh *m, const struct mesh_stream *st)
{
    const struct mesh_stream **at = bsearch(&st, f->streams_by_address, m->n_streams, sizeof *f->streams_by_address, by_address);
    return at == NULL ? SIZE_MAX : f->stream_index[at - f->streams_by_address];
}

bool build_is_keyed(const struct mesh_port *p)
{
    return p->materialization == MATERIALIZED_BY_KEY || p->materialization == MATERIALIZED_IDENTITY;
}

/* Versions of event streams count batches, as ids of files count files. */
static bool read_event_streams(struct engine_conn *c, const struct mesh *m, struct build_facts *f, struct err *e)
{
    struct engine_result *r = NULL;
    struct engine_chunk *ch = NULL;
    bool any = false;
    for (size_t i = 0; i < m->n_streams; i++)
        any |= m->streams[i]->source->events != NULL;
    if (!any)
        return true;
    bool ok = engine_query(c, STR("SELECT stream, version FROM mesh.sys.event_stream"), NULL, 0, &r, e);
    while (ok && (ok = engine_result_next(r, &ch, e)) && ch != NULL)
        for (size_t i = 0; i < engine_chunk_rows(ch); i++) {
            const struct mesh_stream *st = mesh_find_stream(m, engine_cell_str(ch, 0, i));
            if (st != NULL && st->source->events != NULL)
                f->stream_newest[build_stream_index(f, m, st)] = engine_cell_i64(ch, 1, i);
        }
    engine_result_close(r);
    return ok;
}

bool build_facts_read(struct engine_conn *c, const struct mesh *m, struct arena *a, struct build_facts *out, struct err *e)
{
    *out = (struct build_facts){0};
    if (!consent_said_mark(c, &out->said, e) || !ledger_versions_live(c, a, &out->live, &out->n_live, e) || !ledger_files(c, a, STR(""), &out->files, &out->n_files, e))
        return false;
    out->by_port = arena_array(a, m->n_ports + 1, sizeof *out->by_port);
    out->stream_newest = arena_array(a, m->n_streams + 1, sizeof *out->stream_newest);
    index_streams(m, a, out);
    for (size_t i = 0; i < out->n_live; i++) {
        const struct mesh_port *p = mesh_find_port(m, out->live[i].port);
        if (p != NULL && str_eq(p->ref_major, out->live[i].port))
            out->by_port[p->index] = &out->live[i];
    }
    for (size_t i = 0; i < out->n_files; i++) {
        const struct ledger_file *file = &out->files[i];
        const struct mesh_stream *st = mesh_find_stream(m, file->stream);
        if (file->file_id > out->newest_file)
            out->newest_file = file->file_id;
        if (st == NULL)
            continue;
        int64_t *newest = &out->stream_newest[build_stream_index(out, m, st)];
        if (file->file_id > *newest)
            *newest = file->file_id;
    }
    return read_event_streams(c, m, out, e);
}

bool build_facts_identity(struct state *s, const struct mesh *m, struct arena *a, struct build_facts *f, struct err *e)
{
    struct buf b = BUF_INIT(BUILD_SQL_MAX);
    bool any = false;
    for (size_t i = 0; i < m->n_ports; i++)
        any |= m->ports[i]->materialization == MATERIALIZED_IDENTITY;
    bool ok = !any || (identity_print(s, m, &b, e) && buf_ok(&b, e));
    f->identity = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return ok;
}

struct printing {
    const struct mesh *m;
    const struct build_facts *f;
    bool *seen; /* views, by port index */
    bool keyed; /* views are looked through: being made again is no change of what they show */
    struct buf data, bound;
};

/* What p reads, and what lies behind the views among it. */
static void print_inputs(struct printing *w, const struct mesh_port *p, bool direct)
{
    if (mesh_function_called(p->sql, MESH_CONSENT_SAID))
        buf_printf(&w->data, "said=%lld\n", (long long)w->f->said);
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        const struct ledger_version *v = in->port != NULL ? w->f->by_port[in->port->index] : NULL;
        bool view = in->port != NULL && in->port->materialization == MATERIALIZED_VIEW;
        int64_t id = v != NULL ? v->version_id : 0;
        if (in->stream != NULL)
            id = w->f->stream_newest[build_stream_index(w->f, w->m, in->stream)];
        if (!(view && w->keyed))
            buf_printf(&w->data, "%.*s=%lld\n", STR_FMT(in->ref), (long long)id);
        if (direct && in->port != NULL && v != NULL && build_is_keyed(in->port))
            buf_printf(&w->bound, "%.*s=%.*s\n", STR_FMT(in->ref), STR_FMT(v->table_name));
        else if (direct && !(in->stream != NULL && in->stream->source->events != NULL))
            buf_printf(&w->bound, "%.*s=%lld\n", STR_FMT(in->ref), (long long)id);
        if (!view || w->seen[in->port->index])
            continue;
        w->seen[in->port->index] = true;
        print_inputs(w, in->port, false);
    }
}

void build_print_data(const struct mesh *m, const struct build_facts *f, const struct mesh_port *p, struct build_print *print)
{
    struct printing w = {.m = m, .f = f, .keyed = build_is_keyed(p), .data = BUF_INIT(BUILD_SQL_MAX), .bound = BUF_INIT(BUILD_SQL_MAX)};
    w.seen = mem_alloc(m->n_ports + 1);
    print_inputs(&w, p, true);
    if (p->materialization == MATERIALIZED_IDENTITY)
        buf_add(&w.data, f->identity);
    build_part_of(buf_str(&w.data), &print->data);
    build_part_of(buf_str(&w.bound), &print->bound);
    print->files = f->newest_file;
    buf_fini(&w.data);
    buf_fini(&w.bound);
    mem_free(w.seen);
}

/* Days of the stream's files that came after `since`. False: one of them does not say its days, or took away others' rows; of
 * events it is not known. */
static bool stream_touched(const struct build_facts *f, const struct mesh_stream *st, int64_t since, bool *any, int32_t *day)
{
    if (st->source->events != NULL)
        return false;
    for (size_t i = 0; i < f->n_files; i++) {
        const struct ledger_file *file = &f->files[i];
        if (file->file_id <= since || !str_eq(file->stream, st->ref))
            continue;
        if (!file->has_days || st->load == LOAD_SNAPSHOT)
            return false;
        if (!*any || file->day_from < *day)
            *day = file->day_from;
        *any = true;
    }
    return true;
}

/* `seen` keeps, by port, the widest lookback with which it was visited (plus one), so that a diamond is not walked for ever. */
static bool port_touched(const struct build_facts *f, const struct mesh_port *p, int64_t since, int wider, int *seen, bool *any,
                         int32_t *day)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        if (in->stream != NULL) {
            bool some = false;
            int32_t first = 0;
            if (!stream_touched(f, in->stream, since, &some, &first))
                return false;
            if (some && (!*any || first - wider < *day))
                *day = first - wider;
            *any |= some;
            continue;
        }
        if (in->port == NULL)
            continue;
        int next = wider + (in->port->lookback_days > 0 ? in->port->lookback_days : 0);
        if (seen[in->port->index] > next)
            continue;
        seen[in->port->index] = next + 1;
        if (!port_touched(f, in->port, since, next, seen, any, day))
            return false;
    }
    return true;
}

bool build_facts_touched(const struct mesh *m, const struct build_facts *f, const struct mesh_port *p, int64_t since_file,
                         bool *any, int32_t *day)
{
    int *seen = mem_alloc((m->n_ports + 1) * sizeof *seen);
    *any = false;
    *day = 0;
    bool known = port_touched(f, p, since_file, 0, seen, any, day);
    mem_free(seen);
    return known;
}
