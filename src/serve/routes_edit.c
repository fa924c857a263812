/* Changes of the declaration from the page: read, planned as patches, tried on a copy, shown or written. */
#include "base/fs.h"
#include "base/json.h"
#include "govern/policy.h"
#include "serve/edits.h"
#include "serve/put.h"
#include "sql/sql.h"

enum { CHANGES_MAX = 200, VALUE_MAX_BYTES = 1 << 20, LIST_MAX = 1000, DIFF_MAX_BYTES = 16 << 20, FILES_TOLD = 2048 };

/* One writer of declarations at a time in this process; others that write are noticed by what the files hold. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

/* Who may see what is for who administers. */
static bool of_policy(struct str path)
{
    return str_eq(fs_basename(path), STR("policies.yaml")) || str_eq(path, STR("governance/roles.yaml")) || str_starts(path, STR("governance/approvals/"));
}

/* A file of a domain is for who builds there, or administers it; all others are of the whole mesh. */
static bool may_write_file(struct call *c, struct str path, struct err *e)
{
    struct str rest, name, first = str_cut(path, '/', &rest);
    const struct mesh_domain *d = NULL;
    if (str_eq(first, STR("domains")) || str_eq(first, STR("uploads"))) {
        name = str_cut(rest, '/', &rest);
        d = mesh_find_domain(c->whole, name);
    }
    if (of_policy(path))
        return d ? call_may(c, RIGHT_ADMINISTER, d, e) : policy_may_whole(c->whole, &c->who, RIGHT_ADMINISTER) || err_set(e, E_DENIED, "this says who may see what in the whole mesh: it needs the right `administer` without a limit to domains");
    if (d ? policy_may(c->whole, &c->who, RIGHT_BUILD, d) || policy_may(c->whole, &c->who, RIGHT_ADMINISTER, d)
          : policy_may_whole(c->whole, &c->who, RIGHT_BUILD) || policy_may_whole(c->whole, &c->who, RIGHT_ADMINISTER))
        return true;
    return d ? call_may(c, RIGHT_BUILD, d, e) : err_set(e, E_DENIED, "this changes a file of the whole mesh: it needs the right `build` without a limit to domains");
}

static bool is_new_port(const struct mesh_patch *v, size_t n, const struct sql_ref *r)
{
    for (size_t i = 0; i < n; i++) {
        struct str rest, domain;
        str_cut(v[i].path, '/', &rest);
        domain = str_cut(rest, '/', &rest);
        if (!v[i].before.p && str_eq(domain, r->schema) && str_ends(v[i].path, STR(".sql")) && str_eq(fs_basename((struct str){v[i].path.p, v[i].path.n - 4}), r->table))
            return true;
    }
    return false;
}

/* SQL of a port is built over what lies below all masks: whoever writes it may name what they see, and nothing else. */
static bool may_read(struct call *c, struct engine_conn *parser, const struct mesh_patch *v, size_t n_all, size_t at, struct err *e)
{
    const struct mesh_patch *own = &v[at];
    struct sql_ast *ast = NULL;
    struct sql_ref *refs;
    size_t n = 0;
    struct err unread = {0};
    bool ok = true;
    if (!sql_parse(parser, c->a, own->after, &ast, &unread) || !sql_refs(ast, c->a, &refs, &n, &unread))
        n = 0; /* the declaration says what is wrong with it */
    for (size_t i = 0; ok && i < n; i++) {
        struct str ref = arena_printf(c->a, "%.*s.%.*s", STR_FMT(refs[i].schema), STR_FMT(refs[i].table));
        if (refs[i].schema.n && !mesh_find_port(c->mesh, ref) && !mesh_find_stream(c->mesh, ref) && !is_new_port(v, n_all, &refs[i]))
            ok = err_at(e, E_NOT_FOUND, own->path, refs[i].line, refs[i].col, "there is no port %.*s", STR_FMT(ref));
    }
    sql_ast_free(ast);
    return ok;
}

static bool may_write(struct call *c, struct engine_conn *parser, const struct mesh_patch *v, size_t n, struct err *e)
{
    for (size_t i = 0; !call_whole(c) && i < n; i++)
        if (!may_write_file(c, v[i].path, e) || (str_ends(v[i].path, STR(".sql")) && !may_read(c, parser, v, n, i, e)))
            return false;
    return true;
}

static struct mesh_load_options options_of(struct call *c, struct engine_conn *parser)
{
    return (struct mesh_load_options){.parser = parser, .cache_path = arena_printf(c->a, "%s/cache/mesh.cache", c->app->state->data_dir).p};
}

bool edits_write(struct call *c, const struct mesh_patch *v, size_t n, struct err *e)
{
    pthread_mutex_lock(&writing);
    bool good = mesh_patch_apply(c->a, str_of(c->app->dir), v, n, e);
    pthread_mutex_unlock(&writing);
    if (good)
        app_mesh_put(app_mesh_get(c->app, true));
    return good;
}

struct mesh *edits_load(struct call *c, const struct mesh_patch *v, size_t n, struct errs *es, struct err *e)
{
    struct engine_conn *parser = NULL;
    if (!engine_connect(c->app->state->engine, &parser, e))
        return NULL;
    const struct mesh_load_options o = options_of(c, parser);
    pthread_mutex_lock(&writing);
    struct mesh *m = mesh_patch_load(c->a, str_of(c->app->dir), v, n, &o, es);
    pthread_mutex_unlock(&writing);
    engine_disconnect(parser);
    return m;
}

