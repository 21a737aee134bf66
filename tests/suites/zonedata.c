/* suites/zonedata.c - see zonedata.h. */
#include "suites/zonedata.h"

#include <string.h>

#include "base/ascii.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "dns/zone.h"
#include "suites/yaml.h"
#include "unit/test.h"

#define TTL_S 300
#define MAX_TEXT 65536		/* octets in one record */

/* A name as dns.h has them: lower case, no dot at the end. */
static struct slice
make_name(struct arena *arena, struct slice text)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, MAX_TEXT);
	for (size_t i = 0; i < text.len; i++)
		strbuf_append_char(&buf, ascii_lower(text.ptr[i]));
	if (buf.len != 0 && buf.ptr[buf.len - 1] == '.')
		strbuf_truncate(&buf, buf.len - 1);
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

/* One character-string, or a list of them that is joined. */
static struct slice
join_strings(struct arena *arena, const struct yaml_value *value)
{
	struct strbuf buf;

	if (value->kind == YAML_KIND_SCALAR)
		return value->text;
	strbuf_init(&buf, arena, MAX_TEXT);
	for (size_t i = 0; i < value->n; i++)
		strbuf_append(&buf, yaml_text(value->items[i]));
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

static void
set_address(struct dns_record *record, const struct yaml_value *value,
    bool (*parse)(struct slice s, struct ip_address *address_out))
{
	struct ip_address address;

	if (!parse(yaml_text(value), &address))
		fail_msg("line %u: no address", value->line);
	memcpy(record->address, address.octets, sizeof(record->address));
}

static void
set_mx(struct arena *arena, struct dns_record *record,
    const struct yaml_value *value)
{
	uint64_t preference = 0;

	if (value->kind != YAML_KIND_LIST || value->n != 2 ||
	    !slice_parse_uint(yaml_text(value->items[0]), UINT16_MAX,
	    &preference))
		fail_msg("line %u: no MX record", value->line);
	record->preference = (uint16_t)preference;
	record->text = make_name(arena, yaml_text(value->items[1]));
}

static enum dns_type
make_record(struct arena *arena, struct slice type,
    const struct yaml_value *value, struct dns_record *record)
{
	if (slice_eq(type, SLICE("TXT")) || slice_eq(type, SLICE("SPF"))) {
		record->text = join_strings(arena, value);
		return DNS_TXT;
	}
	if (slice_eq(type, SLICE("A"))) {
		set_address(record, value, ip_parse_v4);
		return DNS_A;
	}
	if (slice_eq(type, SLICE("AAAA"))) {
		set_address(record, value, ip_parse_v6);
		return DNS_AAAA;
	}
	if (slice_eq(type, SLICE("MX"))) {
		set_mx(arena, record, value);
		return DNS_MX;
	}
	record->text = make_name(arena, yaml_text(value));
	if (slice_eq(type, SLICE("PTR")))
		return DNS_PTR;
	if (!slice_eq(type, SLICE("CNAME")))
		fail_msg("line %u: unknown type %.*s", value->line,
		    SLICE_PRINTF(type));
	return DNS_CNAME;
}

static void
add_fault(struct resolver *zone, struct slice name,
    const struct yaml_value *entry)
{
	enum zone_fault fault = ZONE_FAULT_TIMEOUT;

	if (slice_eq(yaml_text(entry), SLICE("SERVFAIL")))
		fault = ZONE_FAULT_SERVFAIL;
	else if (!slice_eq(yaml_text(entry), SLICE("TIMEOUT")))
		fail_msg("line %u: unknown entry", entry->line);
	assert_true(zone_add_fault(zone, name, fault));
}

static void
add_entry(struct arena *arena, struct resolver *zone, struct slice name,
    const struct yaml_value *entry, bool is_spf_left_out)
{
	struct dns_record record = { .preference = 0 };
	enum dns_type type;

	if (entry->kind == YAML_KIND_SCALAR) {
		add_fault(zone, name, entry);
		return;
	}
	if (entry->kind != YAML_KIND_MAP || entry->n != 1)
		fail_msg("line %u: unknown entry", entry->line);
	if (slice_eq(yaml_get_text(entry, "TXT"), SLICE("NONE")) ||
	    (is_spf_left_out && yaml_get(entry, "SPF") != NULL))
		return;
	type = make_record(arena, yaml_text(entry->keys[0]), entry->items[0],
	    &record);
	if (!zone_add_record(zone, name, type, &record, TTL_S))
		fail_msg("line %u: the zone refused the record", entry->line);
}

static void
add_name(struct arena *arena, struct resolver *zone, struct slice name,
    const struct yaml_value *entries)
{
	bool has_txt = false;

	if (entries->kind != YAML_KIND_LIST)
		fail_msg("line %u: no list of entries", entries->line);
	for (size_t i = 0; i < entries->n; i++)
		if (yaml_get(entries->items[i], "TXT") != NULL)
			has_txt = true;
	for (size_t i = 0; i < entries->n; i++)
		add_entry(arena, zone, name, entries->items[i], has_txt);
}

struct resolver *
zonedata_create_zone(struct arena *arena, const struct yaml_value *zonedata)
{
	struct resolver *zone = zone_create();

	assert_non_null(zone);
	if (zonedata == NULL)
		return zone;
	if (zonedata->kind != YAML_KIND_MAP)
		fail_msg("line %u: no map of names", zonedata->line);
	for (size_t i = 0; i < zonedata->n; i++)
		add_name(arena, zone,
		    make_name(arena, yaml_text(zonedata->keys[i])),
		    zonedata->items[i]);
	return zone;
}
