/* How tables of a source speak of people: which columns say whose a row is, who merely acts, and how rows of one stream name records of another. Guessed from
 * names, the same by whoever loads rows and by whoever looks for a person's. */
#ifndef INGEST_PEOPLE_H
#define INGEST_PEOPLE_H

#include "base/buf.h"
#include "engine/engine.h"
#include "mesh/mesh.h"
#include "store/state.h"

bool people_staff(struct str stream);    /* a stream of people who act for the business: owner, agent, shop ... */
bool people_role(struct str column);     /* a person in it acts: from_email, owner_email, author ... */
/* The kind of identifier that a column holds by its name: email phone user_id anonymous_id device_id advertising_id; NULL: none. */
const char *people_kind(struct str column);
/* The column of a record's own key (the contract's primary key where it is one column, `id`, or <stream>_id), and how other streams of the source name it
 * (order_id); empty: none. `columns`: of the table. */
void people_key(struct arena *a, struct str stream, const struct mesh_contract *k, const struct str *columns, size_t n, struct str *key, struct str *ref);

/* ---- suppressed.c: rows of people on the suppression list do not come in ---- */
struct suppressed; /* the list, as it was read; NULL: it is empty */
MUST_CHECK bool suppressed_read(struct state *s, struct suppressed **out, struct err *e); /* also makes the function that the conditions below call */
MUST_CHECK bool suppressed_look(struct state *s, struct suppressed **out, struct err *e); /* the list alone */
struct store_suppressed;
MUST_CHECK bool suppressed_of(struct state *s, const struct store_suppressed *v, size_t n, struct suppressed **out, struct err *e); /* of these; never NULL */
void suppressed_free(struct suppressed *x);
/* SQL over values c0, c1, ... of these columns: `cut` holds for rows of suppressed people (empty: can hold for none); suppressed_value is the
 * expression of one: empty where it names somebody of them who merely acts, and without their address where one stands inside of a text. */
void suppressed_condition(const struct suppressed *x, const struct mesh_stream *st, const struct str *columns, const bool *text, size_t n, struct arena *a, struct buf *cut);
void suppressed_value(const struct suppressed *x, const struct mesh_stream *st, struct str column, bool text, size_t no, struct buf *b);
bool suppressed_in_text(const struct suppressed *x, struct str text); /* of a row that could not be read */
/* The path of a file as it may be written down: a name in it that is on the list gives way to a mark, the same each time and another for each name. st: whose
 * file it is, NULL where that is not known. */
struct str suppressed_path(const struct suppressed *x, const struct mesh *m, const struct mesh_stream *st, struct arena *a, struct str path);

#endif
