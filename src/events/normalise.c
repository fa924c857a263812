/* One call, in Segment's form, into the cells of an event. What is missing or of a wrong type is refused with a reason; what can
 * be read anyway is read, so that quarantine shows it. */
#include "events/events_int.h"

#include <stdlib.h>

#include "base/clock.h"

enum { SECOND_US = 1000000 };

/* ---- values ---- */

struct str event_scalar(yyjson_val *v)
{
    if (yyjson_is_str(v))
        return str_trim((struct str){yyjson_get_str(v), yyjson_get_len(v)});
    if (yyjson_is_raw(v))
        return (struct str){yyjson_get_raw(v), yyjson_get_len(v)};
    return (struct str){0};
}

static struct str scalar_of(yyjson_val *object, const char *key)
{
    return event_scalar(yyjson_obj_get(object, key));
}

static struct str first_of(yyjson_val *object, const char *const *keys, size_t n)
{
    struct str s = {0};
    for (size_t i = 0; i < n && !s.n; i++)
        s = scalar_of(object, keys[i]);
    return s;
}

static bool is_absent(yyjson_val *v)
{
    return !v || yyjson_is_null(v);
}

static yyjson_val *object_of(struct event_batch *b, struct event_entry *x, yyjson_val *item, const char *key)
{
    yyjson_val *v = yyjson_obj_get(item, key);
    if (is_absent(v))
        return NULL;
    if (yyjson_is_obj(v))
        return v;
    event_refuse(b, x, "bad_value", str_of(key), "must be an object");
    return NULL;
}

/* A text; a number counts as the text that was sent. */
static struct str text_of(struct event_batch *b, struct event_entry *x, yyjson_val *item, const char *key)
{
    yyjson_val *v = yyjson_obj_get(item, key);
    if (!is_absent(v) && !yyjson_is_str(v) && !yyjson_is_raw(v))
        event_refuse(b, x, "bad_value", str_of(key), "must be a text");
    return event_scalar(v);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool event_millionths(struct str s, int64_t *out)
{
    size_t i = 0, point = SIZE_MAX;
    int64_t v = 0;
    int exponent = 0, kept = 0, digits = 0;
    bool negative = false, up = false;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        negative = s.p[i++] == '-';
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == '.' && point == SIZE_MAX)); i++) {
        if (s.p[i] == '.') {
            point = i;
            continue;
        }
        digits++;
        if (kept < 18) {
            v = v * 10 + (s.p[i] - '0');
            kept += v != 0;
            exponent -= point != SIZE_MAX;
        } else {
            if (point == SIZE_MAX)
                return false; /* more digits before the point than the column has */
        }
    }
    if (!digits)
        return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        int64_t e;
        struct str rest = {s.p + i + 1, s.n - i - 1};
        if (rest.n && rest.p[0] == '+')
            rest = (struct str){rest.p + 1, rest.n - 1};
        if (!str_to_i64(rest, &e) || e > 1000 || e < -1000)
            return false;
        exponent += (int)e;
        i = s.n;
    }
    if (i != s.n)
        return false;
    for (exponent += 6; exponent > 0 && v; exponent--) {
        if (v > INT64_C(99999999999999999))
            return false;
        v *= 10;
    }
    for (; exponent < 0 && (v || up); exponent++) {
        up = v % 10 >= 5;
        v /= 10;
    }
    v += up;
    if (v > INT64_C(999999999999999999))
        return false;
    *out = negative ? -v : v;
    return true;
}

/* ---- time ---- */

