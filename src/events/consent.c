/* What an event says about consent, in all the forms that it comes in, as rows of the stream `consent`: one for each category.
 * What a category means is declared elsewhere (governance/consent.yaml); here nothing is judged. docs/events.md, "Consent". */
#include "events/events_int.h"

struct said {
    struct event_batch *b;
    struct event_entry *x;
    const char *system;
    struct str policy_version, proof;
};

/* The words of a statement; NULL: none of them. */
static const char *status_of(yyjson_val *v)
{
    static const struct {
        const char *word, *status;
    } words[] = {{"granted", "granted"}, {"denied", "denied"}, {"withdrawn", "withdrawn"}, {"unknown", "unknown"},
                 {"true", "granted"},    {"false", "denied"},  {"yes", "granted"},         {"no", "denied"},
                 {"1", "granted"},       {"0", "denied"},      {"unspecified", "unknown"}};
    struct str s = event_scalar(v);
    if (yyjson_is_bool(v))
        return yyjson_is_true(v) ? "granted" : "denied";
    for (size_t i = 0; s.n && i < sizeof words / sizeof *words; i++) {
        if (str_eq_nocase(s, str_of(words[i].word)))
            return words[i].status;
    }
    return NULL;
}

static void say(const struct said *w, struct str category, const char *status)
{
    static const enum event_column kept[] = {
        EVENT_MESSAGE_ID, EVENT_OCCURRED_AT, EVENT_RECEIVED_AT,    EVENT_SENT_AT,      EVENT_ORIGINAL_TIMESTAMP,
        EVENT_CLOCK,      EVENT_IS_LATE,     EVENT_ANONYMOUS_ID,   EVENT_USER_ID,      EVENT_EMAIL,
        EVENT_PHONE,      EVENT_DEVICE_ID,   EVENT_ADVERTISING_ID, EVENT_EXTERNAL_IDS, EVENT_EVIDENCE,
        EVENT_GPC,        EVENT_DNT,         EVENT_LIBRARY,        EVENT_WRITE_KEY_ID, EVENT_API,
    };
    if (!category.n || !status)
        return;
    struct event_entry *row = event_batch_add(w->b);
    row->statement_of = w->x;
    row->facts = w->x->facts;
    row->origin = w->x->origin;
    row->again = w->x->again;
    row->ev.source = w->x->ev.source;
    row->ev.stream = EVENT_CONSENT;
    row->ev.received_us = w->x->ev.received_us;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        row->ev.cells[kept[i]] = w->x->ev.cells[kept[i]];
    event_text(&row->ev, EVENT_SYSTEM, str_of(w->system));
    event_text(&row->ev, EVENT_CONSENT_CATEGORY, category);
    event_text(&row->ev, EVENT_STATUS, str_of(status));
    event_text(&row->ev, EVENT_POLICY_VERSION, w->policy_version);
    event_text(&row->ev, EVENT_PROOF, w->proof);
}

static struct str key_text(yyjson_val *key)
{
    return (struct str){yyjson_get_str(key), yyjson_get_len(key)};
}

static void say_map(const struct said *w, yyjson_val *map)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(map, i, n, key, v) say(w, key_text(key), status_of(v));
}

static void say_list(const struct said *w, yyjson_val *list, const char *status)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct str id = event_scalar(v);
        say(w, id.n ? id : event_scalar(yyjson_obj_get(v, "id")), status);
    }
}

/* ---- Google: signals by name, or as they go over the wire ---- */

static const char *const signals[] = {"ad_storage",         "analytics_storage",     "ad_user_data",
                                      "ad_personalization", "functionality_storage", "personalization_storage",
                                      "security_storage"};

/* G1<ad_storage><analytics_storage> */
static void say_gcs(const struct said *w, struct str s)
{
    for (size_t i = 0; i < 2 && s.n == 4 && str_starts(s, STR("G1")); i++)
        say(w, str_of(signals[i]), s.p[2 + i] == '1' ? "granted" : s.p[2 + i] == '0' ? "denied" : NULL);
}

/* 11<x>1<x>1<x>1<x>5: a letter for each of the four signals says its default and its update. */
static void say_gcd(const struct said *w, struct str s)
{
    size_t letter = 0;
    for (size_t i = 0; i < s.n && letter < 4; i++) {
        if (s.p[i] < 'a' || s.p[i] > 'z')
            continue;
        const char *status = strchr("tnrv", s.p[i]) ? "granted" : strchr("pqmu", s.p[i]) ? "denied" : NULL;
        say(w, str_of(signals[letter++]), status);
    }
}

static void say_google(const struct said *w, yyjson_val *o)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        yyjson_val *v = yyjson_obj_get(o, signals[i]);
        if (v)
            say(w, str_of(signals[i]), status_of(v));
    }
    struct str gcd = event_scalar(yyjson_obj_get(o, "gcd"));
    if (gcd.n)
        say_gcd(w, gcd);
    else
        say_gcs(w, event_scalar(yyjson_obj_get(o, "gcs")));
}

