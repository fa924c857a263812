/* How often somebody may try: twenty times a minute from one address, five times in a row for one name. */
#include "auth/auth_int.h"

#include <arpa/inet.h>

#include "base/clock.h"

enum { ADDRESS_PER_MINUTE = 20, NAME_IN_A_ROW = 5, LOCK_DOUBLINGS = 6 };

/* An IPv6 customer has at least a /64 to choose from: that counts as one address. */
static uint64_t key_of(const struct auth *a, struct str address)
{
    unsigned char out[crypto_shorthash_BYTES];
    char text[64];
    struct in6_addr v6;
    uint64_t key;
    size_t n = address.n < sizeof text ? address.n : sizeof text - 1;
    if (n)
        memcpy(text, address.p, n);
    text[n] = '\0';
    if (inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6))
        crypto_shorthash(out, v6.s6_addr, 8, a->address_key);
    else
        crypto_shorthash(out, (const unsigned char *)text, n, a->address_key);
    memcpy(&key, out, sizeof key);
    return key ? key : 1;
}

/* The entry of this address in the current minute; the one that is oldest in its set makes room. Under a->lock. */
static struct auth_address *entry_of(struct auth *a, struct str address)
{
    uint64_t key = key_of(a, address);
    struct auth_address *set = a->addresses[key % ADDRESS_SETS], *oldest = &set[0], *found = NULL;
    int64_t now = clock_mono_us();
    for (size_t i = 0; i < ADDRESS_WAYS && !found; i++) {
        if (set[i].key == key)
            found = &set[i];
        if (set[i].since_mono_us < oldest->since_mono_us)
            oldest = &set[i];
    }
    if (!found) {
        found = oldest;
        *found = (struct auth_address){.key = key, .since_mono_us = now};
    } else if (now - found->since_mono_us >= MINUTE_US) {
        *found = (struct auth_address){.key = key, .since_mono_us = now};
    }
    return found;
}

bool auth_limit_address(struct auth *a, struct str address, struct err *e)
{
    pthread_mutex_lock(&a->lock);
    struct auth_address *x = entry_of(a, address);
    bool good = x->n < ADDRESS_PER_MINUTE;
    x->n += good;
    pthread_mutex_unlock(&a->lock);
    if (good)
        return true;
    err_set(e, E_RATE, "too many attempts to sign in from this address");
    err_hint(e, "wait a minute, then try once more");
    return false;
}

void auth_limit_address_back(struct auth *a, struct str address)
{
    pthread_mutex_lock(&a->lock);
    struct auth_address *x = entry_of(a, address);
    x->n -= x->n > 0;
    pthread_mutex_unlock(&a->lock);
}

static void name_hash(struct str name, struct sha *out)
{
    sha_bytes(name, out);
}

static bool locked_out(struct err *e, int64_t until_us, int64_t now)
{
    int64_t minutes = (until_us - now + MINUTE_US - 1) / MINUTE_US;
    err_set(e, E_RATE, "too many wrong passwords for this name");
    err_hint(e, "wait %lld minute%s, then try once more; whoever administers this mesh can give you a new link", (long long)minutes,
             minutes == 1 ? "" : "s");
    return false;
}

bool auth_limit_name(struct auth *a, struct str name, struct err *e)
{
    struct sha hash;
    struct store_failures f;
    int64_t now = clock_now_us();
    name_hash(name, &hash);
    pthread_mutex_lock(&a->changing);
    bool good = store_failures_get(a->store, str_of(hash.hex), &f, e);
    if (good && f.locked_until_us > now) {
        good = locked_out(e, f.locked_until_us, now);
    } else if (good) {
        f.in_a_row++;
        int64_t over = f.in_a_row - NAME_IN_A_ROW;
        if (over >= 0) {
            int64_t lock = MINUTE_US << (over < LOCK_DOUBLINGS ? over : LOCK_DOUBLINGS);
            f.locked_until_us = now + (lock < HOUR_US ? lock : HOUR_US);
        }
        good = store_failures_set(a->store, str_of(hash.hex), &f, now, e);
    }
    pthread_mutex_unlock(&a->changing);
    return good;
}

bool auth_limit_name_back(struct auth *a, struct str name, struct err *e)
{
    struct sha hash;
    struct store_failures none = {0};
    name_hash(name, &hash);
    pthread_mutex_lock(&a->changing);
    bool good = store_failures_set(a->store, str_of(hash.hex), &none, 0, e);
    pthread_mutex_unlock(&a->changing);
    return good;
}

bool auth_limit_locked(struct auth *a, struct str name, bool *locked, struct err *e)
{
    struct sha hash;
    struct store_failures f;
    name_hash(name, &hash);
    if (!store_failures_get(a->store, str_of(hash.hex), &f, e))
        return false;
    *locked = f.locked_until_us > clock_now_us();
    return true;
}
