/* cli/report_preview.h - assay report preview. */
#ifndef ASSAY_CLI_REPORT_PREVIEW_H
#define ASSAY_CLI_REPORT_PREVIEW_H

struct command;

int report_preview_run(const struct command *self, int argc, char **argv);

#endif
