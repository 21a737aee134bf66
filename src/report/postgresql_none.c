/* report/postgresql_none.c - where libpq is not there. */
#include <stddef.h>

#include "report/sql.h"

struct sql *
postgresql_create(struct slice url)
{
	(void)url;
	return NULL;
}

enum store_status
postgresql_check_url(struct slice url)
{
	(void)url;
	return STORE_NOT_BUILT;
}
