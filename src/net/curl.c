/* Loading libcurl on demand: linked in, its three dozen libraries would lengthen every start of the program. */
#include "net/net_int.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct curl_calls calls;
static bool usable;

static void *found(void *lib, const char *name)
{
    void *p = dlsym(lib, name);
    usable = usable && p != NULL;
    return p;
}

/* POSIX lets a pointer from dlsym be read as a function; C has no cast for it. */
#define FIND(member, name)                   \
    do {                                     \
        void *p = found(lib, name);          \
        memcpy(&calls.member, &p, sizeof p); \
    } while (0)

static void load(void)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    CURLcode (*global_init)(long) = NULL;
    void *lib = NULL;
    for (size_t i = 0; !lib && i < sizeof names / sizeof *names; i++)
        lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return;
    usable = true;
    void *init = found(lib, "curl_global_init");
    memcpy(&global_init, &init, sizeof init);
    FIND(init, "curl_easy_init");
    FIND(cleanup, "curl_easy_cleanup");
    FIND(setopt, "curl_easy_setopt");
    FIND(perform, "curl_easy_perform");
    FIND(getinfo, "curl_easy_getinfo");
    FIND(slist_append, "curl_slist_append");
    FIND(slist_free, "curl_slist_free_all");
    usable = usable && global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct curl_calls *curl_get(struct err *e)
{
    pthread_once(&once, load);
    if (usable)
        return &calls;
    err_set(e, E_IO, "nothing can be sent: the library libcurl is not on this machine");
    err_hint(e, "install it (Debian and Ubuntu: apt install libcurl4)");
    return NULL;
}

struct net_limits net_limits_default(void)
{
    return (struct net_limits){.connect_ms = 5000, .whole_ms = 10000};
}

static int called_off(void *cancel, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return cancel && atomic_load((const atomic_bool *)cancel);
}

CURL *curl_begin(const struct curl_calls *c, const struct net_limits *limits, struct err *e)
{
    CURL *h = c->init();
    if (!h) {
        err_set(e, E_MEMORY, "not enough memory to send anything");
        return NULL;
    }
    c->setopt(h, CURLOPT_NOSIGNAL, 1L);
    c->setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
    c->setopt(h, CURLOPT_TIMEOUT_MS, (long)limits->whole_ms);
    c->setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    c->setopt(h, CURLOPT_NOPROGRESS, 0L);
    c->setopt(h, CURLOPT_XFERINFOFUNCTION, called_off);
    c->setopt(h, CURLOPT_XFERINFODATA, (void *)(uintptr_t)limits->cancel);
    return h;
}

static const struct {
    CURLcode code;
    enum err_code as;
    const char *text, *hint;
} words[] = {
    {CURLE_OPERATION_TIMEDOUT, E_TIMEOUT, "did not answer in time", "it is tried again by itself"},
    {CURLE_ABORTED_BY_CALLBACK, E_CANCELLED, "was not waited for", NULL},
    {CURLE_COULDNT_RESOLVE_HOST, E_IO, "has a name that nobody knows", "check its address, or the name server"},
    {CURLE_COULDNT_RESOLVE_PROXY, E_IO, "is behind a proxy whose name nobody knows", "check https_proxy in the environment"},
    {CURLE_COULDNT_CONNECT, E_IO, "does not accept connections", "check its address and port, and the firewall between"},
    {CURLE_URL_MALFORMAT, E_USAGE, "has an address that is none", NULL},
    {CURLE_PEER_FAILED_VERIFICATION, E_IO, "shows a certificate that is not trusted",
     "check its name, or install its authority's certificate"},
    {CURLE_SSL_CONNECT_ERROR, E_IO, "could not agree on encryption", "check the port: smtps:// is for 465, smtp:// for 587"},
    {CURLE_USE_SSL_FAILED, E_IO, "offers no encryption, and a password is not sent without it",
     "use smtps://, or a server with STARTTLS"},
    {CURLE_LOGIN_DENIED, E_IO, "refused the user or the password", "check alerts: user and password"},
    {CURLE_GOT_NOTHING, E_IO, "closed the connection without an answer", NULL},
};

bool curl_carry_out(const struct curl_calls *c, CURL *h, const char *whom, struct err *e)
{
    /* OpenSSL writes to closed connections with SIGPIPE on; it is held back for this thread and taken away. */
    sigset_t pipe, before;
    struct timespec now = {0, 0};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    CURLcode rc = c->perform(h);
    if (!sigismember(&before, SIGPIPE))
        (void)sigtimedwait(&pipe, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == CURLE_OK)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].code == rc) {
            err_set(e, words[i].as, "%s %s", whom, words[i].text);
            if (words[i].hint)
                err_hint(e, "%s", words[i].hint);
            return false;
        }
    return err_set(e, E_IO, "%s could not be reached (transfer error %d)", whom, (int)rc);
}
