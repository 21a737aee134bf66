/* mta_sts/options.h - what the operator has to say of "assay mta-sts serve". */
#ifndef ASSAY_MTA_STS_OPTIONS_H
#define ASSAY_MTA_STS_OPTIONS_H

struct mta_sts_options {
	const char *socket;		/* "unix:/PATH" */
	unsigned socket_mode;
	const char *socket_group;	/* NULL: the server's own */
	unsigned timeout_s;		/* an answer never takes longer */
};

#define MTA_STS_OPTIONS_DEFAULT \
	{ .socket = "unix:/run/assay/mta-sts.sock", .socket_mode = 0660, \
	  .socket_group = NULL, .timeout_s = 10 }

#endif
