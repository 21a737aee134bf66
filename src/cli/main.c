/* cli/main.c - assay, the postmaster's tool: see cli/command.h. */
#include <stdio.h>
#include <string.h>

#include "cli/check.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/doctor.h"
#include "cli/explain.h"
#include "cli/judge.h"
#include "cli/mta_sts.h"
#include "cli/report.h"
#include "cli/stats.h"
#include "cli/status.h"
#include "cli/test_send.h"
#include "cli/verify.h"
#include "daemon/version.h"

static int
run_version(const struct command *self, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return command_help(self);
	if (argc > 1)
		return command_misuse(self, NULL);
	printf("assay %s\n", version_text());
	return 0;
}

static const struct command commands[] = {
	{ "cache", "assay cache", "[-c FILE] [--socket SOCKET] [--json]",
	  "how the running assayd's memory of DNS does",
	  control_run_cache },
	{ "check", "assay check", "[--selector S]... [--connect] "
	  "[--as-sender IP] [--json] [--diff OLD.json] [--file FILE] "
	  "DOMAIN...", "what a receiver sees of a domain",
	  check_run_command },
	{ "doctor", "assay doctor", "[-c FILE] [--postfix DIRECTORY] "
	  "[--json]", "what breaks milters in practice, on this host",
	  doctor_run_command },
	{ "explain", "assay explain", "[--ip A] [--helo H] [--from M] "
	  "[--as KIND] [--json] [MESSAGE|TEXT...] | --log FILE ID",
	  "why a message, a reply or a result is what it is",
	  explain_run_command },
	{ "judge", "assay judge", "[-c FILE] [--socket SOCKET] "
	  "[--ip A|--local] [--helo H] [--from M] [--rcpt R]... "
	  "[--smtputf8] [--authenticated] [--listener L] [--queue-id I] "
	  "[--json] [FILE|MBOX|MAILDIR]...",
	  "hand messages to the running assayd", judge_run_command },
	{ "log-level", "assay log-level", "[-c FILE] [--socket SOCKET] "
	  "[--json] [error|warning|info|debug]",
	  "what the running assayd logs, until it reloads",
	  control_run_log_level },
	{ "mta-sts", "assay mta-sts", "COMMAND [ARGUMENT...]",
	  "how Postfix is to deliver: MTA-STS and DANE",
	  mta_sts_run_command },
	{ "reload", "assay reload", "[-c FILE] [--socket SOCKET] [--json]",
	  "have the running assayd read its configuration again",
	  control_run_reload },
	{ "report", "assay report", "COMMAND [ARGUMENT...]",
	  "aggregate reports: send them, read them", report_run_command },
	{ "shadow", "assay shadow", "[-c FILE] [--days N] [--from DAY] "
	  "[--to DAY] [--top N] [--json|--csv]",
	  "what rules in shadow would have done", shadow_run_command },
	{ "stats", "assay stats", "[-c FILE] [--by day|domain|source|action|"
	  "rule|result] [--days N] [--from DAY] [--to DAY] [--top N] "
	  "[--json|--csv]", "what came in, summed up", stats_run_command },
	{ "status", "assay status", "[-c FILE] [--socket SOCKET] [--json]",
	  "how the running assayd does", status_run_command },
	{ "test-send", "assay test-send", "[--server HOST[:PORT]] [--from M] "
	  "[--helo H] [--tls] [--message FILE] RECIPIENT...",
	  "an SMTP dialogue, step by step", test_send_run_command },
	{ "verify", "assay verify", "[-v] [--ip A] [--helo H] [--from M] "
	  "[--rcpt R] [--json] [FILE|MBOX|MAILDIR]...",
	  "what assayd would find of saved messages", verify_run_command },
	{ "version", "assay version", "", "which assay this is",
	  run_version },
	{ "zones", "assay zones", "[-c FILE] [--socket SOCKET] [--json]",
	  "which DNS zones the running assayd waits for longest",
	  control_run_zones },
};

int
main(int argc, char **argv)
{
	static const struct command assay = { "assay", "assay",
		"COMMAND [ARGUMENT...]", "the postmaster's tool", NULL };

	return command_dispatch(&assay, commands,
	    sizeof(commands) / sizeof(commands[0]), argc, argv);
}
