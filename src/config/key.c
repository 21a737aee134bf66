/* config/key.c - see key.h. */
#include "config/key.h"

#include "base/strbuf.h"
#include "config/problems.h"
#include "config/settings.h"

bool
key_find_word(const struct key_word *words, struct slice text,
    unsigned *value_out)
{
	for (; words->word != NULL; words++)
		if (slice_eq(text, slice_from_cstr(words->word))) {
			*value_out = words->value;
			return true;
		}
	return false;
}

void
key_refuse_word(const struct key_place *place, struct slice text,
    const struct key_word *words)
{
	struct strbuf list;
	const char *allowed;

	strbuf_init(&list, place->config->arena, 1000);
	for (size_t i = 0; words[i].word != NULL; i++)
		strbuf_printf(&list, "%s\"%s\"", i == 0 ? "" :
		    words[i + 1].word == NULL ? " or " : ", ", words[i].word);
	allowed = strbuf_cstr(&list);
	problems_add(place->problems, place->line,
	    "%s cannot be \"%s\": write %s", place->path,
	    problems_show(place->problems, text),
	    allowed != NULL ? allowed : "");
}
