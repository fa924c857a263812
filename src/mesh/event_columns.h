/* The columns of the raw streams of an event source, in one table: contract, loader, reference and page read the same rows.
 * What they mean: docs/events.md. Order is the order of the raw tables; new ones are added at the end. */
#ifndef MESH_EVENT_COLUMNS_H
#define MESH_EVENT_COLUMNS_H

#include "mesh/mesh.h"

/* Streams of an event source, as bits. */
enum event_stream { EVENT_TRACK = 1, EVENT_PAGE = 2, EVENT_SCREEN = 4, EVENT_IDENTIFY = 8, EVENT_GROUP = 16, EVENT_ALIAS = 32, EVENT_CONSENT = 64 };
enum { EVENT_STREAMS = 7, EVENT_ALL = 127 };

/* X(id, name, type, class, streams, title). Types: T text, M moment (TIMESTAMP, microseconds), B boolean, I BIGINT, D DECIMAL(18,6). */
#define EVENT_COLUMNS_TABLE(X)                                                                       \
    X(MESSAGE_ID, "message_id", 'T', INTERNAL, EVENT_ALL, "Message id")                                \
    X(OCCURRED_AT, "occurred_at", 'M', INTERNAL, EVENT_ALL, "Time")                                    \
    X(RECEIVED_AT, "received_at", 'M', INTERNAL, EVENT_ALL, "Received")                                \
    X(SENT_AT, "sent_at", 'M', INTERNAL, EVENT_ALL, "Sent, by the client's clock")                     \
    X(ORIGINAL_TIMESTAMP, "original_timestamp", 'M', INTERNAL, EVENT_ALL, "Time, by the client's clock") \
    X(CLOCK, "clock", 'T', INTERNAL, EVENT_ALL, "What was wrong with the clock")                       \
    X(IS_LATE, "is_late", 'B', INTERNAL, EVENT_ALL, "Late")                                            \
    X(ANONYMOUS_ID, "anonymous_id", 'T', PERSONAL, EVENT_ALL, "Visitor id")                            \
    X(USER_ID, "user_id", 'T', PERSONAL, EVENT_ALL, "User id")                                         \
    X(EMAIL, "email", 'T', PERSONAL, EVENT_ALL, "Email")                                               \
    X(PHONE, "phone", 'T', PERSONAL, EVENT_ALL, "Phone")                                               \
    X(DEVICE_ID, "device_id", 'T', PERSONAL, EVENT_ALL, "Device id")                                   \
    X(ADVERTISING_ID, "advertising_id", 'T', PERSONAL, EVENT_ALL, "Advertising id")                    \
    X(EXTERNAL_IDS, "external_ids", 'T', PERSONAL, EVENT_ALL, "Further ids")                           \
    X(EVIDENCE, "evidence", 'I', INTERNAL, EVENT_ALL, "Set of identifiers")                            \
    X(GROUP_ID, "group_id", 'T', INTERNAL, EVENT_ALL, "Group id")                                      \
    X(SDK_CHANNEL, "sdk_channel", 'T', INTERNAL, EVENT_ALL, "Where the SDK runs")                      \
    X(LIBRARY, "library", 'T', INTERNAL, EVENT_ALL, "Library")                                         \
    X(LIBRARY_VERSION, "library_version", 'T', INTERNAL, EVENT_ALL, "Library version")                 \
    X(LOCALE, "locale", 'T', INTERNAL, EVENT_ALL, "Locale")                                            \
    X(TIME_ZONE, "time_zone", 'T', INTERNAL, EVENT_ALL, "Time zone")                                   \
    X(APP_NAME, "app_name", 'T', INTERNAL, EVENT_ALL, "App")                                           \
    X(APP_VERSION, "app_version", 'T', INTERNAL, EVENT_ALL, "App version")                             \
    X(IP, "ip", 'T', PERSONAL, EVENT_ALL, "Address")                                                   \
    X(USER_AGENT, "user_agent", 'T', PERSONAL, EVENT_ALL, "User agent")                                \
    X(BROWSER, "browser", 'T', INTERNAL, EVENT_ALL, "Browser")                                         \
    X(BROWSER_VERSION, "browser_version", 'T', INTERNAL, EVENT_ALL, "Browser version")                 \
    X(OPERATING_SYSTEM, "operating_system", 'T', INTERNAL, EVENT_ALL, "Operating system")              \
    X(DEVICE_CATEGORY, "device_category", 'T', INTERNAL, EVENT_ALL, "Kind of device")                  \
    X(IS_BOT, "is_bot", 'B', INTERNAL, EVENT_ALL, "Bot")                                               \
    X(BOT_NAME, "bot_name", 'T', INTERNAL, EVENT_ALL, "Name of the bot")                               \
    X(IS_INTERNAL, "is_internal", 'B', INTERNAL, EVENT_ALL, "Our own people")                          \
    X(GPC, "gpc", 'B', INTERNAL, EVENT_ALL, "Global Privacy Control")                                  \
    X(DNT, "dnt", 'B', INTERNAL, EVENT_ALL, "Do Not Track")                                            \
    X(PAGE_URL, "page_url", 'T', INTERNAL, EVENT_ALL, "Page address")                                  \
    X(PAGE_HOST, "page_host", 'T', INTERNAL, EVENT_ALL, "Host")                                        \
    X(PAGE_PATH, "page_path", 'T', INTERNAL, EVENT_ALL, "Path")                                        \
    X(PAGE_TITLE, "page_title", 'T', INTERNAL, EVENT_ALL, "Page title")                                \
    X(REFERRER_URL, "referrer_url", 'T', INTERNAL, EVENT_ALL, "Referrer")                              \
    X(REFERRER_HOST, "referrer_host", 'T', INTERNAL, EVENT_ALL, "Referring host")                      \
    X(REFERRER_MEDIUM, "referrer_medium", 'T', INTERNAL, EVENT_ALL, "Kind of referrer")                \
    X(REFERRER_SOURCE, "referrer_source", 'T', INTERNAL, EVENT_ALL, "Name of referrer")                \
    X(UTM_SOURCE, "utm_source", 'T', INTERNAL, EVENT_ALL, "UTM source")                                \
    X(UTM_MEDIUM, "utm_medium", 'T', INTERNAL, EVENT_ALL, "UTM medium")                                \
    X(UTM_CAMPAIGN, "utm_campaign", 'T', INTERNAL, EVENT_ALL, "UTM campaign")                          \
    X(UTM_TERM, "utm_term", 'T', INTERNAL, EVENT_ALL, "UTM term")                                      \
    X(UTM_CONTENT, "utm_content", 'T', INTERNAL, EVENT_ALL, "UTM content")                             \
    X(UTM_ID, "utm_id", 'T', INTERNAL, EVENT_ALL, "UTM id")                                            \
    X(CLICK_ID, "click_id", 'T', PERSONAL, EVENT_ALL, "Click id")                                      \
    X(CLICK_ID_TYPE, "click_id_type", 'T', INTERNAL, EVENT_ALL, "Kind of click id")                    \
    X(CHANNEL_GROUP, "channel_group", 'T', INTERNAL, EVENT_ALL, "Channel")                             \
    X(CLIENT_SESSION_ID, "client_session_id", 'T', INTERNAL, EVENT_ALL, "Session, by the client")      \
    X(CONSENT_AS_SENT, "consent", 'T', INTERNAL, EVENT_ALL, "Consent, as sent")                                \
    X(CONTEXT, "context", 'T', PERSONAL, EVENT_ALL, "Context")                                         \
    X(INTEGRATIONS, "integrations", 'T', INTERNAL, EVENT_ALL, "Integrations")                          \
    X(WRITE_KEY_ID, "write_key_id", 'I', INTERNAL, EVENT_ALL, "Write key")                             \
    X(API, "api", 'T', INTERNAL, EVENT_ALL, "Way in")                                                  \
    X(EVENT, "event", 'T', INTERNAL, EVENT_TRACK, "Event")                                             \
    X(NAME, "name", 'T', INTERNAL, EVENT_PAGE | EVENT_SCREEN, "Name")                                  \
    X(CATEGORY, "category", 'T', INTERNAL, EVENT_PAGE | EVENT_SCREEN, "Category")                      \
    X(PROPERTIES, "properties", 'T', PERSONAL, EVENT_TRACK | EVENT_PAGE | EVENT_SCREEN, "Properties")  \
    X(TRAITS, "traits", 'T', PERSONAL, EVENT_IDENTIFY | EVENT_GROUP, "Traits")                         \
    X(PREVIOUS_ID, "previous_id", 'T', PERSONAL, EVENT_ALIAS, "Id before")                             \
    X(REVENUE_AMOUNT, "revenue_amount", 'D', INTERNAL, EVENT_TRACK, "Revenue")                         \
    X(VALUE_AMOUNT, "value_amount", 'D', INTERNAL, EVENT_TRACK, "Value")                               \
    X(CURRENCY, "currency", 'T', INTERNAL, EVENT_TRACK, "Currency")                                    \
    X(ORDER_ID, "order_id", 'T', INTERNAL, EVENT_TRACK, "Order")                                       \
    X(SYSTEM, "system", 'T', INTERNAL, EVENT_CONSENT, "Who says so")                                   \
    X(CONSENT_CATEGORY, "consent_category", 'T', INTERNAL, EVENT_CONSENT, "Category, as sent")         \
    X(STATUS, "status", 'T', INTERNAL, EVENT_CONSENT, "Yes or no")                                     \
    X(POLICY_VERSION, "policy_version", 'T', INTERNAL, EVENT_CONSENT, "Version of the text")           \
    X(PROOF, "proof", 'T', PERSONAL, EVENT_CONSENT, "Proof")

