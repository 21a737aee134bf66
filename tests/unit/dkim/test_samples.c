/* The samples of RFC 6376 appendix A and RFC 8463 appendix A. */
#include "dns/zone.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

#define NOW_S 1528637909	/* t= of RFC 8463's sample */

#define RSA_2011 "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ" \
	"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt" \
	"IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v" \
	"/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi" \
	"tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
#define ED25519_2018 "v=DKIM1; k=ed25519; " \
	"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA_2018 "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkH" \
	"lOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/b" \
	"yYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT" \
	"5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"

/* With the corrections without which it does not verify: one space behind
 * "game." (erratum 3192), folded lines indented by six (erratum 4926). */
#define MESSAGE_2011 \
	"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n" \
	"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n" \
	"      h=Received : From : To : Subject : Date : Message-ID;\r\n" \
	"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n" \
	"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n" \
	"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n" \
	"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n" \
	"      4bmp/YzhwvcubU4=;\r\n" \
	"Received: from client1.football.example.com  [192.0.2.1]\r\n" \
	"      by submitserver.example.com with SUBMISSION;\r\n" \
	"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" \
	"From: Joe SixPack <joe@football.example.com>\r\n" \
	"To: Suzie Q <suzie@shopping.example.net>\r\n" \
	"Subject: Is dinner ready?\r\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n" \
	"\r\n"
#define BODY_2011 \
	"Hi.\r\n" \
	"\r\n" \
	"We lost the game. Are you hungry yet?\r\n" \
	"\r\n" \
	"Joe.\r\n"

#define MESSAGE_2018 \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n" \
	" d=football.example.com; i=@football.example.com;\r\n" \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n" \
	" subject : date : message-id : from : subject : date;\r\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n" \
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n" \
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n" \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n" \
	" d=football.example.com; i=@football.example.com;\r\n" \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n" \
	" date : message-id : from : subject : date;\r\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n" \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n" \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n" \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n" \
	"From: Joe SixPack <joe@football.example.com>\r\n" \
	"To: Suzie Q <suzie@shopping.example.net>\r\n" \
	"Subject: Is dinner ready?\r\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n" \
	"\r\n"
#define BODY_2018 \
	"Hi.\r\n" \
	"\r\n" \
	"We lost the game.  Are you hungry yet?\r\n" \
	"\r\n" \
	"Joe.\r\n"

static void
add_key(struct resolver *zone, const char *name, const char *text)
{
	const struct dns_record record = { .text = slice_from_cstr(text) };

	assert_true(zone_add_record(zone, slice_from_cstr(name), DNS_TXT,
	    &record, 300));
}

static void
test_samples(void **state)
{
	static const struct dkim_options options = DKIM_OPTIONS_DEFAULT;
	static const struct {
		const char *name, *message;
		size_t n;
		enum dkim_reason reason;
	} cases[] = {
		{ "RFC 6376", MESSAGE_2011 BODY_2011, 1, DKIM_REASON_NONE },
		{ "RFC 8463", MESSAGE_2018 BODY_2018, 2, DKIM_REASON_NONE },
		{ "RFC 8463, blank lines behind",
		  MESSAGE_2018 BODY_2018 "\r\n \r\n", 2, DKIM_REASON_NONE },
		{ "RFC 6376, text behind", MESSAGE_2011 BODY_2011 "X\r\n", 1,
		  DKIM_REASON_BODY_HASH },
		{ "RFC 6376, as printed", MESSAGE_2011 BODY_2018, 1,
		  DKIM_REASON_BODY_HASH },
		{ "RFC 8463, a second Subject", "Subject: x\r\n" MESSAGE_2018
		  BODY_2018, 2, DKIM_REASON_SIGNATURE },
	};
	struct resolver *zone = zone_create();

	(void)state;
	assert_non_null(zone);
	add_key(zone, "brisbane._domainkey.example.com", RSA_2011);
	add_key(zone, "brisbane._domainkey.football.example.com",
	    ED25519_2018);
	add_key(zone, "test._domainkey.football.example.com", RSA_2018);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		const struct message_request request = {
			.resolver = zone, .options = &options,
			.text = slice_from_cstr(cases[i].message),
			.chunk_octets = 7, .is_header_whole = true,
			.now_s = NOW_S };
		const struct dkim_outcome *outcomes;
		size_t n;

		message_verify(arena, &request, &outcomes, &n);
		if (n != cases[i].n)
			fail_msg("%s: wrong number", cases[i].name);
		for (size_t j = 0; j < n; j++)
			if (outcomes[j].reason != cases[i].reason)
				fail_msg("%s: %s", cases[i].name,
				    dkim_reason_text(outcomes[j].reason));
		arena_destroy(&arena);
	}
	dns_destroy_resolver(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
