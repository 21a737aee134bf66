/* control/page.c - see page.h. */
#include "control/page.h"

#include <string.h>

static const struct page_file files[] = {
	{ "/", "text/html; charset=utf-8", &page_index_html },
	{ "/assay.css", "text/css; charset=utf-8", &page_assay_css },
	{ "/assay.js", "text/javascript; charset=utf-8", &page_assay_js },
	{ "/assay.svg", "image/svg+xml", &page_assay_svg },
};

const struct page_file *
page_find(const char *path)
{
	for (size_t i = 0; i < N_ELEMENTS(files); i++)
		if (strcmp(path, files[i].path) == 0)
			return &files[i];
	return NULL;
}
