"""An MTA's side of the milter protocol, for what no MTA does: one that goes
away at any step, or talks nonsense.  Field by field, no more than is needed."""

import socket
import struct

VERSION, ACTIONS, STEPS = 6, 0x1ff, 0x1fffff
NO_REPLY = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000,
    b"T": 0x10000, b"N": 0x40000, b"B": 0x80000, b"L": 0x80}
UNWANTED = {b"C": 0x1, b"H": 0x2, b"M": 0x4, b"R": 0x8, b"T": 0x200,
    b"N": 0x40, b"B": 0x10, b"L": 0x20}
FINAL = {b"a": "accept", b"c": "accept", b"r": "reject", b"t": "tempfail"}


def packet(command, data=b""):
	return struct.pack("!I", len(data) + 1) + command + data


def strings(*words):
	return b"".join(word.encode() + b"\0" for word in words)


def steps_of(sender, author, client="192.0.2.10", body=b"text\r\n"):
	"""All steps of a session with one message, in order: each a name, a
	command and its data."""
	return [
	    ("OPTNEG", b"O", struct.pack("!III", VERSION, ACTIONS, STEPS)),
	    ("CONNECT", b"C", b"client.example\0004" + b"\x9c\x40" +
		strings(client)),
	    ("HELO", b"H", strings("client.example")),
	    ("MAIL", b"M", strings("<%s>" % sender)),
	    ("RCPT", b"R", strings("<user@example.org>")),
	    ("DATA", b"T", b""),
	    ("HEADER", b"L", strings("From", " " + author)),
	    ("EOH", b"N", b""),
	    ("BODY", b"B", body),
	    ("EOM", b"E", b""),
	]


class Milter:
	"""One connection; the daemon's is a socket that is connected."""

	def __init__(self, sock, timeout_s=60):
		self.sock, self.flags = sock, 0
		sock.settimeout(timeout_s)
		self.said = b""		# the text of the last reply's code

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.sock.close()

	def read_exactly(self, n):
		octets = b""
		while len(octets) < n:
			more = self.sock.recv(n - len(octets))
			if not more:
				raise ConnectionError("closed")
			octets += more
		return octets

	def read(self):
		"""A packet's command and its data."""
		size = struct.unpack("!I", self.read_exactly(4))[0]
		octets = self.read_exactly(size)
		return octets[:1], octets[1:]

	def send(self, command, data):
		"""Send a step; whether a reply is due."""
		if self.flags & UNWANTED.get(command, 0):
			return False
		self.sock.sendall(packet(command, data))
		return not self.flags & NO_REPLY.get(command, 0)

	def read_reply(self):
		"""The reply to a step; changes to the message are left out."""
		while True:
			command, data = self.read()
			if command == b"O":
				self.flags = struct.unpack("!I", data[8:12])[0]
				return command
			if command == b"y":
				self.said = data
				return b"r" if data[:1] == b"5" else b"t"
			if command in b"acrtd":
				return command

	def play(self, steps):
		"""The steps, each when its predecessor was answered; the verdict
		on the message."""
		for _, command, data in steps:
			if not self.send(command, data):
				continue
			reply = self.read_reply()
			if reply not in b"Oc" or command == b"E":
				return FINAL[reply]
		return None

	def quit(self):
		self.sock.sendall(packet(b"Q"))

	def reset(self):
		"""Gone without a word: RST where it is TCP."""
		if self.sock.family != socket.AF_UNIX:
			self.sock.setsockopt(socket.SOL_SOCKET,
			    socket.SO_LINGER, struct.pack("ii", 1, 0))
		self.sock.close()


def ask(daemon, sender, author, timeout_s=60, **more):
	"""The verdict on one message in a session of its own."""
	with Milter(daemon.connect(), timeout_s) as session:
		verdict = session.play(steps_of(sender, author, **more))
		session.quit()
		return verdict


SENDER = "a@example.com"
CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + b"\x5a" * 60
GARBAGE = (CLIENT_HELLO, b"GET /metrics HTTP/1.1\r\nHost: mx\r\n\r\n",
    b"EHLO scanner\r\n", b"SSH-2.0-scanner\r\n", b"\0" * 4,
    b"\0\0\0\0" * 100, b"\xff\xff\xff\xff" + b"x" * 1000,
    b"\x7f\xff\xff\xffO", b"\0\x40\0\x01B" + b"x" * 100000,
    b"\0\0\0\x01\0", b"\0\0\0\x01E" * 1000,
    b"\0\0\0\x01A" * 1000, b"\0\0\0\x01K" * 1000)


def garbage(chance):
	"""What no MTA sends: some of it behind what one does send."""
	steps = [packet(command, data) for _, command, data in
	    steps_of(SENDER, SENDER)]
	yield from GARBAGE
	for n in range(len(steps)):
		begun = b"".join(steps[:n])
		yield begun + chance.randbytes(200)
		yield begun + packet(chance.randbytes(1),
		    chance.randbytes(50))
		yield begun + b"\0\0\0\0"
		shuffled = steps[:]
		chance.shuffle(shuffled)
		yield b"".join(shuffled)
