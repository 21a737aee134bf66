"""What clients do in the middle of a session."""

import time

from mail import compose
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from zone import OTHER_CLIENT


@scenario("two messages in one connection keep apart")
def two_messages(lab):
	with lab.smtp(lab.assayd_for_all()) as session:
		expect_reply(session.start("a@honest.example"), "354")
		expect_reply(session.finish(compose("ceo@monitored.example")),
		    "250")
		expect_reply(session.start("a@nodmarc.example"), "354")
		first = session.finish(compose("b@nodmarc.example"))
		expect_reply(session.start("ann@honest.example"), "354")
		second = session.finish(lab.keys.sign(
		    compose("ann@honest.example"), "honest.example"))
	results = expect_accepted(lab, first)
	expect(not results.get("dkim") or
	    results.get("dkim")[0][0] == "none", results.text)
	expect_method(results, "dmarc", "none")
	results = expect_accepted(lab, second)
	expect_method(results, "dkim", "pass")
	expect_method(results, "dmarc", "pass")


@scenario("a refused message, then an honest one in the same session")
def refused_then_honest(lab):
	with lab.smtp(lab.assayd_for_all()) as session:
		for _ in range(2):
			expect_reply(session.start("a@nodmarc.example"), "354")
			expect_reply(session.finish(
			    compose("ceo@reject.example")), "550 5.7.1")
			expect_reply(session.start("ann@honest.example"),
			    "354")
			reply = session.finish(compose("ann@honest.example"))
			expect_method(expect_accepted(lab, reply), "dmarc",
			    "pass")


@scenario("RSET in the middle")
def reset(lab):
	with lab.smtp(lab.assayd_for_all(), OTHER_CLIENT) as session:
		session.command("RSET")
		session.command("MAIL FROM:<ann@honest.example>")
		expect_reply(session.command("RSET"), "250")
		session.command("MAIL FROM:<ann@honest.example>")
		session.command("RCPT TO:<user@example.org>")
		expect_reply(session.command("RSET"), "250")
		expect_reply(session.start("a@refused.example"), "354")
		results = expect_accepted(lab, session.finish(
		    compose("b@nodmarc.example")))
	expect_method(results, "spf", "fail",
	    smtp_mailfrom="a@refused.example")


@scenario("a new EHLO in the middle, with another name")
def new_ehlo(lab):
	with lab.smtp(lab.assayd_for_all(), helo="one.example") as session:
		session.command("MAIL FROM:<a@nodmarc.example>")
		session.command("RCPT TO:<user@example.org>")
		expect_reply(session.command("EHLO helo.example"), "250")
		expect_reply(session.start(""), "354")
		results = expect_accepted(lab, session.finish(
		    compose("postmaster@helo.example")))
	expect_method(results, "spf", "pass", smtp_helo="helo.example")
	expect_method(results, "dmarc", "pass")


@scenario("a client without HELO")
def no_helo(lab):
	from smtp import Smtp
	assayd = lab.assayd_for_all()
	with Smtp(assayd.smtp_server) as session:
		session.become("192.0.2.10")
		expect_reply(session.start(""), "354")
		expect_reply(session.finish(compose("a@nodmarc.example")),
		    "250")


def resident_kb(pid):
	with open("/proc/%d/status" % pid) as stream:
		return int([line.split()[1] for line in stream
		    if line.startswith("VmRSS:")][0])


@scenario("a message of 20 MB, signed, and the memory it takes")
def large_message(lab):
	assayd = lab.assayd()
	line = b"x" * 76 + b"\r\n"
	message = lab.keys.sign(compose("ann@honest.example",
	    body=line * (20 * 1024 * 1024 // len(line))), "honest.example",
	    canonicalize=(b"relaxed", b"simple"))
	lab.send(assayd, compose("ann@honest.example"), "ann@honest.example")
	before_kb = resident_kb(assayd.process.pid)
	results = expect_accepted(lab, lab.send(assayd, message,
	    "ann@honest.example"))
	grown_kb = resident_kb(assayd.process.pid) - before_kb
	expect_method(results, "dkim", "pass")
	# AddressSanitizer and valgrind keep what was freed.
	if not lab.is_instrumented:
		expect(grown_kb < 4096, "grown by %d KB" % grown_kb)
	assayd.terminate()


@scenario("20 MB of blank lines")
def blank_lines(lab):
	message = lab.keys.sign(compose("ann@honest.example"),
	    "honest.example") + b"\r\n" * (10 * 1024 * 1024)
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(), message,
	    "ann@honest.example"))
	expect_method(results, "dkim", "pass")


@scenario("an empty body")
def empty_body(lab):
	message = compose("ann@honest.example", body=b"")
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    lab.keys.sign(message, "honest.example"),
	    "ann@honest.example"))
	expect_method(results, "dkim", "pass")


@scenario("a client that hangs up: at MAIL, at RCPT, during DATA")
def hang_up(lab):
	assayd = lab.assayd()
	for _ in range(3):
		with lab.smtp(assayd) as session:
			session.command("MAIL FROM:<a@honest.example>")
		with lab.smtp(assayd) as session:
			session.command("MAIL FROM:<a@honest.example>")
			session.command("RCPT TO:<user@example.org>")
		with lab.smtp(assayd) as session:
			session.start("a@honest.example")
			session.write(compose("a@honest.example") * 100)
	results = expect_accepted(lab, lab.send(assayd,
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")
	assayd.terminate()


@scenario("what is no milter protocol, on the milter socket")
def garbage(lab):
	for form in ("unix", "inet"):
		assayd = lab.assayd(form)
		for octets in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100,
		    b"\xff\xff\xff\xffO", b"\0\0\0\x0dO\0\0\0\6"):
			with assayd.connect() as sock:
				sock.sendall(octets)
				time.sleep(0.05)
		results = expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example"))
		expect_method(results, "dmarc", "pass")
		assayd.terminate()


@scenario("40 sessions at once")
def many_sessions(lab):
	assayd = lab.assayd_for_all()
	sessions = [lab.smtp(assayd) for _ in range(40)]
	try:
		for session in sessions:
			expect_reply(session.start("ann@honest.example"),
			    "354")
		message = lab.keys.sign(compose("ann@honest.example"),
		    "honest.example")
		for session in sessions:
			session.write(message + b".\r\n")
		replies = [session.read_reply() for session in sessions]
	finally:
		for session in sessions:
			session.close()
	for reply in replies:
		expect_method(expect_accepted(lab, reply), "dmarc", "pass")
