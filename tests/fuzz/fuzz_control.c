/* A line of the control socket.  What is accepted is whole, and in bounds. */
#include "base/strbuf.h"
#include "control/request.h"
#include "fuzz/fuzz.h"

static void
check(const struct request *request)
{
	const struct submission *submission = &request->submission;

	if (request->command != REQUEST_VERIFY) {
		if (submission->octets.len != 0 ||
		    submission->n_recipients != 0)
			abort();
		return;
	}
	if (submission->n_recipients > REQUEST_MAX_MARKS ||
	    submission->sender.len == 0)
		abort();
	for (size_t i = 0; i < submission->n_recipients; i++)
		if (slice_find(submission->recipients[i], '\n') != SIZE_MAX)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct request request;
	struct strbuf problem;

	strbuf_init(&problem, arena, 4096);
	if (request_parse(arena, fuzz_slice(data, size), &request, &problem)) {
		check(&request);
		request_release(&request);
	} else if (strbuf_slice(&problem).len == 0) {
		abort();
	}
	arena_destroy(&arena);
	return 0;
}
