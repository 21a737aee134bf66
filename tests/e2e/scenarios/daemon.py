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


def pids_of_workers(assayd):
	wait_until(lambda: "started version=" in assayd.log(),
	    20 * assayd.lab.patience, "the workers")
	pid = assayd.process.pid
	with open("/proc/%d/task/%d/children" % (pid, pid)) as stream:
		return [int(word) for word in stream.read().split()]


def is_alive(pid):
	"""A process that nobody has waited for is none any more."""
	try:
		with open("/proc/%d/stat" % pid) as stream:
			return stream.read().rpartition(")")[2].split()[0] != \
			    "Z"
	except FileNotFoundError:
		return False


def count_connections(pid, address):
	"""Those that a process has taken from the UNIX socket ADDRESS."""
	with open("/proc/net/unix") as stream:
		fields = [line.split() for line in stream]
	links = {"socket:[%s]" % each[6] for each in fields
	    if each[-1] == address.removeprefix("unix:") and each[5] == "03"}
	count = 0
	for name in os.listdir("/proc/%d/fd" % pid):
		try:
			link = os.readlink("/proc/%d/fd/%s" % (pid, name))
		except FileNotFoundError:
			continue	# closed meanwhile
		count += link in links
	return count


@scenario("three workers give the right verdicts")
def workers(lab):
	for form in ("unix", "inet"):
		assayd = lab.assayd(form, milter={"workers": 3})
		expect(len(pids_of_workers(assayd)) == 3, "not three workers")
		sessions = [lab.smtp(assayd) for _ in range(9)]
		for session in sessions:
			expect_reply(session.start("ann@honest.example"), "354")
		for i, session in enumerate(sessions):
			author = "ann@honest.example" if i % 3 else \
			    "ann@reject.example"
			reply = session.finish(compose(author))
			if i % 3:
				expect_method(expect_accepted(lab, reply),
				    "dmarc", "pass")
			else:
				expect_reply(reply, "550 5.7.1")
			session.close()
		ids = re.findall(r"session=(\w+-[123]-\w+) ", assayd.log())
		expect(len(ids) == 9 and len(set(ids)) == 9,
		    "the sessions are %r" % ids)
		assayd.process.send_signal(signal.SIGUSR1)
		wait_until(lambda: assayd.log().count("info: running, 0 ") ==
		    3, 10 * lab.patience, "each worker to tell how it is")
		assayd.terminate()


@scenario("a worker that is killed is replaced, and the others go on")
def worker_killed(lab):
	assayd = lab.assayd("unix", milter={"workers": 2})
	n_mails = lab.n_mails()
	sessions = [lab.smtp(assayd) for _ in range(6)]
	for session in sessions:
		expect_reply(session.start("ann@honest.example"), "354")
	has = {}

	def is_counted():
		# Postfix had one more session each, before XCLIENT.
		has.update((pid, count_connections(pid, assayd.address))
		    for pid in pids_of_workers(assayd))
		return sum(has.values()) == 6
	wait_until(is_counted, 10 * lab.patience, "six sessions")
	victim = max(has, key=has.get)
	os.kill(victim, signal.SIGKILL)
	wait_until(lambda: "pid=%d was killed by signal 9" % victim in
	    assayd.log(), 10 * lab.patience, "the log to tell of it")
	wait_until(lambda: len(pids_of_workers(assayd)) == 2,
	    10 * lab.patience, "another worker")
	expect(victim not in pids_of_workers(assayd), "it lives")
	n_accepted = 0
	for session in sessions:
		reply = session.finish(compose("ann@honest.example"))
		if reply.code == "250":
			n_accepted += 1
			expect_method(expect_accepted(lab, reply), "dmarc",
			    "pass")
		else:
			expect_reply(reply, "451")
		session.close()		# one reply is all there is
	expect(n_accepted == 6 - has[victim], "%d of 6 were accepted, %r" %
	    (n_accepted, has))
	expect(lab.n_mails() - n_mails == n_accepted, "lost or doubled")
	for _ in range(4):
		expect_method(expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example")),
		    "dmarc", "pass")
	assayd.terminate()


