/* dns/question.c - see question.h. */
#include "dns/question.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/resolver.h"

struct question *
question_create(struct unbound *unbound, struct slice name, enum dns_type type,
    int64_t deadline_ms, bool is_prefetch,
    const pthread_condattr_t *attributes)
{
	char escaped[DNS_NAME_ESCAPED_MAX];
	struct dns_name parsed;
	struct question *q;
	size_t len;

	if (!dns_name_parse(name, &parsed))
		return NULL;
	len = dns_name_print(&parsed, escaped);
	if ((q = calloc(1, sizeof(*q) + name.len + len + 1)) == NULL)
		return NULL;
	if (pthread_cond_init(&q->answered, attributes) != 0) {
		free(q);
		return NULL;
	}
	atomic_init(&q->n_references, 1);
	q->unbound = unbound;
	memcpy(q->text, name.ptr, name.len);
	q->name = (struct slice){ q->text, name.len };
	memcpy(q->text + name.len, escaped, len);
	q->escaped = q->text + name.len;
	q->type = type;
	q->deadline_ms = deadline_ms;
	q->is_prefetch = is_prefetch;
	return q;
}

struct question *
question_retain(struct question *q)
{
	atomic_fetch_add_explicit(&q->n_references, 1, memory_order_relaxed);
	return q;
}

void
question_release(struct question *q)
{
	if (atomic_fetch_sub_explicit(&q->n_references, 1,
	    memory_order_acq_rel) != 1)
		return;
	dns_answer_release(q->answer);
	pthread_cond_destroy(&q->answered);
	free(q);
}
