/* daemon/version.c - see version.h. */
#include "config.h"		/* configure's: beside none of our own */

#include "daemon/version.h"

#include <event2/event.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <unbound.h>

#include "milter/milter.h"

const char *
version_text(void)
{
	return PACKAGE_VERSION;
}

void
version_print(FILE *out)
{
	unsigned major, minor, patch;

	milter_get_library_version(&major, &minor, &patch);
	fprintf(out, "assayd %s\n", version_text());
	fprintf(out, "%s\n", OpenSSL_version(OPENSSL_VERSION));
	fprintf(out, "libunbound %s\n", ub_version());
	fprintf(out, "libmilter %u.%u.%u\n", major, minor, patch);
	fprintf(out, "libevent %s\n", event_get_version());
	fprintf(out, "libpsl %s\n", psl_get_version());
}
