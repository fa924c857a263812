/* The parts of a web address, borrowed from it. Not a validator: what pages send is taken as it is. */
#ifndef EVENTS_ADDRESS_H
#define EVENTS_ADDRESS_H

#include "base/arena.h"
#include "base/str.h"

struct address {
    struct str scheme, host, path, query; /* host in lower case without port, user and final dot; query without the mark, fragment cut */
    bool has_host;
};
struct address address_of(struct str url, struct arena *a);
/* Without query, fragment and user: what may be kept of an address. */
struct str address_plain(struct str url, struct arena *a);
/* The first value of a parameter, decoded; empty when absent. Broken escapes stay as they are; bytes that are no UTF-8 make it empty. */
struct str address_param(struct str query, const char *name, struct arena *a);
bool address_host_within(struct str host, struct str domain); /* the same, or below it; "www." does not count */

#endif
