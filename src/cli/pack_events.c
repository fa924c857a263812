/* Test cases of packs of events: requests, one for each line of an .ndjson file, given to the spool of the throw-away mesh as a
 * collector would. {"received_at":"2026-01-31T12:00:00Z","kind":"batch","meta":{…},"body":{…}} */
#include "cli/pack_test.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/json.h"
#include "ingest/cell.h"
#include "spool/spool.h"

enum { SEGMENT_BYTES = 1 << 20 };

static const struct {
    const char *name;
    enum spool_kind kind;
} kinds[] = {
    {"track", SPOOL_TRACK}, {"page", SPOOL_PAGE},   {"screen", SPOOL_SCREEN},   {"identify", SPOOL_IDENTIFY}, {"group", SPOOL_GROUP},     {"alias", SPOOL_ALIAS},
    {"batch", SPOOL_BATCH}, {"merge", SPOOL_MERGE}, {"consent", SPOOL_CONSENT}, {"webhook", SPOOL_WEBHOOK},   {"ga4", SPOOL_GA4},         {"mparticle", SPOOL_MPARTICLE},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct giving {
    struct arena *a;
    struct spool_writer *w;
    struct str source, file; /* file: as messages name it */
    uint32_t line;
};

static bool wrong(struct giving *g, struct err *e, const char *what, const char *mend)
{
    err_at(e, E_SCHEMA, g->file, g->line, 1, "%s", what);
    err_hint(e, "%s", mend);
    return false;
}

static struct str written(struct giving *g, yyjson_val *v)
{
    size_t n = 0;
    char *z = v ? yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n) : NULL;
    struct str s = z ? arena_str(g->a, (struct str){z, n}) : STR("{}");
    free(z); /* banned-ok: yyjson's own allocation */
    return s;
}

static bool request_give(struct giving *g, yyjson_val *v, struct err *e)
{
    struct spool_record r = {.source = g->source, .meta = written(g, yyjson_obj_get(v, "meta")), .body = written(g, yyjson_obj_get(v, "body"))};
    struct str kind = json_str(v, "kind");
    size_t k = 0;
    while (k < KINDS && !str_eq(kind.n ? kind : STR("batch"), str_of(kinds[k].name)))
        k++;
    if (k == KINDS)
        return wrong(g, e, "this kind of request is not known", "kinds are track page screen identify group alias batch merge consent webhook ga4 mparticle");
    if (!yyjson_is_obj(yyjson_obj_get(v, "body")) && !yyjson_is_arr(yyjson_obj_get(v, "body")))
        return wrong(g, e, "the request has no body", "write \"body\": what would be sent");
    if (!cell_timestamp(json_str(v, "received_at"), &r.received_us))
        return wrong(g, e, "the request does not say when it was received", "write \"received_at\": \"2026-01-31T12:00:00Z\"");
    r.kind = kinds[k].kind;
    return spool_append_wait(g->w, &r, e);
}

static bool file_give(struct giving *g, struct str text, struct err *e)
{
    bool good = true;
    g->line = 0;
    for (struct str rest = text; good && rest.p;) {
        struct str line = str_trim(str_cut(rest, '\n', &rest));
        g->line++;
        if (!line.n)
            continue;
        yyjson_doc *doc = yyjson_read(line.p, line.n, YYJSON_READ_NOFLAG);
        yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
        good = yyjson_is_obj(root) ? request_give(g, root, e) : wrong(g, e, "the line is no JSON object", "write one request on each line");
        yyjson_doc_free(doc);
    }
    return good;
}

bool pack_events_give(struct arena *a, const char *mesh_dir, const struct mesh_pack_files *p, struct str folder, struct str source, struct err *e)
{
    struct giving g = {.a = a, .source = source};
    struct str data = arena_printf(a, "%s/data", mesh_dir), spool = arena_printf(a, "%s/data/spool", mesh_dir);
    const struct spool_options o = {.dir = spool.p, .segment_bytes = SEGMENT_BYTES};
    if (!fs_mkdirs(data.p, 0700, e) || !spool_writer_open(&o, &g.w, e))
        return false;
    bool good = true;
    for (size_t i = 0; good && i < p->n_files; i++) {
        if (!str_starts(p->files[i].path, folder))
            continue;
        g.file = arena_printf(a, "%.*s%.*s", STR_FMT(p->folder), STR_FMT(p->files[i].path));
        good = str_ends(p->files[i].path, STR(".ndjson")) ? file_give(&g, p->files[i].text, e)
                                                          : wrong(&g, e, "a case of events holds files that end in .ndjson", "write one request on each line");
    }
    spool_writer_close(g.w);
    return good;
}
