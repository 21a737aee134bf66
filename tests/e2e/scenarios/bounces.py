"""Destinations of reports that do not take them."""

import re
import subprocess

from lab import wait_until
from mail import compose
from reporting import Assay, FROM
from scenario import expect, scenario
from scenarios.reports import by_sendmail, by_smtp, catcher, end, start


def bounced(lab):
	"""How many bounces went to assay, and were taken."""
	log = catcher(lab).path("maillog")
	with open(log) as stream:
		return len(re.findall(r"relay=bounces,.*status=sent",
		    stream.read()))


def expect_reported(lab, *wanted):
	found = sorted(each.domain for each in catcher(lab).take_reports())
	expect(found == sorted(wanted), "reports on %s" % found)


def send_of(lab, assayd, *authors):
	for author in authors:
		lab.send(assayd, compose("ann@" + author), "ann@" + author)
	end(assayd)


@scenario("a destination whose mail bounced gets none")
def bounce(lab):
	assayd, calendar = start(lab, "bounce")
	send_of(lab, assayd, "gone.example", "shop.example")
	tool = Assay(assayd, calendar, **by_sendmail(lab))
	catcher(lab).on_bounce("exec " + tool.shell("report", "bounce"))
	before = bounced(lab)
	tool.run("report", "send")
	expect_reported(lab, "shop.example")
	wait_until(lambda: bounced(lab) == before + 1, 20 * lab.patience,
	    "the bounce to be read")

	# The same mailbox is wanted for another domain's reports.
	assayd.start()
	send_of(lab, assayd, "late.gone.example", "r0.reports.example")
	tool.run("report", "send")
	expect_reported(lab, "r0.reports.example")
	expect(bounced(lab) == before + 1, "sent to who has bounced")
	catcher(lab).on_bounce("cat >/dev/null")


FORGED_BOUNCE = """\
From: MAILER-DAEMON@mail.shop.example
To: {sender}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.shop.example

Final-Recipient: rfc822; agg@shop.example
Original-Recipient: rfc822; agg@shop.example
Action: failed
Status: 5.1.1
Diagnostic-Code: X-Postfix; nobody of that name

--b
Content-Type: message/rfc822

Message-ID: <{id}>
From: <{sender}>
To: <agg@shop.example>
Subject: Report Domain: shop.example Submitter: mx.example.org

--b--
"""


def change_digit(message_id, index):
	"""The id with another hexadecimal digit there."""
	digit = "0" if message_id[index] != "0" else "1"
	return message_id[:index] + digit + message_id[index + 1:]


@scenario("a bounce of what was never sent changes nothing", is_heavy=True)
def forged_bounce(lab):
	assayd, calendar = start(lab, "forged-bounce")
	send_of(lab, assayd, "shop.example")
	tool = Assay(assayd, calendar, **by_sendmail(lab))
	tool.run("report", "send")
	sent, = [each.message_id for each in catcher(lab).take_reports()]
	assayd.environment = calendar.at(1)
	assayd.start()
	send_of(lab, assayd, "shop.example")
	last = sent.index("@") - 1
	for forged in ("0123456789abcdef0123456789abcdef@mx.example.org",
	    change_digit(sent, 0), change_digit(sent, last),
	    sent[:last] + sent[last + 1:], ""):
		process = tool.popen("report", "bounce", day=2,
		    stdin=subprocess.PIPE)
		said = process.communicate(FORGED_BOUNCE.format(id=forged,
		    sender=FROM).encode(), timeout=60 * lab.patience)
		expect(process.returncode == 0, "exit code %s: %s" %
		    (process.returncode, said))
	tool.run("report", "send", day=2)
	expect_reported(lab, "shop.example")


@scenario("who refuses a report at once, and who defers it", is_heavy=True)
def refused(lab):
	assayd, calendar = start(lab, "refused")
	send_of(lab, assayd, "refused.reports.example",
	    "later.reports.example")
	tool = Assay(assayd, calendar, **by_smtp(lab))
	tool.run("report", "send", is_leftover=True)
	expect_reported(lab)
	catcher(lab).set_access("")
	tool.run("report", "send")
	catcher(lab).set_access()
	expect_reported(lab, "later.reports.example")
