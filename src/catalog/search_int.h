/* What the files of the search share: how text becomes words, and the index. */
#ifndef CATALOG_SEARCH_INT_H
#define CATALOG_SEARCH_INT_H

#include "catalog/catalog.h"

enum { WORD_MAX_BYTES = 40 };

struct word {
    char p[WORD_MAX_BYTES];
    size_t n;
};
/* Cuts the next word off `rest`, folded: lower case, without accents, ß as ss. False at the end. Bytes that are no UTF-8
 * separate words; a letter of a script without blanks is a word of its own. */
bool search_word(struct str *rest, struct word *out);

/* Best first: a posting keeps the first of its fields. */
enum find_field {
    FIELD_NAME,
    FIELD_TITLE,
    FIELD_SYNONYM,
    FIELD_TERM,
    FIELD_TAG,
    FIELD_COLUMN,
    FIELD_DESCRIPTION,
    FIELD_OWNER,
    FIELD_PLACE, /* where it stands: the product and domain of a column */
    FIELD_COUNT
};
extern const float search_weights[FIELD_COUNT];
struct str search_field_text(enum find_field f);

enum { POSTING_FIELD_BITS = 4, NO_DOMAIN = UINT32_MAX };
/* An entry and its field in one number, so that a list of them is sorted by entry. */
typedef uint32_t posting;

struct entry {
    const void *thing;
    const struct mesh_port *port; /* of a column */
    uint32_t domain;              /* index, or NO_DOMAIN */
    uint8_t kind, n_name, n_title; /* words in its name and title */
};

struct token {
    uint32_t text, n, postings, n_postings;
};

/* A name, title or synonym of a term, folded: words with single blanks between, plural endings cut. */
struct form {
    struct str text;
    uint32_t term;
};

struct find {
    const struct mesh *m;
    struct arena arena; /* forms */
    struct entry *entries;
    float *priors; /* of each entry: factor of kind and use */
    size_t n_entries;
    struct token *tokens; /* sorted by text */
    uint64_t *letters;    /* which letters each has, to pass over most when looking for typos */
    size_t n_tokens;
    char *text;
    posting *postings;
    size_t n_postings, text_bytes;
    struct form *forms; /* by term */
    size_t n_forms;
    uint32_t *forms_sorted; /* places in forms, by text */
};

uint64_t search_letters(const char *p, size_t n);
struct str search_token_text(const struct find *f, const struct token *t);
/* First token that is not before `text`. */
size_t search_token_from(const struct find *f, struct str text);
/* `text` as forms are kept. */
struct str search_form(struct arena *a, struct str text);

#endif
