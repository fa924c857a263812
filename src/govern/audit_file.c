/* An export (audit_export.c) held to its chain, line by line. Whatever its bytes are, the answer is a verdict or an error. */
#include "govern/audit_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

struct line_bytes {
    unsigned char v[crypto_sign_BYTES];
    size_t n;
};

static bool hex_of(yyjson_val *o, const char *key, struct line_bytes *out)
{
    struct str s = json_str(o, key);
    out->n = 0;
    return s.n <= 2 * sizeof out->v && sodium_hex2bin(out->v, sizeof out->v, s.p ? s.p : "", s.n, NULL, &out->n, NULL) == 0 &&
           2 * out->n == s.n;
}

static struct str bytes(const struct line_bytes *b)
{
    return (struct str){(const char *)b->v, b->n};
}

static bool checkpoint_of(yyjson_val *o, struct store_checkpoint *out, struct line_bytes hold[2])
{
    *out = (struct store_checkpoint){.id = json_int(o, "checkpoint", 0), .at_us = json_int(o, "at_us", 0)};
    if (out->id <= 0 || !hex_of(o, "hash", &hold[0]) || !hex_of(o, "signature", &hold[1]))
        return false;
    out->hash = bytes(&hold[0]);
    out->signature = bytes(&hold[1]);
    return true;
}

static bool take_entry(struct chain_check *k, yyjson_val *o, long long number)
{
    struct line_bytes hash, salt, detail_hash;
    struct store_audit x = {.id = json_int(o, "id", 0),
                            .at_us = json_int(o, "at_us", 0),
                            .kind = json_str(o, "kind"),
                            .principal = json_str(o, "principal"),
                            .roles = json_str(o, "roles"),
                            .purpose = json_str(o, "purpose"),
                            .what = json_str(o, "what"),
                            .sql_shape = json_str(o, "sql"),
                            .verdict = json_str(o, "verdict"),
                            .detail = json_str(o, "detail"),
                            .person = json_str(o, "person"),
                            .rows = json_int(o, "rows", 0),
                            .bytes = json_int(o, "bytes", 0),
                            .elapsed_us = json_int(o, "elapsed_us", 0),
                            .quiet = json_bool(o, "program", false),
                            .signed_id = json_int(o, "signed", -1)};
    /* `at` is for people and not hashed: it has to say what at_us says. */
    if (x.id <= 0 || !hex_of(o, "hash", &hash) || !hex_of(o, "salt", &salt) || !hex_of(o, "detail_hash", &detail_hash) ||
        !str_eq(json_str(o, "at"), str_of(clock_iso(x.at_us).z)))
        return chain_bad(k, x.id > 0 ? x.id : k->at.id, "line %lld is no entry, or was edited", number);
    x.hash = bytes(&hash);
    x.salt = bytes(&salt);
    x.detail_hash = bytes(&detail_hash);
    return chain_check_entry(k, &x);
}

static bool take_begin(struct chain_check *k, yyjson_val *o, struct str known_key, struct err *e)
{
    struct store_checkpoint c;
    struct line_bytes hold[2];
    yyjson_val *after = yyjson_obj_get(o, "after");
    if (json_int(o, "trellis_audit", 0) != 1 || (!known_key.n && json_str(o, "public_key").n != AUDIT_HEX - 1)) {
        err_set(e, E_USAGE, "this is no audit log: neither a copy of audit.sqlite nor what `trellis audit export` writes");
        return false;
    }
    k->verdict->own_key = !known_key.n;
    if (!chain_public(k, known_key.n ? known_key : json_str(o, "public_key"), e))
        return false;
    k->export_part = true;
    if (after && !checkpoint_of(after, &c, hold))
        chain_bad(k, 0, "the first line does not say where the export begins");
    else if (after)
        chain_check_base(k, &c);
    return true;
}

/* False with `e` filled: not a log at all. The verdict holds whatever else is wrong. */
static bool take_line(struct chain_check *k, struct str line, long long number, struct str known_key, struct err *e)
{
    struct store_checkpoint c;
    struct line_bytes hold[2];
    yyjson_doc *doc = yyjson_read(line.p, line.n, 0);
    yyjson_val *o = yyjson_doc_get_root(doc);
    bool ok = true;
    if (number == 1)
        ok = take_begin(k, o, known_key, e);
    else if (!o)
        chain_bad(k, k->at.id, "line %lld is not JSON: after entry %lld the file is damaged", number, (long long)k->at.id);
    else if (!yyjson_obj_get(o, "checkpoint"))
        take_entry(k, o, number);
    else if (checkpoint_of(o, &c, hold))
        chain_check_checkpoint(k, &c);
    else
        chain_bad(k, k->at.id, "line %lld is no checkpoint", number);
    yyjson_doc_free(doc);
    return ok;
}

bool audit_verify_lines(const char *path, struct chain_check *k, struct str known_key, struct err *e)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    long long number = 0;
    bool ok = true;
    if (!f)
        return err_set(e, E_NOT_FOUND, "%s cannot be read", path);
    for (ssize_t n; ok && !k->verdict->problem.n && (n = getline(&line, &room, f)) > 0;) {
        if (n > AUDIT_LINE_MAX)
            ok = err_set(e, E_TOO_LARGE, "line %lld is longer than %d bytes", number + 1, AUDIT_LINE_MAX);
        else
            ok = take_line(k, (struct str){line, (size_t)n}, ++number, known_key, e);
    }
    if (ok && number == 0)
        ok = err_set(e, E_USAGE, "%s is empty", path);
    fclose(f);
    free(line); /* banned-ok: getline allocated it */
    if (ok)
        chain_check_end(k);
    return ok;
}