static bool number_at(struct str s, size_t at, size_t n, int *out)
{
    int v = 0;
    if (at + n > s.n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = v;
    return true;
}

/* "+02:00", "-0530", "+01", "Z"; *at moves behind it. */
static bool offset_at(struct str s, size_t *at, int64_t *us)
{
    int h = 0, m = 0;
    *us = 0;
    if (*at < s.n && (s.p[*at] == 'Z' || s.p[*at] == 'z')) {
        (*at)++;
        return true;
    }
    if (*at >= s.n || (s.p[*at] != '+' && s.p[*at] != '-'))
        return true;
    bool west = s.p[*at] == '-';
    if (!number_at(s, *at + 1, 2, &h))
        return false;
    *at += 3;
    if (*at < s.n && s.p[*at] == ':')
        (*at)++;
    if (*at < s.n) {
        if (!number_at(s, *at, 2, &m))
            return false;
        *at += 2;
    }
    *us = (h * INT64_C(3600) + m * 60) * SECOND_US * (west ? -1 : 1);
    return h <= 18 && m < 60;
}

bool event_moment(struct str s, int64_t *out)
{
    int32_t days;
    int h = 0, m = 0, sec = 0;
    int64_t fraction = 0, offset = 0, unit = 100000;
    size_t at = 10;
    if (s.n < 10 || s.n > 40 || !clock_parse_date((struct str){s.p, 10}, &days))
        return false;
    if (at < s.n) {
        if ((s.p[at] != 'T' && s.p[at] != 't' && s.p[at] != ' ') || !number_at(s, 11, 2, &h) || s.n < 16 || s.p[13] != ':' ||
            !number_at(s, 14, 2, &m))
            return false;
        at = 16;
        if (at < s.n && s.p[at] == ':') {
            if (!number_at(s, 17, 2, &sec))
                return false;
            at = 19;
            if (at < s.n && (s.p[at] == '.' || s.p[at] == ',')) {
                size_t first = ++at;
                for (; at < s.n && is_digit(s.p[at]); at++, unit /= 10)
                    fraction += unit * (s.p[at] - '0');
                if (at == first)
                    return false;
            }
        }
        if (!offset_at(s, &at, &offset))
            return false;
    }
    if (at != s.n || h > 24 || m > 59 || sec > 60 || (h == 24 && (m || sec)))
        return false;
    *out = days * INT64_C(86400) * SECOND_US + (h * INT64_C(3600) + m * 60 + sec) * SECOND_US + fraction - offset;
    return true;
}

/* ISO 8601, or a number of seconds or milliseconds since 1970. */
static bool moment_of(yyjson_val *v, int64_t *out)
{
    struct str s = event_scalar(v);
    int64_t n;
    double f;
    if (event_moment(s, out))
        return true;
    if (str_to_i64(s, &n) && n > 100000000 && n < INT64_C(100000000000000)) {
        *out = n < INT64_C(100000000000) ? n * SECOND_US : n * 1000;
        return true;
    }
    if (yyjson_is_raw(v) && str_to_f64(s, &f) && f > 1e8 && f < 1e14) {
        *out = f < 1e11 ? (int64_t)(f * 1e6) : (int64_t)(f * 1e3);
        return true;
    }
    return false;
}

#define EARLIEST_US INT64_C(31536000000000) /* 1971-01-01 */

static void moment_set(struct event *ev, enum event_column c, int64_t us)
{
    ev->cells[c] = (struct event_cell){.set = true, .i = us};
}

/* What counts is when it happened by our clock: receivedAt - (sentAt - timestamp), so that a wrong clock of the client cancels
 * out. Where that leads before 1971 a clock or a library said zero: it happened when it came. */
static void times(struct event_entry *x, yyjson_val *item)
{
    const struct mesh_events *rules = x->ev.source->events;
    struct event *ev = &x->ev;
    yyjson_val *stamp = yyjson_obj_get(item, "timestamp");
    int64_t original = 0, sent = 0, at = ev->received_us;
    if (is_absent(stamp))
        stamp = yyjson_obj_get(item, "originalTimestamp");
    bool has_sent = !is_absent(x->sent_at) && moment_of(x->sent_at, &sent),
         has = !is_absent(stamp) && moment_of(stamp, &original);
    if (has && (has_sent ? ev->received_us - (sent - original) : original) < EARLIEST_US) {
        event_text(ev, EVENT_CLOCK, STR("bad_timestamp"));
        moment_set(ev, EVENT_ORIGINAL_TIMESTAMP, original);
    } else if (has) {
        at = has_sent ? ev->received_us - (sent - original) : original;
        moment_set(ev, EVENT_ORIGINAL_TIMESTAMP, original);
    } else {
        event_text(ev, EVENT_CLOCK, is_absent(stamp) ? STR("no_timestamp") : STR("bad_timestamp"));
    }
    if (has_sent)
        moment_set(ev, EVENT_SENT_AT, sent);
    if (at > ev->received_us + rules->future_s * SECOND_US) {
        at = ev->received_us;
        event_text(ev, EVENT_CLOCK, STR("future"));
    }
    moment_set(ev, EVENT_OCCURRED_AT, at);
    moment_set(ev, EVENT_RECEIVED_AT, ev->received_us);
    event_bool(ev, EVENT_IS_LATE, ev->received_us - at > rules->late_after_s * SECOND_US);
}

/* ---- context ---- */

static yyjson_mut_val *merged(yyjson_mut_doc *doc, yyjson_val *base, yyjson_val *over)
{
    yyjson_mut_val *out = yyjson_mut_obj(doc);
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(base, i, n, key, v)
    {
        yyjson_val *mine = yyjson_obj_getn(over, yyjson_get_str(key), yyjson_get_len(key));
        yyjson_mut_val *put =
            mine && yyjson_is_obj(mine) && yyjson_is_obj(v) ? merged(doc, v, mine) : yyjson_val_mut_copy(doc, mine ? mine : v);
        yyjson_mut_obj_add(out, yyjson_val_mut_copy(doc, key), put);
    }
    yyjson_obj_foreach(over, i, n, key, v)
    {
        if (!yyjson_obj_getn(base, yyjson_get_str(key), yyjson_get_len(key)))
            yyjson_mut_obj_add(out, yyjson_val_mut_copy(doc, key), yyjson_val_mut_copy(doc, v));
    }
    return out;
}

/* Of two objects one, in which the second wins; depths are bounded by what was measured before. */
static yyjson_val *merge(struct event_batch *b, yyjson_val *base, yyjson_val *over)
{
    if (!yyjson_is_obj(base) || yyjson_obj_size(base) == 0)
        return over;
    if (!over || yyjson_obj_size(over) == 0)
        return base;
    yyjson_alc alc = event_alc(&b->a);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_doc_set_root(doc, merged(doc, base, over));
    return event_frozen(&b->a, doc);
}

static bool server_library(struct str name)
{
    static const char *const servers[] = {"node", "python", "java", "ruby", "php", "go", ".net", "c#", "rust", "http", "server"};
    struct str whole = name;
    if (str_eq_nocase(whole, STR("analytics.js")) || str_find(whole, STR("JavaScript"), 0) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct str s = str_of(servers[i]);
        for (size_t k = 0; k + s.n <= whole.n; k++) {
            if (str_eq_nocase((struct str){whole.p + k, s.n}, s))
                return true;
        }
    }
    return false;
}

/* Whether the request came from the person's own browser or device, so that its address and user agent are the person's. */
static bool client_side(const struct event_entry *x, struct str channel, struct str library)
{
    static const char *const channels[] = {"browser", "client", "web", "mobile"};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        if (str_eq_nocase(channel, str_of(channels[i])))
            return true;
    }
    if (str_eq_nocase(channel, STR("server")) || server_library(library))
        return false;
    return x->facts->direct || x->facts->origin.n > 0 || str_starts(x->facts->user_agent, STR("Mozilla/"));
}

