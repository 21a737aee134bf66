/* crypto: what the cryptography of a message costs by itself.
 *
 *   crypto [-r N] [-e N] [-b N] [-s SECONDS] MESSAGE...
 *
 * Hashes as much as each message's body has with SHA-256 (-b times, 1), and
 * verifies N RSA-2048 (-r, 1) and N Ed25519 (-e, 0) signatures, with keys and
 * contexts that are ready.  Prints the CPU seconds of 1000 messages.
 *
 * What is hashed is the body's beginning again and again: a milter has what it
 * hashes fresh from its socket, not from memory. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DIGEST_OCTETS 32
#define SIGNATURE_OCTETS 512
#define PIECE_OCTETS ((size_t)65535)	/* libmilter's */

struct text {
	unsigned char *octets;
	size_t len;
};

struct signer {
	EVP_PKEY *key;
	EVP_PKEY_CTX *rsa;	/* NULL for Ed25519 */
	EVP_MD_CTX *ctx;
	unsigned char signature[SIGNATURE_OCTETS];
	size_t len;
};

_Noreturn static void
die(const char *what)
{
	fprintf(stderr, "crypto: %s\n", what);
	exit(1);
}

static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* All behind the first empty line. */
static struct text
read_body(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct text text;
	unsigned char *body;
	long size = -1;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
	    (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0)
		die(path);
	text.octets = malloc((size_t)size + 1);
	if (text.octets == NULL)
		die("no memory");
	text.len = fread(text.octets, 1, (size_t)size, file);
	fclose(file);
	body = memmem(text.octets, text.len, "\r\n\r\n", 4);
	if (body == NULL)
		die("a message has no body");
	text.len -= (size_t)(body + 4 - text.octets);
	text.octets = body + 4;
	return text;
}

static void
make_signer(struct signer *signer, bool is_rsa, const EVP_MD *md,
    const unsigned char *digest)
{
	EVP_PKEY_CTX *signing;

	signer->key = is_rsa ? EVP_RSA_gen(2048) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	signer->ctx = EVP_MD_CTX_new();
	signer->len = sizeof(signer->signature);
	if (signer->key == NULL || signer->ctx == NULL)
		die("no key");
	if (!is_rsa) {
		if (EVP_DigestSignInit(signer->ctx, NULL, NULL, NULL,
		    signer->key) != 1 || EVP_DigestSign(signer->ctx,
		    signer->signature, &signer->len, digest,
		    DIGEST_OCTETS) != 1)
			die("cannot sign");
		return;
	}
	signing = EVP_PKEY_CTX_new(signer->key, NULL);
	signer->rsa = EVP_PKEY_CTX_new(signer->key, NULL);
	if (EVP_PKEY_sign_init(signing) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(signing, md) != 1 ||
	    EVP_PKEY_sign(signing, signer->signature, &signer->len, digest,
	    DIGEST_OCTETS) != 1 || EVP_PKEY_verify_init(signer->rsa) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(signer->rsa, md) != 1)
		die("cannot sign");
	EVP_PKEY_CTX_free(signing);
}

static void
verify(struct signer *signer, const unsigned char *digest)
{
	int ok;

	if (signer->rsa != NULL)
		ok = EVP_PKEY_verify(signer->rsa, signer->signature,
		    signer->len, digest, DIGEST_OCTETS);
	else
		ok = EVP_DigestVerifyInit(signer->ctx, NULL, NULL, NULL,
		    signer->key) == 1 ? EVP_DigestVerify(signer->ctx,
		    signer->signature, signer->len, digest, DIGEST_OCTETS) : 0;
	if (ok != 1)
		die("does not verify");
}

static void
hash(EVP_MD_CTX *ctx, const EVP_MD *md, const struct text *text)
{
	unsigned char digest[DIGEST_OCTETS];
	size_t n_left = text->len, n;

	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		die("cannot hash");
	for (; n_left > 0; n_left -= n) {
		n = n_left < PIECE_OCTETS ? n_left : PIECE_OCTETS;
		if (EVP_DigestUpdate(ctx, text->octets, n) != 1)
			die("cannot hash");
	}
	if (EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
		die("cannot hash");
}

int
main(int argc, char **argv)
{
	static const unsigned char fixed[DIGEST_OCTETS];
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	long n_rsa = 1, n_ed25519 = 0, n_bodies = 1, n_done = 0;
	double seconds = 0.5, start;
	struct signer rsa = { .key = NULL }, ed25519 = { .key = NULL };
	struct text *texts;
	int option, n_texts;

	while ((option = getopt(argc, argv, "r:e:b:s:")) != -1) {
		if (option == 'r')
			n_rsa = strtol(optarg, NULL, 10);
		else if (option == 'e')
			n_ed25519 = strtol(optarg, NULL, 10);
		else if (option == 'b')
			n_bodies = strtol(optarg, NULL, 10);
		else if (option == 's')
			seconds = strtod(optarg, NULL);
		else
			return 2;
	}
	n_texts = argc - optind;
	texts = calloc((size_t)n_texts + 1, sizeof(*texts));
	if (n_texts == 0 || texts == NULL || md == NULL || ctx == NULL)
		die("no message");
	for (int i = 0; i < n_texts; i++)
		texts[i] = read_body(argv[optind + i]);
	make_signer(&rsa, true, md, fixed);
	make_signer(&ed25519, false, md, fixed);
	start = cpu_s();
	do {
		const struct text *text = &texts[n_done % n_texts];

		for (long i = 0; i < n_bodies; i++)
			hash(ctx, md, text);
		for (long i = 0; i < n_rsa; i++)
			verify(&rsa, fixed);
		for (long i = 0; i < n_ed25519; i++)
			verify(&ed25519, fixed);
		n_done++;
	} while (cpu_s() - start < seconds);
	printf("%.4f\n", (cpu_s() - start) * 1000 / (double)n_done);
	return 0;
}
