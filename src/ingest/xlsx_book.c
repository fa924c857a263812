/* The parts of a workbook besides its sheets, and how numbers under a style are written. */
#include "ingest/xlsx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    PIECE_BYTES = 64 << 10,
    TEXTS_MAX_BYTES = 512 << 20,
    TEXTS_MAX = 32 << 20,
    SHEETS_MAX = 1024,
    STYLES_MAX = 65536,
    FORMATS_MAX = 4096
};
/* Deflate packs at most 1:1032. A sheet of one repeated value comes to about 1:200; what is beyond both bounds is a bomb. */
#define UNPACKED_MAX_BYTES (8ull << 30)
#define SUSPECT_BYTES      (64ull << 20)
#define SUSPECT_RATIO      400ull

/* ---- Parts ---- */

struct parsing {
    const struct xlsx_parse *p;
    XML_Parser x;
    bool doctype;
};

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static void XMLCALL on_start(void *ctx, const char *name, const char **attributes)
{
    struct parsing *s = ctx;
    s->p->start(s->p->ctx, local(name), attributes);
    if (s->p->stop && *s->p->stop)
        XML_StopParser(s->x, XML_FALSE);
}

static void XMLCALL on_end(void *ctx, const char *name)
{
    struct parsing *s = ctx;
    if (s->p->end)
        s->p->end(s->p->ctx, local(name));
    if (s->p->stop && *s->p->stop)
        XML_StopParser(s->x, XML_FALSE);
}

static void XMLCALL on_text(void *ctx, const char *p, int n)
{
    struct parsing *s = ctx;
    if (s->p->text)
        s->p->text(s->p->ctx, p, n);
}

static void XMLCALL on_doctype(void *ctx, const char *name, const char *system, const char *public, int subset)
{
    struct parsing *s = ctx;
    (void)name, (void)system, (void)public, (void)subset;
    s->doctype = true; /* entities could be anything: no spreadsheet program writes them */
    XML_StopParser(s->x, XML_FALSE);
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2) {
        if (strcmp(local(attributes[0]), name) == 0)
            return attributes[1];
    }
    return NULL;
}

static bool damaged(struct err *e, const char *what)
{
    err_set(e, E_SOURCE_FILE, "the workbook is damaged: %s", what);
    err_hint(e, "open it in a spreadsheet program and save it again, or export the sheet as CSV");
    return false;
}

static bool bomb(struct err *e)
{
    err_set(e, E_SOURCE_FILE, "a part of the workbook unpacks to far more than a sheet holds");
    err_hint(e, "it is not read. Export the sheet as CSV if it is really that large");
    return false;
}

bool xlsx_part(struct xlsx_book *b, struct str part, const struct xlsx_parse *p, struct err *e)
{
    struct parsing s = {.p = p};
    zip_stat_t st;
    char *name = arena_strz(b->arena, part);
    if (zip_stat(b->zip, name, 0, &st) != 0)
        return damaged(e, "a part that it names is not there");
    if (st.size > UNPACKED_MAX_BYTES || (st.size > SUSPECT_BYTES && st.size / (st.comp_size + 1) > SUSPECT_RATIO))
        return bomb(e);
    if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE) {
        err_set(e, E_SOURCE_FILE, "the workbook has a password");
        err_hint(e, "open it in a spreadsheet program, remove the password and save it again as XLSX");
        return false;
    }
    zip_file_t *f = zip_fopen(b->zip, name, 0);
    if (!f)
        return damaged(e, "a part of it cannot be unpacked");
    s.x = XML_ParserCreate(NULL);
    XML_SetUserData(s.x, &s);
    XML_SetElementHandler(s.x, on_start, on_end);
    XML_SetCharacterDataHandler(s.x, on_text);
    XML_SetStartDoctypeDeclHandler(s.x, on_doctype);
    uint64_t read = 0;
    bool ok = true, more = true;
    while (ok && more) {
        void *piece = XML_GetBuffer(s.x, PIECE_BYTES);
        zip_int64_t n = piece ? zip_fread(f, piece, PIECE_BYTES) : -1;
        read += n > 0 ? (uint64_t)n : 0;
        more = n > 0;
        if (!piece)
            ok = err_set(e, E_MEMORY, "no memory to read the workbook");
        else if (n < 0 || read > st.size)
            ok = damaged(e, "a part of it cannot be unpacked");
        else if (XML_ParseBuffer(s.x, (int)n, n == 0) != XML_STATUS_OK && !(p->stop && *p->stop))
            ok = s.doctype ? damaged(e, "it declares a document type") : damaged(e, "a part of it is not well-formed XML");
        if (p->stop && *p->stop)
            more = false;
    }
    XML_ParserFree(s.x);
    zip_fclose(f);
    return ok;
}

