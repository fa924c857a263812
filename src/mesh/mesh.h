/* The declaration: mesh.yaml and the folders beside it, loaded whole, checked whole, never changed.
 * Everything a `struct mesh` points to lives in its arena until mesh_free. */
#ifndef MESH_MESH_H
#define MESH_MESH_H

#include "base/arena.h"
#include "base/doc.h"
#include "base/error.h"

struct engine_conn;

struct sha_hex { char z[65]; };
struct mesh_pos { struct str file; uint32_t line, col; };        /* file relative to the mesh folder */
struct mesh_person { struct str name, contact, role; };
struct mesh_channel { struct str channel, url, tool; };

enum mesh_drift { DRIFT_EVOLVE, DRIFT_QUARANTINE, DRIFT_FAIL };
enum mesh_load { LOAD_REPLACE_DAYS, LOAD_SNAPSHOT, LOAD_APPEND };
enum mesh_materialization {
    MATERIALIZED_TABLE, MATERIALIZED_VIEW, MATERIALIZED_INCREMENTAL, /* by days: trellisTimeColumn and trellisLookback */
    MATERIALIZED_BY_KEY,   /* by the values of trellisIncrementalBy that changed: docs/build.md */
    MATERIALIZED_IDENTITY, /* its SQL gives observations; the rows are what identity makes of them: docs/identity.md */
};
enum mesh_class { CLASS_UNSET, CLASS_PUBLIC, CLASS_INTERNAL, CLASS_CONFIDENTIAL, CLASS_PERSONAL, CLASS_SENSITIVE };

struct mesh_column {
    struct str name, logical_type, physical_type; /* physical_type: DuckDB type to use, filled from logical_type when absent */
    struct str description, business_name;
    struct str class_text; enum mesh_class class_; /* PERSONAL and SENSITIVE are shown through a mask: docs/governance.md */
    enum mesh_class carried;                       /* what lineage gives it, and holds where it has no class of its own; UNSET: nothing, or not known */
    bool required, unique, primary_key; int key_position;
    const struct doc_node *node; struct mesh_pos pos;
};

struct mesh_contract {                       /* ODCS file, or one schema object of it */
    struct str id, version, status, object_name, description;
    struct mesh_column *columns; size_t n_columns;
    struct mesh_column *beyond; size_t n_beyond; /* of a port: columns that its SQL makes and the contract does not name, with the class that they carry */
    const struct doc *doc; const struct doc_node *object; /* schema object: quality rules are read from here */
    struct mesh_pos pos;
};

struct mesh_stream {
    struct mesh_source *source;
    struct str name, ref;                    /* ref: domain.source__stream */
    struct str path;                         /* glob of its files, complete; relative to the mesh folder or absolute; case ignored */
    struct str table;                        /* a file that several streams of a source match is the one of the longest table; empty with a path of its own */
    struct str within;                       /* a glob that its files must match too (`path` of the source, when that is a glob); empty: none */
    bool optional;                           /* no matching file is fine */
    struct str format, compression, encoding, delimiter, quote, escape, decimal_separator, date_format, timestamp_format; /* empty: detect */
    int header, skip_rows;                   /* -1: detect */
    bool short_rows_fill;                    /* a row with fewer fields than the header ends in NULLs, instead of in quarantine */
    struct str *null_texts; size_t n_null_texts;
    struct str sheet;                        /* of a workbook; empty: the one with the largest table */
    int header_rows;                         /* rows that together name the columns; 0: detect */
    bool totals_kept;                        /* `totals: keep`: a row of totals below the table is a row */
    bool nested_columns;                     /* `nested: columns`: values of nested JSON objects get columns of their own */
    struct mesh_column_format { struct str column, format; } *formats; size_t n_formats; /* a form of dates, a currency sign, or "%", by column */
    enum mesh_load load; struct str account_column, day_column; /* LOAD_REPLACE_DAYS; account may be empty */
    bool overlap_adds;                       /* `overlap: add`: files of one load that share days are parts of a whole */
    struct mesh_contract *contract;          /* schema object of the source's .odcs.yaml, or NULL: all text */
    struct mesh_pos pos;
};

