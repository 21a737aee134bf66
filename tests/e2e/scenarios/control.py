"""The control socket: what assay and other programs ask of a running daemon,
and what those do who mean harm."""

import base64
import json
import os
import re
import socket
import subprocess
import threading

import mail
from lab import SANITIZER_OPTIONS, wait_until
from mail import compose
from relay import SERVFAIL
from scenario import expect, expect_accepted, expect_reply, scenario
from scenarios.dns import Faults
from zone import HONEST_CLIENT, OTHER_CLIENT

N_HALF_LINES = 50
ANSWER_S = 30


def start(lab, **settings):
	"""A daemon with a control socket, and where that is."""
	path = lab.path("assayd", "control-%d.sock" % lab.n_started)
	settings["control"] = dict(settings.get("control", {}),
	    socket="unix:" + path)
	assayd = lab.assayd(**settings)
	# It comes behind the milter's.
	wait_until(lambda: is_served(path), 20 * lab.patience,
	    "the control socket")
	return assayd, path


def is_served(path):
	with socket.socket(socket.AF_UNIX) as sock:
		try:
			sock.connect(path)
		except OSError:
			return False
		return True


class Client:
	"""One connection, that blocks."""
	def __init__(self, lab, path):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.settimeout(ANSWER_S * lab.patience)
		self.socket.connect(path)
		self.stream = self.socket.makefile("rb")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.stream.close()
		self.socket.close()

	def send(self, octets):
		self.socket.sendall(octets)

	def receive(self):
		line = self.stream.readline()
		expect(line.endswith(b"\n"), "no answer: %r" % line)
		return json.loads(line)

	def ask(self, command, **members):
		self.send(json.dumps(dict(members, command=command)).encode() +
		    b"\n")
		return self.receive()


def ask(lab, path, command, **members):
	with Client(lab, path) as client:
		return client.ask(command, **members)


def assay(lab, *arguments, text=None):
	return subprocess.run(lab.assay_command + list(arguments),
	    input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
	    timeout=60 * lab.patience,
	    env=dict(os.environ, **SANITIZER_OPTIONS))


def send_mail(lab, assayd, n):
	for _ in range(n):
		expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example"))


@scenario("control socket: status counts the mail that flows")
def status(lab):
	assayd, path = start(lab)
	with Client(lab, path) as client:
		before = client.ask("status")
		expect(before["mode"] == "enforce", before)
		expect(before["mail"]["messages"] == 0, before["mail"])
		with lab.smtp(assayd) as session:
			reply = session.start("ann@honest.example",
			    "user@example.org", "")
			expect(reply.code == "354", reply.text)
			wait_until(lambda: client.ask("status")["mail"]["open"]
			    == 1, 10, "the open message")
			session.finish(compose("ann@honest.example"))
		send_mail(lab, assayd, 2)
		expect_reply(lab.send(assayd, compose("ann@reject.example"),
		    "x@nospf.example", OTHER_CLIENT), "550 5.7.1")
		after = client.ask("status")["mail"]
		expect(after["messages"] == 4 and after["open"] == 0, after)
		expect(after["verdicts"]["accept"] == 3, after)
		expect(after["verdicts"]["reject"] == 1, after)
	done = assay(lab, "status", "-c", assayd.conf_path)
	expect(done.returncode == 0, "exit code %d: %s" %
	    (done.returncode, done.stderr))
	expect(b"accept 3, reject 1" in done.stdout, done.stdout)
	expect(b"\x1b" not in done.stdout, "colour into a pipe")
	assayd.terminate()


@scenario("control socket: a good reload changes what comes, a bad one nothing")
def reload(lab):
	assayd, path = start(lab)
	text = open(assayd.conf_path).read()
	with open(assayd.conf_path, "w") as stream:
		stream.write(text.replace('"enforce"', '"monitor"'))
	done = assay(lab, "reload", "--socket", "unix:" + path)
	expect(done.returncode == 0 and b"mode: enforce -> monitor" in
	    done.stdout, "%s%s" % (done.stdout, done.stderr))
	expect_accepted(lab, lab.send(assayd, compose("ann@reject.example"),
	    "x@nospf.example", OTHER_CLIENT))
	with open(assayd.conf_path, "a") as stream:
		stream.write("log: { level = 7; };\nnonsense = 1;\n")
	answer = ask(lab, path, "reload")
	expect(answer["reloaded"] is False and "error" in answer, answer)
	expect(len(answer["problems"]) == 2 and all(
	    re.match(re.escape(assayd.conf_path) + r":\d+: ", line)
	    for line in answer["problems"]), answer)
	done = assay(lab, "reload", "--socket", "unix:" + path)
	expect(done.returncode == 1 and b"nonsense" in done.stderr and
	    done.stdout == b"", "%d %s%s" % (done.returncode, done.stdout,
	    done.stderr))
	after = ask(lab, path, "status")
	expect(after["mode"] == "monitor" and after["reloads"] == 1 and
	    after["failed_reloads"] == 2, after)
	assayd.terminate()


