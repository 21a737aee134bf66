"""What lists and forwarders do to honest mail, and forgers who look like
them: dmarc.reject = "knowledge" (RFC 9989 7.4)."""

import os
import sqlite3

from lab import wait_until
from mail import compose
from scenario import expect, expect_accepted, expect_method, expect_reply, \
    our_field, scenario
from zone import OTHER_CLIENT

SEALERS = {"arc": {"trusted_sealers": ["*.example.net", "foreign.example"]}}
LIST_FIELDS = ["List-Id: Users <users.nodmarc.example>",
    "List-Post: <mailto:users@nodmarc.example>"]


def expect_held(lab, reply, evidence):
	expect_reply(reply, "250")
	expect(lab.held(reply), "not in the hold queue")
	results = our_field(lab.held_message(reply))
	expect_method(results, "dmarc", "fail", policy_evidence=evidence)
	return results


def passed(author):
	return "dmarc=pass header.from=" + author


@scenario("a list adds a footer: held, and the signs are named")
def list_footer(lab):
	message = lab.keys.sign(compose("ann@signed.example"),
	    "signed.example") + b"-- \r\nusers@nodmarc.example\r\n"
	message = "\r\n".join(LIST_FIELDS).encode() + b"\r\n" + message
	expect_held(lab, lab.send(lab.assayd_for_all(), message,
	    "users-bounces@nodmarc.example"), "signature-body,list")


@scenario("a forger writes a list's fields: 550 5.7.1")
def forged_list(lab):
	reply = lab.send(lab.assayd_for_all(),
	    compose("ceo@reject.example", *LIST_FIELDS),
	    "users-bounces@nodmarc.example", OTHER_CLIENT)
	expect_reply(reply, "550 5.7.1", "no sign of forwarding")


@scenario("a chain by anybody: held")
def chain(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "nodmarc.example", passed("reject.example"))
	results = expect_held(lab, lab.send(lab.assayd_for_all(), message,
	    "ann@reject.example", OTHER_CLIENT), "arc")
	expect_method(results, "arc", "pass", **{"header_oldest-pass": "0",
	    "smtp_remote-ip": OTHER_CLIENT})


@scenario("a chain whose message was changed behind it: 550 5.7.1")
def broken_chain(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("reject.example"))
	expect_reply(lab.send(lab.assayd_for_all(**SEALERS),
	    message.replace(b"Hello.", b"Pay me."), "x@nodmarc.example"),
	    "550 5.7.1", "no sign of forwarding")


@scenario("a trusted sealer vouches: accepted, dmarc=fail")
def sealer(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("reject.example"))
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(**SEALERS),
	    message, "ann@reject.example", OTHER_CLIENT))
	expect_method(results, "dmarc", "fail", policy_evidence="arc,sealer")
	expect("dis=none" in results.text, results.text)


@scenario("a trusted sealer vouches for another author: held")
def sealer_of_another(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("honest.example"))
	expect_held(lab, lab.send(lab.assayd_for_all(**SEALERS), message,
	    "ann@reject.example", OTHER_CLIENT), "arc")


@scenario("a stranger seals behind a trusted sealer: held")
def stranger_on_top(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("reject.example"))
	message = lab.keys.seal(message, "nodmarc.example",
	    "arc=pass; " + passed("reject.example"))
	expect_held(lab, lab.send(lab.assayd_for_all(**SEALERS), message,
	    "ann@reject.example", OTHER_CLIENT), "arc")


@scenario("a trusted sealer under reject = strict: 550 5.7.1")
def sealer_strict(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("reject.example"))
	expect_reply(lab.send(lab.assayd_for_all(dmarc={"reject": "strict"},
	    **SEALERS), message, "ann@reject.example", OTHER_CLIENT),
	    "550 5.7.1")


@scenario("a declared forwarder: held")
def forwarder(lab):
	expect_held(lab, lab.send(lab.assayd_for_all(
	    dmarc={"forwarders": ["198.51.100.0/24"]}),
	    compose("ann@reject.example"), "ann@reject.example",
	    OTHER_CLIENT), "forwarder")


def copy_passes(path, days):
	"""What came today came DAYS ago, too."""
	with sqlite3.connect(path) as store:
		store.execute("INSERT INTO pass (author_domain, path, day,"
		    " count) SELECT author_domain, path, day - ?, count FROM"
		    " pass WHERE day = (SELECT max(day) FROM pass)", (days,))
	store.close()


def restart_with_history(assayd, n_paths):
	assayd.start()
	wait_until(lambda: "its history has %d paths" % n_paths in
	    assayd.log(), 20 * assayd.lab.patience, "the history")


@scenario("mail of a domain that often comes this way: held, not refused")
def history(lab):
	folder = lab.path("history")
	os.mkdir(folder)
	os.chmod(folder, 0o777)
	path = os.path.join(folder, "assay.db")
	assayd = lab.assayd(store="sqlite:" + path)
	forged = compose("ann@honest.example")

	expect_accepted(lab, lab.send(assayd, forged, "ann@honest.example"))
	# Once is no habit.
	expect_reply(lab.send(assayd, forged, "x@nodmarc.example"),
	    "550 5.7.1", "no sign of forwarding", "history")
	assayd.finish()
	expect(assayd.problem is None, assayd.problem)
	copy_passes(path, 1)		# nor are two days
	restart_with_history(assayd, 0)
	expect_reply(lab.send(assayd, forged, "x@nodmarc.example"),
	    "550 5.7.1")
	assayd.finish()
	copy_passes(path, 2)
	restart_with_history(assayd, 1)
	expect_held(lab, lab.send(assayd, forged, "x@nodmarc.example"),
	    "history")
	expect_reply(lab.send(assayd, forged, "x@nodmarc.example",
	    OTHER_CLIENT), "550 5.7.1", "no sign of forwarding")
	expect_reply(lab.send(assayd, compose("ann@reject.example"),
	    "x@nodmarc.example"), "550 5.7.1")
	assayd.terminate()


@scenario("no folder for the store: mail goes on")
def no_store(lab):
	assayd = lab.assayd(store="sqlite:/nonexistent/assay.db")
	results = expect_accepted(lab, lab.send(assayd,
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")
	expect_reply(lab.send(assayd, compose("ann@honest.example"),
	    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1")
	wait_until(lambda: "store: " in assayd.log() and "tried again in" in
	    assayd.log(), 20 * lab.patience, "the log to tell")
	assayd.finish()
	expect(assayd.problem is None, assayd.problem)
