"""What all senders together may take of one process: beyond it mail waits, and
it comes to rest."""

import concurrent.futures
import os
import re
import signal
import time

import milter
from lab import wait_until
from mail import compose
from relay import FORWARD, SILENT
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from zone import HONEST_CLIENT

ANN = "ann@honest.example"
N_SESSIONS = 10			# the least that may be configured
N_LARGE = 200			# messages at once
LARGE = "x" * 50000
N_ASKED = 8			# the least that may be configured


def descriptors(assayd):
	return len(os.listdir("/proc/%d/fd" % assayd.process.pid))


def expect_pass(lab, reply):
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")


def wait_for_rest(lab, assayd, n, what):
	wait_until(lambda: descriptors(assayd) <= n, 20 * lab.patience,
	    "%d descriptors after %s" % (n, what))


def count_hits(lab, assayd, limit):
	"""How often, as SIGUSR1 has it told."""
	offset = len(assayd.log().encode())
	assayd.process.send_signal(signal.SIGUSR1)
	wait_until(lambda: "running, " in assayd.log(offset),
	    10 * lab.patience, "an answer to SIGUSR1")
	time.sleep(0.1)
	found = re.search(r"have hit:.* %s=(\d+)" % limit, assayd.log(offset))
	return int(found.group(1)) if found else 0


# ---- sessions --------------------------------------------------------------

def fill(assayd):
	"""All sessions that there may be, each up to HELO; an MTA's may take a
	moment to end."""
	sessions = []

	def add():
		session = milter.Milter(assayd.connect())
		if session.play(milter.steps_of(ANN, ANN)[:3]) is None:
			sessions.append(session)
		else:
			session.sock.close()
		return len(sessions) == N_SESSIONS
	wait_until(add, 20 * assayd.lab.patience, "all sessions to be free")
	return sessions


def descriptors_at_rest(lab, assayd):
	"""When the last message's connection has ended."""
	seen = []

	def is_steady():
		seen.append(descriptors(assayd))
		return len(seen) > 10 and len(set(seen[-10:])) == 1
	wait_until(is_steady, 20 * lab.patience, "the daemon to be at rest")
	return seen[-1]


@scenario("Postfix finds no session free: 451, and the next client another")
def sessions_postfix(lab):
	assayd = lab.assayd(limits={"sessions": N_SESSIONS})
	expect_pass(lab, lab.send(assayd, compose(ANN), ANN))
	n = descriptors_at_rest(lab, assayd)
	sessions = fill(assayd)
	for _ in range(30):
		reply = lab.send(assayd, compose(ANN), ANN)
		expect_reply(reply, "451 4.")
	# Each that was turned away has taken its descriptor with it, though
	# its client stays.
	held = [lab.smtp(assayd) for _ in range(20)]
	wait_for_rest(lab, assayd, n + N_SESSIONS, "50 clients too many")
	for session in held:
		expect_reply(session.command("MAIL FROM:<%s>" % ANN), "451 4.")
		session.close()
	# Those that were there go on.
	expect(sessions[0].play(milter.steps_of(ANN, ANN)[3:]) == "accept",
	    "a session that was there is not served")
	for session in sessions[:3]:
		session.quit()
		session.sock.close()
	wait_until(lambda: lab.send(assayd, compose(ANN), ANN).code == "250",
	    20 * lab.patience, "a session to be free")
	wait_for_rest(lab, assayd, n + N_SESSIONS - 3, "three have left")
	for session in sessions[3:]:
		session.reset()
	wait_for_rest(lab, assayd, n, "the end")
	expect("the limit sessions was hit" in assayd.log(), "nobody was told")
	expect(count_hits(lab, assayd, "sessions") >= 30, "not all are counted")
	assayd.terminate()


@scenario("Sendmail finds no session free: 451, and the next client another")
def sessions_sendmail(lab):
	sendmail = lab.sendmail_for_all(limits={"sessions": N_SESSIONS})
	assayd = sendmail.daemon
	expect_pass(sendmail, sendmail.send(compose(ANN), ANN))
	n = descriptors_at_rest(sendmail.lab, assayd)
	sessions = fill(assayd)
	for _ in range(5):
		expect_reply(sendmail.send(compose(ANN), ANN), "451 4.")
	held = [sendmail.smtp() for _ in range(10)]
	wait_for_rest(lab, assayd, n + N_SESSIONS, "15 clients too many")
	for session in held:
		expect_reply(session.command("MAIL FROM:<%s>" % ANN), "451 4.")
		session.close()
	for session in sessions:
		session.quit()
		session.sock.close()
	wait_for_rest(lab, assayd, n, "the end")
	wait_until(lambda: sendmail.send(compose(ANN), ANN).code == "250",
	    20 * lab.patience, "a session to be free")


