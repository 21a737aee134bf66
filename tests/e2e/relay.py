"""A DNS relay in front of the name server that can be told to misbehave.

Names at or below a domain of "faults" are answered as the longest such says,
all others as "mode" says:

    forward    hand on the question and the answer
    silent     lose the question
    servfail   answer SERVFAIL at once
    slow       hand on the answer a second later, where it came by UDP
"""

import select
import socket
import threading

FORWARD, SILENT, SERVFAIL, SLOW = "forward", "silent", "servfail", "slow"
SLOW_S = 1


def question_name(packet):
	"""The name asked for, in lower case; empty for what is no question."""
	labels, pos = [], 12
	while pos < len(packet) and packet[pos]:
		length = packet[pos]
		labels.append(packet[pos + 1:pos + 1 + length])
		pos += 1 + length
	return b".".join(labels).decode("latin-1").lower()


def make_servfail(packet):
	"""The question with QR, RA and RCODE 2, and nothing behind it."""
	end = 12
	while end < len(packet) and packet[end]:
		end += 1 + packet[end]
	header = packet[:2] + bytes([packet[2] & 0x79 | 0x80, 0x82])
	return header + b"\0\1\0\0\0\0\0\0" + packet[12:end + 5]


class Relay:
	def __init__(self, host, server_port, port):
		self.server = (host, server_port)
		self.mode = FORWARD
		self.faults = {}
		self.n_questions = 0
		self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		self.udp.bind((host, port))
		self.tcp = socket.create_server((host, port))
		self.address = "%s@%d" % (host, port)
		self.is_over = False
		self.pending = {}	# upstream socket -> client
		self.thread = threading.Thread(target=self.run, daemon=True)
		self.thread.start()

	def close(self):
		self.is_over = True
		self.thread.join(2)
		self.udp.close()
		self.tcp.close()

	def mode_for(self, packet):
		self.n_questions += 1
		name = question_name(packet)
		fitting = [domain for domain in list(self.faults)
		    if name == domain or name.endswith("." + domain)]
		if not fitting:
			return self.mode
		return self.faults[max(fitting, key=len)]

	def run(self):
		while not self.is_over:
			sockets = [self.udp, self.tcp] + list(self.pending)
			ready = select.select(sockets, [], [], 0.2)[0]
			for sock in ready:
				try:
					self.serve(sock)
				except OSError:
					pass	# a peer that went away

	def serve(self, sock):
		if sock is self.udp:
			self.ask(*sock.recvfrom(65535))
		elif sock is self.tcp:
			client = sock.accept()[0]
			threading.Thread(target=self.serve_tcp, args=(client,),
			    daemon=True).start()
		else:
			client = self.pending.pop(sock)
			with sock:
				packet = sock.recv(65535)
			if self.mode == SLOW:
				threading.Timer(SLOW_S, self.send_late,
				    (packet, client)).start()
			elif self.mode != SILENT:
				self.udp.sendto(packet, client)

	def send_late(self, packet, client):
		if not self.is_over:
			self.udp.sendto(packet, client)

	def ask(self, packet, client):
		mode = self.mode_for(packet)
		if mode == SERVFAIL:
			self.udp.sendto(make_servfail(packet), client)
		elif mode in (FORWARD, SLOW):
			upstream = socket.socket(socket.AF_INET,
			    socket.SOCK_DGRAM)
			upstream.connect(self.server)
			upstream.send(packet)
			self.pending[upstream] = client
			if len(self.pending) > 500:	# never answered
				lost = next(iter(self.pending))
				del self.pending[lost]
				lost.close()

	def serve_tcp(self, client):
		with client, socket.create_connection(self.server) as upstream:
			client.settimeout(10)
			upstream.settimeout(10)
			try:
				while not self.is_over:
					self.relay_tcp(client, upstream)
			except OSError:
				pass

	def relay_tcp(self, client, upstream):
		packet = read_framed(client)
		mode = self.mode_for(packet)
		if mode in (FORWARD, SLOW):
			write_framed(upstream, packet)
			write_framed(client, read_framed(upstream))
		elif mode == SERVFAIL:
			write_framed(client, make_servfail(packet))


def read_exactly(sock, n):
	octets = b""
	while len(octets) < n:
		more = sock.recv(n - len(octets))
		if not more:
			raise ConnectionError("closed")
		octets += more
	return octets


def read_framed(sock):
	return read_exactly(sock, int.from_bytes(read_exactly(sock, 2), "big"))


def write_framed(sock, packet):
	sock.sendall(len(packet).to_bytes(2, "big") + packet)
