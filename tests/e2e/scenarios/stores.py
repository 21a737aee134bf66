"""The store: in trouble while mail flows, and shared by several hosts."""

import contextlib
import os
import re
import resource
import sqlite3
import subprocess
import time

from lab import wait_until
from mail import compose
from reporting import (Assay, EX_TEMPFAIL, Postgresql, expect_intact,
    sqlite_path, sqlite_store)
from scenario import expect, expect_reply, scenario
from scenarios.reports import by_sendmail, by_smtp, catcher, end, start
from zone import OTHER_CLIENT

SMALL_DISK_MB = 4
# A mail takes some hundredths of a second; a store that is waited for takes
# seconds.
PATIENCE_S = 1.5


def send_promptly(lab, assayd, author="fill.example"):
	"""A message that passes; nothing of the store's trouble is seen."""
	began = time.monotonic()
	expect_reply(lab.send(assayd, compose("ann@" + author),
	    "ann@" + author), "250")
	took_s = time.monotonic() - began
	expect(took_s < PATIENCE_S * lab.patience,
	    "a message took %.1f s" % took_s)


def send_many(lab, assayd, n, prefix):
	"""N messages, each a row of its own."""
	for i in range(n):
		send_promptly(lab, assayd, "%s%d.fill.example" % (prefix, i))
	# A refusal stays one.
	expect_reply(lab.send(assayd, compose("ceo@reject.example"),
	    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1")


def count_reported(lab, assayd, calendar, **settings):
	"""header_from -> messages, by the reports on fill.example."""
	tool = Assay(assayd, calendar, **dict(by_smtp(lab), **settings))
	tool.run("report", "send")
	counts = {}
	for report in catcher(lab).take_reports():
		expect(report.domain == "fill.example",
		    "a report on " + report.domain)
		for each in report.records:
			name = each["header_from"]
			counts[name] = counts.get(name, 0) + each["count"]
	return counts


def expect_counts(lab, assayd, calendar, **wanted):
	"""For each prefix of send_many how many came to be reported."""
	counts = count_reported(lab, assayd, calendar)
	for prefix, n in wanted.items():
		found = sum(counts.get("%s%d.fill.example" % (prefix, i), 0)
		    for i in range(n))
		expect(found == n, "%d of %d %s messages are reported" %
		    (found, n, prefix))


def store_lines(assayd, offset=0):
	"""The log's lines on the store's trouble, without those of mails."""
	return [line for line in assayd.log(offset).splitlines()
	    if "store" in line and "dmarc=" not in line]


def expect_told(assayd, offset=0):
	lines = store_lines(assayd, offset)
	expect(1 <= len(lines) <= 4, "the log tells %d times: %s" %
	    (len(lines), lines))


@contextlib.contextmanager
def locked(path):
	"""Somebody else holds the store."""
	store = sqlite3.connect(path, isolation_level=None)
	try:
		store.execute("BEGIN EXCLUSIVE")
		yield
		store.execute("ROLLBACK")
	finally:
		store.close()


def hold_store(lab, name, seconds):
	assayd, calendar = start(lab, name)
	send_many(lab, assayd, 2, "before")
	time.sleep(1.5)
	with locked(sqlite_path(lab, name)):
		until = time.monotonic() + seconds
		n = 0
		while time.monotonic() < until or n < 5:
			send_promptly(lab, assayd, "held%d.fill.example" % n)
			n += 1
			time.sleep(0.1)
	send_many(lab, assayd, 2, "after")
	end(assayd)
	expect_counts(lab, assayd, calendar, before=2, held=n, after=2)
	expect_intact(lab, name)


@scenario("the store is locked by another one for 2 s", is_heavy=True)
def locked_shortly(lab):
	hold_store(lab, "locked", 2)


@scenario("the store is locked by another one for 10 s", is_slow=True)
def locked_long(lab):
	hold_store(lab, "locked-long", 10)


class Disk:
	"""What a store is on and can be full: a small file system, or, where
	there can be no mount, a limit to the daemon's files; root's can be
	changed by root."""

	def __init__(self, lab, name):
		self.url = sqlite_store(lab, name)
		self.store = sqlite_path(lab, name)
		self.path = os.path.dirname(self.store)
		self.is_mounted = subprocess.run(["mount", "-t", "tmpfs", "-o",
		    "size=%dm,mode=777" % SMALL_DISK_MB, "assay-e2e",
		    self.path], stderr=subprocess.DEVNULL).returncode == 0
		self.settings = {} if self.is_mounted else {"user": ""}

	def __enter__(self):
		return self

	def __exit__(self, *_):
		if self.is_mounted:
			subprocess.run(["umount", "-l", self.path], check=True)

	def fill(self, assayd):
		if not self.is_mounted:
			self.limit(assayd, os.path.getsize(self.store + "-wal"))
			return
		with open(self.path + "/ballast", "wb", buffering=0) as stream:
			with contextlib.suppress(OSError):
				while stream.write(b"x" * 4096):
					pass

	def empty(self, assayd):
		if self.is_mounted:
			os.unlink(self.path + "/ballast")
		elif assayd.process.poll() is None:
			self.limit(assayd, resource.RLIM_INFINITY)

	def limit(self, assayd, octets):
		resource.prlimit(assayd.process.pid, resource.RLIMIT_FSIZE,
		    (octets, resource.RLIM_INFINITY))


@scenario("the disk is full: mail flows, and what waited is written",
    is_heavy=True)
def disk_full(lab):
	with Disk(lab, "full") as disk:
		assayd, calendar = start(lab, "full", **disk.settings)
		send_many(lab, assayd, 2, "before")
		time.sleep(1.5)
		disk.fill(assayd)
		offset = len(assayd.log().encode())
		send_many(lab, assayd, 40, "full")
		wait_until(lambda: store_lines(assayd, offset),
		    10 * lab.patience, "the log to tell of the full disk")
		disk.empty(assayd)
		send_many(lab, assayd, 2, "after")
		end(assayd)
		expect_told(assayd, offset)
		expect_counts(lab, assayd, calendar, before=2, full=40,
		    after=2)
		expect_intact(lab, "full")


@scenario("the disk is full until the end: what is lost is told",
    is_heavy=True)
def disk_full_to_the_end(lab):
	with Disk(lab, "lost") as disk:
		assayd, calendar = start(lab, "lost", **disk.settings)
		send_many(lab, assayd, 2, "before")
		time.sleep(1.5)
		disk.fill(assayd)
		offset = len(assayd.log().encode())
		send_many(lab, assayd, 40, "full")
		end(assayd)
		lost = re.search(r"(\d+) records were dropped",
		    assayd.log(offset))
		expect(lost and int(lost.group(1)) >= 41,
		    "no count of what was lost: %s" %
		    store_lines(assayd, offset))
		disk.empty(assayd)
		expect_intact(lab, "lost")
		counts = count_reported(lab, assayd, calendar)
		expect(counts.get("before1.fill.example") == 1,
		    "what was there is gone: %s" % counts)


@scenario("the store's file is removed: mail flows, a new one is begun",
    is_heavy=True)
def removed(lab):
	assayd, calendar = start(lab, "removed")
	send_many(lab, assayd, 2, "before")
	time.sleep(1.5)
	path = sqlite_path(lab, "removed")
	subprocess.run(["rm", "-f", path, path + "-wal", path + "-shm"],
	    check=True)
	send_many(lab, assayd, 3, "removed")
	end(assayd)
	expect_counts(lab, assayd, calendar, removed=3)
	expect_intact(lab, "removed")


@scenario("a newer assay's store is left alone; mail flows", is_heavy=True)
def newer(lab):
	assayd, _ = start(lab, "newer")
	send_promptly(lab, assayd)
	end(assayd)
	with contextlib.closing(sqlite3.connect(sqlite_path(lab,
	    "newer"))) as store, store:
		store.execute("UPDATE meta SET value = value + 1"
		    " WHERE name = 'schema'")
	before = dump(lab, "newer")
	offset = len(assayd.log().encode())
	assayd.start()
	send_many(lab, assayd, 3, "newer")
	time.sleep(1.5)
	end(assayd)
	expect_told(assayd, offset)
	expect(dump(lab, "newer") == before, "it was written to")


def dump(lab, name):
	with contextlib.closing(sqlite3.connect(sqlite_path(lab, name))) as \
	    store:
		return list(store.iterdump())


@scenario("two worker processes write to one store", is_heavy=True)
def workers(lab):
	assayd, calendar = start(lab, "workers", milter={"workers": 2})
	send_many(lab, assayd, 30, "w")
	end(assayd)
	expect_counts(lab, assayd, calendar, w=30)
	expect_intact(lab, "workers")


# ---- several hosts ---------------------------------------------------------

def postgresql(lab):
	"""The one that all scenarios share."""
	if "postgresql" not in lab.shared:
		lab.shared["postgresql"] = Postgresql(lab)
		lab.helpers.append(lab.shared["postgresql"])
	return lab.shared["postgresql"]


@scenario("two daemons and two reporters on one PostgreSQL: one report each",
    is_heavy=True)
def shared(lab):
	server = postgresql(lab)
	url = server.create("shared")
	first, calendar = start(lab, "shared", store=url)
	second, _ = start(lab, "shared", store=url)
	tools = [Assay(first, calendar, **by_smtp(lab)),
	    Assay(second, calendar, **by_sendmail(lab))]
	for day in range(3):
		for assayd in (first, second):
			assayd.environment = calendar.at(day)
			if day:
				assayd.start()
			for i in range(12):
				send_promptly(lab, assayd,
				    "r%d.reports.example" % (i % 6))
		end(first)
		end(second)
		expect_one_each(lab, tools, day)


def expect_one_each(lab, tools, day):
	"""Started at the same moment: one of them sends, or each a part."""
	processes = [tool.popen("report", "send", day=day + 1)
	    for tool in tools]
	for process in processes:
		said = process.communicate(timeout=60 * lab.patience)
		expect(process.returncode in (0, EX_TEMPFAIL),
		    "exit code %d: %s" % (process.returncode, said))
	expect(any(each.returncode == 0 for each in processes),
	    "neither has sent")
	found = sorted((each.domain, each.n_messages)
	    for each in catcher(lab).take_reports())
	expect(found == [("r%d.reports.example" % i, 4) for i in range(6)],
	    "day %d: %s" % (day, found))


@scenario("PostgreSQL is stopped and started again: mail flows")
def stopped_server(lab):
	server = postgresql(lab)
	assayd, calendar = start(lab, "stopped",
	    store=server.create("stopped"))
	send_many(lab, assayd, 2, "before")
	time.sleep(1.5)
	server.stop()
	offset = len(assayd.log().encode())
	try:
		send_many(lab, assayd, 5, "down")
		wait_until(lambda: store_lines(assayd, offset),
		    10 * lab.patience, "the log to tell of it")
	finally:
		server.start()
	send_many(lab, assayd, 2, "after")
	end(assayd)
	expect_told(assayd, offset)
	expect_counts(lab, assayd, calendar, before=2, down=5, after=2)


@scenario("PostgreSQL is not there when the daemon starts", is_heavy=True)
def late_server(lab):
	server = postgresql(lab)
	url = server.create("late")
	server.stop()
	try:
		assayd, calendar = start(lab, "late", store=url)
		send_many(lab, assayd, 3, "early")
	finally:
		server.start()
	end(assayd)
	expect_counts(lab, assayd, calendar, early=3)
