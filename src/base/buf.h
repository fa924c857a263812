/* A growing byte buffer born with a maximum. Reaching it, or running out of memory, sets `failed`;
 * later appends do nothing, so that a writer checks once at the end (buf_ok). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/error.h"
#include "base/mem.h"

struct buf {
    char *p;
    size_t n, cap, max;
    bool failed, out_of_memory; /* the second says why the first */
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* empties, keeps memory, clears failed */
void buf_add(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *z);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
bool buf_reserve(struct buf *b, size_t more);
struct str buf_str(const struct buf *b);     /* borrowed until the next append */
const char *buf_z(struct buf *b);            /* NUL-terminated view; "" when failed */
bool buf_ok(const struct buf *b, struct err *e); /* false: E_MEMORY or E_TOO_LARGE filled in */

/* Writers of common forms. */
void buf_json_str(struct buf *b, struct str s);   /* quoted and escaped; invalid UTF-8 becomes U+FFFD */
void buf_json_key(struct buf *b, const char *key);/* "key": */
void buf_csv_field(struct buf *b, struct str s);  /* RFC 4180 */
void buf_csv_cell(struct buf *b, struct str s);   /* the same for what people open: ' before a text that a spreadsheet would run as a formula; numbers stay */
void buf_sql_ident(struct buf *b, struct str s);  /* "a""b" */
void buf_sql_text(struct buf *b, struct str s);   /* 'it''s' */

#endif
