"""The assay tool: saved messages, a domain seen from outside, an SMTP
dialogue."""

import http.server
import json
import os
import re
import pwd
import ssl
import subprocess
import threading
import time

from lab import SANITIZER_OPTIONS, wait_until
from mail import Results, compose, get_fields, unfold
from reporting import clock_moved_by
from scenario import expect, expect_accepted, scenario
from zone import HONEST_CLIENT, OTHER_CLIENT

YEAR_S = 365 * 86400

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.good.example\r\n" \
    b"max_age: 864000\r\n"


def run_tool(lab, *words, code=0, user=None, **environment):
	"""What assay says on stdout, to us or to another user."""
	done = subprocess.run(lab.assay_command + list(words),
	    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	    stderr=subprocess.PIPE, text=True, timeout=120 * lab.patience,
	    user=user, extra_groups=[] if user else None,
	    env=dict(os.environ, **dict(SANITIZER_OPTIONS, **environment)))
	expect(done.returncode == code, "assay %s: exit status %d, not %d: %s"
	    % (words[0], done.returncode, code, done.stdout + done.stderr))
	return done.stdout


def make_directory(lab, name):
	path = lab.path("tool-" + name)
	os.mkdir(path)
	os.chmod(path, 0o755)
	return path


def save(lab, name, octets):
	path = os.path.join(make_directory(lab, name), "message.eml")
	with open(path, "wb") as stream:
		stream.write(octets)
	return path


# ---- verify -----------------------------------------------------------------

@scenario("verify says of a delivered message what assayd said of it")
def verify_delivered(lab):
	assayd = lab.assayd_for_all()
	for name, client, domain, code in (
	    ("pass", HONEST_CLIENT, "honest.example", 0),
	    ("fail", OTHER_CLIENT, "monitored.example", 0)):
		message = lab.keys.sign(compose("ann@" + domain), domain)
		if name == "fail":
			message += b"More.\r\n"
		reply = lab.send(assayd, message, "ann@" + domain, client)
		results = expect_accepted(lab, reply)
		path = save(lab, name, lab.delivered(reply))
		found = json.loads(run_tool(lab, "verify", "--json", "-c",
		    assayd.conf_path, "--from", "<ann@%s>" % domain, path,
		    code=code))
		expect(found["origin"]["client"] == client and
		    found["origin"]["client_from"] == "field" and
		    found["origin"]["helo"] == "client.example", found)
		ours = Results(found["field"])
		expect(unfold(ours.text) == unfold(results.text),
		    "%s\nis not\n%s" % (ours.text, results.text))


@scenario("verify repeats a verification with the answers that it kept")
def verify_replay(lab):
	message = lab.keys.sign(compose("ann@reject.example"),
	    "reject.example") + b"More.\r\n"
	path = save(lab, "replay", message)
	conf = lab.assayd_for_all().conf_path
	answers = path + ".json"
	words = ["--ip", OTHER_CLIENT, "--helo", "client.example", "--from",
	    "ann@reject.example"]
	# The signature of its own domain is a sign, so it is quarantined.
	first = json.loads(run_tool(lab, "verify", "--json", "-c", conf,
	    *words, "--record", answers, path, code=1))
	again = json.loads(run_tool(lab, "verify", "--json", *words,
	    "--replay", answers, path, code=1))
	expect(first["verdict"]["wanted"] == "hold" and
	    first["dkim"] == again["dkim"] and first["spf"] == again["spf"] and
	    first["dmarc"] == again["dmarc"], (first, again))
	expect(again["verdict"]["evidence"] == "signature-body", again)


@scenario("verify goes through an mbox and a Maildir")
def verify_collections(lab):
	conf = lab.assayd_for_all().conf_path
	path = make_directory(lab, "collections")
	octets = compose("ann@honest.example").replace(b"\r\n", b"\n")
	mbox = os.path.join(path, "mbox")
	with open(mbox, "wb") as stream:
		for _ in range(50):
			stream.write(b"From ann Thu Jan  1 12:00:00 2026\n" +
			    octets + b"\n")
	os.makedirs(os.path.join(path, "box", "cur"))
	for i in range(50):
		with open(os.path.join(path, "box", "cur", str(i)),
		    "wb") as stream:
			stream.write(octets)
	for what in (mbox, os.path.join(path, "box")):
		said = run_tool(lab, "verify", "-c", conf, "--ip",
		    HONEST_CLIENT, "--from", "ann@honest.example", what)
		lines = said.splitlines()
		expect(sum("dmarc=pass honest.example accept" in line
		    for line in lines) == 50, said)
		expect("50 messages: 50 accepted" in said, said)


