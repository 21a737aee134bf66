/* control/page.h - the page's files, as they were when this was built. */
#ifndef ASSAY_CONTROL_PAGE_H
#define ASSAY_CONTROL_PAGE_H

#include "base/slice.h"

struct page_file {
	const char *path, *type;	/* "/assay.js", a media type */
	const struct slice *octets;
};

/* NULL where there is none of that path. */
const struct page_file *page_find(const char *path);

/* Made by the Makefile from src/control/page/. */
extern const struct slice page_index_html, page_assay_css, page_assay_js,
    page_assay_svg;

#endif
