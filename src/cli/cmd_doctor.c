/* trellis doctor: is this machine and this mesh in order? Each check says what it found and how to mend it. */
#include "cli/cli.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/fs.h"
#include "cli/remote.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "serve/put.h"

enum { FREE_MIN_MB = 1024, FDS_MIN = 1024 };

struct visit {
    struct cli *c;
    struct str dir; /* empty: not in a mesh */
    struct buf json;
    int ill;
};

static void found(struct visit *v, bool good, const char *what, struct str text, const char *mend)
{
    v->ill += !good;
    if (v->c->json) {
        put_open(&v->json, NULL, '{');
        put_str(&v->json, "check", str_of(what));
        put_bool(&v->json, "ok", good);
        put_str(&v->json, "found", text);
        put_opt(&v->json, "mend", good ? STR("") : str_of(mend));
        put_close(&v->json, '}');
        return;
    }
    printf("%s%-5s%s %-18s %.*s\n", cli_paint(v->c->color, good ? "green" : "red"), good ? "ok" : "ill",
           cli_paint(v->c->color, ""), what, STR_FMT(text));
    if (!good)
        printf("      %s\n", mend);
}

static void engine_works(struct visit *v)
{
    struct engine *g = NULL;
    struct engine_conn *conn = NULL;
    struct engine_options o = {.threads = 1, .locked = true};
    struct err e = {0};
    int64_t one = 0;
    bool good = engine_open(&o, &g, &e) && engine_connect(g, &conn, &e) &&
                engine_value_i64(conn, STR("SELECT 1"), NULL, 0, &one, &e) && one == 1;
    found(v, good, "engine", good ? arena_printf(&v->c->arena, "DuckDB %s answers", engine_version()) : str_of(e.text),
          "run scripts/setup.sh again, then make");
    if (conn)
        engine_disconnect(conn);
    if (g)
        engine_close(g);
}

static void encryption_is_possible(struct visit *v)
{
    found(v, true, "encryption", engine_can_encrypt() ? STR("the engine's extension for it is there") : STR("not possible: the engine's extension httpfs is not on this machine"), "");
}

static void page_is_built_in(struct visit *v)
{
    bool there = embed_find(STR("web/index.html")) != NULL;
    found(v, there, "page", there ? STR("is part of the program") : STR("is not part of this program"),
          "build web/dist, then make");
}

static void descriptors_suffice(struct visit *v)
{
    struct rlimit rl = {0};
    getrlimit(RLIMIT_NOFILE, &rl);
    found(v, rl.rlim_max >= FDS_MIN, "open files", arena_printf(&v->c->arena, "up to %llu", (unsigned long long)rl.rlim_max),
          "raise the limit: ulimit -n 16384");
}

static void folder_is_private(struct visit *v)
{
    struct stat st;
    char *data = arena_strz(&v->c->arena, fs_join(&v->c->arena, v->dir, STR("data")));
    if (stat(data, &st) != 0) {
        found(v, true, "data folder", STR("not there yet; the first run makes it"), "");
        return;
    }
    bool private = (st.st_mode & 077) == 0, ours = st.st_uid == geteuid(), writable = access(data, W_OK) == 0;
    found(v, private && ours && writable, "data folder",
          arena_printf(&v->c->arena, "mode %03o%s%s", st.st_mode & 0777, ours ? "" : ", owned by another user",
                       writable ? "" : ", not writable"),
          "chmod 700 data, as the user who runs Trellis");
}

static void disk_has_room(struct visit *v)
{
    struct statvfs fs;
    if (statvfs(arena_strz(&v->c->arena, v->dir), &fs) != 0)
        return;
    unsigned long long mb = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
    found(v, mb >= FREE_MIN_MB, "free space", arena_printf(&v->c->arena, "%llu MB", mb),
          "a rebuild needs room for a second copy of each port: free some");
}

static void lock_is_understood(struct visit *v)
{
    char *data = arena_strz(&v->c->arena, fs_join(&v->c->arena, v->dir, STR("data")));
    struct err e = {0};
    int fd;
    bool server = remote_dial(data, &fd, &e);
    if (server)
        close(fd);
    found(v, true, "server", server ? STR("runs on this mesh") : STR("none on this mesh"), "");
}

static void declaration_is_sound(struct visit *v)
{
    struct engine *g = NULL;
    struct engine_conn *conn = NULL;
    struct engine_options o = {.threads = 1, .locked = true};
    struct err e = {0};
    struct errs es = {0};
    struct mesh *m = NULL;
    if (engine_open(&o, &g, &e) && engine_connect(g, &conn, &e)) {
        struct mesh_load_options lo = {.parser = conn};
        m = mesh_load(arena_strz(&v->c->arena, v->dir), &lo, &es);
        found(v, m != NULL, "declaration",
              m ? arena_printf(&v->c->arena, "%zu ports", m->n_ports) : arena_printf(&v->c->arena, "%zu errors", es.n_errors),
              "trellis check shows them all");
    }
    if (m)
        mesh_free(m);
    if (conn)
        engine_disconnect(conn);
    if (g)
        engine_close(g);
    errs_fini(&es);
}

int cmd_doctor(struct cli *c, const struct cli_args *args)
{
    struct visit v = {.c = c, .json = BUF_INIT((size_t)1 << 20)};
    struct err e = {0};
    (void)args;
    put_open(&v.json, NULL, '[');
    engine_works(&v);
    encryption_is_possible(&v);
    page_is_built_in(&v);
    descriptors_suffice(&v);
    bool inside = cli_mesh_dir(c, &v.dir, &e);
    if (inside) {
        folder_is_private(&v);
        disk_has_room(&v);
        lock_is_understood(&v);
        declaration_is_sound(&v);
    } else {
        found(&v, c->mesh_option.n == 0, "mesh", STR("none here; only the machine was looked at"),
              "name a mesh folder with -C DIR");
    }
    put_close(&v.json, ']');
    buf_addc(&v.json, '\n');
    if (c->json)
        cli_print(&v.json);
    buf_fini(&v.json);
    return v.ill ? 1 : 0;
}