/* ---- workbook.xml and its relations ---- */

struct booking {
    struct xlsx_book *b;
    struct str *ids, *targets;
    size_t n;
};

static void workbook_start(void *ctx, const char *name, const char **at)
{
    struct booking *k = ctx;
    struct xlsx_book *b = k->b;
    if (strcmp(name, "workbookPr") == 0) {
        const char *v = xlsx_attribute(at, "date1904");
        b->from_1904 = v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
    } else if (strcmp(name, "sheet") == 0 && b->n_sheets < SHEETS_MAX) {
        const char *title = xlsx_attribute(at, "name"), *id = xlsx_attribute(at, "id"), *state = xlsx_attribute(at, "state");
        if (title && id)
            b->sheets[b->n_sheets++] = (struct xlsx_sheet){.name = arena_str(b->arena, str_of(title)),
                                                           .id = arena_str(b->arena, str_of(id)),
                                                           .hidden = state && strcmp(state, "visible") != 0};
    }
}

static void relations_start(void *ctx, const char *name, const char **at)
{
    struct booking *k = ctx;
    const char *id = xlsx_attribute(at, "Id"), *target = xlsx_attribute(at, "Target"), *type = xlsx_attribute(at, "Type");
    if (strcmp(name, "Relationship") != 0 || !id || !target || !type || !strstr(type, "/worksheet"))
        return;
    for (size_t i = 0; i < k->b->n_sheets; i++) {
        if (str_eq(k->b->sheets[i].id, str_of(id)))
            k->b->sheets[i].part =
                target[0] == '/' ? arena_str(k->b->arena, str_of(target + 1)) : arena_printf(k->b->arena, "xl/%s", target);
    }
}

/* ---- styles.xml ---- */

struct styling {
    struct xlsx_book *b;
    struct {
        long id;
        struct xlsx_style style;
    } * formats;
    size_t n_formats;
    bool in_cells;
};

/* A number format is one of days where it has years, months or days, outside of quotes and brackets. */
static struct xlsx_style style_of(const char *code)
{
    struct xlsx_style s = {XLSX_NUMBER, 0};
    bool day = false, clock = false, zeros = code[0] != 0;
    for (const char *p = code; *p && *p != ';'; p++) {
        zeros = zeros && *p == '0';
        if (*p == '"') {
            p = strchr(p + 1, '"');
        } else if (*p == '[') {
            if (p[1] == 'h' || p[1] == 'm' || p[1] == 's' || p[1] == 'H')
                return s; /* a duration stays a number of days */
            p = strchr(p, ']');
        } else if ((*p == '\\' || *p == '_' || *p == '*') && p[1]) {
            p++;
        } else if (strchr("yYdD", *p)) {
            day = true;
        } else if (strchr("hHsS", *p)) {
            clock = true;
        } else if ((*p == 'm' || *p == 'M') && p[1] == *p && p[2] == *p) {
            day = true;
        } else if (strncmp(p, "General", 7) == 0) {
            p += 6;
        }
        if (!p)
            break;
    }
    s.kind = day && clock ? XLSX_MOMENT : day ? XLSX_DATE : clock ? XLSX_CLOCK : XLSX_NUMBER;
    s.zeros = zeros && strlen(code) > 1 && strlen(code) < 20 ? (int)strlen(code) : 0;
    return s;
}

