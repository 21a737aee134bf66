/* config/suggest.c - see suggest.h. */
#include "config/suggest.h"

#include "base/ascii.h"

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

static bool
is_same(struct slice a, size_t i, struct slice b, size_t j)
{
	return ascii_lower(a.ptr[i]) == ascii_lower(b.ptr[j]);
}

/* Optimal string alignment: row I holds the distances between the first I
 * octets of A and every head of B. */
unsigned
suggest_distance(struct slice a, struct slice b)
{
	unsigned rows[3][SUGGEST_MAX_OCTETS + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	a = slice_head(a, SUGGEST_MAX_OCTETS);
	b = slice_head(b, SUGGEST_MAX_OCTETS);
	for (size_t j = 0; j <= b.len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned *oldest = before;

		before = last;
		last = row;
		row = oldest;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = is_same(a, i - 1, b, j - 1);

			row[j] = min3(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && is_same(a, i - 1, b, j - 2) &&
			    is_same(a, i - 2, b, j - 1) &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return row[b.len];
}

bool
suggest_is_near(struct slice a, unsigned distance)
{
	return distance <= 1 || distance <= a.len / 3;
}
