/* The command line: one table of commands (commands.c), which the dispatcher, help, completion, the manual page and
 * docs/reference/cli.md all read. Each command has one file. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* What holds for the whole invocation. */
struct cli {
    char *program;          /* absolute path of this binary */
    struct arena arena;     /* lives until the program ends */
    struct str role, purpose; /* --role, --purpose: a look as a role, for a purpose; empty: as who calls, for analytics */
    struct str mesh_option; /* -C or --mesh; empty: looked for upwards from the working folder */
    bool json;              /* --json: results as JSON on standard output */
    bool color;             /* standard output takes colours */
    bool color_err, live;   /* standard error takes colours; and may be redrawn (a terminal) */
    bool quiet;             /* --quiet: no progress, no advice */
};

struct cli_option {
    const char *name; /* "--port" */
    const char *arg;  /* "N": takes a value; NULL: a switch */
    const char *help;
};
enum { CLI_OPTIONS_MAX = 24 };

struct cli_args {
    const struct cli_command *command;
    const char *values[CLI_OPTIONS_MAX]; /* by place in the command's options; NULL: not given; switches: "" */
    const char **words;
    int n_words; /* what is no option */
    struct cli_given { int option; const char *value; } *given; /* options in the order in which they came, repeated ones, too */
    size_t n_given;
};

struct cli_command {
    const char *name, *words, *summary;                     /* words: "[PORT...]", as usage shows them */
    int min_words, max_words;                               /* max -1: any number */
    int (*run)(struct cli *c, const struct cli_args *args); /* exit code */
    struct cli_option options[CLI_OPTIONS_MAX];
    const char *about;    /* a paragraph or more */
    const char *examples; /* lines "command   # what it does" */
    bool hidden;
};
extern const struct cli_command cli_commands[];
extern const size_t cli_commands_count;
extern const struct cli_option cli_global_options[]; /* ends with a NULL name */

int cli_main(int argc, char **argv);
const struct cli_command *cli_find(struct str name);

/* Value of an option of this command, by name; NULL when not given. A name that the command does not have is a defect. */
const char *cli_opt(const struct cli_args *args, const char *name);
bool cli_has(const struct cli_args *args, const char *name);
/* Values of an option that may be given several times: *at begins at 0; NULL: no more. */
const char *cli_opt_each(const struct cli_args *args, const char *name, size_t *at);
MUST_CHECK bool cli_int(const struct cli_args *args, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *out,
                        struct err *e);

/* The mesh folder, absolute; E_NOT_FOUND with what to type. */
MUST_CHECK bool cli_mesh_dir(struct cli *c, struct str *dir, struct err *e);

