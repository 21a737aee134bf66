"""Reports: a Postfix that catches them, the clock of another day, and what is
in them, read by code that is not assay's."""

import contextlib
import email
import email.policy
import glob
import gzip
import itertools
import os
import re
import shlex
import shutil
import sqlite3
import struct
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import lab as laboratory

HERE = os.path.dirname(os.path.abspath(__file__))
DAY_S = 86400
EX_TEMPFAIL = 75
# A day is reported on some time after its end, and no scenario is to see one
# end: who begins too near to midnight has his clocks moved to noon.
NEAR_MIDNIGHT_S = 3600

counter = itertools.count(1)

NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
FROM = "dmarc-reports@reporter.example"
SUBMITTER = "mx.example.org"

DOMAIN_NAME = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*"
# RFC 9990, "Email"; unfolded.
SUBJECT = re.compile(r"Report +Domain: +(?P<domain>%s) +Submitter: +"
    r"(?P<submitter>%s) +Report-ID: +<?(?P<id>[^<> ]+)>?\Z" %
    (DOMAIN_NAME, DOMAIN_NAME))
FILENAME = re.compile(r"(?P<receiver>%s)!(?P<domain>%s)!(?P<begin>\d+)!"
    r"(?P<end>\d+)(?:!(?P<id>[A-Za-z0-9]+))?\.xml\.gz\Z" %
    (DOMAIN_NAME, DOMAIN_NAME))
ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
RIDFMT = re.compile(r"{0}(\.{0})*(@{0}(\.{0})*)?\Z".format(ATEXT))


def build_moved_clock(lab):
	"""The library, made once in a run."""
	path = lab.path("moved_clock.so")
	if not os.path.exists(path):
		subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path,
		    os.path.join(HERE, "moved_clock.c")], check=True)
	return path


def preload(path):
	options = laboratory.SANITIZER_OPTIONS["ASAN_OPTIONS"]
	return {
	    "LD_PRELOAD": path,
	    "ASAN_OPTIONS": options + ":verify_asan_link_order=0",
	}


def clock_moved_by(lab, seconds):
	"""The environment in which the time of day is SECONDS ahead."""
	if not seconds:
		return {}
	return dict(preload(build_moved_clock(lab)), MOVED_CLOCK=str(seconds))


class JumpingClock:
	"""One that is moved while processes look at it."""

	def __init__(self, lab, name):
		self.path = lab.path(name)
		with open(self.path, "wb") as stream:
			stream.write(bytes(8))
		self.environment = dict(preload(build_moved_clock(lab)),
		    MOVED_CLOCK_FILE=self.path)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		os.unlink(self.path)

	def set(self, seconds):
		"""From now on it is SECONDS ahead; less than none: behind."""
		with open(self.path, "r+b") as stream:
			stream.write(struct.pack("q", seconds))


class Calendar:
	"""The days of a scenario: DAY is the first, whole days since the epoch,
	UTC.  It does not end while the scenario runs."""

	def __init__(self, lab):
		self.lab = lab
		since_noon_s = time.time() % DAY_S - DAY_S // 2
		self.shift_s = DAY_S // 2 if abs(since_noon_s) > \
		    DAY_S // 2 - NEAR_MIDNIGHT_S else 0
		self.day = int(time.time() + self.shift_s) // DAY_S

	def at(self, day=0):
		"""The environment of a process that runs DAY days later."""
		return clock_moved_by(self.lab, self.shift_s + day * DAY_S)

	def begin_s(self, day=0):
		return (self.day + day) * DAY_S


