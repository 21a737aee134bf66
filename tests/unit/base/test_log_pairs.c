/* Pairs as text and as JSON: the same values, whatever a sender put into
 * them. */
#include "base/log_pairs.h"

#include <jansson.h>
#include <string.h>

#include "base/log.h"
#include "unit/capture.h"
#include "unit/test.h"

static const struct {
	const char *name;
	struct slice value;
	size_t max;
	const char *text;	/* as key=value */
	const char *string;	/* what who reads the JSON gets */
} values[] = {
	{ "plain", SLICE_INIT("mail.example.org"), 64, "mail.example.org",
	    "mail.example.org" },
	{ "empty", SLICE_INIT(""), 64, "\"\"", "" },
	{ "a key of its own", SLICE_INIT("x verdict=accept"), 64,
	    "\"x verdict=accept\"", "x verdict=accept" },
	{ "a member of its own", SLICE_INIT("x\",\"verdict\":\"accept"), 64,
	    "\"x\\\",\\\"verdict\\\":\\\"accept\"",
	    "x\",\"verdict\":\"accept" },
	{ "backslash", SLICE_INIT("a\\n\\"), 64, "\"a\\x5cn\\x5c\"",
	    "a\\x5cn\\x5c" },
	{ "quote behind a backslash", SLICE_INIT("\\\""), 64,
	    "\"\\x5c\\\"\"", "\\x5c\"" },
	{ "controls", SLICE_INIT("\r\n\t\x1b[2J\x7f"), 64,
	    "\"\\x0d\\x0a\\x09\\x1b[2J\\x7f\"",
	    "\\x0d\\x0a\\x09\\x1b[2J\\x7f" },
	{ "NUL", SLICE_INIT("a\0b"), 64, "\"a\\x00b\"", "a\\x00b" },
	{ "UTF-8", SLICE_INIT("\xc3\xa4@\xe4\xbe\x8b.jp"), 64,
	    "\"\\xc3\\xa4@\\xe4\\xbe\\x8b.jp\"", "\xc3\xa4@\xe4\xbe\x8b.jp" },
	{ "not UTF-8", SLICE_INIT("\xff\xc0\xaf\xed\xa0\x80\xf5"), 64,
	    "\"\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf5\"",
	    "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf5" },
	{ "a character that ends early", SLICE_INIT("a\xe4\xbe"), 64,
	    "\"a\\xe4\\xbe\"", "a\\xe4\\xbe" },
	{ "line and paragraph separators",
	    SLICE_INIT("\xe2\x80\xa8\xe2\x80\xa9"), 64,
	    "\"\\xe2\\x80\\xa8\\xe2\\x80\\xa9\"",
	    "\\xe2\\x80\\xa8\\xe2\\x80\\xa9" },
	{ "next line, of C1", SLICE_INIT("\xc2\x85"), 64, "\"\\xc2\\x85\"",
	    "\\xc2\\x85" },
	{ "right to left", SLICE_INIT("\xe2\x80\xae" "gpj.exe"), 64,
	    "\"\\xe2\\x80\\xaegpj.exe\"", "\\xe2\\x80\\xaegpj.exe" },
	{ "no character", SLICE_INIT("\xf4\x8f\xbf\xbf\xef\xb7\x90"), 64,
	    "\"\\xf4\\x8f\\xbf\\xbf\\xef\\xb7\\x90\"",
	    "\\xf4\\x8f\\xbf\\xbf\\xef\\xb7\\x90" },
	{ "tags", SLICE_INIT("\xf3\xa0\x81\x81"), 64,
	    "\"\\xf3\\xa0\\x81\\x81\"", "\\xf3\\xa0\\x81\\x81" },
	{ "cut", SLICE_INIT("0123456789"), 4, "0123...", "0123..." },
	{ "cut in a character", SLICE_INIT("012\xe4\xbe\x8b"), 5,
	    "012...", "012..." },
	{ "cut behind a character", SLICE_INIT("01\xe4\xbe\x8b" "6"), 5,
	    "\"01\\xe4\\xbe\\x8b\"...", "01\xe4\xbe\x8b..." },
	{ "cut in what is none", SLICE_INIT("\x80\x80\x80\x80\x80\x80"), 5,
	    "\"\\x80\\x80\\x80\\x80\\x80\"...",
	    "\\x80\\x80\\x80\\x80\\x80..." },
	{ "cut to nothing", SLICE_INIT("\xc3\xa4"), 1, "\"\"...", "..." },
};

