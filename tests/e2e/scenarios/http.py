"""What assayd answers over HTTP, and to whom: everything but the page's looks,
which tests/e2e/page has."""

import json
import os
import re
import socket
import time

import zone
from lab import cpu_s, wait_until
from mail import compose
from scenario import expect, expect_reply, scenario

# Named in src/control/http_peers.h and http.c.
MAX_PEERS = 32
PEER_S = 15
ENDLESS_LINES = 20
IDLE_S = 5

FIELDS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
TYPES = {
    "/": "text/html; charset=utf-8",
    "/assay.css": "text/css; charset=utf-8",
    "/assay.js": "text/javascript; charset=utf-8",
    "/assay.svg": "image/svg+xml",
    "/summary.json": "application/json",
    "/metrics": "text/plain; version=0.0.4; charset=utf-8",
    "/healthz": "text/plain; charset=utf-8",
}


class Answer:
	def __init__(self, octets):
		head, _, self.body = octets.partition(b"\r\n\r\n")
		lines = head.decode("latin-1").split("\r\n")
		self.status = lines[0]
		self.code = lines[0][9:12]
		self.fields = {}
		for line in lines[1:]:
			name, _, value = line.partition(":")
			expect(name.lower() not in self.fields,
			    "twice: " + name)
			self.fields[name.lower()] = value.strip()


class Site:
	"""An assayd that answers HTTP."""

	def __init__(self, lab, **settings):
		self.lab = lab
		port = lab.free_ports(1)[0]
		self.place = (lab.host, port)
		self.daemon = lab.assayd(http={"listen": "%s:%d" %
		    self.place}, **settings)

	def connect(self, timeout_s=30):
		return socket.create_connection(self.place, timeout=timeout_s *
		    self.lab.patience)

	def ask(self, octets):
		"""All that comes for these octets until the other end closes."""
		with self.connect() as sock:
			try:
				sock.sendall(octets)
			except OSError:
				pass	# it had enough of us already
			return Answer(read_all(sock))

	def get(self, path, method="GET", host="localhost", more=""):
		return self.ask(("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" %
		    (method, path, host, more)).encode("latin-1"))

	def summary(self):
		return json.loads(self.get("/summary.json").body)


def read_all(sock):
	octets = b""
	while True:
		try:
			more = sock.recv(65536)
		except ConnectionResetError:
			return octets
		if not more:
			return octets
		octets += more


@scenario("HTTP: the page, its parts, metrics and health")
def parts(lab):
	site = Site(lab)
	for path, media_type in TYPES.items():
		answer = site.get(path)
		expect(answer.code == "200", "%s: %s" % (path, answer.status))
		expect(answer.fields["content-type"] == media_type,
		    "%s: %s" % (path, answer.fields["content-type"]))
		expect(len(answer.body) ==
		    int(answer.fields["content-length"]) > 0, path)
		for name, value in FIELDS.items():
			expect(answer.fields.get(name) == value,
			    "%s: %s" % (path, name))
		policy = answer.fields["content-security-policy"]
		expect(policy.startswith("default-src 'none';") and
		    "unsafe" not in policy and "*" not in policy, policy)
		head = site.get(path, "HEAD")
		expect(head.code == "200" and head.body == b"", path)
		expect(abs(int(head.fields["content-length"]) -
		    len(answer.body)) < 100, "%s: HEAD is of another length" %
		    path)
	page = site.get("/").body.decode()
	expect(not re.search(r"(src|href)=\"(?!/)", page.replace("#main", "/")),
	    "the page asks elsewhere")
	expect(b"assay_build_info" in site.get("/metrics").body, "metrics")
	wait_until(lambda: site.get("/healthz").body == b"ok\n",
	    20 * lab.patience, "health")
	site.daemon.terminate()


@scenario("HTTP: the numbers are those of the mail that came")
def numbers(lab):
	site = Site(lab)
	before = site.summary()
	expect(before["day"]["messages"] == 0, "messages before any")
	expect_reply(lab.send(site.daemon, compose("ann@honest.example"),
	    "ann@honest.example"), "250")
	expect_reply(lab.send(site.daemon, compose("ann@reject.example"),
	    "ann@reject.example", zone.OTHER_CLIENT), "550")
	summary = site.summary()
	day = summary["day"]
	expect(summary["mode"] == "enforce", summary["mode"])
	expect(day["messages"] == 2, "%d messages" % day["messages"])
	expect(day["actions"]["accept"] == day["actions"]["reject"] == 1,
	    "actions: %s" % day["actions"])
	expect(day["results"]["dmarc"]["pass"] == 1 and
	    day["results"]["dmarc"]["fail"] == 1, "dmarc: %s" %
	    day["results"]["dmarc"])
	expect(sum(column[2] for column in day["columns"]) == 2, "columns")
	expect(summary["month"]["state"] == "none", "month")
	expect(len(summary["present"]["processes"]) == 1, "processes")
	site.daemon.terminate()


