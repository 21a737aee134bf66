"""SIGHUP and assay reload: another configuration while mail flows."""

import json
import os
import signal
import socket
import threading
import time

from lab import queue_id, render, merge, wait_until
from mail import compose
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from scenarios.daemon import pids_of_workers
from scenarios.knowledge import passed
from zone import OTHER_CLIENT

ENDINGS = ("configuration reloaded: ", "configuration not reloaded: ")
N_RELOADS = 200
N_SENDERS = 4


def write_conf(assayd, text):
	"""Whole, as an editor does it that cares."""
	with open(assayd.conf_path + ".new", "w") as stream:
		stream.write(text)
	os.rename(assayd.conf_path + ".new", assayd.conf_path)


def change(assayd, **settings):
	assayd.settings = merge(assayd.settings, settings)
	write_conf(assayd, render(assayd.settings))


def reload(assayd, ending=ENDINGS[0]):
	"""By SIGHUP; what the log says to it."""
	offset = os.path.getsize(assayd.log_path)
	assayd.process.send_signal(signal.SIGHUP)
	wait_until(lambda: any(text in assayd.log(offset) for text in
	    ENDINGS), 40 * assayd.lab.patience, "the end of a reload")
	time.sleep(0.05)	# there may be more lines
	log = assayd.log(offset)
	expect(ending in log, log)
	return log


def quarantined(session):
	return session.finish(compose("ceo@quarantine.example"))


@scenario("hold, tag, redirect: each message by what it began with")
def in_session(lab):
	assayd = lab.assayd()
	with lab.smtp(assayd, OTHER_CLIENT) as session:
		expect_reply(session.start("x@nodmarc.example"), "354")
		change(assayd, dmarc={"quarantine": "tag"})
		log = reload(assayd)
		expect("dmarc.quarantine: hold -> tag" in log, log)
		expect(lab.held(quarantined(session)), "not held")

		expect_reply(session.start("x@nodmarc.example"), "354")
		change(assayd, dmarc={"quarantine":
		    "redirect:junk@example.org"})
		reload(assayd)
		reply = quarantined(session)
		expect_method(expect_accepted(lab, reply), "dmarc", "fail",
		    policy_dmarc="quarantine")
		expect(not lab.held(reply), "held")

		expect_reply(session.start("x@nodmarc.example"), "354")
		offset = len(lab.maillog().encode())
		reply = quarantined(session)
		wait_until(lambda: queue_id(reply) + ": removed" in
		    lab.maillog(offset), 10, "the end of delivery")
		lines = [line for line in lab.maillog(offset).splitlines()
		    if queue_id(reply) in line and "status=sent" in line]
		expect(len(lines) == 1 and "to=<junk@example.org>" in
		    lines[0], "delivered to: %s" % lines)
	assayd.terminate()


