/* cli/recording.c - see recording.h. */
#include "cli/recording.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "control/results.h"
#include "dns/resolver.h"

#define VERSION 1
#define MAX_TEXT ((size_t)1024 * 1024)	/* of one answer, as JSON */
#define MAX_RECORDS ((size_t)8192)	/* 65,535 octets hold fewer */

struct recording {
	int64_t time_s;
	pthread_mutex_t mutex;		/* guards answers */
	json_t *answers;		/* owned */
	bool has_failed;		/* memory: it is not complete */
};

static const struct {
	enum dns_status status;
	const char *name;
} statuses[] = {
	{ DNS_NOERROR, "NOERROR" },
	{ DNS_NODATA, "NODATA" },
	{ DNS_NXDOMAIN, "NXDOMAIN" },
	{ DNS_TEMPFAIL, "TEMPFAIL" },
};

/* What dns.h wants to be static text. */
static const char *const reasons[] = {
	"timeout", "SERVFAIL", "bogus", "malformed", "no memory",
};

/* ---- octets as characters ------------------------------------------------ */

static void
append_latin(struct strbuf *text, struct slice octets)
{
	for (size_t i = 0; i < octets.len; i++) {
		unsigned char c = (unsigned char)octets.ptr[i];

		if (c >= 0x80) {
			strbuf_append_char(text, (char)(0xc0 | c >> 6));
			c = (unsigned char)(0x80 | (c & 0x3f));
		}
		strbuf_append_char(text, (char)c);
	}
}

static json_t *
make_latin(struct arena *arena, struct slice octets)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	append_latin(&text, octets);
	if (text.has_failed)
		return NULL;
	return json_stringn(text.ptr != NULL ? text.ptr : "", text.len);
}

/* Only what append_latin writes: two octets at most for each. */
static bool
read_latin(struct arena *arena, const json_t *value, struct slice *octets_out)
{
	struct slice text;
	struct strbuf octets;

	if (!json_is_string(value))
		return false;
	text = results_get_text(value);
	strbuf_init(&octets, arena, MAX_TEXT);
	for (size_t i = 0; i < text.len; i++) {
		unsigned c = (unsigned char)text.ptr[i];

		if (c >= 0x80) {
			if ((c & 0xfc) != 0xc0 || ++i == text.len)
				return false;
			c = (c & 3) << 6 | ((unsigned char)text.ptr[i] & 0x3f);
		}
		strbuf_append_char(&octets, (char)c);
	}
	*octets_out = strbuf_slice(&octets);
	return !octets.has_failed;
}

static void
append_key(struct strbuf *key, struct slice name, enum dns_type type)
{
	strbuf_append_cstr(key, dns_type_name(type));
	strbuf_append_char(key, ' ');
	append_latin(key, name);
}

/* ---- answers as JSON ----------------------------------------------------- */

static bool
has_address(enum dns_type type)
{
	return type == DNS_A || type == DNS_AAAA;
}

static json_t *
make_record(struct arena *arena, enum dns_type type,
    const struct dns_record *record)
{
	json_t *text;

	if (has_address(type))
		return make_latin(arena, (struct slice){
		    (const char *)record->address, type == DNS_A ? 4 : 16 });
	text = make_latin(arena, record->text);
	if (type != DNS_MX || text == NULL)
		return text;
	return json_pack("[i, o]", (int)record->preference, text);
}

static json_t *
make_answer(struct arena *arena, enum dns_type type,
    const struct dns_answer *answer)
{
	json_t *records = json_array();

	for (size_t i = 0; i < answer->n_records; i++)
		if (json_array_append_new(records, make_record(arena, type,
		    &answer->records[i])) != 0) {
			json_decref(records);
			return NULL;
		}
	return json_pack("{s:s, s:I, s:b, s:b, s:s*, s:o}",
	    "status", dns_status_name(answer->status),
	    "ttl", (json_int_t)answer->ttl_s,
	    "secure", (int)answer->secure, "alias", (int)answer->is_alias,
	    "why", answer->why, "records", records);
}

static bool
read_record(struct arena *arena, enum dns_type type, const json_t *value,
    struct dns_record *record)
{
	struct slice octets;
	json_int_t preference = 0;

	if (type == DNS_MX) {
		preference = json_integer_value(json_array_get(value, 0));
		value = json_array_get(value, 1);
		if (preference < 0 || preference > UINT16_MAX)
			return false;
	}
	if (!read_latin(arena, value, &octets))
		return false;
	*record = (struct dns_record){ .preference = (uint16_t)preference };
	if (!has_address(type)) {
		record->text = octets;
		return true;
	}
	if (octets.len != (type == DNS_A ? 4u : 16u))
		return false;
	memcpy(record->address, octets.ptr, octets.len);
	return true;
}

