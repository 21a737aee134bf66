/* cli/doctor_host.c - see doctor.h: what is not the MTA's. */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "cli/doctor.h"
#include "cli/milter_probe.h"
#include "config/settings.h"
#include "dns/dns.h"
#include "report/store.h"

#define MAX_TEXT ((size_t)4096)
#define RELEASED_S INT64_C(1790000000)	/* no clock is right that is behind the
					 * program: September 2026 */
#define SLOW_MS 1000

static void
check_clock(struct check *check)
{
	struct timex status = { .modes = 0 };

	if (check->now_s < RELEASED_S)
		check_add(check, CHECK_CRITICAL, "clock", "clock-wrong",
		    "set it, and have it kept", "the clock is years behind: "
		    "signatures will seem to come from the future");
	else if (adjtimex(&status) < 0 || (status.status & STA_UNSYNC) != 0)
		check_add(check, CHECK_NOTE, "clock", "clock-alone",
		    "use a time server", "nothing in the kernel says that "
		    "the clock is kept in step");
	else
		check_add(check, CHECK_GOOD, "clock", "clock", NULL,
		    "the clock is kept in step");
}

/* Any answer will do: that there is one. */
static void
check_dns(struct check *check)
{
	int64_t start_ms = clock_monotonic_ms(), took_ms;
	const struct dns_answer *answer = dns_query(check->resolver,
	    check->arena, check->domain, DNS_TXT, INT64_MAX);

	took_ms = clock_monotonic_ms() - start_ms;
	if (answer->status == DNS_TEMPFAIL)
		check_add(check, CHECK_CRITICAL, "dns", "dns-fails",
		    "see resolver.servers: without DNS all mail waits",
		    "asked for %s: %s", check_show(check, check->domain),
		    answer->why);
	else if (took_ms > SLOW_MS)
		check_add(check, CHECK_WARNING, "dns", "dns-slow",
		    "use a resolver nearby", "an answer took %lld ms",
		    (long long)took_ms);
	else
		check_add(check, CHECK_GOOD, "dns", "dns", NULL,
		    "an answer took %lld ms", (long long)took_ms);
}

/* The file of an SQLite store; NULL: it is none. */
static const char *
store_path(const struct check *check)
{
	static const struct slice prefix = SLICE_INIT("sqlite:");
	const char *url = check->config->report.store;

	return slice_starts_with(slice_from_cstr(url), prefix) ?
	    url + prefix.len : NULL;
}

/* The directory that PATH, which is whole, lies in. */
static const char *
parent_of(const struct check *check, const char *path)
{
	struct slice whole = slice_from_cstr(path);
	size_t slash = slice_find_last(whole, '/');
	const char *parent = arena_copy_cstr(check->arena,
	    slice_head(whole, slash != 0 ? slash : 1));

	return parent != NULL ? parent : "/";
}

/* Made by root, as by a command that was typed before the daemon first started,
 * in a directory of root's.  Where the configuration names no user it is the
 * unit that says who the daemon is, and systemd sees to the owner. */
static void
check_owner(struct check *check, const char *path)
{
	const struct passwd *user = check->config->user == NULL ? NULL :
	    getpwnam(check->config->user);
	struct stat status;

	if (user == NULL || stat(path, &status) != 0 ||
	    status.st_uid == user->pw_uid)
		return;
	check_add(check, CHECK_WARNING, "store", "store-owner",
	    S_ISDIR(status.st_mode) ? "chown it" :
	    "chown it and its directory", "%s is not %s's, whom assayd runs as",
	    path, check->config->user);
}

static void
open_store(struct check *check)
{
	struct store *store = NULL;
	struct strbuf problem;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	if (store_open(check->config->report.store, &store, &problem) ==
	    STORE_OK)
		check_add(check, CHECK_GOOD, "store", "store", NULL,
		    "the store can be opened");
	else
		check_add(check, CHECK_CRITICAL, "store", "store-fails", NULL,
		    "%s", check_show(check, strbuf_slice(&problem)));
	store_close(&store);
}

/* A file that is not there is not made: it would be that of who asks. */
static void
check_store(struct check *check)
{
	const char *path = store_path(check);
	struct stat status;

	if (check->config->report.store[0] == '\0') {
		check_add(check, CHECK_NOTE, "store", "store-none", NULL,
		    "there is no store: no reports, no history");
	} else if (path != NULL && stat(path, &status) != 0 &&
	    errno == ENOENT) {
		check_add(check, CHECK_NOTE, "store", "store-missing",
		    "start assayd, which makes it", "there is no %s yet",
		    path);
		check_owner(check, parent_of(check, path));
	} else if (path != NULL && access(path, R_OK | W_OK) != 0 &&
	    errno == EACCES) {
		check_add(check, CHECK_WARNING, "store", "store-hidden",
		    "ask as root, or as assayd's user", "%s is not ours to "
		    "look at", path);
	} else {
		open_store(check);
		if (path != NULL)
			check_owner(check, path);
	}
}

/* A PostgreSQL URL may hold a password. */
static void
check_permissions(struct check *check, const char *config_path)
{
	struct slice url = slice_from_cstr(check->config->report.store);
	struct stat status;

	if (config_path == NULL || stat(config_path, &status) != 0)
		return;
	if ((status.st_mode & S_IWOTH) != 0)
		check_add(check, CHECK_CRITICAL, "files", "config-writable",
		    "chmod o-w", "everybody may write %s", config_path);
	if ((status.st_mode & S_IROTH) != 0 &&
	    slice_starts_with(url, SLICE("postgresql:")) &&
	    slice_find(url, '@') != SIZE_MAX)
		check_add(check, CHECK_WARNING, "files", "config-readable",
		    "chmod 640, group assay", "everybody may read %s, which "
		    "has the store's password", config_path);
}

void
doctor_check_host(struct check *check, const char *config_path)
{
	check_clock(check);
	check_dns(check);
	check_store(check);
	check_permissions(check, config_path);
}

void
doctor_check_milter(struct check *check)
{
	const char *socket = check->config->milter.socket;
	struct strbuf problem;
	struct slice field;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	if (!milter_probe(check->arena, socket, &field, &problem))
		check_add(check, CHECK_CRITICAL, "milter", "milter-probe",
		    "is assayd running, and may you reach its socket?",
		    "%s: %s", socket, check_show(check,
		    strbuf_slice(&problem)));
	else if (field.len == 0)
		check_add(check, CHECK_WARNING, "milter", "milter-silent",
		    "another milter may have its socket",
		    "%s answers, but adds no Authentication-Results", socket);
	else
		check_add(check, CHECK_GOOD, "milter", "milter", NULL,
		    "a probe came through %s, marked:%s", socket,
		    check_show(check, field));
}
