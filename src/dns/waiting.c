/* dns/waiting.c - see waiting.h. */
#include "dns/waiting.h"

#include "base/arena.h"
#include "dns/resolver.h"

struct waiting {
	struct resolver base;
	struct resolver *inner;
	void (*meanwhile)(void *context);
	void *context;
};

static const struct dns_answer *
waiting_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct waiting *waiting = (struct waiting *)resolver;
	struct resolver *inner = waiting->inner;
	const struct dns_answer *answer = inner->ops->query(inner, name, type,
	    DNS_AT_HAND_MS);

	if (answer->status != DNS_TEMPFAIL || deadline_ms == DNS_AT_HAND_MS)
		return answer;
	dns_answer_release(answer);
	inner->ops->prefetch(inner, name, type);
	waiting->meanwhile(waiting->context);
	return inner->ops->query(inner, name, type, deadline_ms);
}

static void
waiting_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct resolver *inner = ((struct waiting *)resolver)->inner;

	inner->ops->prefetch(inner, name, type);
}

/* It is the arena's, and the inner one somebody else's. */
static void
waiting_destroy(struct resolver *resolver)
{
	(void)resolver;
}

struct resolver *
waiting_create(struct arena *arena, struct resolver *inner,
    void (*meanwhile)(void *context), void *context)
{
	static const struct resolver_ops ops = {
		.query = waiting_query,
		.prefetch = waiting_prefetch,
		.destroy = waiting_destroy,
	};
	struct waiting *waiting = arena_alloc(arena, sizeof(*waiting));

	if (waiting == NULL)
		return NULL;
	*waiting = (struct waiting){ { &ops }, inner, meanwhile, context };
	return &waiting->base;
}