# ---- check ------------------------------------------------------------------

class PolicyServer:
	"""HTTPS on port 443 of the lab's own address: what each host has is by
	its name."""

	def __init__(self, lab, certificate, key):
		self.is_stopped = threading.Event()
		outer = self

		class Handler(http.server.BaseHTTPRequestHandler):
			def log_message(self, *_):
				pass

			def do_GET(self):
				outer.answer(self, self.headers["Host"])

		self.server = http.server.ThreadingHTTPServer(
		    (lab.host, 443), Handler)
		self.server.daemon_threads = True
		self.server.block_on_close = False
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain(certificate, key)
		self.server.socket = context.wrap_socket(self.server.socket,
		    server_side=True, do_handshake_on_connect=False)
		self.server.handle_error = lambda *_: None
		self.thread = threading.Thread(target=self.server.serve_forever)
		self.thread.start()

	def answer(self, handler, host):
		kind = host.split(".")[1]
		if kind == "slow":
			self.is_stopped.wait()
			return
		if kind == "redirect":
			handler.send_response(302)
			handler.send_header("Location",
			    "https://mta-sts.good.example/.well-known/"
			    "mta-sts.txt")
			handler.end_headers()
			return
		handler.send_response(200)
		try:
			handler.flush_headers()
			while kind == "fields":
				handler.wfile.write(b"X: " + b"x" * 60000 +
				    b"\r\n")
		except OSError:
			return
		handler.send_header("Content-Type", "text/html"
		    if kind == "html" else "text/plain")
		handler.end_headers()
		if kind != "huge":
			handler.wfile.write(POLICY)
		try:
			while kind == "huge":
				handler.wfile.write(b"x" * 65536)
		except OSError:
			pass	# it has had enough

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.is_stopped.set()
		self.server.shutdown()
		self.thread.join()
		self.server.server_close()


def make_certificate(path, name, hosts, **environment):
	"""Self-signed, for 30 days: its own authority.  (certificate, key)"""
	certificate, key = (os.path.join(path, name + end)
	    for end in (".pem", ".key"))
	subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048",
	    "-nodes", "-keyout", key, "-out", certificate,
	    "-subj", "/CN=test", "-addext", "subjectAltName=" +
	    ",".join("DNS:" + host for host in hosts)], check=True,
	    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
	    env=dict(os.environ, **environment))
	return certificate, key


def make_zone_conf(lab, path, zone):
	conf = os.path.join(path, "assayd.conf")
	with open(os.path.join(path, "zone"), "w") as stream:
		stream.write(zone)
	with open(conf, "w") as stream:
		stream.write('mode = "enforce";\nresolver: { zone_file = '
		    '"%s"; };\n' % os.path.join(path, "zone"))
	return conf


def ids(said):
	return {finding["id"]: finding["severity"]
	    for finding in json.loads(said)[0]["findings"]}


@scenario("check tells of a domain through real DNS")
def check_domain(lab):
	conf = lab.assayd_for_all().conf_path
	said = ids(run_tool(lab, "check", "-c", conf, "--json", "--selector",
	    "rsa", "--as-sender", HONEST_CLIENT, "honest.example", code=1))
	expect(said["dkim-key"] == said["dmarc-policy"] == said["sender"] ==
	    said["spf-lookups"] == "ok", said)
	said = ids(run_tool(lab, "check", "-c", conf, "--json",
	    "absent.invalid", code=2))
	expect(said == {"domain-absent": "critical"}, said)


