/* control/options.h - where assayd may be spoken with. */
#ifndef ASSAY_CONTROL_OPTIONS_H
#define ASSAY_CONTROL_OPTIONS_H

struct control_options {
	const char *socket;		/* "unix:PATH"; "" for none */
	unsigned socket_mode;		/* e.g. 0660 */
	const char *socket_group;	/* its group, or NULL */
	const char *http;		/* "ADDRESS:PORT"; "" for none */
};

/* The packaged configuration's, and where the tool looks without one. */
#define CONTROL_DEFAULT_SOCKET "unix:/run/assay/control.sock"

#define CONTROL_OPTIONS_DEFAULT { .socket = "", .socket_mode = 0600, \
	.socket_group = NULL, .http = "" }

#endif
