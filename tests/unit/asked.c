/* tests/unit/asked.c - see asked.h. */
#include "unit/asked.h"

#include "base/cursor.h"
#include "base/strbuf.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "unit/test.h"

#define MAX_QUESTIONS 1024
#define TTL_S 300

struct question {
	struct slice name;	/* test_exact_copy */
	enum dns_type type;
	bool is_prefetched;	/* and has not been waited for */
};

struct asked {
	struct resolver base;
	struct resolver *inner;
	struct question questions[MAX_QUESTIONS];
	size_t n;
};

static void
add_line(struct resolver *zone, struct slice line)
{
	struct cursor cur = cursor_of(line);
	struct slice name = cursor_take_until(&cur, ' ');
	struct dns_record record = { .address = { 192, 0, 2, 1 } };
	struct slice type;
	bool ok;

	cursor_take_char(&cur, ' ');
	type = cursor_take_until(&cur, ' ');
	cursor_take_char(&cur, ' ');
	record.text = cursor_rest(&cur);
	if (slice_eq(type, SLICE("TXT")))
		ok = zone_add_record(zone, name, DNS_TXT, &record, TTL_S);
	else if (slice_eq(type, SLICE("CNAME")))
		ok = zone_add_record(zone, name, DNS_CNAME, &record, TTL_S);
	else if (slice_eq(type, SLICE("MX")))
		ok = zone_add_record(zone, name, DNS_MX, &record, TTL_S);
	else if (slice_eq(type, SLICE("PTR")))
		ok = zone_add_record(zone, name, DNS_PTR, &record, TTL_S);
	else if (slice_eq(type, SLICE("A")))
		ok = zone_add_record(zone, name, DNS_A, &record, TTL_S);
	else if (slice_eq(type, SLICE("TIMEOUT")))
		ok = zone_add_fault(zone, name, ZONE_FAULT_TIMEOUT);
	else
		ok = slice_eq(type, SLICE("SERVFAIL")) &&
		    zone_add_fault(zone, name, ZONE_FAULT_SERVFAIL);
	if (!ok)
		fail_msg("not a line of a zone: %.*s", SLICE_PRINTF(line));
}

struct resolver *
test_zone(const char *lines)
{
	struct cursor cur = cursor_of(slice_from_cstr(lines));
	struct resolver *zone = zone_create();

	assert_non_null(zone);
	while (!cursor_at_end(&cur)) {
		struct slice line = cursor_take_until(&cur, '\n');

		cursor_take_char(&cur, '\n');
		add_line(zone, line);
	}
	return zone;
}

static void
write_down(struct asked *asked, struct slice name, enum dns_type type,
    bool is_prefetched)
{
	struct question *question;

	for (size_t i = 0; i < asked->n; i++) {
		question = &asked->questions[i];
		if (question->type == type && slice_eq(question->name, name)) {
			question->is_prefetched &= is_prefetched;
			return;
		}
	}
	assert_true(asked->n < MAX_QUESTIONS);
	question = &asked->questions[asked->n++];
	question->name = test_exact_copy(name);
	question->type = type;
	question->is_prefetched = is_prefetched;
}

static const struct dns_answer *
asked_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct asked *asked = (struct asked *)resolver;

	write_down(asked, name, type, false);
	return asked->inner->ops->query(asked->inner, name, type, deadline_ms);
}

static void
asked_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct asked *asked = (struct asked *)resolver;

	write_down(asked, name, type, true);
	asked->inner->ops->prefetch(asked->inner, name, type);
}

static void
asked_destroy(struct resolver *resolver)
{
	struct asked *asked = (struct asked *)resolver;

	for (size_t i = 0; i < asked->n; i++)
		test_free_copy(asked->questions[i].name);
	dns_destroy_resolver(&asked->inner);
	free(asked);
}

struct resolver *
asked_create(struct resolver *inner)
{
	static const struct resolver_ops ops = {
		.query = asked_query,
		.prefetch = asked_prefetch,
		.destroy = asked_destroy,
	};
	struct asked *asked = calloc(1, sizeof(*asked));

	assert_non_null(asked);
	asked->base.ops = &ops;
	asked->inner = inner;
	return &asked->base;
}

size_t
asked_count(const struct resolver *resolver, enum dns_type type,
    struct slice name)
{
	const struct asked *asked = (const struct asked *)resolver;
	size_t n = 0;

	for (size_t i = 0; i < asked->n; i++)
		if (asked->questions[i].type == type && (name.len == 0 ||
		    slice_eq_nocase(asked->questions[i].name, name)))
			n++;
	return n;
}

struct slice
asked_names(const struct resolver *resolver, struct arena *arena,
    enum dns_type type, bool is_prefetched)
{
	const struct asked *asked = (const struct asked *)resolver;
	struct strbuf text;

	strbuf_init(&text, arena, 65536);
	for (size_t i = 0; i < asked->n; i++) {
		const struct question *question = &asked->questions[i];

		if (question->type != type ||
		    question->is_prefetched != is_prefetched)
			continue;
		if (text.len > 0)
			strbuf_append_char(&text, ' ');
		strbuf_append(&text, question->name);
	}
	assert_false(text.has_failed);
	return strbuf_slice(&text);
}
