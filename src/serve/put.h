/* Writing JSON into a buffer, member by member; commas take care of themselves. */
#ifndef SERVE_PUT_H
#define SERVE_PUT_H

#include "base/buf.h"

/* `key` NULL: an element of an array, or the root. */
void put_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
void put_close(struct buf *b, char bracket);                 /* '}' or ']' */
void put_str(struct buf *b, const char *key, struct str s);  /* empty stays "" */
void put_opt(struct buf *b, const char *key, struct str s);  /* empty becomes null */
void put_int(struct buf *b, const char *key, int64_t v);
void put_num(struct buf *b, const char *key, double v);
void put_bool(struct buf *b, const char *key, bool v);
void put_null(struct buf *b, const char *key);
void put_time(struct buf *b, const char *key, int64_t us);     /* ISO 8601 in UTC; 0 becomes null */
void put_raw(struct buf *b, const char *key, struct str json); /* already JSON */
void put_err(struct buf *b, const char *key, const struct err *e);
void put_texts(struct buf *b, const char *key, const struct str *v, size_t n);

#endif
