/*
 * milterload: a load generator that speaks the milter protocol (version 6)
 * to a filter the way Postfix does.
 *
 * Build:  cc -std=c11 -O2 -Wall -Wextra -pthread -o milterload milterload.c
 *
 * A few threads each drive many non-blocking sessions through one epoll
 * descriptor, so thousands of sessions cost a few hundred bytes each.  Messages
 * are encoded into milter packets once, at start.  Packets the filter declared
 * "no reply" (SMFIP_NR_*) are gathered into one write with what follows them,
 * as a buffered MTA does.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---- protocol constants (sendmail's libmilter/mfdef.h) ------------------- */

#define MILTER_VERSION 6u
#define ALL_ACTIONS 0x000001FFu
#define ALL_PROTOCOL 0x001FFFFFu
#define CHUNK_MAX 65535u
#define PACKET_MAX (16u << 20)

enum {
    P_NOCONNECT = 0x1, P_NOHELO = 0x2, P_NOMAIL = 0x4, P_NORCPT = 0x8,
    P_NOBODY = 0x10, P_NOHDRS = 0x20, P_NOEOH = 0x40, P_NR_HDR = 0x80,
    P_NODATA = 0x200, P_SKIP = 0x400, P_NR_CONN = 0x1000, P_NR_HELO = 0x2000,
    P_NR_MAIL = 0x4000, P_NR_RCPT = 0x8000, P_NR_DATA = 0x10000,
    P_NR_EOH = 0x40000, P_NR_BODY = 0x80000, P_HDR_LEADSPC = 0x100000
};

/* The steps of a session, in the order in which they are sent. */
enum step {
    ST_OPTNEG, ST_CONNECT, ST_HELO, ST_MAIL, ST_RCPT, ST_DATA, ST_HEADER,
    ST_EOH, ST_BODY, ST_EOM, ST_NONE, STEP_COUNT = ST_NONE
};

static const struct {
    const char *name;
    char cmd;
    uint32_t no;    /* the filter does not want this step */
    uint32_t nr;    /* the filter does not reply to this step */
    int symstage;   /* SMFIM_* index, -1: no macros */
} steps[STEP_COUNT] = {
    [ST_OPTNEG]  = {"OPTNEG", 'O', 0, 0, -1},
    [ST_CONNECT] = {"CONNECT", 'C', P_NOCONNECT, P_NR_CONN, 0},
    [ST_HELO]    = {"HELO", 'H', P_NOHELO, P_NR_HELO, 1},
    [ST_MAIL]    = {"MAIL", 'M', P_NOMAIL, P_NR_MAIL, 2},
    [ST_RCPT]    = {"RCPT", 'R', P_NORCPT, P_NR_RCPT, 3},
    [ST_DATA]    = {"DATA", 'T', P_NODATA, P_NR_DATA, 4},
    [ST_HEADER]  = {"HEADER", 'L', P_NOHDRS, P_NR_HDR, -1},
    [ST_EOH]     = {"EOH", 'N', P_NOEOH, P_NR_EOH, 6},
    [ST_BODY]    = {"BODY", 'B', P_NOBODY, P_NR_BODY, -1},
    [ST_EOM]     = {"EOM", 'E', 0, 0, 5},
};
#define SYMSTAGES 7

/* What Postfix sends by default, plus {client_addr}. */
static const char *const default_syms[SYMSTAGES] = {
    "j {daemon_name} {daemon_addr} {client_addr} v _",
    "",
    "i {mail_addr} {mail_host} {mail_mailer}",
    "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "i",
    "i",
    "i",
};

enum verdict { V_ACCEPT, V_REJECT, V_TEMPFAIL, V_DISCARD, VERDICT_COUNT };
static const char *const verdict_names[VERDICT_COUNT] = {
    "accept", "reject", "tempfail", "discard"
};

/* Why a message that was begun has no final reply. */
enum cause { C_CLOSED, C_RESET, C_PROTOCOL, C_SILENT, CAUSE_COUNT };
static const char *const cause_names[CAUSE_COUNT] = {
    "closed", "reset", "protocol", "silent"
};

/* ---- messages, encoded once ---------------------------------------------- */

struct blob { uint8_t *p; size_t n, cap; };

struct message {
    const char *path;
    char *from;                 /* envelope sender, without <> */
    struct blob hdr[2];         /* [1]: leading space of the value kept */
    size_t *hdr_off[2];         /* nhdr + 1 packet offsets */
    size_t nhdr;
    struct blob body;
    size_t *body_off;           /* nbody + 1 packet offsets */
    size_t nbody;
};

/* ---- configuration -------------------------------------------------------- */

#define MAX_MATCH 8
#define MAX_PIDS 64

static struct {
    const char *socket, *client_ip, *client_name, *helo, *from, *rcpt, *mta;
    unsigned long sessions, total, per_conn, idle, threads, slow_ms, chunk;
    double max_seconds, hold_seconds, reply_seconds;
    uint32_t offer;
    bool print, json;
    const char *match[MAX_MATCH];
    unsigned nmatch;
    long pids[MAX_PIDS];
    unsigned npids;
    struct message *msgs;
    size_t nmsgs;
    struct sockaddr_storage addr;
    socklen_t addrlen;
} cfg = {
    .client_ip = "192.0.2.10", .client_name = "unknown",
    .helo = "client.example.net", .rcpt = "user@rcpt.example",
    .mta = "mta.milterload.example", .sessions = 1, .per_conn = 1,
    .threads = 1, .chunk = CHUNK_MAX, .max_seconds = 60, .reply_seconds = 0,
    .offer = ALL_PROTOCOL,
};

/* ---- sessions and workers ------------------------------------------------- */

enum phase { PH_OFF, PH_CONNECTING, PH_RUN, PH_SLEEP, PH_IDLE };

struct session {
    int fd;
    uint8_t phase, step, waiting;
    bool is_idle, want_out, quarantined, eom_queued, in_message;
    uint8_t matched;
    uint32_t proto, actions, version;
    size_t idx;                     /* next header or body packet */
    const struct message *msg;
    unsigned long ticket, on_conn;
    bool has_ticket;
    uint64_t t_mail, t_eom, wake, t_heard;
    struct blob out;
    size_t out_off;
    const uint8_t *ext;             /* big packet sent after `out`, not owned */
    size_t ext_n;
    struct blob in;                 /* an incomplete packet */
    char *syms[SYMSTAGES];          /* macro lists the filter asked for */
    struct session *next;           /* in the sleep queue */
};

struct worker {
    pthread_t thread;
    int ep;
    struct session *all;
    size_t nsess, nidle, nbusy;
    struct session *sleep_head, *sleep_tail;
    uint8_t *scratch;
    uint32_t *lat, *eom;            /* microseconds */
    size_t nlat, caplat, neom, capeom;
    unsigned long count[VERDICT_COUNT][STEP_COUNT];
    unsigned long quarantine, lost, unfinished, conn_err, proto_err, conns;
    unsigned long lost_by[CAUSE_COUNT], lost_at[STEP_COUNT];
    uint64_t t_scan;
    unsigned long idle_lost, match[MAX_MATCH], actions;
    uint64_t bytes, t_last;
    size_t active;                  /* busy sessions not yet retired */
    char first_error[160];
};

#define SCRATCH (256u << 10)

static atomic_ulong next_ticket;
static atomic_ulong idle_settled;   /* idle sessions up, or given up */
static atomic_ulong idle_up;
static atomic_ulong busy_done;      /* workers whose load is finished */
static atomic_bool go, stop_load, quit_all;

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("milterload: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

static void *xrealloc(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p)
        die("out of memory");
    return p;
}

