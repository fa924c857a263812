/* What the files of the watch share. */
#ifndef MEASURE_WATCH_INT_H
#define MEASURE_WATCH_INT_H

#include "measure/watch.h"

bool watch_adds_up(const struct mesh_metric *m); /* its values over a dimension sum to the whole */
const struct mesh_metric *watch_divisor(const struct mesh *mesh, const struct mesh_metric *m); /* NULL: none that can be asked */
/* One thing under several names (a campaign that is alone in its channel) is told once, by the first of them. */
void watch_drivers_once(struct watch_drivers *out);

#endif
