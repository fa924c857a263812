/* The fingerprint of a version: what it was made from, part by part. It is kept in the ledger beside the version, in the
 * same transaction, so it is also the deployed declaration that a plan compares with. */
#include "build/build_int.h"

#include <stdio.h>

#include "base/fs.h"
#include "mesh/functions.h"

void build_part_of(struct str text, struct build_part *out)
{
    struct sha sha;
    sha_bytes(text, &sha);
    memcpy(out->z, sha.hex, 16);
    out->z[16] = '\0';
}

/* The contract as a document, so that comments and layout do not count. */
static bool contract_part(const struct mesh_port *p, struct buf *scratch, struct build_part *out, struct err *e)
{
    buf_reset(scratch);
    if (p->contract != NULL && p->contract->doc != NULL)
        doc_json(p->contract->doc, doc_root(p->contract->doc), scratch);
    if (!buf_ok(scratch, e))
        return false;
    build_part_of(buf_str(scratch), out);
    return true;
}

/* How the port is written, and the values that mesh_...() functions of its SQL stand for. */
static bool settings_part(const struct mesh *m, const struct mesh_port *p, struct buf *scratch, struct build_part *out,
                          struct err *e)
{
    buf_reset(scratch);
    buf_printf(scratch, "%d/%d/%.*s", (int)p->materialization, p->lookback_days, STR_FMT(p->time_column));
    if (p->by_key.n > 0)
        buf_printf(scratch, "/by/%.*s", STR_FMT(p->by_key));
    for (size_t i = 0; i < p->n_key; i++)
        buf_printf(scratch, "/%.*s", STR_FMT(p->key[i]));
    mesh_functions_print(m, p->sql, scratch);
    if (!buf_ok(scratch, e))
        return false;
    build_part_of(buf_str(scratch), out);
    return true;
}

static bool defs_part(const struct mesh_port *p, const struct build_print *prints, struct buf *scratch, struct build_part *out,
                      struct err *e)
{
    buf_reset(scratch);
    for (size_t i = 0; i < p->n_inputs; i++) {
        const struct mesh_input *in = &p->inputs[i];
        buf_printf(scratch, "%.*s", STR_FMT(in->ref));
        if (in->port != NULL) {
            const struct build_print *up = &prints[in->port->index];
            buf_printf(scratch, "=%s%s%s", up->sql.z, up->settings.z, up->defs.z);
        }
        buf_addc(scratch, '\n');
    }
    if (!buf_ok(scratch, e))
        return false;
    build_part_of(buf_str(scratch), out);
    return true;
}

bool build_prints(const struct mesh *m, struct arena *a, struct build_print **out, struct err *e)
{
    struct buf scratch = BUF_INIT((size_t)64 << 20);
    struct build_print *prints = arena_array(a, m->n_ports + 1, sizeof *prints);
    struct build_part engine;
    bool ok = false;
    build_part_of(arena_printf(a, "%s/%d", engine_version(), BUILD_FORMAT), &engine);
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct mesh_port *p = m->ports[i];
        prints[i].engine = engine;
        build_part_of(p->sql, &prints[i].sql);
        if (!contract_part(p, &scratch, &prints[i].contract, e) || !settings_part(m, p, &scratch, &prints[i].settings, e) ||
            !defs_part(p, prints, &scratch, &prints[i].defs, e))
            goto out;
    }
    *out = prints;
    ok = true;
out:
    buf_fini(&scratch);
    return ok;
}

bool build_prints_kept(struct build *b, const struct mesh *m, struct arena *a, struct build_print **out, struct err *e)
{
    *out = arena_array(a, m->n_ports + 1, sizeof **out);
    pthread_mutex_lock(&b->lock);
    bool kept = b->prints != NULL && b->n_prints == m->n_ports && memcmp(&b->prints_of, &m->sha, sizeof m->sha) == 0;
    if (kept)
        memcpy(*out, b->prints, m->n_ports * sizeof **out);
    pthread_mutex_unlock(&b->lock);
    if (kept || !build_prints(m, a, out, e))
        return kept;
    pthread_mutex_lock(&b->lock);
    mem_free(b->prints);
    b->prints = mem_alloc((m->n_ports + 1) * sizeof *b->prints);
    memcpy(b->prints, *out, m->n_ports * sizeof **out);
    b->n_prints = m->n_ports;
    b->prints_of = m->sha;
    pthread_mutex_unlock(&b->lock);
    return true;
}

struct str build_print_text(const struct build_print *p, struct arena *a)
{
    return arena_printf(a, "1:%s:%s:%s:%s:%s:%s:%lld:%s", p->sql.z, p->contract.z, p->settings.z, p->engine.z, p->defs.z, p->data.z,
                        (long long)p->files, p->bound.z);
}

bool build_print_parse(struct str text, struct build_print *out)
{
    struct build_part *parts[] = {&out->sql, &out->contract, &out->settings, &out->engine, &out->defs, &out->data};
    struct str rest;
    if (!str_eq(str_cut(text, ':', &rest), STR("1")))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct str part = str_cut(rest, ':', &rest);
        if (part.n != 16)
            return false;
        memcpy(parts[i]->z, part.p, 16);
        parts[i]->z[16] = '\0';
    }
    struct str bound, files = str_cut(rest, ':', &bound); /* versions of before it was written have no such part */
    out->bound = (struct build_part){0};
    if (bound.n == 16)
        memcpy(out->bound.z, bound.p, 16);
    return str_to_i64(files, &out->files);
}
