/* report/store_pass.c - aligned passes by author domain and path (store.h). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "report/store_state.h"

#define PATH_MAX_OCTETS ((size_t)64)
/* One page of a visit, which holds no transaction open while it is visited. */
#define PAGE_PASSES 1000
#define PAGE_MEMORY_MAX ((size_t)8 * 1024 * 1024)

static const char insert_pass[] =
    "INSERT INTO pass (author_domain, path, day, count)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT (author_domain, path, day)"
    " DO UPDATE SET count = pass.count + excluded.count";
static const char select_passes[] =
    "SELECT author_domain, path, max(day), CAST(sum(count) AS BIGINT)"
    " FROM pass WHERE (author_domain, path) > ($1, $2) AND day >= $3"
    " GROUP BY author_domain, path HAVING count(*) >= $4"
    " ORDER BY author_domain, path LIMIT $5";

/* ---- writing ------------------------------------------------------------- */

/* Bits beyond the prefix say nothing, and equal networks are to have equal
 * texts. */
static struct ip_address
mask_address(const struct ip_network *network)
{
	struct ip_address address = network->address;

	for (size_t i = 0; i < sizeof(address.octets); i++) {
		if (network->prefix_bits <= 8 * i)
			address.octets[i] = 0;
		else if (network->prefix_bits < 8 * (i + 1))
			address.octets[i] &= (unsigned char)(0xff <<
			    (8 * (i + 1) - network->prefix_bits));
	}
	return address;
}

static bool
write_path(struct arena *arena, const struct ip_network *path,
    struct slice *text_out)
{
	struct ip_address address = mask_address(path);
	struct strbuf out;

	strbuf_init(&out, arena, PATH_MAX_OCTETS);
	ip_append(&out, &address);
	strbuf_append_char(&out, '/');
	strbuf_append_uint(&out, path->prefix_bits);
	*text_out = strbuf_slice(&out);
	return !out.has_failed;
}

/* A pass and its path's text. */
struct written_pass {
	const struct store_pass *pass;
	struct slice path;
};

static int
compare_passes(const void *a, const void *b)
{
	const struct written_pass *pass_a = a, *pass_b = b;
	int order = store_compare_text(pass_a->pass->author_domain,
	    pass_b->pass->author_domain);

	if (order == 0)
		order = store_compare_text(pass_a->path, pass_b->path);
	return order != 0 ? order : (pass_a->pass->day > pass_b->pass->day) -
	    (pass_a->pass->day < pass_b->pass->day);
}

static enum store_status
write_sorted(struct store *store, const struct written_pass *passes, size_t n)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < n && status == STORE_OK; i++) {
		const struct sql_value values[] = {
			store_key(passes[i].pass->author_domain),
			sql_text(passes[i].path),
			sql_number(passes[i].pass->day),
			sql_number((int64_t)passes[i].pass->count),
		};

		status = sql_run(store->sql, insert_pass, values,
		    N_ELEMENTS(values), NULL);
	}
	return status;
}

enum store_status
store_write_passes(struct store *store, const struct store_batch *batch)
{
	size_t n = batch->n_passes;
	struct arena *arena = arena_create(n * (sizeof(struct written_pass) +
	    2 * PATH_MAX_OCTETS) + PAGE_MEMORY_MAX);
	enum store_status status;
	struct written_pass *passes = arena != NULL ?
	    arena_alloc_array(arena, n, sizeof(*passes)) : NULL;

	for (size_t i = 0; i < n && passes != NULL; i++) {
		passes[i].pass = &batch->passes[i];
		if (!write_path(arena, &batch->passes[i].path,
		    &passes[i].path))
			passes = NULL;
	}
	if (passes != NULL) {
		qsort(passes, n, sizeof(*passes), compare_passes);
		status = write_sorted(store, passes, n);
	} else {
		status = n == 0 ? STORE_OK : store_fail_memory(store);
	}
	arena_destroy(&arena);
	return status;
}

/* ---- reading ------------------------------------------------------------- */

struct passes_page {
	struct store_pass passes[PAGE_PASSES];
	struct slice last_domain, last_path;	/* the next is behind it */
	size_t n;
};

static bool
read_pass(struct sql *sql, struct arena *arena, struct passes_page *page)
{
	struct store_pass *pass = &page->passes[page->n];

	if (!arena_copy(arena, sql_get_octets(sql, 0), &page->last_domain) ||
	    !arena_copy(arena, sql_get_octets(sql, 1), &page->last_path))
		return false;
	pass->author_domain = page->last_domain;
	pass->day = (uint32_t)sql_get_number(sql, 2);
	pass->count = (uint64_t)sql_get_number(sql, 3);
	/* A path that cannot be read is nobody's. */
	if (ip_parse_network(page->last_path, &pass->path))
		page->n++;
	return true;
}

/* *IS_LAST_OUT: there is nothing behind it. */
static enum store_status
read_page(struct store *store, uint32_t since_day, unsigned min_days,
    struct arena *arena, struct passes_page *page, bool *is_last_out)
{
	const struct sql_value values[] = {
		sql_text(page->last_domain), sql_text(page->last_path),
		sql_number(since_day), sql_number(min_days),
		sql_number(PAGE_PASSES),
	};
	size_t n_read = 0;
	bool has_row;
	enum store_status status = store_connect(store);

	if (status != STORE_OK)
		return status;
	status = sql_start(store->sql, select_passes, values,
	    N_ELEMENTS(values));
	page->n = 0;
	while (status == STORE_OK) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		n_read++;
		if (!read_pass(store->sql, arena, page))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	*is_last_out = n_read < PAGE_PASSES;
	return status;
}

/* What the last page ended with outlives its arena by becoming the next one's.
 * False where VISIT wants no more. */
static bool
visit_page(const struct passes_page *page,
    bool (*visit)(void *context, const struct store_pass *pass),
    void *context)
{
	for (size_t i = 0; i < page->n; i++)
		if (!visit(context, &page->passes[i]))
			return false;
	return true;
}

enum store_status
store_visit_passes(struct store *store, uint32_t since_day, unsigned min_days,
    bool (*visit)(void *context, const struct store_pass *pass),
    void *context)
{
	struct arena *arenas[2] = {
		arena_create(PAGE_MEMORY_MAX), arena_create(PAGE_MEMORY_MAX),
	};
	struct passes_page *page = calloc(1, sizeof(*page));
	enum store_status status = STORE_OK;
	bool is_last = false;

	if (arenas[0] == NULL || arenas[1] == NULL || page == NULL)
		status = store_fail_memory(store);
	for (size_t i = 0; status == STORE_OK && !is_last; i ^= 1) {
		arena_reset(arenas[i]);
		status = read_page(store, since_day, min_days, arenas[i],
		    page, &is_last);
		if (status == STORE_OK && !visit_page(page, visit, context))
			break;
	}
	free(page);
	arena_destroy(&arenas[0]);
	arena_destroy(&arenas[1]);
	return status;
}
