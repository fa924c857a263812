/* Any bytes through both document readers: no crash, no leak, no runaway; what parses survives a trip through JSON and the cache
 * form. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct errs es = {.max = 100};
    struct str text = {(const char *)data, size};
    arena_init(&a);
    struct doc *json = doc_parse_json(&a, STR("fuzz.json"), text, &es);
    keep(json || es.n_errors > 0);
    size_t errors_before = es.n_errors + es.dropped;
    struct doc *d = doc_parse_yaml(&a, STR("fuzz.yaml"), text, &es);
    keep(d || es.n_errors + es.dropped > errors_before);
    if (d && d->n_nodes < 20000) {
        struct buf out = BUF_INIT(64 << 20), again = BUF_INIT(64 << 20), cache = BUF_INIT(64 << 20);
        doc_json(d, doc_root(d), &out);
        if (out.n < (16 << 20) && !out.failed) {
            struct doc *back = doc_parse_json(&a, STR("fuzz.json"), buf_str(&out), &es);
            keep(back != NULL);
            keep(back->n_nodes == d->n_nodes);
            doc_save(d, &cache);
            size_t used;
            struct doc *loaded = doc_load(&a, STR("fuzz.yaml"), buf_str(&cache), &used);
            keep(loaded && used == cache.n);
            doc_json(loaded, doc_root(loaded), &again);
            keep(str_eq(buf_str(&out), buf_str(&again)));
        }
        buf_fini(&out);
        buf_fini(&again);
        buf_fini(&cache);
    }
    errs_fini(&es);
    arena_fini(&a);
    return 0;
}
