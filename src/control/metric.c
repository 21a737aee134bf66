/* control/metric.c - see metric.h. */
#include "control/metric.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/strbuf.h"
#include "control/sum.h"

/* Of 64 bits, in seconds, with six decimals. */
#define SECONDS_MAX_OCTETS 32

void
metric_begin(struct strbuf *out, const char *name, const char *type,
    const char *help)
{
	strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

/* The backslash and the quote are escaped, as the format wants it; what is not
 * printable ASCII is shown as \xHH, so that no scrape fails for an octet that
 * is not UTF-8. */
static void
append_label_value(struct strbuf *out, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c != ' ' && !ascii_is_vchar(c)) {
			strbuf_printf(out, "\\\\x%02x", (unsigned char)c);
			continue;
		}
		if (c == '\\' || c == '"')
			strbuf_append_char(out, '\\');
		strbuf_append_char(out, c);
	}
}

/* All of a sample but its value: NAME, SUFFIX and {labels}. */
static void
begin_sample(struct strbuf *out, const char *name, const char *suffix,
    const struct metric_label *labels, size_t n_labels)
{
	const char *before = "{";

	strbuf_append_cstr(out, name);
	strbuf_append_cstr(out, suffix);
	for (size_t i = 0; i < n_labels; i++) {
		strbuf_append_cstr(out, before);
		strbuf_append_cstr(out, labels[i].name);
		strbuf_append_cstr(out, "=\"");
		append_label_value(out, slice_from_cstr(labels[i].value));
		strbuf_append_char(out, '"');
		before = ",";
	}
	if (n_labels != 0)
		strbuf_append_char(out, '}');
	strbuf_append_char(out, ' ');
}

void
metric_begin_sample(struct strbuf *out, const char *name,
    const struct metric_label *labels, size_t n_labels)
{
	begin_sample(out, name, "", labels, n_labels);
}

void
metric_end_sample(struct strbuf *out, uint64_t value)
{
	strbuf_append_uint(out, value);
	strbuf_append_char(out, '\n');
}

void
metric_add_sample(struct strbuf *out, const char *name, const char *label,
    const char *label_value, uint64_t value)
{
	metric_begin_sample(out, name, &(struct metric_label){ label,
	    label_value }, 1);
	metric_end_sample(out, value);
}

void
metric_add_number(struct strbuf *out, const char *name, const char *type,
    const char *help, uint64_t value)
{
	metric_begin(out, name, type, help);
	metric_begin_sample(out, name, NULL, 0);
	metric_end_sample(out, value);
}

/* Exact, and no longer than it must be: "0.0005", "2.5", "10". */
static void
print_seconds(uint64_t us, char text_out[SECONDS_MAX_OCTETS])
{
	uint64_t rest = us % 1000000;
	int digits = 6;

	while (rest != 0 && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	if (rest == 0)
		snprintf(text_out, SECONDS_MAX_OCTETS, "%" PRIu64,
		    us / 1000000);
	else
		snprintf(text_out, SECONDS_MAX_OCTETS, "%" PRIu64 ".%0*"
		    PRIu64, us / 1000000, digits, rest);
}

void
metric_end_seconds(struct strbuf *out, uint64_t us)
{
	char text[SECONDS_MAX_OCTETS];

	print_seconds(us, text);
	strbuf_append_cstr(out, text);
	strbuf_append_char(out, '\n');
}

void
metric_add_seconds(struct strbuf *out, const char *name, const char *type,
    const char *help, uint64_t us)
{
	metric_begin(out, name, type, help);
	metric_begin_sample(out, name, NULL, 0);
	metric_end_seconds(out, us);
}

void
metric_add_histogram(struct strbuf *out, const char *name,
    const struct metric_label *label, const struct sum_histogram *histogram)
{
	struct metric_label labels[2] = { { "", "" }, { "", "" } };
	size_t n = 0;
	uint64_t so_far = 0;

	if (label != NULL)
		labels[n++] = *label;
	for (size_t i = 0; i < HISTOGRAM_N_BOUNDS + 1; i++) {
		char bound[SECONDS_MAX_OCTETS] = "+Inf";

		if (i < HISTOGRAM_N_BOUNDS)
			print_seconds(histogram_bounds_us[i], bound);
		labels[n] = (struct metric_label){ "le", bound };
		so_far += histogram->counts[i];
		begin_sample(out, name, "_bucket", labels, n + 1);
		metric_end_sample(out, so_far);
	}
	begin_sample(out, name, "_sum", labels, n);
	metric_end_seconds(out, histogram->sum_us);
	begin_sample(out, name, "_count", labels, n);
	metric_end_sample(out, histogram->n);
}
