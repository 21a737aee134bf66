"""assay mta-sts: a real Postfix asks it how to deliver, and does; policies come
over HTTPS from a real server, DANE from a zone that is signed."""

import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from lab import (HERE, SANITIZER_OPTIONS, cpu_s, read_from, render,
    wait_until)
from mail import compose
from scenario import expect, scenario
from scenarios.tool import (PolicyServer, TlsPostfix, ids, make_certificate,
    make_directory, run_tool)
from smtp import Smtp

MAP = "QUERYMAP"
POLICY = "version: STSv1\r\nmode: %s\r\n%smax_age: %d\r\n"


def make_policy(mode, *hosts, max_age=864000):
	return (POLICY % (mode, "".join("mx: %s\r\n" % host
	    for host in hosts), max_age)).encode()


class Policies(PolicyServer):
	"""What each domain has; None never answers."""

	def __init__(self, lab, certificate, key, policies):
		self.policies, self.asked = policies, []
		super().__init__(lab, certificate, key)

	def answer(self, handler, host):
		domain = host.split(".", 1)[1]
		self.asked.append(domain)
		policy = self.policies.get(domain, b"")
		if policy is None:
			self.is_stopped.wait()
			return
		handler.send_response(200 if policy else 404)
		handler.send_header("Content-Type", "text/plain")
		handler.end_headers()
		handler.wfile.write(policy)


class Zone:
	"""NSD on port 53 of the lab's address, where Postfix asks; KEY signs."""

	def __init__(self, lab, path, text, key=None, port=53):
		self.lab, self.path = lab, os.path.join(path, "nsd")
		with open(os.path.join(path, "zone"), "w") as stream:
			stream.write(text)
		lab.run_tool("private-nsd", "start", self.path,
		    os.path.join(path, "zone"), "%s@%d" % (lab.host, port),
		    *([key] if key else []))

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.lab.run_tool("private-nsd", "stop", self.path)


class Validator:
	"""unbound on port 53 of the lab's address, before NSD on PORT: what
	Postfix needs for DANE, which believes its resolver."""

	def __init__(self, lab, path, anchor, port):
		conf = os.path.join(path, "unbound.conf")
		with open(conf, "w") as stream:
			stream.write("server:\n interface: %s@53\n"
			    " access-control: 127.0.0.0/8 allow\n"
			    " do-not-query-localhost: no\n chroot: \"\"\n"
			    " username: \"\"\n use-syslog: no\n"
			    " pidfile: \"\"\n trust-anchor-file: \"%s\"\n"
			    "remote-control:\n control-enable: no\n"
			    "forward-zone:\n name: \".\"\n"
			    " forward-addr: %s@%d\n" %
			    (lab.host, anchor, lab.host, port))
		with open(os.path.join(path, "unbound.log"), "w") as log:
			self.process = subprocess.Popen(["unbound", "-d", "-c",
			    conf], stdin=subprocess.DEVNULL, stdout=log,
			    stderr=log, start_new_session=True)
		wait_until(lambda: self.is_listening(lab),
		    20 * lab.patience, "unbound")

	@staticmethod
	def is_listening(lab):
		try:
			socket.create_connection((lab.host, 53)).close()
			return True
		except OSError:
			return False

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.terminate()
		self.process.wait()