/* ---- saying ---- */
int cli_fail(struct cli *c, const struct err *e);                            /* prints; returns its exit code */
int cli_fail_sql(struct cli *c, const struct err *e, struct str sql);        /* the same, with the line of SQL and a caret */
int cli_fail_all(struct cli *c, const struct errs *es, const struct err *e); /* every error, or `e` alone when there is none */
void cli_diagnostics(struct cli *c, const struct errs *es, FILE *to);        /* errors and warnings as file:line:col lines */
void cli_diagnostics_json(const struct errs *es, struct buf *b);             /* "errors":[…],"warnings":[…] */
const char *cli_paint(bool on, const char *style);                           /* "bold" "dim" "red" "green" "yellow" "" (reset) */
void cli_print(const struct buf *b); /* to standard output; a closed pipe ends the program quietly */
void cli_advice(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* next steps, on standard error */

struct mesh_written;
void cli_print_written(struct cli *c, const struct mesh_written *files, size_t n); /* what init and add have made */

int cli_list_packs(struct cli *c, bool with_files); /* cmd_pack.c: the packs of the mesh and of the program */

/* cmd_find.c: adds "?name=value" or "&name=value", percent-encoded. */
void cli_query_add(struct buf *target, const char *name, struct str value);
/* cmd_failing.c: "/api/v1/ports/domain/port/what" of "domain.port". */
MUST_CHECK bool cli_port_target(struct str ref, const char *what, struct buf *target, struct err *e);

/* ---- parts that the demo uses as well ---- */
int cli_run_mesh(struct cli *c, const char *dir, bool full);                    /* as `trellis run` */
int cli_serve_mesh(struct cli *c, const char *dir, const char *host, int port,
                   const char *collector); /* as `trellis serve`; collector: its address, or NULL; returns when stopped */

/* ---- commands, one file each ---- */
int cmd_init(struct cli *c, const struct cli_args *args);
int cmd_add(struct cli *c, const struct cli_args *args);
int cmd_pack(struct cli *c, const struct cli_args *args);
int cmd_import(struct cli *c, const struct cli_args *args);
int cmd_export(struct cli *c, const struct cli_args *args);
int cmd_erase(struct cli *c, const struct cli_args *args);
int cmd_access(struct cli *c, const struct cli_args *args);
int cmd_export_person(struct cli *c, const struct cli_args *args); /* of cmd_export with --identifier */
int cmd_check(struct cli *c, const struct cli_args *args);
int cmd_plan(struct cli *c, const struct cli_args *args);
int cmd_run(struct cli *c, const struct cli_args *args);
int cmd_query(struct cli *c, const struct cli_args *args);
int cmd_funnel(struct cli *c, const struct cli_args *args);
int cmd_anomalies(struct cli *c, const struct cli_args *args);
int cmd_attribution(struct cli *c, const struct cli_args *args);
int cmd_journey(struct cli *c, const struct cli_args *args);
int cmd_serve(struct cli *c, const struct cli_args *args);
int cmd_status(struct cli *c, const struct cli_args *args);
int cmd_find(struct cli *c, const struct cli_args *args);
int cmd_lineage(struct cli *c, const struct cli_args *args);
int cmd_why(struct cli *c, const struct cli_args *args);
int cmd_failing(struct cli *c, const struct cli_args *args);
int cmd_demo(struct cli *c, const struct cli_args *args); /* options: --dir --seed --serve --no-serve --no-live --port */
int cmd_metric(struct cli *c, const struct cli_args *args);
int cmd_goals(struct cli *c, const struct cli_args *args);
int cmd_ready(struct cli *c, const struct cli_args *args);
int cmd_sources(struct cli *c, const struct cli_args *args);
int cmd_audit(struct cli *c, const struct cli_args *args);
int cmd_alerts(struct cli *c, const struct cli_args *args);
int cmd_digest(struct cli *c, const struct cli_args *args);
int cmd_identity(struct cli *c, const struct cli_args *args);
int cmd_key(struct cli *c, const struct cli_args *args);
int cmd_consent(struct cli *c, const struct cli_args *args);
int cmd_receipt(struct cli *c, const struct cli_args *args);
int cmd_expire(struct cli *c, const struct cli_args *args);
int cmd_retention(struct cli *c, const struct cli_args *args);
int cmd_scan(struct cli *c, const struct cli_args *args);
int cmd_hold(struct cli *c, const struct cli_args *args);
int cmd_user(struct cli *c, const struct cli_args *args);
int cmd_token(struct cli *c, const struct cli_args *args);
int cmd_roles(struct cli *c, const struct cli_args *args);
int cmd_council(struct cli *c, const struct cli_args *args);
int cmd_suppress(struct cli *c, const struct cli_args *args);
int cmd_untoken(struct cli *c, const struct cli_args *args);
int cmd_encrypt(struct cli *c, const struct cli_args *args);
int cmd_collect(struct cli *c, const struct cli_args *args);
int cmd_quarantine(struct cli *c, const struct cli_args *args);
int cmd_request(struct cli *c, const struct cli_args *args);
int cmd_requests(struct cli *c, const struct cli_args *args);
int cmd_doctor(struct cli *c, const struct cli_args *args);
int cmd_version(struct cli *c, const struct cli_args *args);
int cmd_help(struct cli *c, const struct cli_args *args);
int cmd_completion(struct cli *c, const struct cli_args *args);
int cmd_reference(struct cli *c, const struct cli_args *args);
int cmd_loader_child(struct cli *c, const struct cli_args *args);

#endif
