/* Any bytes as each of the formats that contracts come in: no crash, no runaway; what is read can be written in every form and read
 * again with as many tables. The first byte chooses the format. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "exchange/exchange.h"

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
    struct exchange_set set;
    if (size < 1 || size > (64 << 10))
        return 0;
    enum exchange_format f = (enum exchange_format)(data[0] % EXCHANGE_FORMATS);
    arena_init(&a);
    if (exchange_read(&a, f, STR("fuzz"), (struct str){(const char *)data + 1, size - 1}, &set, &es)) {
        for (int to = 0; to < EXCHANGE_FORMATS; to++) {
            struct buf out = BUF_INIT(64 << 20);
            if (exchange_format_written((enum exchange_format)to))
                keep(exchange_write(&a, (enum exchange_format)to, &set, STR("web"), &out, &es) || out.failed);
            buf_fini(&out);
        }
    } else {
        keep(es.n_errors > 0);
    }
    errs_fini(&es);
    arena_fini(&a);
    return 0;
}