class Server:
	"""assay mta-sts serve."""

	def __init__(self, lab, path, authority, **settings):
		self.lab, self.path, self.authority = lab, path, authority
		self.socket = os.path.join(path, "sts.sock")
		self.log_path = os.path.join(path, "serve.log")
		self.conf = os.path.join(path, "serve.conf")
		merged = {
		    "mode": "enforce",
		    "resolver": dict({"servers": [lab.host + "@53"],
			"timeout_ms": 5000 * lab.dns_patience},
			**settings.pop("resolver", {})),
		    "store": "sqlite:" + os.path.join(path, "store.db"),
		    "mta_sts": dict({"socket": "unix:" + self.socket,
			"socket_mode": "0666", "timeout_s": 10},
			**settings.pop("mta_sts", {})),
		}
		with open(self.conf, "w") as stream:
			stream.write(render(dict(merged, **settings)))

	def start(self):
		with open(self.log_path, "ab") as log:
			self.process = subprocess.Popen(
			    self.lab.assay_command + ["mta-sts", "serve", "-c",
				self.conf], stdin=subprocess.DEVNULL,
			    stdout=log, stderr=log, env=self.environment(),
			    start_new_session=True)
		wait_until(lambda: "serving at" in self.log() or
		    self.process.poll() is not None, 20 * self.lab.patience,
		    "the policy server")
		expect(self.process.poll() is None, self.log())

	def environment(self):
		return dict(os.environ, **dict(SANITIZER_OPTIONS,
		    SSL_CERT_FILE=self.authority))

	def log(self):
		return read_from(self.log_path)

	def stop(self):
		self.process.send_signal(signal.SIGTERM)
		self.process.send_signal(signal.SIGCONT)  # it may stand still
		try:
			code = self.process.wait(30 * self.lab.patience)
		except subprocess.TimeoutExpired:
			self.process.kill()
			self.process.wait()
			code = "none: killed"
		expect(code == 0, "exit code %s: %s" % (code, self.log()))
		expect(not os.path.exists(self.socket), "its socket is left")
		os.rename(self.log_path, self.log_path + ".old")

	def __enter__(self):
		self.start()
		return self

	def __exit__(self, *_):
		if self.process.poll() is None:
			self.stop()

	def connect(self):
		sock = socket.socket(socket.AF_UNIX)
		# With a timeout it would not wait where many come at once.
		sock.connect(self.socket)
		sock.settimeout(30 * self.lab.patience)
		return sock

	def ask(self, key):
		"""By Postfix's own client; None where there is nothing."""
		done = subprocess.run(["postmap", "-q", key, "socketmap:unix:" +
		    "%s:%s" % (self.socket, MAP)], stdout=subprocess.PIPE,
		    stderr=subprocess.PIPE, text=True)
		expect(done.stderr == "" and done.returncode in (0, 1),
		    done.stderr)
		return done.stdout.strip() or None


class Sender:
	"""A Postfix that asks the lab's port 53 for MX records, and SERVER for
	policies."""

	def __init__(self, lab, path, server, *settings):
		self.lab, self.path = lab, os.path.join(path, "sender")
		self.port = lab.claim.two_free_ports()
		resolv_conf = os.path.join(path, "resolv.conf")
		with open(resolv_conf, "w") as stream:
			stream.write("nameserver %s\noptions timeout:5 "
			    "edns0 trust-ad\n" % lab.host)
		# Where it asks for MX records is a file of the whole host.
		done = subprocess.run(["unshare", "--mount", "sh", "-c",
		    'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"',
		    "sh", resolv_conf, os.path.join(HERE, "private-postfix"),
		    "start", self.path, "", "%s:%d" % (lab.host, self.port),
		    "myhostname=out.example.org", "disable_dns_lookups=no", "virtual_mailbox_domains=",
		    "mynetworks=127.0.0.0/8", "smtp_tls_loglevel=1",
		    "smtpd_relay_restrictions=permit_mynetworks,reject",
		    "smtp_tls_security_level=may",
		    "smtp_tls_CAfile=" + server.authority,
		    "smtp_tls_policy_maps=socketmap:unix:%s:%s" %
		    (server.socket, MAP),
		    "tlsmgr/unix=tlsmgr unix - - n 1000? 1 tlsmgr", *settings],
		    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		    stderr=subprocess.STDOUT, text=True,
		    start_new_session=True)
		expect(done.returncode == 0, done.stdout)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.lab.run_tool("private-postfix", "stop", self.path)

	def send(self, domain):
		"""What became of a message: the log's line; and its TLS."""
		start = len(self.log())
		with Smtp((self.lab.host, self.port)) as smtp:
			smtp.command("EHLO client.example")
			reply = smtp.start("ann@sender.example",
			    "bob@" + domain)
			expect(reply.code == "354", reply)
			smtp.write(compose("ann@sender.example") + b".\r\n")
			reply = smtp.read_reply()
		expect(reply.code == "250", reply)
		line = wait_until(lambda: self.find(start,
		    "to=<bob@%s>" % domain), 60 * self.lab.patience,
		    "delivery to " + domain)
		return line, self.find(start, "TLS connection established") \
		    or ""

	def find(self, start, word):
		for line in self.log()[start:].splitlines():
			if word in line and "/smtp[" in line:
				return line
		return None

	def log(self):
		return read_from(os.path.join(self.path, "maillog"))


def make_zone(lab, *names, more=""):
	"""Domains with an MX that is the lab's Postfix, and a policy host."""
	return "".join("{0}. MX 10 mx.{0}.\nmx.{0}. A {1}\n"
	    "_mta-sts.{0}. TXT \"v=STSv1; id=1\"\nmta-sts.{0}. A {1}\n".format(
	    name, lab.host) for name in names) + more


def expect_secure(answer, match):
	expect(answer == "secure match=%s servername=hostname" % match, answer)


