/* base/base64.c - see base64.h. */
#include "base/base64.h"

#include <limits.h>

#include "base/arena.h"
#include "base/ascii.h"

/* Value of each digit plus one; 0 for what is none. */
static const unsigned char digit_values[UCHAR_MAX + 1] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4,
	['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20,
	['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44,
	['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,
	['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static unsigned
value_of(char c)
{
	return digit_values[(unsigned char)c];
}

/* Four digits with nothing between them, as often as they stand there: moves
 * past them and tells how many octets they are. */
static size_t
decode_groups(struct slice *text, unsigned char *octets)
{
	size_t n = 0;

	for (; text->len >= 4; text->ptr += 4, text->len -= 4) {
		unsigned a = value_of(text->ptr[0]) - 1;
		unsigned b = value_of(text->ptr[1]) - 1;
		unsigned c = value_of(text->ptr[2]) - 1;
		unsigned d = value_of(text->ptr[3]) - 1;
		unsigned bits = a << 18 | b << 12 | c << 6 | d;

		if ((a | b | c | d) >= 64)	/* one was no digit: 0 - 1 */
			break;
		octets[n++] = (unsigned char)(bits >> 16);
		octets[n++] = (unsigned char)(bits >> 8);
		octets[n++] = (unsigned char)bits;
	}
	return n;
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
	for (; text.len != 0; text = slice_from(text, 1)) {
		unsigned value;

		if (digits % 4 == 0 && padding == 0) {
			n += decode_groups(&text, octets + n);
			if (text.len == 0)
				break;
		}
		value = value_of(text.ptr[0]);
		if (value == 0) {
			if (text.ptr[0] == '=')
				padding++;
			else if (!ascii_is_fws(text.ptr[0]))
				return false;
			continue;
		}
		if (padding != 0)
			return false;
		bits = (bits << 6 | (value - 1)) & 0xffffff;
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
