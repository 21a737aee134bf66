"""DNS that is broken, silent, and back again."""

import itertools
import time

from mail import compose
from relay import FORWARD, SERVFAIL, SILENT
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    expect_skipped, scenario)
from zone import OTHER_CLIENT

SHORT = {"timeout_ms": 1500}


class Faults:
	"""A domain whose questions go wrong for the time of a "with", but for
	those of its policy where that is to be had."""

	def __init__(self, lab, mode, domain, has_policy=False):
		self.relay = lab.relay
		self.faults = {domain: mode}
		if has_policy:
			self.faults["_dmarc." + domain] = FORWARD

	def __enter__(self):
		self.relay.faults.update(self.faults)

	def __exit__(self, *_):
		for domain in self.faults:
			del self.relay.faults[domain]


@scenario("SERVFAIL for the policy: 451, and accepted once it is back")
def policy_servfail(lab):
	assayd = lab.assayd_for_all(resolver=SHORT)
	message = compose("ann@servfail.example")
	with Faults(lab, SERVFAIL, "_dmarc.servfail.example"):
		expect_reply(lab.send(assayd, message, "a@nodmarc.example"),
		    "451 4.7.")
	# Failures are remembered for some seconds at most.
	end = time.monotonic() + 10
	while True:
		reply = lab.send(assayd, message, "ann@servfail.example")
		if reply.code == "250" or time.monotonic() > end:
			break
		time.sleep(0.5)
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")


@scenario("no answer for the policy: 451 within the time-out")
def policy_silent(lab):
	assayd = lab.assayd_for_all(resolver=SHORT)
	with Faults(lab, SILENT, "silent.example"):
		start = time.monotonic()
		reply = lab.send(assayd, compose("ann@silent.example"),
		    "a@nodmarc.example", OTHER_CLIENT)
		took_s = time.monotonic() - start
	expect_reply(reply, "451 4.7.")
	expect(took_s < 10 * lab.patience, "took %.1f s" % took_s)


@scenario("SPF unknown and p=none: accepted")
def spf_dead_policy_none(lab):
	with Faults(lab, SERVFAIL, "deadspf-none.example", has_policy=True):
		reply = lab.send(lab.assayd_for_all(resolver=SHORT),
		    compose("a@deadspf-none.example"),
		    "a@deadspf-none.example")
	results = expect_accepted(lab, reply)
	expect_method(results, "spf", "temperror")
	expect_method(results, "dmarc", "temperror")


@scenario("SPF unknown, an aligned signature passes: accepted")
def spf_dead_signed(lab):
	message = lab.keys.sign(compose("a@signed.example"),
	    "signed.example")
	with Faults(lab, SERVFAIL, "deadspf-signed.example"):
		reply = lab.send(lab.assayd_for_all(resolver=SHORT), message,
		    "a@bounce.deadspf-signed.example")
	results = expect_accepted(lab, reply)
	expect_method(results, "spf", "temperror")
	expect_method(results, "dmarc", "pass")


@scenario("SPF unknown for a foreign sender: cannot matter, 550")
def spf_dead_foreign(lab):
	with Faults(lab, SERVFAIL, "foreign.example", has_policy=True):
		reply = lab.send(lab.assayd_for_all(resolver=SHORT),
		    compose("ceo@reject.example"), "a@foreign.example",
		    OTHER_CLIENT)
	expect_reply(reply, "550 5.7.1")


@scenario("an aligned signature whose key is not to be had: 451")
def key_dead(lab):
	message = lab.keys.sign(compose("a@deadkey.example"),
	    "deadkey.example")
	with Faults(lab, SERVFAIL, "_domainkey.deadkey.example"):
		reply = lab.send(lab.assayd_for_all(resolver=SHORT), message,
		    "a@nodmarc.example", OTHER_CLIENT)
	expect_reply(reply, "451 4.7.")


@scenario("temperror = accept, and monitor: accepted with dmarc=temperror")
def temperror_accepted(lab):
	for name, settings in (
	    ("deadspf-accept.example", {"dmarc": {"temperror": "accept"}}),
	    ("deadspf-monitor.example", {"mode": "monitor"})):
		assayd = lab.assayd_for_all(resolver=SHORT, **settings)
		with Faults(lab, SERVFAIL, name):
			reply = lab.send(assayd, compose("a@" + name),
			    "a@nodmarc.example", OTHER_CLIENT)
		expect_method(expect_accepted(lab, reply), "dmarc",
		    "temperror")


@scenario("no DNS at all: trusted, authenticated and bad From as ever")
def all_dead(lab):
	assayd = lab.assayd(resolver={"timeout_ms": 1000},
	    trusted={"networks": ["203.0.113.0/24"]})
	try:
		lab.relay.mode = SILENT
		reply = lab.send(assayd, compose("ceo@reject.example"),
		    "a@silent2.example", "203.0.113.1")
		expect_skipped(lab, reply)
		reply = lab.send(assayd, compose("ceo@reject.example"),
		    "a@silent2.example", OTHER_CLIENT, login="alice")
		expect_skipped(lab, reply)
		expect_reply(lab.send(assayd, compose(None),
		    "a@silent2.example", OTHER_CLIENT), "550 5.7.1")
		expect_reply(lab.send(assayd, compose("ceo@silent2.example"),
		    "a@silent2.example", OTHER_CLIENT), "451 4.7.")
	finally:
		lab.relay.mode = FORWARD
	assayd.terminate()


def recover(lab, assayd, fresh):
	"""Seconds until a domain never asked for before passes."""
	start = time.monotonic()
	lab.relay.mode = FORWARD
	while True:
		name = "out%d.example" % next(fresh)
		begun = time.monotonic()
		reply = lab.send(assayd, compose("a@" + name), "a@" + name)
		took_s = time.monotonic() - start
		if reply.code == "250" or took_s > 30:
			expect_method(expect_accepted(lab, reply), "dmarc",
			    "pass")
			return took_s
		time.sleep(max(0, 0.25 - (time.monotonic() - begun)))


@scenario("recovery within 5 s after 60 s without DNS", is_slow=True)
def outage(lab):
	assayd = lab.assayd()	# with the time-out of the packaged file
	fresh = itertools.count(1)
	reply = lab.send(assayd, compose("a@out0.example"), "a@out0.example")
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	try:
		lab.relay.mode = SILENT
		end = time.monotonic() + 60
		while time.monotonic() < end:
			name = "out%d.example" % next(fresh)
			expect_reply(lab.send(assayd, compose("a@" + name),
			    "a@" + name), "451 4.7.")
			time.sleep(1)
		took_s = recover(lab, assayd, fresh)
	finally:
		lab.relay.mode = FORWARD
	expect(took_s <= 5, "recovered after %.1f s" % took_s)
	assayd.terminate()
