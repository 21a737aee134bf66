"""Aggregate reports (RFC 9990): a day's traffic, what is remembered of it, and
the mail that goes out the next day."""

import json
import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

from lab import SANITIZER_OPTIONS, merge
from mail import compose
from reporting import (Assay, Calendar, Catcher, FROM, SUBMITTER,
    copy_store, sqlite_store, strip_trace)
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from scenarios.knowledge import passed
from zone import HONEST_CLIENT, HONEST_CLIENT6, OTHER_CLIENT

FORWARDER = "198.51.100.200"
SETTINGS = {
    "report": {"from": FROM, "organization": "Example Mail",
	"submitter": SUBMITTER},
    "arc": {"trusted_sealers": ["foreign.example"]},
    "dmarc": {"forwarders": [FORWARDER + "/32"]},
}


def catcher(lab):
	"""The one that all scenarios share."""
	if "catcher" not in lab.shared:
		lab.shared["catcher"] = Catcher(lab)
		lab.helpers.append(lab.shared["catcher"])
	return lab.shared["catcher"]


def end(assayd):
	"""All is written then.  libmilter sleeps for some seconds where nobody
	connects."""
	assayd.terminate()
	while assayd.process.poll() is None and assayd.is_listening():
		time.sleep(0.05)
	assayd.finish()
	expect(assayd.problem is None, assayd.problem)


def start(lab, name, **settings):
	"""A daemon with a store of its own, and its days."""
	catcher(lab).take()	# what a scenario that failed has left
	calendar = Calendar(lab)
	settings = merge(dict(SETTINGS, store=sqlite_store(lab, name)),
	    settings)
	assayd = lab.assayd(environment=calendar.at(), **settings)
	return assayd, calendar


def by_sendmail(lab):
	return {"report": {"transport":
	    "sendmail:" + catcher(lab).sendmail}}


def by_smtp(lab):
	return {"report": {"transport":
	    "smtp://" + catcher(lab).address}}


class Traffic:
	"""Messages, and the records that tell of them."""

	def __init__(self, lab, assayd):
		self.lab, self.assayd = lab, assayd
		self.records = {}	# policy domain -> records

	def send(self, expected, message, sender, address=OTHER_CLIENT,
	    helo=None, times=1):
		for _ in range(times):
			reply = self.lab.send(self.assayd, message, sender,
			    address, helo)
			expect_reply(reply, expected)
		return reply

	def expect_record(self, policy_domain, author, disposition, dkim, spf,
	    signatures=(), reasons=(), count=1, source=OTHER_CLIENT,
	    envelope_from="nodmarc.example", auth_spf=None):
		if auth_spf is None:
			auth_spf = (envelope_from, "pass"
			    if source != OTHER_CLIENT and source != FORWARDER
			    else "fail")
		self.records.setdefault(policy_domain, []).append({
		    "source": source, "count": count,
		    "disposition": disposition, "dkim": dkim, "spf": spf,
		    "reasons": sorted(reasons), "header_from": author,
		    "envelope_from": envelope_from, "envelope_to": None,
		    "signatures": [(domain, selector, result) for
			domain, selector, result in signatures],
		    "auth_spf": [(auth_spf[0], "mfrom", auth_spf[1])],
		})


def sign(lab, author, *signers, body=b"Hello.\r\n"):
	message = compose("Ann <ann@%s>" % author, body=body)
	for domain in signers:
		message = lab.keys.sign(message, domain)
	return message


def send_passes(lab, traffic):
	"""What the domains themselves send."""
	for author, policy in (("shop.example", "shop.example"),
	    ("bank.example", "bank.example"),
	    ("sub.bank.example", "bank.example"),
	    ("tested.example", "tested.example")):
		traffic.send("250", sign(lab, author, author),
		    "bounce@" + author, HONEST_CLIENT, times=2)
		traffic.expect_record(policy, author, "pass", "pass", "pass",
		    [(author, "rsa", "pass")], count=2, source=HONEST_CLIENT,
		    envelope_from=author)
	# By IPv6, with two signatures, of which the author's comes first.
	traffic.send("250", sign(lab, "shop.example", "shop.example",
	    "nodmarc.example"), "news@nodmarc.example", HONEST_CLIENT6)
	traffic.expect_record("shop.example", "shop.example", "pass", "pass",
	    "fail", [("shop.example", "rsa", "pass"),
	    ("nodmarc.example", "rsa", "pass")], source=HONEST_CLIENT6)
	# The null sender: SPF is for the name in EHLO.
	traffic.send("250", compose("postmaster@shop.example"), "",
	    HONEST_CLIENT, helo="helo.shop.example")
	traffic.expect_record("shop.example", "shop.example", "pass", "fail",
	    "pass", source=HONEST_CLIENT, envelope_from="",
	    auth_spf=("helo.shop.example", "pass"))


