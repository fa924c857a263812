/* One gate for every read. `govern_query` is the only way by which rows of the mesh reach anybody.
 * Ports are read from mesh.live, raw streams from mesh.raw, the past from the catalog that `asof` names; all through views of an
 * in-memory catalog that names each column and shows personal ones as 'hidden: personal' (docs/gate.md). Thread-safe. */
#ifndef GOVERN_GOVERN_H
#define GOVERN_GOVERN_H

#include "engine/engine.h"
#include "mesh/mesh.h"
#include "store/state.h"

struct govern;
struct govern_result;

/* The unmasked views of the mesh as of a moment, given by the build module: `catalog` makes (or finds) an in-memory catalog, whose name goes
 * to *catalog; `object` makes the view of one port or stream in it, and of all that it reads, by the name that is asked ("domain.port"). */
struct govern_past {
    bool (*catalog)(void *ctx, int64_t moment_us, struct arena *a, struct str *catalog, struct err *e);
    bool (*object)(void *ctx, struct str catalog, struct str ref, struct err *e);
    void *ctx;
};

/* past: copied; NULL where it cannot be asked. */
MUST_CHECK bool govern_open(struct state *s, const struct govern_past *past, struct govern **out, struct err *e);
void govern_close(struct govern *g);
struct audit;
struct audit *govern_audit(struct govern *g); /* the log of this mesh (audit.h), borrowed: opened and closed with the gate */
/* After the declaration or the set of live ports changed: makes the governed catalog anew and switches to it; running questions end on the
 * old one. Borrows `m` until the next refresh returns. Without a call, a port that came live or changed its columns is noticed when
 * a question first fails over it; a new declaration is not. False: the old catalog stays in use. */
MUST_CHECK bool govern_refresh(struct govern *g, const struct mesh *m, struct err *e);

/* How a question calls the rows of a port that broke a check at its last build (quoted for SQL): the port's columns, hidden as they are
 * in the port, and the builder's own (build.h). E_NOT_FOUND where none are kept. */
struct str govern_failing_name(const struct mesh_port *p, struct arena *a);

/* Who asks. Roles are names of the mesh's policy; one that it does not hold gives nothing. Borrowed by a call. */
enum govern_kind { GOVERN_LOCAL, GOVERN_PROGRAM, GOVERN_USER, GOVERN_TOKEN, GOVERN_PREVIEW };
struct govern_principal {
    struct str name;                               /* as the audit names it: "local-admin", "anna", "token:12" */
    enum govern_kind kind;
    const struct str *roles; size_t n_roles;
    const struct str *purposes; size_t n_purposes; /* a token's own: none beyond these; NULL: what the roles allow */
    struct str by;                                 /* PREVIEW: who looks as these roles */
};
extern const struct govern_principal GOVERN_LOCAL_ADMIN; /* whoever may read the mesh's files: role admin */
extern const struct govern_principal GOVERN_ITSELF;      /* the program's own questions, for goals and pacing: sees as local-admin, is nobody's use */

/* purpose: one of the mesh's; empty is analytics. Everything is copied. */
struct govern_request {
    const struct govern_principal *principal; struct str purpose; struct str sql;
    const struct engine_param *params; size_t n_params;
    struct str as_of;            /* YYYY-MM-DD (end of that day, mesh time zone), or empty */
    int64_t row_limit;           /* 0: 10,000 ; more rows set truncated */
    int64_t timeout_ms;          /* 0: 30,000 */
    struct str person;           /* customer_id of the one person whom it concerns, for the audit log; empty: nobody in particular */
    /* May be NULL. Called with the question as soon as govern_result_cancel can reach it, long before its first row; and with NULL
     * before it goes, where it fails. */
    void (*watch)(void *ctx, struct govern_result *r); void *watch_ctx;
};
/* E_SQL, E_SQL_REFUSED, E_NOT_FOUND (unknown or forbidden name, did you mean among what one may see), E_NOT_BUILT, E_DENIED (purpose), E_BUSY (no
 * connection came free in time), E_TIMEOUT, E_TOO_LARGE; positions count in q->sql. Stands in the audit log, whatever the outcome. */
MUST_CHECK bool govern_query(struct govern *g, const struct govern_request *q, struct govern_result **out, struct err *e);
size_t govern_result_columns(const struct govern_result *r, const struct engine_column **cols);
MUST_CHECK bool govern_result_next(struct govern_result *r, struct engine_chunk **chunk, size_t *rows, struct err *e); /* *rows may be fewer than the chunk's at the limit */
bool govern_result_truncated(const struct govern_result *r);
void govern_result_cancel(struct govern_result *r);  /* from any thread */
void govern_result_close(struct govern_result *r);   /* writes the log line */

#endif
