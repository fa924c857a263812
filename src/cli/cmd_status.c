/* trellis status: what is fresh, stale or failing and why; what was loaded and what was set aside; how the last run went. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"
#include "serve/put.h"

enum { PAGES = 4 };
static const struct {
    const char *key, *target;
} pages[PAGES] = {
    {"mesh", "/api/v1/mesh"}, {"products", "/api/v1/products"}, {"sources", "/api/v1/sources"}, {"runs", "/api/v1/runs?limit=1"}};

static struct str number(struct cli *c, yyjson_val *v)
{
    return yyjson_is_int(v) ? arena_printf(&c->arena, "%lld", (long long)yyjson_get_sint(v)) : STR("");
}

static void title(struct cli *c, const char *text)
{
    printf("\n%s%s%s\n", cli_paint(c->color, "bold"), text, cli_paint(c->color, ""));
    fflush(stdout);
}

static void show_mesh(struct cli *c, yyjson_val *mesh)
{
    yyjson_val *h = yyjson_obj_get(mesh, "health");
    struct str name = json_str(mesh, "title");
    printf("%s%.*s%s: %lld ports: %lld fresh, %lld stale, %lld failing, %lld never built; %lld rows in quarantine\n",
           cli_paint(c->color, "bold"), STR_FMT(name), cli_paint(c->color, ""), (long long)json_int(h, "ports", 0),
           (long long)json_int(h, "fresh", 0), (long long)json_int(h, "stale", 0), (long long)json_int(h, "failing", 0),
           (long long)json_int(h, "never_built", 0), (long long)json_int(h, "rows_quarantined", 0));
    size_t broken = yyjson_arr_size(yyjson_obj_get(mesh, "declaration_errors"));
    if (broken)
        printf("%sThe declaration on disk has %zu error%s; the server goes on with the one before. See: trellis check%s\n",
               cli_paint(c->color, "red"), broken, broken == 1 ? "" : "s", cli_paint(c->color, ""));
}

static void show_ports(struct cli *c, yyjson_val *products)
{
    static const char *const heads[] = {"port", "state", "rows", "from", "to", "built", "why"};
    struct table t;
    size_t i, max, k, kmax;
    yyjson_val *product, *port;
    table_init(&t, c, 7);
    for (size_t h = 0; h < 7; h++)
        table_head(&t, h, str_of(heads[h]), h == 2);
    yyjson_arr_foreach(products, i, max, product)
    {
        yyjson_val *ports = yyjson_obj_get(product, "ports");
        yyjson_arr_foreach(ports, k, kmax, port)
        {
            struct str built = json_str(port, "built_at");
            built.n = built.n > 16 ? 16 : built.n;
            table_cell(&t, json_str(port, "ref"), false);
            table_cell(&t, json_str(port, "state"), false);
            table_cell(&t, number(c, yyjson_obj_get(port, "rows")), false);
            table_cell(&t, json_str(port, "data_from"), false);
            table_cell(&t, json_str(port, "data_to"), false);
            table_cell(&t, built, false);
            table_cell(&t, json_str(port, "state_reason"), false);
        }
    }
    title(c, "Ports");
    table_print(&t);
    table_fini(&t);
}

static void show_streams(struct cli *c, yyjson_val *sources)
{
    static const char *const heads[] = {"stream", "state", "files", "rows", "set aside", "from", "to", "message"};
    struct table t;
    size_t i, max, k, kmax;
    yyjson_val *source, *stream;
    table_init(&t, c, 8);
    for (size_t h = 0; h < 8; h++)
        table_head(&t, h, str_of(heads[h]), h >= 2 && h <= 4);
    yyjson_arr_foreach(sources, i, max, source)
    {
        yyjson_val *streams = yyjson_obj_get(source, "streams");
        yyjson_arr_foreach(streams, k, kmax, stream)
        {
            table_cell(&t, json_str(stream, "ref"), false);
            table_cell(&t, json_str(stream, "state"), false);
            table_cell(&t, number(c, yyjson_obj_get(stream, "files")), false);
            table_cell(&t, number(c, yyjson_obj_get(stream, "rows")), false);
            table_cell(&t, number(c, yyjson_obj_get(stream, "rows_quarantined")), false);
            table_cell(&t, json_str(stream, "data_from"), false);
            table_cell(&t, json_str(stream, "data_to"), false);
            table_cell(&t, json_str(stream, "message"), false);
        }
    }
    title(c, "Streams");
    table_print(&t);
    table_fini(&t);
}

/* Only those that need a look; `trellis sources` has them all. */
static void show_sources(struct cli *c, yyjson_val *sources)
{
    size_t i, max, shown = 0;
    yyjson_val *s;
    yyjson_arr_foreach(sources, i, max, s)
    {
        struct str domain = json_str(s, "domain"), name = json_str(s, "name"), state = json_str(s, "state"),
                   reason = table_clean(&c->arena, json_str(s, "reason"));
        if (str_eq(state, STR("ok")))
            continue;
        if (shown++ == 0)
            title(c, "Sources that need a look");
        printf("%.*s.%.*s %.*s: %.*s\n", STR_FMT(domain), STR_FMT(name), STR_FMT(state), STR_FMT(reason));
    }
}

static void show_run(struct cli *c, yyjson_val *runs)
{
    yyjson_val *r = yyjson_arr_get_first(runs);
    title(c, "Last run");
    if (!r) {
        printf("none yet; start one with: trellis run\n");
        return;
    }
    struct str status = json_str(r, "status"), at = json_str(r, "started_at"), message = json_str(r, "message");
    at.n = at.n > 19 ? 19 : at.n;
    printf("%lld %.*s, begun %.*s UTC: %lld built, %lld failed, %lld skipped%s%.*s\n", (long long)json_int(r, "run_id", 0),
           STR_FMT(status), STR_FMT(at), (long long)json_int(r, "ports_built", 0), (long long)json_int(r, "ports_failed", 0),
           (long long)json_int(r, "ports_skipped", 0), message.n ? "; " : "", STR_FMT(message));
}

int cmd_status(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    yyjson_doc *docs[PAGES] = {0};
    struct buf all = BUF_INIT((size_t)256 << 20);
    int code = 0;
    (void)args;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e);
    put_open(&all, NULL, '{');
    for (int i = 0; good && i < PAGES; i++) {
        struct buf text = BUF_INIT(0);
        good = api_text(api, VERB_GET, pages[i].target, STR(""), &text, &e) && (docs[i] = json_parse(buf_str(&text), &e));
        if (good)
            put_raw(&all, pages[i].key, str_trim(buf_str(&text)));
        buf_fini(&text);
    }
    put_close(&all, '}');
    buf_addc(&all, '\n');
    if (!good) {
        code = cli_fail_all(c, &es, &e);
    } else if (c->json) {
        cli_print(&all);
    } else {
        show_mesh(c, yyjson_doc_get_root(docs[0]));
        show_ports(c, yyjson_obj_get(yyjson_doc_get_root(docs[1]), "products"));
        show_streams(c, yyjson_obj_get(yyjson_doc_get_root(docs[2]), "sources"));
        show_sources(c, yyjson_obj_get(yyjson_doc_get_root(docs[2]), "sources"));
        show_run(c, yyjson_obj_get(yyjson_doc_get_root(docs[3]), "runs"));
    }
    for (int i = 0; i < PAGES; i++)
        yyjson_doc_free(docs[i]);
    buf_fini(&all);
    errs_fini(&es);
    api_close(api);
    return code;
}
