/* dmarc/options.h - how DMARC goes about its work. */
#ifndef ASSAY_DMARC_OPTIONS_H
#define ASSAY_DMARC_OPTIONS_H

struct psl;

enum dmarc_discovery {
	DMARC_DISCOVERY_TREE_WALK = 0,	/* RFC 9989 4.10 */
	DMARC_DISCOVERY_PSL,		/* RFC 7489 3.2 */
};

struct dmarc_options {
	enum dmarc_discovery discovery;
	const struct psl *psl;	/* dmarc/psl.h; borrowed; needed for PSL */
};

#define DMARC_OPTIONS_DEFAULT \
	{ .discovery = DMARC_DISCOVERY_TREE_WALK, .psl = NULL }

#endif
