/* dkim/header.c - see header.h. */
#include "dkim/header.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "mail/field.h"
#include "mail/taglist.h"

/* The fields of one name: FIRST to END in the sorted order. */
struct name_group {
	struct slice name;
	size_t first, end;
	size_t next;	/* instances in [first, next) are not taken yet */
};

struct dkim_header_index {
	const struct mail_field **fields;	/* by name, then by place */
	struct name_group *groups;		/* by name */
	size_t n_groups;
};

static int
compare_fields(const void *a, const void *b)
{
	const struct mail_field *const *x = a, *const *y = b;
	int order = slice_compare_nocase((*x)->name, (*y)->name);

	if (order != 0)
		return order;
	return (*x > *y) - (*x < *y);	/* elements of one array */
}

static int
compare_name_to_group(const void *name, const void *group)
{
	const struct slice *x = name;
	const struct name_group *y = group;

	return slice_compare_nocase(*x, y->name);
}

static void
group_by_name(struct dkim_header_index *index, size_t n_fields)
{
	struct name_group *group = NULL;

	for (size_t i = 0; i < n_fields; i++) {
		struct slice name = index->fields[i]->name;

		if (group == NULL || !slice_eq_nocase(group->name, name)) {
			group = &index->groups[index->n_groups++];
			*group = (struct name_group){
				.name = name, .first = i };
		}
		group->end = i + 1;
	}
}

struct dkim_header_index *
dkim_header_index_create(struct arena *arena, const struct mail_header *header)
{
	struct dkim_header_index *index = arena_alloc(arena, sizeof(*index));
	size_t n = header->n_fields;

	if (index == NULL || n == 0)
		return index;
	index->fields = arena_alloc_array(arena, n, sizeof(*index->fields));
	index->groups = arena_alloc_array(arena, n, sizeof(*index->groups));
	if (index->fields == NULL || index->groups == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		index->fields[i] = &header->fields[i];
	qsort(index->fields, n, sizeof(*index->fields), compare_fields);
	group_by_name(index, n);
	return index;
}

/* The header may hold a copy of SIGNATURE, with the same text. */
static bool
is_same(const struct mail_field *field, const struct mail_field *signature)
{
	return field->value.ptr == signature->value.ptr;
}

/* The lowest instance of NAME that was not taken yet, or NULL.  SIGNATURE is
 * none: h= cannot include the field that it is part of (3.5). */
static const struct mail_field *
take_field(struct dkim_header_index *index, struct slice name,
    const struct mail_field *signature)
{
	const struct mail_field *field;
	struct name_group *group;

	if (index->n_groups == 0)
		return NULL;
	group = bsearch(&name, index->groups, index->n_groups,
	    sizeof(*index->groups), compare_name_to_group);
	while (group != NULL && group->next != group->first) {
		field = index->fields[--group->next];
		if (!is_same(field, signature))
			return field;
	}
	return NULL;
}

void
dkim_header_rewind(struct dkim_header_index *index)
{
	for (size_t i = 0; i < index->n_groups; i++)
		index->groups[i].next = index->groups[i].end;
}

const struct mail_field *
dkim_header_take(struct dkim_header_index *index, struct cursor *names,
    const struct mail_field *signature)
{
	const struct mail_field *field = NULL;
	struct slice name;

	while (field == NULL && tag_take_element(names, ':', &name))
		field = take_field(index, name, signature);
	return field;
}

bool
dkim_header_hash(struct dkim_header_index *index, struct slice names,
    enum canon_form form, const struct mail_field *signature,
    struct dkim_hash *hash, unsigned char digest_out[DKIM_HASH_OCTETS])
{
	const struct canon_sink sink = { dkim_hash_write, hash };
	const struct mail_field *field;
	struct cursor cur = cursor_of(names);

	dkim_header_rewind(index);
	while ((field = dkim_header_take(index, &cur, signature)) != NULL)
		canon_write_field(form, field, &sink);
	canon_write_signature(form, signature, &sink);
	return dkim_hash_finish(hash, digest_out);
}
