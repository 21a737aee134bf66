/* cli/policy_fetch.c - see policy_fetch.h. */
#include "cli/policy_fetch.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "cli/mx.h"
#include "mta_sts/policy.h"

#define MAX_TEXT ((size_t)1024)
#define HTTPS_PORT 443

/* libcurl keeps all header fields, of interim answers and trailers too, and
 * before 8.3.0 (CVE-2023-38039) without an end. */
#define MAX_HEADER_OCTETS ((size_t)64 * 1024)

struct fetch {
	struct arena *arena;
	struct strbuf *problem;
	struct strbuf host, url, resolve;
	struct strbuf body;
	size_t header_octets;
	bool is_too_large;
	const atomic_bool *is_stopping;
	CURL *curl;
	struct curl_slist *addresses;	/* libcurl's "HOST:PORT:ADDRESS,..." */
};

bool
policy_fetch_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void
policy_fetch_stop(void)
{
	curl_global_cleanup();
}

/* ---- the host's addresses ------------------------------------------------ */

/* libcurl has IPv6 addresses in brackets. */
static void
append_address(struct fetch *fetch, const struct ip_address *address)
{
	bool is_v6 = address->family == IP_V6;

	strbuf_append_cstr(&fetch->resolve, is_v6 ? "[" : "");
	ip_append(&fetch->resolve, address);
	strbuf_append_cstr(&fetch->resolve, is_v6 ? "]" : "");
}

static enum policy_fetch_status
refuse(struct fetch *fetch, enum policy_fetch_status status, const char *why)
{
	strbuf_append(fetch->problem, strbuf_slice(&fetch->host));
	strbuf_printf(fetch->problem, ": %s", why);
	return status;
}

static enum policy_fetch_status
find_addresses(struct fetch *fetch, struct resolver *resolver)
{
	struct ip_address addresses[MX_MAX_ADDRESSES];
	const char *why;
	bool has_failed;
	size_t n = mx_find_addresses(resolver, fetch->arena,
	    strbuf_slice(&fetch->host), addresses, &why, &has_failed);

	if (n == 0)
		return refuse(fetch, has_failed ? POLICY_FETCH_UNREACHABLE :
		    POLICY_FETCH_ABSENT, why);
	strbuf_printf(&fetch->resolve, "%s:%d:", strbuf_cstr(&fetch->host),
	    HTTPS_PORT);
	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			strbuf_append_char(&fetch->resolve, ',');
		append_address(fetch, &addresses[i]);
	}
	return POLICY_FETCH_OK;
}

/* ---- libcurl ------------------------------------------------------------- */

static size_t
take_body(char *octets, size_t size, size_t n, void *context)
{
	struct fetch *fetch = context;

	n *= size;
	if (n > MTA_STS_MAX_OCTETS - fetch->body.len) {
		fetch->is_too_large = true;
		return 0;	/* which ends the transfer */
	}
	strbuf_append(&fetch->body, (struct slice){ octets, n });
	return n;
}

static size_t
count_header(char *octets, size_t size, size_t n, void *context)
{
	struct fetch *fetch = context;

	(void)octets;
	fetch->header_octets += size * n;
	fetch->is_too_large = fetch->header_octets > MAX_HEADER_OCTETS;
	return fetch->is_too_large ? 0 : size * n;
}

/* libcurl calls this once a second, at least. */
static int
watch(void *context, curl_off_t d_total, curl_off_t d_now, curl_off_t u_total,
    curl_off_t u_now)
{
	const struct fetch *fetch = context;

	(void)d_total;
	(void)d_now;
	(void)u_total;
	(void)u_now;
	return fetch->is_stopping != NULL && atomic_load(fetch->is_stopping);
}

/* libcurl's own default is a file that was fixed when it was built. */
static CURLcode
trust_system(CURL *curl, void *context, void *unused)
{
	(void)curl;
	(void)unused;
	return SSL_CTX_set_default_verify_paths(context) == 1 ? CURLE_OK :
	    CURLE_SSL_CACERT_BADFILE;
}