enum event_column {
#define X(id, ...) EVENT_##id,
    EVENT_COLUMNS_TABLE(X)
#undef X
    EVENT_COLUMNS
};

struct event_column_info {
    const char *name, *title;
    char type; /* T M B I D */
    enum mesh_class class_;
    unsigned streams;
};
extern const struct event_column_info event_columns[EVENT_COLUMNS];
struct event_stream_info {
    const char *name;
    enum event_stream bit;
};
extern const struct event_stream_info event_streams[EVENT_STREAMS]; /* track page screen identify group alias consent */
const char *event_column_type(char type); /* "VARCHAR", "TIMESTAMP", "BOOLEAN", "BIGINT", "DECIMAL(18,6)"; 'Y': "DATE" (days since 1970), of planned columns only */
unsigned event_stream_bit(struct str type); /* of a name of the above; 0: none */

/* ---- columns that the tracking plan adds to a stream ---- */
/* "p_total" of total, "p_cart_total" of cart.total. */
struct str event_planned_name(struct arena *a, struct str property);
/* T M B I D Y; 0: the property has no column of its own (objects, lists, paths with [*]). */
char event_planned_type(const struct mesh_planned *p, size_t column);
struct event_plan_column {
    struct str name, title, description;
    char type;
    enum mesh_class class_; /* the strictest of those that share it */
};
/* In the order of the raw table (sorted by name). The stream's contract has them behind the columns above, those of `enrich:` follow. */
size_t event_plan_columns(struct arena *a, const struct mesh_events *ev, unsigned stream, struct event_plan_column **out);

#endif
