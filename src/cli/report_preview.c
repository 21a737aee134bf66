/* cli/report_preview.c - see report_preview.h. */
#include "cli/report_preview.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/report_tools.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "mail/domain.h"
#include "report/compose.h"
#include "report/configuration.h"
#include "report/day.h"
#include "report/destination.h"
#include "report/mail.h"
#include "report/rows.h"
#include "report/spool.h"

#define ARENA_CEILING ((size_t)16 * 1024 * 1024)
#define MAX_SUBJECTS 100	/* configurations of one domain and day */

struct preview {
	const char *config_path;
	bool is_mail, has_day;
	uint32_t day;
	struct slice domain;		/* normalized */
	uint64_t wanted;		/* which report, from 1 */
	struct report_tools tools;	/* owned */
	uint64_t n_reports;		/* seen so far */
};

/* ---- the command line ---------------------------------------------------- */

static const char *
take_option(void *context, int c)
{
	struct preview *p = context;

	switch (c) {
	case 'c':
		p->config_path = optarg;
		break;
	case 'm':
		p->is_mail = true;
		break;
	case 'd':
		p->has_day = true;
		return report_parse_day(slice_from_cstr(optarg), &p->day) ?
		    NULL : "--day wants YYYY-MM-DD";
	case 'p':
		return slice_parse_uint(slice_from_cstr(optarg), UINT32_MAX,
		    &p->wanted) && p->wanted != 0 ?
		    NULL : "--part wants a number from 1";
	}
	return NULL;
}

