"""What fails below and around the daemon: mail is late then, never lost, and
never judged by what is not so."""

import concurrent.futures
import contextlib
import fcntl
import glob
import os
import random
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import lying_dns
import milter
import ptrace
import reporting
from lab import cpu_s, wait_until
from mail import compose
from relay import SILENT
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from zone import HONEST_CLIENT, OTHER_CLIENT

SHORT = {"timeout_ms": 1500}
ANN = "ann@honest.example"
SPIN_S = 3	# in which to see whether a processor is kept busy


def send_honest(lab, assayd, name="honest.example"):
	"""A message that must pass; how long it took."""
	began = time.monotonic()
	reply = lab.send(assayd, compose("ann@" + name), "ann@" + name)
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	return time.monotonic() - began


# ---- DNS that lies ---------------------------------------------------------

def try_lie(lab, assayd, lie, about):
	"""Whom the lie is to harm; the reply and the time it took."""
	name = "%s.%s.example" % (lie, about)
	client = HONEST_CLIENT if about == "refuse" else OTHER_CLIENT
	began = time.monotonic()
	reply = lab.send(assayd, compose("ann@" + name), "ann@" +
	    ("nodmarc.example" if about == "policy" else name), client)
	return lie, about, reply, time.monotonic() - began


def judge_lie(lab, lie, about, reply, took_s):
	allowed = {"451"}
	if lie in lying_dns.FOLLOWED_BY_TRUTH:
		allowed.add("250" if about == "refuse" else "550")
	expect(reply.code in allowed, "%s.%s: %s" % (lie, about, reply))
	expect(took_s < 15 * lab.patience, "%s.%s: took %.1f s" %
	    (lie, about, took_s))


@scenario("DNS lies, in 32 ways: nobody is believed, nobody waits for long")
def lies(lab):
	port = lab.free_ports(1)[0]
	with lying_dns.LyingDns(lab.host, port, lab.relay.server) as dns:
		assayd = lab.assayd(resolver=dict(SHORT,
		    servers=[dns.address]))
		send_honest(lab, assayd)
		with concurrent.futures.ThreadPoolExecutor(16) as pool:
			tries = [pool.submit(try_lie, lab, assayd, lie, about)
			    for about in lying_dns.CLAIMS
			    for lie in lying_dns.LIES]
			replies = [each.result() for each in tries]
		for each in replies:
			judge_lie(lab, *each)
		expect(dns.n_lies >= len(replies), "%d questions came" %
		    dns.n_lies)
		# A server that has lied is believed when it says the truth.
		wait_until(lambda: lab.send(assayd,
		    compose("a@monitored.example"), "a@monitored.example").
		    code == "250", 20 * lab.patience, "the truth")
		assayd.terminate()


# ---- what a process has ----------------------------------------------------

def descriptors(pid):
	return len(os.listdir("/proc/%d/fd" % pid))


def address_space(pid):
	with open("/proc/%d/statm" % pid) as stream:
		return int(stream.read().split()[0]) * resource.getpagesize()


def limit(assayd, what, value):
	"""The soft limit, which may be raised again.  Another user's process
	is his own to limit, even if root asks."""
	own = {"user": "nobody", "group": "nogroup", "extra_groups": []} if \
	    assayd.settings["user"] else {}
	subprocess.run(["prlimit", "--pid", str(assayd.process.pid),
	    "--%s=%s:" % (what, value)], check=True, **own)


class Rest:
	"""How many descriptors a daemon has when nothing happens: what it must
	come back to."""

	def __init__(self, assayd):
		self.assayd, self.pid = assayd, assayd.process.pid
		self.n = descriptors(self.pid)

	def wait(self, what):
		wait_until(lambda: descriptors(self.pid) <= self.n,
		    20 * self.assayd.lab.patience,
		    "the descriptors after " + what)
		self.wait_for_messages(what)

	def wait_for_messages(self, what):
		lab = self.assayd.lab
		offset = len(self.assayd.log().encode())

		def is_over():
			self.assayd.process.send_signal(signal.SIGUSR1)
			time.sleep(0.1)
			return "running, 0 messages" in self.assayd.log(offset)
		wait_until(is_over, 20 * lab.patience,
		    "no message to be under way after " + what)


