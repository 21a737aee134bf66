"""A name server that lies: its answers below some domains are none, or another
question's, or another's.  All else is the real name server's to answer.

Who asks for the SPF record of LIE.refuse.example, where LIE is a name in LIES,
is to believe that nobody may send for it; of LIE.forge.example, that everybody
may; and for the policy of LIE.policy.example, that it wants nothing refused.
The truth, which some lies are followed by, is the contrary."""

import os
import socket
import threading
import time

from relay import question_name, read_framed, write_framed
from zone import HONEST_CLIENT

TXT, CNAME, A = 16, 5, 1
CLAIMS = {"refuse": b"v=spf1 -all", "forge": b"v=spf1 +all",
    "policy": b"v=DMARC1; p=none"}
TRUTHS = {"refuse": b"v=spf1 ip4:%s -all" % HONEST_CLIENT.encode(),
    "forge": b"v=spf1 -all", "policy": b"v=DMARC1; p=reject"}


def number(value, n_octets=2):
	return value.to_bytes(n_octets, "big")


def encode(name):
	return b"".join(bytes([len(label)]) + label.encode()
	    for label in name.split(".")) + b"\0"


def record(name, kind, data):
	return name + number(kind) + number(1) + number(60, 4) + \
	    number(len(data)) + data


def strings(text):
	return b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
	    for i in range(0, len(text), 255))


def find_lie(name):
	"""Which lie is told of this name, and what it is about; or None."""
	labels = name.split(".")
	if len(labels) < 3 or labels[-1] != "example":
		return None, None
	lie, about = labels[-3:-1]
	if lie.startswith(("loop-of-two", "endless-chain")):
		lie = lie.partition("-x")[0].partition("-n")[0]
	if about not in CLAIMS or lie not in LIES or \
	    name.startswith("_dmarc") != (about == "policy"):
		return None, None
	return lie, about


class Question:
	def __init__(self, packet):
		self.packet, self.id = packet, packet[:2]
		self.name = question_name(packet)
		self.encoded = encode(self.name)
		self.section = self.encoded + \
		    packet[12 + len(self.encoded):][:4]
		self.lie_name, self.about = find_lie(self.name)
		self.lie = LIES.get(self.lie_name)

	def answer(self, *records, id=None, section=None, flags=b"\x81\x80",
	    counts=None):
		"""A packet: as it should be but for what is said here."""
		section = self.section if section is None else section
		if counts is None:
			counts = (min(1, len(section)), len(records), 0, 0)
		return (id or self.id) + flags + \
		    b"".join(map(number, counts)) + section + b"".join(records)

	def txt(self, text):
		return record(b"\xc0\x0c", TXT, strings(text))

	def claim(self, **wrong):
		return self.answer(self.txt(CLAIMS[self.about]), **wrong)

	def truth(self):
		return self.answer(self.txt(TRUTHS[self.about]))

	def other_id(self):
		return bytes([self.id[0] ^ 0x55, self.id[1] ^ 0xaa])

	def alias(self, target):
		return self.answer(record(b"\xc0\x0c", CNAME, target))


# Each gives what is sent in answer to a question by UDP, in this order.

def wrong_id(q):
	return [q.claim(id=q.other_id())]


def wrong_ids_then_true(q):
	return [q.claim(id=number((int.from_bytes(q.id, "big") + i) % 65536))
	    for i in range(1, 100)] + [q.truth()]


def wrong_name(q):
	return [q.claim(section=encode("other.example") + q.section[-4:])]


def wrong_type(q):
	return [q.claim(section=q.encoded + number(A) + number(1))]


def wrong_class(q):
	return [q.claim(section=q.encoded + number(TXT) + number(3))]


def no_question(q):
	return [q.answer(record(q.encoded, TXT,
	    strings(CLAIMS[q.about])), section=b"")]


def no_answer_but_a_question(q):
	return [q.claim(flags=b"\x01\x00")]


def loop_of_one(q):
	return [q.alias(q.encoded)]


def loop_of_two(q):
	first, _, rest = q.name.partition(".")
	return [q.alias(encode("%s.%s" % (first[:-2] if
	    first.endswith("-x") else first + "-x", rest)))]


def chain_without_end(q):
	"""Each name is an alias of another one that nobody knows yet."""
	first, _, rest = q.name.partition(".")
	base, _, n = first.partition("-n")
	return [q.alias(encode("%s-n%d.%s" % (base, int(n or 0) + 1, rest)))]


def noise(q):
	return [os.urandom(100)]


def noise_with_id(q):
	return [q.id + os.urandom(200)]


def noise_behind_question(q):
	return [q.answer(counts=(1, 1, 0, 0)) + os.urandom(200)]


def nothing(q):
	return [b""]


def header_alone(q):
	return [q.answer(section=b"", counts=(1, 1, 0, 0))]


def counts_of_65535(q):
	return [q.claim(counts=(1, 65535, 65535, 65535))]


