/* base/log_journal.c - see log_journal.h. */
#include "base/log_journal.h"

#include <assert.h>
#include <syslog.h>

#include "base/journal.h"
#include "base/log_pairs.h"

/* The pairs that journalctl(1) finds a message by. */
static const struct {
	const char *key, *field;
} keys[] = {
	{ "id", "ASSAY_ID=" },
	{ "session", "ASSAY_SESSION=" },
	{ "queue", "ASSAY_QUEUE=" },
	{ "client", "ASSAY_CLIENT=" },
	{ "dmarc", "ASSAY_DMARC=" },
	{ "dmarc_domain", "ASSAY_DMARC_DOMAIN=" },
	{ "verdict", "ASSAY_VERDICT=" },
};

#define OWN_FIELDS 4	/* the message, and what every line has */
#define VALUE_MAX ((size_t)128)	/* shown, before it is escaped */
#define ROOM 4096

struct fields {
	struct slice fields[OWN_FIELDS + N_ELEMENTS(keys)];
	size_t n;
	struct strbuf text;
	char room[ROOM];
};

static_assert(OWN_FIELDS + N_ELEMENTS(keys) <= JOURNAL_MAX_FIELDS,
    "fields would be left out");

/* What was written behind START. */
static void
end_field(struct fields *fields, size_t start)
{
	fields->fields[fields->n++] = slice_from(strbuf_slice(&fields->text),
	    start);
}

static void
add(struct fields *fields, const char *name, struct slice value)
{
	size_t start = fields->text.len;

	strbuf_append_cstr(&fields->text, name);
	strbuf_append_escaped(&fields->text, value, VALUE_MAX);
	end_field(fields, start);
}

static void
add_number(struct fields *fields, const char *name, int number)
{
	size_t start = fields->text.len;

	strbuf_append_cstr(&fields->text, name);
	strbuf_append_uint(&fields->text, (uint64_t)number);
	end_field(fields, start);
}

static void
add_pairs(struct fields *fields, const struct log_pairs *pairs)
{
	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		const struct log_pair *pair = log_pairs_find(pairs,
		    keys[i].key);

		if (pair != NULL)
			add(fields, keys[i].field, pair->text);
	}
}

void
log_journal_write(const struct log_journal_line *line)
{
	struct fields fields;

	fields.n = 0;
	strbuf_init_fixed(&fields.text, fields.room, sizeof(fields.room));
	fields.fields[fields.n++] = line->message;
	add_number(&fields, "PRIORITY=", line->priority);
	add_number(&fields, "SYSLOG_FACILITY=", LOG_FAC(line->facility));
	add(&fields, "SYSLOG_IDENTIFIER=", line->ident);
	if (line->pairs != NULL)
		add_pairs(&fields, line->pairs);
	journal_send(fields.fields, fields.n);
}
