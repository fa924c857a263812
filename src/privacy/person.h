/* One person as a corpus: every identifier, id and piece of evidence that the identity graph ties to them. Personal: lives as long as one request,
 * is never logged. Wiped by person_free. */
#ifndef PRIVACY_PERSON_H
#define PRIVACY_PERSON_H

#include "base/buf.h"
#include "mesh/mesh.h"
#include "store/state.h"

struct person_identifier { struct str kind, value; bool shared; }; /* shared: of other customers too; not used to find rows */
/* A record of a source that is theirs alone, by its own key: found while rows are looked for (erase_find.c). */
struct person_record { struct str source, stream, value; }; /* "web.shopify", "order", "6100000004284" */
struct person {
    struct arena arena;
    bool known;                               /* the graph has them */
    struct str asked_kind;                    /* of the identifier they were asked by; "customer" */
    struct str customer_id;                   /* empty: not known */
    struct mesh_strs customer_ids;            /* the present one and all that redirect to it */
    struct person_identifier *identifiers; size_t n_identifiers; /* as they are spelled in rows */
    int64_t *evidence; size_t n_evidence;
    struct mesh_strs sources;                 /* "web.site": which gave the evidence */
    struct person_record *records; size_t n_records, records_cap;
    struct mesh_strs paths; size_t paths_cap; /* parts of paths that name them: "u-4711_orders.csv" */
};
/* "email:a@b.c", "customer:ID". E_USAGE: not KIND:VALUE, or a kind that the mesh does not know (with those it knows). */
MUST_CHECK bool person_find(struct state *s, const struct mesh *m, struct str identifier, struct person **out, struct err *e);
struct person *person_new(void);
void person_free(struct person *p);
bool person_text_plain(struct str s); /* no control signs, which no identifier has */
/* A condition (SQL, with values inline as literals, for trusted SQL of this program alone) that holds for rows of the person: any text column equal to one of
 * the identifiers (case and outer blanks ignored), a person column equal to one of the ids, evidence of theirs; where no column of the table tells whose a row
 * is, nested or JSON text that contains one. "false" where nothing can tell. */
struct str person_rows(const struct person *p, struct arena *a, const struct str *columns, const struct str *types, size_t n); /* the same without the last */
struct str person_where(const struct person *p, struct arena *a, const struct str *columns, const struct str *types, size_t n);
struct str person_said(const struct person *p, struct arena *a); /* rows of mesh.govern.consent_said */

/* ---- mentions: what names them inside of longer text, on its own and not as a part of another's address or number ---- */
/* A pattern (RE2 and PCRE2 alike). Empty: nothing that is long enough to be looked for. */
struct str person_pattern(const struct person *p, struct arena *a);
struct str person_field_pattern(const struct person *p, struct arena *a); /* one that stands alone in a field of a line (CSV) or of JSON: whose line it is, not who is spoken of */
struct str person_cleaned_sql(const struct person *p, struct arena *a, struct str expression); /* the text with each mention replaced, in SQL */
/* A condition (SQL) that holds where the expression has a match; "false" without a pattern, "" (no SQL at all) where it is too long. */
struct str person_matches(struct arena *a, struct str pattern, struct str expression);
struct person_cleaner; /* the pattern, compiled */
MUST_CHECK bool person_cleaner_new(const struct person *p, struct person_cleaner **out, struct err *e);
void person_cleaner_free(struct person_cleaner *k);
/* For store_table_clean: text with each mention replaced by "[erased]"; false: there is none. */
bool person_clean(void *cleaner, struct str text, struct buf *out);
#define PERSON_ERASED "[erased]"

/* An expression (SQL) of the text columns of a row, one behind the other, to look for mentions in; "''" where there are none. */
struct str person_text(struct arena *a, const struct str *columns, const struct str *types, size_t n);
bool person_text_type(struct str type); /* VARCHAR, JSON, nested */
/* Whether rows of all tables may be told by this value alone, without regard to the column: an address, a long number or id. */
bool person_telling(struct str kind, struct str value);
void person_path_add(struct person *p, struct str part); /* copies; once each */
void person_record_add(struct person *p, struct str source, struct str stream, struct str value); /* copies; once each */

/* The corpus as JSON and back: sealed, it is what a request that was broken off goes on with. */
void person_put(const struct person *p, struct buf *b);
MUST_CHECK bool person_take(struct str json, struct person **out, struct err *e);

#endif
