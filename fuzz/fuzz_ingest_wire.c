/* The writer's side of the hand-over on frames of a hostile child: columns of rows, and rejected rows. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct engine_pipe_type types[] = {{ENGINE_TEXT, 0, 0, 0, false}, {ENGINE_INT, 8, 0, 0, false},
                                                    {ENGINE_BOOL, 1, 0, 0, false}, {ENGINE_DECIMAL, 16, 38, 6, false},
                                                    {ENGINE_TEXT, 0, 0, 0, false}, {ENGINE_DATE, 4, 0, 0, false}};
    struct engine_pipe_cells cells[6];
    if (size < 3)
        return 0;
    size_t n_types = data[0] % 7, n = size - 3;
    uint32_t rows = (uint32_t)data[1] | (uint32_t)data[2] << 8;
    char *copy = mem_alloc(n ? n : 1); /* aligned, and exact for AddressSanitizer */
    memcpy(copy, data + 3, n);
    if (n_types && wire_rows_parse((struct str){copy, n}, rows, types, n_types, cells)) {
        uint64_t sum = 0;
        for (size_t c = 0; c < n_types; c++) { /* read what the engine would read */
            const char *heap = cells[c].heap;
            for (uint32_t i = 0; i < rows; i++) {
                if (types[c].type != ENGINE_TEXT) {
                    sum += ((const uint8_t *)cells[c].data)[i * types[c].bytes];
                    continue;
                }
                uint32_t len = ((const uint32_t *)cells[c].data)[i];
                if (!str_utf8_valid((struct str){heap, len}))
                    abort();
                heap += len;
            }
            if (cells[c].valid)
                sum += cells[c].valid[(rows - 1) / 64];
        }
        if (sum == 1)
            (void)sum;
    }
    struct str rest = {copy, n};
    struct wire_reject r;
    while (wire_reject_take(&rest, &r)) {
        if (r.reason >= REJECT_COUNT || !str_utf8_valid(r.raw))
            abort();
    }
    mem_free(copy);
    return 0;
}