def send_fails(lab, traffic):
	"""What others send in their name: as published, or not so."""
	traffic.send("250", compose("ann@shop.example"), "x@nodmarc.example",
	    times=3)
	traffic.expect_record("shop.example", "shop.example", "quarantine",
	    "fail", "fail", count=3)
	traffic.send("550 5.7.1", compose("ceo@bank.example"),
	    "x@nodmarc.example", times=2)
	traffic.expect_record("bank.example", "bank.example", "reject",
	    "fail", "fail", count=2)
	traffic.send("250", compose("ceo@sub.bank.example"),
	    "x@nodmarc.example")
	traffic.expect_record("bank.example", "sub.bank.example",
	    "quarantine", "fail", "fail")
	# adkim=s: the subdomain's signature is none of bank.example's.
	traffic.send("550 5.7.1", sign(lab, "bank.example",
	    "sub.bank.example"), "x@nodmarc.example")
	traffic.expect_record("bank.example", "bank.example", "reject",
	    "fail", "fail", [("sub.bank.example", "rsa", "pass")])
	traffic.send("250", compose("ann@tested.example"),
	    "x@nodmarc.example")
	traffic.expect_record("tested.example", "tested.example",
	    "quarantine", "fail", "fail", reasons=["policy_test_mode"])
	# Forwarded: the signature is broken, or a sealer vouches for it.
	traffic.send("250", compose("ann@bank.example"), "x@nodmarc.example",
	    FORWARDER)
	traffic.expect_record("bank.example", "bank.example", "quarantine",
	    "fail", "fail", source=FORWARDER, reasons=["trusted_forwarder"])
	traffic.send("250", lab.keys.seal(compose("ann@bank.example"),
	    "foreign.example", passed("bank.example")), "x@nodmarc.example")
	traffic.expect_record("bank.example", "bank.example", "none", "fail",
	    "fail", reasons=["local_policy"])
	# Whom nobody tells of it.
	traffic.send("250", compose("ann@monitored.example"),
	    "x@nodmarc.example")


DESTINATIONS = {
    "shop.example": ["agg@shop.example"],
    "bank.example": ["agg@bank.example", "agg@collector.example"],
    "tested.example": ["agg@tested.example"],
}


def sorted_records(records):
	return sorted(records, key=lambda each: json.dumps(each,
	    sort_keys=True))


def expect_records(report, expected):
	found = sorted_records([dict(each, reasons=sorted(each["reasons"]))
	    for each in report.records])
	expected = sorted_records(expected)
	lines = [json.dumps(each, sort_keys=True) for each in found]
	wanted = [json.dumps(each, sort_keys=True) for each in expected]
	expect(lines == wanted, "%s:\nnot expected:\n%s\nmissing:\n%s" % (
	    report.domain,
	    "\n".join(line for line in lines if line not in wanted),
	    "\n".join(line for line in wanted if line not in lines)))


def expect_day(lab, calendar, reports, traffic):
	"""The reports of the day, each to each of its destinations."""
	expect(sorted((each.domain, each.destination) for each in reports) ==
	    sorted((domain, destination)
		for domain, destinations in DESTINATIONS.items()
		for destination in destinations),
	    "reports: %s" % [(each.domain, each.destination)
		for each in reports])
	for report in reports:
		report.check_form(calendar.begin_s())
		expect_records(report, traffic.records[report.domain])
	ids = {(each.domain, each.id) for each in reports}
	expect(len(ids) == len(DESTINATIONS), "ids: %s" % ids)


def expect_published(reports):
	"""What each report says of the policy."""
	by_domain = {each.domain: each for each in reports}
	for domain, wanted in (
	    ("shop.example", {"p": "quarantine", "adkim": "r", "aspf": "r",
		"testing": "n", "discovery_method": "treewalk"}),
	    ("bank.example", {"p": "reject", "sp": "quarantine", "adkim": "s",
		"fo": "1"}),
	    ("tested.example", {"p": "reject", "testing": "y"})):
		for name, value in wanted.items():
			found = by_domain[domain].text(
			    "policy_published/" + name)
			expect(found == value, "%s: %s is %s" %
			    (domain, name, found))


