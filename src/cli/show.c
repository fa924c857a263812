/* One question to the mesh, and its answer shown. */
#include "cli/api.h"

#include <sodium.h>

#include "base/json.h"
#include "cli/table.h"

int api_show(struct cli *c, enum http_verb verb, const char *target, struct str body, int (*show)(struct cli *c, yyjson_val *root))
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0);
    yyjson_doc *doc = NULL;
    bool good = cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) && api_text(api, verb, target, body, &text, &e) &&
                (doc = json_parse(buf_str(&text), &e));
    int code = good ? 0 : cli_fail_all(c, &es, &e);
    if (good && c->json)
        cli_print(&text);
    else if (good)
        code = show(c, yyjson_doc_get_root(doc));
    if (text.p)
        sodium_memzero(text.p, text.n);
    yyjson_doc_free(doc);
    buf_fini(&text);
    errs_fini(&es);
    api_close(api);
    return code;
}

struct str api_list(struct cli *c, yyjson_val *texts)
{
    struct buf b = BUF_INIT((size_t)64 << 10);
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(texts, i, max, v)
    {
        if (i)
            buf_addz(&b, ", ");
        buf_add(&b, table_clean(&c->arena, (struct str){yyjson_get_str(v), yyjson_get_len(v)}));
    }
    struct str s = arena_str(&c->arena, buf_str(&b));
    buf_fini(&b);
    return s;
}
