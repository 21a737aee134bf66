/* cli/doctor_daemon.c - see doctor.h: what the running daemon says of itself,
 * where it can be spoken with. */
#include <jansson.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "cli/doctor.h"
#include "config/settings.h"
#include "control/client.h"
#include "control/results.h"

#define MAX_TEXT ((size_t)4096)
#define ANSWER_MS 10000

/* "failing: ..." and so on, as control/health.h has it. */
static void
add_line(struct check *check, struct slice line)
{
	static const struct slice failing = SLICE_INIT("failing: ");
	static const struct slice warning = SLICE_INIT("warning: ");

	if (slice_starts_with(line, failing))
		check_add(check, CHECK_CRITICAL, "daemon", "daemon-failing",
		    "its log says more", "%s",
		    check_show(check, slice_from(line, failing.len)));
	else if (slice_starts_with(line, warning))
		check_add(check, CHECK_WARNING, "daemon", "daemon-warning",
		    "its log says more", "%s",
		    check_show(check, slice_from(line, warning.len)));
	else
		check_add(check, CHECK_GOOD, "daemon", "daemon", NULL,
		    "assayd is well, by its own word");
}

static bool
add_health(struct check *check, const json_t *answer)
{
	const json_t *lines = json_object_get(json_object_get(answer,
	    "health"), "lines");

	for (size_t i = 0; i < json_array_size(lines); i++)
		add_line(check, results_get_text(json_array_get(lines, i)));
	return json_array_size(lines) != 0;
}

static enum client_status
ask(const char *socket, json_t **answer_out, struct strbuf *problem)
{
	json_t *request = json_pack("{s:s}", "command", "status");
	enum client_status status;
	int fd;

	*answer_out = NULL;
	if (request == NULL)
		return CLIENT_NO_MEMORY;
	status = client_connect(socket, &fd, problem);
	if (status == CLIENT_OK) {
		status = client_ask(fd, request,
		    clock_monotonic_ms() + ANSWER_MS, answer_out, problem);
		close(fd);
	}
	json_decref(request);
	return status;
}

/* Whether it runs at all is seen at the milter's socket. */
void
doctor_check_daemon(struct check *check)
{
	const char *socket = check->config->control.socket;
	struct strbuf problem;
	json_t *answer;

	if (socket[0] == '\0')
		return;
	strbuf_init(&problem, check->arena, MAX_TEXT);
	switch (ask(socket, &answer, &problem)) {
	case CLIENT_OK:
		if (!add_health(check, answer))
			check_add(check, CHECK_WARNING, "daemon",
			    "daemon-silent", "is it of another version?",
			    "%s does not say how assayd is", socket);
		break;
	case CLIENT_BAD_SOCKET:
	case CLIENT_NOT_RUNNING:
	case CLIENT_NOT_PERMITTED:
		check_add(check, CHECK_NOTE, "daemon", "daemon-unseen", NULL,
		    "%s", check_show(check, strbuf_slice(&problem)));
		break;
	case CLIENT_NO_ANSWER:
	case CLIENT_BAD_ANSWER:
	case CLIENT_NO_MEMORY:
		check_add(check, CHECK_WARNING, "daemon", "daemon-silent",
		    NULL, "%s", check_show(check, strbuf_slice(&problem)));
		break;
	}
	json_decref(answer);
}