static struct xlsx_style style_builtin(long id)
{
    bool date = (id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) || id == 57 || id == 58;
    bool clock = (id >= 18 && id <= 21) || id == 45 || (id >= 32 && id <= 35);
    return (struct xlsx_style){date ? XLSX_DATE : id == 22 ? XLSX_MOMENT : clock ? XLSX_CLOCK : XLSX_NUMBER, 0};
}

static void styles_start(void *ctx, const char *name, const char **at)
{
    struct styling *y = ctx;
    const char *id = xlsx_attribute(at, "numFmtId"), *code = xlsx_attribute(at, "formatCode");
    if (strcmp(name, "numFmt") == 0 && id && code && y->n_formats < FORMATS_MAX) {
        y->formats[y->n_formats].id = strtol(id, NULL, 10);
        y->formats[y->n_formats++].style = style_of(code);
    } else if (strcmp(name, "cellXfs") == 0) {
        y->in_cells = true;
    } else if (strcmp(name, "xf") == 0 && y->in_cells && y->b->n_styles < STYLES_MAX) {
        long number = id ? strtol(id, NULL, 10) : 0;
        struct xlsx_style s = style_builtin(number);
        for (size_t i = 0; i < y->n_formats; i++) {
            if (y->formats[i].id == number)
                s = y->formats[i].style;
        }
        y->b->styles[y->b->n_styles++] = s;
    }
}

static void styles_end(void *ctx, const char *name)
{
    struct styling *y = ctx;
    if (strcmp(name, "cellXfs") == 0)
        y->in_cells = false;
}

/* ---- sharedStrings.xml ---- */

struct sharing {
    struct xlsx_book *b;
    bool in_text, in_phonetic, stop;
};

static void shared_start(void *ctx, const char *name, const char **at)
{
    struct sharing *h = ctx;
    (void)at;
    if (strcmp(name, "t") == 0)
        h->in_text = !h->in_phonetic;
    else if (strcmp(name, "rPh") == 0)
        h->in_phonetic = true;
}

static void shared_end(void *ctx, const char *name)
{
    struct sharing *h = ctx;
    struct xlsx_book *b = h->b;
    if (strcmp(name, "t") == 0) {
        h->in_text = false;
    } else if (strcmp(name, "rPh") == 0) {
        h->in_phonetic = false;
    } else if (strcmp(name, "si") == 0) {
        if (b->n_texts == b->cap_texts) {
            size_t cap = b->cap_texts ? b->cap_texts * 2 : 1024;
            size_t *ends = cap > TEXTS_MAX ? NULL : mem_try_realloc(b->text_ends, cap * sizeof *ends);
            if (!ends) {
                h->stop = true;
                return;
            }
            b->text_ends = ends;
            b->cap_texts = cap;
        }
        b->text_ends[b->n_texts++] = b->texts.n;
        h->stop = b->texts.failed;
    }
}

static void shared_text(void *ctx, const char *p, int n)
{
    struct sharing *h = ctx;
    if (h->in_text)
        buf_add(&h->b->texts, (struct str){p, (size_t)n});
}

struct str xlsx_text(const struct xlsx_book *b, size_t i)
{
    if (i >= b->n_texts)
        return (struct str){NULL, 0};
    size_t from = i ? b->text_ends[i - 1] : 0;
    return b->text_ends[i] == from ? STR("") : (struct str){b->texts.p + from, b->text_ends[i] - from};
}

/* ---- Numbers ---- */

