/* control/read_ahead.h - how far a bufferevent is read ahead of whoever takes
 * its input.  Where that stands at a high watermark and nobody takes of it,
 * libevent 2.1 calls the read callback by a deferred one, again and again, and
 * each of these keeps the bufferevent when its base is freed. */
#ifndef ASSAY_CONTROL_READ_AHEAD_H
#define ASSAY_CONTROL_READ_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

struct bufferevent;

/* No more than MAX_OCTETS wait in STREAM's input.  When they do, EV_READ is
 * disabled; who goes on taking enables it.  False where memory is out. */
bool read_ahead_bound(struct bufferevent *stream, size_t max_octets);

#endif
