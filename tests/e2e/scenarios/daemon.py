"""The daemon itself: options, signals, sockets, its end."""

import os
import re
import signal
import subprocess
import time

from lab import AUTHSERV_ID, SANITIZER_OPTIONS, wait_until
from mail import compose
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)


def run_assayd(lab, *arguments):
	return subprocess.run(lab.assayd_command + list(arguments),
	    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	    stderr=subprocess.STDOUT, text=True, timeout=60 * lab.patience,
	    env=dict(os.environ, **SANITIZER_OPTIONS))


@scenario("a UNIX socket and an inet socket")
def sockets(lab):
	for form in ("unix", "inet"):
		assayd = lab.assayd(form)
		expect(assayd.address.startswith(form), assayd.address)
		results = expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example"))
		expect_method(results, "dmarc", "pass")
		assayd.terminate()


@scenario("the authserv-id is the MTA's name where none is configured")
def mta_name(lab):
	assayd = lab.assayd(authserv_id=None)
	results = expect_accepted(lab, lab.send(assayd,
	    compose("ann@honest.example", "Authentication-Results: "
	    "mx.example.org; spf=pass"), "ann@honest.example"))
	expect(results.authserv_id == AUTHSERV_ID, results.text)
	assayd.terminate()


@scenario("assayd -V tells its version")
def version(lab):
	done = run_assayd(lab, "-V")
	expect(done.returncode == 0, done.stdout)
	expect(re.match(r"assayd? \d+\.\d+", done.stdout), done.stdout)


@scenario("assayd -t: a good file, and every problem of a bad one")
def test_config(lab):
	good = lab.assayd_for_all()
	done = run_assayd(lab, "-t", "-c", good.conf_path)
	expect(done.returncode == 0, done.stdout)

	path = lab.path("bad.conf")
	with open(path, "w") as stream:
		stream.write("\n".join((
		    'mode = "enforced";',			# 1
		    "spf: {",
		    '    reject = ["failed"];',			# 3
		    "};",
		    "dkim: { min_rsa_bits = 1; };",		# 5
		    "dmark: { };",				# 6
		    "resolver: {",
		    '    servers = ["not an address"];',	# 8
		    "    timeout_ms = \"5\";",			# 9
		    "};",
		    "trusted: {",
		    '    networks = ["192.0.2.1/33"];',		# 12
		    "};", "")))
	done = run_assayd(lab, "-t", "-c", path)
	expect(done.returncode == 1, "exit code %d: %s" % (done.returncode,
	    done.stdout))
	for line in (1, 3, 5, 6, 8, 9, 12):
		expect(re.search(r"%s:%d: \S" % (re.escape(path), line),
		    done.stdout), "line %d is not told: %s" %
		    (line, done.stdout))
	with open(path, "w") as stream:
		stream.write('mode = "enforce";\nspf: {\n')
	done = run_assayd(lab, "-t", "-c", path)
	expect(done.returncode == 1, done.stdout)
	expect(re.search(r"%s:\d+: \S" % re.escape(path), done.stdout),
	    done.stdout)
	done = run_assayd(lab, "-t", "-c", lab.path("absent.conf"))
	expect(done.returncode == 1, done.stdout)


@scenario("no mode, no start")
def no_mode(lab):
	path = lab.path("nomode.conf")
	with open(path, "w") as stream:
		stream.write('authserv_id = "mx.example.org";\n')
	done = run_assayd(lab, "-f", "-c", path)
	expect(done.returncode != 0, "it started")
	expect("mode" in done.stdout, done.stdout)


@scenario("SIGHUP and SIGUSR1 do not end it")
def hangup(lab):
	assayd = lab.assayd()
	with lab.smtp(assayd) as session:
		expect_reply(session.start("ann@honest.example"), "354")
		for _ in range(50):
			assayd.process.send_signal(signal.SIGHUP)
			assayd.process.send_signal(signal.SIGUSR1)
			time.sleep(0.002)
		reply = session.finish(compose("ann@honest.example"))
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	time.sleep(0.5)
	expect(assayd.process.poll() is None, "it ended")
	reply = lab.send(assayd, compose("ann@honest.example"),
	    "ann@honest.example")
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	assayd.terminate()


@scenario("SIGTERM during DATA: nothing is lost")
def terminate(lab):
	assayd = lab.assayd()
	with lab.smtp(assayd) as busy, lab.smtp(assayd) as idle:
		expect_reply(busy.start("ann@honest.example"), "354")
		message = lab.keys.sign(compose("ann@honest.example",
		    body=b"line\r\n" * 1000), "honest.example")
		busy.write(message[:2000])
		assayd.terminate()
		time.sleep(0.3 * lab.patience)
		expect_reply(idle.command("MAIL FROM:<a@honest.example>"),
		    "451 4.3.2")
		reply = busy.finish(message[2000:])
		results = expect_accepted(lab, reply)
		expect_method(results, "dkim", "pass")
		expect_method(results, "dmarc", "pass")
	start = time.monotonic()
	wait_until(lambda: assayd.process.poll() is not None,
	    15 * lab.patience, "the daemon's end")
	expect(assayd.process.returncode == 0,
	    "exit code %d" % assayd.process.returncode)


@scenario("SIGTERM with a client that never finishes: bounded")
def terminate_stuck(lab):
	assayd = lab.assayd(drain_s=2)
	with lab.smtp(assayd) as stuck:
		expect_reply(stuck.start("ann@honest.example"), "354")
		assayd.terminate()
		wait_until(lambda: assayd.process.poll() is not None,
		    20 * lab.patience, "the daemon's end")
		expect_reply(stuck.finish(compose("ann@honest.example")),
		    "451")
	expect(assayd.process.returncode == 0,
	    "exit code %d" % assayd.process.returncode)


@scenario("a restart in the middle of a session")
def restart(lab):
	assayd = lab.assayd()
	lab.send(assayd, compose("ann@honest.example"), "ann@honest.example")
	assayd.terminate()
	assayd.finish()
	expect(assayd.problem is None, assayd.problem)
	expect_reply(lab.send(assayd, compose("ann@honest.example"),
	    "ann@honest.example"), "451")
	assayd.start()
	results = expect_accepted(lab, lab.send(assayd,
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")
	assayd.terminate()
