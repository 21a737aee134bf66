/* mail/path.h - SMTP's paths (RFC 5321 4.1.2). */
#ifndef ASSAY_MAIL_PATH_H
#define ASSAY_MAIL_PATH_H

#include "base/slice.h"

struct mail_path {
	bool is_null;		/* <>, or nothing at all */
	struct slice address;	/* local@domain as written, without brackets
				 * and source route */
	struct slice local;	/* before the last "@"; quotes kept */
	struct slice domain;	/* behind it as written; empty where none */
};

/* MAIL's first argument as the MTA passes it: with or without brackets, with a
 * source route, nothing at all.  Whatever it is there is an answer; what
 * cannot be split is a local part without domain.  Borrows ARGUMENT. */
void mail_parse_path(struct slice argument, struct mail_path *path_out);

#endif