@scenario("HTTP with workers: a process of its own answers for all")
def workers(lab):
	site = Site(lab, milter={"workers": 2})
	wait_until(lambda: len(site.summary()["present"]["processes"]) == 3,
	    20 * lab.patience, "three processes")
	for _ in range(3):
		expect_reply(lab.send(site.daemon, compose(
		    "ann@honest.example"), "ann@honest.example"), "250")
	summary = site.summary()
	expect(summary["day"]["messages"] == 3, "%d messages" %
	    summary["day"]["messages"])
	expect(sum(not each["takes_mail"] for each in
	    summary["present"]["processes"]) == 1, "control process")
	site.daemon.terminate()


@scenario("HTTP: the last 24 hours outlive a restart, where there is a store")
def restart(lab):
	os.makedirs(lab.path("http-store"))
	os.chmod(lab.path("http-store"), 0o777)
	site = Site(lab, store="sqlite:" + lab.path("http-store", "a.db"))
	for _ in range(2):
		expect_reply(lab.send(site.daemon, compose(
		    "ann@honest.example"), "ann@honest.example"), "250")
	since_s = site.summary()["day"]["since_s"]
	site.daemon.terminate()
	expect(site.daemon.finish() is None, "exit code")
	site.daemon.start()
	expect_reply(lab.send(site.daemon, compose("ann@honest.example"),
	    "ann@honest.example"), "250")
	day = wait_until(lambda: [day for day in [site.summary()["day"]]
	    if day["messages"] == 3], 20 * lab.patience, "the mail before")[0]
	expect(abs(day["since_s"] - since_s) <= 1, "since %d" % day["since_s"])
	expect(day["results"]["dmarc"]["pass"] == 3, "results")
	expect(sum(column[2] for column in day["columns"]) == 3, "columns")
	site.daemon.terminate()