def pointer_to_itself(q):
	at = 12 + len(q.section)
	return [q.answer(record(bytes([0xc0 | at >> 8, at & 255]), TXT,
	    strings(CLAIMS[q.about])))]


def label_past_the_end(q):
	return [q.answer(b"\x3fshort", counts=(1, 1, 0, 0))]


def data_past_the_end(q):
	return [q.answer(q.txt(CLAIMS[q.about])[:-3])]


def string_past_the_data(q):
	return [q.answer(record(b"\xc0\x0c", TXT, b"\xff" +
	    CLAIMS[q.about]))]


def failure(rcode):
	return lambda q: [q.answer(flags=bytes([0x81, 0x80 | rcode]))]


def truncated(q):
	"""What TCP then says is another matter: see TCP_LIES."""
	return [q.answer(flags=b"\x83\x80")]


def oversized(q):
	"""The truth, in a datagram that nobody has asked for so large."""
	return [q.answer(q.txt(TRUTHS[q.about]),
	    *[q.txt(b"x" * 255) for _ in range(230)])]


def silence(q):
	return []


LIES = {
    "wrong-id": wrong_id, "wrong-ids-then-true": wrong_ids_then_true,
    "wrong-name": wrong_name, "wrong-type": wrong_type,
    "wrong-class": wrong_class, "no-question": no_question,
    "no-answer": no_answer_but_a_question, "loop-of-one": loop_of_one,
    "loop-of-two": loop_of_two, "endless-chain": chain_without_end,
    "noise": noise, "noise-with-id": noise_with_id,
    "noise-behind": noise_behind_question, "nothing": nothing,
    "header-alone": header_alone, "counts": counts_of_65535,
    "pointer": pointer_to_itself, "label": label_past_the_end,
    "data": data_past_the_end, "string": string_past_the_data,
    "formerr": failure(1), "notimp": failure(4), "refused": failure(5),
    "rcode-15": failure(15), "silence": silence, "oversized": oversized,
    "tcp-closed": truncated, "tcp-silent": truncated,
    "tcp-slow": truncated, "tcp-short": truncated, "tcp-noise": truncated,
    "tcp-truncated": truncated,
}
# Those that may be found out, since the truth comes too.
FOLLOWED_BY_TRUTH = {"wrong-ids-then-true", "oversized"}
SLOW_S = 0.5	# between two octets


def send_slowly(client, q):
	for octet in number(len(q.claim())) + q.claim():
		client.sendall(bytes([octet]))
		time.sleep(SLOW_S)


# What is done with a question by TCP, before the connection is closed.
TCP_LIES = {
    "tcp-silent": lambda client, q: client.recv(1),
    "tcp-slow": send_slowly,
    "tcp-short": lambda client, q: client.sendall(b"\xff\xff" + q.claim()),
    "tcp-noise": lambda client, q: client.sendall(os.urandom(1000)),
    "tcp-truncated": lambda client, q: write_framed(client, truncated(q)[0]),
}


class LyingDns:
	"""On HOST's PORT; SERVER is whom all else is asked."""

	def __init__(self, host, port, server):
		self.server, self.is_over = server, False
		self.n_lies = 0
		self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		self.udp.bind((host, port))
		self.udp.settimeout(0.2)
		self.tcp = socket.create_server((host, port))
		self.tcp.settimeout(0.2)
		self.address = "%s@%d" % (host, port)
		self.threads = [threading.Thread(target=run, daemon=True)
		    for run in (self.run_udp, self.run_tcp)]
		for thread in self.threads:
			thread.start()

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.is_over = True
		for thread in self.threads:
			thread.join(2)
		self.udp.close()
		self.tcp.close()

	def run_udp(self):
		while not self.is_over:
			try:
				packet, client = self.udp.recvfrom(65535)
			except (TimeoutError, ConnectionError):
				continue
			self.start(self.answer, Question(packet), client)

	def run_tcp(self):
		while not self.is_over:
			try:
				self.start(self.serve, self.tcp.accept()[0])
			except TimeoutError:
				continue

	@staticmethod
	def start(function, *arguments):
		threading.Thread(target=function, args=arguments,
		    daemon=True).start()

	def answer(self, q, client):
		if q.lie is not None:
			self.n_lies += 1
			packets = q.lie(q)
		else:
			with socket.socket(socket.AF_INET,
			    socket.SOCK_DGRAM) as upstream:
				upstream.settimeout(5)
				upstream.connect(self.server)
				upstream.send(q.packet)
				packets = [upstream.recv(65535)]
		for packet in packets:
			if not self.is_over:
				self.udp.sendto(packet, client)

	def serve(self, client):
		with client:
			client.settimeout(30)
			try:
				q = Question(read_framed(client))
				lie = TCP_LIES.get(q.lie_name)
				if lie is not None:
					lie(client, q)
				elif q.lie is None:
					self.hand_on(client, q.packet)
			except OSError:
				pass	# the daemon has had enough

	def hand_on(self, client, packet):
		with socket.create_connection(self.server, 5) as upstream:
			write_framed(upstream, packet)
			write_framed(client, read_framed(upstream))
