/* Helpers over yyjson for the program's own JSON. */
#include "base/json.h"

static void position_of(struct str text, size_t at, uint32_t *line, uint32_t *col)
{
    *line = *col = 1;
    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            ++*line;
            *col = 1;
        } else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
            ++*col;
        }
    }
}

yyjson_doc *json_parse(struct str text, struct err *e)
{
    yyjson_read_err why;
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, NULL, &why); /* NOFLAG: text stays as it is */
    if (doc)
        return doc;
    if (why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        err_set(e, E_MEMORY, "not enough memory for %zu bytes of JSON", text.n);
        return NULL;
    }
    uint32_t line, col;
    position_of(text, why.pos, &line, &col);
    err_at(e, E_YAML, (struct str){NULL, 0}, line, col, "not valid JSON: %s", text.n ? why.msg : "the text is empty");
    return NULL;
}

struct str json_str(yyjson_val *object, const char *key)
{
    yyjson_val *v = yyjson_obj_get(object, key);
    if (!yyjson_is_str(v))
        return (struct str){NULL, 0};
    return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
}

bool json_bool(yyjson_val *object, const char *key, bool otherwise)
{
    yyjson_val *v = yyjson_obj_get(object, key);
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : otherwise;
}

int64_t json_int(yyjson_val *object, const char *key, int64_t otherwise)
{
    yyjson_val *v = yyjson_obj_get(object, key);
    if (yyjson_is_sint(v))
        return yyjson_get_sint(v);
    if (yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX)
        return (int64_t)yyjson_get_uint(v);
    return otherwise;
}
