/* Changes of the declaration from the page: read, planned as patches, tried on a copy, shown or written. */
#include "base/json.h"
#include "serve/edits.h"
#include "serve/put.h"

enum { CHANGES_MAX = 200, VALUE_MAX_BYTES = 1 << 20, LIST_MAX = 1000, DIFF_MAX_BYTES = 16 << 20 };

/* One writer of declarations at a time in this process; others that write are noticed by what the files hold. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

bool edits_carry_out(struct call *c, const struct mesh_patch *v, size_t n, bool apply, bool *applied, struct errs *es, struct err *e)
{
    struct engine_conn *parser = NULL;
    struct str cache = arena_printf(c->a, "%s/cache/mesh.cache", c->app->state->data_dir);
    *applied = false;
    if (n == 0)
        return true;
    if (!engine_connect(c->app->state->engine, &parser, e))
        return false;
    struct mesh_load_options o = {.parser = parser, .cache_path = cache.p};
    bool good = true;
    pthread_mutex_lock(&writing);
    if (mesh_patch_try(c->a, str_of(c->app->dir), v, n, &o, es) && apply) {
        good = mesh_patch_apply(c->a, str_of(c->app->dir), v, n, e);
        *applied = good;
    }
    pthread_mutex_unlock(&writing);
    engine_disconnect(parser);
    if (*applied)
        app_mesh_put(app_mesh_get(c->app, true));
    return good;
}

void edits_put(struct call *c, struct buf *b, const struct mesh_patch *v, size_t n, bool applied, const struct errs *es)
{
    struct buf diff = BUF_INIT(DIFF_MAX_BYTES);
    mesh_patch_diff(c->a, v, n, &diff);
    put_str(b, "patch", buf_str(&diff));
    buf_fini(&diff);
    put_open(b, "files", '[');
    for (size_t i = 0; i < n; i++) {
        put_open(b, NULL, '{');
        put_str(b, "path", v[i].path);
        put_str(b, "how", v[i].before.p ? STR("changed") : STR("new"));
        put_close(b, '}');
    }
    put_close(b, ']');
    put_bool(b, "applied", applied);
    shape_errs(b, "errors", es, false);
}

static struct str text_of(yyjson_val *v)
{
    return yyjson_is_str(v) ? (struct str){yyjson_get_str(v), yyjson_get_len(v)} : STR("");
}

/* JSON says what kind of value is meant: text, list of texts, number or truth, anything else; null takes the field away. */
static bool value_of(struct call *c, yyjson_val *v, struct yaml_value *out, struct err *e)
{
    *out = (struct yaml_value){0};
    bool texts = yyjson_is_arr(v);
    size_t i, max, length = 0;
    yyjson_val *one;
    if (!v || yyjson_is_null(v)) {
        out->kind = YAML_REMOVE;
        return v != NULL || err_set(e, E_USAGE, "a change without a value; null takes the field away");
    }
    if (yyjson_is_str(v)) {
        out->kind = YAML_TEXT;
        out->text = arena_str(c->a, text_of(v));
        return out->text.n <= VALUE_MAX_BYTES || err_set(e, E_TOO_LARGE, "a value of more than %d bytes", VALUE_MAX_BYTES);
    }
    yyjson_arr_foreach(v, i, max, one) texts = texts && yyjson_is_str(one);
    if (texts) {
        size_t n = yyjson_arr_size(v);
        struct str *list = arena_array(c->a, n + 1, sizeof *list);
        if (n > LIST_MAX)
            return err_set(e, E_TOO_LARGE, "a list of more than %d entries", LIST_MAX);
        yyjson_arr_foreach(v, i, max, one) list[i] = arena_str(c->a, text_of(one));
        *out = (struct yaml_value){YAML_TEXTS, {NULL, 0}, list, n};
        return true;
    }
    char *json = yyjson_val_write(v, 0, &length);
    if (!json)
        return err_set(e, E_MEMORY, "not enough memory for a value");
    out->kind = yyjson_is_num(v) || yyjson_is_bool(v) ? YAML_BARE : YAML_JSON;
    out->text = arena_str(c->a, (struct str){json, length});
    free(json); /* banned-ok: yyjson allocated it */
    return out->text.n <= VALUE_MAX_BYTES || err_set(e, E_TOO_LARGE, "a value of more than %d bytes", VALUE_MAX_BYTES);
}

static bool changes_of(struct call *c, yyjson_val *root, struct mesh_edit **out, size_t *n, struct err *e)
{
    yyjson_val *list = yyjson_obj_get(root, "changes"), *one;
    size_t i, max;
    *n = yyjson_arr_size(list);
    if (!yyjson_is_arr(list) || *n == 0 || *n > CHANGES_MAX)
        return err_set(e, E_USAGE, "changes is a list of 1 to %d changes", CHANGES_MAX);
    *out = arena_array(c->a, *n, sizeof **out);
    yyjson_arr_foreach(list, i, max, one)
    {
        struct mesh_edit *v = &(*out)[i];
        *v = (struct mesh_edit){.kind = arena_str(c->a, text_of(yyjson_obj_get(one, "kind"))),
                                .ref = arena_str(c->a, text_of(yyjson_obj_get(one, "ref"))),
                                .column = arena_str(c->a, text_of(yyjson_obj_get(one, "column"))),
                                .field = arena_str(c->a, text_of(yyjson_obj_get(one, "field")))};
        if (!value_of(c, yyjson_obj_get(one, "value"), &v->value, e))
            return false;
    }
    return true;
}

bool route_edits(struct call *c, struct err *e)
{
    struct mesh_edit *edits = NULL;
    struct mesh_patch *patches = NULL;
    size_t n = 0, n_patches = 0;
    struct errs es = {0};
    bool applied = false;
    yyjson_doc *body = call_body(c, NULL, e);
    if (!body)
        return false;
    yyjson_val *root = yyjson_doc_get_root(body);
    bool apply = json_bool(root, "apply", false);
    bool good = changes_of(c, root, &edits, &n, e);
    yyjson_doc_free(body);
    if (good && mesh_edit_plan(c->a, c->mesh, edits, n, &patches, &n_patches, &es))
        good = edits_carry_out(c, patches, n_patches, apply, &applied, &es, e);
    if (good) {
        struct buf b = call_buf();
        put_open(&b, NULL, '{');
        edits_put(c, &b, patches, n_patches, applied, &es);
        put_close(&b, '}');
        call_json(c, &b);
    }
    errs_fini(&es);
    return good;
}