@scenario("a day's traffic, and its reports the next day")
def day(lab):
	assayd, calendar = start(lab, "day")
	traffic = Traffic(lab, assayd)
	send_passes(lab, traffic)
	send_fails(lab, traffic)
	end(assayd)
	copy_store(lab, "day", "smtp")

	tool = Assay(assayd, calendar, **by_sendmail(lab))
	check_before(lab, tool)
	tool.run("report", "send")
	reports = catcher(lab).take_reports()
	expect_day(lab, calendar, reports, traffic)
	expect_published(reports)
	tool.run("report", "send")
	tool.run("report", "send", day=2)
	expect(not catcher(lab).take(), "a second time it sent again")
	check_preview(tool, reports)
	check_show(lab, reports)

	# The same by SMTP.
	tool = Assay(assayd, calendar, **dict(by_smtp(lab),
	    store=sqlite_store(lab, "smtp")))
	tool.run("report", "send")
	expect_day(lab, calendar, catcher(lab).take_reports(), traffic)
	tool.run("report", "send")
	expect(not catcher(lab).take(), "a second time it sent again by SMTP")


def check_before(lab, tool):
	"""What would go out goes nowhere yet, nor does a day that has not
	ended."""
	said = tool.run("report", "send", "--dry-run").decode()
	for domain, destinations in DESTINATIONS.items():
		for destination in destinations:
			expect(domain in said and destination in said,
			    "no %s to %s in: %s" % (domain, destination, said))
	expect("agg@stranger.example" not in "".join(line
	    for line in said.splitlines() if "send" in line.split()),
	    "stranger.example has not consented: " + said)
	tool.run("report", "send", day=0)
	expect(not catcher(lab).take(), "sent too early")


def canonical(xml):
	return ElementTree.canonicalize(xml, strip_text=True)


def check_preview(tool, reports):
	for report in reports:
		xml = tool.run("report", "preview", report.domain)
		expect(canonical(xml.decode()) ==
		    canonical(report.xml.decode()), "preview of %s:\n%s" %
		    (report.domain, xml.decode()))


def run_tool(lab, *words):
	"""What it wrote; it needs no configuration for it."""
	return subprocess.run(lab.assay_command + list(words), check=True,
	    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
	    env=dict(os.environ, **SANITIZER_OPTIONS)).stdout


def flatten(shown):
	"""A record of "report show --json" as parse_record gives it."""
	results = shown["auth_results"]
	record = {name: shown.get(name) for name in ("count", "disposition",
	    "dkim", "spf", "header_from", "envelope_to")}
	return dict(record, source=shown["source_ip"],
	    envelope_from=shown.get("envelope_from", ""),
	    reasons=[each["type"] for each in shown.get("reasons", [])],
	    signatures=[(each["domain"], each["selector"], each["result"])
		for each in results.get("dkim", [])],
	    auth_spf=[(each["domain"], each["scope"], each["result"])
		for each in results.get("spf", [])])


def check_show(lab, reports):
	"""Our own reports, read by ourselves."""
	for report in reports:
		path = lab.path("shown.xml.gz")
		with open(path, "wb") as stream:
			stream.write(report.packed)
		shown, = json.loads(run_tool(lab, "report", "show", "--json",
		    path))
		expect([flatten(each) for each in shown["records"]] ==
		    report.records, "%s is shown as %s" %
		    (report.domain, shown))
		expect(shown["totals"]["messages"] == report.n_messages,
		    "totals: %s" % shown["totals"])
		said = run_tool(lab, "report", "show", path)
		for text in [report.domain] + [each["source"]
		    for each in report.records]:
			expect(text in said, "no %s in: %s" % (text, said))


@scenario("reports that come in are not counted")
def reports_come_in(lab):
	assayd, calendar = start(lab, "incoming")
	lab.send(assayd, compose("ann@reporter.example"),
	    "ann@reporter.example")
	lab.send(assayd, compose("ann@shop.example"), "ann@shop.example")
	end(assayd)
	assayd.start()
	tool = Assay(assayd, calendar, **by_sendmail(lab))
	tool.run("report", "send")
	mails = catcher(lab).take()
	expect(len(mails) == 2, "%d reports" % len(mails))
	for mail in mails:
		reply = lab.send(assayd, strip_trace(mail).replace(b"\n",
		    b"\r\n"), FROM, HONEST_CLIENT)
		expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	# A bounce of one, as it comes to the address that reports are from.
	expect_reply(lab.send(assayd, compose("mailer-daemon@shop.example"),
	    "", HONEST_CLIENT, helo="helo.shop.example", recipient=FROM),
	    "250")
	end(assayd)
	tool.run("report", "send")
	expect(not catcher(lab).take(), "they were reported on")


@scenario("SIGTERM right after the traffic loses nothing", is_heavy=True)
def stop_at_once(lab):
	assayd, calendar = start(lab, "stop")
	with lab.smtp(assayd) as session:
		for _ in range(40):
			session.start("ann@shop.example")
			expect_reply(session.finish(
			    compose("ann@shop.example")), "250")
		end(assayd)
	Assay(assayd, calendar, **by_smtp(lab)).run("report", "send")
	counts = [each.n_messages for each in catcher(lab).take_reports()]
	expect(counts == [40], "40 messages reported as %s" % counts)
