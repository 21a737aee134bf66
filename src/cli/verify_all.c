/* cli/verify_all.c - see verify_all.h.
 *
 * Each thread takes the next message, examines it, puts what is to be said of
 * it into the place of its number, and prints all that is complete from the
 * front on.  Nobody runs further ahead than there are places. */
#include "cli/verify_all.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/examine.h"
#include "cli/findings.h"
#include "cli/mailbox.h"

#define PLACES 64
#define TEXT_MEMORY ((size_t)8 * 1024 * 1024)	/* of one message's words */

struct run {
	const struct verify_options *options;
	struct mailbox *mailbox;
	struct terminal_progress *progress;
	struct verify_summary *summary;
	pthread_mutex_t mutex;		/* guards all that follows, the three
					 * above and stdout */
	pthread_cond_t place_is_free;
	uint64_t n_taken, n_printed;
	char *places[PLACES];		/* malloc's; NULL: not done yet */
	bool has_failed;
};

/* ---- one message --------------------------------------------------------- */

static void
append_json(struct strbuf *text, struct slice name,
    const struct examination *examination)
{
	json_t *object = findings_make_json(name, examination);
	char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

	if (line == NULL)
		text->has_failed = true;
	else
		strbuf_append_cstr(text, line);
	strbuf_append_char(text, '\n');
	free(line);
	json_decref(object);
}

/* malloc's; NULL where memory is out. */
static char *
describe(const struct verify_options *options, struct arena *arena,
    struct slice name, const struct examination *examination)
{
	struct strbuf text;
	const char *words;

	arena_reset(arena);
	strbuf_init(&text, arena, TEXT_MEMORY / 4);
	if (options->is_json)
		append_json(&text, name, examination);
	else if (options->is_brief)
		findings_append_line(&text, name, examination,
		    options->is_coloured);
	else
		findings_append(&text, name, examination,
		    options->is_coloured);
	words = strbuf_cstr(&text);
	return words != NULL ? strdup(words) : NULL;
}

static void
count_action(struct verify_summary *summary, enum policy_action action)
{
	switch (action) {
	case POLICY_ACCEPT:
		summary->n_accepted++;
		break;
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		summary->n_quarantined++;
		break;
	case POLICY_REJECT:
		summary->n_rejected++;
		break;
	case POLICY_TEMPFAIL:
		summary->n_deferred++;
		break;
	}
}

static void
count(struct verify_summary *summary, const struct examination *examination)
{
	const struct inspect_results *results = examination->results;

	summary->n_messages++;
	if (examination->problem != NULL) {
		summary->n_unreadable++;
		return;
	}
	count_action(summary, examination->verdict.wanted);
	if (results->spf.result == SPF_PASS)
		summary->n_spf_passed++;
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result == DKIM_RESULT_PASS) {
			summary->n_dkim_passed++;
			break;
		}
	if (results->dmarc.result == DMARC_PASS)
		summary->n_dmarc_passed++;
	if (results->dmarc.result == DMARC_FAIL)
		summary->n_dmarc_failed++;
}

/* ---- threads ------------------------------------------------------------- */

/* The next message and its number, with the lock held. */
static bool
take(struct run *run, struct mailbox_message *message, uint64_t *number_out)
{
	while (run->n_taken - run->n_printed == PLACES && !run->has_failed)
		pthread_cond_wait(&run->place_is_free, &run->mutex);
	if (run->has_failed || !mailbox_next(run->mailbox, message))
		return false;
	*number_out = run->n_taken++;
	return true;
}

static void
show_progress(struct run *run)
{
	uint64_t done, all;

	mailbox_get_progress(run->mailbox, &done, &all);
	terminal_show_progress(run->progress, done, all);
}

/* With the lock held. */
static void
print_what_is_done(struct run *run)
{
	char **place;

	while (*(place = &run->places[run->n_printed % PLACES]) != NULL) {
		terminal_clear_progress(run->progress);
		if (fputs(*place, stdout) == EOF)
			run->has_failed = true;
		free(*place);
		*place = NULL;
		run->n_printed++;
	}
	pthread_cond_broadcast(&run->place_is_free);
	show_progress(run);
}

static void
hand_in(struct run *run, uint64_t number, char *words,
    const struct examination *examination)
{
	pthread_mutex_lock(&run->mutex);
	count(run->summary, examination);
	if (words == NULL)
		run->has_failed = true;
	run->places[number % PLACES] = words;
	print_what_is_done(run);
	pthread_mutex_unlock(&run->mutex);
}

static void
work(struct run *run, struct examiner *examiner, struct arena *arena)
{
	struct mailbox_message message;
	struct examination examination;
	uint64_t number;

	for (;;) {
		bool is_there;

		pthread_mutex_lock(&run->mutex);
		is_there = take(run, &message, &number);
		pthread_mutex_unlock(&run->mutex);
		if (!is_there)
			return;
		if (message.problem == NULL)
			examiner_examine(examiner, message.octets,
			    &examination);
		else
			examination = (struct examination){
				.problem = message.problem,
			};
		hand_in(run, number, describe(run->options, arena,
		    message.name, &examination), &examination);
		mailbox_release(&message);
	}
}

static void *
run_thread(void *context)
{
	struct run *run = context;
	struct examiner *examiner = examiner_create(run->options->examiner);
	struct arena *arena = arena_create(TEXT_MEMORY);

	if (examiner != NULL && arena != NULL) {
		work(run, examiner, arena);
	} else {
		pthread_mutex_lock(&run->mutex);
		run->has_failed = true;
		pthread_cond_broadcast(&run->place_is_free);
		pthread_mutex_unlock(&run->mutex);
	}
	examiner_destroy(&examiner);
	arena_destroy(&arena);
	return NULL;
}

/* This thread is one of them, so that there is always one. */
static void
run_threads(struct run *run, unsigned n)
{
	pthread_t *threads = calloc(n, sizeof(*threads));
	unsigned n_started = 0;

	while (threads != NULL && n_started + 1 < n &&
	    pthread_create(&threads[n_started], NULL, run_thread, run) == 0)
		n_started++;
	run_thread(run);
	for (unsigned i = 0; i < n_started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

bool
verify_all(const struct verify_options *options, struct mailbox *mailbox,
    struct terminal_progress *progress, struct verify_summary *summary)
{
	struct run run = {
		.options = options,
		.mailbox = mailbox,
		.progress = progress,
		.summary = summary,
	};

	if (pthread_mutex_init(&run.mutex, NULL) != 0)
		return false;
	if (pthread_cond_init(&run.place_is_free, NULL) == 0) {
		run_threads(&run, mailbox_is_collection(mailbox) ?
		    options->n_threads : 1);
		pthread_cond_destroy(&run.place_is_free);
	} else {
		run.has_failed = true;
	}
	pthread_mutex_destroy(&run.mutex);
	for (size_t i = 0; i < PLACES; i++)
		free(run.places[i]);
	terminal_clear_progress(progress);
	return !run.has_failed && fflush(stdout) == 0;
}
