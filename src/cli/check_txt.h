/* cli/check_txt.h - the TXT records of one kind at a name. */
#ifndef ASSAY_CLI_CHECK_TXT_H
#define ASSAY_CLI_CHECK_TXT_H

#include "base/slice.h"

struct check;

enum check_txt {
	CHECK_TXT_ONE,
	CHECK_TXT_NONE,
	CHECK_TXT_SEVERAL,
	CHECK_TXT_FAILED,	/* a finding was added: DNS failed */
};

/* Those at NAME that begin with VERSION, case folded; *TEXT_OUT is the first,
 * in the arena.  MATTER is for the finding. */
enum check_txt check_find_txt(struct check *check, struct slice name,
    struct slice version, const char *matter, struct slice *text_out);

/* PREFIX before the domain, in the arena; empty where memory is out. */
struct slice check_name_below(struct check *check, const char *prefix);

#endif
