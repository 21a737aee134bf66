/* base/limit.c - see limit.h. */
#include "base/limit.h"

#include "base/strbuf.h"

const char *
limit_name(enum limit limit)
{
	switch (limit) {
	case LIMIT_HEADER_OCTETS:
		return "header_octets";
	case LIMIT_HEADER_FIELDS:
		return "header_fields";
	case LIMIT_MESSAGE_MEMORY:
		return "message_memory";
	case LIMIT_RECIPIENTS:
		return "recipients";
	case LIMIT_FORGED_FIELDS:
		return "forged_fields";
	case LIMIT_SIGNATURES:
		return "signatures";
	case LIMIT_ARC_SETS:
		return "arc_sets";
	case LIMIT_KEY_SIZE:
		return "key_size";
	case LIMIT_ANSWER_OCTETS:
		return "answer_octets";
	case LIMIT_ANSWER_RECORDS:
		return "answer_records";
	case LIMIT_QUESTIONS:
		return "questions";
	case LIMIT_NETWORK_QUESTIONS:
		return "network_questions";
	case LIMIT_MAIL_TIME:
		return "mail_time";
	case LIMIT_MESSAGE_TIME:
		return "message_time";
	case LIMIT_SESSIONS:
		return "sessions";
	case LIMIT_MEMORY:
		return "memory";
	case LIMIT_DNS_IN_FLIGHT:
		return "dns_in_flight";
	}
	return "";
}

void
limit_append_names(struct strbuf *text, unsigned limits)
{
	const char *between = "";

	for (unsigned i = 0; i < LIMIT_COUNT; i++) {
		if ((limits & limit_bit((enum limit)i)) == 0)
			continue;
		strbuf_append_cstr(text, between);
		strbuf_append_cstr(text, limit_name((enum limit)i));
		between = ",";
	}
}

void
limit_count(struct limit_counters *counters, unsigned limits)
{
	for (unsigned i = 0; i < LIMIT_COUNT; i++)
		if ((limits & limit_bit((enum limit)i)) != 0)
			atomic_fetch_add_explicit(&counters->hits[i], 1,
			    memory_order_relaxed);
}

void
limit_append_counters(struct strbuf *text, struct limit_counters *counters)
{
	for (unsigned i = 0; i < LIMIT_COUNT; i++) {
		unsigned long long n = atomic_load_explicit(
		    &counters->hits[i], memory_order_relaxed);

		if (n != 0)
			strbuf_printf(text, " %s=%llu",
			    limit_name((enum limit)i), n);
	}
}
