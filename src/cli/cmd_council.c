/* trellis council: rules that loosen, and decisions on them. A mesh that cannot be loaded because of such a rule is the usual case: then the files
 * are read here, and the decision is logged and written without the routes. */
#include "cli/api.h"
#include "cli/table.h"

#include "base/clock.h"
#include "base/json.h"
#include "govern/audit.h"
#include "mesh/mesh_council.h"
#include "serve/put.h"
#include "store/state.h"

enum { BODY_MAX = 64 << 10 };

struct wish { const char *what; struct str id, reason, by; }; /* what: list approve decline */

/* ---- showing, from the answer of the route ---- */

static void show_matter(struct cli *c, struct table *t, yyjson_val *m, bool decided)
{
    yyjson_val *rule = yyjson_obj_get(m, "rule");
    struct str file = json_str(rule, "file"), decision = json_str(m, "decision");
    table_cell(t, table_clean(&c->arena, json_str(m, "id")), false);
    table_cell(t, table_clean(&c->arena, json_str(m, "words")), false);
    table_cell(t, file.n ? arena_printf(&c->arena, "%.*s:%lld", STR_FMT(table_clean(&c->arena, file)), (long long)json_int(rule, "line", 0)) : STR(""), false);
    if (decided) {
        table_cell(t, arena_printf(&c->arena, "%s by %.*s", str_eq(decision, STR("approve")) ? "approved" : "declined", STR_FMT(table_clean(&c->arena, json_str(m, "decided_by")))), false);
        table_cell(t, table_clean(&c->arena, json_str(m, "reason")), false);
        return;
    }
    struct str by = api_list(c, yyjson_obj_get(m, "approved_by"));
    table_cell(t, arena_printf(&c->arena, "%lld who may %.*s%s%.*s", (long long)json_int(m, "needs", 1), STR_FMT(json_str(m, "of")), by.n ? "; there: " : "", STR_FMT(by)), false);
    table_cell(t, table_clean(&c->arena, json_str(m, "asked_by")), false);
}

static void show_matters(struct cli *c, yyjson_val *list, bool decided)
{
    static const char *const heads[2][5] = {{"WAITS", "WHAT IT LOOSENS", "RULE", "NEEDS", "ASKED BY"}, {"DECIDED", "WHAT IT LOOSENS", "RULE", "DECISION", "REASON"}};
    struct table t;
    size_t i, max;
    yyjson_val *m;
    if (!yyjson_arr_size(list))
        return;
    table_init(&t, c, 5);
    for (size_t k = 0; k < 5; k++)
        table_head(&t, k, str_of(heads[decided][k]), false);
    yyjson_arr_foreach(list, i, max, m) show_matter(c, &t, m, decided);
    table_print(&t);
    table_fini(&t);
}

static int show(struct cli *c, yyjson_val *root)
{
    yyjson_val *waiting = yyjson_obj_get(root, "waiting"), *matter = yyjson_obj_get(root, "matter");
    if (matter) {
        struct str decision = json_str(matter, "decision"), id = table_clean(&c->arena, json_str(matter, "id"));
        yyjson_val *by = yyjson_obj_get(matter, "approved_by");
        if (decision.n)
            printf("%.*s is %s.\n", STR_FMT(id), str_eq(decision, STR("approve")) ? "approved" : "declined");
        else
            printf("%.*s has %zu of %lld approvals.\n", STR_FMT(id), yyjson_arr_size(by), (long long)json_int(matter, "needs", 1));
        return 0;
    }
    if (!yyjson_arr_size(waiting))
        printf("Nothing waits for the council.\n");
    show_matters(c, waiting, false);
    show_matters(c, yyjson_obj_get(root, "decided"), true);
    return 0;
}

static int show_text(struct cli *c, const struct buf *text)
{
    struct err e = {0};
    if (c->json) {
        cli_print(text);
        return 0;
    }
    yyjson_doc *doc = json_parse(buf_str(text), &e);
    int code = doc ? show(c, yyjson_doc_get_root(doc)) : cli_fail(c, &e);
    yyjson_doc_free(doc);
    return code;
}

/* ---- without routes ---- */

static void put_broken(struct buf *b, const char *key, const struct mesh_loosening *l)
{
    put_open(b, key, '{');
    put_str(b, "id", l->id);
    put_str(b, "kind", STR("loosening"));
    put_str(b, "words", l->what);
    put_str(b, "domain", l->domain);
    put_open(b, "rule", '{');
    put_str(b, "name", l->rule);
    put_str(b, "file", l->pos.file);
    put_int(b, "line", l->pos.line);
    put_close(b, '}');
    put_int(b, "needs", l->needs);
    put_str(b, "of", str_of(mesh_right_text(l->of)));
    put_texts(b, "approved_by", l->approved_by.v, l->approved_by.n);
    put_opt(b, "decision", l->approved ? STR("approve") : l->declined_by.n ? STR("decline") : STR(""));
    put_opt(b, "decided_by", l->approved && l->approved_by.n ? l->approved_by.v[l->approved_by.n - 1] : l->declined_by);
    put_opt(b, "reason", l->reason);
    put_close(b, '}');
}

static void put_list(struct buf *b, const struct mesh_loosenings *all)
{
    for (int decided = 0; decided < 2; decided++) {
        put_open(b, decided ? "decided" : "waiting", '[');
        for (size_t i = 0; i < all->n; i++)
            if ((all->v[i].approved || all->v[i].declined_by.n) == (decided == 1))
                put_broken(b, NULL, &all->v[i]);
        put_close(b, ']');
    }
}

