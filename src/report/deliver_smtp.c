/* report/deliver_smtp.c - to an SMTP relay, by libcurl; one connection for the
 * messages of a run.
 *
 * libcurl tells why a transfer failed, not where: so its dialogue is listened
 * to, for the last command that was sent and the last reply that came.
 * STARTTLS is used where it is offered (RFC 9990 3.5); whose certificate it is
 * cannot matter where clear text would do. */
#include "report/deliver.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

#define CONNECT_TIMEOUT_S 30L
#define TRANSFER_TIMEOUT_S 600L	/* RFC 5321 4.5.3.2.6: the end of data */

#define NOTE_OCTETS 200		/* shown of a reply */

enum stage {
	STAGE_CONNECT = 0,	/* up to MAIL */
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,		/* the message goes out */
	STAGE_DONE,		/* all of it has: it may have been taken */
};

struct relay {
	struct deliverer deliverer;
	CURL *curl;
	char *url;
	/* Of the message under way. */
	FILE *message;
	enum stage stage;
	bool has_quit;		/* the reply before is the one that counts */
	char reply[NOTE_OCTETS];
	size_t reply_len;
};

/* ---- listening ----------------------------------------------------------- */

static void
note_command(struct relay *relay, struct slice line)
{
	if (slice_starts_with(line, SLICE("MAIL ")))
		relay->stage = STAGE_MAIL;
	else if (slice_starts_with(line, SLICE("RCPT ")))
		relay->stage = STAGE_RCPT;
	else if (slice_starts_with(line, SLICE("DATA")))
		relay->stage = STAGE_DATA;
	else if (slice_starts_with(line, SLICE("QUIT")))
		relay->has_quit = true;
}

static void
keep_reply(struct relay *relay, struct slice line)
{
	line = slice_head(slice_trim_end(line), sizeof(relay->reply));
	if (line.len != 0)
		memcpy(relay->reply, line.ptr, line.len);
	relay->reply_len = line.len;
}

static int
listen_to(CURL *curl, curl_infotype type, char *octets, size_t len,
    void *context)
{
	struct relay *relay = context;
	struct slice line = { octets, len };

	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(relay, line);
	else if (type == CURLINFO_HEADER_IN && !relay->has_quit)
		keep_reply(relay, line);
	return 0;
}

static size_t
read_message(char *octets, size_t size, size_t n, void *context)
{
	struct relay *relay = context;
	size_t len = fread(octets, size, n, relay->message);

	if (len == 0 && ferror(relay->message))
		return CURL_READFUNC_ABORT;
	if (len == 0)
		relay->stage = STAGE_DONE;
	return len * size;
}

/* ---- what it means ------------------------------------------------------- */

/* Reply-code = %x32-35 %x30-35 %x30-39   (RFC 5321 4.2); 0 where there is
 * none. */
static uint64_t
reply_code(const struct relay *relay)
{
	uint64_t code = 0;

	if (relay->reply_len >= 3)
		slice_parse_uint((struct slice){ relay->reply, 3 }, 999,
		    &code);
	return code;
}

/* X.7.X is about security and policy (RFC 3463 3.8): a relay that does not
 * want us says so at RCPT, and the mailbox has no part in that. */
static bool
is_policy_reply(const struct relay *relay)
{
	struct slice reply = { relay->reply, relay->reply_len };

	return slice_starts_with(slice_from(reply, 4), SLICE("5.7."));
}

static enum deliver_status
judge_reply(const struct relay *relay, uint64_t code)
{
	if (code < 500 || code > 599)
		return DELIVER_DEFERRED;
	switch (relay->stage) {
	case STAGE_CONNECT:
	case STAGE_MAIL:	/* it is us that it does not want */
		return DELIVER_DEFERRED;
	case STAGE_RCPT:
		return is_policy_reply(relay) ? DELIVER_REFUSED :
		    DELIVER_NO_MAILBOX;
	case STAGE_DATA:
	case STAGE_DONE:
		return DELIVER_REFUSED;
	}
	return DELIVER_DEFERRED;
}

