/* Text of a source file to typed cells. Exact: what does not convert is said, never guessed. */
#ifndef INGEST_CELL_H
#define INGEST_CELL_H

#include "base/buf.h"
#include "engine/pipe.h"

/* The type that a contract names, as the raw table holds it. Types without a form here (JSON, UUID, nested, ...) are
 * kept as text: VARCHAR. */
struct engine_pipe_type cell_type_parse(struct str type_name);
void cell_type_name(const struct engine_pipe_type *t, struct buf *out); /* as in CREATE TABLE */

struct cell_format {
    char decimal;                             /* '.' or ',': the other one groups thousands */
    struct str date_format, timestamp_format; /* strptime forms; empty: ISO 8601 and its near relations */
};

enum cell_result { CELL_OK, CELL_EMPTY, CELL_BAD, CELL_RANGE };
/* Writes t->bytes to `out`. CELL_EMPTY: nothing but blanks, to be taken for NULL. Not for ENGINE_TEXT. */
enum cell_result cell_convert(const struct engine_pipe_type *t, const struct cell_format *f, struct str text, void *out);

/* How the values of one column are written, where that is special (`formats` of a stream). */
enum cell_form_kind { FORM_NONE, FORM_TIME, FORM_EPOCH, FORM_EPOCH_MS, FORM_EXCEL, FORM_SIGN, FORM_PERCENT };
struct cell_form {
    enum cell_form_kind kind;
    struct str text; /* a strptime form, or the sign of a currency */
};
struct cell_form cell_form_parse(struct str text);
enum cell_result cell_convert_form(const struct engine_pipe_type *t, const struct cell_format *f, const struct cell_form *form,
                                   struct str text, void *out);
/* The number in a text with a sign or a percent mark, in `room`; p NULL: there is none. */
struct str cell_unsign(struct str text, struct str sign, char *room, size_t size);
struct str cell_unpercent(struct str text, char *room, size_t size);

/* What a text looks like, from narrow to wide; used to propose types and to notice that a column changed its nature. */
enum cell_look {
    LOOK_EMPTY,
    LOOK_BOOL,
    LOOK_INTEGER,
    LOOK_DECIMAL,
    LOOK_NUMBER,
    LOOK_DATE,
    LOOK_TIMESTAMP,
    LOOK_TEXT,
    LOOK_COUNT
};
enum cell_look cell_look(struct str text, char decimal);
enum cell_look cell_look_join(enum cell_look a, enum cell_look b); /* the narrowest that holds both */
const char *cell_look_text(enum cell_look l);
enum cell_look cell_look_parse(struct str text);

/* Days since 1970 of a civil date; false when there is no such day. */
bool cell_date(int64_t y, int64_t m, int64_t d, int32_t *days);
/* Microseconds since 1970, UTC, of a text in ISO 8601 or near it. */
bool cell_timestamp(struct str s, int64_t *us);
/* A text against a strptime form (%Y %y %m %d %e %j %H %I %M %S %f %p %b %B %a %A %z %Z %T %F %%). */
bool cell_strptime(struct str text, struct str form, int64_t *us);

#endif