@scenario("check fetches an MTA-STS policy as RFC 8461 demands")
def check_policy(lab):
	path = make_directory(lab, "policy")
	names = ["good", "other", "redirect", "html", "huge", "fields"]
	certificate, key = make_certificate(path, "server",
	    ["mta-sts.%s.example" % name for name in names])
	conf = make_zone_conf(lab, path, "".join(
	    "{0}.example. MX 10 mx.{0}.example.\n"
	    "mx.{0}.example. A 192.0.2.1\n"
	    "_mta-sts.{0}.example. TXT \"v=STSv1; id=1\"\n"
	    "mta-sts.{0}.example. A {1}\n".format(name, lab.host)
	    for name in names + ["wrong"]) + "_mta-sts.closed.example. TXT "
	    "\"v=STSv1; id=1\"\nmta-sts.closed.example. A 127.0.0.2\n"
	    "closed.example. A 192.0.2.1\n")
	with PolicyServer(lab, certificate, key):
		for name, word in (("good", None),
		    ("other", "does not allow the MX mx.other.example"),
		    ("redirect", "redirects"), ("html", "no text/plain"),
		    ("huge", "over 64 KB"), ("fields", "over 64 KB"),
		    ("wrong", "certificate"),
		    ("closed", "")):
			said = run_tool(lab, "check", "-c", conf, "--json",
			    name + ".example", code=2,
			    SSL_CERT_FILE=certificate)
			found = {finding["id"]: finding["text"] for finding in
			    json.loads(said)[0]["findings"]
			    if finding["matter"] == "mta-sts"}
			if word is None:
				expect({"mta-sts-mode", "mta-sts-mx"} <=
				    found.keys(), found)
			else:
				expect(any(word in found.get(id, "")
				    for id in ("mta-sts-fetch",
				    "mta-sts-mx-missing")), found)
		# Without the authority in the system's store nobody trusts it.
		said = ids(run_tool(lab, "check", "-c", conf, "--json",
		    "good.example", code=2, SSL_CERT_FILE="/dev/null"))
		expect(said["mta-sts-fetch"] == "critical", said)


@scenario("check does not trust a certificate that has expired")
def check_expired(lab):
	path = make_directory(lab, "expired")
	certificate, key = make_certificate(path, "server",
	    ["mta-sts.good.example"], **clock_moved_by(lab, -YEAR_S))
	conf = make_zone_conf(lab, path, "good.example. A 192.0.2.1\n"
	    "_mta-sts.good.example. TXT \"v=STSv1; id=1\"\n"
	    "mta-sts.good.example. A %s\n" % lab.host)
	with PolicyServer(lab, certificate, key):
		said = run_tool(lab, "check", "-c", conf, "--json",
		    "good.example", code=2, SSL_CERT_FILE=certificate)
	expect("certificate" in said and "mta-sts-fetch" in ids(said), said)


@scenario("check gives up on a web server that never answers", is_slow=True)
def check_slow_policy(lab):
	path = make_directory(lab, "slow")
	certificate, key = make_certificate(path, "server",
	    ["mta-sts.slow.example"])
	conf = make_zone_conf(lab, path, "slow.example. A 192.0.2.1\n"
	    "_mta-sts.slow.example. TXT \"v=STSv1; id=1\"\n"
	    "mta-sts.slow.example. A %s\n" % lab.host)
	with PolicyServer(lab, certificate, key):
		start = time.monotonic()
		said = ids(run_tool(lab, "check", "-c", conf, "--json",
		    "slow.example", code=2, SSL_CERT_FILE=certificate))
		took = time.monotonic() - start
	expect("mta-sts-fetch" in said and took < 80, (said, took))


# ---- an SMTP server's TLS ---------------------------------------------------

class TlsPostfix:
	"""A Postfix of its own with STARTTLS, on ports 25 and 26 of the lab's
	address."""

	def __init__(self, lab, path, certificate, key):
		self.lab, self.path = lab, os.path.join(path, "postfix")
		lab.run_tool("private-postfix", "start", self.path, "",
		    lab.host + ":25", "smtpd_tls_cert_file=" + certificate,
		    "smtpd_tls_key_file=" + key,
		    "smtpd_tls_security_level=may",
		    "tlsmgr/unix=tlsmgr unix - - n 1000? 1 tlsmgr")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.lab.run_tool("private-postfix", "stop", self.path)


