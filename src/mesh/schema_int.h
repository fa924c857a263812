/* The compact form of a JSON Schema (2019-09, the keywords that our schemas use), and the pieces of its checker. */
#ifndef MESH_SCHEMA_INT_H
#define MESH_SCHEMA_INT_H

#include <regex.h>
#include <stdio.h>

#include "base/buf.h"
#include "mesh/schema.h"

enum {
    TYPE_NULL = 1, TYPE_BOOL = 2, TYPE_INTEGER = 4, TYPE_NUMBER = 8, TYPE_STRING = 16, TYPE_ARRAY = 32, TYPE_OBJECT = 64,
};
enum schema_format { FORMAT_NONE, FORMAT_URI, FORMAT_DATE, FORMAT_DATE_TIME, FORMAT_EMAIL };

struct schema_property { struct str name; const struct schema *schema; };
struct schema_list { const struct schema **v; size_t n; };
struct bound { bool set; double value; };

struct schema {
    bool never;                              /* the schema `false` */
    unsigned types;                          /* mask; 0: any */
    const struct schema *ref, *items, *additional, *unevaluated, *not_, *if_, *then_, *else_;
    struct schema_list all_of, any_of, one_of;
    struct schema_property *properties;      /* sorted by name */
    size_t n_properties;
    struct str *required;
    size_t n_required;
    const struct doc *doc;                   /* of the schema itself: enum, const and examples are nodes of it */
    const struct doc_node *enum_, *const_, *example;
    struct str title, description, pattern_text;
    regex_t *pattern;
    enum schema_format format;
    struct bound minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
    int64_t min_length, max_length, min_items, max_items; /* -1: none */
    bool unique_items;
};

enum { PATH_MAX_DEPTH = 80 };

/* One pass over one document. */
struct check {
    const struct doc *d;
    struct errs *es;
    size_t first;                            /* of this document's errors in `es` */
    struct arena scratch;
    const struct doc_node *path[PATH_MAX_DEPTH];
    uint32_t item[PATH_MAX_DEPTH];           /* index in its list, or UINT32_MAX for a key */
    size_t depth;
};

/* marks: one byte per child of the object, set when some schema knew it; NULL when nobody asks. */
bool schema_eval(struct check *c, const struct schema *s, const struct doc_node *n, unsigned char *marks, bool report);

const struct schema *schema_property_find(const struct schema *s, struct str name);
bool schema_type_fits(unsigned types, const struct doc_node *n);
unsigned schema_types(const struct schema *s); /* through $ref and branches; 0: any */
bool schema_value_equal(const struct doc *da, const struct doc_node *a, const struct doc *db, const struct doc_node *b);
bool schema_format_fits(enum schema_format f, struct str s);

/* Reports, each for one kind of break. */
void explain_type(struct check *c, const struct schema *s, unsigned types, const struct doc_node *n);
void explain_enum(struct check *c, const struct schema *s, const struct doc_node *n);
void explain_missing(struct check *c, const struct schema *s, const struct doc_node *n, struct str key);
void explain_unknown(struct check *c, const struct schema *s, const struct doc_node *object, const struct doc_node *child);
void explain_branches(struct check *c, const struct schema_list *branches, bool only_one, const struct schema *s, const struct doc_node *n,
                      unsigned char *marks);
void explain_not(struct check *c, const struct schema *s, const struct doc_node *n);
void explain_vacuous_if(struct check *c, const struct schema *s, const struct doc_node *n, struct str absent);
/* A break of a bound or form of one value. */
void explain_value(struct check *c, const struct schema *s, const struct doc_node *n, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The property whose const decides an `if`; empty when it is not of that form. */
struct str schema_if_property(const struct schema *condition, struct str *value);
/* Whether the condition holds of an object without that property. */
bool schema_if_vacuous(const struct schema *condition);

#endif