# ---- Postfix ----------------------------------------------------------------

@scenario("Postfix delivers with the TLS that mta-sts serve tells it")
def deliver(lab):
	path = make_directory(lab, "sts-deliver")
	domains = ["good.example", "wild.example", "bad.example",
	    "testing.example", "none.example"]
	certificate, key = make_certificate(path, "server",
	    ["mta-sts." + name for name in domains] +
	    ["mx.good.example", "mx.wild.example"])
	policies = {
	    "good.example": make_policy("enforce", "mx.good.example"),
	    "wild.example": make_policy("enforce", "mx.other.example",
		"*.wild.example"),
	    "bad.example": make_policy("enforce", "mx.bad.example"),
	    "testing.example": make_policy("testing", "mx.testing.example"),
	    "none.example": make_policy("none"),
	}
	text = make_zone(lab, *domains, more="plain.example. MX 10 "
	    "mx.plain.example.\nmx.plain.example. A %s\n" % lab.host)
	server = Server(lab, path, certificate)
	with Zone(lab, path, text), Policies(lab, certificate, key, policies), \
	    TlsPostfix(lab, path, certificate, key), server, \
	    Sender(lab, path, server) as sender:
		for domain in ("good.example", "wild.example"):
			line, tls = sender.send(domain)
			expect("status=sent" in line, line)
			expect("Verified TLS" in tls, tls)
		line, tls = sender.send("bad.example")
		expect("status=deferred" in line and
		    "certificate" in line, line)
		for domain in ("testing.example", "none.example",
		    "plain.example"):
			line, tls = sender.send(domain)
			expect("status=sent" in line, line)
			expect("Verified" not in tls, tls)
		expect("domain=good.example policy=\"secure" in server.log(),
		    server.log())
		# Its policy names no host: an empty text is no missing one.
		found = json.loads(run_tool(lab, "mta-sts", "query", "-c",
		    server.conf, "--json", "none.example", code=1,
		    SSL_CERT_FILE=certificate))
		expect(found[0]["mta_sts"]["mode"] == "none", found)


# ---- the web server and the store -------------------------------------------

@scenario("mta-sts serve keeps a policy that nobody can fetch any more")
def keep(lab):
	path = make_directory(lab, "sts-keep")
	domains = ["good.example", "late.example"]
	certificate, key = make_certificate(path, "server",
	    ["mta-sts." + name for name in domains])
	server = Server(lab, path, certificate)
	policies = {"good.example": make_policy("enforce", "mx.good.example",
	    "*.good.example")}
	match = "mx.good.example:.good.example"
	with Zone(lab, path, make_zone(lab, *domains)):
		with Policies(lab, certificate, key, policies) as web:
			with server:
				expect_secure(server.ask("good.example"), match)
				expect_secure(server.ask("GOOD.example."), match)
				for other in ("[good.example]", ".example",
				    ".good.example", "good.example:587",
				    "[192.0.2.1]:25", "a b", "-", "\u00e4.",
				    "x" * 300, "absent.example"):
					expect(server.ask(other) is None, other)
			expect(web.asked == ["good.example"], web.asked)
		# Over a restart, and for what is new nobody waits.
		with server:
			expect("1 policies remembered" in server.log(),
			    server.log())
			expect_secure(server.ask("good.example"), match)
			expect(server.ask("late.example") is None, "late")
	# Without DNS at all.
	with server:
		expect_secure(server.ask("good.example"), match)


@scenario("mta-sts serve fetches again when the id changes, and before the end")
def refresh(lab):
	path = make_directory(lab, "sts-refresh")
	certificate, key = make_certificate(path, "server",
	    ["mta-sts.good.example", "mta-sts.short.example"])
	server = Server(lab, path, certificate)
	text = make_zone(lab, "good.example", "short.example").replace(
	    "_mta-sts.", "_mta-sts.", 1).replace(". TXT", ". 1 TXT")
	policies = {
	    "good.example": make_policy("enforce", "mx.good.example"),
	    "short.example": make_policy("enforce", "mx.short.example",
		max_age=4),
	}
	with Zone(lab, path, text) as zone, server, \
	    Policies(lab, certificate, key, policies) as web:
		expect_secure(server.ask("good.example"), "mx.good.example")
		expect_secure(server.ask("short.example"), "mx.short.example")
		policies["good.example"] = make_policy("enforce",
		    "new.good.example")
		policies["short.example"] = make_policy("enforce",
		    "new.short.example", max_age=4)
		with open(os.path.join(path, "zone"), "w") as stream:
			stream.write(text.replace("_mta-sts.good.example. 1 "
			    "TXT \"v=STSv1; id=1\"", "_mta-sts.good.example. "
			    "1 TXT \"v=STSv1; id=2\""))
		lab.run_tool("private-nsd", "reload", zone.path)
		# Each answer comes at once; what is new is in a later one.
		for name in ("good", "short"):
			wait_until(lambda: "match=new." in server.ask(
			    name + ".example"), 30 * lab.patience,
			    "the new policy of " + name)
		expect(web.asked.count("good.example") == 2, web.asked)


