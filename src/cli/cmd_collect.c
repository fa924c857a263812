/* trellis collect: a collector alone, beside a server or on a machine of its own folder; needs data/spool and nothing else of the mesh. */
#include "cli/cli.h"

#include <signal.h>

#include "base/fs.h"
#include "base/log.h"
#include "collect/collect.h"
#include "serve/serve.h"
#include "store/encryption.h"

int cmd_collect(struct cli *c, const struct cli_args *args)
{
    struct err e = {0};
    struct str dir;
    struct collect *k = NULL;
    struct serve_address at;
    sigset_t stop;
    int number;
    log_set(LOG_WARN, false);
    const char *listen = cli_opt(args, "--listen");
    if (!serve_address_parse(listen ? listen : "127.0.0.1:8081", &at, &e) || !cli_mesh_dir(c, &dir, &e))
        return cli_fail(c, &e);
    struct collect_options o = {.data_dir = arena_printf(&c->arena, "%.*s/data", STR_FMT(dir)).p,
                                .host = at.host,
                                .port = at.port,
                                .tls_certificate = cli_opt(args, "--tls-certificate"),
                                .tls_key = cli_opt(args, "--tls-key")};
    /* Before threads begin, so that all of them leave these signals to this one. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    const char *mesh = arena_strz(&c->arena, dir);
    bool ok = fs_mkdirs(o.data_dir, 0700, &e) && encryption_hold(mesh, o.data_dir, &e) && collect_open(&o, &k, &e);
    if (ok) { /* the files may have been brought under another key since */
        struct encryption_note now;
        const struct cipher *held = cipher_for(o.data_dir);
        char mark[2 * CIPHER_MARK_BYTES + 1] = "";
        if (held)
            cipher_mark(held, mark);
        ok = encryption_note_read(o.data_dir, &c->arena, &now, &e);
        if (ok && (now.exchanging || !str_eq(now.mark, str_of(mark))))
            ok = err_set(&e, E_BUSY, "the files of this mesh are being brought under another key");
    }
    if (!ok) {
        collect_close(k);
        encryption_drop(o.data_dir);
        return cli_fail(c, &e);
    }
    printf("%s://%s:%d\n", o.tls_certificate ? "https" : "http", at.shown, collect_port(k));
    fflush(stdout);
    cli_advice(c, "Taking events into %s/spool; a server or `trellis run` loads them. Ctrl-C stops.", o.data_dir);
    sigwait(&stop, &number);
    collect_close(k);
    encryption_drop(o.data_dir);
    return 0;
}
