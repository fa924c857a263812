/* The log as JSON lines: first the key and where it begins, then entries and checkpoints as they stand. */
#include "govern/audit_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"

struct out {
    struct buf b;
    bool (*line)(void *ctx, struct str text);
    void *ctx;
    bool more;
};

static void put_text(struct buf *b, const char *key, struct str s)
{
    buf_printf(b, ",\"%s\":", key);
    buf_json_str(b, s);
}

static void put_hex(struct buf *b, const char *key, struct str v)
{
    char hex[2 * crypto_sign_BYTES + 1];
    buf_printf(b, ",\"%s\":\"%s\"", key,
               v.n <= crypto_sign_BYTES ? sodium_bin2hex(hex, sizeof hex, (const unsigned char *)v.p, v.n) : "");
}

static bool put_line(struct out *o)
{
    buf_addz(&o->b, "}\n");
    o->more = !o->b.failed && o->line(o->ctx, buf_str(&o->b));
    buf_reset(&o->b);
    return o->more;
}

static bool entry(void *ctx, const struct store_audit *x, const struct store_checkpoint *c)
{
    struct out *o = ctx;
    struct buf *b = &o->b;
    buf_printf(b, "{\"id\":%lld,\"at\":\"%s\",\"at_us\":%lld", (long long)x->id, clock_iso(x->at_us).z, (long long)x->at_us);
    put_text(b, "kind", x->kind);
    put_text(b, "principal", x->principal);
    put_text(b, "roles", x->roles);
    put_text(b, "purpose", x->purpose);
    put_text(b, "what", x->what);
    put_text(b, "sql", x->sql_shape);
    put_text(b, "verdict", x->verdict);
    put_text(b, "detail", x->detail);
    put_hex(b, "salt", x->salt);
    put_hex(b, "detail_hash", x->detail_hash);
    put_text(b, "person", x->person);
    buf_printf(b, ",\"rows\":%lld,\"bytes\":%lld,\"elapsed_us\":%lld,\"program\":%s", (long long)x->rows, (long long)x->bytes,
               (long long)x->elapsed_us, x->quiet ? "true" : "false");
    if (x->signed_id >= 0)
        buf_printf(b, ",\"signed\":%lld", (long long)x->signed_id);
    put_hex(b, "hash", x->hash);
    if (!put_line(o) || !c->id)
        return o->more;
    buf_printf(b, "{\"checkpoint\":%lld,\"at_us\":%lld", (long long)c->id, (long long)c->at_us);
    put_hex(b, "hash", c->hash);
    put_hex(b, "signature", c->signature);
    return put_line(o);
}

static void begin_line(struct out *o, struct audit *a, const struct store_checkpoint *from)
{
    buf_printf(&o->b, "{\"trellis_audit\":1");
    put_hex(&o->b, "public_key", (struct str){(const char *)a->keys.public_key, sizeof a->keys.public_key});
    if (from->id) {
        buf_printf(&o->b, ",\"after\":{\"checkpoint\":%lld,\"at_us\":%lld", (long long)from->id, (long long)from->at_us);
        put_hex(&o->b, "hash", from->hash);
        put_hex(&o->b, "signature", from->signature);
        buf_addc(&o->b, '}');
    }
}

static bool export_rows(struct audit *a, struct store *s, struct arena *arena, int64_t from_us, struct out *o, struct err *e)
{
    struct store_checkpoint from = {0}, *alone;
    size_t n;
    /* From a checkpoint on, so that what is left out cannot be disputed: the newest before the moment, or where a cut log begins.
     */
    if (!store_audit_snapshot(s, e) || (from_us > 0 && !store_checkpoint_newest(s, arena, INT64_MAX, from_us, &from, e)) ||
        !store_checkpoint_alone(s, arena, &alone, &n, e))
        return false;
    if (!from.id && n)
        from = alone[0];
    begin_line(o, a, &from);
    return !put_line(o) || store_audit_each(s, from.id, entry, o, e);
}

bool audit_export(struct audit *a, int64_t from_us, bool (*line)(void *ctx, struct str text), void *ctx, struct err *e)
{
    struct arena arena;
    struct store *s = NULL;
    struct out o = {.b = BUF_INIT((size_t)AUDIT_LINE_MAX), .line = line, .ctx = ctx};
    arena_init(&arena);
    bool ok = audit_flush(a, e) && audit_reader(a, &s, e) && export_rows(a, s, &arena, from_us, &o, e) &&
              (!o.b.failed || buf_ok(&o.b, e));
    store_close(s);
    buf_fini(&o.b);
    arena_fini(&arena);
    return ok;
}
