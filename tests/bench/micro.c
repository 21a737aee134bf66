/* micro: what single parts of assay cost, without MTA, name server or thread.
 *
 *   micro CORPUS [NAME...]
 *
 * CORPUS is a directory that corpus.py made.  Prints a line for each part whose
 * name begins with one of NAME (default: all). */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "dkim/body.h"
#include "dns/cache.h"
#include "dns/zone.h"
#include "inspect/inspect.h"
#include "mail/address.h"
#include "mail/canon.h"
#include "policy/field.h"
#include "policy/policy.h"

#define MEMORY ((size_t)32 * 1024 * 1024)
#define FILE_OCTETS ((size_t)2 * 1024 * 1024)
#define CHUNK ((size_t)65535)
#define SECONDS 0.3
#define MAX_FIELDS 100
#define HOSTILE_OCTETS ((size_t)15 * 1024)

struct message {
	struct slice names[MAX_FIELDS], values[MAX_FIELDS];
	size_t n_fields;
	struct slice body;
};

struct bench {
	struct arena *keep, *arena;	/* for good; for one round */
	struct resolver *dns;	/* a cache before the zone, as in assayd */
	struct message small, large, text;
	struct inspect_options inspect_options;
	struct policy_options policy_options;
	struct inspect *inspect;
	struct ip_address client;
	EVP_MD *md;
	EVP_MD_CTX *md_ctx;
	size_t n_written;
};

struct part {
	const char *name;
	void (*run)(struct bench *bench);
	size_t (*octets)(const struct bench *bench);	/* NULL: no rate */
};

_Noreturn static void
die(const char *what)
{
	fprintf(stderr, "micro: %s\n", what);
	exit(1);
}

static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- Input --------------------------------------------------------------- */

static struct slice
read_file(struct bench *bench, const char *directory, const char *name)
{
	struct strbuf path;
	FILE *file;
	char *text;
	size_t n;

	strbuf_init(&path, bench->keep, 4096);
	strbuf_printf(&path, "%s/%s", directory, name);
	file = fopen(strbuf_cstr(&path), "rb");
	text = arena_alloc(bench->keep, FILE_OCTETS);
	if (file == NULL || text == NULL)
		die(strbuf_cstr(&path));
	n = fread(text, 1, FILE_OCTETS, file);
	fclose(file);
	return (struct slice){ text, n };
}

/* Up to the CRLF that no white space follows. */
static size_t
find_field_end(struct slice text)
{
	for (size_t i = 0; i + 2 < text.len; i++)
		if (text.ptr[i] == '\r' && text.ptr[i + 2] != ' ' &&
		    text.ptr[i + 2] != '\t')
			return i;
	die("a header without end");
}

static void
parse_message(struct slice text, struct message *message)
{
	while (text.len > 1 && text.ptr[0] != '\r') {
		size_t end = find_field_end(text);
		size_t colon = slice_find(text, ':');

		if (message->n_fields == MAX_FIELDS || colon >= end)
			die("a field without colon, or too many");
		message->names[message->n_fields] = slice_head(text, colon);
		message->values[message->n_fields++] = slice_from(
		    slice_head(text, end), colon + 1);
		text = slice_from(text, end + 2);
	}
	message->body = slice_from(text, 2);
}

/* As many records as a check may read, each of the longest answer that is kept,
 * and none of them says anything of the client. */
static void
add_hostile(struct bench *bench, struct resolver *zone)
{
	for (unsigned i = 0; i <= 10; i++) {
		struct strbuf name, text;
		struct dns_record record;

		strbuf_init(&name, bench->keep, 256);
		strbuf_init(&text, bench->keep, HOSTILE_OCTETS);
		strbuf_printf(&name, "h%u.hostile.example", i);
		strbuf_append_cstr(&text, "v=spf1");
		while (text.len < HOSTILE_OCTETS - 64)
			strbuf_append_cstr(&text, " ip4:203.0.113.1");
		if (i < 10)
			strbuf_printf(&text, " include:h%u.hostile.example",
			    i + 1);
		strbuf_append_cstr(&text, " -all");
		record = (struct dns_record){ .text = strbuf_slice(&text) };
		if (text.has_failed || !zone_add_record(zone,
		    strbuf_slice(&name), DNS_TXT, &record, 300))
			die("no hostile records");
	}
}

static void
load(struct bench *bench, const char *corpus)
{
	const struct cache_options options = CACHE_OPTIONS_DEFAULT;
	struct strbuf path, problem;
	struct resolver *zone = zone_create();

	strbuf_init(&path, bench->keep, 4096);
	strbuf_init(&problem, bench->keep, 4096);
	strbuf_printf(&path, "%s/zone", corpus);
	if (zone == NULL || !zone_load_file(zone, strbuf_cstr(&path),
	    &problem))
		die("the zone cannot be read");
	add_hostile(bench, zone);
	if ((bench->dns = cache_create(zone, &options)) == NULL)
		die("no cache");
	parse_message(read_file(bench, corpus, "4k/000.eml"), &bench->small);
	parse_message(read_file(bench, corpus, "1m/000.eml"), &bench->large);
	parse_message(read_file(bench, corpus, "text/000.eml"), &bench->text);
}

