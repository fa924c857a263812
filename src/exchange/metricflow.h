/* Metrics of dbt's semantic layer (MetricFlow), both generations of its YAML, as files of models and metrics of a domain. What cannot be
 * said the same way is left out, with its place and the reason: a number that means something else would be worse than none. */
#ifndef EXCHANGE_METRICFLOW_H
#define EXCHANGE_METRICFLOW_H

#include "base/arena.h"
#include "base/error.h"
#include "mesh/mesh.h"
#include "mesh/mesh_write.h"

struct metricflow_text { struct str file, text; };
struct metricflow_ask {
    const struct mesh *mesh;               /* its ports are what dbt's models are taken for */
    struct str domain;                     /* that owns what is written */
    const struct str (*ports)[2]; size_t n_ports; /* dbt's model -> domain.port, as the caller says; others go by name */
};
struct metricflow_files {
    struct mesh_file_text *files; size_t n; /* below domains/<domain>/: models/x.yaml, metrics/y.yaml */
    size_t models, metrics, left_out;
};
/* Texts are read together: metrics of one may be made of models of another. What is left out is a warning each; false: a text cannot be read,
 * or holds neither models nor metrics. */
MUST_CHECK bool metricflow_read(struct arena *a, const struct metricflow_text *texts, size_t n, const struct metricflow_ask *ask, struct metricflow_files *out,
                                struct errs *es);

#endif