class Report:
	"""One aggregate report as it came to one destination."""

	def __init__(self, octets, schema):
		self.mail = email.message_from_bytes(octets,
		    policy=email.policy.default)
		self.destination = str(self.mail["X-Original-To"])
		self.sender = str(self.mail["Return-Path"]).strip("<>")
		self.message_id = str(self.mail["Message-ID"]).strip("<> ")
		self.attachment = self.find_attachment()
		self.filename = self.attachment.get_filename()
		self.packed = self.attachment.get_content()
		self.xml = gzip.decompress(self.packed)
		validate(self.xml, schema)
		self.root = ElementTree.fromstring(self.xml)
		self.domain = self.text("policy_published/domain")
		self.id = self.text("report_metadata/report_id")
		self.records = [parse_record(each) for each in
		    self.root.findall(NAMESPACE + "record")]

	def find_attachment(self):
		found = [part for part in self.mail.walk()
		    if part.get_content_type() == "application/gzip"]
		if len(found) != 1:
			raise AssertionError("%d gzip parts in %s" %
			    (len(found), self.mail["Subject"]))
		return found[0]

	def text(self, path):
		return find_text(self.root, path)

	@property
	def n_messages(self):
		return sum(each["count"] for each in self.records)

	def check_form(self, begin_s):
		"""What RFC 9990 says of names, and that they agree; the day
		reported begins at BEGIN_S."""
		subject = SUBJECT.match(str(self.mail["Subject"]))
		names = FILENAME.match(self.filename)
		wrong = [what for what, is_right in (
		    ("Subject: %s" % self.mail["Subject"], subject),
		    ("file name: %s" % self.filename, names),
		    ("Report-ID: %s" % self.id, RIDFMT.match(self.id)),
		    ("version", self.text("version") == "1.0"),
		    ("email", self.text("report_metadata/email")),
		    ("org_name", self.text("report_metadata/org_name")),
		    ("disposition", self.attachment.get_content_disposition()
			== "attachment"),
		    ("encoding", self.attachment["Content-Transfer-Encoding"]
			== "base64"),
		    ("MIME-Version", self.mail["MIME-Version"] == "1.0"),
		    ("Date", self.mail["Date"]),
		    ("From: %s" % self.mail["From"],
			FROM in str(self.mail["From"])),
		    ("To: %s" % self.mail["To"],
			self.destination in str(self.mail["To"])),
		    ("envelope sender: " + self.sender, self.sender == FROM),
		) if not is_right]
		if subject and names:
			wrong += self.list_disagreements(subject, names,
			    begin_s)
		if wrong:
			raise AssertionError("report on %s: %s" %
			    (self.domain, "; ".join(wrong)))

	def list_disagreements(self, subject, names, begin_s):
		begin = int(self.text("report_metadata/date_range/begin"))
		end = int(self.text("report_metadata/date_range/end"))
		ids = {subject["id"], self.id, names["id"] or self.id}
		return [what for what, is_right in (
		    ("Report-IDs %s" % sorted(ids), len(ids) == 1),
		    ("domains differ", {subject["domain"], names["domain"]} ==
			{self.domain}),
		    ("submitters differ", subject["submitter"] ==
			names["receiver"] == SUBMITTER),
		    ("begins at %d" % begin, begin == begin_s ==
			int(names["begin"])),
		    ("ends at %d" % end, begin_s + DAY_S - 1 <= end <=
			begin_s + DAY_S and end == int(names["end"])),
		) if not is_right]


def strip_trace(octets):
	"""A mail as it was sent: without what Postfix has written above it."""
	return re.sub(rb"\A(?:(?:Return-Path|X-Original-To|Delivered-To|"
	    rb"Received):.*\n(?:[ \t].*\n)*)+", b"", octets)


def validate(xml, schema):
	done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema",
	    schema, "-"], input=xml, stdout=subprocess.PIPE,
	    stderr=subprocess.STDOUT)
	if done.returncode != 0:
		raise AssertionError("xmllint: %s\n%s" %
		    (done.stdout.decode(), xml.decode()))


def find_schema():
	found = glob.glob(os.path.join(HERE, os.pardir, "**",
	    "dmarc-xml-0.2.xsd"), recursive=True)
	if not found:
		raise AssertionError("no dmarc-xml-0.2.xsd below tests")
	return found[0]


def find_text(element, path):
	"""None: not there."""
	found = element.find("/".join(NAMESPACE + name
	    for name in path.split("/")))
	return None if found is None else found.text or ""