@scenario("check --connect and test-send --tls look at a server's certificate")
def connect(lab):
	path = make_directory(lab, "connect")
	certificate, key = make_certificate(path, "mx", ["mx.good.example"])
	conf = make_zone_conf(lab, path, "good.example. MX 10 mx.good.example."
	    "\nmx.good.example. A {0}\nwrong.example. MX 5 mx.wrong.example.\n"
	    "mx.wrong.example. A {0}\nclosed.example. MX 5 mx.closed.example."
	    "\nmx.closed.example. A 127.0.0.2\n".format(lab.host))
	with TlsPostfix(lab, path, certificate, key):
		for name, id in (("good", "mx-tls"),
		    ("wrong", "mx-certificate"), ("closed", "mx-connect")):
			said = ids(run_tool(lab, "check", "-c", conf, "--json",
			    "--connect", name + ".example", code=2,
			    SSL_CERT_FILE=certificate))
			expect(id in said, (name, said))
		message = save(lab, "tls", compose("ann@honest.example"))
		said = run_tool(lab, "test-send", "-c", conf, "--tls",
		    "--from", "ann@honest.example", "--message", message,
		    "user@good.example", SSL_CERT_FILE=certificate)
		expect("it holds, for this name" in said and
		    "queued as" in said, said)
		said = run_tool(lab, "test-send", "-c", conf, "--tls",
		    "user@wrong.example", SSL_CERT_FILE=certificate)
		expect("it does not hold" in said and "QUIT" in said, said)


@scenario("test-send shows a refusal in words, and ends with 1")
def refused(lab):
	assayd = lab.assayd_for_all()
	server = "%s:%d" % assayd.smtp_server
	message = save(lab, "refused", compose("ceo@reject.example"))
	# From loopback, which assayd trusts; without From it is refused by
	# nobody, so the server itself has to: by a command it does not know.
	said = run_tool(lab, "test-send", "--server", server, "--from",
	    "a b@c d", "user@example.org", code=1)
	expect("< 501 5.1.7" in said and "not well formed" in said, said)
	said = run_tool(lab, "test-send", "--server", server, "--from",
	    "ann@honest.example", "--message", message, "user@example.org")
	expect("> DATA" in said and "queued as" in said, said)
	run_tool(lab, "test-send", "--server", lab.host + ":1",
	    "user@example.org", code=69)


# ---- doctor -----------------------------------------------------------------

DOCTOR_FAULTS = (
    ("no milter", {"smtpd_milters": "inet:127.0.0.1:1"}, {},
	"postfix-no-milter", 2),
    ("behind another", {"smtpd_milters": "inet:127.0.0.1:1, MILTER"}, {},
	"postfix-order", 1),
    ("local mail", {"non_smtpd_milters": "MILTER"}, {}, "postfix-non-smtpd",
	None),
    ("let in while it is away", {"milter_default_action": "accept"}, {},
	"postfix-default", 1),
    ("too little time", {"milter_content_timeout": "10s"}, {},
	"postfix-timeout", 2),
    ("bounces", {"internal_mail_filter_classes": "bounce"}, {},
	"postfix-internal", 1),
    ("a proxy filter", {"smtpd_proxy_filter": "127.0.0.1:10025"}, {},
	"postfix-proxy-filter", 2),
    ("re-injection", {}, {"127.0.0.1:10026/inet": "127.0.0.1:10026 inet n -"
	" n - 10 smtpd -o content_filter="}, "postfix-reinjection", 1),
    ("no re-injection", {}, {"127.0.0.1:10026/inet": "127.0.0.1:10026 inet"
	" n - n - 10 smtpd -o content_filter= -o"
	" receive_override_options=no_milters"}, None, None),
    ("submission", {}, {"submission/inet": "submission inet n - n - 10"
	" smtpd"}, "postfix-submission", 1),
    ("its own list", {}, {"submission/inet": "submission inet n - n - 10"
	" smtpd -o smtpd_milters="}, None, None),
)


