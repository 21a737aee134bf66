/* floor: the least that a milter can cost, to measure ours against.
 *
 *   floor [-r] [-i] SOCKET
 *
 * Accepts everything.  Asks for no replies where the protocol allows that, as
 * assayd does; -r replies to each command.  -i inserts a header field at the
 * end of each message, as long as one of assayd's.  SOCKET as libmilter has
 * it. */
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NO_REPLIES (SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

static char field_name[] = "Authentication-Results";
static char field_value[] = " mx.example.org;\n"
    "\tspf=pass smtp.mailfrom=d000.example smtp.helo=client.example.net;\n"
    "\tdkim=pass header.d=d000.example header.s=r header.a=rsa-sha256"
    " header.b=AAAAAAAA;\n"
    "\tdmarc=pass (p=reject dis=none) header.from=d000.example";

/* What libmilter hands nothing to its callbacks for. */
static bool inserts;
static bool replies;

static sfsistat
negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long more1, unsigned long more2, unsigned long *actions_out,
    unsigned long *steps_out, unsigned long *more1_out,
    unsigned long *more2_out)
{
	(void)ctx;
	(void)more1;
	(void)more2;
	*actions_out = actions & SMFIF_ADDHDRS;
	*steps_out = steps & (SMFIP_NODATA | SMFIP_NOUNKNOWN |
	    (replies ? 0 : NO_REPLIES));
	*more1_out = *more2_out = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
next(void)
{
	return replies ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return SMFIS_CONTINUE;
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return SMFIS_CONTINUE;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return next();
}

static sfsistat
on_field(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return next();
}

static sfsistat
on_end_of_header(SMFICTX *ctx)
{
	(void)ctx;
	return next();
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	(void)ctx;
	(void)chunk;
	(void)len;
	return next();
}

static sfsistat
on_end_of_message(SMFICTX *ctx)
{
	if (inserts && smfi_insheader(ctx, 0, field_name, field_value) !=
	    MI_SUCCESS)
		return SMFIS_TEMPFAIL;
	return SMFIS_CONTINUE;
}

/* As assayd does, so that it is not this that makes a difference. */
static void
set_no_delay(void)
{
	for (int fd = 0; fd < 64; fd++) {
		int on = 1;

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	}
}

int
main(int argc, char **argv)
{
	struct smfiDesc filter = {
		.xxfi_name = argv[0],
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS,
		.xxfi_negotiate = negotiate,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_field,
		.xxfi_eoh = on_end_of_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end_of_message,
	};
	int option;

	while ((option = getopt(argc, argv, "ri")) != -1) {
		if (option == 'r')
			replies = true;
		else if (option == 'i')
			inserts = true;
		else
			return 2;
	}
	if (optind + 1 != argc) {
		fputs("usage: floor [-r] [-i] SOCKET\n", stderr);
		return 2;
	}
	if (smfi_register(filter) != MI_SUCCESS ||
	    smfi_setbacklog(256) != MI_SUCCESS ||
	    smfi_setconn(argv[optind]) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS) {
		fprintf(stderr, "floor: cannot listen on %s\n", argv[optind]);
		return 1;
	}
	set_no_delay();
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
