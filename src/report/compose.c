/* report/compose.c - see compose.h. */
#include "report/compose.h"

#include <openssl/evp.h>

#include "base/clock.h"
#include "report/configuration.h"
#include "report/options.h"
#include "report/rows.h"
#include "report/xml.h"

#define ID_VERSION 1	/* of what is hashed */

int64_t
report_begin_s(uint32_t day)
{
	return (int64_t)day * CLOCK_DAY_S;
}

int64_t
report_end_s(uint32_t day)
{
	return report_begin_s(day) + CLOCK_DAY_S - 1;
}

/* ---- the id -------------------------------------------------------------- */

/* With its length in front, so that no two lists of values are the same
 * octets. */
static bool
hash_text(EVP_MD_CTX *md, struct slice text)
{
	uint64_t len = text.len;

	return EVP_DigestUpdate(md, &len, sizeof(len)) == 1 &&
	    (text.len == 0 || EVP_DigestUpdate(md, text.ptr, text.len) == 1);
}

static bool
hash_number(EVP_MD_CTX *md, uint32_t number)
{
	return EVP_DigestUpdate(md, &number, sizeof(number)) == 1;
}

/* The submitter only where the operator has named it: hosts that share a store
 * have names of their own, and the one report all the same. */
static bool
hash_subject(EVP_MD_CTX *md, const struct report_sender *sender,
    const struct store_subject *subject, uint32_t part)
{
	return EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    hash_number(md, ID_VERSION) && hash_text(md, sender->from) &&
	    hash_text(md, slice_from_cstr(sender->options->submitter)) &&
	    hash_text(md, subject->policy_domain) &&
	    hash_text(md, subject->configuration) &&
	    hash_number(md, subject->day) && hash_number(md, part);
}

bool
report_make_id(const struct report_sender *sender,
    const struct store_subject *subject, uint32_t part,
    char id_out[REPORT_ID_OCTETS])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool is_good = md != NULL && hash_subject(md, sender, subject, part) &&
	    EVP_DigestFinal_ex(md, digest, NULL) == 1;

	EVP_MD_CTX_free(md);
	if (!is_good)
		return false;
	for (size_t i = 0; i < REPORT_ID_OCTETS / 2; i++) {
		id_out[2 * i] = digits[digest[i] >> 4];
		id_out[2 * i + 1] = digits[digest[i] & 15];
	}
	return true;
}

/* ---- the file ------------------------------------------------------------ */

static struct report_xml *
open_xml(const struct report_sender *sender,
    const struct store_subject *subject,
    const struct report_configuration *configuration, struct slice id,
    bool is_compressed, FILE *out)
{
	const struct report_options *options = sender->options;
	struct report_metadata metadata = {
		.org_name = options->organization != NULL ?
		    slice_from_cstr(options->organization) :
		    sender->from_domain,
		.email = sender->from,
		.contact = slice_from_cstr(options->contact),
		.report_id = id,
		.generator = sender->generator,
		.begin_s = report_begin_s(subject->day),
		.end_s = report_end_s(subject->day),
		.policy_domain = subject->policy_domain,
		.configuration = configuration,
	};

	return report_xml_open(out, is_compressed, &metadata);
}

enum report_compose_status
report_compose(const struct report_sender *sender,
    const struct store_subject *subject,
    const struct report_configuration *configuration, struct slice id,
    struct report_rows *rows, bool is_compressed, FILE *out,
    struct report_size *size_out, enum store_status *store_out)
{
	const struct report_options *options = sender->options;
	const struct store_row *row;
	struct report_xml *xml = open_xml(sender, subject, configuration, id,
	    is_compressed, out);
	long end;

	*size_out = (struct report_size){ 0, 0, 0 };
	*store_out = STORE_OK;
	if (xml == NULL)
		return REPORT_COMPOSE_FAILED;
	while ((row = report_rows_peek(rows, store_out)) != NULL) {
		if (size_out->n_rows != 0 &&
		    (size_out->n_rows >= options->max_rows ||
		    report_xml_is_full(xml, options->max_octets)))
			break;
		report_xml_add(xml, row->fact, row->count);
		size_out->n_rows++;
		size_out->n_messages += row->count;
		report_rows_skip(rows);
	}
	if (!report_xml_close(&xml) || (end = ftell(out)) < 0)
		return REPORT_COMPOSE_FAILED;
	size_out->octets = (uint64_t)end;
	return *store_out == STORE_OK ? REPORT_COMPOSE_OK :
	    REPORT_COMPOSE_STORE;
}
