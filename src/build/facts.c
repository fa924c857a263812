/* What the ledger says, arranged by port and by stream: live versions and loaded files. Read once per plan, run or status. */
#include "build/build_int.h"

#include <stdlib.h>

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

bool build_facts_read(struct engine_conn *c, const struct mesh *m, struct arena *a, struct build_facts *out, struct err *e)
{
    *out = (struct build_facts){0};
    if (!ledger_versions_live(c, a, &out->live, &out->n_live, e) || !ledger_files(c, a, STR(""), &out->files, &out->n_files, e))
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
    return true;
}

void build_print_data(const struct mesh *m, const struct build_facts *f, const struct mesh_port *p, struct build_print *print)
{
    struct buf text = BUF_INIT(BUILD_SQL_MAX);
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        int64_t id = 0;
        if (in->port != NULL && f->by_port[in->port->index] != NULL)
            id = f->by_port[in->port->index]->version_id;
        else if (in->stream != NULL)
            id = f->stream_newest[build_stream_index(f, m, in->stream)];
        buf_printf(&text, "%.*s=%lld\n", STR_FMT(in->ref), (long long)id);
    }
    build_part_of(buf_str(&text), &print->data);
    buf_fini(&text);
    print->files = f->newest_file;
}

/* Days of the stream's files that came after `since`. False: one of them does not say its days, or took away others' rows. */
static bool stream_touched(const struct build_facts *f, const struct mesh_stream *st, int64_t since, bool *any, int32_t *day)
{
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
