"""kill -9: of the daemon, which may lose the last second, and of the reporter,
which may send nothing twice."""

import contextlib
import random
import subprocess
import threading
import time

from mail import compose
from reporting import Assay, copy_store, expect_intact, sqlite_store
from scenario import expect, scenario
from scenarios.reports import by_sendmail, by_smtp, catcher, end, start
from scenarios.stores import count_reported, send_promptly
from zone import N_REPORT_DOMAINS


def run_in_threads(functions):
	"""Each in one of its own; the first that failed is raised."""
	errors = []

	def guard(function):
		try:
			function()
		except Exception as error:	# told below
			errors.append(error)

	threads = [threading.Thread(target=guard, args=(each,))
	    for each in functions]
	for each in threads:
		each.start()
	for each in threads:
		each.join()
	if errors:
		raise errors[0]


# What a kill may lose; what a commit takes in nine lives of ten, and what it
# takes where other work keeps the machine from it.
LOST_S = 1
COMMIT_S = 0.2
STALL_S = 1


class Round:
	"""Mails for a random time, and then no daemon any more."""

	def __init__(self, lab, assayd, author, seconds):
		self.author = author
		self.accepted_s = []
		self.killed_s = None
		timer = threading.Timer(seconds, self.kill, (assayd,))
		timer.start()
		# Whoever is greeted by nobody's milter is not let in.
		with contextlib.suppress(OSError, AssertionError):
			self.send(lab, assayd)
		timer.join()

	def kill(self, assayd):
		assayd.process.kill()
		self.killed_s = time.monotonic()

	def send(self, lab, assayd):
		with lab.smtp(assayd) as session:
			while self.killed_s is None:
				if session.start("ann@fill.example").code != \
				    "354":
					return
				reply = session.finish(compose("ann@" +
				    self.author))
				if reply.code != "250":
					return
				self.accepted_s.append(time.monotonic())

	def age_of_lost(self, n_found):
		"""How old the oldest was that is lost, at the end: messages
		are written in their order.  There may be one more than we
		were told of."""
		n_sent = len(self.accepted_s)
		expect(n_found <= n_sent + 1, "%s: %d sent, %d stored" %
		    (self.author, n_sent, n_found))
		return self.killed_s - self.accepted_s[n_found] \
		    if n_found < n_sent else 0


def kill_daemon(lab, assayd, n):
	"""N times; what each of its lives was like."""
	rounds = []
	for i in range(n):
		rounds.append(Round(lab, assayd, "k%d.fill.example" % i,
		    random.uniform(0.05, 2.8)))
		assayd.kill()
		assayd.start()
	end(assayd)
	return rounds


def check_rounds(lab, name, assayd, calendar, rounds):
	expect_intact(lab, name)
	counts = count_reported(lab, assayd, calendar)
	ages_s = [each.age_of_lost(counts.get(each.author, 0))
	    for each in rounds]
	ages_s.sort()
	most_s = ages_s[(len(ages_s) - 1) * 9 // 10]
	expect(most_s < LOST_S + COMMIT_S * lab.patience and
	    ages_s[-1] < LOST_S + STALL_S * lab.patience,
	    "the oldest that are lost, at the end of each life: %s s" %
	    ", ".join("%.1f" % age_s for age_s in ages_s))
	expect(sum(len(each.accepted_s) for each in rounds) > 5 * len(rounds),
	    "hardly a message was sent")


def kill_daemons(lab, name, n, n_daemons):
	"""N times in all, some of them side by side."""
	names = ["%s%d" % (name, i) for i in range(n_daemons)]
	started = [start(lab, each) for each in names]
	lives = [[] for _ in names]

	def kill_one(number):
		lives[number] = kill_daemon(lab, started[number][0],
		    n // n_daemons)

	run_in_threads([lambda number=number: kill_one(number)
	    for number in range(n_daemons)])
	for each, (assayd, calendar), rounds in zip(names, started, lives):
		check_rounds(lab, each, assayd, calendar, rounds)


@scenario("kill -9 of the daemon, 6 times: at most a second is lost",
    is_heavy=True)
def daemon_killed(lab):
	kill_daemons(lab, "kill", 6, 2)


@scenario("kill -9 of the daemon, 100 times", is_slow=True)
def daemon_killed_often(lab):
	kill_daemons(lab, "kills", 100, 4)


def run_until_done(tool, longest_s, n_kills):
	"""Reporters, killed at random points until one was faster or N_KILLS
	were; how many."""
	killed = 0
	while killed < n_kills:
		process = tool.popen("report", "send")
		try:
			out, err = process.communicate(
			    timeout=random.uniform(0, longest_s / 2))
			expect(process.returncode == 0, "%s%s" % (out, err))
			return killed
		except subprocess.TimeoutExpired:
			process.kill()
			process.communicate()
			killed += 1
	tool.run("report", "send")
	return killed


def check_arrived(reports, killed):
	"""Nothing twice; what was being handed over when a reporter was killed
	may be missing."""
	keys = [(each.domain, each.destination) for each in reports]
	twice = sorted({each for each in keys if keys.count(each) > 1})
	expect(not twice, "twice: %s" % twice)
	ids = [each.message_id for each in reports]
	expect(len(set(ids)) == len(ids), "Message-IDs: %s" % ids)
	expect(N_REPORT_DOMAINS - killed <= len(keys) <= N_REPORT_DOMAINS,
	    "%d of %d reports, %d reporters killed" %
	    (len(keys), N_REPORT_DOMAINS, killed))


def kill_reporters(lab, name, n, transport):
	"""Until N were killed; a store is done after some of them."""
	assayd, calendar = start(lab, name)
	for i in range(N_REPORT_DOMAINS):
		send_promptly(lab, assayd, "r%d.reports.example" % i)
	end(assayd)
	longest_s = time_of_sending(lab, assayd, calendar, name, transport)
	killed = turn = 0
	while killed < n:
		turn += 1
		copy = "%s-%d" % (name, turn)
		copy_store(lab, name, copy)
		tool = Assay(assayd, calendar, **dict(transport(lab),
		    store=sqlite_store(lab, copy)))
		now = run_until_done(tool, longest_s, n - killed)
		check_arrived(catcher(lab).take_reports(), now)
		expect_intact(lab, copy)
		killed += now
		expect(turn < 20 + n, "too few were killed")


def time_of_sending(lab, assayd, calendar, name, transport):
	copy = name + "-0"
	copy_store(lab, name, copy)
	began = time.monotonic()
	Assay(assayd, calendar, **dict(transport(lab),
	    store=sqlite_store(lab, copy))).run("report", "send")
	took_s = time.monotonic() - began
	check_arrived(catcher(lab).take_reports(), 0)
	return took_s


@scenario("kill -9 of the reporter, 6 times: nothing goes out twice",
    is_heavy=True)
def reporter_killed(lab):
	kill_reporters(lab, "reporter", 6, by_sendmail)


@scenario("kill -9 of the reporter, 100 times, by both transports",
    is_slow=True)
def reporter_killed_often(lab):
	kill_reporters(lab, "reporters", 50, by_sendmail)
	kill_reporters(lab, "reporters-smtp", 50, by_smtp)