def parse_record(element):
	def text(path):
		return find_text(element, path)

	def listed(path, *names):
		return [tuple(find_text(each, name) for name in names)
		    for each in element.findall("/".join(NAMESPACE + name
			for name in path.split("/")))]

	return {
	    "source": text("row/source_ip"),
	    "count": int(text("row/count")),
	    "disposition": text("row/policy_evaluated/disposition"),
	    "dkim": text("row/policy_evaluated/dkim"),
	    "spf": text("row/policy_evaluated/spf"),
	    "reasons": [kind for kind, in
		listed("row/policy_evaluated/reason", "type")],
	    "header_from": text("identifiers/header_from"),
	    "envelope_from": text("identifiers/envelope_from"),
	    "envelope_to": text("identifiers/envelope_to"),
	    "signatures": listed("auth_results/dkim", "domain", "selector",
		"result"),
	    "auth_spf": listed("auth_results/spf", "domain", "scope",
		"result"),
	}


# Who takes no mail: for good, from afar; for good, at once; for now.
TRANSPORTS = """\
/^gone-/ error:5.1.1 nobody of that name
/^%s$/ bounces:
""" % re.escape(FROM)
ACCESS = """\
/^refused-/ 550 5.1.1 nobody of that name
/^later-/ 450 4.2.1 not now
"""


class Catcher:
	"""A Postfix of its own that keeps all mail, a file for each recipient,
	and hands what comes to FROM, bounces, to a command."""

	def __init__(self, lab):
		self.lab = lab
		self.dir = lab.path("catcher")
		self.address = "%s:%d" % (lab.host,
		    lab.claim.two_free_ports())
		self.sendmail = self.path("sendmail")
		self.schema = find_schema()
		pipe = "unix - n n - %d pipe flags=DOR user=%s argv=/bin/sh "
		etc = self.path("etc")
		lab.run_tool("private-postfix", "start", self.dir, "",
		    self.address,
		    "myhostname=mail.collector.example",
		    "file_destination_recipient_limit=1",
		    "bounces_destination_recipient_limit=1",
		    "transport_maps=regexp:%s/transport" % etc,
		    "smtpd_recipient_restrictions=check_recipient_access"
		    " regexp:%s/access" % etc,
		    "file/unix=file " + pipe % (10, "nobody") +
		    "%s/deliver %s ${queue_id}_${recipient}" %
		    (etc, self.path("mail")),
		    "bounces/unix=bounces " + pipe % (1, "nobody") +
		    self.path("bounce"))
		write(os.path.join(etc, "transport"), TRANSPORTS)
		self.set_access()
		self.on_bounce("cat >/dev/null")
		# Its clock is the real one, whoever calls it.
		write(self.sendmail, "#!/bin/sh\nunset LD_PRELOAD\n"
		    "exec /usr/sbin/sendmail -C %s \"$@\"\n" % etc)
		os.chmod(self.sendmail, 0o755)

	def path(self, *parts):
		return os.path.join(self.dir, *parts)

	def stop(self):
		self.lab.run_tool("private-postfix", "stop", self.dir)

	def on_bounce(self, command):
		"""What is to be done, in shell, with a bounce on stdin."""
		write(self.path("bounce"), command + "\n")

	def set_access(self, table=ACCESS):
		"""Who is refused at RCPT: of sessions that begin later."""
		write(self.path("etc", "access"), table)
		subprocess.run(["postfix", "-c", self.path("etc"), "reload"],
		    check=True, stdout=subprocess.DEVNULL,
		    stderr=subprocess.DEVNULL)

	def is_idle(self):
		return not subprocess.run(["postqueue", "-c", self.path("etc"),
		    "-j"], check=True, stdout=subprocess.PIPE).stdout

	def take(self):
		"""The mails that came, each as it came; they are gone then."""
		laboratory.wait_until(self.is_idle, 30 * self.lab.patience,
		    "the catching Postfix to deliver all")
		mails = []
		for path in sorted(glob.glob(self.path("mail", "*"))):
			with open(path, "rb") as stream:
				mails.append(stream.read())
			os.unlink(path)
		return mails

	def take_reports(self):
		return [Report(octets, self.schema)
		    for octets in self.take()]