/* Who stands at the files decides; the log has it before the file does. */
static bool decide(struct cli *c, struct state *s, struct str dir, const struct mesh_loosening *l, const struct wish *w, struct err *e)
{
    struct audit *log = NULL;
    struct mesh_patch patch;
    bool approve = strcmp(w->what, "approve") == 0;
    struct str by = w->by.n ? w->by : GOVERN_LOCAL_ADMIN.name;
    struct audit_entry x = {.kind = AUDIT_APPROVAL, .what = arena_printf(&c->arena, "%s %.*s", approve ? "approved" : "declined", STR_FMT(l->id)), .detail = w->reason, .verdict = STR("ok")};
    if (!mesh_council_patch(&c->arena, dir, l, approve, by, w->reason, clock_now_us(), &patch, e) || !audit_open(s, &log, e))
        return false;
    audit_who(&x, &GOVERN_LOCAL_ADMIN, &c->arena);
    bool ok = audit_write(log, &x, e) && mesh_patch_apply(&c->arena, dir, &patch, 1, e);
    audit_close(log);
    return ok;
}

static bool without_routes(struct cli *c, struct str dir, const struct wish *w, struct buf *text, struct err *e)
{
    struct state *s = NULL;
    struct engine_conn *parser = NULL;
    struct mesh_loosenings all;
    const struct mesh_loosening *l = NULL;
    struct state_options o = {.threads = 1};
    bool list = strcmp(w->what, "list") == 0;
    bool ok = state_open(arena_strz(&c->arena, dir), &o, &s, e) && engine_connect(s->engine, &parser, e) && mesh_council(&c->arena, dir, parser, NULL, &all, e);
    if (ok && !list)
        ok = (l = mesh_council_find(&all, w->id, e)) && decide(c, s, dir, l, w, e) && mesh_council(&c->arena, dir, parser, NULL, &all, e) && (l = mesh_council_find(&all, w->id, e));
    if (ok) {
        put_open(text, NULL, '{');
        if (list)
            put_list(text, &all);
        else
            put_broken(text, "matter", l);
        put_close(text, '}');
    }
    engine_disconnect(parser);
    state_close(s);
    return ok;
}

/* ---- the command ---- */

static bool read_wish(const struct cli_args *args, struct wish *w, struct err *e)
{
    const char *reason = cli_opt(args, "--reason"), *by = cli_opt(args, "--as");
    *w = (struct wish){.what = args->n_words ? args->words[0] : "list", .reason = str_of(reason ? reason : ""), .by = str_of(by ? by : "")};
    bool list = strcmp(w->what, "list") == 0, decline = strcmp(w->what, "decline") == 0;
    if (!list && !decline && strcmp(w->what, "approve") != 0) {
        err_set(e, E_USAGE, "%s is not what the council does", w->what);
        err_hint(e, "trellis council list | approve ID | decline ID --reason TEXT");
        return false;
    }
    if (list)
        return args->n_words < 2 || err_set(e, E_USAGE, "list takes nothing more");
    if (args->n_words != 2) {
        err_set(e, E_USAGE, "which rule? trellis council %s ID", w->what);
        err_hint(e, "trellis council lists what waits");
        return false;
    }
    w->id = str_of(args->words[1]);
    if (decline && !str_trim(w->reason).n) {
        err_set(e, E_USAGE, "a no needs a reason");
        err_hint(e, "trellis council decline %s --reason TEXT", args->words[1]);
        return false;
    }
    return true;
}

static bool by_routes(struct api *api, struct cli *c, const struct wish *w, struct buf *text, struct err *e)
{
    struct buf body = BUF_INIT(BODY_MAX), target = BUF_INIT(BODY_MAX);
    bool list = strcmp(w->what, "list") == 0, ok;
    buf_addz(&target, "/api/v1/council");
    if (!list) {
        for (size_t i = 0; i < w->id.n; i++) /* what is no name of a rule is none in the address either */
            if (!((w->id.p[i] >= 'a' && w->id.p[i] <= 'z') || (w->id.p[i] >= '0' && w->id.p[i] <= '9') || w->id.p[i] == '_' || w->id.p[i] == '.'))
                return err_set(e, E_NOT_FOUND, "no rule called %.*s waits for the council", STR_FMT(table_clean(&c->arena, w->id)));
        buf_printf(&target, "/%.*s", STR_FMT(w->id));
        put_open(&body, NULL, '{');
        put_str(&body, "decision", str_of(w->what));
        put_str(&body, "reason", w->reason);
        put_str(&body, "by", w->by);
        put_close(&body, '}');
    }
    ok = api_text(api, list ? VERB_GET : VERB_POST, buf_z(&target), list ? STR("") : buf_str(&body), text, e);
    buf_fini(&body);
    buf_fini(&target);
    return ok;
}

int cmd_council(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct errs es = {0};
    struct api *api = NULL;
    struct wish w;
    struct str dir;
    struct buf text = BUF_INIT((size_t)16 << 20);
    bool ok = read_wish(args, &w, &e) && cli_mesh_dir(c, &dir, &e);
    if (ok && api_open(c, dir, &api, &es, &e))
        ok = by_routes(api, c, &w, &text, &e);
    else if (ok && es.n_errors && !c->role.n) /* the declaration cannot be loaded, perhaps for want of a decision */
        ok = without_routes(c, dir, &w, &text, &e);
    else
        ok = false;
    int code = ok ? show_text(c, &text) : cli_fail(c, &e);
    api_close(api);
    buf_fini(&text);
    errs_fini(&es);
    return code;
}
