/* Any YAML with any change: refused, or changed at that one place (yaml_set proves it by parsing again). The text ends at the first NUL;
 * behind it stand key, entry and value, each ended by a NUL. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/doc.h"
#include "base/yaml_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct err e = {0};
    struct str parts[4], rest = {(const char *)data, size}, out;
    if (size > 4096)
        return 0;
    for (size_t i = 0; i < 4; i++)
        parts[i] = rest.p ? str_cut(rest, '\0', &rest) : STR("");
    if (!parts[1].n || !str_is_name(parts[1]) || !str_utf8_valid(parts[2]) || !str_utf8_valid(parts[3]))
        return 0;
    arena_init(&a);
    struct yaml_step path[2] = {{.key = parts[1]}, {.key = STR("k")}};
    struct yaml_value v = {.kind = YAML_TEXT, .text = parts[3]};
    if (parts[2].n) {
        path[0].where = STR("name");
        path[0].equals = parts[2];
    }
    if (yaml_set(&a, STR("fuzz.yaml"), parts[0], path, 2, &v, &out, &e)) {
        struct errs es = {0};
        if (!doc_parse_yaml(&a, STR("fuzz.yaml"), out, &es))
            abort();
        errs_fini(&es);
    } else if (e.code == E_OK) {
        abort();
    }
    arena_fini(&a);
    return 0;
}
