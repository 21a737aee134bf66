/* report/libpq.h - libpq, loaded when a store asks for it.
 *
 * With what it brings along (Kerberos, LDAP, GnuTLS, SASL) it would nearly
 * double the memory of a daemon that has no PostgreSQL to talk to. */
#ifndef ASSAY_REPORT_LIBPQ_H
#define ASSAY_REPORT_LIBPQ_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Its functions, without the PQ of their names. */
struct libpq {
	__typeof__(PQclear) *clear;
	__typeof__(PQcmdTuples) *cmdTuples;
	__typeof__(PQconnectPoll) *connectPoll;
	__typeof__(PQconnectStartParams) *connectStartParams;
	__typeof__(PQconninfoFree) *conninfoFree;
	__typeof__(PQconninfoParse) *conninfoParse;
	__typeof__(PQconsumeInput) *consumeInput;
	__typeof__(PQerrorMessage) *errorMessage;
	__typeof__(PQfinish) *finish;
	__typeof__(PQflush) *flush;
	__typeof__(PQgetResult) *getResult;
	__typeof__(PQgetlength) *getlength;
	__typeof__(PQgetvalue) *getvalue;
	__typeof__(PQisBusy) *isBusy;
	__typeof__(PQntuples) *ntuples;
	__typeof__(PQresultErrorField) *resultErrorField;
	__typeof__(PQresultErrorMessage) *resultErrorMessage;
	__typeof__(PQresultStatus) *resultStatus;
	__typeof__(PQsendPrepare) *sendPrepare;
	__typeof__(PQsendQuery) *sendQuery;
	__typeof__(PQsendQueryPrepared) *sendQueryPrepared;
	__typeof__(PQsetNoticeReceiver) *setNoticeReceiver;
	__typeof__(PQsetnonblocking) *setnonblocking;
	__typeof__(PQsocket) *socket;
	__typeof__(PQstatus) *status;
};

/* False where it is not installed, or lacks a function.  It stays loaded until
 * the process ends. */
bool libpq_load(struct libpq *pq);

#endif
