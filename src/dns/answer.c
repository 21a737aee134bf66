/* dns/answer.c - see resolver.h. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dns/resolver.h"

/* One block of malloc's; the records' text follows the records. */
struct block {
	atomic_uint n_references;
	struct dns_answer answer;
	struct dns_record records[];
};

const struct dns_answer dns_answer_no_memory = {
	.status = DNS_TEMPFAIL,
	.why = "no memory",
};

const struct dns_answer dns_answer_timeout = {
	.status = DNS_TEMPFAIL,
	.why = "timeout",
};

const struct dns_answer dns_answer_impossible_name = {
	.status = DNS_NXDOMAIN,
};

static bool
is_static(const struct dns_answer *answer)
{
	return answer == &dns_answer_no_memory ||
	    answer == &dns_answer_timeout ||
	    answer == &dns_answer_impossible_name;
}

/* Whoever holds the answer sees it const; its block was never so. */
static struct block *
block_of(const struct dns_answer *answer)
{
	return (struct block *)((uintptr_t)answer -
	    offsetof(struct block, answer));
}

static size_t
block_size(const struct dns_answer *model)
{
	size_t size = sizeof(struct block);

	if (model->n_records > (SIZE_MAX - size) / sizeof(struct dns_record))
		return 0;
	size += model->n_records * sizeof(struct dns_record);
	for (size_t i = 0; i < model->n_records; i++) {
		if (model->records[i].text.len > SIZE_MAX - size)
			return 0;
		size += model->records[i].text.len;
	}
	return size;
}

static void
copy_records(struct block *block, const struct dns_answer *model)
{
	char *text = (char *)(block->records + model->n_records);

	for (size_t i = 0; i < model->n_records; i++) {
		struct slice from = model->records[i].text;

		block->records[i] = model->records[i];
		block->records[i].text = SLICE_EMPTY;
		if (from.len == 0)
			continue;
		memcpy(text, from.ptr, from.len);
		block->records[i].text = (struct slice){ text, from.len };
		text += from.len;
	}
}

const struct dns_answer *
dns_answer_create(const struct dns_answer *model)
{
	size_t size = block_size(model);
	struct block *block = size != 0 ? malloc(size) : NULL;

	if (block == NULL)
		return NULL;
	atomic_init(&block->n_references, 1);
	copy_records(block, model);
	block->answer = *model;
	block->answer.records = model->n_records != 0 ? block->records : NULL;
	return &block->answer;
}

const struct dns_answer *
dns_answer_create_failure(const char *why)
{
	const struct dns_answer *answer = dns_answer_create(
	    &(struct dns_answer){ .status = DNS_TEMPFAIL, .why = why });

	return answer != NULL ? answer : &dns_answer_no_memory;
}

const struct dns_answer *
dns_answer_retain(const struct dns_answer *answer)
{
	if (!is_static(answer))
		atomic_fetch_add_explicit(&block_of(answer)->n_references, 1,
		    memory_order_relaxed);
	return answer;
}

/* The last one out must see all that the others read done: hence acq_rel. */
void
dns_answer_release(const struct dns_answer *answer)
{
	struct block *block;

	if (answer == NULL || is_static(answer))
		return;
	block = block_of(answer);
	if (atomic_fetch_sub_explicit(&block->n_references, 1,
	    memory_order_acq_rel) == 1)
		free(block);
}
