/* The declaration: mesh.yaml and the folders beside it, loaded whole, checked whole, never changed.
 * Everything a `struct mesh` points to lives in its arena until mesh_free. */
#ifndef MESH_MESH_H
#define MESH_MESH_H

#include "base/arena.h"
#include "base/doc.h"
#include "base/error.h"

struct engine_conn;

struct mesh_pos { struct str file; uint32_t line, col; };        /* file relative to the mesh folder */
struct mesh_person { struct str name, contact, role; };
struct mesh_channel { struct str channel, url, tool; };

enum mesh_drift { DRIFT_EVOLVE, DRIFT_QUARANTINE, DRIFT_FAIL };
enum mesh_load { LOAD_REPLACE_DAYS, LOAD_SNAPSHOT, LOAD_APPEND };
enum mesh_materialization { MATERIALIZED_TABLE, MATERIALIZED_VIEW, MATERIALIZED_INCREMENTAL };
enum mesh_class { CLASS_UNSET, CLASS_PUBLIC, CLASS_INTERNAL, CLASS_CONFIDENTIAL, CLASS_PERSONAL, CLASS_SENSITIVE };

struct mesh_column {
    struct str name, logical_type, physical_type; /* physical_type: DuckDB type to use, filled from logical_type when absent */
    struct str description, business_name;
    struct str class_text; enum mesh_class class_; /* PERSONAL and SENSITIVE are hidden until masks exist */
    bool required, unique, primary_key; int key_position;
    const struct doc_node *node; struct mesh_pos pos;
};

struct mesh_contract {                       /* ODCS file, or one schema object of it */
    struct str id, version, status, object_name, description;
    struct mesh_column *columns; size_t n_columns;
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

struct mesh_source {
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
    struct str *key; size_t n_key; struct str time_column; int lookback_days; /* incremental, freshness, data range */
    struct str sql, sql_file; struct sha_hex { char z[65]; } sql_sha;
    struct mesh_contract *contract;
    struct mesh_input *inputs; size_t n_inputs;
    struct mesh_pos pos;
    size_t index;                            /* in mesh.ports, which is in build order (inputs first) */
};

struct mesh_product {
    struct mesh_domain *domain;
    struct str name, id, title, version, status, purpose, limitations, usage, readme; /* readme: runbook text */
    struct mesh_person owner; struct mesh_person *team; size_t n_team;
    struct mesh_channel *support; size_t n_support;
    struct str *consumers; size_t n_consumers; struct str *tags; size_t n_tags;
    struct str *success_metrics; size_t n_success_metrics; /* by what it is judged, in words */
    struct mesh_port **ports; size_t n_ports;
    const struct doc *doc; struct mesh_pos pos;
};

struct mesh_raci { struct str product; struct str *responsible, *accountable, *consulted, *informed; size_t n_responsible, n_accountable, n_consulted, n_informed; struct mesh_pos pos; };

/* A number of a port, until metrics exist: an aggregate over its rows. */
struct mesh_number {
    struct str ref; struct mesh_port *port;  /* "domain.port" */
    struct str value, where;                 /* SQL: an aggregate expression; a condition, or empty */
    struct str time_column;                  /* default: the port's */
    struct str unit;                         /* count currency percent ratio days */
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
struct mesh_panel {
    struct str title, chart;                 /* line bar area table number */
    struct str ref; struct mesh_port *port; struct str x, grain, series, where; /* grain: day week month, of a time x */
    struct mesh_measure { struct str column, aggregate, title; } *measures; size_t n_measures; /* sum avg min max count count_distinct */
    struct mesh_pos pos;
};
struct mesh_dashboard {                      /* domains/<d>/dashboards/<name>.yaml */
    struct mesh_domain *domain; struct str name, title, description; struct mesh_person owner;
    struct mesh_panel *panels; size_t n_panels;
    struct mesh_pos pos;
};
struct mesh_alerts {                         /* `alerts:` of mesh.yaml. Secrets are references: env:NAME or file:PATH */
    struct str webhook, smtp_url, smtp_user, smtp_password, mail_from; struct str *mail_to; size_t n_mail_to;
    struct str page;                         /* where people open the page, for links in messages; no slash at its end; empty: the server's own address */
    struct str digest_day; int digest_hour;  /* monday … sunday, or daily; empty: no digest */
};

struct mesh_domain {
    struct str name, title, description; struct mesh_person owner; struct mesh_channel support;
    struct str *kpis; size_t n_kpis; struct str north_star;
    bool light;                              /* `profile: light`: an owner is enough */
    struct mesh_person *roles; size_t n_roles; /* role: product_owner analytics_engineer data_partner data_steward governance_lead */
    struct mesh_raci *raci; size_t n_raci;
    struct mesh_dashboard **dashboards; size_t n_dashboards;
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
    struct mesh_alerts alerts;
    struct sha_hex sha;                              /* of every file read */
};

struct mesh_load_options {
    struct engine_conn *parser;  /* for the syntax trees of port SQL */
    const char *cache_path;      /* NULL: no cache */
};
/* Loads and checks all; errors and warnings of the whole pass in `es`, sorted. NULL when there is any error. */
struct mesh *mesh_load(const char *dir, const struct mesh_load_options *o, struct errs *es);
void mesh_free(struct mesh *m);
/* `trellis check FILE...`: each file alone, by its `kind` (DataProduct, DataContract) or its name. */
bool mesh_check_file(const char *path, struct errs *es);
/* Nearest folder upwards that holds mesh.yaml; owned copy in the arena, or E_NOT_FOUND. */
MUST_CHECK bool mesh_find_dir(struct arena *a, const char *from, struct str *dir, struct err *e);

/* Names as in SQL: "domain.port", "domain.port_vN", "domain.source__stream". NULL when absent. */
struct mesh_domain *mesh_find_domain(const struct mesh *m, struct str name);
struct mesh_product *mesh_find_product(const struct mesh *m, struct str domain, struct str name);
struct mesh_port *mesh_find_port(const struct mesh *m, struct str ref);
struct mesh_stream *mesh_find_stream(const struct mesh *m, struct str ref);
bool mesh_column_hidden(const struct mesh_column *c); /* personal or sensitive */
bool mesh_name_personal(struct str column);           /* the name alone speaks of a person: email, phone, first_name … */

#endif
