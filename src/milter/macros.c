/* milter/macros.c - see macros.h. */
#include "milter/macros.h"

bool
macros_request(SMFICTX *ctx)
{
	/* Our list takes the place of the MTA's own: it is all we get.  Each
	 * stage that has one costs a packet.  The queue id is Sendmail's at
	 * MAIL; from Postfix we have it at the end, where it is needed. */
	static const struct {
		int stage;
		const char *names;
	} wanted[] = {
		{ SMFIM_CONNECT, MACRO_HOSTNAME " " MACRO_DAEMON_NAME },
		{ SMFIM_HELO, "" },
		{ SMFIM_ENVFROM, MACRO_QUEUE_ID " " MACRO_AUTH_AUTHEN },
		{ SMFIM_ENVRCPT, "" },
		{ SMFIM_EOH, "" },
		{ SMFIM_EOM, MACRO_QUEUE_ID },
	};

	for (size_t i = 0; i < N_ELEMENTS(wanted); i++)
		if (smfi_setsymlist(ctx, wanted[i].stage,
		    libmilter_text(wanted[i].names)) != MI_SUCCESS)
			return false;
	return true;
}

struct slice
macros_get(SMFICTX *ctx, const char *name)
{
	return slice_from_cstr(smfi_getsymval(ctx, libmilter_text(name)));
}