static void clock_write(struct buf *out, int64_t seconds)
{
    buf_printf(out, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
}

void xlsx_number(const struct xlsx_book *b, const struct xlsx_style *s, struct str raw, struct buf *out)
{
    double v;
    bool plain = raw.n <= 15 && !memchr(raw.p, 'E', raw.n) && !memchr(raw.p, 'e', raw.n);
    if ((s->kind == XLSX_NUMBER && plain && !s->zeros) || !str_to_f64(raw, &v)) {
        buf_add(out, raw);
        return;
    }
    if (s->kind == XLSX_NUMBER) {
        if (s->zeros && v >= 0 && v < 1e15 && floor(v) == v)
            buf_printf(out, "%0*lld", s->zeros, (long long)v);
        else if (fabs(v) < 1e17 && floor(v) == v)
            buf_printf(out, "%.0f", v);
        else
            buf_printf(out, "%.15g", v); /* what the program shows: the digits behind are noise of binary fractions */
        return;
    }
    double least = b->from_1904 ? 0 : s->kind == XLSX_CLOCK ? 0 : 1;
    if (v < least || v >= 2958466 || (!b->from_1904 && floor(v) == 60)) { /* 60 is the 29th of February 1900, which never was */
        buf_printf(out, "%.15g", v);
        return;
    }
    int64_t day = (int64_t)floor(v), seconds = (int64_t)llround((v - floor(v)) * 86400);
    day += seconds / 86400;
    seconds %= 86400;
    if (s->kind == XLSX_CLOCK && day == 0) {
        clock_write(out, seconds);
        return;
    }
    int64_t civil = b->from_1904 ? day - 24107 : day < 60 ? day - 25568 : day - 25569;
    buf_addz(out, clock_date((int32_t)civil).z);
    if (seconds || s->kind != XLSX_DATE) {
        buf_addc(out, ' ');
        clock_write(out, seconds);
    }
}

/* ---- Opening ---- */

static bool refuse_archive(struct xlsx_book *b, struct err *e)
{
    bool ods = zip_name_locate(b->zip, "content.xml", 0) >= 0, binary = zip_name_locate(b->zip, "xl/workbook.bin", 0) >= 0;
    err_set(e, E_SOURCE_FILE, "it is %s, which is not a format that is read",
            ods      ? "an OpenDocument spreadsheet (ODS)"
            : binary ? "a binary workbook (XLSB)"
                     : "a ZIP archive");
    err_hint(e, ods || binary ? "open it in a spreadsheet program and save it as XLSX or CSV"
                              : "unpack it and give the files in it");
    return false;
}

bool xlsx_book_open(int fd, struct arena *a, struct xlsx_book *b, struct err *e)
{
    *b = (struct xlsx_book){.arena = a, .texts = BUF_INIT(TEXTS_MAX_BYTES)};
    int own = dup(fd), why = 0;
    b->zip = own >= 0 ? zip_fdopen(own, 0, &why) : NULL;
    if (!b->zip) {
        if (own >= 0)
            close(own);
        return damaged(e, "it ends early, or is no ZIP archive");
    }
    if (zip_name_locate(b->zip, "xl/workbook.xml", 0) < 0)
        return refuse_archive(b, e);
    b->sheets = arena_array(a, SHEETS_MAX, sizeof *b->sheets);
    b->styles = arena_array(a, STYLES_MAX, sizeof *b->styles);
    struct booking k = {.b = b};
    struct styling y = {.b = b, .formats = arena_array(a, FORMATS_MAX, sizeof *y.formats)};
    struct sharing h = {.b = b};
    const struct xlsx_parse book = {.ctx = &k, .start = workbook_start}, relations = {.ctx = &k, .start = relations_start},
                            styles = {.ctx = &y, .start = styles_start, .end = styles_end},
                            shared = {.ctx = &h, .start = shared_start, .end = shared_end, .text = shared_text, .stop = &h.stop};
    if (!xlsx_part(b, STR("xl/workbook.xml"), &book, e) || !xlsx_part(b, STR("xl/_rels/workbook.xml.rels"), &relations, e) ||
        (zip_name_locate(b->zip, "xl/styles.xml", 0) >= 0 && !xlsx_part(b, STR("xl/styles.xml"), &styles, e)) ||
        (zip_name_locate(b->zip, "xl/sharedStrings.xml", 0) >= 0 && !xlsx_part(b, STR("xl/sharedStrings.xml"), &shared, e)))
        return false;
    return !h.stop || bomb(e);
}

void xlsx_book_close(struct xlsx_book *b)
{
    if (b->zip)
        zip_discard(b->zip);
    b->zip = NULL;
    buf_fini(&b->texts);
    mem_free(b->text_ends);
    b->text_ends = NULL;
}