def start_daemon(lab, form=None, environment=None, **settings):
	"""A daemon that has served already, at rest."""
	assayd = lab.assayd(form, environment, **dict(
	    {"resolver": SHORT}, **settings))
	send_honest(lab, assayd)
	rest = Rest(assayd)
	wait_until(lambda: descriptors(rest.pid) == rest.n,
	    10 * lab.patience, "the daemon to be at rest")
	return assayd, rest


def verdict_of(assayd, sender, author, **more):
	"""What a milter's MTA would see; "gone" where the daemon hangs up,
	which an MTA takes for a failure."""
	try:
		return milter.ask(assayd, sender, author,
		    timeout_s=60 * assayd.lab.patience, **more)
	except (ConnectionError, BrokenPipeError):
		return "gone"


def ask_at_once(assayd, questions):
	"""The verdicts, in order, on as many messages at a time."""
	with concurrent.futures.ThreadPoolExecutor(len(questions)) as pool:
		return list(pool.map(lambda each: verdict_of(assayd, *each),
		    questions))


# ---- MTAs that go away -----------------------------------------------------

def pid_that_serves(session):
	"""The process at the other end of an SMTP session."""
	host, port = session.sock.getsockname()
	theirs = session.sock.getpeername()

	def encode(address):
		return "%s:%04X" % (socket.inet_aton(address[0])[::-1].hex().
		    upper(), address[1])
	with open("/proc/net/tcp") as stream:
		for line in stream:
			words = line.split()
			if words[1:3] == [encode(theirs), encode((host,
			    port))]:
				return pid_with("socket:[%s]" % words[9])
	raise AssertionError("nobody is at the other end")


def pid_with(link):
	for path in glob.glob("/proc/[0-9]*/fd/*"):
		try:
			if os.readlink(path) == link:
				return int(path.split("/")[2])
		except OSError:
			continue	# closed meanwhile
	raise AssertionError("nobody has " + link)


@scenario("Postfix's smtpd is killed in the middle of DATA")
def smtpd_killed(lab):
	assayd, rest = start_daemon(lab)
	n_mails = lab.n_mails()
	sessions = [lab.smtp(assayd) for _ in range(3)]
	for session, octets in zip(sessions, (b"", compose(ANN),
	    compose(ANN, body=b"x\r\n" * 100000))):
		expect_reply(session.start(ANN), "354")
		session.write(octets)
	for session in sessions:
		os.kill(pid_that_serves(session), signal.SIGKILL)
		session.close()
	rest.wait("smtpd was killed")
	expect(lab.n_mails() == n_mails, "half a message was delivered")
	# master(8) does not start another for a minute.
	expect(verdict_of(assayd, ANN, ANN) == "accept", "not accepted")
	assayd.terminate()


@scenario("an MTA goes away at every step, with half a packet too")
def resets(lab):
	steps = milter.steps_of(ANN, ANN) + [("QUIT", b"Q", b"")]
	for form in "unix", "inet":
		assayd, rest = start_daemon(lab, form)
		for i, (_, command, data) in enumerate(steps):
			octets = milter.packet(command, data)
			for n in 0, 3, len(octets) - 1, len(octets):
				session = milter.Milter(assayd.connect())
				session.play(steps[:i])
				session.sock.sendall(octets[:n])
				session.reset()
		rest.wait("MTAs went away")
		send_honest(lab, assayd)
		assayd.terminate()


@scenario("an MTA goes away while its message waits for DNS")
def reset_in_dns(lab):
	assayd, rest = start_daemon(lab, "unix")
	lab.relay.faults["silent.fill.example"] = SILENT
	try:
		for i in range(20):
			name = "a@r%d.silent.fill.example" % i
			session = milter.Milter(assayd.connect())
			steps = milter.steps_of(name, name)
			session.play(steps[:-1])
			session.send(*steps[-1][1:])
			session.reset()
		send_honest(lab, assayd)
		# libunbound goes on asking for some seconds more.
		rest.wait_for_messages("MTAs went away")
	finally:
		del lab.relay.faults["silent.fill.example"]
	assayd.terminate()


# ---- nothing left ----------------------------------------------------------

