"""A mail server of our own for the time of a run: a real Postfix, a real name
server and any number of assayd, all on loopback, below one directory that goes
away with them."""

import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import mail
import relay
import sendmail
import zone
from smtp import Smtp

HERE = os.path.dirname(os.path.abspath(__file__))
AUTHSERV_ID = "mx.example.org"
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
N_SLOTS = 250	# SMTP ports, each with a milter socket of its own

# Sanitizers tell by exit code as well as on stderr.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=98",
    "LSAN_OPTIONS": "print_suppressions=0:suppressions=" +
	os.path.join(HERE, os.pardir, "lsan.supp"),
    # With a session that is idle assayd ends as it stands: see engine_end.
    "TSAN_OPTIONS": "report_thread_leaks=0:atexit_sleep_ms=0:suppressions=" +
	os.path.join(HERE, os.pardir, "tsan.supp"),
    "UBSAN_OPTIONS": "print_stacktrace=1",
}

VALGRIND = ["valgrind", "--quiet", "--leak-check=full",
    "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
    "--error-exitcode=99", "--track-fds=no", "--num-callers=25",
    "--suppressions=" + os.path.join(HERE, "valgrind.supp")]


def ignore_ending_signals():
	for number in ENDING_SIGNALS:
		signal.signal(number, signal.SIG_IGN)


def die_by_signal(number, _frame):
	ignore_ending_signals()		# the cleaning up is not interrupted
	raise SystemExit(128 + number)


def clean_up_on_signals():
	"""A signal that ends the program leaves each "with" block first."""
	for number in ENDING_SIGNALS:
		signal.signal(number, die_by_signal)


def ephemeral_start():
	"""The first port that the kernel gives to who asks for none."""
	with open("/proc/sys/net/ipv4/ip_local_port_range") as stream:
		return int(stream.read().split()[0])


class Host:
	"""A loopback address that no other run on this machine has.

	A port that is free when it is chosen can be another's when a server
	comes to bind it; two runs on one address meet like this, and one then
	talks to the other's servers.  Abstract sockets have names that one
	process at a time can have, until it ends, in the same network
	namespace as its addresses."""

	def __init__(self):
		while True:
			self.address = "127.%d.%d.%d" % (
			    random.randint(64, 250), random.randint(1, 250),
			    random.randint(1, 250))
			self.claim = socket.socket(socket.AF_UNIX)
			try:
				self.claim.bind("\0assay-e2e-" + self.address)
				return
			except OSError:
				self.claim.close()

	def free_ports(self, count):
		"""Ports that nobody listens on, all different, and that no
		connection is given for its own end meanwhile."""
		sockets = []
		while len(sockets) < count:
			port = random.randrange(10000,
			    max(ephemeral_start(), 20000))
			try:
				sockets.append(socket.create_server(
				    (self.address, port)))
			except OSError:
				pass	# taken: try another
		ports = [sock.getsockname()[1] for sock in sockets]
		for sock in sockets:
			sock.close()
		return ports

	def two_free_ports(self, taken=()):
		"""The first of two neighbours, neither of them TAKEN."""
		while True:
			port = self.free_ports(1)[0]
			if port in taken or port + 1 in taken:
				continue
			try:
				socket.create_server(
				    (self.address, port + 1)).close()
				return port
			except OSError:
				continue

	def close(self):
		self.claim.close()


def wait_until(condition, timeout_s, what):
	"""The first true value of CONDITION()."""
	end = time.monotonic() + timeout_s
	while True:
		value = condition()
		if value:
			return value
		if time.monotonic() > end:
			raise AssertionError("waited %g s for %s" %
			    (timeout_s, what))
		time.sleep(0.02)


def read_from(path, offset=0):
	try:
		with open(path, "rb") as stream:
			stream.seek(offset)
			return stream.read().decode("utf-8", "replace")
	except FileNotFoundError:
		return ""


def cpu_s(pid):
	"""What a process has worked through, in seconds."""
	with open("/proc/%d/stat" % pid) as stream:
		words = stream.read().rpartition(")")[2].split()
	return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")


