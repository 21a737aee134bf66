/* report/store_stats.c - see store_stats.h. */
#include "report/store_stats.h"

#include "report/store_state.h"

#define SUM_IF(condition) \
	"CAST(sum(CASE WHEN " condition " THEN count ELSE 0 END) AS BIGINT)"
#define SUMS "CAST(sum(count) AS BIGINT), " \
	SUM_IF("dmarc_result = 'pass'") ", " \
	SUM_IF("dmarc_result = 'fail'") ", " \
	SUM_IF("spf_result = 'pass'") ", " \
	SUM_IF("is_dkim_aligned = 1") ", " \
	SUM_IF("action = 'reject'") ", " \
	SUM_IF("action IN ('hold', 'redirect')") ", " \
	SUM_IF("action = 'tempfail'") \
	" FROM flow WHERE day >= $1 AND day <= $2 "

static const char *const totals[] = {
	[STORE_BY_DAY] = "SELECT day, " SUMS "GROUP BY day ORDER BY day",
	[STORE_BY_AUTHOR_DOMAIN] = "SELECT author_domain, " SUMS
	    "GROUP BY author_domain ORDER BY 2 DESC, 1",
	[STORE_BY_SOURCE] = "SELECT source, " SUMS
	    "GROUP BY source ORDER BY source",
	[STORE_BY_ACTION] = "SELECT action, " SUMS
	    "GROUP BY action ORDER BY 2 DESC, 1",
	[STORE_BY_RULE] = "SELECT rule, " SUMS
	    "AND rule <> '' GROUP BY rule ORDER BY 2 DESC, 1",
	[STORE_BY_RESULT] = "SELECT dmarc_result, " SUMS
	    "GROUP BY dmarc_result ORDER BY 2 DESC, 1",
};

#define FAILED_FIRST "HAVING " SUM_IF("dmarc_result = 'fail'") " > 0" \
	" ORDER BY 4 DESC, 1 LIMIT $3"

static const char failing_domains[] = "SELECT author_domain, " SUMS
    "GROUP BY author_domain " FAILED_FIRST;
static const char failing_sources[] = "SELECT source, " SUMS
    "GROUP BY source " FAILED_FIRST;

static const char shadows[] =
    "SELECT shadow_rule, shadow_wanted, author_domain, source, dmarc_result,"
    " evidence, action, CAST(sum(count) AS BIGINT), min(first_s), max(last_s)"
    " FROM flow WHERE day >= $1 AND day <= $2 AND shadow_rule <> ''"
    " GROUP BY shadow_rule, shadow_wanted, author_domain, source,"
    " dmarc_result, evidence, action ORDER BY 1, 8 DESC, 3, 4";

static uint64_t
get_count(struct sql *sql, unsigned column)
{
	int64_t count = sql_get_number(sql, column);

	return count > 0 ? (uint64_t)count : 0;
}

static void
read_total(struct sql *sql, enum store_dimension dimension,
    struct store_total *total)
{
	*total = (struct store_total){
		.n_messages = get_count(sql, 1),
		.n_passed = get_count(sql, 2),
		.n_failed = get_count(sql, 3),
		.n_spf_passed = get_count(sql, 4),
		.n_dkim_aligned = get_count(sql, 5),
		.n_rejected = get_count(sql, 6),
		.n_quarantined = get_count(sql, 7),
		.n_deferred = get_count(sql, 8),
	};
	if (dimension == STORE_BY_DAY)
		total->day = (uint32_t)sql_get_number(sql, 0);
	else
		total->key = sql_get_octets(sql, 0);
}

/* A row of the statement that runs; false where it is the last that is
 * wanted. */
struct visitor {
	bool (*take)(const struct visitor *visitor, struct sql *sql);
	enum store_dimension dimension;
	bool (*visit_total)(void *context, const struct store_total *total);
	bool (*visit_shadow)(void *context, const struct store_shadow *shadow);
	void *context;
};

static enum store_status
visit_rows(struct store *store, const char *text,
    const struct sql_value *values, size_t n, const struct visitor *visitor)
{
	enum store_status status = store_connect(store);
	bool has_row = true;

	if (status == STORE_OK)
		status = sql_start(store->sql, text, values, n);
	while (status == STORE_OK && has_row) {
		status = sql_step(store->sql, &has_row);
		if (status == STORE_OK && has_row &&
		    !visitor->take(visitor, store->sql))
			break;
	}
	sql_finish(store->sql);
	return status;
}

static bool
take_total(const struct visitor *visitor, struct sql *sql)
{
	struct store_total total;

	read_total(sql, visitor->dimension, &total);
	return visitor->visit_total(visitor->context, &total);
}

enum store_status
store_visit_totals(struct store *store, enum store_dimension dimension,
    uint32_t from, uint32_t to,
    bool (*visit)(void *context, const struct store_total *total),
    void *context)
{
	const struct sql_value values[] = { sql_number(from), sql_number(to) };

	return visit_rows(store, totals[dimension], values,
	    N_ELEMENTS(values), &(struct visitor){ .take = take_total,
		.dimension = dimension, .visit_total = visit,
		.context = context });
}

enum store_status
store_visit_failing(struct store *store, enum store_dimension dimension,
    uint32_t from, uint32_t to, unsigned max,
    bool (*visit)(void *context, const struct store_total *total),
    void *context)
{
	const struct sql_value values[] = { sql_number(from), sql_number(to),
		sql_number(max) };

	return visit_rows(store, dimension == STORE_BY_SOURCE ?
	    failing_sources : failing_domains, values, N_ELEMENTS(values),
	    &(struct visitor){ .take = take_total, .dimension = dimension,
		.visit_total = visit, .context = context });
}

static bool
take_shadow(const struct visitor *visitor, struct sql *sql)
{
	const struct store_shadow shadow = {
		.rule = sql_get_octets(sql, 0),
		.wanted = sql_get_octets(sql, 1),
		.author_domain = sql_get_octets(sql, 2),
		.source = sql_get_octets(sql, 3),
		.dmarc_result = sql_get_octets(sql, 4),
		.evidence = sql_get_octets(sql, 5),
		.action = sql_get_octets(sql, 6),
		.n_messages = get_count(sql, 7),
		.first_s = sql_get_number(sql, 8),
		.last_s = sql_get_number(sql, 9),
	};

	return visitor->visit_shadow(visitor->context, &shadow);
}

enum store_status
store_visit_shadows(struct store *store, uint32_t from, uint32_t to,
    bool (*visit)(void *context, const struct store_shadow *shadow),
    void *context)
{
	const struct sql_value values[] = { sql_number(from), sql_number(to) };

	return visit_rows(store, shadows, values, N_ELEMENTS(values),
	    &(struct visitor){ .take = take_shadow, .visit_shadow = visit,
	    .context = context });
}
