/* Personal data that nobody declared: what values look like, what columns are called, and what to make of both. Pure functions over single
 * values, and a sample of a table. Results count; no value leaves here. */
#ifndef GOVERN_SCAN_H
#define GOVERN_SCAN_H

#include "engine/engine.h"
#include "mesh/mesh.h"

#define SCAN_LIST(X) \
    X(EMAIL, "email", "an e-mail address") X(PHONE, "phone", "a telephone number") X(IBAN, "iban", "a bank account, its check digits right") \
    X(CARD, "card", "a payment card, its check digit right") X(NATIONAL_ID, "national_id", "a national identity number, its check digits right") \
    X(IP, "ip", "an internet address") X(ADDRESS, "address", "a street with a number") X(NAME, "name", "a person's name") \
    X(BIRTH, "birth_date", "a date of birth") X(DEVICE, "device", "the identifier of a device or cookie") X(TEXT, "text", "text with an address or a number of somebody in it")
enum scan_kind {
#define X(id, text, words) SCAN_##id,
    SCAN_LIST(X)
#undef X
    SCAN_KINDS
};
const char *scan_kind_text(enum scan_kind k);
const char *scan_kind_words(enum scan_kind k);

/* What one value may be, as bits 1 << kind. `year`: this one, for dates of birth. */
unsigned scan_value(struct str v, int year);
bool scan_is_email(struct str v);
bool scan_is_phone(struct str v);
bool scan_is_iban(struct str v);
bool scan_is_card(struct str v);
bool scan_is_national_id(struct str v);
bool scan_is_ip(struct str v);
bool scan_is_address(struct str v);
bool scan_is_name(struct str v);
bool scan_is_birth_date(struct str v, int year);
bool scan_is_device(struct str v);
bool scan_holds_one(struct str v);

enum { SCAN_ROWS = 2000, SCAN_READ = 20000, SCAN_FAILS_AT = 80 /* percent */, SCAN_SURE_AT = 95, SCAN_NAMES = 8 };
struct scan_tally { size_t values, hits[SCAN_KINDS]; uint64_t names[SCAN_NAMES]; size_t n_names; }; /* names: hashes of different ones */
void scan_count(struct scan_tally *t, struct str v, int year);

struct scan_finding {
    struct str column, path; /* path: within a nested value, "items.email"; empty: the value itself */
    enum scan_kind kind;     /* SCAN_KINDS: by the column's name alone */
    bool named;              /* the name speaks of it, too */
    enum mesh_class class_;  /* proposed */
    int percent;             /* confidence */
    size_t values, hits;
};
/* False: nothing speaks of a person. */
bool scan_judge(struct str column, struct str path, const struct scan_tally *t, struct scan_finding *out);
/* Why, in words without a value: "812 of 1,000 values look like an e-mail address; the name says so, too". */
struct str scan_why(struct arena *a, const struct scan_finding *f);

/* Samples a table or view that is named as in SQL. `wanted` (NULL: all) says which columns. Findings by column and path. */
typedef bool (*scan_wanted)(void *ctx, struct str column);
MUST_CHECK bool scan_table(struct engine_conn *c, struct str object, scan_wanted wanted, void *ctx, struct arena *a, struct scan_finding **out, size_t *n,
                           struct err *e);

/* Whether a column still wants a class: none is declared and none is carried to it. Of a stream, a column that no contract names and whose name
 * speaks of a person is hidden as it is. *at: where the line belongs. */
bool scan_unclassified(const struct mesh_contract *c, struct str column, bool stream, struct mesh_pos *at);

#endif
