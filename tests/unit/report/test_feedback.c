/* Aggregate reports (RFC 9990, RFC 7489) as large senders write them, and as
 * attackers would. */
#include "base/strbuf.h"
#include "report/feedback.h"
#include "report/input.h"
#include "unit/test.h"

/* ---- a report as one line ------------------------------------------------ */

static void
append_field(struct strbuf *out, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	strbuf_printf(out, " %s=", name);
	strbuf_append(out, value);
}

static void
show_head(void *context, const struct feedback *feedback)
{
	struct strbuf *out = context;

	strbuf_append_cstr(out, feedback->is_rfc9990 ? "(9990" : "(7489");
	append_field(out, "v", feedback->version);
	append_field(out, "org", feedback->org_name);
	append_field(out, "email", feedback->email);
	append_field(out, "contact", feedback->extra_contact_info);
	append_field(out, "id", feedback->report_id);
	append_field(out, "generator", feedback->generator);
	for (size_t i = 0; i < feedback->n_errors; i++)
		append_field(out, "error", feedback->errors[i]);
	strbuf_printf(out, " %llu-%llu",
	    (unsigned long long)feedback->begin_s,
	    (unsigned long long)feedback->end_s);
	append_field(out, "domain", feedback->domain);
	append_field(out, "method", feedback->discovery_method);
	append_field(out, "p", feedback->p);
	append_field(out, "sp", feedback->sp);
	append_field(out, "np", feedback->np);
	append_field(out, "adkim", feedback->adkim);
	append_field(out, "aspf", feedback->aspf);
	append_field(out, "fo", feedback->fo);
	append_field(out, "t", feedback->testing);
	append_field(out, "pct", feedback->pct);
	strbuf_append_char(out, ')');
}

static void
show_record(void *context, const struct feedback_record *record)
{
	struct strbuf *out = context;

	strbuf_append_char(out, '[');
	strbuf_append(out, record->source_ip);
	strbuf_printf(out, " %llu", (unsigned long long)record->count);
	append_field(out, "disposition", record->disposition);
	append_field(out, "dkim", record->dkim);
	append_field(out, "spf", record->spf);
	strbuf_append_cstr(out, feedback_has_passed(record) ? " pass" :
	    " fail");
	for (size_t i = 0; i < record->n_reasons; i++) {
		append_field(out, "reason", record->reasons[i].type);
		append_field(out, "comment", record->reasons[i].comment);
	}
	append_field(out, "from", record->header_from);
	append_field(out, "mfrom", record->envelope_from);
	append_field(out, "to", record->envelope_to);
	for (size_t i = 0; i < record->n_signatures; i++) {
		append_field(out, "d", record->signatures[i].domain);
		append_field(out, "s", record->signatures[i].selector);
		append_field(out, "result", record->signatures[i].result);
		append_field(out, "human", record->signatures[i].human_result);
	}
	for (size_t i = 0; i < record->n_identities; i++) {
		append_field(out, "spf-domain", record->identities[i].domain);
		append_field(out, "scope", record->identities[i].scope);
		append_field(out, "result", record->identities[i].result);
		append_field(out, "human", record->identities[i].human_result);
	}
	strbuf_append_char(out, ']');
}

/* "(...)[...][...]", or the problem behind "!". */
static struct slice
read_text(struct arena *arena, struct slice text,
    const struct report_limits *limits)
{
	struct strbuf *out = arena_alloc(arena, sizeof(*out));
	struct strbuf problem;
	struct report_input *xml;
	const struct feedback_visitor visitor = { show_head, show_record,
		out };

	assert_non_null(out);
	strbuf_init(out, arena, 4 * 1024 * 1024);
	strbuf_init(&problem, arena, 1000);
	xml = input_from_slice(arena, limits, &problem, &text);
	assert_non_null(xml);
	if (!feedback_read(xml, &visitor)) {
		assert_int_not_equal(problem.len, 0);
		strbuf_append_char(out, '!');
		strbuf_append(out, strbuf_slice(&problem));
	}
	assert_false(out->has_failed);
	return strbuf_slice(out);
}

static const struct report_limits limits = REPORT_LIMITS_DEFAULT;

/* ---- whole reports ------------------------------------------------------- */

