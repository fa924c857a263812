/* An address of the network, cut to what may be stored of it. */
#include <arpa/inet.h>

#include "events/events_int.h"

struct str event_ip_cut(struct arena *a, struct str ip)
{
    char z[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (ip.n == 0 || ip.n >= sizeof z)
        return (struct str){0};
    memcpy(z, ip.p, ip.n);
    z[ip.n] = 0;
    if (inet_pton(AF_INET, z, bytes) == 1)
        return arena_printf(a, "%u.%u.%u.0", bytes[0], bytes[1], bytes[2]);
    if (inet_pton(AF_INET6, z, bytes) != 1)
        return (struct str){0};
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return arena_printf(a, "%u.%u.%u.0", bytes[12], bytes[13], bytes[14]);
    memset(bytes + 6, 0, 10);
    return inet_ntop(AF_INET6, bytes, z, sizeof z) ? arena_str(a, str_of(z)) : (struct str){0};
}
