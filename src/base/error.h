/* One error type for the program: a code from one list, a position, a text and a hint.
 * Filled where the cause is known, given context on the way up once, shown once at the boundary. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* id, public code, HTTP status, CLI exit code, retryable, one line of meaning (docs/reference/errors.md is generated from this)
 */
#define ERROR_CODES(X)                                                                                                      \
    X(E_OK, "TR000", 200, 0, false, "no error")                                                                             \
    X(E_INTERNAL, "TR001", 500, 1, false, "a defect in Trellis; please report it with the log line")                        \
    X(E_MEMORY, "TR002", 503, 1, true, "not enough memory for this input")                                                  \
    X(E_IO, "TR003", 500, 1, true, "a file could not be read or written")                                                   \
    X(E_TOO_LARGE, "TR004", 413, 2, false, "an input is larger than its limit")                                             \
    X(E_CANCELLED, "TR005", 499, 1, true, "cancelled before it was finished")                                               \
    X(E_TIMEOUT, "TR006", 504, 1, true, "took longer than its limit")                                                       \
    X(E_BUSY, "TR007", 409, 3, true, "another process or run holds what this needs")                                        \
    X(E_ENGINE, "TR008", 500, 1, false, "the analytics engine failed")                                                      \
    X(E_STORE, "TR009", 500, 1, false, "the control store failed")                                                          \
    X(E_USAGE, "TR010", 400, 2, false, "the command or request is not understood")                                          \
    X(E_NOT_FOUND, "TR011", 404, 2, false, "there is nothing of this name")                                                 \
    X(E_DENIED, "TR012", 403, 5, false, "not allowed")                                                                      \
    X(E_UNAUTHENTICATED, "TR013", 401, 5, false, "no valid session or token")                                               \
    X(E_STATE_NEWER, "TR014", 500, 1, false, "the data was written by a newer Trellis")                                     \
    X(E_NO_SPACE, "TR015", 503, 1, true, "no room is left for what has to be kept")                                         \
    X(E_RATE, "TR016", 429, 1, true, "more requests than this source allows")                                               \
    X(E_ENCRYPTION, "TR017", 503, 1, false, "encryption at rest is asked for and cannot be had, or the key is not the one") \
    X(E_YAML, "TR101", 400, 2, false, "the file is not valid YAML or JSON")                                                 \
    X(E_SCHEMA, "TR102", 400, 2, false, "a value breaks the schema of its file")                                            \
    X(E_UNKNOWN_KEY, "TR103", 400, 2, false, "a key that the standard does not know")                                       \
    X(E_MISSING_KEY, "TR104", 400, 2, false, "a required key is absent")                                                    \
    X(E_DUPLICATE, "TR105", 400, 2, false, "two things carry one name or id")                                               \
    X(E_DANGLING, "TR106", 400, 2, false, "a reference leads nowhere")                                                      \
    X(E_CYCLE, "TR107", 400, 2, false, "ports feed each other in a circle")                                                 \
    X(E_OWNER, "TR108", 400, 2, false, "ownership is missing or claimed twice")                                             \
    X(E_FOREIGN_RAW, "TR109", 400, 2, false, "a product reads another domain's raw stream")                                 \
    X(E_SQL, "TR110", 400, 2, false, "SQL that cannot be parsed or bound")                                                  \
    X(E_SQL_REFUSED, "TR111", 403, 5, false, "SQL outside of what may be asked")                                            \
    X(E_NAME, "TR112", 400, 2, false, "a name breaks the naming rule")                                                      \
    X(E_CONTRACT, "TR113", 400, 2, false, "a contract and its product disagree")                                            \
    X(E_POLICY_LOOSENS, "TR114", 400, 2, false, "a rule of a domain loosens one of the mesh")                               \
    X(E_UNCLASSIFIED, "TR115", 400, 4, false, "a column looks personal and has no classification")                          \
    X(E_METRIC, "TR116", 400, 2, false, "a number that cannot be made this way")                                            \
    X(E_SOURCE_FILE, "TR201", 400, 2, false, "a source file cannot be read as declared")                                    \
    X(E_DRIFT, "TR202", 400, 4, false, "a source file's columns changed and its policy refuses that")                       \
    X(E_QUARANTINED, "TR203", 400, 4, false, "rows were set aside with a reason")                                           \
    X(E_SPOOL, "TR204", 500, 1, false, "a file of the spool is damaged or not ours")                                        \
    X(E_EVENT, "TR205", 400, 2, false, "an event or a body that the collector cannot take")                                 \
    X(E_CHECK_FAILED, "TR301", 409, 4, false, "a contract check refused the new version")                                   \
    X(E_HELD, "TR305", 409, 5, false, "a legal hold keeps what this would delete")                                          \
    X(E_NOT_BUILT, "TR302", 409, 1, false, "the port has not been built yet")                                               \
    X(E_CHECK_WARNED, "TR304", 200, 0, false, "a contract check found something that does not refuse the version")          \
    X(E_UPSTREAM, "TR303", 409, 1, false, "a port it depends on failed")

enum err_code {
#define X(id, ...) id,
    ERROR_CODES(X)
#undef X
        E_COUNT
};

struct err_info {
    const char *name, *code, *meaning;
    int http_status, exit_code;
    bool retryable;
};
const struct err_info *err_info_get(enum err_code code);

/* A single error. Texts are copies, cut at their size; line and col count from 1, 0 = unknown. */
struct err {
    enum err_code code;
    uint32_t line, col;
    char file[192];
    char text[512];
    char hint[256];
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Each returns false, so that `return err_set(...)` reads as what it is. `e` may be NULL. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool err_at(struct err *e, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
bool err_errno(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* E_IO */
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* context on the way up */

/* Many diagnostics of one pass, errors and warnings. */
struct errs {
    struct err *v;
    bool *warning;
    size_t n, n_errors, cap, max; /* max 0: 10,000; further ones are counted, not kept */
    size_t dropped;
};
struct err *errs_add(struct errs *es, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
struct err *errs_warn(struct errs *es, enum err_code code, struct str file, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void errs_push(struct errs *es, const struct err *e);
void errs_sort(struct errs *es); /* by file, line, col */
void errs_fini(struct errs *es);

struct buf;
void err_json(const struct err *e, struct buf *out); /* {"code","name","message","hint","file","line","col","retryable"} */
void err_text(const struct err *e, bool warning, struct buf *out); /* file:line:col: error TR102: text\n  hint: ... */

#endif
