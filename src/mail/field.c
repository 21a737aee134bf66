/* mail/field.c - see field.h. */
#include "mail/field.h"

#include <string.h>

#include "base/arena.h"

#define FIRST_SLOTS 32	/* most headers fit; then doubled */

void
mail_header_init(struct mail_header *header, struct arena *arena)
{
	*header = (struct mail_header){ .arena = arena };
}

/* An LF that no CR precedes. */
static bool
is_bare_lf(struct slice s, size_t i)
{
	return s.ptr[i] == '\n' && (i == 0 || s.ptr[i - 1] != '\r');
}

static size_t
count_bare_lf(struct slice s)
{
	size_t n = 0, next;

	for (size_t i = 0; (next = slice_find(slice_from(s, i), '\n')) !=
	    SIZE_MAX; i += next + 1)
		if (is_bare_lf(s, i + next))
			n++;
	return n;
}

static struct slice
drop_last_line_end(struct slice s)
{
	if (s.len > 0 && s.ptr[s.len - 1] == '\n') {
		s.len--;
		if (s.len > 0 && s.ptr[s.len - 1] == '\r')
			s.len--;
	}
	return s;
}

/* A copy of VALUE with a CR before each of its N_BARE bare LFs. */
static bool
copy_with_crlf(struct arena *arena, struct slice value, size_t n_bare,
    struct slice *copy_out)
{
	char *mem, *pos;

	if (n_bare == 0)
		return arena_copy(arena, value, copy_out);
	*copy_out = SLICE_EMPTY;
	if ((mem = arena_alloc(arena, value.len + n_bare)) == NULL)
		return false;
	pos = mem;
	while (value.len != 0) {
		size_t lf = slice_find(value, '\n');
		struct slice line = slice_head(value, lf);

		memcpy(pos, line.ptr, line.len);
		pos += line.len;
		value = slice_from(value, line.len);
		if (value.len == 0)
			break;
		if (line.len == 0 || line.ptr[line.len - 1] != '\r')
			*pos++ = '\r';
		*pos++ = '\n';
		value = slice_from(value, 1);
	}
	*copy_out = (struct slice){ mem, (size_t)(pos - mem) };
	return true;
}

static bool
reserve_slot(struct mail_header *header)
{
	size_t n = header->n_slots != 0 ? header->n_slots * 2 : FIRST_SLOTS;
	struct mail_field *slots;

	if (header->n_fields < header->n_slots)
		return true;
	slots = arena_grow_array(header->arena, header->slots,
	    header->n_slots, n, sizeof(*slots));
	if (slots == NULL)
		return false;
	header->slots = slots;
	header->fields = slots;
	header->n_slots = n;
	return true;
}

enum mail_header_status
mail_header_add(struct mail_header *header,
    const struct mail_header_limits *limits, struct slice name,
    struct slice value)
{
	struct mail_field field;
	size_t n_bare, n_left = limits->max_octets - header->n_octets;

	name = slice_trim(name);
	value = drop_last_line_end(value);
	n_bare = count_bare_lf(value);
	if (header->n_fields >= limits->max_fields ||
	    header->n_octets > limits->max_octets || name.len > n_left ||
	    value.len > n_left - name.len ||
	    n_bare > n_left - name.len - value.len)
		return MAIL_HEADER_TOO_LARGE;
	if (!reserve_slot(header) ||
	    !arena_copy(header->arena, name, &field.name) ||
	    !copy_with_crlf(header->arena, value, n_bare, &field.value))
		return MAIL_HEADER_NO_MEMORY;
	header->slots[header->n_fields++] = field;
	header->n_octets += field.name.len + field.value.len;
	return MAIL_HEADER_OK;
}

size_t
mail_header_count(const struct mail_header *header, struct slice name)
{
	size_t n = 0;

	for (size_t i = 0; i < header->n_fields; i++)
		if (slice_eq_nocase(header->fields[i].name, name))
			n++;
	return n;
}

const struct mail_field *
mail_header_get(const struct mail_header *header, struct slice name, size_t i)
{
	for (size_t j = 0; j < header->n_fields; j++)
		if (slice_eq_nocase(header->fields[j].name, name) && i-- == 0)
			return &header->fields[j];
	return NULL;
}