@scenario("no descriptor left: connections wait, at no cost, and are served")
def no_descriptors(lab):
	assayd, rest = start_daemon(lab, "unix")
	limit(assayd, "nofile", rest.n + 3)
	held = [assayd.connect() for _ in range(50)]
	try:
		wait_until(lambda: "cannot be accepted" in assayd.log(),
		    10 * lab.patience, "the log to tell")
		began_s = cpu_s(rest.pid)
		with concurrent.futures.ThreadPoolExecutor(2) as pool:
			mail = pool.submit(send_honest, lab, assayd)
			forged = pool.submit(verdict_of, assayd,
			    "x@nodmarc.example", "ceo@reject.example",
			    client=OTHER_CLIENT)
			time.sleep(SPIN_S)
			used_s = cpu_s(rest.pid) - began_s
			while held:
				held.pop().close()
			mail.result()
			# There may still be none for DNS.
			expect(forged.result() in ("reject", "tempfail"),
			    forged.result())
	finally:
		for sock in held:
			sock.close()
	expect(used_s < SPIN_S / 2, "%.1f s of %d were worked through" %
	    (used_s, SPIN_S))
	expect(assayd.log().count("cannot be accepted") == 1, "told again")
	rest.wait("the want of descriptors")
	limit(assayd, "nofile", "1024")
	assayd.terminate()


# valgrind's own descriptors are among those that are counted, behind a gap.
@scenario("no descriptor for DNS: put off, and accepted when there is one",
    is_heavy=True)
def no_descriptor_for_dns(lab):
	assayd, rest = start_daemon(lab, "unix")
	limit(assayd, "nofile", rest.n + 1)
	for name in "ann@reject.example", "ann@quarantine.example":
		verdict = verdict_of(assayd, name, name)
		expect(verdict == "tempfail", "%s: %s" % (name, verdict))
	limit(assayd, "nofile", "1024")
	wait_until(lambda: verdict_of(assayd, "ann@reject.example",
	    "ann@reject.example") == "accept", 20 * lab.patience,
	    "an answer")
	rest.wait("the want of descriptors")
	assayd.terminate()


# No number of processes binds root, which a sanitized daemon is.
@scenario("no thread left: sessions wait for one, none is forgotten",
    is_bare=True)
def no_threads(lab):
	assayd, rest = start_daemon(lab, "unix")
	lab.relay.faults["silent.fill.example"] = SILENT
	limit(assayd, "nproc", 1)
	try:
		with concurrent.futures.ThreadPoolExecutor(1) as pool:
			names = ["a@t%d.silent.fill.example" % i
			    for i in range(20)]
			verdicts = pool.submit(ask_at_once, assayd,
			    list(zip(names, names)))
			time.sleep(1)
			limit(assayd, "nproc", "4096")
			verdicts = verdicts.result()
	finally:
		del lab.relay.faults["silent.fill.example"]
	expect(set(verdicts) == {"tempfail"}, verdicts)
	rest.wait("the want of threads")
	expect("no more threads" in assayd.log(), "not told")
	send_honest(lab, assayd)
	assayd.terminate()


# AddressSanitizer has mapped all there is.
@scenario("no memory left: nothing is judged wrongly, and it goes on",
    is_bare=True)
def no_memory(lab):
	assayd, rest = start_daemon(lab, "unix")
	honest = (ANN, ANN)
	forged = ("x@nodmarc.example", "ceo@reject.example")
	body = b"x" * 60000
	for spare in 0, 64, 256, 1024, 4096, 16384, 65536:
		limit(assayd, "as", address_space(rest.pid) + spare * 1024)
		with concurrent.futures.ThreadPoolExecutor(1) as pool:
			verdicts = pool.submit(ask_at_once, assayd,
			    [honest, forged] * 10)
			concurrent.futures.wait([verdicts], 1)
			limit(assayd, "as", "unlimited")
			verdicts = verdicts.result()
		expect(set(verdicts[::2]) <= {"accept", "tempfail", "gone"},
		    "honest, %d KB: %s" % (spare, verdicts[::2]))
		expect(set(verdicts[1::2]) <= {"reject", "tempfail", "gone"},
		    "forged, %d KB: %s" % (spare, verdicts[1::2]))
		expect(assayd.process.poll() is None, "it has ended")
	send_honest(lab, assayd)
	rest.wait("the want of memory")
	assayd.terminate()


# ---- a loop that stands still ----------------------------------------------

