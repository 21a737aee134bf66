/* What hostile domains put into reports: a rua, the record that confirms it,
 * and texts of a row, parted by 0xff.  Addresses that come out are harmless, the
 * XML is well-formed. */
#include <libxml/parser.h>
#include <string.h>

#include "base/ascii.h"
#include "dmarc/options.h"
#include "fuzz/fuzz.h"
#include "report/configuration.h"
#include "report/destination.h"
#include "report/fact.h"
#include "report/xml.h"

#define MAX_DESTINATIONS 4

static void
check_address(struct slice address)
{
	size_t at = slice_find(address, '@');

	if (at == SIZE_MAX || !report_is_safe_local_part(
	    slice_head(address, at)))
		abort();
	for (size_t i = at + 1; i < address.len; i++)
		if (!ascii_is_alnum(address.ptr[i]) &&
		    strchr("-_.", address.ptr[i]) == NULL)
			abort();
}

static void
check_destinations(struct arena *arena, struct slice uris,
    struct slice confirmation)
{
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	struct resolver *zone = zone_create();
	struct report_destination_request request = {
		.policy_domain = SLICE("example.org"),
		.uris = uris,
		.max = MAX_DESTINATIONS,
		.dmarc = &options,
		.resolver = zone,
		.deadline_ms = CLOCK_NEVER_MS,
	};
	struct report_destination *destinations;
	size_t n, n_good = 0;

	if (zone == NULL)
		abort();
	fuzz_add_txt(zone, SLICE("example.org._report._dmarc.b.example"),
	    confirmation);
	if (!report_find_destinations(&request, arena, &destinations, &n))
		abort();
	for (size_t i = 0; i < n; i++)
		if (destinations[i].status == REPORT_DESTINATION_OK) {
			check_address(destinations[i].address);
			n_good++;
		}
	if (n_good > MAX_DESTINATIONS)
		abort();
	dns_destroy_resolver(&zone);
}

static void
check_xml(struct slice domain, struct slice reasons, struct slice result)
{
	const struct report_configuration configuration = {
		.fo = result, .error = reasons,
	};
	const struct report_metadata metadata = {
		.org_name = domain, .email = domain, .contact = domain,
		.report_id = domain, .generator = domain,
		.policy_domain = domain, .configuration = &configuration,
	};
	const struct report_fact fact = {
		.author_domain = domain, .envelope_from = domain,
		.envelope_to = domain, .disposition = result,
		.reasons = reasons, .spf_domain = domain,
		.spf_result = result,
		.signatures = { { domain, domain, result } },
		.n_signatures = 1,
	};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct report_xml *xml = out != NULL ?
	    report_xml_open(out, false, &metadata) : NULL;
	xmlDocPtr document;

	if (xml == NULL)
		abort();
	report_xml_add(xml, &fact, 1);
	if (!report_xml_close(&xml) || fclose(out) != 0)
		abort();
	document = xmlReadMemory(text, (int)len, "report", NULL,
	    XML_PARSE_NONET | XML_PARSE_HUGE);
	if (document == NULL)
		abort();
	xmlFreeDoc(document);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct slice rest = fuzz_slice(data, size), uris, confirmation;
	struct slice domain, reasons;

	if (size > REPORT_CONFIGURATION_MAX) {
		arena_destroy(&arena);
		return 0;
	}
	uris = fuzz_take_part(&rest);
	confirmation = fuzz_take_part(&rest);
	domain = fuzz_take_part(&rest);
	reasons = fuzz_take_part(&rest);
	check_destinations(arena, uris, confirmation);
	check_xml(domain, reasons, rest);
	arena_destroy(&arena);
	return 0;
}
