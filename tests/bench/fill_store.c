/* fill_store: a store with as much in it as a large site's day.
 *
 *   fill_store [-m MESSAGES] [-d DOMAINS] [-r ROWS] [-t DAY] URL
 *
 * Writes MESSAGES (10000000) of DOMAINS (50000) policy domains, folded into
 * ROWS (2000000) different rows, to the store at URL, dated DAY (days since the
 * epoch; yesterday), in batches as the daemon's writer makes them but larger.
 * One domain in a hundred has half of the mail.  Prints the seconds. */
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "report/store.h"

#define DAY_S 86400
#define BATCH_ROWS 10000
#define BATCH_OCTETS ((size_t)64 * 1024 * 1024)
#define LARGE_SHARE 100		/* one domain in as many is a large one */
#define N_CLIENTS 200		/* of a domain, before rows differ otherwise */

struct load {
	uint64_t messages, domains, rows;
	uint32_t day;
};

_Noreturn static void
die(const char *what)
{
	fprintf(stderr, "fill_store: %s\n", what);
	exit(1);
}

static uint64_t
parse_number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value == 0)
		die("a number above 0 is wanted");
	return value;
}

static struct slice
print_name(struct arena *arena, const char *before, uint64_t number,
    const char *behind)
{
	struct strbuf name;

	strbuf_init(&name, arena, 256);
	strbuf_append_cstr(&name, before);
	strbuf_append_uint(&name, number);
	strbuf_append_cstr(&name, behind);
	if (name.has_failed)
		die("memory is out");
	return strbuf_slice(&name);
}

/* The first half of the rows are those of the large domains.  A domain's rows
 * come one after the other: that fills the store sooner, and reads the same. */
static uint64_t
domain_of_row(const struct load *load, uint64_t row)
{
	uint64_t n_large = load->domains / LARGE_SHARE + 1;
	uint64_t half = load->rows / 2;

	return row < half ? row * n_large / half :
	    (row - half) * load->domains / (load->rows - half);
}

static struct slice
print_configuration(struct arena *arena, uint64_t domain)
{
	return print_name(arena, "p=reject; sp=reject; adkim=r; aspf=r; t=n; "
	    "discovery=treewalk; rua=mailto:a@d", domain, ".example");
}

/* Rows of one domain differ in client, then in the envelope's domain. */
static void
make_fact(struct arena *arena, const struct load *load, uint64_t row,
    struct report_fact *fact)
{
	uint64_t domain = domain_of_row(load, row);
	bool is_pass = row % 5 != 0;

	fact->day = load->day;
	fact->policy_domain = print_name(arena, "d", domain, ".example");
	fact->configuration = print_configuration(arena, domain);
	fact->is_reportable = true;
	fact->author_domain = fact->policy_domain;
	fact->source = (struct ip_address){ .family = IP_V4,
	    .octets = { 198, 51, (uint8_t)(row % N_CLIENTS),
	    (uint8_t)(row / N_CLIENTS % 256) } };
	fact->envelope_from = is_pass ? fact->author_domain :
	    print_name(arena, "bulk", row / N_CLIENTS, ".example");
	fact->disposition = slice_from_cstr(is_pass ? "pass" : "reject");
	fact->is_dkim_aligned = is_pass;
	fact->is_spf_aligned = is_pass;
	fact->spf_domain = fact->envelope_from;
	fact->spf_result = slice_from_cstr(is_pass ? "pass" : "none");
	fact->signatures[0] = (struct report_signature){ fact->author_domain,
	    print_name(arena, row < load->rows / 2 ? "large" : "s",
		row / N_CLIENTS % 4096, ""),
	    slice_from_cstr(is_pass ? "pass" : "fail") };
	fact->n_signatures = 1;
	fact->dmarc_result = slice_from_cstr(is_pass ? "pass" : "fail");
	fact->arc_result = slice_from_cstr("none");
	fact->action = slice_from_cstr(is_pass ? "accept" : "reject");
	fact->wanted = fact->action;
}

static void
digest_fact(struct arena *arena, struct store_row *row)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct strbuf encoded;
	struct slice octets;

	strbuf_init(&encoded, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(row->fact, &encoded);
	octets = strbuf_slice(&encoded);
	SHA256((const unsigned char *)octets.ptr, octets.len, digest);
	memcpy(row->digest, digest, sizeof(row->digest));
}

/* Rows FROM and on, at most BATCH_ROWS; how many. */
static size_t
write_batch(struct store *store, const struct load *load, uint64_t from)
{
	uint64_t left = load->rows - from;
	size_t n = left < BATCH_ROWS ? (size_t)left : BATCH_ROWS;
	struct arena *arena = arena_create(BATCH_OCTETS);
	struct report_fact *facts = calloc(n, sizeof(*facts));
	struct store_row *rows = calloc(n, sizeof(*rows));
	struct store_batch batch = { .rows = rows, .n_rows = n };

	if (arena == NULL || facts == NULL || rows == NULL)
		die("memory is out");
	for (size_t i = 0; i < n; i++) {
		uint64_t number = from + i;

		make_fact(arena, load, number, &facts[i]);
		rows[i].fact = &facts[i];
		digest_fact(arena, &rows[i]);
		rows[i].count = load->messages / load->rows +
		    (number < load->messages % load->rows);
		rows[i].first_s = (int64_t)load->day * DAY_S;
		rows[i].last_s = rows[i].first_s + DAY_S - 1;
	}
	if (store_write(store, &batch) != STORE_OK)
		die(store_problem(store));
	free(rows);
	free(facts);
	arena_destroy(&arena);
	return n;
}

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
fill(const char *url, const struct load *load)
{
	struct arena *arena = arena_create(65536);
	struct strbuf problem;
	struct store *store;
	double start_s = now_s();

	if (arena == NULL)
		die("memory is out");
	strbuf_init(&problem, arena, 4096);
	if (store_open(url, &store, &problem) != STORE_OK) {
		fprintf(stderr, "fill_store: %.*s\n",
		    SLICE_PRINTF(strbuf_slice(&problem)));
		exit(1);
	}
	for (uint64_t row = 0; row < load->rows;)
		row += write_batch(store, load, row);
	store_close(&store);
	arena_destroy(&arena);
	printf("%.1f s\n", now_s() - start_s);
}

int
main(int argc, char **argv)
{
	struct load load = { 10000000, 50000, 2000000,
	    (uint32_t)(time(NULL) / DAY_S - 1) };
	int c;

	while ((c = getopt(argc, argv, "m:d:r:t:")) != -1) {
		switch (c) {
		case 'm':
			load.messages = parse_number(optarg);
			break;
		case 'd':
			load.domains = parse_number(optarg);
			break;
		case 'r':
			load.rows = parse_number(optarg);
			break;
		case 't':
			load.day = (uint32_t)parse_number(optarg);
			break;
		default:
			die("fill_store [-m N] [-d N] [-r N] [-t DAY] URL");
		}
	}
	if (optind + 1 != argc || load.rows > load.messages)
		die("fill_store [-m N] [-d N] [-r N] [-t DAY] URL");
	fill(argv[optind], &load);
	return 0;
}