def render(value, indent=0):
	"""A dict of settings in libconfig's syntax; None leaves a key out."""
	if isinstance(value, dict):
		tab = "    " * indent
		return "".join("%s%s%s\n" % (tab, key,
		    ": {\n%s%s};" % (render(inner, indent + 1), tab)
		    if isinstance(inner, dict)
		    else " = %s;" % render(inner))
		    for key, inner in value.items() if inner is not None)
	if isinstance(value, bool):
		return "true" if value else "false"
	if isinstance(value, list) and value and isinstance(value[0], dict):
		return "(" + ", ".join("{ %s }" % render(item)
		    for item in value) + ")"
	if isinstance(value, (list, tuple)):
		return "[" + ", ".join(render(item) for item in value) + "]"
	return json.dumps(value)


def merge(settings, more):
	merged = dict(settings)
	for key, value in more.items():
		if isinstance(value, dict):
			value = merge(merged.get(key, {}), value)
		merged[key] = value
	return merged


class Readiness:
	"""What systemd waits for when it starts a service.  The milter's socket
	is there before it has its mode, and before the others."""

	def __init__(self, path):
		self.path = path
		self.environment = {"NOTIFY_SOCKET": path}

	def __enter__(self):
		self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		self.sock.setblocking(False)
		self.sock.bind(self.path)
		os.chmod(self.path, 0o777)
		return self

	def __exit__(self, *_):
		self.sock.close()
		os.unlink(self.path)

	def is_told(self):
		try:
			return "READY=1" in self.sock.recv(4096).decode()
		except BlockingIOError:
			return False


class Assayd:
	"""One daemon, on a milter socket that one SMTP server, a host and its
	port, uses.  ADDRESS is the socket's in libmilter's form."""

	def __init__(self, lab, name, smtp_server, address, settings,
	    environment=None):
		self.lab = lab
		self.smtp_server = smtp_server
		self.environment = environment or {}
		self.base = os.path.join(lab.dir, "assayd", name)
		self.log_path = self.base + ".log"
		self.conf_path = self.base + ".conf"
		self.problem = None
		settings = merge(lab.settings(), settings)
		settings["milter"] = merge(settings["milter"],
		    {"socket": address})
		# Below valgrind some versions of libunbound need seconds for
		# their first question.
		settings["resolver"]["timeout_ms"] *= lab.dns_patience
		with open(self.conf_path, "w") as stream:
			stream.write(render(settings))
		self.settings = settings
		self.address = address
		self.start()

	def start(self):
		self.is_terminated = False
		with Readiness(self.base + ".ready") as readiness:
			with open(self.log_path, "ab") as log:
				self.process = subprocess.Popen(
				    self.lab.assayd_command +
				    ["-f", "-c", self.conf_path],
				    stdin=subprocess.DEVNULL, stdout=log,
				    stderr=log, env={**os.environ,
					**SANITIZER_OPTIONS,
					**readiness.environment,
					**self.environment},
				    start_new_session=True)
			self.lab.daemons.append(self)
			wait_until(lambda: self.process.poll() is not None or
			    (self.is_listening() if "NOTIFY_SOCKET" in
			    self.environment else readiness.is_told()),
			    20 * self.lab.patience, "assayd to be ready")
		if self.process.poll() is not None:
			raise AssertionError(
			    "assayd did not start, exit code %d" %
			    self.process.returncode)

	def is_listening(self):
		try:
			self.connect().close()
			return True
		except OSError:
			return False

	def connect(self):
		"""The milter socket itself, as a port scan or an MTA would."""
		kind, _, rest = self.address.partition(":")
		if kind == "unix":
			sock = socket.socket(socket.AF_UNIX)
			sock.connect(rest)
			return sock
		port, host = rest.split("@")
		return socket.create_connection((host, int(port)), timeout=10)

	def log(self, offset=0):
		return read_from(self.log_path, offset)

	def terminate(self):
		"""Once: the second signal would be an order to hurry."""
		if self.process.poll() is None and not self.is_terminated:
			self.is_terminated = True
			self.process.send_signal(signal.SIGTERM)

	def kill(self):
		"""What no program can prepare for."""
		self.process.kill()
		self.process.wait()
		self.lab.ended.add(self.process)

	def finish(self):
		"""Wait for its end; what was wrong with it, or None."""
		if self.process not in self.lab.ended:
			self.terminate()
			self.lab.ended.add(self.process)
			try:
				code = self.process.wait(
				    60 * self.lab.patience)
			except subprocess.TimeoutExpired:
				self.process.kill()
				self.process.wait()
				code = "none: killed"
			if code != 0:
				self.problem = "exit code %s" % code
		return self.problem