@scenario("control socket: the log's level changes while it runs")
def log_level(lab):
	assayd, path = start(lab)
	done = assay(lab, "log-level", "-c", assayd.conf_path)
	expect(done.stdout == b"info\n", "%s%s" % (done.stdout, done.stderr))
	done = assay(lab, "log-level", "-c", assayd.conf_path, "error")
	expect(done.stdout == b"error\n", "%s%s" % (done.stdout, done.stderr))
	offset = len(assayd.log())
	send_mail(lab, assayd, 1)
	expect("mailfrom=" not in assayd.log(offset), assayd.log(offset))
	expect(ask(lab, path, "log-level", level="info") == {"level": "info"},
	    "not changed")
	send_mail(lab, assayd, 1)
	expect("mailfrom=" in assayd.log(offset), assayd.log(offset))
	expect(re.search(r"log level is error from now on, uid=0 pid=\d+",
	    assayd.log()), assayd.log())
	done = assay(lab, "log-level", "-c", assayd.conf_path, "loud")
	expect(done.returncode == 64 and b"must be" in done.stderr,
	    "%d %s" % (done.returncode, done.stderr))
	assayd.terminate()


@scenario("assay status: not running, not permitted")
def no_answer(lab):
	path = lab.path("assayd", "nobody.sock")
	done = assay(lab, "status", "--socket", "unix:" + path)
	expect(done.returncode == 69 and b"does not run" in done.stderr,
	    "%d %s" % (done.returncode, done.stderr))
	with socket.socket(socket.AF_UNIX) as sock:
		sock.bind(path)
	done = assay(lab, "status", "--socket", "unix:" + path)
	expect(done.returncode == 69 and b"does not run" in done.stderr,
	    "%d %s" % (done.returncode, done.stderr))
	os.unlink(path)
	assayd, path = start(lab, control={"socket_mode": "0660",
	    "socket_group": "mail"})
	expect(os.stat(path).st_mode & 0o777 == 0o660, os.stat(path))
	done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534",
	    "--clear-groups", *lab.assay_command, "status", "--socket",
	    "unix:" + path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
	    env=dict(os.environ, **SANITIZER_OPTIONS))
	if b"setpriv" not in done.stderr and b"Permission denied" not in \
	    done.stderr:	# the program itself may be out of reach
		expect(done.returncode == 77 and b'group "mail"' in
		    done.stderr, "%d %s" % (done.returncode, done.stderr))
	assayd.terminate()


# ---- messages --------------------------------------------------------------

def messages(lab):
	"""A name, the message, its sender and client, by every verdict."""
	keys = lab.keys
	honest = compose("ann@honest.example")
	forged = "Authentication-Results: mx.example.org; dmarc=pass"
	signed = keys.sign(compose("ann@reject.example"), "reject.example")
	return [
	    ("honest", honest, "ann@honest.example", HONEST_CLIENT),
	    ("signed", signed, "x@nospf.example", OTHER_CLIENT),
	    ("changed", signed.replace(b"Hello", b"Hallo"),
		"x@nospf.example", OTHER_CLIENT),
	    ("forged", compose("ann@reject.example"), "x@nospf.example",
		OTHER_CLIENT),
	    ("quarantined", compose("ann@quarantine.example"),
		"x@nospf.example", OTHER_CLIENT),
	    ("forged field", compose("ann@honest.example", forged,
		"Authentication-Results: mx.example.net; spf=pass", forged),
		"ann@honest.example", HONEST_CLIENT),
	    ("no author", compose("ann@honest.example").replace(b"From:",
		b"X-From:"), "ann@honest.example", HONEST_CLIENT),
	    ("bounce", compose("ann@honest.example"), "", HONEST_CLIENT),
	    ("raw octets", compose("ann@honest.example",
		body=b"d\xe9j\xe0 vu\r\n"), "ann@honest.example",
		HONEST_CLIENT),
	    ("no DNS", compose("ann@servfail.example"), "x@nospf.example",
		OTHER_CLIENT),
	]


