/* tests/unit/dns/show.c - see show.h. */
#include "unit/dns/show.h"

#include <string.h>

#include "base/ip.h"
#include "base/strbuf.h"
#include "unit/test.h"

#define SHOWN_MAX ((size_t)1024 * 1024)

static void
show_record(struct strbuf *buf, enum dns_type type,
    const struct dns_record *record)
{
	struct ip_address address = {
		.family = type == DNS_A ? IP_V4 : IP_V6 };

	strbuf_append_char(buf, ' ');
	if (type == DNS_A || type == DNS_AAAA) {
		memcpy(address.octets, record->address, 16);
		ip_append(buf, &address);
		return;
	}
	if (type == DNS_MX)
		strbuf_printf(buf, "%u:", record->preference);
	strbuf_append_char(buf, '[');
	strbuf_append_escaped(buf, record->text, SHOWN_MAX);
	strbuf_append_char(buf, ']');
}

struct slice
show_answer(struct arena *arena, const struct dns_answer *answer,
    enum dns_type type)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, SHOWN_MAX);
	strbuf_append_cstr(&buf, dns_status_name(answer->status));
	if (answer->status == DNS_TEMPFAIL) {
		assert_non_null(answer->why);
		strbuf_printf(&buf, " %s", answer->why);
		return strbuf_slice(&buf);
	}
	assert_null(answer->why);
	assert_true((answer->status == DNS_NOERROR) ==
	    (answer->n_records != 0));
	strbuf_printf(&buf, " %u%s%s", answer->ttl_s,
	    answer->secure ? " secure" : "",
	    answer->is_alias ? " alias" : "");
	for (size_t i = 0; i < answer->n_records; i++)
		show_record(&buf, type, &answer->records[i]);
	return strbuf_slice(&buf);
}
