/* cli/smtp_codes.c - reply codes in words: see smtp.h. */
#include "cli/smtp.h"

static const struct {
	unsigned code;
	const char *text;
} codes[] = {
	{ 211, "system status" },
	{ 214, "help" },
	{ 220, "the server is ready" },
	{ 221, "the server closes the connection" },
	{ 235, "authentication succeeded" },
	{ 250, "done" },
	{ 251, "not a user here, it will forward" },
	{ 252, "it cannot tell whether the user exists, but takes the mail" },
	{ 334, "it waits for credentials" },
	{ 354, "it waits for the message" },
	{ 421, "not available now, the connection is closed: try later" },
	{ 450, "mailbox not available now: try later" },
	{ 451, "an error on its side: try later" },
	{ 452, "no room now: try later" },
	{ 454, "TLS or authentication not available now: try later" },
	{ 455, "parameters cannot be taken now" },
	{ 500, "command not understood" },
	{ 501, "arguments not understood" },
	{ 502, "command not implemented" },
	{ 503, "command out of order" },
	{ 504, "argument not implemented" },
	{ 521, "this host takes no mail" },
	{ 530, "TLS or authentication must come first" },
	{ 535, "the credentials are wrong" },
	{ 541, "refused by policy" },
	{ 550, "refused: no such mailbox, or policy" },
	{ 551, "not a user here" },
	{ 552, "too large, or the mailbox is full" },
	{ 553, "the mailbox name is not allowed" },
	{ 554, "refused" },
	{ 555, "parameters not known" },
	{ 556, "the domain takes no mail" },
};

/* Class left out: "1.1" stands for 4.1.1 and 5.1.1. */
static const struct {
	struct slice detail;
	const char *text;
} details[] = {
	{ SLICE_INIT("1.1"), "no such mailbox" },
	{ SLICE_INIT("1.2"), "no such mail system" },
	{ SLICE_INIT("1.3"), "the address is not well formed" },
	{ SLICE_INIT("1.6"), "the mailbox has moved" },
	{ SLICE_INIT("1.7"), "the sender's address is not well formed" },
	{ SLICE_INIT("1.8"), "the sender's domain does not work" },
	{ SLICE_INIT("1.10"), "the recipient's domain takes no mail" },
	{ SLICE_INIT("2.1"), "the mailbox is disabled" },
	{ SLICE_INIT("2.2"), "the mailbox is full" },
	{ SLICE_INIT("2.3"), "the message is too long for the mailbox" },
	{ SLICE_INIT("3.1"), "the mail system is full" },
	{ SLICE_INIT("3.2"), "the system takes no mail now" },
	{ SLICE_INIT("3.4"), "the message is too large" },
	{ SLICE_INIT("4.1"), "the next host does not answer" },
	{ SLICE_INIT("4.3"), "a directory or DNS server failed" },
	{ SLICE_INIT("4.4"), "the mail cannot be routed" },
	{ SLICE_INIT("4.6"), "a mail loop" },
	{ SLICE_INIT("4.7"), "it has waited too long" },
	{ SLICE_INIT("5.1"), "command out of order" },
	{ SLICE_INIT("5.2"), "syntax error" },
	{ SLICE_INIT("5.3"), "too many recipients" },
	{ SLICE_INIT("5.4"), "arguments not understood" },
	{ SLICE_INIT("6.7"), "it cannot take internationalized mail" },
	{ SLICE_INIT("7.0"), "a matter of policy or security" },
	{ SLICE_INIT("7.1"), "not authorized: refused by policy" },
	{ SLICE_INIT("7.8"), "the credentials are wrong" },
	{ SLICE_INIT("7.20"), "no passing DKIM signature" },
	{ SLICE_INIT("7.21"), "no acceptable DKIM signature" },
	{ SLICE_INIT("7.22"), "no DKIM signature of the author's domain" },
	{ SLICE_INIT("7.23"), "SPF failed" },
	{ SLICE_INIT("7.24"), "SPF could not be evaluated" },
	{ SLICE_INIT("7.25"), "the client's address has no matching name" },
	{ SLICE_INIT("7.26"), "several authentication checks failed" },
	{ SLICE_INIT("7.27"), "the sender's domain takes no mail itself" },
};

const char *
smtp_code_text(unsigned code)
{
	for (size_t i = 0; i < N_ELEMENTS(codes); i++)
		if (codes[i].code == code)
			return codes[i].text;
	switch (code / 100) {
	case 2:
		return "done";
	case 3:
		return "it waits for more";
	case 4:
		return "not now: try later";
	default:
		return "refused";
	}
}

const char *
smtp_enhanced_text(struct slice enhanced)
{
	struct slice detail = slice_from(enhanced, 2);

	if (slice_starts_with(enhanced, SLICE("2.")))
		return NULL;
	for (size_t i = 0; i < N_ELEMENTS(details); i++)
		if (slice_eq(details[i].detail, detail))
			return details[i].text;
	return NULL;
}
