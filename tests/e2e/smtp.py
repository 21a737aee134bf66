"""An SMTP client that does what it is told, in whatever order."""

import socket


class Reply(str):
	"""A whole reply, its lines joined by LF, without the line ends."""

	@property
	def code(self):
		return self[:3]

	@property
	def text(self):
		"""The reply in one line: the code, then each line's text."""
		return self[:4].replace("-", " ") + " ".join(
		    line[4:] for line in self.split("\n"))


class Smtp:
	def __init__(self, server, timeout_s=60, address=""):
		"""SERVER is a host and its port; ADDRESS the client's own;
		empty: the system's choice."""
		self.sock = socket.create_connection(server,
		    timeout=timeout_s, source_address=(address, 0))
		self.stream = self.sock.makefile("rb")
		self.greeting = self.read_reply()

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.close()

	def close(self):
		"""Hang up without a word."""
		self.stream.close()
		self.sock.close()

	def read_reply(self):
		lines = []
		while True:
			line = self.stream.readline()
			if not line:
				raise ConnectionError(
				    "the server hung up" + (
				    " after " + repr(lines) if lines else ""))
			text = line.decode("utf-8", "surrogateescape")
			lines.append(text.rstrip("\r\n"))
			if text[3:4] != "-":
				return Reply("\n".join(lines))

	def write(self, octets):
		self.sock.sendall(octets)

	def command(self, line):
		if isinstance(line, str):
			line = line.encode("utf-8", "surrogateescape")
		self.write(line + b"\r\n")
		return self.read_reply()

	def become(self, address, name="[UNAVAILABLE]", login=None):
		"""Play another client; Postfix greets anew."""
		if ":" in address:
			address = "IPV6:" + address
		login = " LOGIN=" + login if login else ""
		reply = self.command("XCLIENT NAME=%s ADDR=%s%s" %
		    (name, address, login))
		if reply.code != "220":
			raise AssertionError("XCLIENT: " + reply)

	def start(self, sender, recipient="user@example.org", options=""):
		"""MAIL, RCPT, DATA; the first reply that ends it, or DATA's."""
		reply = self.command("MAIL FROM:<%s>%s" % (sender, options))
		if reply.code != "250":
			return reply
		reply = self.command("RCPT TO:<%s>" % recipient)
		if reply.code != "250":
			return reply
		return self.command("DATA")

	def finish(self, message):
		"""The message with its dots stuffed, and the dot at the end."""
		if message.startswith(b"."):
			message = b"." + message
		self.write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
		return self.read_reply()
