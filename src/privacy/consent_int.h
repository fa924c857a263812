/* What the files of the consent desk share. */
#ifndef PRIVACY_CONSENT_INT_H
#define PRIVACY_CONSENT_INT_H

#include "privacy/consent.h"

/* ---- consent_say.c ---- */
bool desk_time(struct str text, int64_t *out); /* a day or a time in ISO 8601, without a zone UTC */
/* All but the identifier. *field: which member is wrong. */
MUST_CHECK bool desk_word_read(const struct desk *d, const struct desk_word *w, struct consent_statement *out, const char **field, struct err *e);
MUST_CHECK bool desk_audit(const struct desk *d, const struct consent_statement *s /* NULL: of many */, struct str what, int64_t rows, struct err *e);

/* ---- consent_effect.c: what a word changes, told by the gate's own answers ---- */
struct desk_port { const struct mesh_port *port; int64_t rows; };
struct desk_effect { struct desk_port *ports; size_t n; struct str purpose; }; /* live ports with rows of people */
MUST_CHECK bool desk_effect_read(const struct desk *d, struct engine_conn *c, struct str customer_id, struct str purpose, struct desk_effect *out, struct err *e);
void desk_effect_put(const struct desk *d, struct buf *b, const struct desk_effect *before, const struct desk_effect *after); /* ,"products":[…],"audiences":[] */
/* The word that holds now: granted, denied, withdrawn, unknown; empty without a customer. */
MUST_CHECK bool desk_status(const struct desk *d, struct engine_conn *c, struct str customer_id, struct str purpose, struct str *out, struct err *e);
/* ,"reads":{…}: questions of the last 30 days over these ports for the purpose. */
MUST_CHECK bool desk_reads_put(const struct desk *d, struct buf *b, const struct desk_effect *of, struct str purpose, int64_t now_us, struct err *e);
void desk_member(struct buf *b, const char *key, struct str value); /* ,"key":"value", or null where it is empty */

#endif