struct mesh_source_sla {                     /* `sla:` of a source; 0: none declared, but volume_percent is always set */
    int64_t freshness_s;                     /* newest load (or newest day, where days are known) is no older than this */
    int volume_percent;                      /* a load below this share of its own habit is an anomaly; default 50 */
};

enum mesh_unplanned { UNPLANNED_PASS, UNPLANNED_QUARANTINE };
struct mesh_planned {                        /* sources/<source>/<event>.odcs.yaml: what one event type must be */
    struct str event, type;                  /* as sent: "Order Completed"; track page screen identify group alias */
    struct mesh_contract *contract;          /* its columns are the members of properties (of traits: identify, group); "a.b" of nested ones by alias `path` */
    struct str *paths;                       /* as contract.columns: where the value stands, "properties.total" */
    bool closed;                             /* members beyond the contract are a violation (trellisOpen: false) */
    struct mesh_pos pos;
    struct mesh_source *source;
    struct str name, title;                  /* of the contract's file; the event where it has a name, else what the contract says */
};
struct mesh_enrich { struct str name, type, sql; struct mesh_pos pos; }; /* a column of one's own: SQL over the raw columns */
struct mesh_webhook { struct str type, event, items; struct mesh_mapped { struct str to, from, value; } *fields; size_t n_fields; }; /* of a webhook body: paths */
struct mesh_events {                         /* of a source with `kind: events` */
    enum mesh_unplanned unplanned;           /* event types without a contract; default pass */
    int64_t dedup_window_s;                  /* default 30 days */
    int64_t rate_per_s, batch_bytes, event_bytes, batch_events; /* 1000, 512000, 32768, 2500 */
    int64_t late_after_s, future_s;          /* marked `late` beyond (default 1 h); clocks ahead of ours are cut to receivedAt beyond (default 5 min) */
    struct str *origins; size_t n_origins;   /* pages that may send; none: all */
    struct str *internal_ips, *internal_hosts, *internal_emails; size_t n_internal_ips, n_internal_hosts, n_internal_emails; /* CIDR; hosts; patterns */
    bool keep_ip;                            /* false (default): the address is cut to /24, /48 before it is stored */
    struct mesh_planned *planned; size_t n_planned; /* sorted by type, event */
    struct mesh_enrich *enrich; size_t n_enrich;
    struct mesh_webhook *webhook;            /* NULL: webhooks are not taken */
};
struct mesh_source {
    struct mesh_events *events;              /* kind events; else NULL */
    struct mesh_domain *domain;
    struct str name, kind, pack, title, description, path, currency, time_zone;
    struct mesh_person owner; enum mesh_drift drift;
    struct mesh_source_sla sla;
    bool watch;                              /* `watch: true`: a server loads its files as they arrive */
    struct mesh_stream *streams; size_t n_streams;
    struct mesh_pos pos;
};

struct mesh_input {                          /* inferred from SQL, sorted by ref, without repetition */
    struct str ref; struct mesh_port *port; struct mesh_stream *stream; /* one of the two */
    uint32_t line, col;                      /* in the SQL file */
};

struct mesh_port {
    struct mesh_product *product;
    struct str name, ref, ref_major;         /* acquisition.campaign_daily, acquisition.campaign_daily_v1 */
    struct str version; int major; bool is_default; /* the default major answers to `ref` */
    struct str description;
    enum mesh_materialization materialization;
    struct str person_column;                /* whose rows they are: column with trellisPerson, or customer_id; empty: rows are not about people */
    bool by_evidence;                        /* `evidence`, which identity ties to a customer, tells whose: no such column, or a customer_id that a platform gave; not of statements about consent */
    bool by_contact;                         /* nothing of that, but `contact_key`: the landed record that tells whose */
    struct str by_key;                       /* BY_KEY: column of the rows, and of the inputs that tell what changed */
    bool live;                               /* `trellisLive: true`: a server brings it up to date as events arrive */
    struct str *key; size_t n_key; struct str time_column; int lookback_days; /* incremental, freshness, data range */
    struct str sql, sql_file; struct sha_hex sql_sha;
    struct mesh_contract *contract;
    struct mesh_input *inputs; size_t n_inputs;
    struct mesh_pos pos;
    size_t index;                            /* in mesh.ports, which is in build order (inputs first) */
    bool partial;                            /* the same: they do not see all of its rows as they are, so that what is counted of it is left out */
    bool veiled;                             /* in a declaration made by mesh_seen: reads something that is not seen; its SQL is left out */
};