static json_t *
parse(const char *name, const struct log_pairs *pairs, size_t max)
{
	struct arena *arena = test_arena();
	struct strbuf text;
	json_error_t error;
	json_t *object;

	strbuf_init(&text, arena, 100000);
	strbuf_append_cstr(&text, "{\"first\":1");
	log_pairs_append_json(&text, pairs, max);
	strbuf_append_char(&text, '}');
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			fail_msg("%s: a control character", name);
	object = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES,
	    &error);
	if (object == NULL)
		fail_msg("%s: %s in %.*s", name, error.text,
		    SLICE_PRINTF(strbuf_slice(&text)));
	arena_destroy(&arena);
	return object;
}

static struct slice
write_text(struct arena *arena, const struct log_pairs *pairs, size_t max)
{
	struct strbuf text;

	strbuf_init(&text, arena, 100000);
	log_pairs_append_text(&text, pairs, max);
	return strbuf_slice(&text);
}

static void
check_value(size_t i)
{
	struct arena *arena = test_arena();
	struct slice value = test_exact_copy(values[i].value), text;
	struct log_pairs pairs;
	json_t *object;

	log_pairs_init(&pairs);
	log_pairs_add(&pairs, "helo", value, values[i].max);
	log_pairs_add_word(&pairs, "verdict", "reject");
	text = write_text(arena, &pairs, SIZE_MAX);
	assert_true(slice_starts_with(text, SLICE("helo=")));
	assert_true(slice_ends_with_nocase(text, SLICE(" verdict=reject")));
	text = slice_from(slice_head(text, text.len -
	    strlen(" verdict=reject")), strlen("helo="));
	test_assert_slice(values[i].name, text, values[i].text);
	object = parse(values[i].name, &pairs, SIZE_MAX);
	assert_int_equal(json_object_size(object), 3);
	test_assert_slice(values[i].name, slice_from_cstr(json_string_value(
	    json_object_get(object, "helo"))), values[i].string);
	assert_string_equal(json_string_value(json_object_get(object,
	    "verdict")), "reject");
	json_decref(object);
	test_free_copy(value);
	arena_destroy(&arena);
}

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(values); i++)
		check_value(i);
}