@scenario("a port scan takes no session from mail")
def strangers(lab):
	assayd = lab.assayd(limits={"sessions": N_SESSIONS})
	socks = [assayd.connect() for _ in range(5 * N_SESSIONS)]
	for _ in range(3):
		expect_pass(lab, lab.send(assayd, compose(ANN), ANN))
	for sock in socks:
		sock.close()
	assayd.terminate()


# ---- memory ----------------------------------------------------------------

def hand_in_large(assayd, _):
	"""A message whose header is large, field by field; its verdict and what
	was said with it."""
	steps = milter.steps_of(ANN, ANN)
	large = [("HEADER", b"L", milter.strings("X-%d" % i, " " + LARGE))
	    for i in range(4)]
	with milter.Milter(assayd.connect(), 120) as session:
		verdict = session.play(steps[:6])
		if verdict is None:
			for step in steps[6:7] + large:
				session.play([step])
			time.sleep(1)
			verdict = session.play(steps[7:])
		return verdict, session.said


@scenario("200 large messages at once: what there is memory for, goes on",
    is_heavy=True)
def memory(lab):
	assayd = lab.assayd(limits={"memory_mb": 16})
	expect_pass(lab, lab.send(assayd, compose(ANN), ANN))
	with concurrent.futures.ThreadPoolExecutor(N_LARGE) as pool:
		done = list(pool.map(lambda i: hand_in_large(assayd, i),
		    range(N_LARGE)))
	verdicts = [verdict for verdict, _ in done]
	n_accepted = verdicts.count("accept")
	expect(n_accepted + verdicts.count("tempfail") == N_LARGE,
	    "verdicts: %s" % set(verdicts))
	# Each takes some 300 KB.
	expect(20 <= n_accepted < N_LARGE, "%d were accepted" % n_accepted)
	for verdict, said in done:
		if verdict == "tempfail":
			expect(said.startswith(b"451 4.3.1 too much mail"),
			    "said %r" % said)
	expect("the limit memory was hit" in assayd.log(), "nobody was told")
	expect(count_hits(lab, assayd, "memory") == N_LARGE - n_accepted,
	    "not all are counted")
	expect_pass(lab, lab.send(assayd, compose(ANN), ANN))
	assayd.terminate()


# ---- questions to DNS ------------------------------------------------------

@scenario("DNS is slow and few questions may be on their way: mail waits")
def dns_in_flight(lab):
	assayd = lab.assayd(limits={"dns_in_flight": N_ASKED},
	    resolver={"timeout_ms": 2000})
	names = ["f%d.outage.example" % i for i in range(60)]
	began = time.monotonic()
	lab.relay.faults["outage.example"] = SILENT
	try:
		with concurrent.futures.ThreadPoolExecutor(60) as pool:
			verdicts = list(pool.map(lambda name: milter.ask(assayd,
			    "ann@" + name, "ann@" + name), names))
	finally:
		lab.relay.faults["outage.example"] = FORWARD
	took_s = time.monotonic() - began
	expect(set(verdicts) == {"tempfail"}, "verdicts: %s" % set(verdicts))
	expect(took_s < 60 * lab.patience, "took %.1f s" % took_s)
	expect("the limit dns_in_flight was hit" in assayd.log(),
	    "nobody was told")
	expect(" limits=dns_in_flight" in assayd.log(),
	    "no message's line tells")
	# Its servers answer again: so does it.
	wait_until(lambda: milter.ask(assayd, ANN, ANN) == "accept",
	    20 * lab.patience, "mail to go on")
	expect_pass(lab, lab.send(assayd, compose(ANN), ANN, HONEST_CLIENT))
	assayd.terminate()


@scenario("more sessions than files: told at start, and fewer",
    is_heavy=True)
def too_many_sessions(lab):
	wrapped = lab.assayd_command
	lab.assayd_command = ["prlimit", "--nofile=512:512"] + wrapped
	try:
		assayd = lab.assayd(limits={"sessions": 500})
	finally:
		lab.assayd_command = wrapped
	expect("limits.sessions: 500 do not fit into the 512 files" in
	    assayd.log(), "nobody was told")
	sessions = [milter.Milter(assayd.connect()) for _ in range(128)]
	for session in sessions:
		expect(session.play(milter.steps_of(ANN, ANN)[:3]) is None,
		    "one that fits is turned away")
	with milter.Milter(assayd.connect()) as session:
		expect(session.play(milter.steps_of(ANN, ANN)) == "tempfail",
		    "one more is let in")
	for session in sessions:
		session.sock.close()
	assayd.terminate()
