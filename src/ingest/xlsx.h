/* In the loader child: a workbook as its parts: sheets, styles, shared texts. Nothing is unpacked to disk; what an entry may
 * unpack to is bounded, and a document type in the XML ends the reading. */
#ifndef INGEST_XLSX_H
#define INGEST_XLSX_H

#include <expat.h>
#include <zip.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum xlsx_kind { XLSX_NUMBER, XLSX_DATE, XLSX_MOMENT, XLSX_CLOCK }; /* what a cell's style makes of its number */
struct xlsx_style {
    enum xlsx_kind kind;
    int zeros; /* digits that the number is filled up to: 00000 */
};
struct xlsx_sheet {
    struct str name, id, part;
    bool hidden;
};
struct xlsx_book {
    zip_t *zip;
    struct arena *arena;
    bool from_1904;
    struct xlsx_sheet *sheets;
    size_t n_sheets;
    struct xlsx_style *styles;
    size_t n_styles;
    struct buf texts; /* the shared ones, one behind the other */
    size_t *text_ends;
    size_t n_texts, cap_texts;
};

MUST_CHECK bool xlsx_book_open(int fd, struct arena *a, struct xlsx_book *b, struct err *e);
void xlsx_book_close(struct xlsx_book *b);
struct str xlsx_text(const struct xlsx_book *b, size_t i); /* p NULL: there is none of this number */

/* Reads one part with these handlers. `stop` is looked at after each piece: it ends the reading, well or with the error set. */
struct xlsx_parse {
    void *ctx;
    void (*start)(void *ctx, const char *name, const char **attributes); /* names without their prefix */
    void (*end)(void *ctx, const char *name);
    void (*text)(void *ctx, const char *p, int n);
    const bool *stop;
};
MUST_CHECK bool xlsx_part(struct xlsx_book *b, struct str part, const struct xlsx_parse *p, struct err *e);
const char *xlsx_attribute(const char **attributes, const char *name); /* NULL: it is not there */

/* The text of a number under a style. */
void xlsx_number(const struct xlsx_book *b, const struct xlsx_style *s, struct str raw, struct buf *out);

#endif
