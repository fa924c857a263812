/* Contracts from and to what teams already have: dbt, JSON Schema, Avro, SQL DDL, ODCS. Every reader makes the same tables and every
 * writer takes them, so that each pair works. What a format cannot say is left out with a warning, never guessed. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "mesh/mesh.h"
#include "mesh/mesh_write.h"

enum exchange_format { EXCHANGE_ODCS, EXCHANGE_DBT_MANIFEST, EXCHANGE_DBT_YAML, EXCHANGE_JSON_SCHEMA, EXCHANGE_AVRO, EXCHANGE_SQL, EXCHANGE_FORMATS };

struct exchange_table {
    struct str name;   /* made to fit the naming rule, unique in its set */
    struct str native; /* as the file calls it */
    struct str title, description;
    struct mesh_inferred_column *columns;
    size_t n_columns;
};
struct exchange_set {
    struct exchange_table *tables;
    size_t n;
};

/* "odcs" "dbt-manifest" "dbt" "json-schema" "avro" "sql"; false: E_USAGE with did-you-mean. */
MUST_CHECK bool exchange_format_find(struct str name, enum exchange_format *out, struct err *e);
const char *exchange_format_name(enum exchange_format f);
const char *exchange_format_ending(enum exchange_format f); /* of a file that `exchange_write` makes: ".avsc" */
bool exchange_format_written(enum exchange_format f);       /* a manifest is only read */
/* From the file's name and first words. */
MUST_CHECK bool exchange_format_guess(struct str file, struct str text, enum exchange_format *out, struct err *e);

/* All tables of a file; errors and warnings, with their places, in `es`. False: an error is among them, or there is no table. */
MUST_CHECK bool exchange_read(struct arena *a, enum exchange_format f, struct str file, struct str text, struct exchange_set *out, struct errs *es);
/* `base`: domain that ids begin with; empty: none. */
MUST_CHECK bool exchange_write(struct arena *a, enum exchange_format f, const struct exchange_set *set, struct str base, struct buf *out, struct errs *es);
/* A declared contract as a table; its texts are borrowed. */
void exchange_of_contract(struct arena *a, const struct mesh_contract *c, struct str name, struct exchange_table *out);

#endif
