/* trellis add product. */
#ifndef CLI_ADD_PRODUCT_H
#define CLI_ADD_PRODUCT_H

#include "cli/cli.h"

int cli_add_product(struct cli *c, const struct cli_args *args);

#endif