/* ---- The parts ----------------------------------------------------------- */

static size_t
count_large(const struct bench *bench)
{
	return bench->large.body.len;
}

static size_t
count_small(const struct bench *bench)
{
	return bench->small.body.len;
}

static size_t
count_text(const struct bench *bench)
{
	return bench->text.body.len;
}

static void
hash_body(struct bench *bench, struct slice body)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_DigestInit_ex2(bench->md_ctx, bench->md, NULL) != 1 ||
	    EVP_DigestUpdate(bench->md_ctx, body.ptr, body.len) != 1 ||
	    EVP_DigestFinal_ex(bench->md_ctx, digest, NULL) != 1)
		die("libcrypto");
}

static void
run_sha256(struct bench *bench)
{
	hash_body(bench, bench->large.body);
}

static void
run_sha256_small(struct bench *bench)
{
	hash_body(bench, bench->small.body);
}

static void
count_run(void *context, struct slice run)
{
	struct bench *bench = context;

	bench->n_written += run.len;
}

static void
canonicalize(struct bench *bench, enum canon_form form, struct slice body)
{
	const struct canon_sink sink = { count_run, bench };
	struct canon_body canon;

	canon_body_init(&canon, form);
	for (; body.len != 0; body = slice_from(body, CHUNK))
		canon_body_write(&canon, slice_head(body, CHUNK), &sink);
	canon_body_finish(&canon, &sink);
}

static void
run_canon_simple(struct bench *bench)
{
	canonicalize(bench, CANON_SIMPLE, bench->large.body);
}

static void
run_canon_relaxed(struct bench *bench)
{
	canonicalize(bench, CANON_RELAXED, bench->large.body);
}

static void
digest_body(struct bench *bench, enum canon_form form, struct slice rest)
{
	struct dkim_body *body = dkim_body_create(bench->arena, NULL);
	size_t handle;

	if (body == NULL || !dkim_body_add_form(body, form,
	    DKIM_BODY_NO_LIMIT, &handle))
		die("no body");
	for (; rest.len != 0; rest = slice_from(rest, CHUNK))
		dkim_body_update(body, slice_head(rest, CHUNK));
	if (!dkim_body_finish(body))
		die("libcrypto");
}

static void
run_body_simple(struct bench *bench)
{
	digest_body(bench, CANON_SIMPLE, bench->large.body);
}

static void
run_body_relaxed(struct bench *bench)
{
	digest_body(bench, CANON_RELAXED, bench->large.body);
}

static void
run_canon_text(struct bench *bench)
{
	canonicalize(bench, CANON_RELAXED, bench->text.body);
}

static void
run_body_text(struct bench *bench)
{
	digest_body(bench, CANON_RELAXED, bench->text.body);
}

static void
evaluate_spf(struct bench *bench, struct slice mail_from,
    enum spf_result expected)
{
	static const struct spf_options options = SPF_OPTIONS_DEFAULT;
	const struct spf_request request = {
		.identity = SPF_IDENTITY_MAIL_FROM,
		.client = bench->client,
		.helo = SLICE("client.example.net"),
		.mail_from = mail_from,
		.deadline_ms = CLOCK_NEVER_MS,
	};
	struct spf_outcome outcome;

	spf_check(&request, &options, bench->dns, bench->arena, &outcome);
	if (outcome.result != expected)
		die("SPF has another result");
}

static void
run_spf(struct bench *bench)
{
	evaluate_spf(bench, SLICE("someone@d000.example"), SPF_PASS);
}

static void
run_spf_hostile(struct bench *bench)
{
	evaluate_spf(bench, SLICE("someone@h0.hostile.example"), SPF_FAIL);
}

static void
run_dns(struct bench *bench)
{
	if (dns_query(bench->dns, bench->arena, SLICE("_dmarc.d000.example"),
	    DNS_TXT, CLOCK_NEVER_MS)->status != DNS_NOERROR)
		die("no answer");
}

static void
run_from(struct bench *bench)
{
	struct mail_authors authors;

	if (mail_parse_authors(bench->arena, SLICE(
	    " \"Bench Mark\" (of a kind) <someone@d000.example>"), &authors) !=
	    MAIL_AUTHOR_OK)
		die("no author");
}

static void
run_header(struct bench *bench)
{
	static const struct mail_header_limits limits = { 1000, 256 * 1024 };
	struct mail_header header;

	mail_header_init(&header, bench->arena);
	for (size_t i = 0; i < bench->small.n_fields; i++)
		if (mail_header_add(&header, &limits, bench->small.names[i],
		    bench->small.values[i]) != MAIL_HEADER_OK)
			die("no header");
}