struct mesh_product {
    struct mesh_domain *domain;
    struct str name, id, title, version, status, purpose, limitations, usage, readme; /* readme: runbook text */
    struct mesh_person owner; struct mesh_person *team; size_t n_team;
    struct mesh_channel *support; size_t n_support;
    struct str *consumers; size_t n_consumers; struct str *tags; size_t n_tags;
    struct str *success_metrics; size_t n_success_metrics; /* by what it is judged, in words */
    bool consent_counted; struct str lawful_basis; /* trellisConsent: counted: people who said no to a purpose stay in its rows */
    struct str *counted_for; size_t n_counted_for; /* for these purposes alone; none: for all */
    struct mesh_port **ports; size_t n_ports;
    const struct doc *doc; struct mesh_pos pos;
};

struct mesh_raci { struct str product; struct str *responsible, *accountable, *consulted, *informed; size_t n_responsible, n_accountable, n_consulted, n_informed; struct mesh_pos pos; };

/* A number of a port, until metrics exist: an aggregate over its rows. */
struct mesh_strs { struct str *v; size_t n; };
struct mesh_number {
    struct str ref; struct mesh_port *port;  /* "domain.port" */
    struct str value, where;                 /* SQL: an aggregate expression; a condition, or empty */
    struct str time_column;                  /* default: the port's */
    struct str unit;                         /* count currency percent ratio days hours */
    const struct mesh_metric *metric;        /* instead of a port and a value: `metric: cac` */
    bool lower_is_better; int window_days;   /* the newest days that have data; default 28 */
};
struct mesh_goal {                           /* governance/goals.yaml and domains/<d>/goals.yaml */
    struct mesh_domain *domain;              /* NULL: of the whole mesh */
    struct str name, title, question; struct mesh_person owner;
    struct mesh_number number;
    bool has_baseline, has_target;
    double baseline, target; int32_t baseline_from, baseline_to, frozen, target_by; /* days since 1970-01-01 */
    struct mesh_product **products; size_t n_products; /* that serve it */
    struct mesh_pos pos;
};
struct mesh_term_column { struct mesh_port *port; struct str ref, column; };
struct mesh_term {                           /* governance/glossary.yaml and domains/<d>/glossary.yaml */
    struct mesh_domain *domain;              /* NULL: of the whole mesh */
    struct str name, title, definition, not_this, status; int32_t reviewed; /* status: draft agreed; reviewed 0: never */
    struct mesh_person owner;                /* default: the domain's */
    struct str *synonyms; size_t n_synonyms; struct str *metrics; size_t n_metrics;
    struct mesh_term_column *columns; size_t n_columns;
    struct mesh_pos pos;
};
struct mesh_naming_part { struct str name; struct str *allowed; size_t n_allowed; };
struct mesh_naming_rule {                    /* governance/naming.yaml; each part is a named group of the pattern */
    struct str name, subject, pattern, message, example, severity; /* a name fits when the pattern is found in it: anchors are written; subject: campaign_name, ad_group_name, ad_name, utm_source, utm_medium, utm_campaign */
    struct str *platforms; size_t n_platforms; /* none: all */
    bool lower_case; struct mesh_naming_part *parts; size_t n_parts;
    struct str *allowed; size_t n_allowed;
    struct mesh_pos pos;
};
struct mesh_target {                         /* a row of targets/<metric>.csv */
    struct str metric, platform, campaign_id, currency; /* metric: a measure of campaign_daily; empty: all */
    int32_t day_from, day_to; double amount;
    struct mesh_pos pos;
};
enum mesh_panel_kind { PANEL_PORT, PANEL_METRICS, PANEL_ATTRIBUTION, PANEL_FUNNEL, PANEL_RETENTION, PANEL_SQL };
struct mesh_panel {
    enum mesh_panel_kind kind;
    struct str title, chart;                 /* line bar area table number; of metrics also stacked, map */
    const struct mesh_metric **metrics; size_t n_metrics; /* METRICS */
    struct mesh_strs by;                     /* dimensions; of the others at most one */
    int days; struct str compare;            /* METRICS: the newest days that have data, 0: 28; previous, year */
    struct str conversion; struct mesh_strs models; /* ATTRIBUTION; empty: all models */
    struct mesh_strs steps; struct str window;      /* FUNNEL: as in `trellis funnel` */
    struct str first, again, counting;              /* RETENTION; counting: n_day unbounded rolling */
    struct str sql; struct mesh_port **reads; size_t n_reads; /* SQL: one question, and the ports it reads; x and series are columns of its rows */
    struct str ref; struct mesh_port *port; struct str x, grain, series, where; /* grain: day week month, of a time x */
    struct mesh_measure { struct str column, aggregate, title; } *measures; size_t n_measures; /* sum avg min max count count_distinct */
    struct mesh_pos pos;
};
struct mesh_dashboard {                      /* domains/<d>/dashboards/<name>.yaml */
    struct mesh_domain *domain; struct str name, title, description; struct mesh_person owner;
    struct mesh_panel *panels; size_t n_panels;
    int64_t refresh_s;                       /* how old a shown figure may be; 0: live */
    struct str version;                      /* of its file: another as soon as the file is another one */
    struct mesh_pos pos;
};
struct mesh_alerts {                         /* `alerts:` of mesh.yaml. Secrets are references: env:NAME or file:PATH */
    struct str webhook, smtp_url, smtp_user, smtp_password, mail_from; struct str *mail_to; size_t n_mail_to;
    struct str page;                         /* where people open the page, for links in messages; no slash at its end; empty: the server's own address */
    struct str digest_day; int digest_hour;  /* monday … sunday, or daily; empty: no digest */
};

