/* cli/interrupt.c - see interrupt.h. */
#include "cli/interrupt.h"

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t should_stop;

static void
on_signal(int number)
{
	(void)number;
	should_stop = 1;
}

const volatile sig_atomic_t *
interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;	/* a relay that hangs up */
	sigaction(SIGPIPE, &action, NULL);
	return &should_stop;
}