static const struct {
	const char *file, *want;
} reports[] = {
	{ "google.xml", "(7489 v=1.0 org=google.example "
	    "email=noreply-dmarc-support@google.example "
	    "contact=https://support.google.example/a/answer/1 "
	    "id=5717107811868587391 1795132800-1795219199 domain=example.org "
	    "p=quarantine sp=reject np=reject adkim=r aspf=r pct=100)"
	    "[192.0.2.1 120 disposition=none dkim=pass spf=pass pass "
	    "from=example.org d=example.org s=s2026 result=pass "
	    "spf-domain=bounce.example.org result=pass]"
	    "[2001:db8::25 7 disposition=none dkim=fail spf=fail fail "
	    "reason=local_policy comment=arc=pass from=example.org "
	    "d=lists.example.net s=l1 result=pass "
	    "spf-domain=lists.example.net result=pass]" },
	{ "microsoft.xml", "(7489 v=1.0 org=Outlook.example "
	    "email=dmarcreport@microsoft.example "
	    "id=00112233445566778899aabbccddeeff 1795132800-1795219200 "
	    "domain=example.org p=reject sp=reject adkim=r aspf=r fo=0 "
	    "pct=100)[198.51.100.7 3 disposition=reject dkim=fail spf=fail "
	    "fail from=example.org mfrom=example.com to=hotmail.example "
	    "spf-domain=example.com scope=mfrom result=fail]" },
	{ "yahoo.xml", "(7489 org=Yahoo email=dmarchelp@yahoo.example "
	    "id=1795139612.345678 1795132800-1795219199 domain=example.org "
	    "p=reject adkim=r aspf=r pct=100)[192.0.2.1 2 disposition=none "
	    "dkim=pass spf=fail pass from=example.org d=example.org s=s2026 "
	    "result=pass spf-domain=relay.example.net result=none]" },
	{ "fastmail.xml", "(7489 v=1.0 org=Fastmail Example Pty & "
	    "S\xc3\xb6hne email=reports@fastmail.example id=102675056 "
	    "error=the record has two p tags error=rua <b> ignored "
	    "1795132800-1795219199 domain=example.org p=none sp=none adkim=s "
	    "aspf=s fo=1:d pct=50)[203.0.113.9 1 disposition=none dkim=Pass "
	    "spf=fail pass reason=mailing_list reason=sampled_out "
	    "comment=half of them from=example.org to=fastmail.example "
	    "d=example.org s=a result=pass d=example.com s=b result=fail "
	    "human=body changed spf-domain=mx.example.net scope=helo "
	    "result=none scope=mfrom result=none]" },
	{ "draft.xml", "(7489 org=Exemple Soci\xc3\xa9t\xc3\xa9 "
	    "email=postmaster@example.net id=1 1795132800-1795219199 "
	    "domain=example.org p=none)[192.0.2.9 1 disposition=none "
	    "dkim=fail spf=pass pass from=example.org "
	    "spf-domain=example.org result=pass]" },
	{ "rfc9990.xml", "[2001:db8::1 8999999999999 disposition=pass "
	    "dkim=pass spf=pass pass reason=other comment=Liste "
	    "from=example.org mfrom=example.org d=example.org s=s2026 "
	    "result=pass human=fine spf-domain=example.org scope=mfrom "
	    "result=pass](9990 v=1.0 org=Example email=dmarc@example.net "
	    "contact=ask us id=0123456789abcdef generator=assay 0.1 "
	    "1795132800-1795219199 domain=example.org method=treewalk "
	    "p=reject sp=quarantine np=none adkim=s aspf=r fo=1 t=n)" },
};

static struct slice
read_report_file(struct arena *arena, const char *name)
{
	struct strbuf path;

	strbuf_init(&path, arena, 200);
	strbuf_printf(&path, "tests/suites/reports/%s", name);
	return test_read_file(arena, strbuf_cstr(&path));
}

