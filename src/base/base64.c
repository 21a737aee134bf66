/* base/base64.c - see base64.h. */
#include "base/base64.h"

#include "base/arena.h"
#include "base/ascii.h"

static int
sextet(char c)
{
	if (ascii_is_upper(c))
		return c - 'A';
	if (ascii_is_alpha(c))
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool
base64_decode(struct arena *arena, struct slice text, struct slice *octets_out)
{
	unsigned char *octets;
	size_t n = 0, digits = 0, padding = 0;
	uint32_t bits = 0;

	*octets_out = SLICE_EMPTY;
	if ((octets = arena_alloc(arena, text.len / 4 * 3 + 3)) == NULL)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = sextet(text.ptr[i]);

		if (ascii_is_fws(text.ptr[i]))
			continue;
		if (text.ptr[i] == '=') {
			padding++;
			continue;
		}
		if (value < 0 || padding != 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffffff;
		if (++digits % 4 == 0) {
			octets[n++] = (unsigned char)(bits >> 16);
			octets[n++] = (unsigned char)(bits >> 8);
			octets[n++] = (unsigned char)bits;
		}
	}
	/* Keys and signatures are seen in the wild without their padding. */
	if (padding != 0 && (padding > 2 || (digits + padding) % 4 != 0))
		return false;
	switch (digits % 4) {
	case 1:
		return false;
	case 2:
		octets[n++] = (unsigned char)(bits >> 4);
		break;
	case 3:
		octets[n++] = (unsigned char)(bits >> 10);
		octets[n++] = (unsigned char)(bits >> 2);
		break;
	}
	*octets_out = (struct slice){ (const char *)octets, n };
	return true;
}
