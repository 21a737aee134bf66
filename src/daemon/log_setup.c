/* daemon/log_setup.c - see log_setup.h. */
#include "daemon/log_setup.h"

#include "base/journal.h"
#include "base/strbuf.h"
#include "config/config.h"

bool
log_setup_choose(const struct config *config, bool is_foreground,
    struct log_settings *settings_out, struct strbuf *problem)
{
	*settings_out = (struct log_settings){
		.sink = log_choose_sink(config->log_target, is_foreground),
		.format = config->log_format,
		.facility = config->log_facility,
	};
	switch (settings_out->sink) {
	case LOG_SINK_STDERR:
		if (is_foreground)
			return true;
		strbuf_append_cstr(problem, "log.target = \"stderr\": in the "
		    "background nobody reads it; start assayd with -f, or "
		    "write \"syslog\"");
		return false;
	case LOG_SINK_SYSLOG:
		return true;
	case LOG_SINK_JOURNAL:
		break;
	}
	if (journal_is_there())
		return true;
	strbuf_append_cstr(problem, "log.target = \"journal\": no journal "
	    "listens on this host; write \"syslog\"");
	return false;
}
