/* config/values.h - the keys whose value is more than a number: what is
 * checked of it, and where it goes.  Each complains at its place. */
#ifndef ASSAY_CONFIG_VALUES_H
#define ASSAY_CONFIG_VALUES_H

#include "config/key.h"

void set_socket(const struct key_place *place, const struct key_text *text);
void set_socket_mode(const struct key_place *place,
    const struct key_text *text);
void set_socket_group(const struct key_place *place,
    const struct key_text *text);
void set_mta_sts_socket(const struct key_place *place,
    const struct key_text *text);
void set_mta_sts_socket_mode(const struct key_place *place,
    const struct key_text *text);
void set_mta_sts_socket_group(const struct key_place *place,
    const struct key_text *text);
void set_control_socket(const struct key_place *place,
    const struct key_text *text);
void set_control_socket_mode(const struct key_place *place,
    const struct key_text *text);
void set_control_socket_group(const struct key_place *place,
    const struct key_text *text);
void set_authserv_id(const struct key_place *place,
    const struct key_text *text);
void set_zone_file(const struct key_place *place,
    const struct key_text *text);
void set_trust_anchor_file(const struct key_place *place,
    const struct key_text *text);
void set_psl_file(const struct key_place *place, const struct key_text *text);
void set_quarantine(const struct key_place *place,
    const struct key_text *text);
void set_reply(const struct key_place *place, const struct key_text *text);
void set_log_target(const struct key_place *place,
    const struct key_text *text);
void set_user(const struct key_place *place, const struct key_text *text);

void set_servers(const struct key_place *place, const struct key_text *texts,
    size_t n);
void set_spf_reject(const struct key_place *place,
    const struct key_text *texts, size_t n);
void set_trusted_sealers(const struct key_place *place,
    const struct key_text *texts, size_t n);
void set_evidence(const struct key_place *place, const struct key_text *texts,
    size_t n);
void set_forwarders(const struct key_place *place,
    const struct key_text *texts, size_t n);
void set_trusted_networks(const struct key_place *place,
    const struct key_text *texts, size_t n);

void set_trusted_relays(const struct key_place *place,
    const struct key_text *texts, size_t n);

/* Networks for whatever wants some; N of them, or NULL where memory is out. */
struct ip_network *values_take_networks(const struct key_place *place,
    const struct key_text *texts, size_t n);

void set_mode(struct config *config, unsigned mode);
void set_dmarc_reject(struct config *config, unsigned reject);
void set_org_domain(struct config *config, unsigned discovery);
void set_bad_from(struct config *config, unsigned is_accepted);
void set_temperror(struct config *config, unsigned is_accepted);
void set_log_level(struct config *config, unsigned level);
void set_log_format(struct config *config, unsigned format);
void set_log_facility(struct config *config, unsigned facility);

#endif