/* The context as it is stored: with the address cut, unless the source keeps it. */
static struct str context_stored(struct event_batch *b, struct event_entry *x)
{
    struct event *ev = &x->ev;
    yyjson_val *ip = yyjson_obj_get(ev->context, "ip");
    if (!ev->context || is_absent(ip) || ev->source->events->keep_ip)
        return event_json(&b->a, ev->context);
    yyjson_alc alc = event_alc(&b->a);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *root = yyjson_val_mut_copy(doc, ev->context);
    struct str cut = event_ip_cut(&b->a, event_scalar(ip));
    yyjson_mut_obj_put(root, yyjson_mut_str(doc, "ip"), yyjson_mut_strn(doc, cut.n ? cut.p : "", cut.n));
    yyjson_mut_doc_set_root(doc, root);
    return event_json(&b->a, event_frozen(&b->a, doc));
}

/* Addresses as they were sent: enrichment reads campaign and click id out of them, then cuts them to what may be stored. */
static void page(struct event *ev)
{
    yyjson_val *said = yyjson_obj_get(ev->context, "page"), *from = said                       ? said
                                                                    : ev->stream == EVENT_PAGE ? ev->properties
                                                                                               : NULL;
    event_text(ev, EVENT_PAGE_URL, scalar_of(from, "url"));
    event_text(ev, EVENT_PAGE_PATH, scalar_of(from, "path"));
    event_text(ev, EVENT_PAGE_TITLE, scalar_of(from, "title"));
    event_text(ev, EVENT_REFERRER_URL, scalar_of(from, "referrer"));
}

