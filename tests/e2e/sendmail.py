"""A real Sendmail with an assayd of its own, for the time of a run.

It answers to expect_accepted() and its like in a lab's place.  Clients are told
apart by the loopback address they come from, so that the networks assayd trusts
must not be the usual ones.
"""

import os
import re
import shutil
import tempfile

import lab as laboratory
import zone
from smtp import Smtp

# Only root may write there, as Sendmail demands: nearly everywhere.
SOCKET_DIRS = ("/run", "/var/lib", "/root")

SETTINGS = {"trusted": {"networks": [zone.TRUSTED_LOOPBACK]}}


def find_root(lab):
	"""Where Sendmail's files are, unpacked at the first call."""
	if not lab.sendmail_root:
		root = lab.path("sendmail-root")
		lab.run_tool("private-sendmail", "unpack", root)
		lab.sendmail_root = root
	return lab.sendmail_root


def find_socket_dir():
	for path in SOCKET_DIRS:
		if not os.stat(path).st_mode & 0o022:
			return path
	raise SystemExit("others may write to each of " + " ".join(SOCKET_DIRS))


class Sendmail:
	def __init__(self, lab, settings):
		self.lab = lab
		root = find_root(lab)
		name = "sendmail%d" % len(lab.sendmails)
		self.dir = lab.path(name)
		self.socket_dir = tempfile.mkdtemp(prefix="assay-e2e.",
		    dir=find_socket_dir())
		os.chmod(self.socket_dir, 0o755)
		self.is_running = False
		lab.sendmails.append(self)
		self.server = lab.host, lab.free_ports(1)[0]
		address = "unix:" + os.path.join(self.socket_dir, "milter.sock")
		self.daemon = laboratory.Assayd(lab, name, self.server, address,
		    laboratory.merge(SETTINGS, settings))
		self.is_running = True
		lab.run_tool("private-sendmail", "start", self.dir, root,
		    address, "%s:%d" % self.server)

	def close(self):
		if self.is_running:
			self.lab.run_tool("private-sendmail", "stop", self.dir)
		self.daemon.finish()
		shutil.rmtree(self.socket_dir, ignore_errors=True)

	def smtp(self, address=zone.HONEST_LOOPBACK, helo="client.example"):
		"""A session of the client ADDRESS, up to EHLO."""
		session = Smtp(self.server, 90 * self.lab.patience, address)
		reply = session.command("EHLO " + helo)
		if reply.code != "250":
			raise AssertionError("EHLO: " + reply)
		return session

	def send(self, message, sender, address=zone.HONEST_LOOPBACK,
	    helo="client.example", options=""):
		"""One message in a session of its own; its last reply."""
		with self.smtp(address, helo) as session:
			reply = session.start(sender, options=options)
			if reply.code == "354":
				reply = session.finish(message)
			session.command("QUIT")
			return reply

	def read(self, *parts):
		with open(os.path.join(self.dir, *parts), "rb") as stream:
			return stream.read()

	def delivered(self, reply):
		return self.read("mail", queue_id(reply))

	def recipients(self, reply):
		"""Whom it was delivered to, by their local parts."""
		return self.read("mail", ".%s.to" %
		    queue_id(reply)).decode().split("\n")[:-1]

	def quarantine_reason(self, reply):
		"""Why the message is in quarantine; None where it is not."""
		try:
			envelope = self.read("queue", "hf" + queue_id(reply))
		except FileNotFoundError:
			return None
		found = re.search(rb"^q(.*)$", envelope, re.MULTILINE)
		return found.group(1).decode("ascii") if found else None

	def quarantined_message(self, reply):
		"""As delivered() has it, put together from the queue's files."""
		envelope = self.read("queue", "hf" + queue_id(reply))
		lines = envelope.decode("latin-1").split("\n")
		header, is_field = [], False
		for line in lines:
			# H??Name: value, and the lines that continue it; ?P?
			# is a Return-Path for some kinds of delivery only.
			if line[:1] == "H":
				is_field = not line.startswith("H?P?")
				if is_field:
					header.append(line.split("?", 2)[2])
			elif is_field and line[:1] in (" ", "\t"):
				header.append(line)
			else:
				is_field = False
		return "\n".join(header).encode("latin-1") + b"\n\n" + \
		    self.read("queue", "df" + queue_id(reply))


def queue_id(reply):
	found = re.match(r"250 2\.0\.0 (\w+) Message accepted", reply)
	if not found:
		raise AssertionError("not queued: " + reply)
	return found.group(1)