/* The last reply was the one to DATA while none to the message has come. */
static enum deliver_status
judge(const struct relay *relay, CURLcode result, struct strbuf *note)
{
	uint64_t code = reply_code(relay);

	if (result == CURLE_OK)
		return DELIVER_SENT;
	if (code >= 400 && code <= 599) {
		strbuf_append(note, SLICE("the relay replied: "));
		strbuf_append_escaped(note, (struct slice){ relay->reply,
		    relay->reply_len }, NOTE_OCTETS);
		return judge_reply(relay, code);
	}
	strbuf_append(note, SLICE("the relay: "));
	strbuf_append_escaped(note, slice_from_cstr(curl_easy_strerror(
	    result)), NOTE_OCTETS);
	return relay->stage == STAGE_DONE ? DELIVER_PERHAPS : DELIVER_DEFERRED;
}

/* ---- the dialogue -------------------------------------------------------- */

static struct curl_slist *
list_recipient(struct strbuf *path, const char *to)
{
	strbuf_truncate(path, 0);
	strbuf_printf(path, "<%s>", to);
	return strbuf_cstr(path) != NULL ?
	    curl_slist_append(NULL, strbuf_cstr(path)) : NULL;
}

static enum deliver_status
send_message(struct deliverer *deliverer, const char *from, const char *to,
    FILE *message, struct strbuf *note)
{
	struct relay *relay = (struct relay *)deliverer;
	struct strbuf path;
	struct curl_slist *recipients;
	enum deliver_status status = DELIVER_DEFERRED;

	relay->message = message;
	relay->stage = STAGE_CONNECT;
	relay->has_quit = false;
	relay->reply_len = 0;
	strbuf_init(&path, note->arena, note->ceiling);
	recipients = list_recipient(&path, to);
	strbuf_truncate(&path, 0);
	strbuf_printf(&path, "<%s>", from);
	if (recipients == NULL || strbuf_cstr(&path) == NULL ||
	    curl_easy_setopt(relay->curl, CURLOPT_MAIL_FROM,
	    strbuf_cstr(&path)) != CURLE_OK ||
	    curl_easy_setopt(relay->curl, CURLOPT_MAIL_RCPT,
	    recipients) != CURLE_OK) {
		strbuf_append(note, SLICE("memory is out"));
	} else {
		rewind(message);
		status = judge(relay, curl_easy_perform(relay->curl), note);
	}
	curl_easy_setopt(relay->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	return status;
}

static void
close_smtp(struct deliverer *deliverer)
{
	struct relay *relay = (struct relay *)deliverer;

	if (relay->curl != NULL)
		curl_easy_cleanup(relay->curl);
	free(relay->url);
	free(relay);
}

/* Nothing of the environment's proxies has a say. */
static bool
set_options(struct relay *relay)
{
	CURL *curl = relay->curl;

	return curl_easy_setopt(curl, CURLOPT_URL, relay->url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
	    CONNECT_TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT,
	    TRANSFER_TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USE_SSL,
	    (long)CURLUSESSL_TRY) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_READFUNCTION,
	    read_message) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_READDATA, relay) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION,
	    listen_to) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, relay) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L) == CURLE_OK;
}

/* libcurl takes the name for EHLO from the URL's path. */
static char *
join(const char *url, const char *helo)
{
	size_t octets = strlen(url) + strlen(helo) + 2;
	char *joined = malloc(octets);

	if (joined != NULL)
		snprintf(joined, octets, "%s/%s", url, helo);
	return joined;
}

struct deliverer *
deliver_open_smtp(const char *url, const char *helo)
{
	static const struct deliverer_ops ops = { send_message, close_smtp };
	struct relay *relay = calloc(1, sizeof(*relay));

	if (relay == NULL)
		return NULL;
	relay->deliverer = (struct deliverer){ &ops, "\r\n" };
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		relay->url = join(url, helo);
		relay->curl = curl_easy_init();
	}
	if (relay->url == NULL || relay->curl == NULL || !set_options(relay)) {
		close_smtp(&relay->deliverer);
		return NULL;
	}
	return &relay->deliverer;
}