/* Columns that are one member of one object of the context. */
static const struct {
    const char *object, *member;
    enum event_column column;
} of_context[] = {
    {"library", "name", EVENT_LIBRARY},
    {"library", "version", EVENT_LIBRARY_VERSION},
    {"app", "name", EVENT_APP_NAME},
    {"app", "version", EVENT_APP_VERSION},
    {"os", "name", EVENT_OPERATING_SYSTEM},
    {"device", "id", EVENT_DEVICE_ID},
    {"campaign", "source", EVENT_UTM_SOURCE},
    {"campaign", "medium", EVENT_UTM_MEDIUM},
    {"campaign", "name", EVENT_UTM_CAMPAIGN},
    {"campaign", "term", EVENT_UTM_TERM},
    {"campaign", "content", EVENT_UTM_CONTENT},
    {"campaign", "id", EVENT_UTM_ID},
};

static void context(struct event_batch *b, struct event_entry *x, yyjson_val *item)
{
    struct event *ev = &x->ev;
    static const char *const sessions[] = {"sessionId", "session_id"};
    for (size_t i = 0; i < sizeof of_context / sizeof *of_context; i++)
        event_text(ev, of_context[i].column, scalar_of(yyjson_obj_get(ev->context, of_context[i].object), of_context[i].member));
    yyjson_val *device = yyjson_obj_get(ev->context, "device"), *tracking = yyjson_obj_get(device, "adTrackingEnabled");
    if (!yyjson_is_false(tracking))
        event_text(ev, EVENT_ADVERTISING_ID, scalar_of(device, "advertisingId"));
    struct str channel = scalar_of(item, "channel"), ip = scalar_of(ev->context, "ip"),
               agent = scalar_of(ev->context, "userAgent");
    if (!channel.n)
        channel = scalar_of(ev->context, "channel");
    bool client = client_side(x, channel, ev->cells[EVENT_LIBRARY].s);
    event_text(ev, EVENT_SDK_CHANNEL, channel);
    event_text(ev, EVENT_LOCALE, scalar_of(ev->context, "locale"));
    event_text(ev, EVENT_TIME_ZONE, scalar_of(ev->context, "timezone"));
    event_text(ev, EVENT_CLIENT_SESSION_ID, first_of(ev->context, sessions, 2));
    if (!ip.n && (client || yyjson_is_true(yyjson_obj_get(ev->context, "direct"))))
        ip = x->facts->ip;
    if (!agent.n && client)
        agent = x->facts->user_agent;
    ev->ip = ip;
    ev->user_agent = x->facts->user_agent;
    event_text(ev, EVENT_IP, ev->source->events->keep_ip ? ip : event_ip_cut(&b->a, ip));
    event_text(ev, EVENT_USER_AGENT, agent);
    if (ev->gpc)
        event_bool(ev, EVENT_GPC, true);
    if (ev->dnt)
        event_bool(ev, EVENT_DNT, true);
    page(ev);
    yyjson_val *consent = yyjson_obj_get(ev->context, "consent");
    event_text(ev, EVENT_CONSENT_AS_SENT,
               event_json(&b->a, is_absent(consent) ? yyjson_obj_get(ev->context, "consentManagement") : consent));
    event_text(ev, EVENT_CONTEXT, context_stored(b, x));
    event_text(ev, EVENT_INTEGRATIONS, event_json(&b->a, x->integrations));
}

/* ---- who ---- */