@scenario("SIGTERM during DATA, with workers: nothing is lost")
def workers_terminate(lab):
	assayd = lab.assayd("unix", milter={"workers": 3}, user="")
	pids = pids_of_workers(assayd)
	busy = [lab.smtp(assayd) for _ in range(3)]
	message = lab.keys.sign(compose("ann@honest.example",
	    body=b"line\r\n" * 1000), "honest.example")
	for session in busy:
		expect_reply(session.start("ann@honest.example"), "354")
		session.write(message[:2000])
	with lab.smtp(assayd) as idle:
		assayd.terminate()
		time.sleep(0.3 * lab.patience)
		expect(idle.command("MAIL FROM:<a@honest.example>").code ==
		    "451", "a new message is let in")
	for session in busy:
		results = expect_accepted(lab, session.finish(message[2000:]))
		expect_method(results, "dkim", "pass")
		session.close()
	wait_until(lambda: assayd.process.poll() is not None,
	    15 * lab.patience, "the daemon's end")
	expect(assayd.process.returncode == 0,
	    "exit code %d" % assayd.process.returncode)
	expect(not any(map(is_alive, pids)), "a worker is left")
	expect(not os.path.exists(assayd.address.partition(":")[2]),
	    "the socket's file is left")


@scenario("SIGTERM with a client that never finishes, with workers: bounded")
def workers_terminate_stuck(lab):
	assayd = lab.assayd(drain_s=2, milter={"workers": 2})
	with lab.smtp(assayd) as stuck:
		expect_reply(stuck.start("ann@honest.example"), "354")
		start = time.monotonic()
		assayd.terminate()
		wait_until(lambda: assayd.process.poll() is not None,
		    20 * lab.patience, "the daemon's end")
		expect(time.monotonic() - start > 1.9, "nobody was waited for")
		expect_reply(stuck.finish(compose("ann@honest.example")),
		    "451")
	expect(assayd.process.returncode == 0,
	    "exit code %d" % assayd.process.returncode)


@scenario("workers end when the process that started them is killed")
def workers_orphaned(lab):
	assayd = lab.assayd(milter={"workers": 3})
	pids = pids_of_workers(assayd)
	with lab.smtp(assayd) as session:
		expect_reply(session.start("ann@honest.example"), "354")
		assayd.process.kill()
		assayd.process.wait()
		lab.ended.add(assayd.process)	# what it ended with is known
		results = expect_accepted(lab,
		    session.finish(compose("ann@honest.example")))
		expect_method(results, "dmarc", "pass")
	wait_until(lambda: not any(map(is_alive, pids)), 20 * lab.patience,
	    "the workers' end")


@scenario("workers and a socket that is taken: told once")
def workers_refused(lab):
	assayd = lab.assayd("unix", milter={"workers": 2})
	done = run_assayd(lab, "-f", "-c", assayd.conf_path)
	expect(done.returncode == 1, "exit code %d" % done.returncode)
	expect(done.stdout.count("another process listens on it") == 1,
	    done.stdout)
	expect_method(expect_accepted(lab, lab.send(assayd,
	    compose("ann@honest.example"), "ann@honest.example")), "dmarc",
	    "pass")
	assayd.terminate()


def pids_that_name(path):
	"""Processes with PATH on their command line, oldest first."""
	found = []
	for name in os.listdir("/proc"):
		try:
			with open("/proc/%s/cmdline" % name, "rb") as stream:
				if path.encode() in stream.read().split(b"\0"):
					found.append(int(name))
		except (OSError, ValueError):
			continue	# none, or gone meanwhile
	return sorted(found)


@scenario("workers in the background")
def workers_background(lab):
	assayd = lab.assayd("unix", milter={"workers": 2}, user="")
	assayd.terminate()
	assayd.finish()
	# Below valgrind the end of what it writes never comes.
	with open(assayd.log_path, "ab") as log:
		status = subprocess.run(lab.assayd_command +
		    ["-c", assayd.conf_path], stdin=subprocess.DEVNULL,
		    stdout=log, stderr=log, timeout=60 * lab.patience,
		    env=dict(os.environ, **SANITIZER_OPTIONS)).returncode
	pids = pids_that_name(assayd.conf_path)
	try:
		expect(status == 0, "exit code %d" % status)
		expect(len(pids) == 3, "the processes are %r" % pids)
		reply = lab.send(assayd, compose("ann@honest.example"),
		    "ann@honest.example")
		expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	finally:
		for pid in pids[:1]:
			os.kill(pid, signal.SIGTERM)
	wait_until(lambda: not any(map(is_alive, pids)), 20 * lab.patience,
	    "the end of all")