struct mesh_identifier_kind {                /* governance/identity.yaml, in order of priority, the strongest first */
    struct str name, title, normalise;       /* normalise: none email phone lower digits */
    int limit; int64_t per_s;                /* values of a kind on one customer; 0: no limit. per_s 0: ever */
    struct str *blocked; size_t n_blocked;   /* values of this kind that link nobody */
    struct str *patterns; size_t n_patterns; /* RE2 */
    struct mesh_pos pos;
};
struct mesh_fuzzy { bool on; double link, review; struct str *fields; size_t n_fields; struct str country; }; /* probabilities; fields compared */
struct mesh_identity {
    struct mesh_identifier_kind *kinds; size_t n_kinds;
    struct str *blocked, *patterns; size_t n_blocked, n_patterns; /* of all kinds */
    struct mesh_fuzzy fuzzy;
    struct sha_hex sha;                      /* the version of the rules, for the ledger */
};
struct mesh_consent_rule { struct str system, category; struct str *purposes; size_t n_purposes; bool case_sensitive; }; /* system: segment rudderstack google gpc tcf api import */
struct mesh_purpose { struct str name, title; bool fail_open; int64_t expires_s; struct mesh_pos pos; }; /* fail_open: without a word from the person it counts as granted */
struct mesh_consent {                        /* governance/consent.yaml */
    struct mesh_purpose *purposes; size_t n_purposes; /* as mesh.purposes */
    struct mesh_consent_rule *rules; size_t n_rules;
    bool newest_wins;                        /* on a merge of people; default: denied wins */
};
struct mesh_channel_rule { struct str channel; struct mesh_channel_when { struct str field, pattern; } *when; size_t n_when; struct mesh_pos pos; }; /* all must match; RE2, case ignored */

/* Who may see what: docs/governance.md. Ordered from the least to the most. */
enum mesh_tier { TIER_NONE, TIER_TEST, TIER_AGGREGATED, TIER_MASKED, TIER_RAW };
enum mesh_mask { MASK_NONE, MASK_PARTIAL, MASK_GENERALISE, MASK_TOKENISE, MASK_HASH, MASK_REDACT, MASK_NULL }; /* the last two are as strict */
#define MESH_RIGHTS(X) X(BUILD, "build") X(APPROVE, "approve") X(ADMINISTER, "administer") X(REVEAL, "reveal") X(DETOKENISE, "detokenise") \
    X(CONSENT, "consent") X(PRIVACY, "privacy") X(AUDIT, "audit")
