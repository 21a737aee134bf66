/* report/history.h - which paths an Author Domain's mail comes by and passes
 * DMARC, habitually: the answer to policy/history.h's question.
 *
 * A path is the network of the client.  What the store knows of them is read
 * into memory now and then; who asks looks there, and never waits. */
#ifndef ASSAY_REPORT_HISTORY_H
#define ASSAY_REPORT_HISTORY_H

#include "policy/history.h"
#include "report/store.h"

struct arena;
struct report_history;
struct strbuf;

/* A host's neighbours are mostly its owner's: the usual smallest routed
 * networks, an IPv4 /24 and an IPv6 site's /48, within which the outgoing hosts
 * of a list or a forwarder take turns. */
#define REPORT_PATH_BITS_V4 24
#define REPORT_PATH_BITS_V6 48

/* Once or twice may have been chance, or somebody's preparation. */
#define REPORT_HISTORY_MIN_DAYS 3

/* Pairs of domain and path that are remembered: 8 octets each. */
#define REPORT_HISTORY_MAX 1000000

/* The path of mail by CLIENT; false where it is not known. */
bool report_find_path(const struct ip_address *client,
    struct ip_network *path_out);

/* REPORT_RECORD_PASS: a pass, of count 1, as octets and back; equal ones are
 * equal octets.  Decoding is false for anything else, and borrows. */
#define REPORT_PASS_MAX_OCTETS ((size_t)512)
void report_encode_pass(const struct store_pass *pass, struct strbuf *out);
bool report_decode_pass(struct slice octets, struct store_pass *pass_out);

/* Knows nothing yet, and never more than MAX_PAIRS, at least 1.  NULL where
 * memory or randomness is out. */
struct report_history *report_create_history(size_t max_pairs);
void report_destroy_history(struct report_history **history);

/* Read anew what STORE has from SINCE_DAY on; on failure all stays as it was.
 * *N_OUT: pairs; *IS_WHOLE_OUT false where there were more than the limit: then
 * those of more days are taken.  Blocks. */
enum store_status report_load_history(struct report_history *history,
    struct store *store, uint32_t since_day, size_t *n_out,
    bool *is_whole_out);

/* For policy/.  From any thread; borrowed. */
const struct policy_history *report_describe_history(
    const struct report_history *history);

#endif
