/* Any text as any kind of declaration file: parsed, held to its schema, every message well formed. The first byte chooses
 * the kind and the reader; the document also survives being saved and loaded again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "mesh/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1 << 16)
        return 0;
    struct arena a;
    struct errs es = {0};
    struct buf out = BUF_INIT(1 << 26);
    struct str text = {(const char *)data + 1, size - 1};
    unsigned byte = data[0] & 0x7f; /* '0', '1' … whatever kinds are added */
    enum schema_kind kind = (enum schema_kind)((byte >= '0' ? byte - '0' : byte) % SCHEMA_KINDS);
    arena_init(&a);
    const struct doc *d = data[0] & 0x80 ? doc_parse_json(&a, STR("file"), text, &es) : doc_parse_yaml(&a, STR("file"), text, &es);
    if (d) {
        size_t before = es.n, consumed;
        bool good = schema_check(schema_get(kind), d, &es);
        if (good != (es.n == before))
            abort();
        doc_save(d, &out);
        const struct doc *again = doc_load(&a, STR("file"), buf_str(&out), &consumed);
        struct errs es2 = {0};
        if (!again || schema_check(schema_get(kind), again, &es2) != good || es2.n != es.n - before)
            abort();
        errs_fini(&es2);
    } else if (es.n == 0) {
        abort();
    }
    buf_reset(&out);
    for (size_t i = 0; i < es.n; i++) {
        if (es.v[i].line == 0 || !es.v[i].text[0] || !str_utf8_valid(str_of(es.v[i].text)) || !str_utf8_valid(str_of(es.v[i].hint)))
            abort();
        err_text(&es.v[i], es.warning[i], &out);
    }
    buf_fini(&out);
    errs_fini(&es);
    arena_fini(&a);
    return 0;
}