def verify(lab, path, message, sender, client):
	return ask(lab, path, "verify", client=client, helo="client.example",
	    mail_from="<%s>" % sender, rcpt_to=["<user@example.org>"],
	    listener="smtpd",
	    message_base64=base64.b64encode(message).decode())


def unfold(value):
	return re.sub(r"\s+", " ", value).strip()


def compare(lab, name, answer, reply):
	"""The MTA's last reply, and what the socket says of the same."""
	if answer["action"] in ("reject", "tempfail"):
		said = answer["reply"]
		start = "%s %s %s" % (said["code"], said["enhanced"],
		    said["text"])
		# The end of a text has the message's id.
		expect(reply.text.startswith(start.partition(" (id ")[0]),
		    "%s: %s, but SMTP: %s" % (name, start, reply.text))
		return
	expect_reply(reply, "250")
	is_held = lab.held(reply)
	expect(is_held == (answer["action"] == "hold"),
	    "%s: %s, held: %s" % (name, answer["action"], is_held))
	got = lab.held_message(reply) if is_held else lab.delivered(reply)
	field = mail.split_fields(got)[0]
	expect(unfold(field[1]) == unfold(answer["field"]["value"]),
	    "%s: %s, but the message has %s" % (name,
	    answer["field"]["value"], field[1]))
	values = mail.get_fields(got, "Authentication-Results")
	expect(all("dmarc=pass" not in value or value == values[0]
	    for value in values), "%s: %s" % (name, values))


def compare_all(lab, assayd, path):
	actions = set()
	for name, message, sender, client in messages(lab):
		reply = lab.send(assayd, message, sender, client)
		answer = verify(lab, path, message, sender, client)
		expect("error" not in answer, "%s: %s" % (name, answer))
		compare(lab, name, answer, reply)
		actions.add(answer["action"])
		if name == "forged field":
			expect([field["index"] for field in
			    answer["remove_fields"]] == [3, 1], answer)
	return actions


@scenario("control socket: a message is judged as the milter judges it")
def same_verdict(lab):
	assayd, path = start(lab)
	with Faults(lab, SERVFAIL, "_dmarc.servfail.example"):
		actions = compare_all(lab, assayd, path)
	expect(actions == {"accept", "hold", "reject", "tempfail"}, actions)
	expect(re.search(r"session=\S+ id=\S+ queue=NOQUEUE daemon=smtpd",
	    assayd.log()), "it is not in the log")
	assayd.terminate()


@scenario("assay judge: a message from a file, its client from its fields")
def judge(lab):
	assayd, _path = start(lab)
	received = "Received: from mail.honest.example (mail.honest.example" \
	    " [%s])\r\n\tby mx.example.org (Postfix) with ESMTP id 4ABC;" \
	    "\r\n\tThu, 01 Jan 2026 12:00:00 +0000"
	text = compose("ann@honest.example", "Return-Path:"
	    " <ann@honest.example>", received % HONEST_CLIENT)
	done = assay(lab, "judge", "-c", assayd.conf_path, text=text)
	expect(done.returncode == 0 and b"accept" in done.stdout and
	    b"dmarc=pass" in done.stdout, "%d %s%s" % (done.returncode,
	    done.stdout, done.stderr))
	done = assay(lab, "judge", "-c", assayd.conf_path, "--ip",
	    OTHER_CLIENT, "--from", "x@nospf.example", "--json",
	    text=compose("ann@reject.example"))
	expect(done.returncode == 1, done.returncode)
	answer = json.loads(done.stdout)
	expect(answer["action"] == "reject" and
	    answer["results"]["dmarc"]["result"] == "fail", answer)
	# What is not ASCII might be what a terminal obeys.
	done = assay(lab, "judge", "-c", assayd.conf_path, "--ip",
	    HONEST_CLIENT, "--from", "\u00fc@honest.example", "--smtputf8",
	    "--json", text=compose("ann@honest.example"))
	expect("\u00fc@honest.example" in json.loads(done.stdout)["field"]
	    ["value"] and done.stdout.isascii(), done.stdout)
	done = assay(lab, "judge", "-c", assayd.conf_path,
	    text=compose("ann@honest.example"))
	expect(done.returncode == 2 and b"--ip" in done.stderr, done.stderr)
	assayd.terminate()


