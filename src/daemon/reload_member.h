/* daemon/reload_member.h - the configuration is read anew: in a process that
 * was forked, as the supervisor's orders say (reload_board.h).  All calls are
 * the loop's thread's. */
#ifndef ASSAY_DAEMON_RELOAD_MEMBER_H
#define ASSAY_DAEMON_RELOAD_MEMBER_H

struct changeover;
struct log;
struct reload_board;
struct reload_member;

/* Of seat number SEAT; the rest is borrowed.  Looks at the board at once: an
 * order may have come before us.  NULL where memory is out. */
struct reload_member *reload_join(struct reload_board *board, unsigned seat,
    struct changeover *changeover, struct log *log);

/* Before the changeover is destroyed.  Sets *MEMBER to NULL. */
void reload_leave(struct reload_member **member);

/* SIGHUP: there may be news on the board. */
void reload_look(void *member);

#endif