@scenario("a configuration that is wrong: the old one stays")
def broken(lab):
	for workers in (1, 2):
		assayd = lab.assayd(milter={"workers": workers})
		good = render(assayd.settings)
		write_conf(assayd, good + 'dmarc: { reject = "maybe"; };\n'
		    "mood = 3;\n")
		lines = good.count("\n")
		log = reload(assayd, ENDINGS[1])
		for line, what in ((1, "dmarc.reject"), (2, "mood")):
			expect("error: %s:%d: " % (assayd.conf_path,
			    lines + line) in log and what in log, log)
		expect_reply(lab.send(assayd, compose("ceo@reject.example"),
		    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1")
		write_conf(assayd, good)
		change(assayd, mode="monitor")
		log = reload(assayd)
		expect("mode: enforce -> monitor" in log, log)
		expect_method(expect_accepted(lab, lab.send(assayd,
		    compose("ceo@reject.example"), "x@nodmarc.example",
		    OTHER_CLIENT)), "dmarc", "fail")
		assayd.terminate()


@scenario("a file that the configuration names is read anew")
def sealers_file(lab):
	path = lab.path("sealers-of-reload")
	with open(path, "w") as stream:
		stream.write("# none yet\nlists.example\n")
	os.chmod(path, 0o644)
	assayd = lab.assayd(arc={"trusted_sealers": ["file:" + path]})
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("reject.example"))

	def send():
		return lab.send(assayd, message, "ann@reject.example",
		    OTHER_CLIENT)
	expect(lab.held(send()), "not held")
	with open(path, "a") as stream:
		stream.write("foreign.example\n")
	log = reload(assayd)
	expect("arc.trusted_sealers: 1 added (foreign.example)" in log, log)
	expect("reloaded: resolver" not in log, log)
	reply = send()
	expect_method(expect_accepted(lab, reply), "dmarc", "fail",
	    policy_evidence="arc,sealer")
	os.unlink(path)
	log = reload(assayd, ENDINGS[1])
	expect("No such file" in log, log)
	expect(not lab.held(send()), "the old list is gone")
	assayd.terminate()


@scenario("what a reload cannot change keeps its value")
def fixed(lab):
	assayd = lab.assayd()
	change(assayd, milter={"socket": "unix:" + lab.path("other.sock"),
	    "workers": 4})
	log = reload(assayd)
	for key in ("milter.socket", "milter.workers"):
		expect(any("warning: " in line and key + ": " in line and
		    "when assayd is restarted" in line
		    for line in log.splitlines()), log)
	expect(not os.path.exists(lab.path("other.sock")), "it listens")
	expect_method(expect_accepted(lab, lab.send(assayd,
	    compose("ann@honest.example"), "ann@honest.example")), "dmarc",
	    "pass")
	assayd.terminate()


@scenario("the log's level follows a reload")
def log_level(lab):
	assayd = lab.assayd(milter={"workers": 2})
	pids_of_workers(assayd)
	change(assayd, log={"level": "warning"})
	assayd.process.send_signal(signal.SIGHUP)

	def is_silent():	# of the reload, too
		offset = os.path.getsize(assayd.log_path)
		lab.send(assayd, compose("ann@honest.example"),
		    "ann@honest.example")
		return "session=" not in assayd.log(offset)
	wait_until(is_silent, 10 * lab.patience, "silence")
	offset = os.path.getsize(assayd.log_path)
	change(assayd, log={"level": "info"})
	reload(assayd)
	lab.send(assayd, compose("ann@honest.example"), "ann@honest.example")
	wait_until(lambda: "session=" in assayd.log(offset),
	    5 * lab.patience, "a line about the message")
	assayd.terminate()


class Traffic:
	"""Sessions that go on sending; every reply is accounted for."""

	def __init__(self, lab, assayd):
		self.lab, self.assayd = lab, assayd
		self.is_over = False
		self.replies, self.problems = [], []
		self.threads = [threading.Thread(target=self.run, args=(i,))
		    for i in range(N_SENDERS)]
		for thread in self.threads:
			thread.start()

	def run(self, number):
		try:
			while not self.is_over:
				self.send_some(number)
		except Exception as problem:
			self.problems.append(repr(problem))

	def send_some(self, number):
		with self.lab.smtp(self.assayd, OTHER_CLIENT) as session:
			for _ in range(10):
				reply = session.start("x@nodmarc.example")
				if reply.code == "354":
					reply = session.finish(compose(
					    "ceo@quarantine.example"
					    if number % 2 else
					    "ceo@reject.example"))
				self.replies.append((number % 2, reply))
				if reply.code == "451" or self.is_over:
					return

	def stop(self):
		self.is_over = True
		for thread in self.threads:
			thread.join()
		expect(not self.problems, "%r" % self.problems[:3])


def count_descriptors(pids):
	return sum(len(os.listdir("/proc/%d/fd" % pid)) for pid in pids)


def reload_often(lab, workers):
	assayd = lab.assayd(milter={"workers": workers})
	pids = pids_of_workers(assayd) or [assayd.process.pid]
	reload(assayd)
	n_before = count_descriptors(pids)
	traffic = Traffic(lab, assayd)
	forms = ("tag", "none", "redirect:junk@example.org")
	for i in range(N_RELOADS):
		change(assayd, dmarc={"quarantine": forms[i % 3]},
		    resolver={"cache_mb": 8 + i // 50},
		    limits={"network_burst": 5000 + i % 2})
		reload(assayd)
	traffic.stop()
	expect(len(traffic.replies) >= 20, "too few messages: %d" %
	    len(traffic.replies))
	for is_quarantined, reply in traffic.replies:
		expect_reply(reply, "250" if is_quarantined else "550 5.7.1")
	log = assayd.log()
	expect("mail is deferred" not in log, "a session was left behind")
	expect(pids == (pids_of_workers(assayd) or [assayd.process.pid]),
	    "a process has died")
	# Postfix keeps its sessions for a while.
	wait_until(lambda: count_descriptors(pids) <= n_before + 4 * len(pids),
	    120 * lab.patience, "descriptors to be let go")
	assayd.terminate()


@scenario("200 reloads while mail flows: every reply is right")
def often(lab):
	reload_often(lab, 1)


@scenario("200 reloads while mail flows, with workers")
def often_with_workers(lab):
	reload_often(lab, 3)


def fill_workers(lab, assayd, n):
	"""Sessions, some with each worker."""
	return [lab.smtp(assayd, OTHER_CLIENT) for _ in range(n)]


@scenario("three workers take a new configuration together")
def together(lab):
	assayd = lab.assayd(milter={"workers": 3})
	pids = pids_of_workers(assayd)
	sessions = fill_workers(lab, assayd, 9)
	change(assayd, dmarc={"quarantine": "reject"})
	log = reload(assayd)
	expect(log.count("hold -> reject") == 1, log)
	for session in sessions:
		expect_reply(session.start("x@nodmarc.example"), "354")
		expect_reply(quarantined(session), "550 5.7.1")
		session.close()

	# Who is forked later has it, too.
	for pid in pids:
		os.kill(pid, signal.SIGKILL)
	wait_until(lambda: assayd.log().count("was killed by signal 9") == 3,
	    10 * lab.patience, "the log to tell of it")
	wait_until(lambda: len(pids_of_workers(assayd)) == 3,
	    20 * lab.patience, "other workers")
	sessions = fill_workers(lab, assayd, 9)
	for session in sessions:
		expect_reply(session.start("x@nodmarc.example"), "354")
		expect_reply(quarantined(session), "550 5.7.1")
		session.close()
	change(assayd, dmarc={"quarantine": "tag"})
	reload(assayd)
	expect_accepted(lab, lab.send(assayd, compose(
	    "ceo@quarantine.example"), "x@nodmarc.example", OTHER_CLIENT))
	assayd.terminate()


@scenario("a worker dies while a reload is under way")
def killed_meanwhile(lab):
	assayd = lab.assayd(milter={"workers": 2})
	for form in ("tag", "none", "reject"):
		victim = pids_of_workers(assayd)[0]
		os.kill(victim, signal.SIGSTOP)
		change(assayd, dmarc={"quarantine": form})
		offset = os.path.getsize(assayd.log_path)
		assayd.process.send_signal(signal.SIGHUP)
		time.sleep(0.2)
		expect("configuration" not in assayd.log(offset),
		    assayd.log(offset))
		os.kill(victim, signal.SIGKILL)
		wait_until(lambda: "configuration reloaded: " in
		    assayd.log(offset), 15 * lab.patience, "the reload")
	wait_until(lambda: len(pids_of_workers(assayd)) == 2,
	    20 * lab.patience, "another worker")
	for _ in range(6):
		expect_reply(lab.send(assayd, compose(
		    "ceo@quarantine.example"), "x@nodmarc.example",
		    OTHER_CLIENT), "550 5.7.1")
	assayd.terminate()


@scenario("a worker that is stuck: no reload, by any", is_slow=True)
def stuck(lab):
	assayd = lab.assayd(milter={"workers": 2})
	victim = pids_of_workers(assayd)[0]
	os.kill(victim, signal.SIGSTOP)
	change(assayd, dmarc={"quarantine": "reject"})
	log = reload(assayd, ENDINGS[1])
	expect("a process is stuck" in log, log)
	os.kill(victim, signal.SIGCONT)
	for _ in range(4):
		expect(lab.held(lab.send(assayd, compose(
		    "ceo@quarantine.example"), "x@nodmarc.example",
		    OTHER_CLIENT)), "not held")
	reload(assayd)
	expect_reply(lab.send(assayd, compose("ceo@quarantine.example"),
	    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1")
	assayd.terminate()


@scenario("SIGHUP in a burst: the last file is in force")
def burst(lab):
	for workers in (1, 2):
		assayd = lab.assayd(milter={"workers": workers})
		pids_of_workers(assayd)
		for i in range(60):
			change(assayd, dmarc={"quarantine": "tag" if i % 2
			    else "none"})
			assayd.process.send_signal(signal.SIGHUP)
		# A reload that is under way may have this file already.
		change(assayd, dmarc={"quarantine": "reject"})
		assayd.process.send_signal(signal.SIGHUP)
		wait_until(lambda: "-> reject" in assayd.log(),
		    20 * lab.patience, "the last one")
		expect_reply(lab.send(assayd, compose(
		    "ceo@quarantine.example"), "x@nodmarc.example",
		    OTHER_CLIENT), "550 5.7.1")
		assayd.terminate()


class Control:
	def __init__(self, path):
		self.sock = socket.socket(socket.AF_UNIX)
		self.sock.settimeout(60)
		self.sock.connect(path)
		self.stream = self.sock.makefile("rw")

	def ask(self, **request):
		self.stream.write(json.dumps(request) + "\n")
		self.stream.flush()
		return json.loads(self.stream.readline())

	def close(self):
		self.stream.close()
		self.sock.close()


def can_connect(path):
	try:
		Control(path).close()
		return True
	except OSError:
		return False


@scenario("reload by the control socket")
def by_control(lab):
	for workers in (1, 2):
		path = lab.path("control-%d" % workers)
		assayd = lab.assayd(milter={"workers": workers}, user="",
		    control={"socket": "unix:" + path})
		wait_until(lambda: can_connect(path), 20 * lab.patience,
		    "the control socket")
		control = Control(path)
		change(assayd, dmarc={"quarantine": "tag"})
		answer = control.ask(command="reload")
		expect(answer.get("changes") ==
		    ["dmarc.quarantine: hold -> tag"], "%r" % answer)
		write_conf(assayd, "mood = 3;\n")
		answer = control.ask(command="reload")
		expect(not answer.get("reloaded") and any(":1: " in line
		    for line in answer.get("problems", ())), "%r" % answer)
		status = control.ask(command="status")
		expect(status["generation"] == 2 and status["reloads"] == 1
		    and status["failed_reloads"] == 1, "%r" % status)
		control.close()
		assayd.terminate()
		assayd.finish()
		expect(not os.path.exists(path), "the file is left")


@scenario("the control process dies: mail does not notice")
def control_killed(lab):
	path = lab.path("control-killed")
	assayd = lab.assayd(milter={"workers": 2}, user="",
	    control={"socket": "unix:" + path})
	pids = pids_of_workers(assayd)
	expect(len(pids) == 3, "%r" % pids)
	change(assayd, dmarc={"quarantine": "reject"})
	reload(assayd)
	os.kill(pids[2], signal.SIGKILL)
	expect_reply(lab.send(assayd, compose("ceo@quarantine.example"),
	    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1")
	wait_until(lambda: len(pids_of_workers(assayd)) == 3,
	    10 * lab.patience, "another one")
	control = Control(path)
	status = control.ask(command="status")
	expect(status["generation"] == 2, "%r" % status)
	change(assayd, dmarc={"quarantine": "none"})
	expect(control.ask(command="reload").get("changes") ==
	    ["dmarc.quarantine: reject -> none"], "no reload")
	control.close()
	assayd.terminate()


@scenario("restarts while mail flows: nothing is lost", is_slow=True)
def restarts(lab):
	for workers in (1, 2):
		path = lab.path("control-restart-%d" % workers)
		assayd = lab.assayd("unix", milter={"workers": workers},
		    user="", control={"socket": "unix:" + path})
		pids_of_workers(assayd)
		n_mails = lab.n_mails()
		traffic = Traffic(lab, assayd)
		for _ in range(3):
			time.sleep(0.5 * lab.patience)
			change(assayd, dmarc={"quarantine": "tag"})
			assayd.process.send_signal(signal.SIGHUP)
			assayd.terminate()
			assayd.finish()
			expect(assayd.problem is None, assayd.problem)
			expect(not can_connect(path), "it answers yet")
			assayd.start()
			pids_of_workers(assayd)
		time.sleep(0.5 * lab.patience)
		traffic.stop()
		codes = [(kind, reply.code) for kind, reply in
		    traffic.replies]
		expect(set(codes) <= {(0, "550"), (1, "250"), (0, "451"),
		    (1, "451")}, "%r" % set(codes))
		expect((1, "250") in codes and (0, "550") in codes,
		    "no mail has flown: %r" % set(codes))
		held = sum(lab.held(reply) for kind, reply in
		    traffic.replies if reply.code == "250")
		wait_until(lambda: lab.n_mails() - n_mails + held >=
		    codes.count((1, "250")), 20 * lab.patience,
		    "what was accepted")
		expect(lab.n_mails() - n_mails + held ==
		    codes.count((1, "250")), "lost or doubled")
		assayd.terminate()
