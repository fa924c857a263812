/* Opening under a key. mesh.yaml is read here before anything else is, since the declaration as a whole is loaded by a program that has the
 * state open already. */
#include "store/encryption.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/doc.h"
#include "base/fs.h"
#include "base/json.h"
#include "engine/engine.h"
#include "store/encryption_int.h"

enum { NOTE_MAX_BYTES = 4096, CONFIG_MAX_BYTES = 1 << 20 };

const char *encryption_path(struct arena *a, const char *dir, const char *name)
{
    return fs_join(a, str_of(dir), str_of(name)).p;
}

/* ---- The note ---- */

bool encryption_note_read(const char *data_dir, struct arena *a, struct encryption_note *out, struct err *e)
{
    const char *path = encryption_path(a, data_dir, ENCRYPTION_NOTE);
    struct str text;
    *out = (struct encryption_note){0};
    if (!fs_exists(path))
        return true;
    if (!fs_read(a, path, NOTE_MAX_BYTES, &text, e))
        return false;
    yyjson_doc *doc = json_parse(text, NULL);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    *out = (struct encryption_note){.there = true,
                                    .plain = json_bool(root, "plain", false),
                                    .exchanging = json_bool(root, "exchanging", false),
                                    .reference = arena_str(a, json_str(root, "reference")),
                                    .mark = arena_str(a, json_str(root, "mark")),
                                    .since = arena_str(a, json_str(root, "since"))};
    bool ok = root && out->since.n >= 10 && (out->plain || out->mark.n == 2 * CIPHER_MARK_BYTES);
    yyjson_doc_free(doc);
    if (ok)
        return true;
    err_set(e, E_ENCRYPTION, "%s is damaged", path);
    err_hint(e, "put it back from a backup; it tells which key the files of this mesh are under");
    return false;
}

bool encryption_note_write(const char *data_dir, const struct encryption_note *n, struct err *e)
{
    struct arena a;
    struct buf b = BUF_INIT(NOTE_MAX_BYTES);
    arena_init(&a);
    buf_addz(&b, "{\"version\":1,");
    if (n->plain)
        buf_addz(&b, "\"plain\":true,");
    else {
        buf_addz(&b, "\"mark\":");
        buf_json_str(&b, n->mark);
        buf_addz(&b, ",\"reference\":");
        buf_json_str(&b, n->reference);
        buf_addc(&b, ',');
    }
    buf_addz(&b, "\"since\":");
    buf_json_str(&b, n->since);
    buf_addz(&b, n->exchanging ? ",\"exchanging\":true}\n" : "}\n");
    bool ok = buf_ok(&b, e) && fs_write_atomic(encryption_path(&a, data_dir, ENCRYPTION_NOTE), buf_str(&b), 0600, e);
    buf_fini(&b);
    arena_fini(&a);
    return ok;
}

void encryption_note_make(struct encryption_note *n, struct arena *a, const struct cipher *c, struct str reference)
{
    char mark[2 * CIPHER_MARK_BYTES + 1] = "";
    struct clock_text now = clock_iso(clock_now_us());
    if (c)
        cipher_mark(c, mark);
    *n = (struct encryption_note){
        .there = true, .plain = !c, .reference = arena_str(a, reference), .mark = arena_str(a, str_of(mark)), .since = arena_str(a, str_of(now.z))};
}

/* ---- What mesh.yaml says ---- */

bool encryption_reference(const char *dir, struct arena *a, struct str *out, struct err *e)
{
    struct str text;
    struct errs es = {0};
    const char *path = encryption_path(a, dir, "mesh.yaml");
    *out = STR("");
    if (!fs_exists(path))
        return true;
    if (!fs_read(a, path, CONFIG_MAX_BYTES, &text, e))
        return false;
    struct doc *d = doc_parse_yaml(a, STR("mesh.yaml"), text, &es);
    if (d)
        *out = doc_text(d, doc_path(d, doc_root(d), "encryption.key"));
    else if (e && es.n)
        *e = es.v[0];
    errs_fini(&es);
    return d != NULL;
}

/* ---- Holding ---- */

