/* Text that was cut at a size ends at a whole UTF-8 character. */
#ifndef MESH_CUT_H
#define MESH_CUT_H

#include "base/str.h"

static inline size_t cut_whole(const char *p, size_t n)
{
    size_t at = n;
    while (at > 0 && n - at < 4 && ((unsigned char)p[at - 1] & 0xC0) == 0x80)
        at--;
    if (at == 0 || (unsigned char)p[at - 1] < 0xC0)
        return n;
    unsigned char lead = (unsigned char)p[at - 1];
    size_t needs = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    return n - (at - 1) < needs ? at - 1 : n;
}

static inline void cut_mend(char *z)
{
    z[cut_whole(z, strlen(z))] = 0;
}

#endif
