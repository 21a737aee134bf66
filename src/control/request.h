/* control/request.h - one line of the control socket: what is asked for.
 *
 * Who may write to the socket may write anything: what a line may cost is
 * bounded before it is read as JSON. */
#ifndef ASSAY_CONTROL_REQUEST_H
#define ASSAY_CONTROL_REQUEST_H

#include <jansson.h>

#include "base/log.h"
#include "milter/submission.h"

struct arena;
struct strbuf;

/* Of a line, its end not counted: a message of 64 MB, or of 48 in base64. */
#define REQUEST_MAX_OCTETS ((size_t)64 * 1024 * 1024)

/* Of one that does not ask to verify a message; shorter ones are read on the
 * loop. */
#define REQUEST_SHORT_OCTETS ((size_t)16 * 1024)

/* Reading a long line takes this many times its octets: jansson's buffer, which
 * doubles, the text out of it, and what is in base64 once more. */
#define REQUEST_COST 4

/* Members of objects, elements of lists and what nests them, in one line: each
 * costs more memory than it has octets.  A thousand recipients fit. */
#define REQUEST_MAX_MARKS 4000

enum request_command {
	REQUEST_STATUS = 0,
	REQUEST_RELOAD,
	REQUEST_LOG_LEVEL,
	REQUEST_CACHE,
	REQUEST_ZONES,
	REQUEST_VERIFY,
};

struct request {
	enum request_command command;
	bool sets_level;		/* LOG_LEVEL: else it is asked for */
	enum log_level level;
	struct submission submission;	/* VERIFY */
	json_t *root;			/* what SUBMISSION borrows, beside
					 * the arena */
};

/* Read LINE.  False with the problem, in words for who wrote it, appended;
 * nothing is to be released then.  Allocates from ARENA, which needs room for
 * LINE's octets where it is long. */
bool request_parse(struct arena *arena, struct slice line,
    struct request *request_out, struct strbuf *problem);
void request_release(struct request *request);

#endif