static bool
prepare(struct fetch *fetch, long timeout_ms)
{
	CURL *curl = fetch->curl;
	bool ok = true;

	fetch->addresses = curl_slist_append(NULL,
	    strbuf_cstr(&fetch->resolve));
	if (fetch->addresses == NULL)
		return false;
	ok &= curl_easy_setopt(curl, CURLOPT_URL,
	    strbuf_cstr(&fetch->url)) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_RESOLVE,
	    fetch->addresses) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
	    timeout_ms) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION,
	    trust_system) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION,
	    watch) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION,
	    count_header) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetch) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION,
	    take_body) == CURLE_OK;
	ok &= curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch) == CURLE_OK;
	return ok;
}

static bool
is_untrusted(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_ISSUER_ERROR;
}

/* text/plain, whatever parameters stand behind it (RFC 8461 3.2). */
static bool
is_plain_text(const char *type)
{
	static const struct slice plain = SLICE_INIT("text/plain");
	struct slice rest, text = slice_from_cstr(type);

	if (!slice_starts_with_nocase(text, plain))
		return false;
	rest = slice_trim(slice_from(text, plain.len));
	return rest.len == 0 || rest.ptr[0] == ';';
}

static enum policy_fetch_status
judge_answer(struct fetch *fetch)
{
	const char *type = NULL;
	long code = 0;

	if (curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE,
	    &code) != CURLE_OK || curl_easy_getinfo(fetch->curl,
	    CURLINFO_CONTENT_TYPE, &type) != CURLE_OK)
		return refuse(fetch, POLICY_FETCH_FAILED, "libcurl failed");
	if (code == 404 || code == 410)
		return refuse(fetch, POLICY_FETCH_ABSENT,
		    "its server has no policy");
	if (code >= 300 && code < 400)
		return refuse(fetch, POLICY_FETCH_REFUSED,
		    "it redirects, which must not be followed");
	if (code != 200) {
		refuse(fetch, POLICY_FETCH_UNREACHABLE, "its server said ");
		strbuf_printf(fetch->problem, "%ld", code);
		return POLICY_FETCH_UNREACHABLE;
	}
	if (!is_plain_text(type))
		return refuse(fetch, POLICY_FETCH_REFUSED,
		    "what it has is no text/plain");
	return POLICY_FETCH_OK;
}

static enum policy_fetch_status
transfer(struct fetch *fetch, long timeout_ms)
{
	CURLcode code;

	if (!prepare(fetch, timeout_ms))
		return refuse(fetch, POLICY_FETCH_FAILED, "libcurl failed");
	code = curl_easy_perform(fetch->curl);
	if (code == CURLE_OK)
		return judge_answer(fetch);
	if (fetch->is_too_large)
		return refuse(fetch, POLICY_FETCH_REFUSED,
		    "what it has is over 64 KB");
	return refuse(fetch, is_untrusted(code) ? POLICY_FETCH_UNTRUSTED :
	    POLICY_FETCH_UNREACHABLE, curl_easy_strerror(code));
}

enum policy_fetch_status
policy_fetch(struct resolver *resolver, struct arena *arena,
    struct slice domain, long timeout_ms, const atomic_bool *is_stopping,
    struct slice *body_out, struct strbuf *problem)
{
	struct fetch fetch = { .arena = arena, .problem = problem,
		.is_stopping = is_stopping };
	enum policy_fetch_status status;

	*body_out = SLICE_EMPTY;
	strbuf_init(&fetch.host, arena, MAX_TEXT);
	strbuf_init(&fetch.url, arena, MAX_TEXT);
	strbuf_init(&fetch.resolve, arena, MAX_TEXT);
	strbuf_init(&fetch.body, arena, MTA_STS_MAX_OCTETS + 1);
	strbuf_printf(&fetch.host, "mta-sts.%.*s", SLICE_PRINTF(domain));
	strbuf_printf(&fetch.url, "https://%.*s/.well-known/mta-sts.txt",
	    SLICE_PRINTF(strbuf_slice(&fetch.host)));
	if (fetch.host.has_failed || fetch.url.has_failed)
		return POLICY_FETCH_FAILED;
	status = find_addresses(&fetch, resolver);
	if (status != POLICY_FETCH_OK)
		return status;
	fetch.curl = curl_easy_init();
	status = fetch.curl != NULL ? transfer(&fetch, timeout_ms) :
	    refuse(&fetch, POLICY_FETCH_FAILED, "memory is out");
	curl_easy_cleanup(fetch.curl);
	curl_slist_free_all(fetch.addresses);
	if (status == POLICY_FETCH_OK && !fetch.body.has_failed)
		*body_out = strbuf_slice(&fetch.body);
	return status;
}