class Manager:
	"""What systemd is to a service: it hears that it is alive."""

	def __init__(self, lab, name):
		self.path = lab.path(name)
		self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		self.sock.bind(self.path)
		os.chmod(self.path, 0o777)
		self.environment = {"NOTIFY_SOCKET": self.path,
		    "WATCHDOG_USEC": "1000000"}

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.sock.close()

	def hears(self, word, timeout_s):
		"""Whether WORD comes in that time."""
		end = time.monotonic() + timeout_s
		while time.monotonic() < end:
			self.sock.settimeout(max(0.01, end - time.monotonic()))
			try:
				if word in self.sock.recv(4096).decode():
					return True
			except TimeoutError:
				return False
		return False

	def forget(self):
		"""What was said until now."""
		self.sock.setblocking(False)
		try:
			while self.sock.recv(4096):
				pass
		except BlockingIOError:
			pass


def children(pid):
	with open("/proc/%d/task/%d/children" % (pid, pid)) as stream:
		return [int(word) for word in stream.read().split()]


@scenario("the loop stands still: 451 in time, and the watchdog hears of it",
    is_heavy=True)
def stuck_loop(lab):
	with Manager(lab, "stuck.notify") as manager:
		assayd = lab.assayd(environment=manager.environment,
		    resolver=SHORT)
		expect(manager.hears("READY=1", 20 * lab.patience), "not ready")
		expect(manager.hears("WATCHDOG=1", 20 * lab.patience),
		    "no sign of life")
		send_honest(lab, assayd)
		with ptrace.Stopped(assayd.process.pid):
			manager.forget()
			began = time.monotonic()
			# What is known needs no loop; nothing else waits long.
			expect(send_honest(lab, assayd) < 5 * lab.patience,
			    "it took too long")
			expect_reply(lab.send(assayd,
			    compose("ceo@reject.example"), ANN), "451 4.7.")
			took_s = time.monotonic() - began
			expect(took_s < 15 * lab.patience, "took %.1f s" %
			    took_s)
			expect(not manager.hears("WATCHDOG=1", 2.5),
			    "a sign of life")
		expect(manager.hears("WATCHDOG=1", 20 * lab.patience),
		    "no sign of life again")
		wait_until(lambda: lab.send(assayd,
		    compose("ceo@reject.example"), ANN).code == "550",
		    20 * lab.patience, "a verdict")
		assayd.terminate()


@scenario("a worker's loop stands still: the worker is replaced",
    is_heavy=True)
def stuck_worker(lab):
	with Manager(lab, "worker.notify") as manager:
		assayd = lab.assayd(environment=manager.environment,
		    resolver=SHORT, milter={"workers": 2})
		expect(manager.hears("READY=1", 20 * lab.patience), "not ready")
		pids = children(assayd.process.pid)
		with ptrace.Stopped(pids[0], is_killed=True):
			wait_until(lambda: "pid=%d has been stuck" % pids[0]
			    in assayd.log(), 20 * lab.patience,
			    "the log to tell of it")
			expect(manager.hears("WATCHDOG=1", 20 * lab.patience),
			    "the supervisor is stuck too")
		wait_until(lambda: pids[0] not in
		    children(assayd.process.pid) and
		    len(children(assayd.process.pid)) == 2,
		    20 * lab.patience, "another worker")
		for _ in range(4):
			send_honest(lab, assayd)
		assayd.terminate()


# ---- the wrong peers -------------------------------------------------------

class Slow:
	"""Connections that say one octet a second each."""

	def __init__(self, assayd, n):
		self.sessions = [assayd.connect() for _ in range(n)]
		self.octets = milter.packet(*milter.steps_of(ANN, ANN)[0][1:])
		self.is_over = threading.Event()
		self.thread = threading.Thread(target=self.run, daemon=True)

	def __enter__(self):
		self.thread.start()
		return self

	def __exit__(self, *_):
		self.is_over.set()
		self.thread.join()
		for sock in self.sessions:
			sock.close()

	def run(self):
		for octet in self.octets[:-1]:
			for sock in self.sessions:
				sock.sendall(bytes([octet]))
			if self.is_over.wait(1):
				return


@scenario("200 connections of one octet a second delay nobody else")
def slow_connections(lab):
	assayd, rest = start_daemon(lab, "unix")
	with Slow(assayd, 200):
		for _ in range(3):
			wait_until(lambda: descriptors(rest.pid) >=
			    rest.n + 200, 20 * lab.patience, "all of them")
			for _ in range(5):
				took_s = send_honest(lab, assayd)
				expect(took_s < 2 * lab.patience,
				    "a message took %.1f s" % took_s)
			time.sleep(0.5)
	rest.wait("slow connections")
	assayd.terminate()


