/* tests/unit/inspect/sample.h - the messages of RFC 8463 appendix A, whose two
 * signatures are by football.example.com, and of RFC 6376 appendix A, whose
 * "simple" one is by example.com. */
#ifndef ASSAY_TESTS_UNIT_INSPECT_SAMPLE_H
#define ASSAY_TESTS_UNIT_INSPECT_SAMPLE_H

#define SAMPLE_KEYS \
	"brisbane._domainkey.football.example.com TXT v=DKIM1; k=ed25519; " \
	"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
	"test._domainkey.football.example.com TXT v=DKIM1; k=rsa; " \
	"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6W" \
	"k08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uB" \
	"sCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIK" \
	"T+l/K4w3QIDAQAB\n"

/* Line ends as libmilter has them. */
#define SAMPLE_HEADER \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n" \
	" d=football.example.com; i=@football.example.com;\n" \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n" \
	" subject : date : message-id : from : subject : date;\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n" \
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n" \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n" \
	" d=football.example.com; i=@football.example.com;\n" \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n" \
	" date : message-id : from : subject : date;\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n" \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n" \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n" \
	"From: Joe SixPack <joe@football.example.com>\n" \
	"To: Suzie Q <suzie@shopping.example.net>\n" \
	"Subject: Is dinner ready?\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
#define SAMPLE_BODY \
	"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"

#define SAMPLE_SIMPLE_KEY \
	"brisbane._domainkey.example.com TXT v=DKIM1; " \
	"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMo" \
	"GeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2U" \
	"zJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQP" \
	"NUYckcQ2QIDAQAB\n"

/* With errata 3192 and 4926. */
#define SAMPLE_SIMPLE_HEADER \
	"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\n" \
	"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\n" \
	"      h=Received : From : To : Subject : Date : Message-ID;\n" \
	"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
	"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\n" \
	"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\n" \
	"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\n" \
	"      4bmp/YzhwvcubU4=;\n" \
	"Received: from client1.football.example.com  [192.0.2.1]\n" \
	"      by submitserver.example.com with SUBMISSION;\n" \
	"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\n" \
	"From: Joe SixPack <joe@football.example.com>\n" \
	"To: Suzie Q <suzie@shopping.example.net>\n" \
	"Subject: Is dinner ready?\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
#define SAMPLE_SIMPLE_BODY \
	"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"

/* The same body, in the same form, with RFC 8463's key: fields folded at once,
 * as some software writes them. */
#define SAMPLE_FOLDED_HEADER \
	"DKIM-Signature: v=1; a=ed25519-sha256; s=brisbane;\n" \
	" d=football.example.com; c=simple/simple;\n" \
	" h=from:subject:message-id;\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
	" b=fAPc21boefyub1CspXqfPs1zAHab7CDroREnBMp8670vPqEIsi09FkK94/IoAoNz\n" \
	"\tyicCC/7r+sghdOxkqWPTAA==\n" \
	"From: Joe SixPack <joe@football.example.com>\n" \
	"Subject:\n" \
	"\tIs dinner ready?\n" \
	"Message-ID:\n" \
	" <20030712040037.46341.5F8J@football.example.com>\n"

#endif
