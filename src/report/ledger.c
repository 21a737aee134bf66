/* report/ledger.c - see ledger.h. */
#include "report/ledger.h"

#include <time.h>

#define MAX_TRIES 10
#define PAUSE_NS 500000000

static bool
should_try_again(enum store_status status, unsigned *n_tries)
{
	static const struct timespec pause = { 0, PAUSE_NS };

	if (status != STORE_BUSY || ++*n_tries >= MAX_TRIES)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

enum store_status
report_ledger_get(struct store *store, const struct store_delivery_key *key,
    enum store_delivery *delivery_out)
{
	enum store_status status;
	unsigned n_tries = 0;

	do
		status = store_get_delivery(store, key, delivery_out);
	while (should_try_again(status, &n_tries));
	return status;
}

enum store_status
report_ledger_set(struct store *store, const struct store_delivery_key *key,
    enum store_delivery delivery, int64_t now_s, struct slice note)
{
	enum store_status status;
	unsigned n_tries = 0;

	do
		status = store_set_delivery(store, key, delivery, now_s,
		    note);
	while (should_try_again(status, &n_tries));
	return status;
}

enum store_status
report_ledger_claim(struct store *store, const struct store_delivery_key *key,
    int64_t now_s, enum store_delivery *before_out)
{
	enum store_status status;
	unsigned n_tries = 0;

	do
		status = store_claim_delivery(store, key, now_s, before_out);
	while (should_try_again(status, &n_tries));
	return status;
}

struct store_delivery_key
report_ledger_end_of(const struct store_subject *subject, struct slice id)
{
	return (struct store_delivery_key){
		.day = subject->day,
		.policy_domain = subject->policy_domain,
		.report_id = id,
		.destination = SLICE_EMPTY,
	};
}