static void who(struct event_batch *b, struct event_entry *x, yyjson_val *item)
{
    struct event *ev = &x->ev;
    yyjson_val *known = yyjson_obj_get(ev->context, "traits"), *external = yyjson_obj_get(ev->context, "externalIds");
    yyjson_val *own = ev->stream == EVENT_IDENTIFY ? ev->traits : NULL;
    struct str email = scalar_of(own, "email"), phone = scalar_of(own, "phone"), group = scalar_of(item, "groupId");
    event_text(ev, EVENT_ANONYMOUS_ID, text_of(b, x, item, "anonymousId"));
    event_text(ev, EVENT_USER_ID, text_of(b, x, item, "userId"));
    event_text(ev, EVENT_EMAIL, email.n ? email : scalar_of(known, "email"));
    event_text(ev, EVENT_PHONE, phone.n ? phone : scalar_of(known, "phone"));
    event_text(ev, EVENT_GROUP_ID, group.n ? group : scalar_of(ev->context, "groupId"));
    if (yyjson_arr_size(external))
        event_text(ev, EVENT_EXTERNAL_IDS, event_json(&b->a, external));
}

static bool is_somebody(const struct event *ev)
{
    static const enum event_column ids[] = {EVENT_ANONYMOUS_ID, EVENT_USER_ID,        EVENT_EMAIL,       EVENT_PHONE,
                                            EVENT_DEVICE_ID,    EVENT_ADVERTISING_ID, EVENT_EXTERNAL_IDS};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (ev->cells[ids[i]].set)
            return true;
    }
    return false;
}

/* RudderStack's merge: two identifiers that are one person; a row of the stream `alias`. */
static void merge_call(struct event_batch *b, struct event_entry *x, yyjson_val *item)
{
    struct event *ev = &x->ev;
    yyjson_val *list = yyjson_obj_get(item, "mergeProperties"), *v;
    size_t i, n;
    if (yyjson_arr_size(list) != 2) {
        event_refuse(b, x, "bad_value", STR("mergeProperties"), "must be a list of two identifiers");
        return;
    }
    yyjson_arr_foreach(list, i, n, v)
    {
        struct str kind = scalar_of(v, "type"), value = scalar_of(v, "value");
        enum event_column c = EVENT_EXTERNAL_IDS;
        if (str_eq_nocase(kind, STR("user_id")) || str_eq_nocase(kind, STR("userId")))
            c = ev->cells[EVENT_USER_ID].set ? EVENT_PREVIOUS_ID : EVENT_USER_ID;
        else if (str_eq_nocase(kind, STR("anonymous_id")) || str_eq_nocase(kind, STR("anonymousId")))
            c = ev->cells[EVENT_ANONYMOUS_ID].set ? EVENT_PREVIOUS_ID : EVENT_ANONYMOUS_ID;
        else if (str_eq_nocase(kind, STR("email")) && !ev->cells[EVENT_EMAIL].set)
            c = EVENT_EMAIL;
        else if (str_eq_nocase(kind, STR("phone")) && !ev->cells[EVENT_PHONE].set)
            c = EVENT_PHONE;
        if (!kind.n || !value.n)
            event_refuse(b, x, "bad_value", STR("mergeProperties"), "each identifier has a type and a value");
        else if (c != EVENT_EXTERNAL_IDS)
            event_text(ev, c, value);
    }
    event_text(ev, EVENT_EXTERNAL_IDS, event_json(&b->a, list));
}

/* ---- by type ---- */

static void track(struct event_batch *b, struct event_entry *x, yyjson_val *item)
{
    static const char *const orders[] = {"order_id", "orderId", "transaction_id"};
    struct event *ev = &x->ev;
    struct str currency = scalar_of(ev->properties, "currency");
    int64_t amount;
    x->name = text_of(b, x, item, "event");
    event_text(ev, EVENT_EVENT, x->name);
    if (!x->name.n)
        event_refuse(b, x, "no_event", STR("event"), "a track call needs the name of its event");
    if (event_millionths(scalar_of(ev->properties, "revenue"), &amount))
        ev->cells[EVENT_REVENUE_AMOUNT] = (struct event_cell){.set = true, .i = amount};
    if (event_millionths(scalar_of(ev->properties, "value"), &amount))
        ev->cells[EVENT_VALUE_AMOUNT] = (struct event_cell){.set = true, .i = amount};
    if (currency.n == 3) {
        char *z = arena_strz(&b->a, currency);
        for (size_t i = 0; i < 3; i++)
            z[i] = (char)(z[i] >= 'a' && z[i] <= 'z' ? z[i] - 32 : z[i]);
        event_text(ev, EVENT_CURRENCY, (struct str){z, 3});
    }
    event_text(ev, EVENT_ORDER_ID, first_of(ev->properties, orders, 3));
}