static void blob_add(struct blob *b, const void *p, size_t n)
{
    if (b->n + n > b->cap) {
        b->cap = (b->n + n) * 2 + 64;
        b->p = xrealloc(b->p, b->cap);
    }
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void blob_str(struct blob *b, const char *s)
{
    blob_add(b, s, strlen(s) + 1);
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A packet is opened, filled and closed; closing writes its length. */
static size_t pkt_open(struct blob *b, char cmd)
{
    uint8_t head[5] = {0, 0, 0, 0, (uint8_t)cmd};
    size_t at = b->n;
    blob_add(b, head, sizeof head);
    return at;
}

static void pkt_close(struct blob *b, size_t at)
{
    put32(b->p + at, (uint32_t)(b->n - at - 4));
}

/* ---- reading message files ------------------------------------------------ */

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0)
        die("%s: %s", path, strerror(errno));
    char *buf = xrealloc(NULL, (size_t)st.st_size + 1);
    *n = fread(buf, 1, (size_t)st.st_size, f);
    buf[*n] = '\0';
    fclose(f);
    return buf;
}

static size_t line_end(const char *p, size_t at, size_t n)
{
    const char *nl = memchr(p + at, '\n', n - at);
    return nl ? (size_t)(nl - p) : n;
}

/* Length of the line [at, end) without its CR. */
static size_t line_len(const char *p, size_t at, size_t end)
{
    return end > at && p[end - 1] == '\r' ? end - at - 1 : end - at;
}

static void add_header(struct message *m, const char *name, size_t name_n,
                       const struct blob *value, size_t *cap)
{
    if (m->nhdr + 2 > *cap) {
        *cap = *cap * 2 + 32;
        for (int k = 0; k < 2; k++)
            m->hdr_off[k] = xrealloc(m->hdr_off[k], *cap * sizeof(size_t));
    }
    for (int k = 0; k < 2; k++) {
        struct blob *b = &m->hdr[k];
        const uint8_t *v = value->p;
        size_t vn = value->n;
        if (k == 0 && vn && (v[0] == ' ' || v[0] == '\t'))
            v++, vn--;
        m->hdr_off[k][m->nhdr] = b->n;
        size_t at = pkt_open(b, 'L');
        blob_add(b, name, name_n);
        blob_add(b, "", 1);
        blob_add(b, v, vn);
        blob_add(b, "", 1);
        pkt_close(b, at);
        m->hdr_off[k][m->nhdr + 1] = b->n;
    }
    m->nhdr++;
}

/* The address in a From or Return-Path value: inside <>, else the first word. */
static char *address_of(const char *v, size_t n)
{
    char *copy = strndup(v, n), *lt = strrchr(copy, '<'), *gt, *res;
    if (lt && (gt = strchr(lt, '>'))) {
        res = strndup(lt + 1, (size_t)(gt - lt - 1));
    } else {
        char *s = copy + strspn(copy, " \t\n");
        res = strndup(s, strcspn(s, " \t\n,;("));
    }
    free(copy);
    return res;
}

static void encode_body(struct message *m, const char *p, size_t at, size_t n)
{
    struct blob crlf = {0};
    while (at < n) {
        size_t e = line_end(p, at, n);
        blob_add(&crlf, p + at, line_len(p, at, e));
        if (e < n)
            blob_add(&crlf, "\r\n", 2);
        at = e + 1;
    }
    m->nbody = (crlf.n + cfg.chunk - 1) / cfg.chunk;
    m->body_off = xrealloc(NULL, (m->nbody + 1) * sizeof(size_t));
    m->body_off[0] = 0;
    for (size_t i = 0; i < m->nbody; i++) {
        size_t from = i * cfg.chunk;
        size_t len = crlf.n - from < cfg.chunk ? crlf.n - from : cfg.chunk;
        size_t a = pkt_open(&m->body, 'B');
        blob_add(&m->body, crlf.p + from, len);
        pkt_close(&m->body, a);
        m->body_off[i + 1] = m->body.n;
    }
    free(crlf.p);
}

static void load_message(struct message *m, const char *path)
{
    size_t n, at = 0, cap = 0;
    char *p = slurp(path, &n);
    memset(m, 0, sizeof *m);
    m->path = path;
    if (n >= 5 && memcmp(p, "From ", 5) == 0)   /* mbox separator */
        at = line_end(p, 0, n) + 1;
    while (at < n) {
        size_t e = line_end(p, at, n), len = line_len(p, at, e);
        if (len == 0) {
            at = e + 1;
            break;
        }
        const char *name = p + at, *colon = memchr(name, ':', len);
        if (!colon)
            break;                              /* body without a separator */
        struct blob v = {0};
        blob_add(&v, colon + 1, len - (size_t)(colon + 1 - name));
        size_t name_n = (size_t)(colon - name);
        for (at = e + 1; at < n && (p[at] == ' ' || p[at] == '\t'); at = e + 1) {
            e = line_end(p, at, n);
            blob_add(&v, "\n", 1);
            blob_add(&v, p + at, line_len(p, at, e));
        }
        add_header(m, name, name_n, &v, &cap);
        if (!m->from && name_n == 4 && strncasecmp(name, "From", 4) == 0)
            m->from = address_of((char *)v.p, v.n);
        free(v.p);
    }
    encode_body(m, p, at < n ? at : n, n);
    if (!m->from)
        m->from = strdup("");
    free(p);
}

/* ---- printing the first message ------------------------------------------- */

static bool shown(const struct session *s)
{
    return cfg.print && s->has_ticket && s->ticket == 0 && !s->is_idle;
}

/* Prints text with control characters escaped. */
static void show_text(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '\n')
            printf("\\n");
        else if (c == '\r')
            printf("\\r");
        else if (c == '\t')
            printf("\\t");
        else if (c < 32 || c == 127)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
}

static void show_strings(const uint8_t *d, size_t n)
{
    while (n) {
        size_t l = strnlen((const char *)d, n);
        putchar(' ');
        show_text((const char *)d, l);
        if (l < n)
            l++;
        d += l;
        n -= l;
    }
}

static void show_reply(const struct session *s, char cmd, const uint8_t *d, size_t n)
{
    const char *where = s->waiting < STEP_COUNT ? steps[s->waiting].name : "-";
    size_t name_n;
    printf("%-8s < ", where);
    switch (cmd) {
    case 'h':
        name_n = strnlen((const char *)d, n);
        printf("add header: ");
        show_text((const char *)d, name_n);
        printf(":");
        show_strings(d + name_n + (name_n < n), n - name_n - (name_n < n));
        break;
    case 'i':
    case 'm':
        if (n < 4) {
            printf("malformed header action");
            break;
        }
        printf(cmd == 'i' ? "insert header [%u]: " : "change header [%u]: ", get32(d));
        name_n = strnlen((const char *)d + 4, n - 4);
        show_text((const char *)d + 4, name_n);
        printf(":");
        d += 4 + name_n;
        n -= 4 + name_n;
        if (n)
            d++, n--;
        if (cmd == 'm' && (n == 0 || d[0] == 0))
            printf(" (deleted)");
        else
            show_strings(d, n);
        break;
    case 'q': printf("quarantine:"); show_strings(d, n); break;
    case 'y': printf("reply code:"); show_strings(d, n); break;
    case '+': case '2': printf("add recipient:"); show_strings(d, n); break;
    case '-': printf("delete recipient:"); show_strings(d, n); break;
    case 'e': printf("change sender:"); show_strings(d, n); break;
    case 'b': printf("replace body: %zu bytes", n); break;
    case 'a': printf("accept"); break;
    case 'c': printf("continue"); break;
    case 'r': printf("reject"); break;
    case 't': printf("tempfail"); break;
    case 'd': printf("discard"); break;
    case 's': printf("skip the rest of the body"); break;
    case 'p': printf("progress"); break;
    case 'f': printf("connection failure"); break;
    case '4': printf("shutdown (421)"); break;
    case 'O':
        printf("version %u actions 0x%x protocol 0x%x", s->version, s->actions, s->proto);
        for (int i = 0; i < SYMSTAGES; i++)
            if (s->syms[i])
                printf(" macros[%d]=\"%s\"", i, s->syms[i]);
        break;
    default: printf("unknown reply 0x%02x", (unsigned char)cmd);
    }
    putchar('\n');
}

/* ---- connections ----------------------------------------------------------- */

