/* Changes one value in a YAML text and leaves every other byte as it is: comments, order, quotes, blank lines. What comes out is
 * parsed again and must differ from what went in at that one place, or the change is refused. */
#ifndef BASE_YAML_EDIT_H
#define BASE_YAML_EDIT_H

#include "base/arena.h"
#include "base/error.h"

/* A step from the root down: into the value of `key`; with `where` also into the entry of that list whose field `where` is `equals`
 * (`where` empty: the entry that is the text `equals`). A path that ends with `where` sets (YAML_JSON) or removes the whole entry. */
struct yaml_step {
    struct str key, where, equals;
    struct str also, also_equals; /* of an entry: a second key that tells it from others; a whole entry may then be replaced by one of other keys */
};

enum yaml_value_kind { YAML_REMOVE, YAML_TEXT, YAML_BARE /* number, true, false, null: written as it is */, YAML_TEXTS, YAML_JSON /* any JSON */ };
struct yaml_value {
    enum yaml_value_kind kind;
    struct str text;        /* TEXT, BARE, JSON */
    const struct str *list; /* TEXTS */
    size_t n;
};

/* The text with the value at `path` set; missing maps, lists and entries on the way are made. Removing what is not there changes
 * nothing. E_YAML: the text cannot be read; E_SCHEMA: something else than a map or list is in the way, or the place is shared
 * by an alias; nothing is changed then. */
MUST_CHECK bool yaml_set(struct arena *a, struct str file, struct str text, const struct yaml_step *path, size_t n, const struct yaml_value *v, struct str *out,
                         struct err *e);

#endif
