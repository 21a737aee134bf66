/* dkim/body.c - see body.h.
 *
 * The body is brought into each canonical form once and hashed once in it: the
 * digest up to a limit is taken from the running hash as it is passed.  So what
 * many limits cost does not grow with the body. */
#include "dkim/body.h"

#include "base/arena.h"
#include "dkim/hash.h"

#define N_FORMS 2	/* of enum canon_form */

struct body_digest {
	enum canon_form form;
	uint64_t limit;
	struct body_digest *next;	/* of the same form, ascending limits */
	unsigned char octets[DKIM_BODY_DIGEST_OCTETS];
};

/* One canonical form on its way through its hash. */
struct body_form {
	struct canon_body canon;
	struct dkim_hash *hash;	/* NULL: nobody asks for this form */
	struct body_digest *open;	/* the first below its limit */
	uint64_t highest_limit;
	uint64_t n_octets;	/* of the canonical form so far */
	bool has_failed;
};

struct dkim_body {
	struct arena *arena;
	const struct dkim_sha256 *sha256;	/* borrowed; may be NULL */
	struct body_form forms[N_FORMS];
	struct dkim_hash *hash;	/* made ahead, for the first form */
	struct body_digest digests[DKIM_BODY_MAX_FORMS];
	size_t n_digests;
	bool has_begun;
};

struct dkim_body *
dkim_body_create(struct arena *arena, const struct dkim_sha256 *sha256)
{
	struct dkim_body *body = arena_alloc(arena, sizeof(*body));

	if (body == NULL)
		return NULL;
	body->arena = arena;
	body->sha256 = sha256;
	for (size_t i = 0; i < N_FORMS; i++)
		canon_body_init(&body->forms[i].canon, (enum canon_form)i);
	return body;
}

static void
insert_digest(struct body_form *form, struct body_digest *digest)
{
	struct body_digest **place = &form->open;

	while (*place != NULL && (*place)->limit < digest->limit)
		place = &(*place)->next;
	digest->next = *place;
	*place = digest;
	if (form->highest_limit < digest->limit)
		form->highest_limit = digest->limit;
}

static struct dkim_hash *
take_hash(struct dkim_body *body)
{
	struct dkim_hash *hash = body->hash;

	body->hash = NULL;
	return hash != NULL ? hash :
	    dkim_hash_create(body->arena, body->sha256);
}

struct dkim_hash *
dkim_body_borrow_hash(struct dkim_body *body)
{
	for (size_t i = 0; i < N_FORMS; i++)
		if (body->forms[i].hash != NULL)
			return body->forms[i].hash;
	if (body->hash == NULL)
		body->hash = dkim_hash_create(body->arena, body->sha256);
	return body->hash;
}

bool
dkim_body_add_form(struct dkim_body *body, enum canon_form canon,
    uint64_t limit, size_t *form_out)
{
	struct body_form *form = &body->forms[canon];
	struct body_digest *digest;

	*form_out = 0;
	for (size_t i = 0; i < body->n_digests; i++) {
		digest = &body->digests[i];
		if (digest->form == canon && digest->limit == limit) {
			*form_out = i;
			return true;
		}
	}
	if (body->has_begun || body->n_digests == DKIM_BODY_MAX_FORMS)
		return false;
	if (form->hash == NULL && (form->hash = take_hash(body)) == NULL)
		return false;
	digest = &body->digests[body->n_digests];
	*digest = (struct body_digest){ .form = canon, .limit = limit };
	insert_digest(form, digest);
	*form_out = body->n_digests++;
	return true;
}

/* The first open digest is of all that was hashed so far; nothing is hashed
 * behind the last one. */
static void
take_digest(struct body_form *form)
{
	struct body_digest *digest = form->open;

	form->open = digest->next;
	if (!(form->open != NULL ?
	    dkim_hash_peek(form->hash, digest->octets) :
	    dkim_hash_finish(form->hash, digest->octets)))
		form->has_failed = true;
}

/* A canon_sink's: the next RUN of the canonical form.  Behind the last limit it
 * is only counted. */
static void
hash_run(void *context, struct slice run)
{
	struct body_form *form = context;

	while (form->open != NULL &&
	    form->open->limit - form->n_octets <= run.len) {
		size_t n = (size_t)(form->open->limit - form->n_octets);

		dkim_hash_write(form->hash, slice_head(run, n));
		form->n_octets += n;
		run = slice_from(run, n);
		take_digest(form);
	}
	if (form->open != NULL)
		dkim_hash_write(form->hash, run);
	form->n_octets += run.len;
}

/* One octet past a limit is still of interest: it tells that the limit cuts
 * something off. */
static bool
form_wants_more(const struct body_form *form)
{
	return form->hash != NULL && form->n_octets <= form->highest_limit;
}

void
dkim_body_update(struct dkim_body *body, struct slice chunk)
{
	body->has_begun = true;
	for (size_t i = 0; i < N_FORMS; i++) {
		struct body_form *form = &body->forms[i];
		const struct canon_sink sink = { hash_run, form };

		if (form_wants_more(form))
			canon_body_write(&form->canon, chunk, &sink);
	}
}

bool
dkim_body_finish(struct dkim_body *body)
{
	bool ok = true;

	body->has_begun = true;
	for (size_t i = 0; i < N_FORMS; i++) {
		struct body_form *form = &body->forms[i];
		const struct canon_sink sink = { hash_run, form };

		if (form_wants_more(form))
			canon_body_finish(&form->canon, &sink);
		while (form->open != NULL)
			take_digest(form);
		if (form->has_failed)
			ok = false;
	}
	return ok;
}

struct slice
dkim_body_digest(const struct dkim_body *body, size_t form)
{
	return (struct slice){ (const char *)body->digests[form].octets,
		DKIM_BODY_DIGEST_OCTETS };
}

uint64_t
dkim_body_octets(const struct dkim_body *body, size_t form)
{
	return body->forms[body->digests[form].form].n_octets;
}

bool
dkim_body_wants_more(const struct dkim_body *body)
{
	for (size_t i = 0; i < N_FORMS; i++)
		if (form_wants_more(&body->forms[i]))
			return true;
	return false;
}