def write_postfix(path, settings, services, milter):
	"""A configuration that postconf can read."""
	os.mkdir(path)
	with open(os.path.join(path, "main.cf"), "w") as stream:
		for name, value in dict({"compatibility_level": "3.6",
		    "smtpd_milters": "MILTER",
		    "internal_mail_filter_classes": "",
		    "milter_default_action": "tempfail"}, **settings).items():
			stream.write("%s = %s\n" % (name,
			    value.replace("MILTER", milter)))
	with open(os.path.join(path, "master.cf"), "w") as stream:
		stream.write("smtp inet n - n - 10 smtpd\n" +
		    "".join(line + "\n" for line in services.values()))


@scenario("doctor finds what breaks milters", is_heavy=True)
def doctor(lab):
	assayd = lab.assayd("inet", trusted={"authenticated": False})
	host, port = assayd.connect().getpeername()
	milter = "inet:%s:%d" % (host, port)
	base = make_directory(lab, "doctor")

	def examine(name, settings, services):
		path = os.path.join(base, name.replace(" ", "-"))
		write_postfix(path, settings, services, milter)
		done = subprocess.run(lab.assay_command + ["doctor", "-c",
		    assayd.conf_path, "--json", "--postfix", path],
		    stdout=subprocess.PIPE, text=True,
		    env=dict(os.environ, **SANITIZER_OPTIONS))
		return done.returncode, {finding["id"]: finding["severity"]
		    for finding in json.loads(done.stdout)["findings"]}

	code, healthy = examine("healthy", {}, {})
	expect(healthy["milter"] == healthy["postfix-milter"] ==
	    healthy["dns"] == "ok" and code == 0, (code, healthy))
	for name, settings, services, id, wanted in DOCTOR_FAULTS:
		code, found = examine(name, settings, services)
		if id is None:
			expect(found == healthy, (name, found))
		else:
			expect(id in found and code == (wanted or 0),
			    (name, code, found))


@scenario("doctor tells when nobody answers on the milter's socket")
def doctor_without_daemon(lab):
	path = make_directory(lab, "absent")
	conf = os.path.join(path, "assayd.conf")
	with open(conf, "w") as stream:
		stream.write('mode = "enforce";\nmilter: { socket = "unix:%s";'
		    ' };\nresolver: { servers = ["%s"]; };\n' %
		    (os.path.join(path, "sock"), lab.relay.address))
	said = run_tool(lab, "doctor", "-c", conf, "--postfix", path, code=2)
	expect("nobody answers there" in said and "no Postfix" in said, said)


@scenario("doctor finds a store that root has made for itself")
def doctor_store(lab):
	path = make_directory(lab, "owner")
	store = os.path.join(path, "assay.db")
	conf = os.path.join(path, "assayd.conf")
	with open(conf, "w") as stream:
		stream.write('mode = "enforce";\nmilter: { socket = "unix:%s";'
		    ' };\nresolver: { servers = ["%s"]; };\nuser = "nobody";\n'
		    'store = "sqlite:%s";\n' % (os.path.join(path, "sock"),
		    lab.relay.address, store))
	words = ("doctor", "-c", conf, "--postfix", path)
	said = run_tool(lab, *words, code=2)
	expect("there is no %s yet" % store in said and
	    "%s is not nobody's" % path in said, said)
	expect(not os.path.exists(store), "doctor has made a store")
	run_tool(lab, "report", "status", "-c", conf)	# by root
	expect("assay.db is not nobody's" in run_tool(lab, *words, code=2),
	    "root's")
	os.chown(store, pwd.getpwnam("nobody").pw_uid, -1)
	expect("is not nobody's" not in run_tool(lab, *words, code=2),
	    "nobody's")
	os.chmod(store, 0o600)
	said = run_tool(lab, *words, code=2, user="daemon")
	expect("%s is not ours to look at" % store in said, said)


@scenario("doctor looks at the Postfix that is there")
def doctor_real(lab):
	assayd = lab.assayd_for_all()
	said = run_tool(lab, "doctor", "-c", assayd.conf_path, "--postfix",
	    lab.path("postfix", "etc"), code=2)
	expect("a probe came through" in said and "Postfix 3." in said and
	    "smtpd_milters does not name" in said, said)