enum mesh_right {
#define X(id, text) RIGHT_##id,
    MESH_RIGHTS(X)
#undef X
    RIGHTS
};
struct mesh_grant {                          /* products: "domain.product", "domain.*", "*"; purposes: never empty */
    struct mesh_strs products, purposes; enum mesh_tier tier;
    struct str rows; struct mesh_strs rows_columns; /* a port without all these columns is not granted */
    struct mesh_pos pos;
};
struct mesh_role_right { enum mesh_right right; struct mesh_strs domains; bool everywhere; struct mesh_pos pos; };
struct mesh_role {                           /* governance/roles.yaml; `admin` is always there, the first */
    struct str name, title, about; struct mesh_strs groups;
    struct mesh_grant *grants; size_t n_grants;
    struct mesh_role_right *rights; size_t n_rights;
    bool admin; struct mesh_pos pos;
};
/* Rules of policies: of the whole mesh (domain NULL) or of a domain. Empty lists match everything; one of a domain always names products.
 * approved: it loosens a rule of the mesh, and the council let it; else the stricter of the two holds. */
struct mesh_scope { struct mesh_strs products, roles, columns; enum mesh_class class_; }; /* class_ UNSET: any hidden class */
struct mesh_mask_rule { struct mesh_domain *domain; struct str name; struct mesh_scope scope; enum mesh_mask mask; struct str to; bool approved; struct mesh_pos pos; };
struct mesh_rows_rule { struct mesh_domain *domain; struct str name; struct mesh_scope scope; struct str where; struct mesh_strs where_columns; struct mesh_pos pos; }; /* holds for ports that have all these columns */
struct mesh_tier_rule { struct mesh_domain *domain; struct str name; struct mesh_scope scope; enum mesh_tier at_most; bool approved; struct mesh_pos pos; };
struct mesh_retention { struct mesh_domain *domain; struct str name, purpose; struct mesh_scope scope; int64_t keep_s; bool anonymise, approved; struct mesh_pos pos; };
struct mesh_approval_rule { struct str change; int needs; enum mesh_right of; struct mesh_pos pos; }; /* change: breaking loosening */
struct mesh_small_groups { struct mesh_domain *domain; int minimum, questions_per_day; bool approved; struct mesh_pos pos; };
struct mesh_loosening {                      /* a rule of a domain that loosens one of the mesh: an error of the load until it is approved */
    struct str id, domain, rule, against, what;  /* id: domain.kind.rule.against ; rule, against: "masks.emails", "masks.default" ; what: in words */
    struct sha_hex rule_sha;                     /* what the two rules say */
    struct mesh_pos pos, against_pos;            /* against_pos.file empty: what holds where the mesh has no rule */
    int needs; enum mesh_right of;               /* how many have to approve, and the right they need */
    struct mesh_strs approved_by; struct str declined_by, at, reason, approval_file; bool approved, outdated; /* outdated: there is a decision, of other words */
};
struct mesh_loosenings { struct arena *a; struct mesh_loosening *v, *breaking; size_t n, n_breaking; }; /* breaking: as mesh_policy.breaking */
struct mesh_policy {
    struct mesh_role *roles; size_t n_roles;
    struct mesh_mask_rule *masks; size_t n_masks;       /* rules of domains before those of the mesh, each in the order of its file */
    struct mesh_rows_rule *rows; size_t n_rows;
    struct mesh_tier_rule *tiers; size_t n_tiers;
    struct mesh_retention *retention; size_t n_retention;
    struct mesh_approval_rule *approvals; size_t n_approvals;
    struct mesh_small_groups *small_groups; size_t n_small_groups; /* [0]: of the mesh, always there: 10, 500 */
    struct mesh_loosening *loosenings; size_t n_loosenings; /* of a mesh that is loaded: approved ones */
    struct mesh_loosening *breaking; size_t n_breaking;     /* decisions on versions that break their readers (build.h), as their files say */
    bool consent_rows, unclassified_fails;               /* default: both true */
    int64_t audit_keep_s;                                /* `audit: {keep:}`; 0: entries of the audit log are kept for ever */
    struct mesh_pos consent_pos, unclassified_pos;       /* file empty: not said */
    struct sha_hex sha;                                  /* the version of the policy */
};
struct mesh_sign_on { struct str issuer, client_id, client_secret, groups_claim, title; bool password; struct mesh_pos pos; }; /* issuer empty: none */

