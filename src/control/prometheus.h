/* control/prometheus.h - the board as Prometheus reads it: its text exposition
 * format 0.0.4.  assayd(8) lists the metrics. */
#ifndef ASSAY_CONTROL_PROMETHEUS_H
#define ASSAY_CONTROL_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

struct board;
struct control_host;
struct strbuf;

#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* At most this long, workers, rules and all. */
#define PROMETHEUS_MAX_OCTETS ((size_t)256 * 1024)

void prometheus_append(struct strbuf *out, const struct board *board,
    const struct control_host *host);

/* The same at another time, of the monotonic clock. */
void prometheus_append_at(struct strbuf *out, const struct board *board,
    const struct control_host *host, int64_t now_ms);

#endif