# ---- stats, shadow ----------------------------------------------------------

@scenario("stats and shadow sum up what came in")
def stats(lab):
	path = make_directory(lab, "stats")
	os.chmod(path, 0o777)	# the daemon's user makes the store there
	assayd = lab.assayd(store="sqlite:" + os.path.join(path, "assay.db"),
	    rules=[{"name": "watch", "match": {"author_domain":
		["honest.example"]}, "when": "always", "action": "reject",
		"why": "only to see", "shadow": True}])
	for _ in range(3):
		expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example"))
	reply = lab.send(assayd, compose("ceo@reject.example"),
	    "spam@nodmarc.example", OTHER_CLIENT)
	expect(reply.startswith("550"), reply)

	def sums(*words):
		return {row["key"]: row for row in json.loads(run_tool(lab,
		    "stats", "-c", assayd.conf_path, "--json", *words))}

	wait_until(lambda: sum(row["messages"] for row in sums().values()) == 4,
	    10 * lab.patience, "four messages in the store")
	domains = sums("--by", "domain")
	expect(domains["honest.example"]["dmarc_pass"] == 3 and
	    domains["reject.example"]["rejected"] == 1, domains)
	sources = sums("--by", "source")
	expect(sources["192.0.2.0/24"]["messages"] == 3 and
	    sources["198.51.100.0/24"]["messages"] == 1, sources)
	said = run_tool(lab, "stats", "-c", assayd.conf_path, "--by", "action")
	expect("accept" in said and "MESSAGES" in said and "\033" not in said,
	    said)
	expect(max(map(len, said.splitlines())) <= 80, said)
	said = run_tool(lab, "stats", "-c", assayd.conf_path, "--from",
	    "2020-01-01", "--to", "2020-01-02")
	expect(said == "nothing in these days\n", said)
	said = run_tool(lab, "stats", "-c", assayd.conf_path, "--csv", "--by",
	    "result")
	expect('"pass",3,3,0,' in said, said)
	shadows = json.loads(run_tool(lab, "shadow", "-c", assayd.conf_path,
	    "--json"))
	expect(len(shadows) == 1 and shadows[0]["rule"] == "watch" and
	    shadows[0]["wanted"] == "reject" and
	    shadows[0]["messages"] == 3, shadows)
	said = run_tool(lab, "shadow", "-c", assayd.conf_path)
	expect("watch wants reject" in said and "3 messages in all" in said,
	    said)
	run_tool(lab, "stats", "-c", assayd.conf_path, "--by", "weather",
	    code=64)
	run_tool(lab, "stats", "-c", lab.assayd_for_all().conf_path, code=78)


# ---- explain ----------------------------------------------------------------

@scenario("explain tells the story of a refusal, by message, reply and log")
def explain(lab):
	assayd = lab.assayd_for_all()
	message = lab.keys.sign(compose("ceo@reject.example"),
	    "nodmarc.example")
	reply = lab.send(assayd, message, "spam@nodmarc.example", OTHER_CLIENT)
	expect(reply.startswith("550 5.7.1"), reply)
	path = save(lab, "explain", message)
	said = run_tool(lab, "explain", "-c", assayd.conf_path, "--ip",
	    OTHER_CLIENT, "--helo", "client.example", "--from",
	    "spam@nodmarc.example", path)
	for words in ("term: -all -> match", "body hash: claimed",
	    "header hash: verifies", "_dmarc.reject.example -> record",
	    "not aligned", "verdict: reject", "what would make it pass"):
		expect(words in said, "no %r in %s" % (words, said))
	tree = json.loads(run_tool(lab, "explain", "-c", assayd.conf_path,
	    "--json", "--ip", OTHER_CLIENT, "--from",
	    "spam@nodmarc.example", path))
	expect(tree, "no JSON")
	said = run_tool(lab, "explain", str(reply))
	expect("reject.example" in said, said)
	found = re.search(r"\(id (\w+)\)", reply)
	expect(found is not None, reply)
	said = run_tool(lab, "explain", "--log", assayd.log_path,
	    found.group(1))
	expect("reject.example" in said and OTHER_CLIENT in said, said)
