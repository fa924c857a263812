/* trellis find: search over everything that has a name, best first. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

enum { TEXT_SHOWN = 70, FOUND = 20, FOUND_MAX = 200 };

/* For a query of an address. */
static void add_encoded(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '~')
            buf_addc(b, (char)c);
        else
            buf_printf(b, "%%%02X", c);
    }
}

void cli_query_add(struct buf *target, const char *name, struct str value)
{
    bool first = str_find(buf_str(target), STR("?"), 0) == SIZE_MAX;
    buf_printf(target, "%c%s=", first ? '?' : '&', name);
    add_encoded(target, value);
}

/* The beginning, cut between characters. */
static struct str beginning(struct cli *c, struct str s)
{
    size_t chars = 0, i = 0;
    for (; i < s.n && chars < TEXT_SHOWN; i++) {
        if (s.p[i] == '\n')
            break;
        chars += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    }
    while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
        i++;
    return i < s.n ? arena_printf(&c->arena, "%.*s…", (int)i, s.p) : s;
}

static struct str how(struct cli *c, yyjson_val *hit)
{
    struct str via = json_str(hit, "via"), field = json_str(hit, "field");
    return via.n ? arena_printf(&c->arena, "%.*s: %.*s", STR_FMT(field), STR_FMT(via)) : field;
}

static void show(struct cli *c, yyjson_val *answer)
{
    static const char *const heads[] = {"kind", "name", "title", "owner", "state", "matched in", "about"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    yyjson_val *results = yyjson_obj_get(answer, "results"), *hit, *word;
    size_t i, max;
    struct table t;
    yyjson_arr_foreach(yyjson_obj_get(answer, "dropped_words"), i, max, word)
        cli_advice(c, "nothing matches \"%s\" together with the other words", yyjson_get_str(word));
    if (!yyjson_arr_size(results)) {
        printf("nothing found\n");
        cli_advice(c, "other words may be in the glossary or in a column's description; `trellis status` lists all ports");
        return;
    }
    table_init(&t, c, COLUMNS);
    for (size_t h = 0; h < COLUMNS; h++)
        table_head(&t, h, str_of(heads[h]), false);
    yyjson_arr_foreach(results, i, max, hit)
    {
        table_cell(&t, json_str(hit, "kind"), false);
        table_cell(&t, json_str(hit, "ref"), false);
        table_cell(&t, json_str(hit, "title"), false);
        table_cell(&t, json_str(hit, "owner"), false);
        table_cell(&t, json_str(hit, "state"), false);
        table_cell(&t, how(c, hit), false);
        table_cell(&t, beginning(c, json_str(hit, "text")), false);
    }
    table_print(&t);
    table_fini(&t);
    int64_t total = json_int(answer, "total", 0);
    if (total > (int64_t)max)
        cli_advice(c, "%lld more; --limit shows them", (long long)(total - (int64_t)max));
}

int cmd_find(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    yyjson_doc *doc = NULL;
    int64_t limit;
    int code = 0;
    struct buf target = BUF_INIT((size_t)16 << 10), text = BUF_INIT(0), words = BUF_INIT((size_t)4096);
    const char *kinds = cli_opt(args, "--kind"), *domain = cli_opt(args, "--domain");
    for (int i = 0; i < args->n_words; i++)
        buf_printf(&words, "%s%s", i ? " " : "", args->words[i]);
    buf_addz(&target, "/api/v1/search");
    bool good = cli_int(args, "--limit", FOUND, 1, FOUND_MAX, &limit, &e) && buf_ok(&words, &e);
    if (good) {
        cli_query_add(&target, "q", buf_str(&words));
        if (kinds)
            cli_query_add(&target, "kinds", str_of(kinds));
        if (domain)
            cli_query_add(&target, "domain", str_of(domain));
        buf_printf(&target, "&limit=%lld", (long long)limit);
    }
    good = good && buf_ok(&target, &e) && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
           api_text(api, VERB_GET, buf_z(&target), STR(""), &text, &e);
    if (good && c->json)
        cli_print(&text);
    else if (good && (doc = json_parse(buf_str(&text), &e)) != NULL)
        show(c, yyjson_doc_get_root(doc));
    else
        code = cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&target);
    buf_fini(&text);
    buf_fini(&words);
    errs_fini(&es);
    api_close(api);
    return code;
}