# What is asked, and what the answer's code is.
REFUSED = [
    ("another method", b"POST / HTTP/1.1\r\nHost: localhost\r\n"
	b"Content-Length: 0\r\n\r\n", "405"),
    ("DELETE", b"DELETE /summary.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
	"405"),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
    ("a method nobody knows", b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
	"405"),
    ("a body", b"GET / HTTP/1.1\r\nHost: localhost\r\n"
	b"Content-Length: 5\r\n\r\nhello", "413"),
    ("a huge body", b"POST / HTTP/1.1\r\nHost: localhost\r\n"
	b"Content-Length: 99999999999999999999\r\n\r\n", "4"),
    ("a body in chunks", b"POST / HTTP/1.1\r\nHost: localhost\r\n"
	b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "413"),
    ("another path", b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",
	"404"),
    ("a path up", b"GET /../../etc/passwd HTTP/1.1\r\n"
	b"Host: localhost\r\n\r\n", "404"),
    ("a path up, encoded", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n"
	b"Host: localhost\r\n\r\n", "404"),
    ("a path that is longer", b"GET /assay.js/ HTTP/1.1\r\n"
	b"Host: localhost\r\n\r\n", "404"),
    ("NUL in a path", b"GET /metrics%00.html HTTP/1.1\r\n"
	b"Host: localhost\r\n\r\n", "404"),
    ("an absolute form", b"GET http://localhost/ HTTP/1.1\r\n"
	b"Host: localhost\r\n\r\n", "404"),
    ("a stranger's name", b"GET /summary.json HTTP/1.1\r\n"
	b"Host: evil.example\r\n\r\n", "421"),
    ("a stranger's name, with a port", b"GET / HTTP/1.1\r\n"
	b"Host: evil.example:80\r\n\r\n", "421"),
    ("two names", b"GET / HTTP/1.1\r\nHost: localhost\r\n"
	b"Host: evil.example\r\n\r\n", "421"),
    ("an empty name", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "421"),
    ("a header without end", b"GET / HTTP/1.1\r\nHost: localhost\r\n" +
	b"A: b\r\n" * 20000, "400"),
    ("one field without end", b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " +
	b"b" * 100000, "400"),
    ("a path without end", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
	"400"),
    ("no version", b"GET /\r\n\r\n", "400"),
    ("another version", b"GET / HTTP/7.1\r\n\r\n", "400"),
    ("no field", b"GET / HTTP/1.1\r\nnonsense\r\n\r\n", "400"),
    ("nothing", b"\r\n\r\n", "400"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", "400"),
    ("octets", bytes(range(256)) * 4, "400"),
]
ANSWERED = [
    ("HTTP/1.0 without a name", b"GET /healthz HTTP/1.0\r\n\r\n"),
    ("a query", b"GET /healthz?x=%3Cscript%3E HTTP/1.1\r\n"
	b"Host: 127.0.0.1:1\r\n\r\n"),
    ("an IPv6 address", b"GET /healthz HTTP/1.1\r\nHost: [::1]:1\r\n\r\n"),
]


@scenario("HTTP: hostile requests get an answer without their own words")
def hostile(lab):
	site = Site(lab)
	for name, octets, code in REFUSED:
		answer = site.ask(octets)
		expect(answer.code.startswith(code), "%s: %s" % (name,
		    answer.status))
		for word in (b"evil", b"nothing", b"passwd", b"bbbb", b"aaaa"):
			expect(word not in answer.body, "%s: reflected" % name)
		if code == "405":
			expect(answer.fields["allow"] == "GET, HEAD", name)
	wait_until(lambda: site.get("/healthz").code == "200",
	    20 * lab.patience, "health")
	for name, octets in ANSWERED:
		answer = site.ask(octets)
		expect(answer.code == "200", "%s: %s" % (name, answer.status))
	expect(site.get("/", host=lab.host).code == "200", "by address")
	site.daemon.terminate()


def is_closed(sock):
	sock.setblocking(False)
	try:
		return sock.recv(1) == b""
	except BlockingIOError:
		return False
	except ConnectionResetError:
		return True


@scenario("HTTP: who says nothing, or little, is hung up on", is_slow=True)
def slow(lab):
	site = Site(lab)
	start = time.monotonic()
	idle, busy = [site.connect(), site.connect()], []
	idle[1].sendall(b"GET / HTTP/1.1\r\nHo")
	for _ in range(3):	# these never pause for as long as IDLE_S
		busy.append(site.connect())
		busy[-1].sendall(b"GET / HTTP/1.1\r\nA: ")
	while idle or busy:
		took_s = time.monotonic() - start
		for sock in busy:
			try:
				sock.sendall(b"a")
			except OSError:
				pass	# is_closed tells
		was_busy = len(busy)
		idle = [sock for sock in idle if not is_closed(sock)]
		busy = [sock for sock in busy if not is_closed(sock)]
		expect(not idle or took_s < (IDLE_S + 3) * lab.patience,
		    "idle ones are there after %d s" % took_s)
		expect(not busy or took_s < (PEER_S + 3) * lab.patience,
		    "slow ones are there after %d s" % took_s)
		expect(len(busy) == was_busy or took_s > PEER_S - 1,
		    "a slow one was hung up on after %d s" % took_s)
		time.sleep(0.5)
	expect(site.get("/").code == "200", "nobody else is answered")
	site.daemon.terminate()


@scenario("HTTP: a line without end is hung up on before it takes memory")
def endless_line(lab):
	site = Site(lab)
	site.get("/")
	start, n_octets = time.monotonic(), 0
	began_s = cpu_s(site.daemon.process.pid)
	for _ in range(ENDLESS_LINES):
		with site.connect() as sock:
			sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n"
			    b"Transfer-Encoding: chunked\r\n\r\n")
			try:
				while True:
					n_octets += sock.send(b"0" * 65536)
			except OSError:
				pass	# it is what is waited for
	took_s = time.monotonic() - start
	used_s = cpu_s(site.daemon.process.pid) - began_s
	expect(took_s < IDLE_S * lab.patience, "%d octets in %d s" %
	    (n_octets, took_s))
	expect(used_s < took_s / 4, "%.1f s of %.1f were worked through" %
	    (used_s, took_s))
	expect(site.get("/").code == "200", "nobody else is answered")
	site.daemon.terminate()


@scenario("HTTP: a flood of connections takes few descriptors, and mail "
    "flows", is_slow=True)
def flood(lab):
	site = Site(lab)
	descriptors = site.summary()["present"]["processes"][0]["descriptors"]
	flood = []
	for _ in range(4 * MAX_PEERS):
		sock = socket.socket()
		sock.setblocking(False)
		sock.connect_ex(site.place)
		flood.append(sock)
	expect_reply(lab.send(site.daemon, compose("ann@honest.example"),
	    "ann@honest.example"), "250")
	time.sleep(2)
	for sock in flood:
		sock.close()
	summary = wait_until(site.summary, 30 * lab.patience, "an answer")
	most = summary["present"]["processes"][0]["descriptors"]
	expect(most <= descriptors + MAX_PEERS + 20, "%d descriptors, and %d "
	    "before" % (most, descriptors))
	expect(site.get("/").code == "200", "nobody is answered")
	expect(site.daemon.process.poll() is None, "it ended")
	site.daemon.terminate()


@scenario("HTTP: an address that is taken keeps assayd from starting")
def taken(lab):
	port = lab.free_ports(1)[0]
	with socket.create_server((lab.host, port)):
		try:
			lab.assayd(http={"listen": "%s:%d" % (lab.host, port)})
		except AssertionError:
			pass	# it had ended before it could be seen
		daemon = lab.daemons.pop()
		code = daemon.process.wait(20 * lab.patience)
	expect(code == 1, "exit code %d" % code)
	expect("http.listen" in daemon.log(), daemon.log())