@scenario("control socket: with workers, one process sums up all")
def workers(lab):
	assayd, path = start(lab, milter={"workers": 2})
	send_mail(lab, assayd, 6)
	for name, message, sender, client in messages(lab)[:4]:
		answer = verify(lab, path, message, sender, client)
		expect("error" not in answer, "%s: %s" % (name, answer))
	after = ask(lab, path, "status")
	expect(after["mail"]["messages"] == 10, after["mail"])
	expect(sorted(process["takes_mail"] for process in
	    after["processes"]) == [False, True, True], after["processes"])
	text = open(assayd.conf_path).read()
	with open(assayd.conf_path, "w") as stream:
		stream.write(text.replace('"enforce"', '"monitor"'))
	answer = ask(lab, path, "reload")
	expect(answer.get("reloaded") is True, answer)
	expect_accepted(lab, lab.send(assayd, compose("ann@reject.example"),
	    "x@nospf.example", OTHER_CLIENT))
	answer = verify(lab, path, compose("ann@reject.example"),
	    "x@nospf.example", OTHER_CLIENT)
	expect(answer["action"] == "accept", answer)
	assayd.terminate()


# ---- who means harm --------------------------------------------------------

LINES = [b"", b"\0", b"GET / HTTP/1.0", b"[" * 10000, b"{" * 10000,
    b'{"command":"status","command":"reload"}', b'{"command":"verify"}',
    b'{"command":"verify","client":"192.0.2.1","helo":"\\u0000",'
    b'"mail_from":"","message":""}', b'{"command":' + b"9" * 10000 + b"}",
    b"\xff" * 1000, b'"' * 10001, b'{"command":"st\\u', b"null"]


@scenario("control socket: odd lines are answered, and the next is served")
def odd_lines(lab):
	assayd, path = start(lab)
	with Client(lab, path) as client:
		for line in LINES:
			client.send(line + b"\n")
			answer = client.receive()
			expect("error" in answer, "%r: %s" %
			    (line[:40], answer))
		expect("version" in client.ask("status"), "no status")
	assayd.terminate()


def flood(path, octets):
	"""One line that does not end."""
	block = b"x" * 65536
	with socket.socket(socket.AF_UNIX) as sock:
		sock.settimeout(60)
		sock.connect(path)
		try:
			for _ in range(octets // len(block)):
				sock.sendall(block)
		except OSError:
			pass	# cut off, as it should be


@scenario("control socket: half lines and endless ones keep nobody out")
def crowd(lab):
	assayd, path = start(lab)
	clients = [Client(lab, path) for _ in range(N_HALF_LINES)]
	threads = [threading.Thread(target=flood, args=(path, 80 << 20))
	    for _ in range(3)]
	for number, client in enumerate(clients):
		client.send(b'{"command":' if number % 2 else b"")
	for thread in threads:
		thread.start()
	send_mail(lab, assayd, 3)
	expect(ask(lab, path, "status")["mail"]["messages"] == 3, "not 3")
	for thread in threads:
		thread.join()
	send_mail(lab, assayd, 1)
	# Those that were half there go on where they were.
	clients[1].send(b'"zones"}\n')
	expect("zones" in clients[1].receive(), "no zones")
	for client in clients:
		client.__exit__()
	expect(ask(lab, path, "status")["mail"]["messages"] == 4, "not 4")
	assayd.terminate()


@scenario("control socket: messages at once, more than there are threads for")
def many_at_once(lab):
	assayd, path = start(lab)
	message = compose("ann@honest.example", body=b"x" * 78 + b"\r\n")
	answers = []

	def run():
		for _ in range(5):
			answers.append(verify(lab, path, message,
			    "ann@honest.example", HONEST_CLIENT))

	threads = [threading.Thread(target=run) for _ in range(30)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	expect(len(answers) == 150, len(answers))
	expect(all(answer["action"] == "accept" for answer in answers),
	    [answer for answer in answers if answer["action"] != "accept"][:3])
	assayd.terminate()
