/* cli/findings_json.c - see findings.h: the same for programs. */
#include "cli/findings.h"

#include "base/arena.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "cli/examine.h"
#include "control/results.h"

#define ADDRESS_OCTETS ((size_t)64)

static json_t *
make_address(struct arena *arena, const struct ip_address *address)
{
	struct strbuf text;

	if (address->family == IP_NONE)
		return json_null();
	strbuf_init(&text, arena, ADDRESS_OCTETS);
	ip_append(&text, address);
	return results_make_text(arena, strbuf_slice(&text));
}

static const char *
name_source(enum origin_source source)
{
	switch (source) {
	case ORIGIN_UNKNOWN:
		return "unknown";
	case ORIGIN_GIVEN:
		return "given";
	case ORIGIN_FIELD:
		return "field";
	}
	return "";
}

static json_t *
make_origin(struct arena *arena, const struct origin *origin)
{
	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:s}",
	    "client", make_address(arena, &origin->client),
	    "client_from", name_source(origin->client_from),
	    "helo", results_make_text(arena, origin->helo),
	    "helo_from", name_source(origin->helo_from),
	    "sender", results_make_text(arena, origin->sender),
	    "sender_from", name_source(origin->sender_from));
}

static json_t *
make_object(struct arena *arena, struct slice name,
    const struct examination *examination)
{
	json_t *object = json_pack("{s:o, s:o}",
	    "name", results_make_text(arena, name),
	    "origin", make_origin(arena, &examination->origin));
	bool is_whole = examination->problem != NULL ?
	    json_object_set_new(object, "problem",
	    json_string(examination->problem)) == 0 :
	    results_add(object, arena, examination->results,
	    &examination->verdict, examination->field);

	if (is_whole)
		return object;
	json_decref(object);
	return NULL;
}

json_t *
findings_make_json(struct slice name, const struct examination *examination)
{
	struct arena *arena = arena_create(RESULTS_MEMORY);
	json_t *object;

	if (arena == NULL)
		return NULL;
	object = make_object(arena, name, examination);
	arena_destroy(&arena);
	return object;
}
