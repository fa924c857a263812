/* What the retailer's people have written down: owners and roles, words, goals, names, targets, dashboards. The texts are files
 * under packs/demo/; figures and days in them follow from the world. */
#ifndef CLI_DEMO_MEANING_H
#define CLI_DEMO_MEANING_H

#include "base/error.h"
#include "cli/demo/world.h"

/* The files of packs/demo/, and targets/. */
MUST_CHECK bool demo_meaning_write(const char *dir, const struct demo_world *w, struct err *e);
/* Adds what a source promises to the files that the packs wrote, and puts our own in the place of some. */
MUST_CHECK bool demo_sla_write(const char *dir, struct err *e);

#endif