static const char *
find_reason(const char *why)
{
	for (size_t i = 0; i < N_ELEMENTS(reasons); i++)
		if (why != NULL && strcmp(why, reasons[i]) == 0)
			return reasons[i];
	return "it failed when it was recorded";
}

static bool
read_status(const json_t *value, enum dns_status *status_out)
{
	const char *name = json_string_value(json_object_get(value, "status"));

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++)
		if (name != NULL && strcmp(name, statuses[i].name) == 0) {
			*status_out = statuses[i].status;
			return true;
		}
	return false;
}

/* *MODEL lives in ARENA. */
static bool
read_answer(struct arena *arena, enum dns_type type, const json_t *value,
    struct dns_answer *model)
{
	const json_t *list = json_object_get(value, "records");
	json_int_t ttl_s = json_integer_value(json_object_get(value, "ttl"));
	struct dns_record *records;

	*model = (struct dns_answer){ .n_records = json_array_size(list) };
	if (!read_status(value, &model->status) || ttl_s < 0 ||
	    ttl_s > UINT32_MAX || model->n_records > MAX_RECORDS ||
	    (model->n_records != 0) != (model->status == DNS_NOERROR))
		return false;
	model->ttl_s = (uint32_t)ttl_s;
	model->secure = json_is_true(json_object_get(value, "secure"));
	model->is_alias = json_is_true(json_object_get(value, "alias"));
	if (model->status == DNS_TEMPFAIL)
		model->why = find_reason(json_string_value(
		    json_object_get(value, "why")));
	records = arena_alloc_array(arena, model->n_records + 1,
	    sizeof(*records));
	if (records == NULL)
		return false;
	for (size_t i = 0; i < model->n_records; i++)
		if (!read_record(arena, type, json_array_get(list, i),
		    &records[i]))
			return false;
	model->records = records;
	return true;
}

/* ---- the recording ------------------------------------------------------- */

struct recording *
recording_create(int64_t time_s)
{
	struct recording *recording = calloc(1, sizeof(*recording));

	if (recording == NULL)
		return NULL;
	recording->time_s = time_s;
	recording->answers = json_object();
	if (recording->answers == NULL ||
	    pthread_mutex_init(&recording->mutex, NULL) != 0) {
		json_decref(recording->answers);
		free(recording);
		return NULL;
	}
	return recording;
}

void
recording_destroy(struct recording **recording)
{
	if (*recording == NULL)
		return;
	json_decref((*recording)->answers);
	pthread_mutex_destroy(&(*recording)->mutex);
	free(*recording);
	*recording = NULL;
}

int64_t
recording_time_s(const struct recording *recording)
{
	return recording->time_s;
}

static bool
is_small(const char *path, struct strbuf *problem)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		strbuf_printf(problem, "%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(status.st_mode) ||
	    status.st_size > (off_t)RECORDING_MAX_OCTETS) {
		strbuf_printf(problem, "%s: no recording is that large, and "
		    "each is a file", path);
		return false;
	}
	return true;
}

struct recording *
recording_load(const char *path, struct strbuf *problem)
{
	struct recording *recording = NULL;
	json_error_t error;
	json_t *root, *answers;

	if (!is_small(path, problem))
		return NULL;
	root = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
	    &error);
	if (root == NULL) {
		strbuf_printf(problem, "%s:%d: ", path, error.line);
		strbuf_append_escaped(problem, slice_from_cstr(error.text),
		    sizeof(error.text));
		return NULL;
	}
	answers = json_object_get(root, "answers");
	if (json_integer_value(json_object_get(root, "version")) != VERSION ||
	    !json_is_object(answers))
		strbuf_printf(problem, "%s:1: this is no recording of version "
		    "%d: \"version\" and \"answers\" are missing", path,
		    VERSION);
	else
		recording = recording_create(json_integer_value(
		    json_object_get(root, "time")));
	if (recording != NULL) {
		json_decref(recording->answers);
		recording->answers = json_incref(answers);
	}
	json_decref(root);
	return recording;
}