static int
read_arguments(const struct command *self, struct preview *p, int argc,
    char **argv, bool *wants_help)
{
	static const struct option options[] = {
		{ "day", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "mail", no_argument, NULL, 'm' },
		{ "part", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int status = command_parse_options(self, argc, argv, ":c:h", options,
	    take_option, p, wants_help);

	if (status != 0 || *wants_help)
		return status;
	if (argc - optind != 1)
		return command_misuse(self, argc == optind ?
		    "DOMAIN is missing" : "one DOMAIN at a time");
	if (!domain_normalize(p->tools.arena, slice_from_cstr(argv[optind]),
	    &p->domain))
		return command_misuse(self, "DOMAIN is none");
	return 0;
}

/* ---- one report ---------------------------------------------------------- */

static int
tell(const char *what)
{
	fprintf(stderr, "assay: %s\n", what);
	return EX_UNAVAILABLE;
}

static int
copy_to_stdout(FILE *file)
{
	char octets[16384];
	size_t n;

	rewind(file);
	while ((n = fread(octets, 1, sizeof(octets), file)) != 0)
		if (fwrite(octets, 1, n, stdout) != n)
			return EX_IOERR;
	return ferror(file) || fflush(stdout) != 0 ? EX_IOERR : 0;
}

/* The first address that would have it. */
static int
find_destination(struct preview *p, struct slice rua, struct slice *to_out)
{
	const struct report_tools *tools = &p->tools;
	struct report_destination_request request = {
		.policy_domain = p->domain,
		.uris = rua,
		.max = tools->config->report.max_destinations,
		.dmarc = &tools->config->inspect.dmarc,
		.resolver = tool_resolver_get(tools->resolver),
		.deadline_ms = clock_monotonic_ms() +
		    4 * (int64_t)tools->config->resolver.timeout_ms,
	};
	struct report_destination *destinations;
	size_t n;

	report_prefetch_destinations(&request, tools->arena);
	if (!report_find_destinations(&request, tools->arena, &destinations,
	    &n))
		return tell("memory is out");
	for (size_t i = 0; i < n; i++) {
		if (destinations[i].status == REPORT_DESTINATION_OK) {
			*to_out = destinations[i].address;
			return 0;
		}
		fputs("assay: ", stderr);
		terminal_print_escaped(stderr, destinations[i].address);
		fprintf(stderr, ": %s\n", report_destination_text(
		    destinations[i].status));
	}
	return tell("nobody is to have this report");
}

static int
print_mail(struct preview *p, const struct store_subject *subject,
    struct slice rua, struct slice id, const struct report_size *size,
    FILE *file)
{
	struct report_mail mail = {
		.from = p->tools.sender.from,
		.submitter = p->tools.sender.submitter,
		.policy_domain = subject->policy_domain,
		.report_id = id,
		.begin_s = report_begin_s(subject->day),
		.end_s = report_end_s(subject->day),
		.date_s = clock_wall_s(),
		.n_messages = size->n_messages,
	};
	int status = find_destination(p, rua, &mail.to);

	if (status != 0)
		return status;
	rewind(file);
	return report_write_mail(&mail, file, "\n", stdout) ? 0 : EX_IOERR;
}

/* The next part of ROWS into FILE. */
static int
compose(struct preview *p, const struct store_subject *subject,
    const struct report_configuration *configuration, struct slice id,
    struct report_rows *rows, FILE *file, struct report_size *size)
{
	enum store_status store_status;

	switch (report_compose(&p->tools.sender, subject, configuration, id,
	    rows, p->is_mail, file, size, &store_status)) {
	case REPORT_COMPOSE_OK:
		return 0;
	case REPORT_COMPOSE_STORE:
		return report_setup_tell_store(p->tools.store, store_status);
	case REPORT_COMPOSE_FAILED:
		break;
	}
	return tell("a temporary file cannot be written");
}

/* It is printed if it is the one that is wanted. */
static int
preview_part(struct preview *p, const struct store_subject *subject,
    const struct report_configuration *configuration, uint32_t number,
    struct report_rows *rows)
{
	char id[REPORT_ID_OCTETS];
	struct slice id_text = { id, sizeof(id) };
	struct report_size size;
	FILE *file = spool_create();
	int status;

	if (file == NULL)
		return tell(strerror(errno));
	if (report_make_id(&p->tools.sender, subject, number, id))
		status = compose(p, subject, configuration, id_text, rows,
		    file, &size);
	else
		status = tell("libcrypto has failed");
	if (status == 0 && ++p->n_reports == p->wanted)
		status = p->is_mail ? print_mail(p, subject,
		    configuration->rua, id_text, &size, file) :
		    copy_to_stdout(file);
	fclose(file);
	return status;
}

static int
preview_subject(struct preview *p, const struct store_subject *subject)
{
	struct report_configuration configuration;
	struct report_rows *rows;
	enum store_status store_status = STORE_OK;
	uint32_t number = 0;
	int status = 0;

	if (!report_parse_configuration(p->tools.arena, subject->configuration,
	    &configuration))
		return tell("the store has something unreadable for it");
	if ((rows = report_rows_open(p->tools.store, subject)) == NULL)
		return tell("memory is out");
	while (status == 0 && number < p->tools.config->report.max_reports &&
	    report_rows_peek(rows, &store_status) != NULL)
		status = preview_part(p, subject, &configuration, number++,
		    rows);
	report_rows_close(&rows);
	return status != 0 ? status :
	    report_setup_tell_store(p->tools.store, store_status);
}

/* ---- the domain's day ---------------------------------------------------- */

/* The domain's subjects of DAY: they stand behind a configuration that there
 * is not. */
static int
list_subjects(struct preview *p, uint32_t day,
    struct store_subject **subjects_out, size_t *n_out)
{
	const struct store_subject before = { .day = day,
		.policy_domain = p->domain, .configuration_id = -1 };
	struct store *store = p->tools.store;
	int status = report_setup_tell_store(store, store_list_subjects(store,
	    day, &before, MAX_SUBJECTS, p->tools.arena, subjects_out, n_out));
	size_t n = 0;

	while (status == 0 && n < *n_out && slice_eq(
	    (*subjects_out)[n].policy_domain, p->domain))
		n++;
	*n_out = status == 0 ? n : 0;
	return status;
}

/* The newest day that has any, unless one is asked for. */
static int
find_subjects(struct preview *p, struct store_subject **subjects_out,
    size_t *n_out)
{
	struct store *store = p->tools.store;
	uint32_t *days;
	size_t n_days;
	int status;

	*n_out = 0;
	if (p->has_day)
		return list_subjects(p, p->day, subjects_out, n_out);
	status = report_setup_tell_store(store, store_list_days(store, 0,
	    (uint32_t)(clock_wall_s() / CLOCK_DAY_S), p->tools.arena, &days,
	    &n_days));
	while (status == 0 && *n_out == 0 && n_days > 0)
		status = list_subjects(p, days[--n_days], subjects_out,
		    n_out);
	return status;
}

static int
preview(struct preview *p)
{
	struct store_subject *subjects;
	size_t n;
	int status = find_subjects(p, &subjects, &n);

	if (status != 0)
		return status;
	if (n == 0)
		return tell("nothing is to be reported of this domain: it had "
		    "no mail then, or its record has no rua");
	for (size_t i = 0; i < n && status == 0; i++)
		status = preview_subject(p, &subjects[i]);
	if (status == 0 && p->n_reports < p->wanted)
		return tell("there are not as many reports");
	if (status == 0 && p->n_reports > 1)
		fprintf(stderr, "assay: this is one of %" PRIu64 " reports: "
		    "see --part\n", p->n_reports);
	return status;
}

/* ---- the command --------------------------------------------------------- */

static int
prepare_and_preview(struct preview *p)
{
	int status = setup_load_config(p->config_path, &p->tools.config);

	if (status == 0)
		status = report_tools_open(&p->tools, false);
	if (status == 0 && p->is_mail)
		status = report_tools_open_resolver(&p->tools);
	return status == 0 ? preview(p) : status;
}

int
report_preview_run(const struct command *self, int argc, char **argv)
{
	struct preview p = {
		.config_path = SETUP_DEFAULT_CONFIG,
		.wanted = 1,
	};
	bool wants_help = false;
	int status = report_tools_init(&p.tools, ARENA_CEILING);

	if (status == 0)
		status = read_arguments(self, &p, argc, argv, &wants_help);
	if (wants_help)
		status = command_help(self);
	else if (status == 0)
		status = prepare_and_preview(&p);
	report_tools_close(&p.tools);
	return status;
}
