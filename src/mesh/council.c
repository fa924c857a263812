/* The council: reading what waits out of the files, and noting decisions in them. */
#include "mesh/mesh_council.h"

#include "base/clock.h"
#include "base/fs.h"

enum { FILE_MAX_BYTES = 1 << 20, REASON_MAX = 2000 };

bool mesh_council(struct arena *a, struct str dir, struct engine_conn *parser, const char *cache_path, struct mesh_loosenings *out, struct err *e)
{
    struct errs es = {0};
    *out = (struct mesh_loosenings){.a = a};
    char *z = arena_strz(a, dir);
    if (!fs_exists(arena_strz(a, fs_join(a, dir, STR("mesh.yaml")))))
        return err_set(e, E_NOT_FOUND, "there is no mesh in %s", z);
    mesh_free(mesh_load(z, &(struct mesh_load_options){.parser = parser, .cache_path = cache_path, .loosenings = out}, &es));
    errs_fini(&es); /* what else is wrong is told by check */
    return true;
}

const struct mesh_loosening *mesh_council_find(const struct mesh_loosenings *l, struct str id, struct err *e)
{
    struct str *ids = arena_array(l->a, l->n + 1, sizeof *ids);
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->v[i].id, id))
            return &l->v[i];
        ids[i] = l->v[i].id;
    }
    int near = str_nearest(id, ids, l->n);
    err_set(e, E_NOT_FOUND, "no rule called %.*s waits for the council", STR_FMT(id));
    if (near >= 0)
        err_hint(e, "did you mean %.*s?", STR_FMT(ids[near]));
    else
        err_hint(e, "trellis council lists what waits");
    return NULL;
}

static struct str file_of(struct arena *a, const struct mesh_loosening *l)
{
    if (l->approval_file.n)
        return l->approval_file;
    char *name = arena_strz(a, l->id);
    for (size_t i = 0; i < l->id.n; i++)
        if (name[i] == '.')
            name[i] = '-';
    return arena_printf(a, "governance/approvals/%s.yaml", name);
}

static void put_key(struct buf *b, const char *key, struct str value)
{
    if (!value.n)
        return;
    buf_printf(b, "%s: ", key);
    buf_json_str(b, value); /* text of JSON is text of YAML */
    buf_addc(b, '\n');
}

static void put_file(struct buf *b, const struct mesh_loosening *l, bool approve, struct str by, struct str reason, const char *at)
{
    buf_printf(b, "# %s\n", approve ? "What the council allowed." : "What the council did not allow.");
    put_key(b, "domain", l->domain);
    put_key(b, "rule", l->rule);
    put_key(b, "against", l->against);
    put_key(b, "rule_sha", str_of(l->rule_sha.z));
    if (!approve) {
        put_key(b, "declined_by", by);
    } else {
        buf_addz(b, "approved_by: [");
        for (size_t i = 0; i < l->approved_by.n; i++) {
            buf_json_str(b, l->approved_by.v[i]);
            buf_addz(b, ", ");
        }
        buf_json_str(b, by);
        buf_addz(b, "]\n");
    }
    put_key(b, "at", str_of(at));
    put_key(b, "reason", reason);
}

bool mesh_council_patch(struct arena *a, struct str dir, const struct mesh_loosening *l, bool approve, struct str by, struct str reason, int64_t at_us,
                        struct mesh_patch *out, struct err *e)
{
    struct buf b = BUF_INIT(FILE_MAX_BYTES);
    if (l->approved) {
        err_set(e, E_USAGE, "%.*s is approved already", STR_FMT(l->id));
        if (!approve)
            err_hint(e, "take the rule out of %.*s; its approval then lifts nothing", STR_FMT(l->pos.file));
        return false;
    }
    if (approve && mesh_strs_have(l->approved_by, by))
        return err_set(e, E_USAGE, "%.*s has approved it already; it needs %d different people", STR_FMT(by), l->needs);
    if (reason.n > REASON_MAX)
        return err_set(e, E_TOO_LARGE, "a reason has at most %d bytes", REASON_MAX);
    *out = (struct mesh_patch){.path = file_of(a, l)};
    char *full = arena_strz(a, fs_join(a, dir, out->path));
    if (fs_exists(full) && !fs_read(a, full, FILE_MAX_BYTES, &out->before, e))
        return false;
    put_file(&b, l, approve, by, reason, clock_iso(at_us).z);
    bool good = buf_ok(&b, e);
    if (good)
        out->after = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return good;
}