/* Metrics: docs/metrics.md. Models say how a port is read, metrics what a number means. All SQL is of the gate's language and bound to the port. */
enum mesh_entity_type { ENTITY_PRIMARY, ENTITY_UNIQUE, ENTITY_FOREIGN, ENTITY_NATURAL };
struct mesh_entity { struct str name, expr /* SQL over the port's columns */, from, to /* NATURAL: columns of its validity */; enum mesh_entity_type type; struct mesh_pos pos; };
struct mesh_dimension { struct str name, title, description, expr; struct mesh_strs synonyms; bool time; const struct mesh_column *column; /* where it is one, else NULL */ struct mesh_pos pos; };
enum mesh_agg { AGG_SUM, AGG_MIN, AGG_MAX, AGG_AVERAGE, AGG_SUM_BOOLEAN, AGG_COUNT, AGG_COUNT_DISTINCT, AGG_MEDIAN, AGG_PERCENTILE };
struct mesh_fact {                           /* a measure of a model */
    struct str name, expr, unit; enum mesh_agg agg; double percentile; bool approximate;
    struct mesh_strs non_additive;           /* dimensions (and the model's time) over which it is never added up */
    struct str last_over; bool first;        /* a balance: its value at the end (first: at the beginning) of each period of this time dimension */
    struct mesh_strs window_groupings;
    struct mesh_pos pos;
};
struct mesh_model {
    struct mesh_domain *domain; struct str name, description, ref; struct mesh_port *port;
    struct str time; bool time_is_date;      /* column that its measures are dated by; empty: they have no time. Else TIMESTAMP, UTC */
    struct mesh_entity *entities; size_t n_entities;
    struct mesh_dimension *dimensions; size_t n_dimensions;
    struct mesh_fact *facts; size_t n_facts;
    struct mesh_pos pos;
};
enum mesh_metric_type { METRIC_SIMPLE, METRIC_RATIO, METRIC_DERIVED, METRIC_CUMULATIVE, METRIC_CONVERSION };
enum mesh_unit { UNIT_COUNT, UNIT_CURRENCY, UNIT_PERCENT, UNIT_RATIO, UNIT_DAYS, UNIT_HOURS };
struct mesh_metric_part {                    /* another metric inside of one */
    struct str ref; const struct mesh_metric *metric; struct str as, filter;
    int offset_n; struct str offset_unit;    /* `offset: 1 month`; 0: none */
    struct str offset_to;                    /* `offset_to: month` */
};
struct mesh_metric {
    struct mesh_domain *domain; struct str name, ref /* domain.metric */, title, description;
    enum mesh_metric_type type; enum mesh_unit unit; int better; /* 1 up, -1 down, 0 neither */
    struct mesh_person owner; struct mesh_strs synonyms, terms, dimensions; bool watch;
    const struct mesh_model *model; const struct mesh_fact *fact; /* SIMPLE; CONVERSION: the base */
    const struct mesh_model *to_model; const struct mesh_fact *to_fact; /* CONVERSION: the converted */
    const struct mesh_model **models; size_t n_models; /* all that it reads: of its measures, its filters and its parts */
    struct str filter;
    bool fill; double fill_with;             /* `fill_nulls_with` */
    struct mesh_metric_part *parts; size_t n_parts; /* RATIO: numerator, denominator; DERIVED; CUMULATIVE: the one */
    struct str expr;                         /* DERIVED */
    int window_n; struct str window_unit, grain_to, period; /* CUMULATIVE, CONVERSION; window_n 0: unbounded; period: first last average */
    struct str entity; struct mesh_strs same; bool conversions_only; /* CONVERSION: calculation: conversions */
    struct sha_hex sha;                      /* version of the definition: its file, its parts and their models */
    bool ambiguous;                          /* another domain declares the name too */
    struct mesh_pos pos;
};