/* Every kind, and lists at each place where one may begin and end. */
static void
test_kinds(void **state)
{
	struct arena *arena = test_arena();
	struct log_pairs pairs;
	json_t *object, *want;

	(void)state;
	log_pairs_init(&pairs);
	log_pairs_begin_item(&pairs, "dkim", "pass");
	log_pairs_add(&pairs, "dkim_domain", SLICE("a.example"), 64);
	log_pairs_end_item(&pairs);
	log_pairs_begin_item(&pairs, "dkim", "fail");
	log_pairs_end_item(&pairs);
	log_pairs_begin_item(&pairs, "arc", "none");
	log_pairs_end_item(&pairs);
	log_pairs_add_number(&pairs, "dkim_more", UINT32_MAX);
	log_pairs_add_flag(&pairs, "aligned", true);
	log_pairs_add_flag(&pairs, "spf_aligned", false);
	log_pairs_add_known(&pairs, "unknown", SLICE_EMPTY, 64);
	strbuf_append_cstr(log_pairs_begin_value(&pairs), "one");
	log_pairs_end_list(&pairs, "flags");
	strbuf_append_cstr(log_pairs_begin_value(&pairs), "a b");
	log_pairs_end_value(&pairs, "arc_set");
	strbuf_append_cstr(log_pairs_begin_value(&pairs), "one,two");
	log_pairs_end_list(&pairs, "limits");
	log_pairs_begin_item(&pairs, "last", "x");
	log_pairs_add_flag(&pairs, "last_one", true);
	test_assert_slice("text", write_text(arena, &pairs, SIZE_MAX),
	    "dkim=pass dkim_domain=a.example dkim=fail arc=none "
	    "dkim_more=4294967295 aligned=yes spf_aligned=no flags=one "
	    "arc_set=\"a b\" limits=one,two last=x last_one=yes");
	object = parse("kinds", &pairs, SIZE_MAX);
	want = json_pack("{s:i, s:[{s:s, s:s}, {s:s}], s:[{s:s}], s:I, s:b, "
	    "s:b, s:[s], s:s, s:[s, s], s:[{s:s, s:b}]}", "first", 1, "dkim",
	    "result", "pass", "domain", "a.example", "result", "fail", "arc",
	    "result", "none", "dkim_more", (json_int_t)UINT32_MAX, "aligned",
	    1, "spf_aligned", 0, "flags", "one", "arc_set", "a b", "limits",
	    "one", "two", "last", "result", "x", "one", 1);
	assert_non_null(want);
	assert_true(json_equal(object, want));
	json_decref(want);
	json_decref(object);
	arena_destroy(&arena);
}

/* What there is no room for is left out; the rest stays whole. */
static void
test_too_many(void **state)
{
	struct arena *arena = test_arena();
	struct log_pairs pairs;
	char keys[LOG_PAIRS_MAX + 5][16];
	json_t *object;

	(void)state;
	log_pairs_init(&pairs);
	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		strbuf_append_cstr(log_pairs_begin_value(&pairs),
		    "0123456789012345678901234567890123456789");
		log_pairs_end_value(&pairs, keys[i]);
	}
	object = parse("too many", &pairs, SIZE_MAX);
	assert_int_equal(json_object_size(object), 1 + LOG_PAIRS_MAX);
	json_decref(object);
	assert_non_null(log_pairs_find(&pairs, "k0"));
	assert_null(log_pairs_find(&pairs, "k"));
	arena_destroy(&arena);
}

/* Whatever values want, a line is as long as it may be, and whole. */
static void
test_fit(void **state)
{
	static const enum log_format formats[] = { LOG_FORMAT_TEXT,
		LOG_FORMAT_JSON };
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m", "n", "o", "p" };
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);
	char ugly[100000];

	(void)state;
	assert_non_null(log);
	memset(ugly, '\xff', sizeof(ugly));
	for (size_t i = 0; i < N_ELEMENTS(formats); i++) {
		struct arena *arena = test_arena();
		struct log_pairs pairs;
		struct capture capture;
		struct slice line;

		log_pairs_init(&pairs);
		for (size_t j = 0; j < N_ELEMENTS(keys); j++)
			log_pairs_add(&pairs, keys[j],
			    (struct slice){ ugly, sizeof(ugly) }, SIZE_MAX);
		log_pairs_add_word(&pairs, "verdict", "reject");
		log_reconfigure(log, &(struct log_settings){
			.sink = LOG_SINK_STDERR, .format = formats[i] });
		capture_start(&capture);
		log_write_pairs(log, LOG_LEVEL_INFO, &pairs);
		line = capture_end(&capture, arena);
		assert_true(line.len < LOG_LINE_MAX + 32);
		assert_true(line.len > LOG_LINE_MAX / 3);
		assert_true(slice_ends_with_nocase(line,
		    formats[i] == LOG_FORMAT_JSON ?
		    SLICE(",\"verdict\":\"reject\"}\n") :
		    SLICE(" verdict=reject\n")));
		arena_destroy(&arena);
	}
	log_destroy(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