@scenario("mta-sts serve answers in time though a web server never does")
def slow(lab):
	path = make_directory(lab, "sts-slow")
	names = ["slow%d.example" % i for i in range(40)]
	certificate, key = make_certificate(path, "server",
	    ["mta-sts." + name for name in names + ["good.example"]])
	server = Server(lab, path, certificate, mta_sts={"timeout_s": 2})
	policies = {name: None for name in names}
	policies["good.example"] = make_policy("enforce", "mx.good.example")
	with Zone(lab, path, make_zone(lab, "good.example", *names)), server, \
	    Policies(lab, certificate, key, policies) as web:
		expect_secure(server.ask("good.example"), "mx.good.example")
		start = time.monotonic()
		with ThreadPoolExecutor(80) as pool:
			answers = list(pool.map(server.ask, names + names))
		took = time.monotonic() - start
		expect(answers == [None] * 80, answers)
		expect(took < 8 * lab.patience, took)
		expect(len(set(web.asked)) == len(web.asked),
		    "asked twice: %s" % web.asked)
		start = time.monotonic()
		expect_secure(server.ask("good.example"), "mx.good.example")
		expect(time.monotonic() - start < lab.patience, "not at once")
		start = time.monotonic()
		server.stop()
		expect(time.monotonic() - start < 10 * lab.patience,
		    "it ends slowly")


# ---- the socket -------------------------------------------------------------

@scenario("mta-sts serve outlives clients that speak no socketmap")
def hostile(lab):
	path = make_directory(lab, "sts-hostile")
	server = Server(lab, path, "/dev/null")
	with Zone(lab, path, "a.example. A 192.0.2.1\n"), server:
		for octets in (b"GET / HTTP/1.1\r\n\r\n", b"99999999:x",
		    b"-1:x,", b"0:,", b"3:abc,", b"5:ab", b"03:a b,",
		    b"5:a b\0\n;", os.urandom(65536), b"2:" * 10000):
			sock = server.connect()
			try:
				sock.sendall(octets)
				sock.shutdown(socket.SHUT_WR)
				while sock.recv(65536):
					pass
			except OSError:
				pass	# it has cut us off
			sock.close()
		# Pieces, and several at once.
		sock = server.connect()
		for octet in b"11:m a.example,":
			sock.sendall(bytes([octet]))
		expect(sock.recv(100) == b"9:NOTFOUND ,", "pieces")
		sock.sendall(b"11:m a.example," * 50)
		got = b""
		while len(got) < 50 * 12:
			got += sock.recv(1000)
		expect(got == b"9:NOTFOUND ," * 50, got)
		sock.close()
		# More than it has room for: the oldest make way.
		crowd = [server.connect() for _ in range(700)]
		expect(server.ask("a.example") is None, "crowd")
		crowd[-1].sendall(b"11:m a.example,")
		expect(crowd[-1].recv(100) == b"9:NOTFOUND ,", "the newest")
		for sock in crowd:
			sock.close()
		# Those who send and never read.
		deaf = [server.connect() for _ in range(20)]
		for sock in deaf:
			sock.setblocking(False)
			try:
				while True:
					sock.send(b"11:m a.example," * 1000)
			except OSError:
				pass
		expect(server.ask("a.example") is None, "deaf")
		began_s = cpu_s(server.process.pid)
		time.sleep(2)
		used_s = cpu_s(server.process.pid) - began_s
		expect(used_s < 1, "the deaf cost %.1f s of 2" % used_s)
		with open("/proc/%d/status" % server.process.pid) as stream:
			status = stream.read()
		if not lab.is_instrumented:
			size = int(status.split("VmRSS:")[1].split()[0])
			expect(size < 100 * 1024, "%d KB" % size)
		# All go, and it is to end, at the same time.
		server.process.send_signal(signal.SIGSTOP)
		for sock in deaf:
			sock.close()
		server.stop()


# ---- DANE -------------------------------------------------------------------

