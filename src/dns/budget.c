/* dns/budget.c - see budget.h. */
#include "dns/budget.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limit.h"
#include "dns/resolver.h"
#include "dns/throttle.h"

#define FIRST_CAPACITY 16

struct question {
	uint32_t hash;
	enum dns_type type;
	struct slice name;
};

struct budget {
	struct resolver base;
	struct arena *arena;
	struct resolver *inner;
	const struct budget_options *options;
	struct throttle *throttle;
	struct ip_address client;
	unsigned limits_hit;
	unsigned n_asked;
	struct question *questions;	/* those asked; may lack some where
					 * memory was out */
	size_t n_questions, capacity;
};

/* FNV-1a, to compare names seldom. */
static uint32_t
hash_name(struct slice name)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619U;
	return hash;
}

static bool
is_known(const struct budget *budget, uint32_t hash, struct slice name,
    enum dns_type type)
{
	for (size_t i = 0; i < budget->n_questions; i++) {
		const struct question *question = &budget->questions[i];

		if (question->hash == hash && question->type == type &&
		    slice_eq(question->name, name))
			return true;
	}
	return false;
}

static void
remember(struct budget *budget, uint32_t hash, struct slice name,
    enum dns_type type)
{
	size_t capacity = budget->capacity == 0 ? FIRST_CAPACITY :
	    2 * budget->capacity;
	struct question *questions;
	struct slice copy;

	if (budget->n_questions == budget->capacity) {
		questions = arena_grow_array(budget->arena,
		    budget->questions, budget->n_questions, capacity,
		    sizeof(*questions));
		if (questions == NULL)
			return;
		budget->questions = questions;
		budget->capacity = capacity;
	}
	if (!arena_copy(budget->arena, name, &copy))
		return;
	budget->questions[budget->n_questions++] =
	    (struct question){ hash, type, copy };
}

/* Count the question, if it is a new one.  False where MAX were counted. */
static bool
count_question(struct budget *budget, struct slice name, enum dns_type type,
    unsigned max)
{
	uint32_t hash = hash_name(name);

	if (is_known(budget, hash, name, type))
		return true;
	if (budget->n_asked >= max)
		return false;
	budget->n_asked++;
	remember(budget, hash, name, type);
	return true;
}

/* The most that may be counted for looking ahead. */
static unsigned
max_ahead(const struct budget *budget)
{
	return budget->options->max_questions / 2;
}

/* Whether others may be asked, if they have to be. */
static bool
may_go_out(struct budget *budget, struct slice name, enum dns_type type,
    bool is_prefetch)
{
	struct resolver *inner = budget->inner;

	return budget->throttle == NULL ||
	    (inner->ops->is_known != NULL &&
	    inner->ops->is_known(inner, name, type)) ||
	    throttle_take(budget->throttle, &budget->client, is_prefetch,
	    clock_monotonic_ms());
}

static const struct dns_answer *
refuse(struct budget *budget, enum limit limit, const char *why)
{
	budget->limits_hit |= limit_bit(limit);
	return dns_answer_create_failure(why);
}

/* Why the answer may not be used, or NULL. */
static const char *
weigh(struct budget *budget, const struct dns_answer *answer)
{
	size_t n_octets = 0;

	if (answer->why == dns_answer_no_place.why)
		budget->limits_hit |= limit_bit(LIMIT_DNS_IN_FLIGHT);
	if (answer->n_records > budget->options->max_answer_records) {
		budget->limits_hit |= limit_bit(LIMIT_ANSWER_RECORDS);
		return "too many records";
	}
	for (size_t i = 0; i < answer->n_records; i++)
		n_octets += answer->records[i].text.len;
	if (n_octets <= budget->options->max_answer_octets)
		return NULL;
	budget->limits_hit |= limit_bit(LIMIT_ANSWER_OCTETS);
	return "the answer is too large";
}

static const struct dns_answer *
ask(struct budget *budget, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	const struct dns_answer *answer = budget->inner->ops->query(
	    budget->inner, name, type, deadline_ms);
	const char *why = weigh(budget, answer);

	if (why == NULL)
		return answer;
	dns_answer_release(answer);
	return dns_answer_create_failure(why);
}

/* An answer counts that was at hand, but only within what a prefetch may
 * spend: somebody looks ahead. */
static const struct dns_answer *
look(struct budget *budget, struct slice name, enum dns_type type)
{
	const struct dns_answer *answer = ask(budget, name, type,
	    DNS_AT_HAND_MS);

	if (answer->status == DNS_TEMPFAIL ||
	    count_question(budget, name, type, max_ahead(budget)))
		return answer;
	dns_answer_release(answer);
	return &dns_answer_timeout;
}

/* A question that a message repeats may go out again, where its answer was one
 * that nobody may keep: it is free to the message, not to its network. */
static const struct dns_answer *
budget_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct budget *budget = (struct budget *)resolver;

	if (deadline_ms == DNS_AT_HAND_MS)
		return look(budget, name, type);
	if (!count_question(budget, name, type,
	    budget->options->max_questions))
		return refuse(budget, LIMIT_QUESTIONS,
		    "too many questions for one message");
	if (!may_go_out(budget, name, type, false))
		return refuse(budget, LIMIT_NETWORK_QUESTIONS,
		    "too many questions by the client's network");
	return ask(budget, name, type, deadline_ms);
}

static void
budget_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct budget *budget = (struct budget *)resolver;

	/* Once: an answer that nobody may keep would be asked for again and
	 * again. */
	if (!is_known(budget, hash_name(name), name, type) &&
	    count_question(budget, name, type, max_ahead(budget)) &&
	    may_go_out(budget, name, type, true))
		budget->inner->ops->prefetch(budget->inner, name, type);
}

/* It is the arena's, and the inner one somebody else's. */
static void
budget_destroy(struct resolver *resolver)
{
	(void)resolver;
}

struct resolver *
budget_create(struct arena *arena, struct resolver *inner,
    const struct budget_options *options, struct throttle *throttle,
    const struct ip_address *client)
{
	static const struct resolver_ops ops = {
		.query = budget_query,
		.prefetch = budget_prefetch,
		.destroy = budget_destroy,
	};
	struct budget *budget = arena_alloc(arena, sizeof(*budget));

	if (budget == NULL)
		return NULL;
	budget->base.ops = &ops;
	budget->arena = arena;
	budget->inner = inner;
	budget->options = options;
	budget->throttle = throttle;
	budget->client = *client;
	return &budget->base;
}

unsigned
budget_limits_hit(const struct resolver *budget)
{
	return ((const struct budget *)budget)->limits_hit;
}