@scenario("scans and garbage on the milter socket: no trace is left")
def scans(lab):
	seed = random.randrange(1 << 32)
	for form in "unix", "inet":
		assayd, rest = start_daemon(lab, form)
		lines = assayd.log().count("\n")
		for octets in milter.garbage(
			    random.Random(seed)):
			with assayd.connect() as sock:
				with contextlib.suppress(OSError):
					sock.sendall(octets)
		for _ in range(200):
			assayd.connect().close()
		try:
			rest.wait("garbage")
			send_honest(lab, assayd)
		except AssertionError as error:
			raise AssertionError("%s (seed %d)" % (error, seed))
		lines = assayd.log().count("\n") - lines
		expect(lines < 100, "%d lines in the log" % lines)
		assayd.terminate()


# ---- the clock -------------------------------------------------------------

@scenario("the clock jumps, by days and by years, both ways", is_heavy=True)
def clock_jumps(lab):
	with reporting.JumpingClock(lab, "clock") as clock:
		assayd = lab.assayd(environment=clock.environment,
		    resolver=SHORT)
		send_honest(lab, assayd)
		lab.relay.faults["silent.fill.example"] = SILENT
		try:
			for i, days in enumerate((1, 0, 400, -400, 0, -1)):
				jump(lab, assayd, clock, i, days)
		finally:
			del lab.relay.faults["silent.fill.example"]
		assayd.terminate()


def jump(lab, assayd, clock, i, days):
	"""In the middle of a message, and while another waits for DNS."""
	name = "a@j%d.silent.fill.example" % i
	with lab.smtp(assayd) as session, \
	    concurrent.futures.ThreadPoolExecutor(1) as pool:
		expect_reply(session.start(ANN), "354")
		began = time.monotonic()
		waiting = pool.submit(verdict_of, assayd, name, name)
		time.sleep(0.3)
		clock.set(days * reporting.DAY_S)
		reply = session.finish(compose(ANN))
		# libmilter may find that it has waited for hours.
		expect(reply.code in ("250", "451"), reply)
		expect(waiting.result() in ("accept", "tempfail"),
		    waiting.result())
		took_s = time.monotonic() - began
	expect(took_s < 15 * lab.patience, "%d days: took %.1f s" %
	    (days, took_s))
	send_honest(lab, assayd, "c%d.fill.example" % i)


# ---- the log ---------------------------------------------------------------

class Unread:
	"""A log that is a pipe of two pages, which nobody reads for now."""

	def __init__(self, path):
		self.path = path
		os.mkfifo(path)
		self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
		fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, 8192)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		"""What was not read is not to be waited for."""
		with open(self.path + ".new", "w"):
			os.rename(self.path + ".new", self.path)
		os.close(self.fd)

	def read(self):
		octets = b""
		with contextlib.suppress(BlockingIOError):
			while more := os.read(self.fd, 65536):
				octets += more
		return octets.decode()


@scenario("nobody reads the log: mail goes on, and what is lost is told")
def unread_log(lab):
	path = lab.path("assayd", "%d.log" % lab.n_started)
	with Unread(path) as log:
		assayd = lab.assayd(resolver=SHORT)
		for i in range(40):
			took_s = send_honest(lab, assayd, "u%d.fill.example" % i)
			expect(took_s < 5 * lab.patience,
			    "a message took %.1f s" % took_s)
		# The loop has lines of its own to write.
		assayd.process.send_signal(signal.SIGUSR1)
		expect_reply(lab.send(assayd, compose("ceo@reject.example"),
		    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1")
		expect("started version" in log.read(), "nothing was written")
		found = []

		def is_told():
			send_honest(lab, assayd)
			found.append(log.read())
			return re.search(r"(\d+) lines .* are lost",
			    "".join(found))
		lost = wait_until(is_told, 10 * lab.patience, "the count")
		expect(int(lost.group(1)) > 20, lost.group())
		assayd.terminate()


@scenario("no file may grow: it goes on without a log")
def no_file_may_grow(lab):
	assayd, rest = start_daemon(lab)
	limit(assayd, "fsize", os.path.getsize(assayd.log_path))
	for _ in range(3):
		assayd.process.send_signal(signal.SIGUSR1)
		send_honest(lab, assayd)
	expect(assayd.process.poll() is None, "it has ended")
	limit(assayd, "fsize", "unlimited")
	rest.wait("the limit")
	assayd.terminate()