def make_key(path):
	"""For the root; its name and path, as ldns-signzone wants it."""
	done = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k",
	    "."], cwd=path, stdout=subprocess.PIPE, check=True, text=True)
	return os.path.join(path, done.stdout.strip())


def digest_key(certificate):
	"""A TLSA record's data for "3 1 1"."""
	key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout",
	    "-pubkey"], stdout=subprocess.PIPE, check=True).stdout
	return hashlib.sha256(ssl.PEM_cert_to_DER_cert(key.decode().replace(
	    "PUBLIC KEY", "CERTIFICATE"))).hexdigest()


def make_dane_zone(lab, digest):
	return make_zone(lab, "dane.example", "both.example", "half.example",
	    "sts.example", more="".join(
	    "_25._tcp.mx.%s.example. TLSA 3 1 1 %s\n" % (name, digest)
	    for name in ("dane", "both", "half")) +
	    "half.example. MX 20 mx2.half.example.\n"
	    "mx2.half.example. A %s\n" % lab.host).replace(
	    "_mta-sts.dane", "other.dane").replace("_mta-sts.half",
	    "other.half")


@scenario("mta-sts lets DANE win, where DNSSEC vouches for it")
def dane(lab):
	path = make_directory(lab, "sts-dane")
	certificate, key = make_certificate(path, "server",
	    ["mta-sts.both.example", "mta-sts.sts.example"])
	root = make_key(path)
	resolver = {"dnssec": True, "trust_anchor_file": root + ".ds"}
	policies = {name: make_policy("enforce", "mx." + name)
	    for name in ("both.example", "sts.example")}
	server = Server(lab, path, certificate, resolver=resolver)
	text = make_dane_zone(lab, digest_key(certificate))
	with Zone(lab, path, text, root), server, \
	    Policies(lab, certificate, key, policies):
		expect(server.ask("dane.example") == "dane-only", "dane")
		expect(server.ask("both.example") == "dane-only", "both")
		expect(server.ask("half.example") == "dane", "half")
		expect_secure(server.ask("sts.example"), "mx.sts.example")
		found = json.loads(run_tool(lab, "mta-sts", "query", "-c",
		    server.conf, "--json", "dane.example", "sts.example",
		    SSL_CERT_FILE=certificate))
		expect([each["dane"] for each in found] == ["all", "none"],
		    found)
		expect(found[1]["mta_sts"]["mode"] == "enforce", found)
	# The same zone, and nobody who vouches for it.
	open_path = make_directory(lab, "sts-open")
	server = Server(lab, open_path, certificate)
	with Zone(lab, open_path, text), server, \
	    Policies(lab, certificate, key, policies):
		expect(server.ask("dane.example") is None, "not secure")
		expect_secure(server.ask("both.example"), "mx.both.example")


@scenario("Postfix delivers by DANE where mta-sts serve tells it to")
def deliver_by_dane(lab):
	path = make_directory(lab, "sts-dane-deliver")
	certificate, key = make_certificate(path, "server",
	    ["mta-sts.both.example", "mta-sts.wrong.example",
		"mx.wrong.example"])
	root, port = make_key(path), lab.free_ports(1)[0]
	server = Server(lab, path, certificate, resolver={"dnssec": True,
	    "trust_anchor_file": root + ".ds"})
	policies = {name: make_policy("enforce", "mx." + name)
	    for name in ("both.example", "wrong.example")}
	# The policy's certificate would do; the TLSA record is another's.
	text = make_dane_zone(lab, digest_key(certificate)) + \
	    make_zone(lab, "wrong.example", more="_25._tcp.mx.wrong.example. "
	    "TLSA 3 1 1 %s\n" % hashlib.sha256(b"another").hexdigest())
	with Zone(lab, path, text, root, port), \
	    Validator(lab, path, root + ".ds", port), server, \
	    Policies(lab, certificate, key, policies), \
	    TlsPostfix(lab, path, certificate, key), \
	    Sender(lab, path, server, "smtp_dns_support_level=dnssec") as \
	    sender:
		for domain in ("dane.example", "both.example"):
			line, tls = sender.send(domain)
			expect("status=sent" in line, line)
			expect("Verified TLS" in tls, tls)
		line, tls = sender.send("wrong.example")
		expect("status=deferred" in line and
		    "Verified" not in tls, (line, tls))
		for domain, id, code in (("dane.example", "dane-match", 2),
		    ("wrong.example", "dane-mismatch", 2)):
			found = ids(run_tool(lab, "check", "-c", server.conf,
			    "--json", "--connect", domain, code=code,
			    SSL_CERT_FILE=certificate))
			expect(id in found and found["dane-host"] == "ok",
			    found)
