/* report/sql.c - see sql.h. */
#include "report/sql.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/* Octets of a library's message within a problem. */
#define MESSAGE_MAX ((size_t)300)
/* Of one statement's texts, where they had to be mended. */
#define SCRATCH_MAX ((size_t)4 * 1024 * 1024)

bool
sql_init(struct sql *sql, const struct sql_driver *driver)
{
	sql->driver = driver;
	sql->scratch = arena_create(SCRATCH_MAX);
	return sql->scratch != NULL;
}

void
sql_clear(struct sql *sql)
{
	arena_destroy(&sql->scratch);
}

void
sql_set_problem(struct sql *sql, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(sql->problem, sizeof(sql->problem), format, args) < 0)
		sql->problem[0] = '\0';
	va_end(args);
}

/* libpq's messages have line ends, the last one too. */
const char *
sql_escape(struct sql *sql, const char *text)
{
	struct slice rest = slice_trim(slice_from_cstr(text));
	struct strbuf out;
	const char *escaped;

	strbuf_init(&out, sql->scratch, SCRATCH_MAX);
	rest = slice_head(rest, MESSAGE_MAX);
	while (rest.len > 0) {
		struct slice line = slice_head(rest, slice_find(rest, '\n'));

		strbuf_append_escaped(&out, line, MESSAGE_MAX);
		rest = slice_trim(slice_from(rest, line.len));
		if (rest.len > 0)
			strbuf_append_char(&out, ' ');
	}
	escaped = strbuf_cstr(&out);
	return escaped != NULL ? escaped : "";
}

enum store_status
sql_connect(struct sql *sql)
{
	enum store_status status;

	if (sql->is_connected)
		return STORE_OK;
	status = sql->driver->connect(sql);
	sql->is_connected = status == STORE_OK;
	return status;
}

void
sql_disconnect(struct sql *sql)
{
	sql->driver->disconnect(sql);
	sql->is_connected = false;
}

void
sql_destroy(struct sql **sql)
{
	if (*sql == NULL)
		return;
	sql_disconnect(*sql);
	(*sql)->driver->destroy(*sql);
	*sql = NULL;
}

enum store_status
sql_exec(struct sql *sql, const char *text)
{
	return sql->driver->exec(sql, text);
}

enum store_status
sql_begin(struct sql *sql, bool is_durable)
{
	return sql->driver->begin(sql, is_durable);
}

enum store_status
sql_end(struct sql *sql, enum store_status status)
{
	if (status == STORE_OK)
		status = sql->driver->commit(sql);
	if (status != STORE_OK && sql->is_connected)
		sql->driver->rollback(sql);
	return status;
}

/* The first sequence of S, or "?" for what is none. */
static size_t
append_mended(struct strbuf *out, struct slice s)
{
	size_t octets = utf8_sequence_octets(s);

	if (octets == 0 || s.ptr[0] == '\0') {
		strbuf_append_char(out, '?');
		return 1;
	}
	strbuf_append(out, slice_head(s, octets));
	return octets;
}

static struct slice
mend_text(struct sql *sql, struct slice text)
{
	struct strbuf out;

	if (slice_find(text, '\0') == SIZE_MAX && utf8_is_valid(text))
		return text;
	strbuf_init(&out, sql->scratch, SCRATCH_MAX);
	while (text.len > 0)
		text = slice_from(text, append_mended(&out, text));
	return strbuf_slice(&out);
}

enum store_status
sql_start(struct sql *sql, const char *text, const struct sql_value *values,
    size_t n)
{
	struct sql_value mended[SQL_PARAMETERS_MAX];

	assert(n <= SQL_PARAMETERS_MAX);
	arena_reset(sql->scratch);
	for (size_t i = 0; i < n; i++) {
		mended[i] = values[i];
		if (values[i].kind == SQL_TEXT)
			mended[i].octets = mend_text(sql, values[i].octets);
	}
	if (arena_has_failed(sql->scratch)) {
		sql_set_problem(sql, "out of memory");
		return STORE_UNAVAILABLE;
	}
	return sql->driver->start(sql, text, mended, n);
}

enum store_status
sql_step(struct sql *sql, bool *has_row_out)
{
	*has_row_out = false;
	return sql->driver->step(sql, has_row_out);
}

int64_t
sql_get_number(struct sql *sql, unsigned column)
{
	return sql->driver->get_number(sql, column);
}

struct slice
sql_get_octets(struct sql *sql, unsigned column)
{
	return sql->driver->get_octets(sql, column);
}

void
sql_finish(struct sql *sql)
{
	sql->driver->finish(sql);
}

enum store_status
sql_run(struct sql *sql, const char *text, const struct sql_value *values,
    size_t n, uint64_t *n_changed)
{
	bool has_row;
	enum store_status status = sql_start(sql, text, values, n);

	if (status == STORE_OK)
		status = sql_step(sql, &has_row);
	if (n_changed != NULL)
		*n_changed = status == STORE_OK ?
		    sql->driver->count_changes(sql) : 0;
	sql_finish(sql);
	return status;
}

enum store_status
sql_get_numbers(struct sql *sql, const char *text,
    const struct sql_value *values, size_t n, int64_t *numbers_out,
    size_t n_out)
{
	bool has_row = false;
	enum store_status status = sql_start(sql, text, values, n);

	if (status == STORE_OK)
		status = sql_step(sql, &has_row);
	for (size_t i = 0; i < n_out; i++)
		numbers_out[i] = has_row ?
		    sql_get_number(sql, (unsigned)i) : 0;
	sql_finish(sql);
	return status;
}
