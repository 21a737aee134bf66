/* dns/answer.c - see resolver.h. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dns/resolver.h"

/* Outlives what made it, as answers do. */
struct dns_account {
	atomic_uint n_references;
	atomic_size_t octets;
};

/* One block of malloc's; the records' text follows the records. */
struct block {
	atomic_uint n_references;
	struct dns_account *account;	/* counted; NULL: nobody's */
	_Atomic(struct dns_attachment *) attachments;	/* owned; the newest */
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

const struct dns_answer dns_answer_no_place = {
	.status = DNS_TEMPFAIL,
	.why = "too many questions at once",
};

const struct dns_answer dns_answer_impossible_name = {
	.status = DNS_NXDOMAIN,
};

static bool
is_static(const struct dns_answer *answer)
{
	return answer == &dns_answer_no_memory ||
	    answer == &dns_answer_timeout ||
	    answer == &dns_answer_no_place ||
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
	atomic_init(&block->attachments, NULL);
	block->account = NULL;
	copy_records(block, model);
	block->answer = *model;
	block->answer.records = model->n_records != 0 ? block->records : NULL;
	return &block->answer;
}

static const struct dns_answer *
create_failure(const char *why, uint32_t ttl_s)
{
	const struct dns_answer *answer = dns_answer_create(
	    &(struct dns_answer){ .status = DNS_TEMPFAIL, .why = why,
	    .ttl_s = ttl_s });

	return answer != NULL ? answer : &dns_answer_no_memory;
}

const struct dns_answer *
dns_answer_create_failure(const char *why)
{
	return create_failure(why, 0);
}

const struct dns_answer *
dns_answer_create_dns_failure(const char *why)
{
	return create_failure(why, DNS_FAILURE_TTL_S);
}

const struct dns_answer *
dns_answer_retain(const struct dns_answer *answer)
{
	if (!is_static(answer))
		atomic_fetch_add_explicit(&block_of(answer)->n_references, 1,
		    memory_order_relaxed);
	return answer;
}

static void
free_block(struct block *block)
{
	struct dns_attachment *attachment, *next;

	for (attachment = atomic_load_explicit(&block->attachments,
	    memory_order_acquire); attachment != NULL; attachment = next) {
		next = attachment->next;
		if (block->account != NULL)
			atomic_fetch_sub_explicit(&block->account->octets,
			    attachment->octets, memory_order_relaxed);
		attachment->destroy(attachment);
	}
	dns_account_release(block->account);
	free(block);
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
		free_block(block);
}

size_t
dns_answer_octets(const struct dns_answer *answer)
{
	return is_static(answer) ? 0 : block_size(answer);
}

/* ---- what is attached ---------------------------------------------------- */

static struct dns_attachment *
find_attachment(struct dns_attachment *attachment,
    void (*destroy)(struct dns_attachment *attachment))
{
	while (attachment != NULL && attachment->destroy != destroy)
		attachment = attachment->next;
	return attachment;
}

const struct dns_attachment *
dns_get_attachment(const struct dns_answer *answer,
    void (*destroy)(struct dns_attachment *attachment))
{
	return is_static(answer) ? NULL : find_attachment(
	    atomic_load_explicit(&block_of(answer)->attachments,
	    memory_order_acquire), destroy);
}

size_t
dns_answer_attached_octets(const struct dns_answer *answer)
{
	const struct dns_attachment *attachment = is_static(answer) ? NULL :
	    atomic_load_explicit(&block_of(answer)->attachments,
	    memory_order_acquire);
	size_t octets = 0;

	for (; attachment != NULL; attachment = attachment->next)
		octets += attachment->octets;
	return octets;
}

bool
dns_attach(const struct dns_answer *answer, struct dns_attachment *attachment)
{
	struct dns_attachment *newest;
	struct block *block;

	if (is_static(answer))
		return false;
	block = block_of(answer);
	newest = atomic_load_explicit(&block->attachments,
	    memory_order_acquire);
	do {
		if (find_attachment(newest, attachment->destroy) != NULL)
			return false;
		attachment->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(&block->attachments,
	    &newest, attachment, memory_order_acq_rel, memory_order_acquire));
	if (block->account != NULL)
		atomic_fetch_add_explicit(&block->account->octets,
		    attachment->octets, memory_order_relaxed);
	return true;
}

struct dns_account *
dns_account_create(void)
{
	struct dns_account *account = malloc(sizeof(*account));

	if (account == NULL)
		return NULL;
	atomic_init(&account->n_references, 1);
	atomic_init(&account->octets, 0);
	return account;
}

void
dns_account_release(struct dns_account *account)
{
	if (account != NULL && atomic_fetch_sub_explicit(
	    &account->n_references, 1, memory_order_acq_rel) == 1)
		free(account);
}

size_t
dns_account_octets(const struct dns_account *account)
{
	return atomic_load_explicit(&account->octets, memory_order_relaxed);
}

void
dns_answer_charge(const struct dns_answer *answer, struct dns_account *account)
{
	struct block *block;

	if (is_static(answer) || (block = block_of(answer))->account != NULL)
		return;
	atomic_fetch_add_explicit(&account->n_references, 1,
	    memory_order_relaxed);
	block->account = account;
}