static void by_type(struct event_batch *b, struct event_entry *x, yyjson_val *item)
{
    struct event *ev = &x->ev;
    if (ev->stream & (EVENT_TRACK | EVENT_PAGE | EVENT_SCREEN))
        event_text(ev, EVENT_PROPERTIES, event_json(&b->a, ev->properties));
    if (ev->stream & (EVENT_IDENTIFY | EVENT_GROUP))
        event_text(ev, EVENT_TRAITS, event_json(&b->a, ev->traits));
    if (ev->stream == EVENT_TRACK)
        track(b, x, item);
    if (ev->stream & (EVENT_PAGE | EVENT_SCREEN)) {
        struct str category = text_of(b, x, item, "category");
        x->name = text_of(b, x, item, "name");
        if (!x->name.n)
            x->name = scalar_of(ev->properties, "name");
        event_text(ev, EVENT_NAME, x->name);
        event_text(ev, EVENT_CATEGORY, category.n ? category : scalar_of(ev->properties, "category"));
    }
    if (ev->stream == EVENT_GROUP && !text_of(b, x, item, "groupId").n)
        event_refuse(b, x, "no_group", STR("groupId"), "a group call needs the id of its group");
    if (ev->stream == EVENT_ALIAS && !str_eq(x->type, STR("merge"))) {
        event_text(ev, EVENT_PREVIOUS_ID, text_of(b, x, item, "previousId"));
        if (!ev->cells[EVENT_PREVIOUS_ID].set)
            event_refuse(b, x, "no_previous", STR("previousId"), "an alias call needs the id that was used before");
        if (!ev->cells[EVENT_USER_ID].set)
            event_refuse(b, x, "no_identifier", STR("userId"), "an alias call needs the user's id");
    }
}

/* ---- size and depth ---- */

/* About the bytes of its JSON, at most a few off; depth beyond the limit ends it. */
static bool measure(yyjson_val *v, int depth, size_t *bytes)
{
    size_t i, n;
    yyjson_val *key, *child;
    if (depth > EVENT_DEPTH_MAX)
        return false;
    if (yyjson_is_arr(v)) {
        *bytes += 1 + yyjson_arr_size(v);
        yyjson_arr_foreach(v, i, n, child) if (!measure(child, depth + 1, bytes)) return false;
        return true;
    }
    if (yyjson_is_obj(v)) {
        *bytes += 1 + 2 * yyjson_obj_size(v);
        yyjson_obj_foreach(v, i, n, key, child)
        {
            *bytes += yyjson_get_len(key) + 2;
            if (!measure(child, depth + 1, bytes))
                return false;
        }
        return true;
    }
    *bytes += yyjson_is_str(v) ? yyjson_get_len(v) + 2 : yyjson_is_raw(v) ? yyjson_get_len(v) : 4;
    return true;
}

/* A text of the first bytes of a value that is not kept whole. */
static struct str beginning(struct event_batch *b, yyjson_val *v)
{
    struct str json = event_json(&b->a, v);
    struct buf out = BUF_INIT((size_t)64 << 10);
    size_t n = json.n < EVENT_BEGINNING_BYTES ? json.n : EVENT_BEGINNING_BYTES;
    while (n < json.n && n > 0 && ((unsigned char)json.p[n] & 0xc0) == 0x80)
        n--;
    buf_json_str(&out, (struct str){json.p, n});
    struct str s = arena_str(&b->a, buf_str(&out));
    buf_fini(&out);
    return s;
}

