/* dkim/body.c - see body.h.
 *
 * The body is brought into each canonical form once, and from there goes to
 * each digest of that form up to its limit. */
#include "dkim/body.h"

#include "base/arena.h"
#include "dkim/hash.h"

#define N_FORMS 2	/* of enum canon_form */

struct body_digest {
	enum canon_form form;
	uint64_t limit;
	struct dkim_hash *hash;
	unsigned char octets[DKIM_BODY_DIGEST_OCTETS];
};

/* One canonical form on its way to its digests. */
struct body_form {
	struct dkim_body *body;
	struct canon_body canon;
	uint64_t n_octets;	/* of the canonical form so far */
};

struct dkim_body {
	struct arena *arena;
	struct body_form forms[N_FORMS];
	struct body_digest digests[DKIM_BODY_MAX_FORMS];
	size_t n_digests;
	bool has_begun;
};

struct dkim_body *
dkim_body_create(struct arena *arena)
{
	struct dkim_body *body = arena_alloc(arena, sizeof(*body));

	if (body == NULL)
		return NULL;
	body->arena = arena;
	for (size_t i = 0; i < N_FORMS; i++) {
		body->forms[i].body = body;
		canon_body_init(&body->forms[i].canon, (enum canon_form)i);
	}
	return body;
}

bool
dkim_body_add_form(struct dkim_body *body, enum canon_form form,
    uint64_t limit, size_t *form_out)
{
	struct body_digest *digest;

	*form_out = 0;
	for (size_t i = 0; i < body->n_digests; i++) {
		digest = &body->digests[i];
		if (digest->form == form && digest->limit == limit) {
			*form_out = i;
			return true;
		}
	}
	if (body->has_begun || body->n_digests == DKIM_BODY_MAX_FORMS)
		return false;
	digest = &body->digests[body->n_digests];
	*digest = (struct body_digest){ .form = form, .limit = limit };
	if ((digest->hash = dkim_hash_create(body->arena)) == NULL)
		return false;
	*form_out = body->n_digests++;
	return true;
}

static void
write_to_digests(void *context, struct slice run)
{
	struct body_form *form = context;
	struct dkim_body *body = form->body;

	for (size_t i = 0; i < body->n_digests; i++) {
		struct body_digest *digest = &body->digests[i];
		uint64_t n_left;

		if (digest->form != form->canon.form ||
		    digest->limit <= form->n_octets)
			continue;
		n_left = digest->limit - form->n_octets;
		dkim_hash_write(digest->hash, n_left < run.len ?
		    slice_head(run, (size_t)n_left) : run);
	}
	form->n_octets += run.len;
}

/* One octet past a limit is still of interest: it tells that the limit cuts
 * something off. */
static bool
digest_wants_more(const struct dkim_body *body,
    const struct body_digest *digest)
{
	return body->forms[digest->form].n_octets <= digest->limit;
}

static bool
form_wants_more(const struct dkim_body *body, enum canon_form form)
{
	for (size_t i = 0; i < body->n_digests; i++)
		if (body->digests[i].form == form &&
		    digest_wants_more(body, &body->digests[i]))
			return true;
	return false;
}

void
dkim_body_update(struct dkim_body *body, struct slice chunk)
{
	body->has_begun = true;
	for (size_t i = 0; i < N_FORMS; i++) {
		struct body_form *form = &body->forms[i];
		const struct canon_sink sink = { write_to_digests, form };

		if (form_wants_more(body, form->canon.form))
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
		const struct canon_sink sink = { write_to_digests, form };

		if (form_wants_more(body, form->canon.form))
			canon_body_finish(&form->canon, &sink);
	}
	for (size_t i = 0; i < body->n_digests; i++) {
		struct body_digest *digest = &body->digests[i];

		if (!dkim_hash_finish(digest->hash, digest->octets))
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
	return form_wants_more(body, CANON_SIMPLE) ||
	    form_wants_more(body, CANON_RELAXED);
}
