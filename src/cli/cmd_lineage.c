/* trellis lineage: what a port, product, stream or source comes from and who reads it, or the way of one column, as trees. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

enum { DEPTH_MAX = 60, LINES_MAX = 2000 };

struct tree {
    struct cli *c;
    yyjson_val *nodes, *edges;
    bool *shown; /* a node met again is named, not opened */
    bool up;
    size_t lines;
    char lead[DEPTH_MAX * 4 + 4];
};

static struct str node_text(struct tree *t, size_t i)
{
    yyjson_val *n = yyjson_arr_get(t->nodes, i);
    struct str ref = json_str(n, "ref"), column = json_str(n, "column"), kind = json_str(n, "kind"), state = json_str(n, "state");
    struct arena *a = &t->c->arena;
    if (column.n)
        return arena_printf(a, "%.*s.%.*s%s", STR_FMT(ref), STR_FMT(column), json_bool(n, "uncertain", false) ? " (uncertain)" : "");
    if (state.n)
        return arena_printf(a, "%.*s %.*s (%.*s)", STR_FMT(kind), STR_FMT(ref), STR_FMT(state));
    return arena_printf(a, "%.*s %.*s", STR_FMT(kind), STR_FMT(ref));
}

/* The n-th neighbour of a node on the way up or down, or SIZE_MAX. */
static size_t neighbour(const struct tree *t, size_t node, size_t n)
{
    size_t i, max;
    yyjson_val *edge;
    yyjson_arr_foreach(t->edges, i, max, edge)
    {
        size_t from = (size_t)json_int(edge, "from", 0), to = (size_t)json_int(edge, "to", 0);
        if ((t->up ? to : from) == node && n-- == 0)
            return t->up ? from : to;
    }
    return SIZE_MAX;
}

static void print_below(struct tree *t, size_t node, size_t depth)
{
    size_t lead = strlen(t->lead);
    for (size_t n = 0; depth < DEPTH_MAX; n++) {
        size_t next = neighbour(t, node, n);
        if (next == SIZE_MAX || ++t->lines > LINES_MAX)
            return;
        bool last = neighbour(t, node, n + 1) == SIZE_MAX, again = t->shown[next] && neighbour(t, next, 0) != SIZE_MAX;
        struct str text = table_clean(&t->c->arena, node_text(t, next));
        printf("%s%s %.*s%s\n", t->lead, last ? "└─" : "├─", STR_FMT(text), again ? " (see above)" : "");
        if (again)
            continue;
        t->shown[next] = true;
        memcpy(t->lead + lead, last ? "   " : "│  ", last ? 4 : strlen("│  ") + 1);
        if (lead + 12 < sizeof t->lead)
            print_below(t, next, depth + 1);
        t->lead[lead] = '\0';
    }
}

static void print_tree(struct cli *c, yyjson_val *answer, size_t root, bool up)
{
    struct tree t = {.c = c, .nodes = yyjson_obj_get(answer, "nodes"), .edges = yyjson_obj_get(answer, "edges"), .up = up};
    t.shown = arena_alloc(&c->arena, yyjson_arr_size(t.nodes) + 1);
    printf("%s%s%s\n", cli_paint(c->color, "bold"), up ? "Comes from" : "Read by", cli_paint(c->color, ""));
    if (neighbour(&t, root, 0) == SIZE_MAX)
        printf("%s\n", up ? "nothing in the mesh" : "nobody in the mesh");
    print_below(&t, root, 0);
    if (t.lines > LINES_MAX)
        cli_advice(c, "only the first %d lines are shown; --json has all", LINES_MAX);
}

/* The node that was asked for; SIZE_MAX: its parts alone are there. */
static size_t root_of(yyjson_val *answer)
{
    size_t i, max;
    yyjson_val *node;
    yyjson_arr_foreach(yyjson_obj_get(answer, "nodes"), i, max, node)
        if (str_eq(json_str(node, "id"), json_str(answer, "focus")))
            return i;
    return SIZE_MAX;
}

static void show(struct cli *c, yyjson_val *answer, bool column, bool up, bool down)
{
    yyjson_val *nodes = yyjson_obj_get(answer, "nodes");
    size_t root = column ? 0 : root_of(answer);
    struct tree t = {.c = c, .nodes = nodes};
    struct str text = table_clean(&c->arena, node_text(&t, root));
    printf("%s%.*s%s\n", cli_paint(c->color, "bold"), STR_FMT(text), cli_paint(c->color, ""));
    if (up)
        print_tree(c, answer, root, true);
    if (down)
        print_tree(c, answer, root, false);
}

/* The level at which a thing is shown: a product among products, else ports. */
static bool ask_graph(struct api *api, struct str ref, bool up, bool down, struct buf *text, struct err *e)
{
    static const char *const levels[] = {"port", "product", "domain"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        struct buf target = BUF_INIT((size_t)8192);
        *e = (struct err){0};
        buf_addz(&target, "/api/v1/lineage");
        cli_query_add(&target, "focus", ref);
        cli_query_add(&target, "level", str_of(levels[i]));
        buf_printf(&target, "&limit=20000%s%s", up ? "" : "&up=0", down ? "" : "&down=0");
        buf_reset(text);
        bool good = buf_ok(&target, e) && api_text(api, VERB_GET, buf_z(&target), STR(""), text, e);
        buf_fini(&target);
        yyjson_doc *doc = good ? json_parse(buf_str(text), e) : NULL;
        /* A level that only holds the parts of the thing is not where it stands. */
        bool there = good && root_of(yyjson_doc_get_root(doc)) != SIZE_MAX;
        yyjson_doc_free(doc);
        if (there || (!good && e->code != E_NOT_FOUND))
            return good;
    }
    return e->code != E_OK ? false : err_set(e, E_NOT_FOUND, "there is nothing called %.*s in the graph", STR_FMT(ref));
}

static bool ask_column(struct api *api, struct str ref, bool up, bool down, struct buf *text, struct err *e)
{
    struct str rest, column, domain = str_cut(ref, '.', &rest), port = str_cut(rest, '.', &column);
    struct buf target = BUF_INIT((size_t)8192);
    buf_addz(&target, "/api/v1/ports/");
    buf_add(&target, domain);
    buf_addc(&target, '/');
    buf_add(&target, port);
    buf_addz(&target, "/lineage");
    cli_query_add(&target, "column", column);
    buf_printf(&target, "%s%s", up ? "" : "&up=0", down ? "" : "&down=0");
    bool good = buf_ok(&target, e) && api_text(api, VERB_GET, buf_z(&target), STR(""), text, e);
    buf_fini(&target);
    return good;
}

int cmd_lineage(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir, ref = str_of(args->words[0]), rest, more;
    yyjson_doc *doc = NULL;
    struct buf text = BUF_INIT(0);
    bool up = cli_has(args, "--up"), down = cli_has(args, "--down");
    int code = 0;
    if (!up && !down)
        up = down = true;
    str_cut(ref, '.', &rest);
    bool column = rest.p && (str_cut(rest, '.', &more), more.p != NULL) && str_find(ref, STR(":"), 0) == SIZE_MAX;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                (column ? ask_column(api, ref, up, down, &text, &e) : ask_graph(api, ref, up, down, &text, &e));
    if (good && c->json)
        cli_print(&text);
    else if (good && (doc = json_parse(buf_str(&text), &e)) != NULL)
        show(c, yyjson_doc_get_root(doc), column, up, down);
    else
        code = cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}
