/* suites/yaml.c - see yaml.h.  libyaml keeps a document's nodes in one array
 * and names them by number; ours are made in the same order. */
#include "suites/yaml.h"

#include <yaml.h>

#include "unit/test.h"

#define MAX_DOCUMENTS 1000

static struct slice
node_text(struct arena *arena, const yaml_node_t *node)
{
	struct slice copy;

	assert_true(arena_copy(arena, (struct slice){
	    (const char *)node->data.scalar.value,
	    node->data.scalar.length }, &copy));
	return copy;
}

static void
set_list(struct arena *arena, struct yaml_value *values, size_t i,
    const yaml_node_t *node)
{
	const yaml_node_item_t *item = node->data.sequence.items.start;
	size_t n = (size_t)(node->data.sequence.items.top - item);

	values[i].kind = YAML_KIND_LIST;
	values[i].n = n;
	values[i].items = arena_alloc_array(arena, n,
	    sizeof(values[i].items[0]));
	assert_non_null(values[i].items);
	for (size_t j = 0; j < n; j++)
		values[i].items[j] = &values[item[j] - 1];
}

static void
set_map(struct arena *arena, struct yaml_value *values, size_t i,
    const yaml_node_t *node)
{
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	size_t n = (size_t)(node->data.mapping.pairs.top - pair);

	values[i].kind = YAML_KIND_MAP;
	values[i].n = n;
	values[i].keys = arena_alloc_array(arena, n,
	    sizeof(values[i].keys[0]));
	values[i].items = arena_alloc_array(arena, n,
	    sizeof(values[i].items[0]));
	assert_non_null(values[i].keys);
	assert_non_null(values[i].items);
	for (size_t j = 0; j < n; j++) {
		values[i].keys[j] = &values[pair[j].key - 1];
		values[i].items[j] = &values[pair[j].value - 1];
	}
}

static const struct yaml_value *
convert(struct arena *arena, yaml_document_t *document)
{
	size_t n = (size_t)(document->nodes.top - document->nodes.start);
	struct yaml_value *values = arena_alloc_array(arena, n,
	    sizeof(values[0]));

	assert_non_null(values);
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *node = &document->nodes.start[i];

		values[i].line = (unsigned)node->start_mark.line + 1;
		if (node->type == YAML_SCALAR_NODE)
			values[i].text = node_text(arena, node);
		else if (node->type == YAML_SEQUENCE_NODE)
			set_list(arena, values, i, node);
		else if (node->type == YAML_MAPPING_NODE)
			set_map(arena, values, i, node);
	}
	return &values[0];	/* libyaml makes the root first */
}

const struct yaml_value *
yaml_load(struct arena *arena, const char *path)
{
	struct slice text = test_read_file(arena, path);
	struct yaml_value *list = arena_alloc(arena, sizeof(*list));
	const struct yaml_value **documents = arena_alloc_array(arena,
	    MAX_DOCUMENTS, sizeof(documents[0]));
	yaml_parser_t parser;

	assert_non_null(list);
	assert_non_null(documents);
	assert_int_equal(yaml_parser_initialize(&parser), 1);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr,
	    text.len);
	*list = (struct yaml_value){ .kind = YAML_KIND_LIST, .line = 1,
		.items = documents };
	for (;;) {
		yaml_document_t document;
		bool is_end;

		if (yaml_parser_load(&parser, &document) != 1)
			fail_msg("%s:%zu: %s", path,
			    parser.problem_mark.line + 1, parser.problem);
		is_end = yaml_document_get_root_node(&document) == NULL;
		if (!is_end) {
			assert_true(list->n < MAX_DOCUMENTS);
			documents[list->n++] = convert(arena, &document);
		}
		yaml_document_delete(&document);
		if (is_end)
			break;
	}
	yaml_parser_delete(&parser);
	return list;
}

const struct yaml_value *
yaml_get(const struct yaml_value *map, const char *key)
{
	if (map == NULL || map->kind != YAML_KIND_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (slice_eq(yaml_text(map->keys[i]), slice_from_cstr(key)))
			return map->items[i];
	return NULL;
}

struct slice
yaml_text(const struct yaml_value *value)
{
	if (value == NULL || value->kind != YAML_KIND_SCALAR)
		return SLICE_EMPTY;
	return value->text;
}

struct slice
yaml_get_text(const struct yaml_value *map, const char *key)
{
	return yaml_text(yaml_get(map, key));
}

bool
yaml_allows(const struct yaml_value *value, struct slice text)
{
	if (value == NULL)
		return false;
	if (value->kind == YAML_KIND_SCALAR)
		return slice_eq(value->text, text);
	if (value->kind == YAML_KIND_LIST)
		for (size_t i = 0; i < value->n; i++)
			if (value->items[i]->kind == YAML_KIND_SCALAR &&
			    slice_eq(value->items[i]->text, text))
				return true;
	return false;
}