/* ---- TCF ---- */

static void say_tcf(struct said *w, yyjson_val *o)
{
    static const char *const names[] = {"tcString", "tc_string", "tcfString", "tcf", "gdpr_consent", "euconsent"};
    struct event_tcf t;
    struct str s = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names && !s.n; i++)
        s = event_scalar(yyjson_obj_get(o, names[i]));
    if (!s.n || !event_tcf_parse(s, &t))
        return;
    struct buf proof = BUF_INIT((size_t)64 << 10);
    buf_addz(&proof, "{\"tc_string\":");
    buf_json_str(&proof, s);
    buf_printf(&proof, ",\"cmp_id\":%d,\"vendor_list_version\":%d}", t.cmp_id, t.vendor_list_version);
    w->proof = arena_str(&w->b->a, buf_str(&proof));
    w->policy_version = arena_printf(&w->b->a, "%d", t.policy_version);
    for (int i = 0; i < 11; i++)
        say(w, arena_printf(&w->b->a, "%d", i + 1), t.purposes >> i & 1 ? "granted" : "denied");
    buf_fini(&proof);
}

/* ---- all of them ---- */

static struct str proof_of(struct event_batch *b, yyjson_val *o)
{
    yyjson_val *v = yyjson_obj_get(o, "proof");
    return event_json(&b->a, v);
}

static void say_api(struct event_batch *b, struct event_entry *x, yyjson_val *o)
{
    struct str version = event_scalar(yyjson_obj_get(o, "policyVersion"));
    if (!version.n)
        version = event_scalar(yyjson_obj_get(o, "policy_version"));
    const struct said w = {b, x, "api", version, proof_of(b, o)};
    say_map(&w, yyjson_obj_get(o, "purposes"));
}

/* Segment's map, which the snippet uses too. An empty one is a no to all that there is. */
static void say_preferences(struct event_batch *b, struct event_entry *x, yyjson_val *consent)
{
    yyjson_val *map = yyjson_obj_get(consent, "categoryPreferences");
    bool snippet = str_eq(x->facts->api, STR("snippet"));
    const struct said w = {b, x, snippet ? "snippet" : "segment", event_scalar(yyjson_obj_get(consent, "policyVersion")),
                           proof_of(b, consent)};
    if (yyjson_is_obj(map) && yyjson_obj_size(map) == 0)
        say(&w, STR("*"), "denied");
    say_map(&w, map);
}

static void say_management(struct event_batch *b, struct event_entry *x, yyjson_val *o)
{
    struct said w = {b, x, "rudderstack", {0}, {0}};
    struct str provider = event_scalar(yyjson_obj_get(o, "provider")),
               how = event_scalar(yyjson_obj_get(o, "resolutionStrategy"));
    struct buf proof = BUF_INIT((size_t)64 << 10);
    if (!yyjson_is_obj(o))
        return;
    buf_addz(&proof, "{\"provider\":");
    buf_json_str(&proof, provider);
    buf_addz(&proof, ",\"resolution_strategy\":");
    buf_json_str(&proof, how);
    buf_addc(&proof, '}');
    w.proof = arena_str(&b->a, buf_str(&proof));
    say_list(&w, yyjson_obj_get(o, "allowedConsentIds"), "granted");
    say_list(&w, yyjson_obj_get(o, "deniedConsentIds"), "denied");
    buf_fini(&proof);
}

void event_consent(struct event_batch *b, struct event_entry *x, yyjson_val *spoken)
{
    yyjson_val *consent = yyjson_obj_get(x->ev.context, "consent"),
               *management = yyjson_obj_get(x->ev.context, "consentManagement");
    if (spoken) {
        say_api(b, x, spoken);
        return;
    }
    if (!yyjson_is_obj(consent))
        consent = NULL;
    if (consent) {
        const struct said google = {b, x, "google", {0}, {0}};
        struct said tcf = {b, x, "tcf", {0}, {0}};
        say_preferences(b, x, consent);
        say_api(b, x, consent);
        yyjson_val *own = yyjson_obj_get(consent, "google");
        say_google(&google, yyjson_is_obj(own) ? own : consent);
        say_tcf(&tcf, consent);
    }
    say_management(b, x, management);
    if (x->ev.gpc || yyjson_is_true(yyjson_obj_get(consent, "gpc")) || yyjson_is_true(yyjson_obj_get(x->ev.context, "gpc"))) {
        const struct said gpc = {b, x, "gpc", {0}, {0}};
        event_bool(&x->ev, EVENT_GPC, true);
        say(&gpc, STR("1"), "denied");
    }
}
