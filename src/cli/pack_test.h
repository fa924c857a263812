/* Test cases of packs: read from their files, run in throw-away meshes, and what came out compared. */
#ifndef CLI_PACK_TEST_H
#define CLI_PACK_TEST_H

#include "cli/cli.h"
#include "mesh/mesh_pack.h"

/* ---- a case as it is written (pack_case.c) ---- */
struct case_with { struct str pack, name, files, currency, domain; };
struct case_reason { struct str reason; int64_t count; };
struct case_stream { struct str stream; int64_t rows, quarantined; /* -1: not said */ struct case_reason *reasons; size_t n_reasons; uint32_t line, col; };
struct case_result {
    struct str title, sql;        /* what it is called; the question */
    struct str expected, file;    /* CSV text; the case's file that holds it, or empty when it stands in expect.yaml */
    struct str port; int64_t rows;/* of a port: its ref, its rows or -1 */
    bool has_expected, ordered;
    uint32_t line, col;
};
struct pack_case {
    struct str name, file;        /* folder below tests/; expect.yaml as messages name it */
    struct str title, source, domain, currency, reporting_currency, time_zone, rates;
    struct case_with *with; size_t n_with;
    struct str *loads; size_t n_loads;
    struct case_stream *streams; size_t n_streams;
    struct case_result *results; size_t n_results;
    struct str *refused; size_t n_refused; /* refs */
};
/* Every case of the pack. What is wrong with their files goes to `es`, all of it; answers that are not there are no error when `accepting`. */
void pack_cases_read(struct arena *a, const struct mesh_pack_files *p, bool accepting, struct pack_case **out, size_t *n, struct errs *es);

/* ---- comparing (pack_compare.c) ---- */
struct cells { struct str *names; size_t n_columns; struct str *v; size_t n_rows; }; /* p NULL: no value */
/* RFC 4180; nothing between two commas is no value. False: said in `e` with the line. */
MUST_CHECK bool cells_parse_csv(struct arena *a, struct str text, struct cells *out, struct err *e);
/* Records of a file that holds one per line, without its header; -1: of another kind. */
int64_t records_count(struct str path, struct str text);
/* A line for each difference, at most a few. `got` may have more columns than `expected`. */
size_t cells_compare(struct arena *a, const struct cells *expected, const struct cells *got, const bool *numeric, bool ordered, struct buf *out);
void cells_write_csv(const struct cells *c, const bool *keep, struct buf *out);

/* ---- requests of a source of events (pack_events.c) ---- */
/* Those of the pack's files that begin with `folder`, into the spool of the mesh. `source`: "domain.source". */
MUST_CHECK bool pack_events_give(struct arena *a, const char *mesh_dir, const struct mesh_pack_files *p, struct str folder, struct str source, struct err *e);

/* ---- running (pack_test.c) ---- */
struct case_told { struct pack_case *of; size_t differences; struct buf text; }; /* a line for each difference */
/* The case in a throw-away mesh. False: it could not be run at all. `accept_dir`: the pack's folder, into whose files what came out is written; NULL: compare. */
MUST_CHECK bool pack_case_run(struct cli *c, const struct mesh_pack_files *p, struct pack_case *k, bool bare, const char *accept_dir, struct case_told *out, struct errs *es,
                              struct err *e);

#endif
