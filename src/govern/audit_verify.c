/* Holding the whole log to its chain: the one of this mesh, or a copy of its file; and cutting off what is older than it has to
 * be kept. */
#include "govern/audit_int.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"

static bool read_hex(struct str text, unsigned char *out, size_t n)
{
    size_t got = 0;
    text = str_trim(text);
    return text.n == 2 * n && sodium_hex2bin(out, n, text.p, text.n, NULL, &got, NULL) == 0 && got == n;
}

bool chain_known(struct chain_check *k, struct str known_head, struct err *e)
{
    k->ask_known = str_trim(known_head).n > 0;
    if (!k->ask_known || read_hex(known_head, k->known, sizeof k->known))
        return true;
    err_set(e, E_USAGE, "a head is 64 hexadecimal digits");
    err_hint(e, "trellis audit verify prints the newest one: keep it elsewhere");
    return false;
}

bool chain_public(struct chain_check *k, struct str hex, struct err *e)
{
    if (read_hex(hex, k->public_key, sizeof k->public_key))
        return true;
    err_set(e, E_USAGE, "a public key is 64 hexadecimal digits");
    err_hint(e, "trellis audit verify prints it");
    return false;
}

static bool row(void *ctx, const struct store_audit *x, const struct store_checkpoint *c)
{
    return chain_check_entry(ctx, x) && (!c->id || chain_check_checkpoint(ctx, c));
}

struct first {
    int64_t id;
};
static bool first_row(void *ctx, const struct store_audit *x, const struct store_checkpoint *c)
{
    (void)c;
    ((struct first *)ctx)->id = x->id;
    return false;
}

/* A checkpoint without its entry is where a cut log begins; anywhere else its entry was taken away. */
static bool verify_rows(struct chain_check *k, struct store *s, struct err *e)
{
    struct store_checkpoint *alone;
    struct first first = {INT64_MAX};
    size_t n;
    if (!store_checkpoint_alone(s, k->arena, &alone, &n, e) || !store_audit_each(s, INT64_MIN, first_row, &first, e))
        return false;
    if (n && alone[0].id < first.id)
        chain_check_base(k, &alone[0]);
    if (!k->verdict->problem.n && !store_audit_each(s, INT64_MIN, row, k, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (alone[i].id > k->at.id || (alone[i].id != k->from.id && i > 0))
            chain_bad(k, k->at.id < alone[i].id ? k->at.id + 1 : alone[i].id,
                      "entry %lld is missing: a checkpoint stands at it or after it",
                      k->at.id < alone[i].id ? (long long)k->at.id + 1 : (long long)alone[i].id);
    chain_check_end(k);
    return true;
}

bool audit_verify(struct audit *a, struct arena *arena, struct str known_head, struct audit_verdict *out, struct err *e)
{
    struct chain_check k;
    struct store *s = NULL;
    chain_check_init(&k, arena, out);
    memcpy(k.public_key, a->keys.public_key, sizeof k.public_key);
    if (!chain_known(&k, known_head, e) || !audit_flush(a, e) || !audit_reader(a, &s, e))
        return false;
    /* That it began, then the head, then the rows: each may be older than what is read after it, never newer. */
    bool begun;
    bool ok = audit_begun(a, &begun, e) && chain_seal_read(a->head_path, &k.seal, e) && store_audit_snapshot(s, e) && verify_rows(&k, s, e);
    if (ok && !k.seal.there && (begun || out->checkpoints > 1) && !out->problem.n)
        out->whole = chain_bad(&k, k.at.id, "audit.head is gone");
    store_close(s);
    return ok;
}

/* ---- files ---- */

static bool is_database(const char *path, struct err *e)
{
    char begins[16] = {0};
    FILE *f = fopen(path, "rbe");
    if (!f)
        return err_set(e, E_NOT_FOUND, "%s cannot be read", path);
    size_t n = fread(begins, 1, sizeof begins, f);
    fclose(f);
    return n == sizeof begins && memcmp(begins, "SQLite format 3", sizeof begins) == 0;
}

/* The key that its audit.head names, where nobody says another. */
static bool key_of_head(struct chain_check *k, const char *head_path, struct err *e)
{
    struct str text;
    if (!fs_exists(head_path)) {
        err_set(e, E_USAGE, "there is no audit.head beside the file, which names the key of its signatures");
        err_hint(e, "copy it too, or say the public key: --key HEX");
        return false;
    }
    if (!fs_read(k->arena, head_path, 4096, &text, e))
        return false;
    size_t at = str_find(text, STR("\"public_key\":\""), 0);
    k->verdict->own_key = true;
    if (at != SIZE_MAX && text.n >= at + 14 + AUDIT_HEX - 1 &&
        read_hex((struct str){text.p + at + 14, AUDIT_HEX - 1}, k->public_key, sizeof k->public_key))
        return true;
    return err_set(e, E_USAGE, "%s names no public key", head_path);
}

static bool verify_database(const char *path, struct chain_check *k, struct str known_key, struct err *e)
{
    struct store *s = NULL;
    const char *head_path = fs_join(k->arena, fs_dirname(str_of(path)), STR("audit.head")).p;
    if (!(known_key.n ? chain_public(k, known_key, e) : key_of_head(k, head_path, e)) ||
        !chain_seal_read(head_path, &k->seal, e) || !store_audit_open(path, true, &s, e))
        return false;
    bool ok = verify_rows(k, s, e);
    store_close(s);
    return ok;
}

bool audit_verify_file(const char *path, struct arena *arena, struct str known_head, struct str known_key,
                       struct audit_verdict *out, struct err *e)
{
    struct chain_check k;
    struct err local = {0};
    e = e ? e : &local;
    chain_check_init(&k, arena, out);
    if (!chain_known(&k, known_head, e))
        return false;
    bool database = is_database(path, e);
    if (e->code)
        return false;
    return database ? verify_database(path, &k, known_key, e) : audit_verify_lines(path, &k, known_key, e);
}

/* ---- retention of the log itself ---- */

bool audit_cut(struct audit *a, int64_t before_us, struct str principal, int64_t *n, struct err *e)
{
    struct arena arena;
    struct store_checkpoint c;
    struct first first = {INT64_MAX};
    char hex[AUDIT_HEX];
    struct chain_head h;
    *n = 0;
    arena_init(&arena);
    bool ok = audit_flush(a, e) && store_checkpoint_newest(a->state->audit, &arena, INT64_MAX, before_us, &c, e) &&
              store_audit_each(a->state->audit, 0, first_row, &first, e);
    if (ok && c.id >= first.id && chain_head_of(&c, &h)) {
        sodium_bin2hex(hex, sizeof hex, h.hash, sizeof h.hash);
        const struct audit_entry x = {.kind = AUDIT_RETENTION,
                                      .principal = principal,
                                      .what = arena_printf(&arena, "%s%lld %s", AUDIT_CUT.p, (long long)c.id, hex),
                                      .verdict = STR("ok"),
                                      .rows = c.id - first.id + 1};
        /* The signed word first: what is still there after a crash is cut the next time. */
        ok = audit_write_signed(a, &x, e) && store_audit_cut(a->state->audit, c.id, n, e);
    }
    arena_fini(&arena);
    return ok;
}