/* governance/attribution.yaml: docs/attribution.md. Defaults where the file is absent. */
enum mesh_conversion_from { CONVERSION_ORDERS, CONVERSION_OPPORTUNITIES, CONVERSION_EVENTS };
struct mesh_touch_window { struct str kind; int64_t lookback_s; };
struct mesh_conversion {
    struct str name, title; enum mesh_conversion_from from; struct mesh_strs events; struct str where, value; bool by_account;
    int64_t lookback_s; struct mesh_touch_window *windows; size_t n_windows; struct mesh_pos pos;
};
struct mesh_incremental { struct str channel, source; double share, low, high; int32_t as_of; struct mesh_pos pos; };
struct mesh_attribution {
    struct mesh_conversion *conversions; size_t n_conversions;
    struct str default_model; double u[3], w[4]; struct str milestone; int64_t half_life_s;
    int markov_order; bool shapley_rate; uint64_t shapley_seed; int samples; uint64_t bootstrap_seed; double level;
    struct mesh_strs direct, paid; struct str consent_purpose; bool consent_keep;
    struct mesh_incremental *incremental; size_t n_incremental;
};
const char *mesh_conversion_from_text(enum mesh_conversion_from f); /* orders opportunities events */
const char *mesh_conversion_port(enum mesh_conversion_from f);      /* whose rows they are: shared.customer_order … */
bool mesh_conversion_from_find(struct str text, enum mesh_conversion_from *out);
struct mesh_annotation { int32_t day, until; struct str title, kind, url; struct mesh_domain *domain; /* NULL: of the whole mesh */ struct mesh_pos pos; };

struct mesh_domain {
    struct str name, title, description; struct mesh_person owner; struct mesh_channel support;
    struct str *kpis; size_t n_kpis; struct str north_star;
    bool light;                              /* `profile: light`: an owner is enough */
    struct mesh_person *roles; size_t n_roles; /* role: product_owner analytics_engineer data_partner data_steward governance_lead */
    struct mesh_raci *raci; size_t n_raci;
    struct mesh_dashboard **dashboards; size_t n_dashboards;
    struct mesh_model **models; size_t n_models;
    struct mesh_metric **metrics; size_t n_metrics;
    struct mesh_source **sources; size_t n_sources;
    struct mesh_product **products; size_t n_products;
    struct mesh_pos pos;
};

struct mesh {
    struct arena arena;
    struct str dir;                          /* absolute, no trailing slash */
    struct str name, title, time_zone, reporting_currency, week_start, fiscal_year_start;
    int engine_threads; uint64_t engine_memory_bytes;
    struct str *purposes; size_t n_purposes;
    struct mesh_domain *domains; size_t n_domains;   /* sorted by name, like all lists */
    struct mesh_source **sources; size_t n_sources;
    struct mesh_stream **streams; size_t n_streams;
    struct mesh_product **products; size_t n_products;
    struct mesh_port **ports; size_t n_ports;        /* topological order */
    struct mesh_term *terms; size_t n_terms;         /* of the mesh and of its domains, by name */
    struct mesh_goal *goals; size_t n_goals; const struct mesh_goal *north_star;
    struct mesh_naming_rule *naming; size_t n_naming;
    struct mesh_target *targets; size_t n_targets;
    struct mesh_dashboard **dashboards; size_t n_dashboards;
    struct mesh_model **models; size_t n_models;     /* by name, which is unique */
    struct mesh_metric **metrics; size_t n_metrics;  /* by name, then domain */
    struct mesh_attribution attribution;
    struct mesh_annotation *annotations; size_t n_annotations; /* by day */
    struct mesh_alerts alerts;
    struct mesh_identity identity;                   /* defaults where governance/identity.yaml is absent */
    struct mesh_consent consent;
    struct mesh_policy policy;                       /* defaults where governance/roles.yaml and policies.yaml are absent */
    struct mesh_sign_on sign_on;
    struct str encryption_key;                       /* `encryption: {key:}`: env:NAME file:PATH command:CMD; empty: not encrypted */
    struct mesh_channel_rule *channels; size_t n_channels; /* governance/channels.yaml, before the built-in ones */
    struct sha_hex sha;                              /* of every file read */
};