def write(path, text):
	with open(path, "w") as stream:
		stream.write(text)


class Assay:
	"""The tool, with a daemon's store and settings of its own besides."""

	def __init__(self, assayd, calendar, **settings):
		self.lab = assayd.lab
		self.calendar = calendar
		self.conf_path = assayd.base + "-%s.conf" % next(counter)
		write(self.conf_path, laboratory.render(laboratory.merge(
		    assayd.settings, settings)))

	def command(self, *words):
		return self.lab.assay_command + [*words[:2], "-c",
		    self.conf_path, *words[2:]]

	def environment(self, day):
		return dict(laboratory.SANITIZER_OPTIONS,
		    **self.calendar.at(day))

	def shell(self, *words, day=1):
		"""The same for a shell."""
		return " ".join(map(shlex.quote, ["env"] + ["%s=%s" % each
		    for each in self.environment(day).items()] +
		    self.command(*words)))

	def popen(self, *words, day=1, stdin=subprocess.DEVNULL):
		"""Started DAY days after the traffic."""
		return subprocess.Popen(self.command(*words), stdin=stdin,
		    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
		    start_new_session=True,
		    env=dict(os.environ, **self.environment(day)))

	def run(self, *words, day=1, is_leftover=False):
		"""What it wrote on stdout; whether it said that something is
		left for the next time."""
		process = self.popen(*words, day=day)
		out, err = process.communicate(
		    timeout=120 * self.lab.patience)
		if process.returncode != (EX_TEMPFAIL if is_leftover else 0):
			raise AssertionError("assay %s: exit code %s\n%s%s" %
			    (" ".join(words), process.returncode,
			    out.decode("utf-8", "replace"),
			    err.decode("utf-8", "replace")))
		return out


class Postgresql:
	"""A server that several stores are on, each a database."""

	def __init__(self, lab):
		self.lab = lab
		self.dir = lab.path("postgresql")
		self.url = lab.run_tool("private-postgresql", "start",
		    "--no-fsync", self.dir).splitlines()[-1]
		self.programs = max(glob.glob("/usr/lib/postgresql/*/bin"),
		    key=lambda path: int(path.split("/")[-2]))

	def create(self, name):
		"""The URL of a store that is empty."""
		self.run("createdb", "-h", self.dir + "/socket", "-U", "assay",
		    name)
		return self.url.replace("/assay?", "/%s?" % name)

	def stop(self):
		self.lab.run_tool("private-postgresql", "stop", self.dir)

	def start(self):
		self.run("pg_ctl", "-D", self.dir + "/data", "-l",
		    self.dir + "/log", "-s", "-w", "start")

	def run(self, program, *arguments):
		subprocess.run(["setpriv", "--reuid=postgres",
		    "--regid=postgres", "--clear-groups",
		    os.path.join(self.programs, program), *arguments],
		    check=True, cwd=self.dir, stdin=subprocess.DEVNULL,
		    stdout=subprocess.DEVNULL)


def sqlite_path(lab, name):
	return lab.path("store-" + name, "assay.db")


def sqlite_store(lab, name):
	"""The URL of a store in a folder that the daemon may write to."""
	path = sqlite_path(lab, name)
	if not os.path.isdir(os.path.dirname(path)):
		os.mkdir(os.path.dirname(path))
		# The daemon's, and that of pipe(8) where it has a bounce.
		shutil.chown(os.path.dirname(path), "nobody")
	return "sqlite:" + path


def copy_store(lab, name, copy):
	"""COPY has what NAME has now."""
	path = sqlite_store(lab, copy).partition(":")[2]
	with contextlib.closing(sqlite3.connect(sqlite_path(lab, name))) as \
	    source, contextlib.closing(sqlite3.connect(path)) as target:
		source.backup(target)
	shutil.chown(path, "nobody")


def expect_intact(lab, name):
	with contextlib.closing(sqlite3.connect(sqlite_path(lab, name))) as \
	    store:
		found = store.execute("PRAGMA integrity_check").fetchall()
	if found != [("ok",)]:
		raise AssertionError("store %s: %s" % (name, found))
