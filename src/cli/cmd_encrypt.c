/* trellis encrypt: all files below data/ under a key, under another one, or under none again. */
#include "cli/cli.h"

#include "base/buf.h"
#include "govern/audit.h"
#include "store/encryption.h"
#include "store/state.h"

static void progress(void *ctx, const char *what, struct str name)
{
    const struct cli *c = ctx;
    if (!c->quiet)
        fprintf(stderr, "%s %.*s\n", what, STR_FMT(name));
}

/* The reference of the key that is asked for; empty with --off. */
static bool wanted(const struct cli_args *args, struct str declared, struct str *out, struct err *e)
{
    const char *key = cli_opt(args, "--key"), *new_key = cli_opt(args, "--new-key");
    bool rotate = cli_has(args, "--rotate"), off = cli_has(args, "--off");
    if (rotate != (new_key != NULL) || (key != NULL) + rotate + off > 1) {
        err_set(e, E_USAGE, "these options do not go together");
        err_hint(e, "trellis encrypt [--key REF], trellis encrypt --rotate --new-key REF, or trellis encrypt --off");
        return false;
    }
    *out = off ? STR("") : key ? str_of(key) : new_key ? str_of(new_key) : declared;
    if (off || out->n)
        return true;
    err_set(e, E_USAGE, "no key is named");
    err_hint(e, "trellis encrypt --key env:TRELLIS_KEY, or write into mesh.yaml: encryption: {key: env:TRELLIS_KEY}; a key is made by: openssl rand -hex 32");
    return false;
}

static void show(struct cli *c, const struct encryption_done *d)
{
    if (c->json) {
        struct buf b = BUF_INIT(1 << 16);
        buf_addz(&b, "{\"before\":");
        d->before.n ? buf_json_str(&b, d->before) : buf_addz(&b, "null");
        buf_addz(&b, ",\"after\":");
        d->after.n ? buf_json_str(&b, d->after) : buf_addz(&b, "null");
        buf_printf(&b, ",\"files\":%zu,\"bytes\":%llu,\"events\":%lld}", d->files, (unsigned long long)d->bytes, (long long)d->events);
        printf("%s\n", buf_z(&b));
        buf_fini(&b);
        return;
    }
    if (d->after.n)
        printf("The data of this mesh is encrypted with the key of %.*s", STR_FMT(d->after));
    else
        printf("The data of this mesh is no longer encrypted");
    printf(" (%zu files, %.1f MB", d->files, (double)d->bytes / 1e6);
    if (d->events)
        printf(", %lld events that wait to be loaded", (long long)d->events);
    printf(").\n");
    if (d->after.n)
        cli_advice(c, "Keep a copy of the key elsewhere: without it nobody reads this mesh again, you neither.");
    if (d->after.n && !d->before.n)
        cli_advice(c, "What was plain is deleted, not wiped: a disk may hold its old blocks until it uses them again. Backups made before are plain.");
}

/* Opening it is also the proof that the new key opens everything. */
static bool audited(struct cli *c, const char *dir, const struct encryption_done *d, struct err *e)
{
    struct state *s = NULL;
    struct audit *log = NULL;
    struct str what = !d->after.n ? STR("encryption ended") : d->before.n ? STR("encryption key exchanged") : STR("encryption begun");
    struct audit_entry x = {.kind = AUDIT_CHANGE, .what = what, .verdict = STR("ok")};
    audit_who(&x, &GOVERN_LOCAL_ADMIN, &c->arena);
    bool ok = state_open(dir, &(struct state_options){0}, &s, e) && audit_open(s, &log, e) && audit_write(log, &x, e);
    audit_close(log);
    state_close(s);
    return ok;
}

int cmd_encrypt(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir, declared, reference;
    struct encryption_done done;
    if (!cli_mesh_dir(c, &dir, &e))
        return cli_fail(c, &e);
    const char *z = arena_strz(&c->arena, dir);
    if (!encryption_reference(z, &c->arena, &declared, &e) || !wanted(args, declared, &reference, &e))
        return cli_fail(c, &e);
    const struct encryption_exchange x = {.dir = z, .reference = reference, .progress = progress, .ctx = c};
    if (!encryption_exchange(&x, &c->arena, &done, &e))
        return cli_fail(c, &e);
    show(c, &done);
    return audited(c, z, &done, &e) ? 0 : cli_fail(c, &e);
}