static void want_out(struct worker *w, struct session *s, bool on)
{
    if (s->want_out == on)
        return;
    struct epoll_event ev = {.events = EPOLLIN | (on ? EPOLLOUT : 0u), .data.ptr = s};
    epoll_ctl(w->ep, EPOLL_CTL_MOD, s->fd, &ev);
    s->want_out = on;
}

__attribute__((format(printf, 2, 3)))
static void note_error(struct worker *w, const char *fmt, ...)
{
    va_list ap;
    if (w->first_error[0])
        return;
    va_start(ap, fmt);
    vsnprintf(w->first_error, sizeof w->first_error, fmt, ap);
    va_end(ap);
}

static void drop(struct session *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->phase = PH_OFF;
    s->waiting = ST_NONE;
    s->want_out = false;
    s->in_message = false;
    s->on_conn = 0;
    s->out.n = s->out_off = s->ext_n = s->in.n = 0;
    for (int i = 0; i < SYMSTAGES; i++) {
        free(s->syms[i]);
        s->syms[i] = NULL;
    }
}

static void sleep_until(struct worker *w, struct session *s, uint64_t ns)
{
    struct session **at = &w->sleep_head;
    s->wake = now_ns() + ns;
    /* Delays are nearly always equal: look at the tail first. */
    if (w->sleep_tail && w->sleep_tail->wake <= s->wake)
        at = &w->sleep_tail->next;
    else
        while (*at && (*at)->wake <= s->wake)
            at = &(*at)->next;
    s->next = *at;
    *at = s;
    if (!s->next)
        w->sleep_tail = s;
}

/* Takes a session out of the sleep queue, if it is there. */
static void unsleep(struct worker *w, struct session *s)
{
    struct session *prev = NULL, *q = w->sleep_head;
    while (q && q != s)
        prev = q, q = q->next;
    if (!q)
        return;
    if (prev)
        prev->next = s->next;
    else
        w->sleep_head = s->next;
    if (w->sleep_tail == s)
        w->sleep_tail = prev;
    s->next = NULL;
}

static bool take_ticket(struct session *s)
{
    if (atomic_load(&stop_load))
        return false;
    s->ticket = atomic_fetch_add(&next_ticket, 1);
    if (s->ticket >= cfg.total)
        return false;
    s->has_ticket = true;
    s->msg = &cfg.msgs[s->ticket % cfg.nmsgs];
    return true;
}

static void begin_negotiation(struct session *s)
{
    s->t_heard = now_ns();
    s->phase = PH_RUN;
    s->step = ST_OPTNEG;
}

