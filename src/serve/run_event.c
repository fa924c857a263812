/* Progress events to JSON and back: see run_event.h. One table says which member each kind carries. */
#include "serve/run_event.h"

#include "base/json.h"
#include "serve/put.h"

enum member {
    M_RUN = 1,
    M_PORTS = 2,
    M_STREAM = 4,
    M_REF = 8,
    M_ROWS = 16,
    M_QUARANTINED = 32,
    M_DONE = 64,
    M_FRACTION = 128,
    M_STATUS = 256
};
static const struct {
    const char *name;
    unsigned members;
} kinds[] = {
    [BUILD_RUN_STARTED] = {"run_started", M_RUN | M_PORTS},
    [BUILD_LOAD] = {"load", M_STREAM | M_ROWS | M_QUARANTINED | M_DONE},
    [BUILD_PORT_STARTED] = {"port_started", M_REF},
    [BUILD_PROGRESS] = {"progress", M_REF | M_FRACTION | M_ROWS},
    [BUILD_PORT_DONE] = {"port_done", M_REF | M_STATUS | M_ROWS},
    [BUILD_RUN_DONE] = {"run_done", M_RUN | M_STATUS},
};

void run_event_write(struct buf *b, const struct build_event *ev)
{
    unsigned m = kinds[ev->kind].members;
    put_open(b, NULL, '{');
    put_str(b, "event", str_of(kinds[ev->kind].name));
    if (m & M_RUN)
        put_int(b, "run_id", ev->run_id);
    if (m & M_PORTS)
        put_int(b, "ports", (int64_t)ev->total);
    if (m & M_STREAM) {
        put_str(b, "stream", ev->ref);
        put_str(b, "file", ev->file);
    }
    if (m & M_REF)
        put_str(b, "ref", ev->ref);
    if (m & M_STATUS) {
        put_str(b, "status", ev->status);
        put_opt(b, "message", ev->message);
        put_int(b, "elapsed_ms", ev->elapsed_ms);
    }
    if (m & M_FRACTION) {
        put_num(b, "fraction", ev->fraction);
        put_num(b, "eta_s", ev->eta_s);
    }
    if (m & M_ROWS)
        put_int(b, "rows", ev->rows);
    if (m & M_QUARANTINED)
        put_int(b, "quarantined", ev->quarantined);
    if (m & M_DONE) {
        put_int(b, "done", (int64_t)ev->done);
        put_int(b, "total", (int64_t)ev->total);
    }
    put_close(b, '}');
    buf_addc(b, '\n');
}

bool run_event_read(struct str line, struct arena *a, struct build_event *ev)
{
    struct err ignored = {0};
    yyjson_doc *doc = json_parse(line, &ignored);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    struct str name = json_str(root, "event");
    size_t kind = 0, n = sizeof kinds / sizeof *kinds;
    while (kind < n && !str_eq(name, str_of(kinds[kind].name)))
        kind++;
    bool known = root && kind < n;
    if (known) {
        bool load = kind == BUILD_LOAD;
        *ev = (struct build_event){
            .kind = (enum build_event_kind)kind,
            .run_id = json_int(root, "run_id", 0),
            .ref = arena_str(a, json_str(root, load ? "stream" : "ref")),
            .file = arena_str(a, json_str(root, "file")),
            .status = arena_str(a, json_str(root, "status")),
            .message = arena_str(a, json_str(root, "message")),
            .rows = json_int(root, "rows", 0),
            .quarantined = json_int(root, "quarantined", 0),
            .elapsed_ms = json_int(root, "elapsed_ms", 0),
            .fraction = yyjson_get_num(yyjson_obj_get(root, "fraction")),
            .eta_s = yyjson_get_num(yyjson_obj_get(root, "eta_s")),
            .done = (size_t)json_int(root, "done", 0),
            .total = (size_t)json_int(root, load ? "total" : "ports", 0),
        };
    }
    yyjson_doc_free(doc);
    return known;
}
