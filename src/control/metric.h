/* control/metric.h - the text exposition format 0.0.4 of Prometheus: a family
 * begins with its name, type and help, and then has its samples.
 *
 * Times are handed in in microseconds and written in seconds. */
#ifndef ASSAY_CONTROL_METRIC_H
#define ASSAY_CONTROL_METRIC_H

#include <stddef.h>
#include <stdint.h>

struct strbuf;
struct sum_histogram;

/* VALUE may be any octets. */
struct metric_label {
	const char *name, *value;
};

void metric_begin(struct strbuf *out, const char *name, const char *type,
    const char *help);

/* All of a sample but its value; then its value. */
void metric_begin_sample(struct strbuf *out, const char *name,
    const struct metric_label *labels, size_t n_labels);
void metric_end_sample(struct strbuf *out, uint64_t value);
void metric_end_seconds(struct strbuf *out, uint64_t us);

/* A whole sample, with one label. */
void metric_add_sample(struct strbuf *out, const char *name,
    const char *label, const char *label_value, uint64_t value);

/* A whole family of one sample without labels. */
void metric_add_number(struct strbuf *out, const char *name, const char *type,
    const char *help, uint64_t value);
void metric_add_seconds(struct strbuf *out, const char *name, const char *type,
    const char *help, uint64_t us);

/* Of a family that was begun; LABEL is NULL, or what tells it from the others
 * there. */
void metric_add_histogram(struct strbuf *out, const char *name,
    const struct metric_label *label, const struct sum_histogram *histogram);

#endif
