/* cli/policy_store.c - see policy_store.h. */
#include "cli/policy_store.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"

#define PROBLEM_MAX ((size_t)4096)

/* A store that was away is not tried again with every message. */
#define RETRY_MS 30000

#define PRUNE_MS (3600 * 1000)

struct policy_store {
	const char *url;	/* borrowed, the next too */
	struct log *log;
	pthread_mutex_t mutex;	/* guards what follows, across disk and
				 * network: only workers come here, and the
				 * start */
	struct store *store;	/* NULL: not open */
	int64_t retry_ms, prune_ms;
	struct log_limit limit;
};

struct policy_store *
policy_store_create(const char *url, struct log *log)
{
	struct policy_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->url = url;
	store->log = log;
	if (pthread_mutex_init(&store->mutex, NULL) != 0) {
		free(store);
		return NULL;
	}
	return store;
}

void
policy_store_destroy(struct policy_store **store)
{
	if (*store == NULL)
		return;
	store_close(&(*store)->store);
	pthread_mutex_destroy(&(*store)->mutex);
	free(*store);
	*store = NULL;
}

static void
tell(struct policy_store *store, const char *problem)
{
	store->retry_ms = clock_monotonic_ms() + RETRY_MS;
	log_write_limited(store->log, &store->limit, LOG_LEVEL_ERROR,
	    "store: %s; policies are remembered in memory only", problem);
}

static void
open_store(struct policy_store *store)
{
	struct arena *arena = arena_create(2 * PROBLEM_MAX);
	struct strbuf problem;

	if (arena == NULL)
		return;
	strbuf_init(&problem, arena, PROBLEM_MAX);
	if (store_open(store->url, &store->store, &problem) != STORE_OK)
		tell(store, strbuf_cstr(&problem) != NULL ?
		    strbuf_cstr(&problem) : "it cannot be opened");
	arena_destroy(&arena);
}

/* With the lock held; it must be given back either way. */
static bool
take(struct policy_store *store)
{
	pthread_mutex_lock(&store->mutex);
	if (clock_monotonic_ms() < store->retry_ms)
		return false;
	if (store->store == NULL)
		open_store(store);
	return store->store != NULL;
}

static bool
give_back(struct policy_store *store, enum store_status status)
{
	if (status != STORE_OK)
		tell(store, store_problem(store->store));
	pthread_mutex_unlock(&store->mutex);
	return status == STORE_OK;
}

bool
policy_store_get(struct policy_store *store, struct arena *arena,
    struct slice domain, int64_t now_s, struct store_mta_sts *item_out)
{
	bool is_there = false;

	*item_out = (struct store_mta_sts){ .fetched_s = 0 };
	if (!take(store)) {
		pthread_mutex_unlock(&store->mutex);
		return false;
	}
	return give_back(store, store_get_mta_sts(store->store, domain, now_s,
	    arena, item_out, &is_there)) && is_there;
}

static enum store_status
put(struct policy_store *store, const struct store_mta_sts *item)
{
	enum store_status status = store_put_mta_sts(store->store, item);
	int64_t now_ms = clock_monotonic_ms();

	if (status != STORE_OK || now_ms < store->prune_ms)
		return status;
	store->prune_ms = now_ms + PRUNE_MS;
	return store_prune_mta_sts(store->store, item->fetched_s);
}

void
policy_store_put(struct policy_store *store, const struct store_mta_sts *item)
{
	if (take(store))
		give_back(store, put(store, item));
	else
		pthread_mutex_unlock(&store->mutex);
}

size_t
policy_store_list(struct policy_store *store, struct arena *arena,
    struct slice after, int64_t now_s, size_t max,
    struct store_mta_sts **items_out)
{
	size_t n = 0;

	*items_out = NULL;
	if (!take(store)) {
		pthread_mutex_unlock(&store->mutex);
		return 0;
	}
	return give_back(store, store_list_mta_sts(store->store, after, now_s,
	    max, arena, items_out, &n)) ? n : 0;
}
