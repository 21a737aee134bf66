/* cli/doctor.h - assay doctor: what breaks milters in practice, on this host.
 *
 * Findings are those of check.h, whose domain is the host's name. */
#ifndef ASSAY_CLI_DOCTOR_H
#define ASSAY_CLI_DOCTOR_H

#include "base/slice.h"

struct check;
struct command;

/* Postfix as it is configured now, in DIRECTORY (NULL: its own): by
 * postconf(1). */
void doctor_check_postfix(struct check *check, const char *directory);

/* The clock, DNS, the store, who may read the configuration. */
void doctor_check_host(struct check *check, const char *config_path);

/* A message through the milter's socket. */
void doctor_check_milter(struct check *check);

/* The daemon's health (control/health.h), by the control socket if there is
 * one. */
void doctor_check_daemon(struct check *check);

int doctor_run_command(const struct command *self, int argc, char **argv);

#endif
