"""The log: as JSON, of hostile mail, and what explain finds in it."""

import json
import os
import re
import signal
import subprocess
import unicodedata

from lab import queue_id, render, wait_until
from mail import compose
from scenario import expect, expect_reply, scenario
from scenarios.tool import run_tool
from zone import HONEST_CLIENT, OTHER_CLIENT

ANN = "ann@honest.example"

VERDICTS = ("accept", "hold", "redirect", "reject", "tempfail")

# What would add a key, a line, a colour, or turn the text around.
HOSTILE = (
    'x verdict=accept', 'x" verdict="accept', 'x","verdict":"accept',
    'x\\","verdict":"accept', "x\\", "x\\u0022,\\u0022verdict\\u0022:1",
    "}{", "x\u2028{\"verdict\":\"accept\"}", "x\u2029\u0085\u202e\ufeff",
    "x\x1b[2J\x1b]0;y\x07", "\x7f\x01\x02", "{\"time\":\"", "session=1-1",
    "\udcff\udcfe\udcc3", "x\udcc0\udc8a", "\U000e0041\ufffe", "\u0645\u00e4",
)


def log_lines(assayd, start=0):
	"""What the daemon has written, as it is."""
	with open(assayd.log_path, "rb") as stream:
		stream.seek(start)
		return stream.read().decode("utf-8").split("\n")[:-1]


def expect_presentable(text, where):
	for char in text:
		expect(unicodedata.category(char) not in
		    ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"),
		    "U+%04X in %s" % (ord(char), where))


def expect_presentable_values(value, where):
	if isinstance(value, str):
		expect_presentable(value, where)
	elif isinstance(value, list):
		for inner in value:
			expect_presentable_values(inner, where)
	elif isinstance(value, dict):
		for inner in value.values():
			expect_presentable_values(inner, where)


def refuse_twice(pairs):
	keys = [key for key, _ in pairs]
	expect(len(keys) == len(set(keys)), "a key twice: %s" % keys)
	return dict(pairs)