static void
test_reports(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(reports); i++) {
		struct arena *arena = test_arena();
		struct slice text = test_exact_copy(
		    read_report_file(arena, reports[i].file));

		test_assert_slice(reports[i].file,
		    read_text(arena, text, &limits), reports[i].want);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* Cut anywhere, it is refused, with a line that it has. */
static void
test_cut(void **state)
{
	struct arena *arena = test_arena();
	struct slice whole = slice_trim_end(read_report_file(arena,
	    "microsoft.xml"));

	(void)state;
	for (size_t len = 0; len < whole.len; len += 7) {
		struct arena *inner = test_arena();
		struct slice text = test_exact_copy(slice_head(whole, len));
		struct slice got = read_text(inner, text, &limits);

		if (slice_find(got, '!') == SIZE_MAX)
			fail_msg("cut at %zu: %.*s", len, SLICE_PRINTF(got));
		test_free_copy(text);
		arena_destroy(&inner);
	}
	arena_destroy(&arena);
}

/* ---- pieces -------------------------------------------------------------- */

#define HEAD "<feedback><report_metadata/><policy_published><domain>a.example</domain>" \
	"</policy_published>"
#define SHOWN "(7489 0-0 domain=a.example)"

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "no record", HEAD "</feedback>", SHOWN },
	{ "empty record", HEAD "<record/></feedback>", SHOWN "[ 0 fail]" },
	{ "byte order mark, blank lines", "\xef\xbb\xbf\n\n" HEAD
	    "</feedback>", SHOWN },
	{ "own entities", HEAD "<record><row><source_ip>&lt;&#65;&#x42;"
	    "</source_ip></row></record></feedback>", SHOWN "[<AB 0 fail]" },
	{ "text around elements", HEAD "x<record>y<row>z<count>5</count>"
	    "</row></record>x</feedback>", SHOWN "[ 5 fail]" },
	{ "comments and instructions", HEAD "<!-- it's <a \"b --><record>"
	    "<row><count>1<!-- - -->2</count></row><?php 'x?></record>"
	    "</feedback>", SHOWN "[ 12 fail]" },
	{ "elements within text", HEAD "<record><row><source_ip>1<b>2</b>3"
	    "</source_ip></row></record></feedback>", SHOWN "[13 0 fail]" },
	{ "same names elsewhere", HEAD "<x><record><row><count>9</count>"
	    "</row></record></x><record><count>8</count><domain>n</domain>"
	    "</record></feedback>", SHOWN "[ 0 fail]" },
	{ "twice: the last", HEAD "<record><row><count>1</count>"
	    "<count>2</count></row></record></feedback>",
	    SHOWN "[ 2 fail]" },
	{ "nothing left of the record before", HEAD "<record><row><source_ip>"
	    "a</source_ip></row><auth_results><spf><domain>b</domain></spf>"
	    "</auth_results></record><record/></feedback>",
	    SHOWN "[a 0 fail spf-domain=b][ 0 fail]" },
	{ "prefix without a namespace", HEAD "<record a:b='c'/></feedback>",
	    SHOWN "[ 0 fail]" },

	{ "empty", "", "!is empty" },
	{ "only blanks", " \n ", "!is empty" },
	{ "no XML", "hello", "!holds something that is not XML" },
	{ "another root", "<html><body/></html>", "!line 1: is no aggregate "
	    "report: it begins with <html>" },
	{ "an ugly root", "<\xc2\x9b\x9b/>", NULL },
	{ "a root to fear", "<b\xcc\x80/>", "!line 1: is no aggregate report: "
	    "it begins with <b\\xcc\\x80>" },
	{ "nothing in it", "<feedback/>", "!is no aggregate report: it has "
	    "neither report_metadata nor policy_published" },
	{ "a count that is none", HEAD "\n<record>\n<row><count>-1</count>"
	    "</row></record></feedback>", SHOWN "!line 3: <count> is no "
	    "number that can be" },
	{ "a count too large", HEAD "<record><row><count>9000000000001"
	    "</count></row></record></feedback>", SHOWN "!line 1: <count> is "
	    "no number that can be" },
	{ "an empty count", HEAD "<record><row><count/></row></record>"
	    "</feedback>", SHOWN "!line 1: <count> is no number that can be" },
	{ "wrong nesting", "<feedback>\n<a>\n</feedback>", "!line 3: Opening "
	    "and ending tag mismatch: a line 2 and feedback" },
	{ "a wrong octet", HEAD "\n\n<a>\xff</a></feedback>", NULL },
	{ "a NUL", HEAD "<record><row><count>1", NULL },
	{ "an unknown entity", HEAD "<record><row><count>&one;</count></row>"
	    "</record></feedback>", NULL },
	{ "another encoding", "<?xml version='1.0' encoding='UTF-7'?>" HEAD
	    "</feedback>", "!line 1: is in an encoding that is not read: "
	    "UTF-7" },
	{ "an encoding with a colour", "<?xml version='1.0' encoding="
	    "'\x1b[31m'?>" HEAD "</feedback>", "!line 1: is in an encoding "
	    "that is not read: \\x1b[31m" },
	{ "UTF-16", "\xff\xfe<", "!holds something that is not XML" },
	{ "a DOCTYPE", "<?xml version='1.0'?>\n<!DOCTYPE feedback>" HEAD
	    "</feedback>", "!line 2: has a DOCTYPE, which no report needs "
	    "and attacks are made of" },
	{ "an XML bomb", "<!DOCTYPE feedback [<!ENTITY a 'ha'>"
	    "<!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
	    "<feedback><version>&c;</version></feedback>", "!line 1: has a "
	    "DOCTYPE, which no report needs and attacks are made of" },
	{ "a file of this host", "<!DOCTYPE f [<!ENTITY a SYSTEM "
	    "'file:///etc/passwd'>]><feedback><version>&a;</version>"
	    "</feedback>", "!line 1: has a DOCTYPE, which no report needs "
	    "and attacks are made of" },
	{ "something behind", HEAD "</feedback><more/>", NULL },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice text =
		    test_exact_copy(slice_from_cstr(cases[i].text));
		struct slice got = read_text(arena, text, &limits);

		/* libxml2's own words differ between versions. */
		if (cases[i].want != NULL)
			test_assert_slice(cases[i].name, got, cases[i].want);
		else if (slice_find(got, '!') == SIZE_MAX)
			fail_msg("%s: was read", cases[i].name);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* ---- limits -------------------------------------------------------------- */