static const struct inspect_results *
inspect_message(struct bench *bench)
{
	const struct message *message = &bench->small;
	struct inspect *in = bench->inspect;
	const struct inspect_results *results;

	inspect_mail(in, SLICE("<someone@d000.example>"), false,
	    SLICE("mx.example.org"));
	for (size_t i = 0; i < message->n_fields; i++)
		inspect_add_field(in, message->names[i], message->values[i]);
	inspect_end_header(in);
	inspect_add_body(in, message->body);
	if (inspect_finish(in, &results) != INSPECT_OK ||
	    results->dmarc.result != DMARC_PASS || results->n_dkim != 1 ||
	    results->dkim[0].result != DKIM_RESULT_PASS)
		die("the message does not pass");
	return results;
}

static void
run_inspect(struct bench *bench)
{
	inspect_message(bench);
	inspect_abort(bench->inspect);
}

static void
run_inspect_and_field(struct bench *bench)
{
	const struct inspect_results *results = inspect_message(bench);
	struct policy_verdict verdict;
	struct slice field;

	policy_judge_message(&bench->policy_options, results,
	    inspect_arena(bench->inspect), &verdict);
	if (!policy_build_field(inspect_arena(bench->inspect),
	    SLICE("mx.example.org"), results, &verdict, &field))
		die("no field");
	inspect_abort(bench->inspect);
}

static const struct part parts[] = {
	{ "sha256 alone, 1 MB body", run_sha256, count_large },
	{ "sha256 alone, 4 KB message's body", run_sha256_small, count_small },
	{ "canon simple, 1 MB body", run_canon_simple, count_large },
	{ "canon relaxed, 1 MB body", run_canon_relaxed, count_large },
	{ "body simple with sha256, 1 MB", run_body_simple, count_large },
	{ "body relaxed with sha256, 1 MB", run_body_relaxed, count_large },
	{ "canon relaxed, 1 MB of text", run_canon_text, count_text },
	{ "body relaxed with sha256, 1 MB text", run_body_text, count_text },
	{ "header of a 4 KB message kept", run_header, NULL },
	{ "from field parsed", run_from, NULL },
	{ "dns answer out of the cache", run_dns, NULL },
	{ "spf evaluated, one include", run_spf, NULL },
	{ "spf evaluated, 11 records of 15 KB", run_spf_hostile, NULL },
	{ "inspect a 4 KB message", run_inspect, NULL },
	{ "inspect it, judge it, build the field", run_inspect_and_field,
	    NULL },
};

/* ---- Measuring ----------------------------------------------------------- */

static void
measure(struct bench *bench, const struct part *part)
{
	double start = cpu_s(), spent;
	unsigned long n = 0, batch = 1;

	do {
		for (unsigned long i = 0; i < batch; i++) {
			part->run(bench);
			arena_reset(bench->arena);
		}
		n += batch;
		batch = batch < 1000 ? batch * 2 : batch;
		spent = cpu_s() - start;
	} while (spent < SECONDS);
	printf("%-40s %11.2f us", part->name, spent * 1e6 / (double)n);
	if (part->octets != NULL)
		printf(" %8.0f MB/s", (double)part->octets(bench) *
		    (double)n / spent / 1e6);
	putchar('\n');
}

static bool
is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strncmp(name, argv[i], strlen(argv[i])) == 0)
			return true;
	return argc == 2;
}

int
main(int argc, char **argv)
{
	struct bench bench = {
		.inspect_options = INSPECT_OPTIONS_DEFAULT,
		.policy_options = POLICY_OPTIONS_DEFAULT,
		.client = { .family = IP_V4, .octets = { 192, 0, 2, 10 } },
	};

	if (argc < 2)
		die("usage: micro CORPUS [NAME...]");
	bench.keep = arena_create(MEMORY);
	bench.arena = arena_create(MEMORY);
	bench.md = EVP_MD_fetch(NULL, "SHA256", NULL);
	bench.md_ctx = EVP_MD_CTX_new();
	if (bench.keep == NULL || bench.arena == NULL || bench.md == NULL ||
	    bench.md_ctx == NULL)
		die("no memory");
	load(&bench, argv[1]);
	bench.inspect = inspect_create(&bench.inspect_options, bench.dns,
	    SLICE("mx.example.org"));
	if (bench.inspect == NULL)
		die("no memory");
	inspect_connect(bench.inspect, &bench.client);
	inspect_helo(bench.inspect, SLICE("client.example.net"));
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
		if (is_wanted(parts[i].name, argc, argv))
			measure(&bench, &parts[i]);
	inspect_destroy(&bench.inspect);
	dns_destroy_resolver(&bench.dns);
	EVP_MD_CTX_free(bench.md_ctx);
	EVP_MD_free(bench.md);
	arena_destroy(&bench.arena);
	arena_destroy(&bench.keep);
	return 0;
}
