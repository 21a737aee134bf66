/* mail/path.h - SMTP's paths (RFC 5321 4.1.2). */
#ifndef ASSAY_MAIL_PATH_H
#define ASSAY_MAIL_PATH_H

#include "base/slice.h"

struct mail_path {
	bool is_null;		/* <>, or nothing at all */
	struct slice address;	/* local@domain as written, without brackets
				 * and source route */
	struct slice local, domain;	/* mail_split_address */
};

/* Local part and domain as written, at the last "@" that is not quoted; without
 * one, or with a quote that does not end, all of it is the local part.  Borrow
 * ADDRESS. */
void mail_split_address(struct slice address, struct slice *local_out,
    struct slice *domain_out);

/* Whether ADDRESS has a domain and is LOCAL at DOMAIN, in any case. */
bool mail_is_address(struct slice address, struct slice local,
    struct slice domain);

/* MAIL's first argument as the MTA passes it: with or without brackets, with a
 * source route, nothing at all.  Whatever it is there is an answer.  Borrows
 * ARGUMENT. */
void mail_parse_path(struct slice argument, struct mail_path *path_out);

#endif