static bool has_data(struct arena *a, const char *data_dir)
{
    static const char *const names[] = {"mesh.duckdb", "control.sqlite"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (fs_exists(encryption_path(a, data_dir, names[i])))
            return true;
    return false;
}

/* The note was lost, or the process died before it wrote one: the data file itself tells what it is. */
static bool begin(const char *data_dir, struct arena *a, struct str reference, const struct cipher *c, struct err *e)
{
    struct encryption_note n;
    if (has_data(a, data_dir) && engine_file_look(encryption_path(a, data_dir, "mesh.duckdb")) != ENGINE_FILE_ENCRYPTED) {
        err_set(e, E_ENCRYPTION, "mesh.yaml asks for encryption, and the data of this mesh is not encrypted");
        err_hint(e, "encrypt it: trellis encrypt (no server may run meanwhile)");
        return false;
    }
    encryption_note_make(&n, a, c, reference);
    return encryption_note_write(data_dir, &n, e);
}

static bool same_key(const struct encryption_note *n, const struct cipher *c, struct str reference, struct err *e)
{
    char mark[2 * CIPHER_MARK_BYTES + 1];
    cipher_mark(c, mark);
    if (str_eq(n->mark, str_of(mark)))
        return true;
    if (str_eq(reference, n->reference)) {
        err_set(e, E_ENCRYPTION, "%.*s is not the key any more that it was on %.*s, when the data of this mesh was encrypted with it", STR_FMT(reference), 10, n->since.p);
        err_hint(e, "bring the old key back; trellis encrypt --rotate exchanges one key for another");
        return false;
    }
    err_set(e, E_ENCRYPTION, "the key of %.*s is not the one that the data of this mesh is encrypted with: that is the key of %.*s, since %.*s", STR_FMT(reference),
            STR_FMT(n->reference), 10, n->since.p);
    err_hint(e, "write into mesh.yaml: encryption: {key: \"%.*s\"}, or bring that key to %.*s", STR_FMT(n->reference), STR_FMT(reference));
    return false;
}

bool encryption_can(struct err *e)
{
    if (engine_can_encrypt())
        return true;
    err_set(e, E_ENCRYPTION, "the engine's extension for encryption is not on this machine");
    err_hint(e, "run scripts/setup.sh, or name the folder that holds httpfs.duckdb_extension for %s: TRELLIS_EXTENSIONS=/folder", engine_version());
    return false;
}

bool encryption_hold(const char *dir, const char *data_dir, struct err *e)
{
    struct arena a;
    struct encryption_note n;
    struct str reference;
    struct cipher *c = NULL;
    struct err unread = {0};
    bool ok = false;
    arena_init(&a);
    if (!encryption_note_read(data_dir, &a, &n, e))
        goto out;
    if (n.exchanging) {
        err_set(e, E_BUSY, "the files of this mesh are being brought under another key");
        err_hint(e, "if that was interrupted, trellis status finishes it");
        goto out;
    }
    if (!encryption_reference(dir, &a, &reference, &unread)) {
        /* A declaration that cannot be read does not keep the data from being opened; but nothing begins without knowing. */
        if (!n.there && !has_data(&a, data_dir)) {
            if (e)
                *e = unread;
            goto out;
        }
        reference = n.reference;
    }
    if (!reference.n) {
        ok = !n.there;
        if (!ok) {
            err_set(e, E_ENCRYPTION, "the data of this mesh is encrypted, and mesh.yaml names no key");
            err_hint(e, "write into mesh.yaml: encryption: {key: \"%.*s\"}", STR_FMT(n.reference));
        }
        goto out;
    }
    if (!encryption_can(e) || !cipher_open(dir, reference, &c, e))
        goto out;
    ok = (n.there ? same_key(&n, c, reference, e) : begin(data_dir, &a, reference, c, e)) && cipher_hold(data_dir, c, e);
    if (ok)
        c = NULL;
out:
    cipher_close(c);
    arena_fini(&a);
    return ok;
}

void encryption_drop(const char *data_dir)
{
    cipher_release(data_dir);
}
