/* control/read_ahead.c - see read_ahead.h. */
#include "control/read_ahead.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

static void
stop_when_full(struct evbuffer *input, const struct evbuffer_cb_info *change,
    void *context)
{
	struct bufferevent *stream = context;
	size_t max_octets;

	(void)change;
	if (bufferevent_getwatermark(stream, EV_READ, NULL, &max_octets) == 0
	    && evbuffer_get_length(input) >= max_octets)
		bufferevent_disable(stream, EV_READ);
}

bool
read_ahead_bound(struct bufferevent *stream, size_t max_octets)
{
	bufferevent_setwatermark(stream, EV_READ, 0, max_octets);
	return evbuffer_add_cb(bufferevent_get_input(stream), stop_when_full,
	    stream) != NULL;
}
