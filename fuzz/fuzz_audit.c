/* Any bytes as an export of the audit log, or as a copy of its file: a verdict or an error, no crash, no leak; what is whole has
 * no problem, and what is not names one. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "govern/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

static void keep(bool ok)
{
    if (!ok)
        abort();
}

static void verify(struct str head, struct str key)
{
    struct arena a;
    struct audit_verdict v;
    struct err e = {0};
    arena_init(&a);
    if (!audit_verify_file(path, &a, head, key, &v, &e))
        keep(e.code != E_OK && e.code != E_INTERNAL);
    else
        keep(v.whole == (v.problem.n == 0) && (v.whole || v.first_bad_id >= 0 || v.entries >= 0));
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!path[0]) {
        snprintf(path, sizeof path, "/tmp/trellis-fuzz-audit-XXXXXX");
        int fd = mkstemp(path);
        keep(fd >= 0);
        close(fd);
        atexit(remove_file);
    }
    FILE *f = fopen(path, "we");
    keep(f != NULL);
    keep(fwrite(data, 1, size, f) == size);
    fclose(f);
    verify(STR(""), STR(""));
    verify(STR("1111111111111111111111111111111111111111111111111111111111111111"),
           STR("2222222222222222222222222222222222222222222222222222222222222222"));
    return 0;
}
