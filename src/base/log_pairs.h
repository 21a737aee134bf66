/* base/log_pairs.h - a line of the log as keys and values, before it is written
 * as text or as JSON.
 *
 * Collecting copies and allocates nothing: keys are literals of ours, values
 * are borrowed until the line is written. */
#ifndef ASSAY_BASE_LOG_PAIRS_H
#define ASSAY_BASE_LOG_PAIRS_H

#include "base/strbuf.h"

#define LOG_PAIRS_MAX 128	/* what is beyond is left out */
#define LOG_PAIRS_SCRATCH 2048

enum log_pair_kind {
	LOG_PAIR_TEXT,
	LOG_PAIR_LIST,
	LOG_PAIR_NUMBER,
	LOG_PAIR_FLAG,
};

enum log_pair_place {
	LOG_PAIR_ALONE,
	LOG_PAIR_ITEM,		/* begins an element of the list KEY */
	LOG_PAIR_MEMBER,	/* of that element; "KEY_name" */
};

struct log_pair {
	const char *key;
	enum log_pair_kind kind;
	enum log_pair_place place;
	bool is_cut;		/* there was more of TEXT */
	struct slice text;
	uint64_t number;	/* or the flag */
};

struct log_pairs {
	struct log_pair pairs[LOG_PAIRS_MAX];
	size_t n;
	enum log_pair_place place;	/* of what is added next */
	struct strbuf scratch;	/* for values that are put together */
	char room[LOG_PAIRS_SCRATCH];
};

void log_pairs_init(struct log_pairs *pairs);

/* Text, of which at most MAX octets are shown; the second nothing where it is
 * empty, the third a word of ours. */
void log_pairs_add(struct log_pairs *pairs, const char *key,
    struct slice value, size_t max);
void log_pairs_add_known(struct log_pairs *pairs, const char *key,
    struct slice value, size_t max);
void log_pairs_add_word(struct log_pairs *pairs, const char *key,
    const char *word);

void log_pairs_add_number(struct log_pairs *pairs, const char *key,
    uint64_t number);

/* "yes" or "no"; true or false. */
void log_pairs_add_flag(struct log_pairs *pairs, const char *key, bool flag);

/* Put text together in what begin gives, and add it, all that was appended
 * since, by one of the two: as it is, or as names of ours with commas between,
 * which JSON has as a list. */
struct strbuf *log_pairs_begin_value(struct log_pairs *pairs);
void log_pairs_end_value(struct log_pairs *pairs, const char *key);
void log_pairs_end_list(struct log_pairs *pairs, const char *key);

/* A key that comes again, with what is said of it: "dkim=pass dkim_domain=..."
 * as text, "dkim":[{"result":"pass","domain":...}] in JSON.  What is added
 * before the end belongs to it, and its keys begin with KEY and "_". */
void log_pairs_begin_item(struct log_pairs *pairs, const char *key,
    const char *word);
void log_pairs_end_item(struct log_pairs *pairs);

/* The pair, or NULL. */
const struct log_pair *log_pairs_find(const struct log_pairs *pairs,
    const char *key);

/* "key=value key=value": what has a space, a quote, a backslash or anything not
 * printable in ASCII is quoted, with \" for a quote and \xHH for the rest.
 * Nothing of a value is shown beyond MAX octets. */
void log_pairs_append_text(struct strbuf *out, const struct log_pairs *pairs,
    size_t max);

/* ',"key":"value","key":2': each with a comma in front; strings as
 * log_json_append_string() writes them. */
void log_pairs_append_json(struct strbuf *out, const struct log_pairs *pairs,
    size_t max);

#endif