struct mesh_load_options {
    struct engine_conn *parser;  /* for the syntax trees of port SQL */
    const char *cache_path;      /* NULL: no cache */
    struct mesh_loosenings *loosenings; /* NULL, or where they go, copied into its arena, whether or not the mesh can be loaded */
};
/* Loads and checks all; errors and warnings of the whole pass in `es`, sorted. NULL when there is any error. */
struct mesh *mesh_load(const char *dir, const struct mesh_load_options *o, struct errs *es);
void mesh_free(struct mesh *m);
/* The rules of an identity.yaml that need not be the mesh's, from its text; `file` for messages. What they say lives in the arena.
 * parser: for its patterns. False: every mistake is in `es`. */
bool mesh_identity_read(struct arena *a, struct str file, struct str text, struct engine_conn *parser, struct mesh_identity *out, struct errs *es);
/* `trellis check FILE...`: each file alone, by its `kind` (DataProduct, DataContract) or its name. */
bool mesh_check_file(const char *path, struct errs *es);
/* Nearest folder upwards that holds mesh.yaml; owned copy in the arena, or E_NOT_FOUND. */
MUST_CHECK bool mesh_find_dir(struct arena *a, const char *from, struct str *dir, struct err *e);

/* Names as in SQL: "domain.port", "domain.port_vN", "domain.source__stream". NULL when absent. */
struct mesh_domain *mesh_find_domain(const struct mesh *m, struct str name);
struct mesh_product *mesh_find_product(const struct mesh *m, struct str domain, struct str name);
struct mesh_port *mesh_find_port(const struct mesh *m, struct str ref);
struct mesh_stream *mesh_find_stream(const struct mesh *m, struct str ref);
/* By name, or by domain.name. NULL when absent or, for a bare name, when several domains declare it (*several, where asked for). */
const struct mesh_metric *mesh_find_metric(const struct mesh *m, struct str name, bool *several);
const struct mesh_model *mesh_find_model(const struct mesh *m, struct str name);
const struct mesh_term *mesh_term_meant(const struct mesh *m, const struct mesh_domain *own, struct str name); /* of the own domain, else of the mesh, else the only one; NULL */
const char *mesh_agg_text(enum mesh_agg a);                 /* as in files */
const char *mesh_entity_type_text(enum mesh_entity_type t);
const char *mesh_unit_text(enum mesh_unit u);               /* count currency percent ratio days hours */
const char *mesh_metric_type_text(enum mesh_metric_type t); /* simple ratio derived cumulative conversion */
enum mesh_class mesh_column_class(const struct mesh_column *c); /* declared; else carried; else PERSONAL where the name says so; else UNSET */
bool mesh_column_hidden(const struct mesh_column *c); /* that is personal or sensitive */
bool mesh_name_personal(struct str column);           /* the name alone speaks of a person: email, phone, first_name … */

/* Policies: what a rule reaches (src/mesh/scope.c), and words of the files. */
bool mesh_strs_have(struct mesh_strs list, struct str word);
bool mesh_product_counts(const struct mesh_product *p, struct str purpose);       /* people who said no to the purpose stay in its rows */
bool mesh_products_match(struct mesh_strs patterns, const struct mesh_product *p);  /* an empty list matches */
bool mesh_products_cover(struct mesh_strs patterns, const struct mesh_domain *d);   /* every product of the domain */
bool mesh_columns_match(struct mesh_strs patterns, struct str column);              /* with *; an empty list matches */
bool mesh_roles_match(struct mesh_strs roles, struct str role);                     /* an empty list and * match */
const struct mesh_column *mesh_port_column(const struct mesh_port *p, struct str name); /* of its contract, case ignored; NULL */
/* Declared; else what lineage carries; else PERSONAL where the name says so; else UNSET. */
enum mesh_class mesh_contract_class(const struct mesh_contract *c, struct str column);
bool mesh_port_has_class(const struct mesh_port *p, enum mesh_class k);
bool mesh_port_has_columns(const struct mesh_port *p, struct mesh_strs columns);
int mesh_mask_strictness(enum mesh_mask k, struct str to);
const char *mesh_class_text(enum mesh_class k); /* "" for UNSET */
const char *mesh_tier_text(enum mesh_tier t);
const char *mesh_mask_text(enum mesh_mask k);
const char *mesh_right_text(enum mesh_right r);

#endif
