/* report/libpq.c - see libpq.h. */
#include "report/libpq.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/slice.h"

/* The interface that libpq-fe.h declares has had this number since 2005. */
#define LIBRARY "libpq.so.5"

static const struct {
	const char *name;
	size_t offset;		/* in struct libpq */
} functions[] = {
	{ "PQclear", offsetof(struct libpq, clear) },
	{ "PQcmdTuples", offsetof(struct libpq, cmdTuples) },
	{ "PQconnectPoll", offsetof(struct libpq, connectPoll) },
	{ "PQconnectStartParams", offsetof(struct libpq,
	    connectStartParams) },
	{ "PQconninfoFree", offsetof(struct libpq, conninfoFree) },
	{ "PQconninfoParse", offsetof(struct libpq, conninfoParse) },
	{ "PQconsumeInput", offsetof(struct libpq, consumeInput) },
	{ "PQerrorMessage", offsetof(struct libpq, errorMessage) },
	{ "PQfinish", offsetof(struct libpq, finish) },
	{ "PQflush", offsetof(struct libpq, flush) },
	{ "PQgetResult", offsetof(struct libpq, getResult) },
	{ "PQgetlength", offsetof(struct libpq, getlength) },
	{ "PQgetvalue", offsetof(struct libpq, getvalue) },
	{ "PQisBusy", offsetof(struct libpq, isBusy) },
	{ "PQntuples", offsetof(struct libpq, ntuples) },
	{ "PQresultErrorField", offsetof(struct libpq, resultErrorField) },
	{ "PQresultErrorMessage", offsetof(struct libpq,
	    resultErrorMessage) },
	{ "PQresultStatus", offsetof(struct libpq, resultStatus) },
	{ "PQsendPrepare", offsetof(struct libpq, sendPrepare) },
	{ "PQsendQuery", offsetof(struct libpq, sendQuery) },
	{ "PQsendQueryPrepared", offsetof(struct libpq,
	    sendQueryPrepared) },
	{ "PQsetNoticeReceiver", offsetof(struct libpq,
	    setNoticeReceiver) },
	{ "PQsetnonblocking", offsetof(struct libpq, setnonblocking) },
	{ "PQsocket", offsetof(struct libpq, socket) },
	{ "PQstatus", offsetof(struct libpq, status) },
};

bool
libpq_load(struct libpq *pq)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_NODELETE);

	*pq = (struct libpq){ .clear = NULL };
	if (library == NULL)
		return false;
	for (size_t i = 0; i < N_ELEMENTS(functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (function == NULL) {
			dlclose(library);
			return false;
		}
		/* POSIX has dlsym's pointers to functions be of this size. */
		memcpy((char *)pq + functions[i].offset, &function,
		    sizeof(function));
	}
	/* The count that dlopen raised is given back; RTLD_NODELETE keeps it
	 * where it is. */
	dlclose(library);
	return true;
}
