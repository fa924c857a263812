/* Structured log lines on stderr. One write per line, so that lines of threads and children never mix. */
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { LOG_LINE_BYTES_MAX = 4096, LOG_SLOTS = 64, LOG_PER_SECOND = 10 };

static atomic_int least_level = LOG_INFO;
static atomic_bool as_json;

/* One slot per event (by hash; two events of one slot share its budget). Guarded by slots_lock. */
struct log_slot {
    int64_t second;
    unsigned n, suppressed;
};
static struct log_slot slots[LOG_SLOTS];
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

void log_set(enum log_level least, bool json)
{
    least_level = (int)least;
    as_json = json;
}

/* false: over the budget of this second. *suppressed is how many lines were held back before this one. */
static bool within_budget(const char *module, const char *event, unsigned *suppressed)
{
    int64_t second = clock_mono_us() / 1000000;
    uint64_t h = str_hash(str_of(event)) * 31 + str_hash(str_of(module));
    pthread_mutex_lock(&slots_lock);
    struct log_slot *s = &slots[h % LOG_SLOTS];
    *suppressed = 0;
    if (s->second != second) {
        *suppressed = s->suppressed;
        *s = (struct log_slot){.second = second};
    }
    bool ok = s->n < LOG_PER_SECOND;
    if (ok)
        s->n++;
    else
        s->suppressed++;
    pthread_mutex_unlock(&slots_lock);
    return ok;
}

static void add_one_line(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f)
            buf_printf(b, "\\x%02x", c);
        else
            buf_addc(b, (char)c);
    }
}

static void write_line(enum log_level level, const char *module, const char *event, struct str fields)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    unsigned suppressed;
    if (!within_budget(module, event, &suppressed))
        return;
    struct clock_text now = clock_iso(clock_now_us());
    struct buf b = BUF_INIT(LOG_LINE_BYTES_MAX * 6);
    if (as_json) {
        buf_printf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%s\",\"event\":\"%s\",\"fields\":", now.z, names[level],
                   module, event);
        buf_json_str(&b, fields);
        if (suppressed)
            buf_printf(&b, ",\"suppressed\":%u", suppressed);
        buf_addz(&b, "}\n");
    } else {
        buf_printf(&b, "%s %s %s %s ", now.z, names[level], module, event);
        add_one_line(&b, fields);
        if (suppressed)
            buf_printf(&b, " suppressed=%u", suppressed);
        buf_addc(&b, '\n');
    }
    if (buf_ok(&b, NULL)) {
        ssize_t ignored = write(STDERR_FILENO, b.p, b.n); /* a log that cannot be written has nobody to tell */
        (void)ignored;
    }
    buf_fini(&b);
}

void log_event(enum log_level level, const char *module, const char *event, const char *fmt, ...)
{
    if ((int)level < least_level)
        return;
    char fields[LOG_LINE_BYTES_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(fields, sizeof fields, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof fields ? (size_t)n : sizeof fields - 1;
    write_line(level, module, event, (struct str){fields, len});
}

void log_err(enum log_level level, const char *module, const char *event, const struct err *e)
{
    log_event(level, module, event, "code=%s text=\"%s\"%s%s%s", err_info_get(e->code)->code, e->text,
              e->file[0] ? " file=\"" : "", e->file, e->file[0] ? "\"" : "");
}