/* Opens the session's connection; on failure the session sleeps and retries. */
static void open_conn(struct worker *w, struct session *s)
{
    int one = 1;
    s->fd = socket(cfg.addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        die("socket: %s", strerror(errno));
    if (cfg.addr.ss_family != AF_UNIX)
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int rc = connect(s->fd, (struct sockaddr *)&cfg.addr, cfg.addrlen);
    if (rc != 0 && errno != EINPROGRESS) {
        note_error(w, "connect: %s", strerror(errno));
        w->conn_err++;
        drop(s);
        s->phase = PH_SLEEP;
        sleep_until(w, s, 50000000);
        return;
    }
    w->conns++;
    s->want_out = rc != 0;
    struct epoll_event ev = {.events = EPOLLIN | (s->want_out ? EPOLLOUT : 0u), .data.ptr = s};
    if (epoll_ctl(w->ep, EPOLL_CTL_ADD, s->fd, &ev) != 0)
        die("epoll_ctl: %s", strerror(errno));
    if (rc != 0)
        s->phase = PH_CONNECTING;
    else
        begin_negotiation(s);
}

/* The connection died or misbehaved: account for it. */
static void fail(struct worker *w, struct session *s, enum cause cause)
{
    bool protocol = cause == C_PROTOCOL;
    if (s->phase == PH_OFF)
        return;
    if (s->phase == PH_SLEEP)
        unsleep(w, s);
    if (protocol)
        w->proto_err++;
    else if (s->phase == PH_CONNECTING || !s->in_message)
        w->conn_err++;
    if (s->is_idle) {
        if (s->phase == PH_IDLE) {
            w->idle_lost++;
            atomic_fetch_sub(&idle_up, 1);
        } else {
            atomic_fetch_add(&idle_settled, 1);
        }
        drop(s);
        return;
    }
    bool retry = !s->in_message && !protocol && !atomic_load(&stop_load);
    if (!retry) {
        w->lost++;
        w->lost_by[cause]++;
        w->lost_at[s->waiting < STEP_COUNT ? s->waiting : s->step]++;
        s->has_ticket = false;
    }
    drop(s);
    s->phase = PH_SLEEP;
    sleep_until(w, s, 50000000);
}

/* Writes what is pending.  1: all written, 0: blocked, -1: connection lost. */
static int flush_out(struct worker *w, struct session *s)
{
    while (s->out_off < s->out.n || s->ext_n) {
        struct iovec iov[2] = {
            {s->out.p + s->out_off, s->out.n - s->out_off},
            {(void *)(uintptr_t)s->ext, s->ext_n},
        };
        struct msghdr mh = {.msg_iov = iov, .msg_iovlen = s->ext_n ? 2 : 1};
        if (s->eom_queued)
            s->t_eom = now_ns();
        ssize_t r = sendmsg(s->fd, &mh, MSG_NOSIGNAL);
        if (r < 0) {
            if (errno == EAGAIN) {
                want_out(w, s, true);
                return 0;
            }
            if (errno == EINTR)
                continue;
            enum cause cause = errno == ECONNRESET ? C_RESET : C_CLOSED;
            note_error(w, "write: %s", strerror(errno));
            fail(w, s, cause);
            return -1;
        }
        w->bytes += (size_t)r;
        size_t a = s->out.n - s->out_off;
        if ((size_t)r < a) {
            s->out_off += (size_t)r;
        } else {
            s->out_off = s->out.n;
            s->ext += (size_t)r - a;
            s->ext_n -= (size_t)r - a;
        }
    }
    s->eom_queued = false;
    s->out.n = s->out_off = 0;
    s->ext_n = 0;
    want_out(w, s, false);
    return 1;
}

/* Small runs of packets are copied, big ones referenced in place. */
static void queue_encoded(struct session *s, const uint8_t *p, size_t n)
{
    if (n <= 16384) {
        blob_add(&s->out, p, n);
    } else {
        s->ext = p;
        s->ext_n = n;
    }
}

/* ---- commands -------------------------------------------------------------- */

static const char *envelope_from(const struct session *s)
{
    return cfg.from ? cfg.from : s->msg->from;
}

static const char *host_of(const char *addr)
{
    const char *at = strrchr(addr, '@');
    return at ? at + 1 : "";
}

static const char *macro_value(const struct session *s, const char *name, char *buf, size_t n)
{
    const char *from = s->msg ? envelope_from(s) : "";
    if (!strcmp(name, "j"))
        return cfg.mta;
    if (!strcmp(name, "v"))
        return "milterload 1";
    if (!strcmp(name, "_")) {
        snprintf(buf, n, "%s [%s]", cfg.client_name, cfg.client_ip);
        return buf;
    }
    if (!strcmp(name, "i")) {
        snprintf(buf, n, "4ML%09lX", s->ticket);
        return s->in_message ? buf : NULL;
    }
    static const struct { const char *name, *value; } fixed[] = {
        {"{daemon_name}", "milterload"}, {"{daemon_addr}", "127.0.0.1"},
        {"{daemon_port}", "25"}, {"{client_port}", "40000"},
        {"{client_connections}", "0"}, {"{mail_mailer}", "smtp"},
        {"{rcpt_mailer}", "local"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (!strcmp(name, fixed[i].name))
            return fixed[i].value;
    if (!strcmp(name, "{client_addr}"))
        return cfg.client_ip;
    if (!strcmp(name, "{client_name}") || !strcmp(name, "{client_ptr}"))
        return cfg.client_name;
    if (!strcmp(name, "{mail_addr}"))
        return from;
    if (!strcmp(name, "{mail_host}"))
        return host_of(from);
    if (!strcmp(name, "{rcpt_addr}"))
        return cfg.rcpt;
    if (!strcmp(name, "{rcpt_host}"))
        return host_of(cfg.rcpt);
    return NULL;
}

static void queue_macros(struct session *s, enum step st)
{
    int stage = steps[st].symstage;
    if (stage < 0)
        return;
    const char *list = s->syms[stage] ? s->syms[stage] : default_syms[stage];
    size_t at = pkt_open(&s->out, 'D'), empty;
    blob_add(&s->out, &steps[st].cmd, 1);
    empty = s->out.n;
    while (*list) {
        char name[64], buf[160];
        size_t l = strcspn(list, " ,");
        if (l && l < sizeof name - 2) {
            /* {x} and x are the same symbol when x is one letter. */
            snprintf(name, sizeof name, "%.*s", (int)l, list);
            if (l == 3 && name[0] == '{')
                name[0] = name[1], name[1] = '\0';
            else if (l > 1 && name[0] != '{')
                snprintf(name, sizeof name, "{%.*s}", (int)l, list);
            const char *v = macro_value(s, name, buf, sizeof buf);
            if (v) {
                blob_str(&s->out, name);
                blob_str(&s->out, v);
            }
        }
        list += l;
        list += strspn(list, " ,");
    }
    if (s->out.n == empty)
        s->out.n = at;
    else
        pkt_close(&s->out, at);
}

static void queue_optneg(struct session *s)
{
    uint8_t d[12];
    size_t at = pkt_open(&s->out, 'O');
    put32(d, MILTER_VERSION);
    put32(d + 4, ALL_ACTIONS);
    put32(d + 8, cfg.offer);
    blob_add(&s->out, d, sizeof d);
    pkt_close(&s->out, at);
}

/* Queues one step's command (its first or only packet), with its macros. */
static void queue_command(struct session *s, enum step st)
{
    char buf[600];
    queue_macros(s, st);
    size_t at = pkt_open(&s->out, steps[st].cmd);
    switch (st) {
    case ST_CONNECT: {
        bool v6 = strchr(cfg.client_ip, ':') != NULL;
        uint8_t fam[3] = {v6 ? '6' : '4', 40000 >> 8, 40000 & 255};
        blob_str(&s->out, cfg.client_name);
        blob_add(&s->out, fam, sizeof fam);
        blob_str(&s->out, cfg.client_ip);
        break;
    }
    case ST_HELO:
        blob_str(&s->out, cfg.helo);
        break;
    case ST_MAIL:
        snprintf(buf, sizeof buf, "<%s>", envelope_from(s));
        blob_str(&s->out, buf);
        break;
    case ST_RCPT:
        snprintf(buf, sizeof buf, "<%s>", cfg.rcpt);
        blob_str(&s->out, buf);
        break;
    case ST_OPTNEG: case ST_DATA: case ST_HEADER: case ST_EOH: case ST_BODY:
    case ST_EOM: case ST_NONE:
        break;                          /* these carry nothing */
    }
    pkt_close(&s->out, at);
}

/* ---- the session's course --------------------------------------------------- */

static void push_us(uint32_t **v, size_t *n, size_t *cap, uint64_t ns)
{
    if (*n == *cap) {
        *cap = *cap * 2 + 1024;
        *v = xrealloc(*v, *cap * sizeof **v);
    }
    uint64_t us = ns / 1000;
    (*v)[(*n)++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* The message has its final reply. */
static void finish_message(struct worker *w, struct session *s, enum verdict v)
{
    uint64_t t = now_ns();
    enum step st = s->waiting;
    w->count[v][st]++;
    w->t_last = t;
    if (s->quarantined)
        w->quarantine++;
    for (unsigned i = 0; i < cfg.nmatch; i++)
        if (s->matched & (1u << i))
            w->match[i]++;
    if (s->in_message)
        push_us(&w->lat, &w->nlat, &w->caplat, t - s->t_mail);
    if (st == ST_EOM)
        push_us(&w->eom, &w->neom, &w->capeom, t - s->t_eom);
    if (shown(s))
        printf("verdict: %s at %s%s, %.3f ms\n", verdict_names[v], steps[st].name,
               s->quarantined ? " (quarantined)" : "",
               s->in_message ? (double)(t - s->t_mail) / 1e6 : 0.0);
    bool on_connection = st <= ST_HELO;
    if (!on_connection && st != ST_EOM) {
        size_t at = pkt_open(&s->out, 'A');
        pkt_close(&s->out, at);
    }
    s->has_ticket = false;
    s->in_message = false;
    s->waiting = ST_NONE;
    s->on_conn++;
    if (!on_connection && s->on_conn < cfg.per_conn && take_ticket(s)) {
        s->step = ST_MAIL;
        return;
    }
    size_t at = pkt_open(&s->out, 'Q');
    pkt_close(&s->out, at);
    if (flush_out(w, s) == -1)
        return;                         /* it sleeps, then goes on */
    drop(s);
}

/* Sends steps until a reply is awaited, the socket is full or a pause is due. */
static void advance(struct worker *w, struct session *s)
{
    while (s->phase == PH_RUN) {
        if ((s->ext_n || s->out.n - s->out_off > 65536) && flush_out(w, s) != 1)
            return;
        if (s->waiting != ST_NONE) {
            flush_out(w, s);
            return;
        }
        enum step st = s->step;
        if (st == ST_OPTNEG) {
            queue_optneg(s);
            s->waiting = ST_OPTNEG;
            continue;
        }
        if (st == ST_MAIL) {
            if (s->is_idle) {
                if (flush_out(w, s) != 1)
                    return;
                s->phase = PH_IDLE;
                atomic_fetch_add(&idle_settled, 1);
                atomic_fetch_add(&idle_up, 1);
                return;
            }
            if (!s->in_message) {
                s->in_message = true;
                s->quarantined = s->eom_queued = false;
                s->matched = 0;
                s->idx = 0;
                s->t_mail = now_ns();
            }
        }
        if (s->proto & steps[st].no) {
            s->step++;
            continue;
        }
        bool reply = !(s->proto & steps[st].nr);
        if (st == ST_HEADER) {
            int k = s->proto & P_HDR_LEADSPC ? 1 : 0;
            const struct message *m = s->msg;
            size_t to = reply ? s->idx + 1 : m->nhdr;
            if (s->idx >= m->nhdr) {
                s->step++;
                s->idx = 0;
                continue;
            }
            queue_encoded(s, m->hdr[k].p + m->hdr_off[k][s->idx],
                          m->hdr_off[k][to] - m->hdr_off[k][s->idx]);
            s->idx = to;
        } else if (st == ST_BODY) {
            const struct message *m = s->msg;
            if (s->idx >= m->nbody) {
                s->step++;
                continue;
            }
            queue_encoded(s, m->body.p + m->body_off[s->idx],
                          m->body_off[s->idx + 1] - m->body_off[s->idx]);
            s->idx++;
            if (!reply && cfg.slow_ms) {
                if (flush_out(w, s) == 1) {
                    s->phase = PH_SLEEP;
                    sleep_until(w, s, cfg.slow_ms * 1000000u);
                }
                return;
            }
        } else {
            queue_command(s, st);
            if (st == ST_EOM)
                s->eom_queued = true;
            else
                s->step++;
        }
        if (st == ST_EOH)
            s->idx = 0;
        if (shown(s) && st != ST_HEADER && st != ST_BODY)
            printf("%-8s >%s\n", steps[st].name, reply ? "" : " (no reply)");
        if (reply) {
            s->waiting = (uint8_t)st;
            s->t_heard = now_ns();
        }
    }
}

static void parse_optneg(struct worker *w, struct session *s, const uint8_t *d, size_t n)
{
    if (n < 12) {
        note_error(w, "short OPTNEG reply");
        fail(w, s, C_PROTOCOL);
        return;
    }
    s->version = get32(d);
    s->actions = get32(d + 4);
    s->proto = get32(d + 8);
    if (s->version < 2 || s->version > MILTER_VERSION || (s->actions & ~ALL_ACTIONS) ||
        (s->proto & ~cfg.offer)) {
        note_error(w, "OPTNEG reply asks what was not offered: version %u actions 0x%x protocol 0x%x",
                   s->version, s->actions, s->proto);
        fail(w, s, C_PROTOCOL);
        return;
    }
    for (d += 12, n -= 12; n > 4;) {
        uint32_t stage = get32(d);
        size_t l = strnlen((const char *)d + 4, n - 4);
        if (stage < SYMSTAGES) {
            free(s->syms[stage]);
            s->syms[stage] = strndup((const char *)d + 4, l);
        }
        l += 4u + (l < n - 4);
        d += l;
        n -= l;
    }
    if (shown(s))
        show_reply(s, 'O', NULL, 0);
    s->waiting = ST_NONE;
    s->step = ST_CONNECT;
}

static void match_header(struct session *s, const uint8_t *d, size_t n)
{
    for (unsigned i = 0; i < cfg.nmatch; i++)
        if (memmem(d, n, cfg.match[i], strlen(cfg.match[i])))
            s->matched |= (uint8_t)(1u << i);
}

/* A modification action.  False: the command is not one. */
static bool modification(struct worker *w, struct session *s, char cmd, const uint8_t *d, size_t n)
{
    if (!strchr("+-2behimq", cmd))
        return false;
    if (shown(s))
        show_reply(s, cmd, d, n);
    w->actions++;
    if (cmd == 'q')
        s->quarantined = true;
    if (cmd == 'h' || cmd == 'i')
        match_header(s, d, n);
    return true;
}

static void handle_packet(struct worker *w, struct session *s, char cmd, const uint8_t *d, size_t n)
{
    enum step st = s->waiting;
    if (cmd == 'p')
        return;
    if (st == ST_OPTNEG && cmd == 'O') {
        parse_optneg(w, s, d, n);
        return;
    }
    if (st == ST_NONE || st == ST_OPTNEG || cmd == 'O') {
        note_error(w, "unexpected reply 0x%02x at step %u", (unsigned char)cmd, s->step);
        fail(w, s, C_PROTOCOL);
        return;
    }
    if (st == ST_EOM && cmd && modification(w, s, cmd, d, n))
        return;
    if (shown(s) && (cmd != 'c' || st == ST_EOM))
        show_reply(s, cmd, d, n);
    switch (cmd) {
    case 'c':
        if (st == ST_EOM) {
            finish_message(w, s, V_ACCEPT);
            return;
        }
        s->waiting = ST_NONE;
        if (st == ST_BODY && cfg.slow_ms) {
            s->phase = PH_SLEEP;
            sleep_until(w, s, cfg.slow_ms * 1000000u);
        }
        return;
    case 's':
        if (st != ST_BODY)
            break;
        s->idx = s->msg->nbody;
        s->waiting = ST_NONE;
        return;
    case 'a':
        if (s->is_idle)
            break;
        finish_message(w, s, V_ACCEPT);
        return;
    case 'd':
        if (s->is_idle)
            break;
        finish_message(w, s, V_DISCARD);
        return;
    case 'r':
    case 't':
    case 'y':
    case 'f':
    case '4':
        if (s->is_idle || (cmd == 'y' && (n < 4 || (d[0] != '4' && d[0] != '5'))))
            break;
        finish_message(w, s, cmd == 'r' || (cmd == 'y' && d[0] == '5') ? V_REJECT : V_TEMPFAIL);
        return;
    default:
        break;
    }
    note_error(w, "bad reply 0x%02x to %s", (unsigned char)cmd, steps[st].name);
    fail(w, s, C_PROTOCOL);
}

/* Reads all there is and handles every complete packet. */
static void on_readable(struct worker *w, struct session *s)
{
    s->t_heard = now_ns();
    while (s->fd >= 0) {
        size_t have = s->in.n;
        if (have)
            memcpy(w->scratch, s->in.p, have);
        s->in.n = 0;
        ssize_t r = read(s->fd, w->scratch + have, SCRATCH - have);
        if (r <= 0) {
            if (have)
                blob_add(&s->in, w->scratch, have);
            if (r < 0 && (errno == EAGAIN || errno == EINTR))
                return;
            note_error(w, "connection closed by the filter at step %u: %s", s->step,
                       r < 0 ? strerror(errno) : "end of file");
            fail(w, s, r < 0 ? C_RESET : C_CLOSED);
            return;
        }
        size_t n = have + (size_t)r, at = 0;
        int fd = s->fd;
        while (s->fd == fd && s->phase != PH_OFF && n - at >= 5) {
            uint32_t len = get32(w->scratch + at);
            if (len == 0 || len > PACKET_MAX) {
                note_error(w, "bad packet length %u", len);
                fail(w, s, C_PROTOCOL);
                return;
            }
            if (len > n - at - 4) {
                if (len + 4 > SCRATCH) {
                    note_error(w, "packet of %u bytes is too long", len);
                    fail(w, s, C_PROTOCOL);
                    return;
                }
                break;
            }
            handle_packet(w, s, (char)w->scratch[at + 4], w->scratch + at + 5, len - 1);
            at += len + 4;
        }
        if (s->fd != fd || s->fd < 0)
            return;
        if (at < n)
            blob_add(&s->in, w->scratch + at, n - at);
        if (n < SCRATCH)
            return;
    }
}

/* Starts the session's next connection.  False: there is no more work for it. */
static bool next_connection(struct worker *w, struct session *s)
{
    if (s->is_idle)
        return false;
    if (!s->has_ticket && !take_ticket(s)) {
        w->active--;
        return false;
    }
    open_conn(w, s);
    return true;
}

static void run_session(struct worker *w, struct session *s)
{
    advance(w, s);
    while (s->phase == PH_OFF && next_connection(w, s))
        advance(w, s);
}

static void on_event(struct worker *w, struct session *s, uint32_t ev)
{
    if (s->phase == PH_CONNECTING) {
        int err = 0;
        socklen_t n = sizeof err;
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &n);
        if (err) {
            note_error(w, "connect: %s", strerror(err));
            fail(w, s, C_CLOSED);
        } else {
            want_out(w, s, false);
            begin_negotiation(s);
        }
    } else if (ev & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        on_readable(w, s);
    }
    run_session(w, s);
}

static void wake_sleepers(struct worker *w)
{
    uint64_t t = now_ns();
    while (w->sleep_head && w->sleep_head->wake <= t) {
        struct session *s = w->sleep_head;
        w->sleep_head = s->next;
        if (!w->sleep_head)
            w->sleep_tail = NULL;
        s->next = NULL;
        s->phase = s->fd >= 0 ? PH_RUN : PH_OFF;
        if (s->fd < 0 && s->is_idle)
            open_conn(w, s);
        run_session(w, s);
    }
}

/* An MTA does not wait for ever (--reply-seconds): a session that has heard
 * nothing for so long is given up. */
static void give_up(struct worker *w)
{
    uint64_t t = now_ns(), most = (uint64_t)(cfg.reply_seconds * 1e9);
    if (!most || t < w->t_scan + 500000000)
        return;
    w->t_scan = t;
    for (size_t i = w->nidle; i < w->nsess; i++) {
        struct session *s = &w->all[i];
        if (s->phase != PH_RUN || s->waiting == ST_NONE || t < s->t_heard + most)
            continue;
        note_error(w, "no reply to %s in %g s", steps[s->waiting].name, cfg.reply_seconds);
        fail(w, s, C_SILENT);
    }
}

static int wait_ms(const struct worker *w)
{
    if (!w->sleep_head)
        return 20;
    uint64_t t = now_ns();
    if (w->sleep_head->wake <= t)
        return 0;
    uint64_t ms = (w->sleep_head->wake - t + 999999) / 1000000;
    return ms < 20 ? (int)ms : 20;
}

static void pump(struct worker *w)
{
    struct epoll_event ev[256];
    int n = epoll_wait(w->ep, ev, 256, wait_ms(w));
    for (int i = 0; i < n; i++)
        on_event(w, ev[i].data.ptr, ev[i].events);
    wake_sleepers(w);
    give_up(w);
}

/* Time is up: what is under way is dropped and counted. */
static void cut_off(struct worker *w)
{
    for (size_t i = w->nidle; i < w->nsess; i++)
        if (w->all[i].phase != PH_OFF) {
            w->unfinished += w->all[i].has_ticket;
            drop(&w->all[i]);
        }
    w->sleep_head = w->sleep_tail = NULL;
    w->active = 0;
}

static void *worker_main(void *arg)
{
    static const uint8_t quit[5] = {0, 0, 0, 1, 'Q'};
    struct worker *w = arg;
    /* Idle sessions come up a few at a time, so as not to overrun the backlog. */
    for (size_t i = 0; i < w->nidle; i++) {
        open_conn(w, &w->all[i]);
        advance(w, &w->all[i]);
        if (i % 32 == 31)
            pump(w);
    }
    while (!atomic_load(&go))
        pump(w);
    w->active = w->nbusy;
    for (size_t i = w->nidle; i < w->nsess; i++)
        run_session(w, &w->all[i]);
    while (w->active && !atomic_load(&stop_load))
        pump(w);
    cut_off(w);
    atomic_fetch_add(&busy_done, 1);
    while (!atomic_load(&quit_all))
        pump(w);
    for (size_t i = 0; i < w->nidle; i++) {
        struct session *s = &w->all[i];
        if (s->phase == PH_IDLE && send(s->fd, quit, sizeof quit, MSG_NOSIGNAL) < 0)
            w->idle_lost++;
        drop(s);
    }
    return NULL;
}

/* ---- the filter's own use of the machine (--pid) ---------------------------- */

struct usage { double cpu; unsigned long rss_kb, threads; };

/* In nanoseconds, where /proc/PID/stat counts ticks. */
static double cpu_seconds(pid_t pid)
{
    clockid_t clock;
    struct timespec ts;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct usage sample_usage(void)
{
    static long page;
    struct usage u = {0};
    if (!page)
        page = sysconf(_SC_PAGESIZE);
    for (unsigned i = 0; i < cfg.npids; i++) {
        char path[64], buf[1024];
        snprintf(path, sizeof path, "/proc/%ld/stat", cfg.pids[i]);
        FILE *f = fopen(path, "r");
        if (!f)
            continue;
        size_t n = fread(buf, 1, sizeof buf - 1, f);
        fclose(f);
        buf[n] = '\0';
        char *p = strrchr(buf, ')');
        unsigned long thr;
        long rss;
        if (p && sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d"
                               " %*d %*d %lu %*d %*u %*u %ld", &thr, &rss) == 2) {
            u.cpu += cpu_seconds((pid_t)cfg.pids[i]);
            u.threads += thr;
            u.rss_kb += (unsigned long)(rss * page / 1024);
        }
    }
    return u;
}

/* ---- results ----------------------------------------------------------------- */

static int cmp_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

struct dist { size_t n; double p50, p90, p99, max, mean; };

static struct dist distribution(struct worker *ws, bool eom)
{
    struct dist d = {0};
    size_t n = 0;
    double sum = 0;
    for (unsigned i = 0; i < cfg.threads; i++)
        n += eom ? ws[i].neom : ws[i].nlat;
    if (!n)
        return d;
    uint32_t *v = xrealloc(NULL, n * sizeof *v);
    size_t at = 0;
    for (unsigned i = 0; i < cfg.threads; i++) {
        size_t k = eom ? ws[i].neom : ws[i].nlat;
        if (k)
            memcpy(v + at, eom ? ws[i].eom : ws[i].lat, k * sizeof *v);
        at += k;
    }
    qsort(v, n, sizeof *v, cmp_u32);
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    d.n = n;
    d.p50 = v[(n - 1) * 50 / 100] / 1e3;
    d.p90 = v[(n - 1) * 90 / 100] / 1e3;
    d.p99 = v[(n - 1) * 99 / 100] / 1e3;
    d.max = v[n - 1] / 1e3;
    d.mean = sum / (double)n / 1e3;
    free(v);
    return d;
}

static void print_json_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            putchar('\\');
        if ((unsigned char)*s >= 32)
            putchar(*s);
    }
    putchar('"');
}

struct totals {
    unsigned long v[VERDICT_COUNT], at[VERDICT_COUNT][STEP_COUNT];
    unsigned long quarantine, lost, unfinished, conn_err, proto_err, conns, idle_lost, actions;
    unsigned long lost_by[CAUSE_COUNT], lost_at[STEP_COUNT];
    unsigned long match[MAX_MATCH], done;
    uint64_t bytes, t_last;
    const char *error;
};

static struct totals add_up(struct worker *ws)
{
    struct totals t = {0};
    for (unsigned i = 0; i < cfg.threads; i++) {
        struct worker *w = &ws[i];
        for (int v = 0; v < VERDICT_COUNT; v++)
            for (int s = 0; s < STEP_COUNT; s++) {
                t.v[v] += w->count[v][s];
                t.at[v][s] += w->count[v][s];
                t.done += w->count[v][s];
            }
        t.quarantine += w->quarantine;
        t.lost += w->lost;
        for (int c = 0; c < CAUSE_COUNT; c++)
            t.lost_by[c] += w->lost_by[c];
        for (int s = 0; s < STEP_COUNT; s++)
            t.lost_at[s] += w->lost_at[s];
        t.unfinished += w->unfinished;
        t.conn_err += w->conn_err;
        t.proto_err += w->proto_err;
        t.conns += w->conns;
        t.idle_lost += w->idle_lost;
        t.actions += w->actions;
        t.bytes += w->bytes;
        if (w->t_last > t.t_last)
            t.t_last = w->t_last;
        for (unsigned m = 0; m < cfg.nmatch; m++)
            t.match[m] += w->match[m];
        if (!t.error && w->first_error[0])
            t.error = w->first_error;
    }
    return t;
}

/* The counts of COUNTS that are not 0, with the steps' names. */
static void print_steps(const char *name, const unsigned long *counts)
{
    const char *comma = "";
    printf(",\"%s\":{", name);
    for (int s = 0; s < STEP_COUNT; s++)
        if (counts[s]) {
            printf("%s\"%s\":%lu", comma, steps[s].name, counts[s]);
            comma = ",";
        }
    putchar('}');
}

static void print_causes(const struct totals *t)
{
    char name[32];
    for (int v = 0; v < VERDICT_COUNT; v++) {
        snprintf(name, sizeof name, "%s_at", verdict_names[v]);
        print_steps(name, t->at[v]);
    }
    print_steps("lost_at", t->lost_at);
    printf(",\"lost_by\":{");
    for (int c = 0; c < CAUSE_COUNT; c++)
        printf("%s\"%s\":%lu", c ? "," : "", cause_names[c], t->lost_by[c]);
    putchar('}');
}

static void report(struct worker *ws, uint64_t t0, unsigned long idle, struct usage u0,
                   struct usage u_idle, struct usage u1, struct usage peak)
{
    struct totals t = add_up(ws);
    struct dist lat = distribution(ws, false), eom = distribution(ws, true);
    double sec = t.t_last > t0 ? (double)(t.t_last - t0) / 1e9 : 0;
    double rate = sec > 0 ? (double)t.done / sec : 0;
    double cpu = u1.cpu - u_idle.cpu;
    double cpu1000 = t.done ? cpu * 1000 / (double)t.done : 0;
    if (cfg.json) {
        printf("{\"sessions\":%lu,\"per_conn\":%lu,\"messages\":%lu,\"seconds\":%.4f,\"rate\":%.1f",
               cfg.sessions, cfg.per_conn, t.done, sec, rate);
        printf(",\"lat_ms\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f}",
               lat.p50, lat.p90, lat.p99, lat.max, lat.mean);
        printf(",\"eom_ms\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f}",
               eom.p50, eom.p90, eom.p99, eom.max, eom.mean);
        for (int v = 0; v < VERDICT_COUNT; v++)
            printf(",\"%s\":%lu", verdict_names[v], t.v[v]);
        printf(",\"quarantine\":%lu,\"lost\":%lu,\"unfinished\":%lu,\"conn_errors\":%lu,"
               "\"proto_errors\":%lu,\"connections\":%lu,\"actions\":%lu,\"bytes\":%llu",
               t.quarantine, t.lost, t.unfinished, t.conn_err, t.proto_err, t.conns, t.actions,
               (unsigned long long)t.bytes);
        print_causes(&t);
        printf(",\"idle\":%lu,\"idle_lost\":%lu", idle, t.idle_lost);
        printf(",\"match\":{");
        for (unsigned i = 0; i < cfg.nmatch; i++) {
            if (i)
                putchar(',');
            print_json_string(cfg.match[i]);
            printf(":%lu", t.match[i]);
        }
        printf("}");
        if (cfg.npids)
            printf(",\"cpu_s\":%.2f,\"cpu_s_per_1000\":%.4f,\"rss_start_kb\":%lu,\"rss_idle_kb\":%lu,"
                   "\"rss_max_kb\":%lu,\"threads_start\":%lu,\"threads_idle\":%lu,\"threads_max\":%lu",
                   cpu, cpu1000, u0.rss_kb, u_idle.rss_kb, peak.rss_kb, u0.threads,
                   u_idle.threads, peak.threads);
        if (t.error) {
            printf(",\"first_error\":");
            print_json_string(t.error);
        }
        printf("}\n");
        return;
    }
    printf("messages    %lu in %.3f s over %lu connections: %.1f messages/s\n", t.done, sec,
           t.conns, rate);
    printf("latency ms  p50 %.3f  p90 %.3f  p99 %.3f  max %.3f  (MAIL to final reply)\n", lat.p50,
           lat.p90, lat.p99, lat.max);
    printf("EOM ms      p50 %.3f  p90 %.3f  p99 %.3f  max %.3f  (EOM to final reply)\n", eom.p50,
           eom.p90, eom.p99, eom.max);
    printf("replies     ");
    for (int v = 0; v < VERDICT_COUNT; v++) {
        printf("%s %lu", verdict_names[v], t.v[v]);
        for (int s = 0; s < STEP_COUNT; s++)
            if (t.at[v][s] && s != ST_EOM)
                printf(" (%lu at %s)", t.at[v][s], steps[s].name);
        printf("  ");
    }
    printf("quarantine %lu\n", t.quarantine);
    printf("errors      connection %lu  protocol %lu  lost messages %lu  unfinished %lu\n",
           t.conn_err, t.proto_err, t.lost, t.unfinished);
    if (t.lost) {
        printf("lost        ");
        for (int c = 0; c < CAUSE_COUNT; c++)
            printf("%s %lu  ", cause_names[c], t.lost_by[c]);
        putchar('\n');
    }
    if (cfg.idle)
        printf("idle        %lu sessions up, %lu lost\n", idle, t.idle_lost);
    for (unsigned i = 0; i < cfg.nmatch; i++)
        printf("match       %lu of %lu: %s\n", t.match[i], t.done, cfg.match[i]);
    if (cfg.npids)
        printf("filter      cpu %.2f s (%.3f s per 1000)  rss kB start %lu, idle sessions up %lu, "
               "peak %lu  threads %lu, %lu, %lu\n", cpu, cpu1000, u0.rss_kb, u_idle.rss_kb,
               peak.rss_kb, u0.threads, u_idle.threads, peak.threads);
    if (t.error)
        printf("first error %s\n", t.error);
}

/* ---- command line -------------------------------------------------------------- */

static const char usage_text[] =
"usage: milterload -S SOCKET [options] MESSAGE.eml...\n"
"\n"
"Plays the MTA's part of the milter protocol (version 6) under load.\n"
"\n"
"  -S SOCKET          inet:PORT@HOST, inet6:PORT@HOST, unix:/PATH or local:/PATH\n"
"  -c N               concurrent busy sessions (default 1)\n"
"  -n N               messages in all (default: one of each file)\n"
"  -m N               messages per connection (default 1)\n"
"  -i ADDRESS         client address, IPv4 or IPv6 (default 192.0.2.10)\n"
"  -N NAME            client host name (default unknown)\n"
"  -H NAME            HELO name (default client.example.net)\n"
"  -f ADDRESS         envelope sender, \"\" for <> (default: the message's From)\n"
"  -r ADDRESS         envelope recipient (default user@rcpt.example)\n"
"  -t N               generator threads (default 1)\n"
"  --idle N           also hold N sessions that only did CONNECT and HELO;\n"
"                     the load starts when they are up\n"
"  --hold SECONDS     keep the idle sessions this long after the load\n"
"  --slow MS          pause after each body chunk\n"
"  --chunk BYTES      body chunk size (default and most 65535)\n"
"  --offer HEX        protocol flags offered (default 0x1fffff, all of version 6)\n"
"  --match TEXT       count the messages that got a header containing TEXT\n"
"                     (up to 8 times)\n"
"  --pid PID          report this process's CPU time, RSS and threads; several\n"
"                     are added up\n"
"  --max-seconds S    stop the load after S seconds (default 60)\n"
"  --reply-seconds S  give a message up when no reply comes for S seconds\n"
"                     (default: wait)\n"
"  --print            show every action and reply of the first message\n"
"  --json             one line of JSON instead of the report\n"
"  -h, --help         this text\n"
"\n"
"Message files may have LF or CRLF line ends and are taken round robin.\n"
"Latency runs from queueing MAIL to the final reply; EOM latency from writing\n"
"the end-of-message command to the final reply.  Exit status: 0 when every\n"
"message got a final reply and there was no protocol error, else 1; 2: usage.\n";

static unsigned long number(const char *s, unsigned long min, unsigned long max)
{
    char *end;
    errno = 0;
    unsigned long v = strtoul(s, &end, 10);
    if (!*s || *end || errno || *s == '-' || v < min || v > max)
        die("bad number: %s", s);
    return v;
}

static double seconds(const char *s)
{
    char *end;
    double v = strtod(s, &end);
    if (!*s || *end || !(v >= 0 && v < 1e6))
        die("bad number of seconds: %s", s);
    return v;
}

static void parse_socket(const char *spec)
{
    const char *path = NULL;
    if (!strncmp(spec, "unix:", 5))
        path = spec + 5;
    else if (!strncmp(spec, "local:", 6))
        path = spec + 6;
    else if (spec[0] == '/')
        path = spec;
    if (path) {
        struct sockaddr_un *un = (struct sockaddr_un *)&cfg.addr;
        if (!*path || strlen(path) >= sizeof un->sun_path)
            die("bad socket path: %s", spec);
        un->sun_family = AF_UNIX;
        strcpy(un->sun_path, path);
        cfg.addrlen = sizeof *un;
        return;
    }
    bool v6 = !strncmp(spec, "inet6:", 6);
    if (!v6 && strncmp(spec, "inet:", 5))
        die("bad socket: %s (want inet:PORT@HOST or unix:/PATH)", spec);
    char *s = strdup(spec + (v6 ? 6 : 5)), *at = strchr(s, '@');
    const char *host = v6 ? "::1" : "127.0.0.1";
    if (at) {
        *at = '\0';
        host = at + 1;
    }
    struct addrinfo hint = {.ai_family = v6 ? AF_INET6 : AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *ai;
    int rc = getaddrinfo(host, s, &hint, &ai);
    if (rc)
        die("%s: %s", spec, gai_strerror(rc));
    memcpy(&cfg.addr, ai->ai_addr, ai->ai_addrlen);
    cfg.addrlen = ai->ai_addrlen;
    freeaddrinfo(ai);
    free(s);
}

static void parse_options(int argc, char **argv)
{
    enum { O_IDLE = 256, O_HOLD, O_SLOW, O_CHUNK, O_OFFER, O_MATCH, O_PID, O_MAX, O_REPLY, O_PRINT, O_JSON };
    static const struct option longs[] = {
        {"idle", 1, 0, O_IDLE}, {"hold", 1, 0, O_HOLD}, {"slow", 1, 0, O_SLOW},
        {"chunk", 1, 0, O_CHUNK}, {"offer", 1, 0, O_OFFER}, {"match", 1, 0, O_MATCH},
        {"pid", 1, 0, O_PID}, {"max-seconds", 1, 0, O_MAX},
        {"reply-seconds", 1, 0, O_REPLY}, {"print", 0, 0, O_PRINT},
        {"json", 0, 0, O_JSON}, {"help", 0, 0, 'h'}, {0, 0, 0, 0},
    };
    bool total_set = false;
    int o;
    while ((o = getopt_long(argc, argv, "S:c:n:m:i:N:H:f:r:t:h", longs, NULL)) != -1)
        switch (o) {
        case 'S': cfg.socket = optarg; break;
        case 'c': cfg.sessions = number(optarg, 0, 1000000); break;
        case 'n': cfg.total = number(optarg, 0, 4000000000ul); total_set = true; break;
        case 'm': cfg.per_conn = number(optarg, 1, 1000000000); break;
        case 'i': cfg.client_ip = optarg; break;
        case 'N': cfg.client_name = optarg; break;
        case 'H': cfg.helo = optarg; break;
        case 'f': cfg.from = optarg; break;
        case 'r': cfg.rcpt = optarg; break;
        case 't': cfg.threads = number(optarg, 1, 64); break;
        case O_IDLE: cfg.idle = number(optarg, 0, 1000000); break;
        case O_HOLD: cfg.hold_seconds = seconds(optarg); break;
        case O_SLOW: cfg.slow_ms = number(optarg, 0, 600000); break;
        case O_CHUNK: cfg.chunk = number(optarg, 1, CHUNK_MAX); break;
        case O_OFFER: cfg.offer = (uint32_t)strtoul(optarg, NULL, 16); break;
        case O_MATCH:
            if (cfg.nmatch == MAX_MATCH)
                die("too many --match");
            cfg.match[cfg.nmatch++] = optarg;
            break;
        case O_PID:
            if (cfg.npids == MAX_PIDS)
                die("too many --pid");
            cfg.pids[cfg.npids++] = (long)number(optarg, 1, 1u << 30);
            break;
        case O_MAX: cfg.max_seconds = seconds(optarg); break;
        case O_REPLY: cfg.reply_seconds = seconds(optarg); break;
        case O_PRINT: cfg.print = true; break;
        case O_JSON: cfg.json = true; break;
        case 'h': fputs(usage_text, stdout); exit(0);
        default: fputs(usage_text, stderr); exit(2);
        }
    struct in6_addr a6;
    if (inet_pton(AF_INET, cfg.client_ip, &a6) != 1 && inet_pton(AF_INET6, cfg.client_ip, &a6) != 1)
        die("bad client address: %s", cfg.client_ip);
    if (!cfg.socket || (optind == argc && cfg.total)) {
        fputs(usage_text, stderr);
        exit(2);
    }
    parse_socket(cfg.socket);
    cfg.nmsgs = (size_t)(argc - optind);
    cfg.msgs = xrealloc(NULL, cfg.nmsgs * sizeof *cfg.msgs);
    for (size_t i = 0; i < cfg.nmsgs; i++)
        load_message(&cfg.msgs[i], argv[optind + (int)i]);
    if (!total_set)
        cfg.total = cfg.nmsgs;
    if (cfg.total < cfg.sessions)
        cfg.sessions = cfg.total;
    if (cfg.threads > cfg.sessions + cfg.idle && cfg.sessions + cfg.idle)
        cfg.threads = cfg.sessions + cfg.idle;
}

static void raise_fd_limit(void)
{
    struct rlimit rl;
    unsigned long need = cfg.sessions + cfg.idle + cfg.threads + 32;
    if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur >= need)
        return;
    rl.rlim_cur = rl.rlim_max < need ? rl.rlim_max : need;
    if (setrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur < need)
        die("%lu sessions need %lu descriptors, the limit is %lu", cfg.sessions + cfg.idle, need,
            (unsigned long)rl.rlim_max);
}

static void take_peak(struct usage *peak, struct usage u)
{
    if (u.rss_kb > peak->rss_kb)
        peak->rss_kb = u.rss_kb;
    if (u.threads > peak->threads)
        peak->threads = u.threads;
}

static void nap(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

static struct worker *start_workers(void)
{
    struct worker *ws = calloc(cfg.threads, sizeof *ws);
    for (unsigned i = 0; ws && i < cfg.threads; i++) {
        struct worker *w = &ws[i];
        w->nidle = cfg.idle / cfg.threads + (i < cfg.idle % cfg.threads);
        w->nbusy = cfg.sessions / cfg.threads + (i < cfg.sessions % cfg.threads);
        w->nsess = w->nidle + w->nbusy;
        w->all = calloc(w->nsess + 1, sizeof *w->all);
        w->scratch = malloc(SCRATCH);
        w->ep = epoll_create1(EPOLL_CLOEXEC);
        if (!w->all || !w->scratch || w->ep < 0)
            die("cannot set up a worker: %s", strerror(errno));
        for (size_t k = 0; k < w->nsess; k++) {
            w->all[k].fd = -1;
            w->all[k].waiting = ST_NONE;
            w->all[k].is_idle = k < w->nidle;
        }
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            die("pthread_create failed");
    }
    if (!ws)
        die("out of memory");
    return ws;
}

static void free_all(struct worker *ws)
{
    for (unsigned i = 0; i < cfg.threads; i++) {
        struct worker *w = &ws[i];
        for (size_t k = 0; k < w->nsess; k++) {
            free(w->all[k].out.p);
            free(w->all[k].in.p);
        }
        close(w->ep);
        free(w->all);
        free(w->scratch);
        free(w->lat);
        free(w->eom);
    }
    free(ws);
    for (size_t i = 0; i < cfg.nmsgs; i++) {
        struct message *m = &cfg.msgs[i];
        for (int k = 0; k < 2; k++) {
            free(m->hdr[k].p);
            free(m->hdr_off[k]);
        }
        free(m->from);
        free(m->body.p);
        free(m->body_off);
    }
    free(cfg.msgs);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    parse_options(argc, argv);
    raise_fd_limit();
    if (cfg.print)
        setvbuf(stdout, NULL, _IOLBF, 0);

    struct usage u0 = sample_usage(), peak = u0;
    uint64_t deadline = now_ns() + (uint64_t)(cfg.max_seconds * 1e9);
    struct worker *ws = start_workers();
    while (atomic_load(&idle_settled) < cfg.idle && now_ns() < deadline)
        nap(5);
    if (cfg.idle)
        nap(300);
    struct usage u_idle = sample_usage();
    take_peak(&peak, u_idle);

    uint64_t t0 = now_ns();
    deadline = t0 + (uint64_t)(cfg.max_seconds * 1e9);
    atomic_store(&go, true);
    while (atomic_load(&busy_done) < cfg.threads) {
        nap(cfg.npids ? 20 : 5);
        take_peak(&peak, sample_usage());
        if (now_ns() > deadline)
            atomic_store(&stop_load, true);
    }
    struct usage u1 = sample_usage();
    take_peak(&peak, u1);
    for (uint64_t end = now_ns() + (uint64_t)(cfg.hold_seconds * 1e9); now_ns() < end;) {
        nap(50);
        take_peak(&peak, sample_usage());
    }
    unsigned long idle = atomic_load(&idle_up);
    atomic_store(&quit_all, true);
    for (unsigned i = 0; i < cfg.threads; i++)
        pthread_join(ws[i].thread, NULL);
    report(ws, t0, idle, u0, u_idle, u1, peak);
    struct totals t = add_up(ws);
    free_all(ws);
    return t.done == cfg.total && !t.proto_err && !t.idle_lost && idle == cfg.idle ? 0 : 1;
}
