/* What is sent out of this program: JSON to an HTTP receiver, mail to an SMTP server. Every call has a time-out and can be called
 * off; an address or a password never stands in an error. libcurl is loaded at the first call, so that nothing else waits for it.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/error.h"

struct net_limits {
    int64_t connect_ms, whole_ms;
    const atomic_bool *cancel; /* may be NULL */
};
struct net_limits net_limits_default(void); /* 5 and 10 seconds */

/* True for an answer of 200 to 299. *status: the answer's, 0 when there was none. http and https alone, redirects are not
 * followed, the answer's body is dropped. E_USAGE (no such address), E_TIMEOUT, E_CANCELLED, E_IO. */
MUST_CHECK bool net_post_json(const char *url, struct str body, const struct net_limits *limits, int *status, struct err *e);

struct net_ask {
    const char *url, *whom;      /* whom: "the provider of single sign-on", for errors */
    struct str form;             /* application/x-www-form-urlencoded; without pointer: GET */
    const char *user, *password; /* HTTP Basic; NULL: none */
    const char *bearer;          /* NULL: none */
};
/* Any answer is one, whatever its status; its body goes to `out`, up to the buffer's maximum (E_TOO_LARGE). https alone, but to this machine
 * itself; redirects are not followed. */
MUST_CHECK bool net_fetch(const struct net_ask *ask, const struct net_limits *limits, int *status, struct buf *out, struct err *e);
bool net_is_local(struct str url); /* http:// to this machine */

struct net_mail {
    const char *server;          /* smtp://host:587 (STARTTLS where it is offered), smtps://host:465 */
    const char *user, *password; /* NULL: none. With a password the connection must be encrypted, but to this machine itself */
    struct str from;
    const struct str *to;
    size_t n_to;
    struct str subject, text; /* UTF-8 */
    int64_t at_us;
};
MUST_CHECK bool net_mail_send(const struct net_mail *m, const struct net_limits *limits, struct err *e);
/* The message as it goes over the wire, for net_mail_send and its tests. */
void net_mail_write(const struct net_mail *m, struct buf *out);

#endif
