/* The two halves of `trellis attribution`: of the mesh (cmd_attribution.c) and of a file of paths. */
#ifndef CLI_ATTRIBUTION_H
#define CLI_ATTRIBUTION_H

#include "cli/cli.h"

int attribution_paths(struct cli *c, const struct cli_args *args);

#endif