/* Which files are written, before they are. */
static bool told(struct call *c, const struct mesh_patch *v, size_t n, struct err *e)
{
    struct buf b = BUF_INIT((size_t)FILES_TOLD);
    buf_addz(&b, "files");
    for (size_t i = 0; i < n && b.n + v[i].path.n + 8 < FILES_TOLD; i++)
        buf_printf(&b, " %.*s", STR_FMT(v[i].path));
    bool ok = buf_ok(&b, e) && call_changed(c, buf_str(&b), STR(""), e);
    buf_fini(&b);
    return ok;
}

/* What cannot be loaded is told by the trial. */
static bool keeps_to_sight(struct call *c, const struct mesh_patch *v, size_t n, struct err *e)
{
    struct errs es = {0};
    if (call_whole(c))
        return true;
    struct mesh *m = edits_load(c, v, n, &es, NULL);
    bool good = !m || edits_guard(c, m, e);
    mesh_free(m);
    errs_fini(&es);
    return good;
}

bool edits_carry_out(struct call *c, const struct mesh_patch *v, size_t n, bool apply, bool *applied, struct errs *es, struct err *e)
{
    struct engine_conn *parser = NULL;
    *applied = false;
    if (n == 0)
        return true;
    if (!engine_connect(c->app->state->engine, &parser, e))
        return false;
    const struct mesh_load_options o = options_of(c, parser);
    bool good = may_write(c, parser, v, n, e) && keeps_to_sight(c, v, n, e);
    pthread_mutex_lock(&writing);
    if (good && mesh_patch_try(c->a, str_of(c->app->dir), v, n, &o, es) && apply)
        *applied = good = told(c, v, n, e) && mesh_patch_apply(c->a, str_of(c->app->dir), v, n, e);
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

/* Who changes roles and policies administers them: in a domain, its own rules. All else is for those who build where it is declared. */
static bool may_change(struct call *c, const struct mesh_edit *v, struct err *e)
{
    bool policy = mesh_edit_of_policy(v->kind), domain_itself = str_eq(v->kind, STR("domain"));
    struct str rest, first = str_cut(v->ref, '.', &rest);
    enum mesh_right right = policy ? RIGHT_ADMINISTER : RIGHT_BUILD;
    const struct mesh_domain *d = rest.p || domain_itself ? mesh_find_domain(c->mesh, first) : NULL;
    if (d)
        return call_may(c, right, mesh_find_domain(c->whole, d->name), e);
    if (rest.p || domain_itself) /* it is not there for them: the plan says so to those who could have meant one */
        return call_may(c, right, NULL, e);
    return policy_may_whole(c->whole, &c->who, right) || err_set(e, E_DENIED, "this is of the whole mesh: it needs the right `%s` without a limit to domains", mesh_right_text(right));
}

bool edits_read(struct call *c, yyjson_val *root, struct mesh_edit **out, size_t *n, struct err *e)
{
    if (!changes_of(c, root, out, n, e))
        return false;
    for (size_t i = 0; i < *n; i++)
        if (!may_change(c, &(*out)[i], e))
            return false;
    return true;
}

/* Versions of the files that the changes were made for, as they were shown; empty: whichever is there. */
static struct str *versions_of(struct call *c, yyjson_val *root, size_t n)
{
    struct str *was = arena_array(c->a, n + 1, sizeof *was);
    yyjson_val *one;
    size_t i, max;
    yyjson_arr_foreach(yyjson_obj_get(root, "changes"), i, max, one) if (i < n) was[i] = arena_str(c->a, text_of(yyjson_obj_get(one, "was")));
    return was;
}

/* Two who arrange one dashboard at the same time: the slower is told so, and takes nothing away from the other. */
static bool still_as_seen(const struct mesh_patch *v, size_t n, struct str path, struct str was, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct sha now;
        sha_bytes(v[i].before, &now);
        if (!str_eq(v[i].path, path) || str_eq(was, (struct str){now.hex, MESH_FILE_VERSION}))
            continue;
        err_set(e, E_BUSY, "somebody else has changed %.*s since it was opened here", STR_FMT(path));
        return err_hint(e, "look at it again, and make the change once more"), false;
    }
    return true;
}

static bool all_as_seen(struct call *c, const struct mesh_edit *edits, const struct str *was, size_t n, const struct mesh_patch *v, size_t n_patches, struct err *e)
{
    bool same = true;
    for (size_t i = 0; same && i < n; i++)
        for (size_t k = 0; same && was[i].n && str_eq(edits[i].kind, STR("dashboard")) && k < c->mesh->n_dashboards; k++) {
            const struct mesh_dashboard *d = c->mesh->dashboards[k];
            if (str_eq(edits[i].ref, arena_printf(c->a, "%.*s.%.*s", STR_FMT(d->domain->name), STR_FMT(d->name))))
                same = still_as_seen(v, n_patches, d->pos.file, was[i], e);
        }
    return same;
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
    bool good = edits_read(c, root, &edits, &n, e);
    const struct str *was = good ? versions_of(c, root, n) : NULL;
    yyjson_doc_free(body);
    if (good && mesh_edit_plan(c->a, c->mesh, edits, n, &patches, &n_patches, &es))
        good = all_as_seen(c, edits, was, n, patches, n_patches, e) && edits_carry_out(c, patches, n_patches, apply, &applied, &es, e);
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
