/* Lists of names: arc.trusted_sealers, dmarc.forwarders.  See values.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/value.h"
#include "config/values.h"

#define MAX_NAMES ((size_t)10000)	/* of one list, its files included */
#define MAX_WHY ((size_t)1000)
#define FIRST_SLOTS ((size_t)64)

static const char name_wanted[] = "write a domain, \"example.org\", or "
    "\"*.example.org\" for all below it";

/* A list in the making. */
struct list {
	const struct key_place *place;
	struct slice *names;
	size_t n, n_slots;
};

/* False past the limit, which is complained of once. */
static bool
add_name(struct list *list, struct slice text, unsigned line)
{
	const struct key_place *place = list->place;
	struct arena *arena = place->config->arena;
	struct slice name;

	if (list->n == MAX_NAMES) {
		problems_add(place->problems, line, "%s has too many names: "
		    "write at most %zu", place->path, MAX_NAMES);
		return false;
	}
	if (list->n == list->n_slots) {
		size_t n_slots = list->n_slots != 0 ? 2 * list->n_slots :
		    FIRST_SLOTS;
		struct slice *names = arena_grow_array(arena, list->names,
		    list->n, n_slots, sizeof(*names));

		if (names == NULL)
			return false;	/* config_load looks */
		list->names = names;
		list->n_slots = n_slots;
	}
	/* "*" would be everybody. */
	if (policy_parse_pattern(arena, text, &name) && name.len > 1)
		list->names[list->n++] = name;
	else
		problems_add(place->problems, line, "%s cannot be \"%s\": %s",
		    place->path, problems_show(place->problems, text),
		    name_wanted);
	return true;
}

static struct policy_list
finish_list(const struct list *list)
{
	return (struct policy_list){ list->names, list->n };
}

/* ---- files --------------------------------------------------------------- */

/* One name a line; "#" begins a comment. */
static void
add_lines(struct list *list, struct slice text)
{
	struct cursor cur = cursor_of(text);

	for (unsigned line = 1; !cursor_at_end(&cur); line++) {
		struct slice name = cursor_take_until(&cur, '\n');

		cursor_take_char(&cur, '\n');
		name = slice_trim(slice_head(name, slice_find(name, '#')));
		if (name.len != 0 && !add_name(list, name, line))
			return;
	}
}

/* Not a pipe's end that nobody writes to: nothing is to hang at start. */
static void
add_file(struct list *list, struct slice path, unsigned line)
{
	const struct key_place *place = list->place;
	const char *file = place->problems->file;
	struct slice text = SLICE_EMPTY;
	struct strbuf why;
	int fd;

	strbuf_init(&why, place->config->arena, MAX_WHY);
	if ((fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		strbuf_printf(&why, "it cannot be opened: %s",
		    strerror(errno));
	else if (file_read(fd, &text, &why)) {
		place->problems->file = path.ptr;
		add_lines(list, text);
		place->problems->file = file;
		file_free(text);
	}
	if (fd >= 0)
		close(fd);
	if (why.len != 0)
		problems_add(place->problems, line, "%s names the file "
		    "\"%s\": %.*s", place->path,
		    problems_show(place->problems, path),
		    SLICE_PRINTF(strbuf_slice(&why)));
}

/* The names themselves, wherever they were. */
static void
keep_names(const struct list *list)
{
	struct config *config = list->place->config;
	struct config_value *value = &config->values[key_find(
	    slice_from_cstr(list->place->path))];
	struct config_value_item *items = arena_alloc_array(config->arena,
	    list->n, sizeof(*items));

	if (items == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < list->n; i++)
		items[i].name = list->names[i];
	value->items = items;
	value->n = list->n;
}

void
set_trusted_sealers(const struct key_place *place,
    const struct key_text *texts, size_t n)
{
	static const struct slice prefix = SLICE_INIT("file:");
	struct list list = { .place = place };

	for (size_t i = 0; i < n; i++) {
		struct slice text = texts[i].text;

		if (!slice_starts_with(text, prefix))
			add_name(&list, text, texts[i].line);
		else if (text.len == prefix.len || text.ptr[prefix.len] != '/')
			problems_add(place->problems, texts[i].line, "%s "
			    "cannot be \"%s\": write the whole path, "
			    "\"file:/etc/assay/sealers\"", place->path,
			    problems_show(place->problems, text));
		else
			add_file(&list, slice_from(text, prefix.len),
			    texts[i].line);
	}
	place->config->policy.trusted_sealers = finish_list(&list);
	keep_names(&list);
}

/* ---- forwarders ---------------------------------------------------------- */

/* What has no letter but those of an address is meant to be one. */
static bool
is_meant_as_network(struct slice text)
{
	return slice_find(text, ':') != SIZE_MAX ||
	    slice_find(text, '/') != SIZE_MAX ||
	    (text.len != 0 && text.ptr[text.len - 1] >= '0' &&
	    text.ptr[text.len - 1] <= '9');
}

void
set_forwarders(const struct key_place *place, const struct key_text *texts,
    size_t n)
{
	struct policy_options *policy = &place->config->policy;
	struct ip_network *networks = arena_alloc_array(place->config->arena,
	    n, sizeof(*networks));
	struct list list = { .place = place };
	size_t n_networks = 0;

	if (networks == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < n; i++) {
		struct slice text = texts[i].text;

		if (ip_parse_network(text, &networks[n_networks]))
			n_networks++;
		else if (is_meant_as_network(text))
			problems_add(place->problems, texts[i].line, "%s "
			    "cannot be \"%s\": write an address or a network, "
			    "\"192.0.2.0/24\" or \"2001:db8::/32\", or a "
			    "domain", place->path,
			    problems_show(place->problems, text));
		else
			add_name(&list, text, texts[i].line);
	}
	policy->forwarder_networks = networks;
	policy->n_forwarder_networks = n_networks;
	policy->forwarder_domains = finish_list(&list);
}
