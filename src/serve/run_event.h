/* A run's progress as lines of JSON, written by the server and read back by the command line. */
#ifndef SERVE_RUN_EVENT_H
#define SERVE_RUN_EVENT_H

#include "build/build.h"

void run_event_write(struct buf *b, const struct build_event *ev); /* one line, with its newline */
/* Texts are borrowed from `line`'s document, copied into the arena. False: a line of another kind, or none. */
bool run_event_read(struct str line, struct arena *a, struct build_event *ev);

#endif