static bool
write_file(json_t *root, const char *path, struct strbuf *problem)
{
	struct strbuf temporary;
	const char *name;

	strbuf_init(&temporary, problem->arena, MAX_TEXT);
	strbuf_printf(&temporary, "%s.new", path);
	name = strbuf_cstr(&temporary);
	if (name == NULL)
		return false;
	if (json_dump_file(root, name, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 &&
	    rename(name, path) == 0)
		return true;
	strbuf_printf(problem, "%s: %s", path, strerror(errno));
	if (remove(name) != 0 && errno != ENOENT)
		strbuf_printf(problem, "; %s is left behind", name);
	return false;
}

bool
recording_save(struct recording *recording, const char *path,
    struct strbuf *problem)
{
	json_t *root;
	bool is_written;

	if (recording->has_failed) {
		strbuf_printf(problem, "%s: there was no memory for all "
		    "answers", path);
		return false;
	}
	root = json_pack("{s:i, s:I, s:O}", "version", VERSION, "time",
	    (json_int_t)recording->time_s, "answers", recording->answers);
	if (root == NULL) {
		strbuf_printf(problem, "%s: memory is out", path);
		return false;
	}
	is_written = write_file(root, path, problem);
	json_decref(root);
	return is_written;
}

/* ---- the resolvers ------------------------------------------------------- */

struct recorder {
	struct resolver resolver;
	struct recording *recording;	/* borrowed, both */
	struct resolver *inner;		/* NULL: what was recorded */
};

static bool
is_recorded(struct recording *recording, struct slice key)
{
	bool is_there;

	pthread_mutex_lock(&recording->mutex);
	is_there = json_object_getn(recording->answers, key.ptr, key.len) !=
	    NULL;
	pthread_mutex_unlock(&recording->mutex);
	return is_there;
}

static void
keep(struct recording *recording, struct slice key, json_t *value)
{
	pthread_mutex_lock(&recording->mutex);
	if (json_object_getn(recording->answers, key.ptr, key.len) != NULL)
		json_decref(value);	/* another thread was first */
	else if (value == NULL || json_object_setn_new_nocheck(
	    recording->answers, key.ptr, key.len, value) != 0)
		recording->has_failed = true;
	pthread_mutex_unlock(&recording->mutex);
}

static const struct dns_answer *
record_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct recorder *recorder = (struct recorder *)resolver;
	const struct dns_answer *answer = recorder->inner->ops->query(
	    recorder->inner, name, type, deadline_ms);
	struct arena *arena = arena_create(4 * MAX_TEXT);
	struct strbuf key;

	/* Not at hand is no answer: it will be asked for again. */
	if (deadline_ms == DNS_AT_HAND_MS && answer->status == DNS_TEMPFAIL) {
		arena_destroy(&arena);
		return answer;
	}
	if (arena == NULL) {
		keep(recorder->recording, SLICE(""), NULL);
		return answer;
	}
	strbuf_init(&key, arena, MAX_TEXT);
	append_key(&key, name, type);
	if (!is_recorded(recorder->recording, strbuf_slice(&key)))
		keep(recorder->recording, strbuf_slice(&key),
		    make_answer(arena, type, answer));
	arena_destroy(&arena);
	return answer;
}

static void
record_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct recorder *recorder = (struct recorder *)resolver;

	recorder->inner->ops->prefetch(recorder->inner, name, type);
}

static const struct dns_answer *
find_answer(struct recording *recording, struct arena *arena,
    struct slice name, enum dns_type type)
{
	struct dns_answer model;
	const struct dns_answer *answer;
	const json_t *value;
	struct strbuf key;

	strbuf_init(&key, arena, MAX_TEXT);
	append_key(&key, name, type);
	if (key.has_failed)
		return &dns_answer_no_memory;
	value = json_object_getn(recording->answers, key.ptr, key.len);
	if (value == NULL)
		return dns_answer_create_failure("not recorded");
	if (!read_answer(arena, type, value, &model))
		return dns_answer_create_failure("the recording is damaged");
	answer = dns_answer_create(&model);
	return answer != NULL ? answer : &dns_answer_no_memory;
}

static const struct dns_answer *
replay_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct recorder *recorder = (struct recorder *)resolver;
	struct arena *arena = arena_create(4 * MAX_TEXT);
	const struct dns_answer *answer;

	(void)deadline_ms;	/* all is at hand */
	if (arena == NULL)
		return &dns_answer_no_memory;
	answer = find_answer(recorder->recording, arena, name, type);
	arena_destroy(&arena);
	return answer;
}

static void
replay_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	(void)resolver;		/* all is at hand */
	(void)name;
	(void)type;
}

static void
destroy_recorder(struct resolver *resolver)
{
	free(resolver);
}

static struct resolver *
create_recorder(struct recording *recording, struct resolver *inner,
    const struct resolver_ops *ops)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (recorder == NULL)
		return NULL;
	recorder->resolver.ops = ops;
	recorder->recording = recording;
	recorder->inner = inner;
	return &recorder->resolver;
}

struct resolver *
recording_record(struct recording *recording, struct resolver *inner)
{
	static const struct resolver_ops ops = {
		.query = record_query,
		.prefetch = record_prefetch,
		.destroy = destroy_recorder,
	};

	return create_recorder(recording, inner, &ops);
}

struct resolver *
recording_replay(struct recording *recording)
{
	static const struct resolver_ops ops = {
		.query = replay_query,
		.prefetch = replay_prefetch,
		.destroy = destroy_recorder,
	};

	return create_recorder(recording, NULL, &ops);
}
