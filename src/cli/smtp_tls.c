/* cli/smtp_tls.c - see smtp_tls.h. */
#include "cli/smtp_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/dane.h"

#define MAX_TEXT ((size_t)1000)

void
smtp_use_dane(struct smtp *smtp, const struct slice *records, size_t n)
{
	smtp->tlsa = records;
	smtp->n_tlsa = n;
}

/* A record that libssl does not take is one that does not fit. */
static bool
prepare_dane(struct smtp *smtp, const char *name)
{
	if (smtp->n_tlsa == 0)
		return true;
	if (SSL_dane_enable(smtp->ssl, name) != 1)
		return false;
	/* RFC 7672 3.1.1: with usage 3 the name does not matter. */
	SSL_dane_set_flags(smtp->ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	for (size_t i = 0; i < smtp->n_tlsa; i++) {
		const unsigned char *octets =
		    (const unsigned char *)smtp->tlsa[i].ptr;

		if (dane_is_usable(smtp->tlsa[i]))
			SSL_dane_tlsa_add(smtp->ssl, octets[0], octets[1],
			    octets[2], octets + 3, smtp->tlsa[i].len - 3);
	}
	ERR_clear_error();
	return true;
}

bool
smtp_prepare_tls(struct smtp *smtp, const char *name)
{
	/* libssl's macro takes the const from it. */
	char *copy = arena_copy_cstr(smtp->arena, slice_from_cstr(name));

	smtp->context = SSL_CTX_new(TLS_client_method());
	if (smtp->context == NULL ||
	    SSL_CTX_set_min_proto_version(smtp->context, TLS1_VERSION) != 1 ||
	    SSL_CTX_set_default_verify_paths(smtp->context) != 1 ||
	    SSL_CTX_dane_enable(smtp->context) != 1)
		return false;
	/* The handshake goes on whatever the certificate is: it is looked at
	 * behind it. */
	SSL_CTX_set_verify(smtp->context, SSL_VERIFY_NONE, NULL);
	smtp->ssl = SSL_new(smtp->context);
	return smtp->ssl != NULL && copy != NULL &&
	    SSL_set_tlsext_host_name(smtp->ssl, copy) == 1 &&
	    SSL_set1_host(smtp->ssl, name) == 1 &&
	    prepare_dane(smtp, name) &&
	    SSL_set_fd(smtp->ssl, smtp->fd) == 1;
}

void
smtp_append_tls_error(struct strbuf *text)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	strbuf_append_cstr(text, reason != NULL ? reason :
	    "the connection broke");
	ERR_clear_error();
}

static struct slice
describe_name(struct arena *arena, const X509_NAME *name)
{
	struct strbuf escaped;
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = 0;

	strbuf_init(&escaped, arena, 4 * MAX_TEXT);
	if (memory != NULL && name != NULL && X509_NAME_print_ex(memory, name,
	    0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_get_mem_data(memory, &text);
	if (n > 0)
		strbuf_append_escaped(&escaped, (struct slice){ text,
		    (size_t)n }, MAX_TEXT);
	BIO_free(memory);
	return strbuf_slice(&escaped);
}

static int64_t
seconds_of(const ASN1_TIME *when)
{
	struct tm broken_down;

	if (when == NULL || ASN1_TIME_to_tm(when, &broken_down) != 1)
		return 0;
	return timegm(&broken_down);
}

void
smtp_describe_tls(struct smtp *smtp, struct smtp_tls *tls_out)
{
	X509 *certificate = SSL_get1_peer_certificate(smtp->ssl);
	long result = SSL_get_verify_result(smtp->ssl);

	tls_out->version = SSL_get_version(smtp->ssl);
	tls_out->cipher = SSL_get_cipher_name(smtp->ssl);
	tls_out->is_verified = certificate != NULL && result == X509_V_OK;
	if (certificate == NULL) {
		tls_out->problem = SLICE("it has no certificate");
		return;
	}
	if (!tls_out->is_verified)
		tls_out->problem = slice_from_cstr(
		    X509_verify_cert_error_string(result));
	tls_out->subject = describe_name(smtp->arena,
	    X509_get_subject_name(certificate));
	tls_out->issuer = describe_name(smtp->arena,
	    X509_get_issuer_name(certificate));
	tls_out->not_after_s = seconds_of(X509_get0_notAfter(certificate));
	X509_free(certificate);
	ERR_clear_error();
}
