/* cli/check.h - assay check: what a receiver sees of a domain.
 *
 * Each check_ function looks at one matter and adds findings.  A finding has an
 * id that stays the same between versions, for programs. */
#ifndef ASSAY_CLI_CHECK_H
#define ASSAY_CLI_CHECK_H

#include "base/ip.h"
#include "base/slice.h"

struct arena;
struct command;
struct config;
struct resolver;

enum check_severity {		/* the exit status, as monitoring has it */
	CHECK_GOOD = 0,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,		/* DNS or network failed: nothing is known */
	CHECK_NOTE,		/* neither good nor bad */
};

struct check_finding {
	enum check_severity severity;
	const char *matter;	/* "mx", "spf"... */
	const char *id;		/* "spf-too-many-lookups" */
	struct slice text;	/* printable ASCII */
	const char *advice;	/* static, or NULL */
	struct check_finding *next;
};

#define CHECK_MAX_SELECTORS 64

/* One domain's. */
struct check {
	struct arena *arena;		/* borrowed, the next three too */
	struct resolver *resolver;
	const struct config *config;
	const struct slice *selectors;	/* --selector; none: the well-known */
	size_t n_selectors;
	bool wants_connect;
	int64_t connect_until_ms;	/* monotonic; 0: not begun */
	struct ip_address as_sender;	/* IP_NONE: not asked for */
	struct slice hostname;		/* ours */
	int64_t now_s;
	struct slice domain;		/* normalized */
	struct check_finding *findings, **last;
	bool has_failed;		/* memory: findings are missing */
};

void check_begin(struct check *check, struct slice domain);

/* ADVICE is static, or NULL.  What is from outside goes in by check_show. */
void check_add(struct check *check, enum check_severity severity,
    const char *matter, const char *id, const char *advice,
    const char *format, ...) __attribute__((format(printf, 6, 7)));

/* A finding whose words come later, by check_word; NULL where memory is out. */
struct check_finding *check_reserve(struct check *check,
    enum check_severity severity, const char *matter, const char *id);
void check_word(struct check *check, struct check_finding *finding,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Printable, cut, for a "%s"; lives in the arena. */
const char *check_show(struct check *check, struct slice text);

void check_mx(struct check *check);
void check_dane(struct check *check);
void check_spf(struct check *check);
void check_dkim(struct check *check);
void check_dmarc(struct check *check);
void check_mta_sts(struct check *check);
void check_tls_rpt(struct check *check);
void check_bimi(struct check *check);
void check_sender(struct check *check);	/* --as-sender */

/* The worst that counts: GOOD, WARNING, CRITICAL, UNKNOWN in that order but
 * that CRITICAL goes before UNKNOWN. */
enum check_severity check_worst(const struct check *check);
const char *check_severity_name(enum check_severity severity);

/* The whole domain. */
void check_all(struct check *check);

int check_run_command(const struct command *self, int argc, char **argv);

#endif