/* HEAD, N times PART, and TAIL. */
static struct slice
repeat(struct arena *arena, const char *head, const char *part, size_t n,
    const char *tail)
{
	struct strbuf text;

	strbuf_init(&text, arena, 4 * 1024 * 1024);
	strbuf_append_cstr(&text, head);
	for (size_t i = 0; i < n; i++)
		strbuf_append_cstr(&text, part);
	strbuf_append_cstr(&text, tail);
	assert_false(text.has_failed);
	return strbuf_slice(&text);
}

#define RESULTS HEAD "<record><auth_results>"
#define RESULTS_END "</auth_results></record></feedback>"

static const struct {
	const char *name, *head, *part;
	size_t n;
	const char *tail;
	const char *end;	/* of what is shown */
} repeated[] = {
	{ "as many records as may be", HEAD, "<record/>", 20, "</feedback>",
	    "[ 0 fail]" },
	{ "one record more", HEAD, "<record/>", 21, "</feedback>",
	    "!line 1: has more than 20 records" },
	{ "deep", HEAD, "<x>", 32, "",
	    "!line 1: elements are nested deeper than 32" },
	{ "long text", HEAD "<record><row><source_ip>", "\xc3\xbc", 600,
	    "</source_ip></row></record></feedback>", "\xc3\xbc 0 fail]" },
	{ "much text", HEAD, " 0123456789", 100000, "</feedback>",
	    "!line 1: has more than 1 MiB of XML" },
	{ "a long tag", HEAD "<record", " a='>'", 700, "/></feedback>",
	    "!line 1: has a tag of more than 4096 octets" },
	{ "a long comment", HEAD "<!--", " a", 2100, "--></feedback>",
	    "!line 1: has a tag of more than 4096 octets" },
	{ "signatures", RESULTS, "<dkim><domain>b</domain></dkim>", 150,
	    RESULTS_END, " d=b]" },
	{ "spf", RESULTS, "<spf><domain>b</domain></spf>", 150, RESULTS_END,
	    " spf-domain=b]" },
	{ "reasons", HEAD "<record><row><policy_evaluated>",
	    "<reason><type>b</type></reason>", 150,
	    "</policy_evaluated></row></record></feedback>", " reason=b]" },
	{ "errors", "<feedback><report_metadata>", "<error>b</error>", 150,
	    "</report_metadata></feedback>", " error=b 0-0)" },
};

static void
test_limits(void **state)
{
	static const struct report_limits small = { .octets = 1024 * 1024,
		.records = 20 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(repeated); i++) {
		struct arena *arena = test_arena();
		struct slice text = test_exact_copy(repeat(arena,
		    repeated[i].head, repeated[i].part, repeated[i].n,
		    repeated[i].tail));
		struct slice got = read_text(arena, text, &small);
		struct slice end = slice_from_cstr(repeated[i].end);

		if (slice_find(got, '!') != SIZE_MAX)
			got = slice_head(slice_from(got, slice_find(got,
			    '!')), end.len);
		else if (got.len > end.len)
			got = slice_from(got, got.len - end.len);
		test_assert_slice(repeated[i].name, got, repeated[i].end);
		if (slice_find(slice_from(got, 1), '!') != SIZE_MAX)
			fail_msg("%s: two problems", repeated[i].name);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* Names that libxml2 would remember: so many, in each place where one can be. */
static void
test_names(void **state)
{
	static const struct {
		const char *name, *before, *behind;
	} places[] = {
		{ "element", "<n", "/>" },
		{ "attribute", "<x n", "='1'/>" },
		{ "prefix", "<x xmlns:n", "='u'/>" },
		{ "namespace", "<x xmlns='u", "'/>" },
		{ "instruction", "<?n", " ?>" },
		{ "prefix without a namespace", "<n", ":x/>" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(places); i++)
		for (unsigned n = 900; n <= 1100; n += 200) {
			struct arena *arena = test_arena();
			struct strbuf text;
			struct slice got;

			strbuf_init(&text, arena, 1000000);
			strbuf_append_cstr(&text, HEAD);
			for (unsigned j = 0; j < n; j++) {
				strbuf_append_cstr(&text, places[i].before);
				strbuf_append_uint(&text, j);
				strbuf_append_cstr(&text, places[i].behind);
			}
			strbuf_append_cstr(&text, "</feedback>");
			got = read_text(arena, strbuf_slice(&text), &limits);
			test_assert_slice(places[i].name, got, n < 1000 ?
			    SHOWN : "!line 1: has more than 1000 names that "
			    "no report has");
			arena_destroy(&arena);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
