/* config/http.c - see http.h. */
#include "config/http.h"

#include "base/ip.h"
#include "config/problems.h"
#include "config/settings.h"
#include "control/http.h"

static bool
is_loopback(const struct ip_address *address)
{
	static const struct ip_network loopbacks[] = {
		{ { IP_V4, { 127 } }, 8 },
		{ { IP_V6, { [15] = 1 } }, 128 },
	};

	for (size_t i = 0; i < N_ELEMENTS(loopbacks); i++)
		if (ip_network_contains(&loopbacks[i], address))
			return true;
	return false;
}

void
set_http_listen(const struct key_place *place, const struct key_text *text)
{
	struct ip_address address;
	uint16_t port;

	if (text->text.len != 0 &&
	    !http_parse_listen(text->text, &address, &port)) {
		problems_add(place->problems, text->line, "%s cannot be "
		    "\"%s\": write an address and a port, as "
		    "\"127.0.0.1:8892\" or \"[::1]:8892\"", place->path,
		    problems_show(place->problems, text->text));
		return;
	}
	place->config->control.http = text->text.ptr;
	if (text->text.len != 0 && !is_loopback(&address))
		problems_note(place->problems, text->line, "%s: %s is no "
		    "loopback address: whoever reaches it may read what mail "
		    "comes here, and from whom", place->path, text->text.ptr);
}
