/* trellis why: from the state of a port to what is to be mended, step by step, with who owns it and since when. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/json.h"

static struct str clean(struct cli *c, yyjson_val *object, const char *key)
{
    return table_clean(&c->arena, json_str(object, key));
}

static const char *paint(struct str state)
{
    return str_eq(state, STR("fresh")) || str_eq(state, STR("ok"))         ? "green"
           : str_eq(state, STR("failing")) || str_eq(state, STR("failed")) ? "red"
                                                                           : "yellow";
}

static void show(struct cli *c, yyjson_val *chain)
{
    size_t i, max, n = yyjson_arr_size(chain);
    yyjson_val *step;
    yyjson_arr_foreach(chain, i, max, step)
    {
        struct str ref = clean(c, step, "ref"), kind = clean(c, step, "kind"), state = clean(c, step, "state"), since = json_str(step, "since"),
                   message = clean(c, step, "message"), owner = clean(c, yyjson_obj_get(step, "owner"), "name"),
                   contact = clean(c, yyjson_obj_get(step, "owner"), "contact");
        int in = (int)(2 * i);
        printf("%*s%s%.*s%s %s%.*s%s", in, "", cli_paint(c->color, "bold"), STR_FMT(ref), cli_paint(c->color, ""),
               cli_paint(c->color, paint(state)), STR_FMT(state), cli_paint(c->color, ""));
        if (!str_eq(kind, STR("port")))
            printf(" (%.*s)", STR_FMT(kind));
        if (since.n >= 16)
            printf(" since %.10s %.5s UTC", since.p, since.p + 11);
        printf("\n%*s  %.*s\n", in, "", STR_FMT(message));
        if (owner.n)
            printf("%*s  %sowner: %.*s%s%.*s%s\n", in, "", cli_paint(c->color, "dim"), STR_FMT(owner), contact.n ? ", " : "", STR_FMT(contact),
                   cli_paint(c->color, ""));
    }
    if (n > 1)
        cli_advice(c, "the last step is what is to be mended; then `trellis run`");
}

int cmd_why(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct str dir;
    struct buf text = BUF_INIT(0), target = BUF_INIT((size_t)8192);
    yyjson_doc *doc = NULL;
    int code = 0;
    bool good = cli_port_target(str_of(args->words[0]), "why", &target, &e) && cli_mesh_dir(c, &dir, &e) && api_open(c, dir, &api, &es, &e) &&
                api_text(api, VERB_GET, buf_z(&target), STR(""), &text, &e) && (doc = json_parse(buf_str(&text), &e));
    if (good && c->json)
        cli_print(&text);
    else if (good)
        show(c, yyjson_obj_get(yyjson_doc_get_root(doc), "chain"));
    else
        code = cli_fail_all(c, &es, &e);
    yyjson_doc_free(doc);
    buf_fini(&text);
    buf_fini(&target);
    errs_fini(&es);
    api_close(api);
    return code;
}
