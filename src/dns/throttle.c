/* dns/throttle.c - see throttle.h. */
#include "dns/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define N_SETS 1024		/* a power of two */
#define N_WAYS 4		/* networks with the same hash */

/* Octets of an address that name its network. */
#define V4_OCTETS 3
#define V6_OCTETS 6

struct bucket {
	uint64_t network;	/* 0: free */
	uint64_t tokens;	/* thousandths */
	int64_t filled_ms;	/* when they were so many */
};

struct throttle {
	struct throttle_options options;
	uint64_t seed;		/* so that nobody can choose who shares a set */
	pthread_mutex_t lock;
	struct bucket buckets[N_SETS][N_WAYS];
};

struct throttle *
throttle_create(const struct throttle_options *options)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	if (throttle == NULL)
		return NULL;
	throttle->options = *options;
	/* Without randomness it works as well, for all but the malicious. */
	if (getrandom(&throttle->seed, sizeof(throttle->seed),
	    GRND_NONBLOCK) != sizeof(throttle->seed))
		throttle->seed = (uintptr_t)throttle;
	if (pthread_mutex_init(&throttle->lock, NULL) != 0) {
		free(throttle);
		return NULL;
	}
	return throttle;
}

void
throttle_destroy(struct throttle **throttle)
{
	if (*throttle == NULL)
		return;
	pthread_mutex_destroy(&(*throttle)->lock);
	free(*throttle);
	*throttle = NULL;
}

/* Never 0: the family is part of it. */
static uint64_t
name_network(const struct ip_address *client)
{
	uint64_t network = client->family == IP_V4 ? 1 : 2;
	size_t n = client->family == IP_V4 ? V4_OCTETS : V6_OCTETS;

	for (size_t i = 0; i < n; i++)
		network = network << 8 | client->octets[i];
	return network;
}

/* Multiplication carries each bit upwards, the shift brings them back. */
static size_t
choose_set(const struct throttle *throttle, uint64_t network)
{
	uint64_t h = (network ^ throttle->seed) * 0x9e3779b97f4a7c15U;

	h = (h ^ h >> 32 ^ throttle->seed >> 7) * 0xd6e8feb86659fd93U;
	return (size_t)(h >> 40) & (N_SETS - 1);
}

static void
fill(const struct throttle *throttle, struct bucket *bucket, int64_t now_ms)
{
	uint64_t full = (uint64_t)throttle->options.burst * 1000;
	uint64_t elapsed_ms = now_ms > bucket->filled_ms ?
	    (uint64_t)(now_ms - bucket->filled_ms) : 0;
	uint64_t room = full - bucket->tokens;

	/* Thousandths in a millisecond are units in a second. */
	if (elapsed_ms > room / throttle->options.per_second)
		bucket->tokens = full;
	else
		bucket->tokens += elapsed_ms * throttle->options.per_second;
	bucket->filled_ms = now_ms;
}

/* The network's bucket, filled up to now. */
static struct bucket *
find_bucket(struct throttle *throttle, uint64_t network, int64_t now_ms)
{
	struct bucket *set = throttle->buckets[choose_set(throttle, network)];
	struct bucket *fullest = &set[0];

	for (size_t i = 0; i < N_WAYS; i++) {
		if (set[i].network == 0) {
			fullest = &set[i];
			break;
		}
		fill(throttle, &set[i], now_ms);
		if (set[i].network == network)
			return &set[i];
		if (set[i].tokens > fullest->tokens)
			fullest = &set[i];
	}
	*fullest = (struct bucket){ .network = network, .filled_ms = now_ms,
		.tokens = (uint64_t)throttle->options.burst * 1000 };
	return fullest;
}

bool
throttle_take(struct throttle *throttle, const struct ip_address *client,
    bool is_prefetch, int64_t now_ms)
{
	uint64_t reserve = 1000;
	struct bucket *bucket;
	bool may;

	if (throttle->options.per_second == 0 || client->family == IP_NONE)
		return true;
	if (is_prefetch)
		reserve += (uint64_t)throttle->options.burst * 500;
	pthread_mutex_lock(&throttle->lock);
	bucket = find_bucket(throttle, name_network(client), now_ms);
	may = bucket->tokens >= reserve;
	if (may)
		bucket->tokens -= 1000;
	pthread_mutex_unlock(&throttle->lock);
	return may;
}
