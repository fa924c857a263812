/* What the readers and writers of exchanged contracts share. */
#ifndef EXCHANGE_EXCHANGE_INT_H
#define EXCHANGE_EXCHANGE_INT_H

#include <yyjson.h>

#include "exchange/exchange.h"

enum { TABLES_MAX = 5000, COLUMNS_MAX = 4096 };

/* Tables as they are found. A reader adds a table, then its columns; `intake_close` makes names fit and hands over. */
struct intake {
    struct arena *a;
    struct errs *es;
    struct str file;
    struct exchange_table *tables;
    size_t n, cap, cap_columns;
};
/* NULL: too many (said in es). The pointer is good until the next table or column is added. */
struct exchange_table *intake_table(struct intake *r, struct str native, uint32_t line, uint32_t col);
struct mesh_inferred_column *intake_column(struct intake *r, struct str name, uint32_t line, uint32_t col); /* of the last table */
struct mesh_inferred_column *intake_find(struct exchange_table *t, struct str name);                        /* NULL: none */
struct exchange_table *intake_find_table(struct intake *r, struct str native);
MUST_CHECK bool intake_close(struct intake *r, struct exchange_set *out);

/* types.c: the type of a column from the name that some SQL dialect gives it; an unknown one becomes text, with a warning. */
void type_from_sql(struct intake *r, struct mesh_inferred_column *c, struct str type, uint32_t line, uint32_t col);
/* From the engine's type: sets logical_type. */
void type_set(struct mesh_inferred_column *c, struct str physical);
struct str type_logical(struct str physical);

/* Readers and writers, one pair a format. */
void read_odcs(struct intake *r, struct str text);
void read_dbt_manifest(struct intake *r, struct str text);
void read_dbt_yaml(struct intake *r, struct str text);
void read_json_schema(struct intake *r, struct str text);
void read_avro(struct intake *r, struct str text);
void read_sql(struct intake *r, struct str text);
void write_odcs(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es);
void write_dbt_yaml(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es);
void write_json_schema(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es);
void write_avro(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es);
void write_sql(const struct exchange_set *set, struct str base, struct arena *a, struct buf *b, struct errs *es);

/* "DECIMAL(18,6)" -> 18, 6; false: no decimal. */
bool type_decimal(struct str physical, int *precision, int *scale);
/* meta.classification or a tag that is one of our classes. Empty: none. */
struct str class_known(struct str word);

#endif