class Lab:
	def __init__(self, assayd, wrapper=(), is_instrumented=False,
	    patience=1, make_zone=zone.make, n_slots=N_SLOTS, keeps_files=False,
	    sendmail_root=None):
		self.assayd_command = list(wrapper) + [assayd]
		self.assay_command = list(wrapper) + [
		    os.path.join(os.path.dirname(assayd), "assay")]
		self.is_instrumented = is_instrumented
		self.patience = patience	# factor for all waiting
		self.dns_patience = 4 if patience > 4 else 1
		self.make_zone, self.n_slots = make_zone, n_slots
		self.keeps_files = keeps_files
		self.sendmail_root = sendmail_root
		self.sendmails = []
		self.helpers = []	# to be stopped at the end, in order
		self.reserved = {}	# slot -> socket bound to its port
		self.daemons, self.ended, self.shared = [], set(), {}
		self.n_started = 0
		self.relay = None
		self.claim = Host()
		self.host = self.claim.address
		self.free_ports = self.claim.free_ports
		self.has_nsd = self.has_postfix = False
		self.dir = tempfile.mkdtemp(prefix="assay-e2e.", dir=base_dir())
		os.chmod(self.dir, 0o755)
		self.name = os.path.basename(self.dir)

	def __enter__(self):
		try:
			self.start()
		except BaseException:
			self.close()
			raise
		return self

	def __exit__(self, *_):
		self.close()

	def path(self, *parts):
		return os.path.join(self.dir, *parts)

	def start(self):
		os.mkdir(self.path("assayd"))
		os.chmod(self.path("assayd"), 0o755)
		self.keys = mail.Keys()
		with open(self.path("zone"), "w") as stream:
			stream.write(self.make_zone(self.keys))
		ports = self.free_ports(2)
		self.has_nsd = True
		self.run_tool("private-nsd", "start", self.path("nsd"),
		    self.path("zone"), "%s@%d" % (self.host, ports[0]))
		self.relay = relay.Relay(self.host, *ports)
		# One slot in two is on an inet socket, whose port nobody is to
		# take in the minutes until a daemon listens on it.
		self.milter_sockets = ["unix:" + self.path("assayd",
		    "%d.sock" % i) for i in range(self.n_slots)]
		for i in range(1, self.n_slots, 2):
			sock = self.reserved[i] = socket.socket()
			sock.bind((self.host, 0))
			self.milter_sockets[i] = "inet:%s:%d" % \
			    sock.getsockname()
		self.start_postfix()

	def start_postfix(self):
		"""A port that was free may be taken when master(8) comes to
		bind it, and it cannot say so: its log is not up yet."""
		for is_last in (False, False, True):
			try:
				self.try_postfix()
				return
			except RuntimeError:
				if is_last:
					raise
				# It may only have been slow.
				self.run_tool("private-postfix", "stop",
				    self.path("postfix"))
				shutil.rmtree(self.path("postfix"))

	def try_postfix(self):
		ports = self.free_ports(self.n_slots)
		self.smtp_servers = [(self.host, port) for port in ports]
		services = ["{0}:{1}/inet={0}:{1} inet n - n - 400"
		    " smtpd -o smtpd_milters={2}".format(self.host, *pair)
		    for pair in zip(ports, self.milter_sockets)]
		self.has_postfix = True
		self.run_tool("private-postfix", "start", self.path("postfix"),
		    "", "%s:%d" % (self.host,
			self.claim.two_free_ports(ports)),
		    "smtpd_banner=mx.example.org ESMTP " + self.name, *services)

	def run_tool(self, name, *arguments):
		done = subprocess.run([os.path.join(HERE, name), *arguments],
		    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		    stderr=subprocess.STDOUT, text=True,
		    start_new_session=True)
		if done.returncode != 0:
			raise RuntimeError(done.stdout.strip())
		return done.stdout.strip()

	def close(self):
		ignore_ending_signals()		# what is left is this
		for daemon in self.daemons:
			daemon.terminate()
		for each in self.sendmails:
			each.close()
		for each in self.helpers:
			try:
				each.stop()
			except RuntimeError as error:
				print(error, file=sys.stderr)
		for name, is_there in (("postfix", self.has_postfix),
		    ("nsd", self.has_nsd)):
			if is_there and os.path.isdir(self.path(name)):
				try:
					self.run_tool("private-" + name, "stop",
					    self.path(name))
				except RuntimeError as error:
					print(error, file=sys.stderr)
		if self.relay:
			self.relay.close()
		for daemon in self.daemons:
			daemon.finish()
		for sock in self.reserved.values():
			sock.close()
		self.claim.close()
		if self.keeps_files:
			print("left behind: " + self.dir)
		else:
			shutil.rmtree(self.dir, ignore_errors=True)

	def settings(self):
		"""What every assayd of a run shares."""
		return {
		    "mode": "enforce",
		    "milter": {"socket_mode": "0666"},
		    "authserv_id": AUTHSERV_ID,
		    "resolver": {"servers": [self.relay.address],
			"timeout_ms": 5000},
		    "store": "",
		    # LeakSanitizer cannot look at a process that has changed
		    # its user.
		    "user": "" if self.is_instrumented else "nobody",
		}

	def assayd(self, form=None, environment=None, **settings):
		"""A daemon for one scenario, which has it to itself."""
		number = self.n_started
		if form and not self.milter_sockets[number].startswith(form):
			number += 1
		self.n_started = number + 1
		if number in self.reserved:
			self.reserved.pop(number).close()
		address = self.milter_sockets[number]
		if address.startswith("inet"):
			host, port = address.split(":")[1:]
			address = "inet:%s@%s" % (port, host)
		return Assayd(self, str(number), self.smtp_servers[number],
		    address, settings, environment)

	def assayd_for_all(self, **settings):
		"""One that scenarios with the same settings share."""
		key = render(settings)
		if key not in self.shared:
			self.shared[key] = self.assayd(**settings)
		return self.shared[key]

	def sendmail_for_all(self, **settings):
		"""A Sendmail in front of a daemon of its own, shared."""
		key = "sendmail\n" + render(settings)
		if key not in self.shared:
			self.shared[key] = sendmail.Sendmail(self, settings)
		return self.shared[key]

	def smtp(self, daemon, address=zone.HONEST_CLIENT, helo=None,
	    login=None):
		"""A session of the client ADDRESS, up to EHLO."""
		session = Smtp(daemon.smtp_server, 90 * self.patience)
		if self.name not in session.greeting:
			raise AssertionError("another's server: " +
			    session.greeting)
		session.become(address, login=login)
		reply = session.command("EHLO " + (helo or "client.example"))
		if reply.code != "250":
			raise AssertionError("EHLO: " + reply)
		return session

	def send(self, daemon, message, sender, address=zone.HONEST_CLIENT,
	    helo=None, login=None, options="", recipient="user@example.org"):
		"""One message in a session of its own; its last reply."""
		with self.smtp(daemon, address, helo, login) as session:
			reply = session.start(sender, recipient, options)
			if reply.code == "354":
				reply = session.finish(message)
			session.command("QUIT")
			return reply

	def delivered(self, reply):
		"""The message that the reply "250 ... queued as ID" was for."""
		path = self.path("postfix", "mail", queue_id(reply))
		wait_until(lambda: os.path.exists(path), 20 * self.patience,
		    "delivery of " + queue_id(reply))
		with open(path, "rb") as stream:
			return stream.read()

	def held(self, reply):
		"""Whether the message is in the hold queue, by postqueue."""
		listing = subprocess.run(["postqueue", "-c",
		    self.path("postfix", "etc"), "-j"], check=True,
		    stdout=subprocess.PIPE, text=True).stdout
		entries = [json.loads(line) for line in listing.splitlines()]
		return any(entry["queue_id"] == queue_id(reply) and
		    entry["queue_name"] == "hold" for entry in entries)

	def held_message(self, reply):
		return subprocess.run(["postcat", "-c",
		    self.path("postfix", "etc"), "-h", "-b", "-q",
		    queue_id(reply)], check=True,
		    stdout=subprocess.PIPE).stdout

	def n_mails(self):
		return len(glob.glob(self.path("postfix", "mail", "*")))

	def maillog(self, offset=0):
		return read_from(self.path("postfix", "maillog"), offset)


def queue_id(reply):
	found = re.search(r"queued as (\w+)", reply)
	if not found:
		raise AssertionError("not queued: " + reply)
	return found.group(1)


def base_dir():
	"""Where user postfix can enter: $TMPDIR may be a private one."""
	for path in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
		part = os.path.abspath(path)
		while os.stat(part).st_mode & 0o001 and part != "/":
			part = os.path.dirname(part)
		if part == "/":
			return path
	raise SystemExit("no temporary directory that user postfix can enter")
