/* base/siphash.c - see siphash.h. */
#include "base/siphash.h"

#include <sys/random.h>

#define COMPRESSION_ROUNDS 2
#define FINAL_ROUNDS 4

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
stir(struct state *s, unsigned n_rounds)
{
	for (unsigned i = 0; i < n_rounds; i++) {
		s->v0 += s->v1;
		s->v1 = rotate_left(s->v1, 13) ^ s->v0;
		s->v0 = rotate_left(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate_left(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate_left(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate_left(s->v1, 17) ^ s->v2;
		s->v2 = rotate_left(s->v2, 32);
	}
}

static void
compress(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	stir(s, COMPRESSION_ROUNDS);
	s->v0 ^= word;
}

/* N octets, at most 8, little-endian. */
static uint64_t
read_word(const char *octets, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)(unsigned char)octets[i] << 8 * i;
	return word;
}

bool
siphash_make_key(struct siphash_key *key_out)
{
	return getrandom(key_out, sizeof(*key_out), 0) == sizeof(*key_out);
}

/* The last word holds what is left and, on top, the length. */
uint64_t
siphash(const struct siphash_key *key, struct slice text)
{
	struct state s = {
		key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
		key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573,
	};
	size_t n_left = text.len % 8;

	for (size_t i = 0; i < text.len - n_left; i += 8)
		compress(&s, read_word(text.ptr + i, 8));
	compress(&s, read_word(n_left != 0 ? text.ptr + text.len - n_left :
	    NULL, n_left) | (uint64_t)text.len << 56);
	s.v2 ^= 0xff;
	stir(&s, FINAL_ROUNDS);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
