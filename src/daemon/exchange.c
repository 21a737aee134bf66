/* daemon/exchange.c - see exchange.h. */
#include "daemon/exchange.h"

void
exchange_begin(struct exchange *exchange, uint64_t fingerprint,
    int64_t now_ms)
{
	exchange->stage = EXCHANGE_PREPARING;
	exchange->fingerprint = fingerprint;
	exchange->deadline_ms = now_ms + EXCHANGE_PREPARE_MS;
	exchange->n_tries++;
}

static bool
have_all_said(const struct exchange_member *members, unsigned n,
    enum reload_answer answer)
{
	for (unsigned i = 0; i < n; i++)
		if (members[i].is_alive && members[i].answer != answer)
			return false;
	return true;
}

static bool
is_one_unable(const struct exchange_member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (members[i].is_alive && members[i].answer == RELOAD_UNABLE)
			return true;
	return false;
}

static bool
are_all_same(const struct exchange *exchange,
    const struct exchange_member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (members[i].is_alive &&
		    members[i].fingerprint != exchange->fingerprint)
			return false;
	return true;
}

static enum exchange_action
end(struct exchange *exchange, enum exchange_action action)
{
	exchange->stage = EXCHANGE_IDLE;
	if (action != EXCHANGE_AGAIN)
		exchange->n_tries = 0;
	return action;
}

static enum exchange_action
step_preparing(struct exchange *exchange,
    const struct exchange_member *members, unsigned n, int64_t now_ms)
{
	if (is_one_unable(members, n))
		return end(exchange, EXCHANGE_UNABLE);
	if (!have_all_said(members, n, RELOAD_PREPARED))
		return now_ms < exchange->deadline_ms ? EXCHANGE_WAIT :
		    end(exchange, EXCHANGE_LATE);
	if (!are_all_same(exchange, members, n))
		return end(exchange, exchange->n_tries < EXCHANGE_TRIES ?
		    EXCHANGE_AGAIN : EXCHANGE_DIFFERENT);
	exchange->stage = EXCHANGE_COMMITTING;
	exchange->deadline_ms = now_ms + EXCHANGE_COMMIT_MS;
	return EXCHANGE_COMMIT;
}

static enum exchange_action
step_committing(struct exchange *exchange,
    const struct exchange_member *members, unsigned n, int64_t now_ms)
{
	if (have_all_said(members, n, RELOAD_SWITCHED))
		return end(exchange, EXCHANGE_DONE);
	return now_ms < exchange->deadline_ms ? EXCHANGE_WAIT :
	    end(exchange, EXCHANGE_DONE_LATE);
}

enum exchange_action
exchange_step(struct exchange *exchange,
    const struct exchange_member *members, unsigned n, int64_t now_ms)
{
	switch (exchange->stage) {
	case EXCHANGE_IDLE:
		return EXCHANGE_WAIT;
	case EXCHANGE_PREPARING:
		return step_preparing(exchange, members, n, now_ms);
	case EXCHANGE_COMMITTING:
		return step_committing(exchange, members, n, now_ms);
	}
	return EXCHANGE_WAIT;
}
