/* Paths into JSON: "$.a.b[0]['c d']". A list at the end may be written "[*]". */
#include "events/events_int.h"

yyjson_val *event_path(yyjson_val *v, struct str path)
{
    size_t i = 1;
    if (!path.n || path.p[0] != '$')
        return NULL;
    while (v && i < path.n) {
        if (path.p[i] == '.') {
            size_t from = ++i;
            while (i < path.n && path.p[i] != '.' && path.p[i] != '[')
                i++;
            v = yyjson_obj_getn(v, path.p + from, i - from);
            continue;
        }
        size_t end = i + 1;
        bool quoted = end < path.n && (path.p[end] == '\'' || path.p[end] == '"');
        char close = quoted ? path.p[end] : ']';
        size_t from = end += quoted;
        while (end < path.n && path.p[end] != close)
            end++;
        if (path.p[i] != '[' || end + quoted >= path.n || path.p[end + quoted] != ']')
            return NULL;
        struct str inside = {path.p + from, end - from};
        int64_t at;
        i = end + quoted + 1;
        if (quoted)
            v = yyjson_obj_getn(v, inside.p, inside.n);
        else if (str_eq(inside, STR("*")))
            v = i == path.n && yyjson_is_arr(v) ? v : NULL;
        else
            v = str_to_i64(inside, &at) && at >= 0 ? yyjson_arr_get(v, (size_t)at) : NULL;
    }
    return v;
}
