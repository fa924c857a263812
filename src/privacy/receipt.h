/* Signed receipts: what was done, kept as data/receipts/<id>.json. Text is canonical JSON (members sorted, no blanks); `signature` is Ed25519 over the text
 * without it, `public_key` that of data/receipt.key. Nothing in a receipt tells who a person is: ids and keyed hashes alone. */
#ifndef PRIVACY_RECEIPT_H
#define PRIVACY_RECEIPT_H

#include "base/buf.h"
#include "store/state.h"

#define RECEIPT_KEY_FILE "receipt.key" /* of data/, by secret_key */

struct receipt_id { char z[24]; };
void receipt_id_make(struct receipt_id *out); /* r_ and 20 hexadecimal digits */
bool receipt_id_is(struct str s);

/* `json`: an object with at least receipt_id, kind, at; the rest is the caller's. `out`: the signed text. */
MUST_CHECK bool receipt_sign(const char *data_dir, struct str json, struct buf *out, struct err *e);
/* Signs and keeps; on disk when it returns. */
MUST_CHECK bool receipt_keep(const char *data_dir, struct str id, struct str json, struct buf *out, struct err *e);
MUST_CHECK bool receipt_read(const char *data_dir, struct str id, struct arena *a, struct str *text, struct err *e); /* E_NOT_FOUND */
/* Texts of those of a kind (empty: all), newest first. *total: how many there are. */
MUST_CHECK bool receipt_list(const char *data_dir, struct str kind, size_t offset, size_t limit, struct arena *a, struct str **texts, size_t *n, size_t *total, struct err *e);

struct receipt_verdict {
    bool valid; /* nothing was changed since it was signed */
    bool ours;  /* by the key of this mesh */
    struct str problem, receipt_id, kind, at; /* problem empty: none */
};
/* data_dir NULL: whose key it is cannot be told. Texts live in `a`. False: not readable as a receipt at all. */
MUST_CHECK bool receipt_verify(const char *data_dir, struct str text, struct arena *a, struct receipt_verdict *out, struct err *e);

#endif