def read_json(line):
	expect_presentable(line, line)
	entry = json.loads(line, object_pairs_hook=refuse_twice)
	expect_presentable_values(entry, line)
	expect(re.fullmatch(
	    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"]), line)
	expect(entry["level"] in ("error", "warning", "info", "debug"), line)
	expect(("message" in entry) != ("session" in entry), line)
	return entry


def messages(lines):
	return [entry for entry in map(read_json, lines)
	    if "session" in entry]


def send_hostile(lab, assayd, text):
	"""One message with TEXT wherever a sender can put it; its reply."""
	with lab.smtp(assayd, OTHER_CLIENT) as session:
		session.command("HELO " + text)
		quoted = text.replace("\\", "\\\\").replace('"', '\\"')
		reply = session.start('"%s"@nospf.example' % quoted,
		    options=" SMTPUTF8" if not quoted.isascii() else "")
		if reply.code == "354":
			octets = quoted.encode("utf-8", "surrogateescape")
			reply = session.finish(compose(None,
			    b'From: "%s"@nodmarc.example' % octets,
			    b"DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=%s;"
			    b" h=from; bh=x; b=y" % (octets, octets)))
		return reply


@scenario("each line of a JSON log is an object, whatever senders do")
def hostile_json(lab):
	assayd = lab.assayd(log={"format": "json", "level": "debug"})
	n_judged = 0
	for text in HOSTILE:
		for filling in (text, (text * 200)[:400]):
			reply = send_hostile(lab, assayd, filling)
			n_judged += "queued" in reply.text
	found = messages(log_lines(assayd))
	ids = [entry["id"] for entry in found]
	expect(len(ids) == len(set(ids)), "an id twice: %s" % ids)
	expect(all(entry["id"].startswith(entry["session"] + ".")
	    for entry in found), "an id of another session")
	verdicts = [entry["verdict"] for entry in found
	    if "verdict" in entry]
	expect(set(verdicts) <= set(VERDICTS), "verdicts: %s" % verdicts)
	expect(len(verdicts) >= n_judged > len(HOSTILE),
	    "%d verdicts, %d queued" % (len(verdicts), n_judged))


@scenario("a JSON line has numbers, booleans and lists")
def typed_json(lab):
	assayd = lab.assayd(log={"format": "json"})
	message = lab.keys.sign(lab.keys.sign(compose(ANN), "honest.example"),
	    "nodmarc.example")
	reply = lab.send(assayd, message, ANN)
	expect_reply(reply, "250")
	entry = messages(log_lines(assayd))[-1]
	expect(entry["queue"] == queue_id(reply), entry)
	expect(entry["client"] == HONEST_CLIENT and entry["rcpts"] == 1,
	    entry)
	expect(entry["spf_aligned"] is True and
	    entry["dkim_aligned"] is True, entry)
	expect([each["domain"] for each in entry["dkim"]] ==
	    ["nodmarc.example", "honest.example"], entry)
	expect([each["result"] for each in entry["dkim"]] == ["pass"] * 2,
	    entry)
	expect(entry["dmarc"] == "pass" and entry["verdict"] == "accept",
	    entry)


def explain(lab, path, word, code=0):
	return run_tool(lab, "explain", "--log", path, word, code=code)


def with_prefix(lab, name, lines):
	"""As syslog and journalctl(1) show them."""
	path = lab.path(name)
	with open(path, "w") as stream:
		for line in lines:
			stream.write("Nov 22 02:15:18 mx assayd[4711]: " +
			    line + "\n")
	return path


def find_id(pattern, assayd):
	found = re.findall(pattern, assayd.log())
	expect(found, "no %s in the log" % pattern)
	return found[-1]


@scenario("explain knows each message of a session by its id")
def explained(lab):
	for log_format in "text", "json":
		assayd = lab.assayd(log={"format": log_format},
		    spf={"reject": ["fail"]})
		with lab.smtp(assayd, OTHER_CLIENT) as session:
			refusal = session.start(ANN)
			expect_reply(refusal, "550 5.7.23")
			expect_reply(session.start("b@nospf.example"), "354")
			reply = session.finish(compose("b@nodmarc.example"))
			expect_reply(reply, "250")
		own = re.search(r"\(id ([0-9a-f-]+\.1)\)", refusal)
		expect(own, "no id in " + refusal)
		first, second = own.group(1), own.group(1)[:-1] + "2"
		path = with_prefix(lab, "log." + log_format,
		    log_lines(assayd))
		for log in assayd.log_path, path:
			said = explain(lab, log, first)
			expect("NOQUEUE" in said and "verdict: reject" in said
			    and "nospf" not in said, said)
			for word in second, queue_id(reply):
				said = explain(lab, log, word)
				expect("verdict: accept" in said and
				    "b@nospf.example" in said and
				    "verdict: reject" not in said, said)
			said = explain(lab, log, first[:-2])
			expect("verdict: reject" in said and
			    "verdict: accept" in said, said)
			explain(lab, log, first[:-1] + "3", code=1)


@scenario("a reload changes the log's form and level, and loses no line")
def reloaded(lab):
	assayd = lab.assayd()
	expect_reply(lab.send(assayd, compose(ANN), ANN), "250")
	size = os.path.getsize(assayd.log_path)
	with open(assayd.conf_path, "w") as stream:
		stream.write(render(dict(assayd.settings,
		    log={"format": "json", "level": "debug"})))
	assayd.process.send_signal(signal.SIGHUP)
	wait_until(lambda: "reload" in assayd.log(size), 20 * lab.patience,
	    "the reload")
	wait_until(lambda: log_lines(assayd)[-1].startswith("{"),
	    20 * lab.patience, "a line of JSON")
	size = os.path.getsize(assayd.log_path)
	expect_reply(lab.send(assayd, compose(ANN), ANN), "250")
	found = messages(log_lines(assayd, size))
	expect([entry["verdict"] for entry in found
	    if "verdict" in entry] == ["accept"], found)


@scenario("what the log would be lost in is refused at start")
def lost_log(lab):
	assayd = lab.assayd_for_all()
	path = lab.path("lost.conf")
	settings = dict(assayd.settings, log={"target": "stderr"},
	    milter={"socket": "unix:" + lab.path("lost.sock")})
	with open(path, "w") as stream:
		stream.write(render(settings))
	done = subprocess.run(lab.assayd_command + ["-c", path],
	    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	    stderr=subprocess.STDOUT, text=True, timeout=60 * lab.patience)
	expect(done.returncode == 1 and "log.target" in done.stdout and
	    "-f" in done.stdout, "%d %s" % (done.returncode, done.stdout))