/* False: it is not looked at further. */
static bool fits(struct event_batch *b, struct event_entry *x, yyjson_val *item)
{
    size_t bytes = 0;
    if (!yyjson_is_obj(item)) {
        event_refuse(b, x, "bad_value", STR(""), "an event must be an object");
        return false;
    }
    if (!measure(item, 1, &bytes)) {
        event_refuse(b, x, "too_deep", STR(""), "nested deeper than 200 levels");
        x->payload = beginning(b, item);
        return false;
    }
    if (bytes > (size_t)x->ev.source->events->event_bytes) {
        event_refuse(b, x, "too_large", STR(""), "the event is larger than its source allows");
        x->payload = beginning(b, item);
        return false;
    }
    return true;
}

static enum event_stream stream_of(struct str type)
{
    for (size_t i = 0; i < EVENT_STREAMS; i++) {
        if (event_streams[i].bit != EVENT_CONSENT && str_eq(type, str_of(event_streams[i].name)))
            return event_streams[i].bit;
    }
    return str_eq(type, STR("merge")) ? EVENT_ALIAS : 0;
}

static struct str api_of(const struct event_entry *x)
{
    struct str library = x->ev.cells[EVENT_LIBRARY].s;
    if (x->facts->api.n && !str_eq(x->facts->api, STR("segment")))
        return x->facts->api;
    for (size_t i = 0; i + 6 <= library.n; i++) {
        if (str_eq_nocase((struct str){library.p + i, 6}, STR("rudder")))
            return STR("rudderstack");
    }
    return STR("segment");
}

void event_normalise(struct event_batch *b, struct event_entry *x, yyjson_val *item, const struct event_shared *sh,
                     enum event_stream stream)
{
    struct event *ev = &x->ev;
    ev->whole = item;
    ev->received_us = x->facts->received_us;
    ev->accept_language = x->facts->accept_language;
    ev->origin = x->facts->origin;
    ev->gpc = x->facts->gpc;
    ev->dnt = x->facts->dnt;
    if (!fits(b, x, item))
        return;
    x->type = text_of(b, x, item, "type");
    if (stream && !str_eq(x->type, STR("merge")))
        for (size_t i = 0; i < EVENT_STREAMS; i++)
            x->type = event_streams[i].bit == stream ? str_of(event_streams[i].name) : x->type;
    ev->stream = stream_of(x->type);
    struct str id = text_of(b, x, item, "messageId");
    if (id.n > EVENT_MESSAGE_ID_MAX)
        event_refuse(b, x, "bad_value", STR("messageId"), "longer than 100 characters");
    /* An id of our own must be the same when the spool is read again. */
    event_text(ev, EVENT_MESSAGE_ID,
               id.n ? id : arena_printf(&b->a, "auto-%llx-%.*s", (long long)ev->received_us, STR_FMT(x->origin)));
    ev->context = merge(b, sh->context, object_of(b, x, item, "context"));
    x->integrations = merge(b, sh->integrations, object_of(b, x, item, "integrations"));
    x->sent_at = yyjson_obj_get(item, "sentAt");
    if (is_absent(x->sent_at))
        x->sent_at = sh->sent_at;
    ev->properties = object_of(b, x, item, "properties");
    ev->traits = object_of(b, x, item, "traits");
    if (ev->stream == EVENT_IDENTIFY)
        ev->traits = merge(b, yyjson_obj_get(ev->context, "traits"), ev->traits);
    times(x, item);
    context(b, x, item);
    who(b, x, item);
    event_text(ev, EVENT_API, api_of(x));
    if (x->facts->key_id)
        ev->cells[EVENT_WRITE_KEY_ID] = (struct event_cell){.set = true, .i = x->facts->key_id};
    if (!ev->stream) {
        event_refuse(b, x, "unknown_type", STR("type"), "none of track, page, screen, identify, group, alias");
        return;
    }
    if (str_eq(x->type, STR("merge")))
        merge_call(b, x, item);
    by_type(b, x, item);
    if (!is_somebody(ev) && !(ev->stream == EVENT_ALIAS && x->n_why))
        event_refuse(b, x, "no_identifier", STR(""), "neither userId nor anonymousId nor another identifier");
    event_evidence(b->m, ev, &b->a);
    if (x->verdict == EVENT_PASSED)
        event_consent(b, x, NULL);
}
