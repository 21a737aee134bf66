/* cli/feedback_json.c - see feedback_json.h.
 *
 * Control characters that JSON lets stand in strings (U+007F to U+009F) would
 * reach a terminal: all but ASCII is written as \uXXXX. */
#include "cli/feedback_json.h"

#include <jansson.h>

#include "base/utf8.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)

/* Writes and releases; NULL is what jansson gives where memory is out. */
static void
dump(struct feedback_json *json, json_t *value)
{
	if (value == NULL || json_dumpf(value, json->out, DUMP_FLAGS) != 0)
		json->has_failed = true;
	json_decref(value);
}

/* File names need not be UTF-8. */
static json_t *
make_text(struct slice text)
{
	return utf8_is_valid(text) ? json_stringn(text.len != 0 ? text.ptr :
	    "", text.len) : json_null();
}

static void
set(struct feedback_json *json, json_t *object, const char *name,
    json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		json->has_failed = true;
}

/* What is absent is left out. */
static void
set_text(struct feedback_json *json, json_t *object, const char *name,
    struct slice text)
{
	if (text.len != 0)
		set(json, object, name, make_text(text));
}

static void
set_number(struct feedback_json *json, json_t *object, const char *name,
    uint64_t number)
{
	set(json, object, name, json_integer((json_int_t)number));
}

void
feedback_json_begin(struct feedback_json *json, FILE *out, struct slice file)
{
	*json = (struct feedback_json){ .out = out };
	fputs("{\"file\":", out);
	dump(json, make_text(file));
}

static json_t *
make_errors(struct feedback_json *json, const struct feedback *feedback)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < feedback->n_errors; i++)
		if (json_array_append_new(errors,
		    make_text(feedback->errors[i])) != 0)
			json->has_failed = true;
	return errors;
}

static json_t *
make_metadata(struct feedback_json *json, const struct feedback *feedback)
{
	json_t *object = json_object(), *range = json_object();

	set_text(json, object, "org_name", feedback->org_name);
	set_text(json, object, "email", feedback->email);
	set_text(json, object, "extra_contact_info",
	    feedback->extra_contact_info);
	set_text(json, object, "report_id", feedback->report_id);
	set_number(json, range, "begin", feedback->begin_s);
	set_number(json, range, "end", feedback->end_s);
	set(json, object, "date_range", range);
	if (feedback->n_errors != 0)
		set(json, object, "errors", make_errors(json, feedback));
	set_text(json, object, "generator", feedback->generator);
	return object;
}

static json_t *
make_policy(struct feedback_json *json, const struct feedback *feedback)
{
	json_t *object = json_object();

	set_text(json, object, "domain", feedback->domain);
	set_text(json, object, "discovery_method",
	    feedback->discovery_method);
	set_text(json, object, "p", feedback->p);
	set_text(json, object, "sp", feedback->sp);
	set_text(json, object, "np", feedback->np);
	set_text(json, object, "adkim", feedback->adkim);
	set_text(json, object, "aspf", feedback->aspf);
	set_text(json, object, "pct", feedback->pct);
	set_text(json, object, "fo", feedback->fo);
	set_text(json, object, "testing", feedback->testing);
	return object;
}

static void
close_records(struct feedback_json *json)
{
	if (json->has_record)
		fputs("\n]", json->out);
	json->has_record = false;
}

void
feedback_json_head(void *context, const struct feedback *feedback)
{
	struct feedback_json *json = context;

	close_records(json);
	fprintf(json->out, ",\n\"format\":\"%s\",\n\"report_metadata\":",
	    feedback->is_rfc9990 ? "rfc9990" : "rfc7489");
	dump(json, make_metadata(json, feedback));
	fputs(",\n\"policy_published\":", json->out);
	dump(json, make_policy(json, feedback));
}

static json_t *
make_reasons(struct feedback_json *json, const struct feedback_record *record)
{
	json_t *array = json_array();

	for (size_t i = 0; i < record->n_reasons; i++) {
		json_t *object = json_object();

		set_text(json, object, "type", record->reasons[i].type);
		set_text(json, object, "comment", record->reasons[i].comment);
		if (json_array_append_new(array, object) != 0)
			json->has_failed = true;
	}
	return array;
}

static json_t *
make_dkim(struct feedback_json *json, const struct feedback_record *record)
{
	json_t *array = json_array();

	for (size_t i = 0; i < record->n_signatures; i++) {
		const struct feedback_dkim *dkim = &record->signatures[i];
		json_t *object = json_object();

		set_text(json, object, "domain", dkim->domain);
		set_text(json, object, "selector", dkim->selector);
		set_text(json, object, "result", dkim->result);
		set_text(json, object, "human_result", dkim->human_result);
		if (json_array_append_new(array, object) != 0)
			json->has_failed = true;
	}
	return array;
}

static json_t *
make_spf(struct feedback_json *json, const struct feedback_record *record)
{
	json_t *array = json_array();

	for (size_t i = 0; i < record->n_identities; i++) {
		const struct feedback_spf *spf = &record->identities[i];
		json_t *object = json_object();

		set_text(json, object, "domain", spf->domain);
		set_text(json, object, "scope", spf->scope);
		set_text(json, object, "result", spf->result);
		set_text(json, object, "human_result", spf->human_result);
		if (json_array_append_new(array, object) != 0)
			json->has_failed = true;
	}
	return array;
}

static json_t *
make_record(struct feedback_json *json, const struct feedback_record *record)
{
	json_t *object = json_object(), *results = json_object();

	set_text(json, object, "source_ip", record->source_ip);
	set_number(json, object, "count", record->count);
	set_text(json, object, "disposition", record->disposition);
	set_text(json, object, "dkim", record->dkim);
	set_text(json, object, "spf", record->spf);
	set(json, object, "reasons", make_reasons(json, record));
	set_text(json, object, "header_from", record->header_from);
	set_text(json, object, "envelope_from", record->envelope_from);
	set_text(json, object, "envelope_to", record->envelope_to);
	set(json, results, "dkim", make_dkim(json, record));
	set(json, results, "spf", make_spf(json, record));
	set(json, object, "auth_results", results);
	return object;
}

void
feedback_json_record(void *context, const struct feedback_record *record)
{
	struct feedback_json *json = context;

	fputs(json->has_record ? ",\n" : ",\n\"records\":[\n", json->out);
	json->has_record = true;
	json->n_records++;
	json->n_messages += record->count;
	if (feedback_has_passed(record))
		json->n_passed += record->count;
	dump(json, make_record(json, record));
}

bool
feedback_json_end(struct feedback_json *json, struct slice problem)
{
	json_t *totals = json_object();

	close_records(json);
	if (problem.len != 0) {
		fputs(",\n\"error\":", json->out);
		dump(json, make_text(problem));
	}
	if (json->n_records == 0)
		fputs(",\n\"records\":[]", json->out);
	set_number(json, totals, "records", json->n_records);
	set_number(json, totals, "messages", json->n_messages);
	set_number(json, totals, "passed", json->n_passed);
	fputs(",\n\"totals\":", json->out);
	dump(json, totals);
	putc('}', json->out);
	return !json->has_failed;
}
