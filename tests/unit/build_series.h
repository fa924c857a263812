/* A mesh whose every published figure shows by itself whether it is whole: all rows of one version carry the same number.
 * Used by the crash tests and by readers under rebuild, in their short and long form. */
#ifndef TESTS_BUILD_SERIES_H
#define TESTS_BUILD_SERIES_H

#include "build_world.h"

enum { SERIES_DAYS = 40, SERIES_ROWS = 4000 };

void series_init(struct world *w);
/* Lands a file that replaces all days; every row's spend becomes `number`. */
void series_land(struct world *w, int number);
/* One day more, or again: the incremental port then replaces a window only. */
void series_land_last(struct world *w, int number);
/* Figures of all ports as one text. */
const char *series_figures(struct world *w);
/* Rounds of landing and running while readers ask without pause; fails on any error or torn read. Returns the number of reads. */
long series_under_readers(struct world *w, int rounds, int readers);

#endif
