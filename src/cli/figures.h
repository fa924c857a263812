/* Figures as people read them in a terminal, and the options that commands of figures share. */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include "cli/api.h"
#include "cli/table.h"

struct str figure_count(struct arena *a, int64_t n);             /* 12,345 */
struct str figure_percent(struct arena *a, double share);        /* 12.3 % */
struct str figure_span(struct arena *a, double seconds);         /* 4 min, 2.5 h, 3.2 d */
struct str figure_bar(struct arena *a, double share, int width); /* of blocks, in eighths */

enum figure_form { FIGURE_TABLE, FIGURE_CSV, FIGURE_JSON };
typedef int (*figure_show)(struct cli *c, yyjson_val *root);
/* --format; --json is json, and json is --json. */
MUST_CHECK bool figure_form_read(struct cli *c, const struct cli_args *args, enum figure_form *out, struct err *e);
/* Options that are members of a body, of the same text. E_USAGE: one is empty, so that an unset variable of a script does not pass for none. */
struct figure_option { const char *option, *member; };
MUST_CHECK bool figure_options_put(const struct cli_args *args, const struct figure_option *options, size_t n, struct buf *b, struct err *e);

#endif
