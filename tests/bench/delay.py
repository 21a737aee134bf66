"""A name server further away: hands questions on after a time, and loses some.
UDP only; the answers of the benchmark's zone fit."""

import heapq
import random
import select
import socket
import threading
import time


class Delay:
    def __init__(self, server_port, delay_ms, loss=0.0):
        self.server = ("127.0.0.1", server_port)
        self.delay_s, self.loss = delay_ms / 1000, loss
        self.chance = random.Random(1)
        self.n_questions = 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.upstream.connect(self.server)
        self.clients = {}	# our id -> (the client's id, its address)
        self.queue = []	# (when, order, answer, address)
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join(2)
        self.udp.close()
        self.upstream.close()

    def run(self):
        while not self.is_over:
            wait_s = 0.2
            if self.queue:
                wait_s = min(wait_s, self.queue[0][0] - time.monotonic())
            ready = select.select([self.udp, self.upstream], [], [],
                                  max(wait_s, 0))[0]
            if self.udp in ready:
                self.ask(*self.udp.recvfrom(65535))
            if self.upstream in ready:
                self.keep(self.upstream.recv(65535))
            self.answer()

    def ask(self, packet, client):
        ours = self.n_questions % 65536
        self.n_questions += 1
        if self.chance.random() < self.loss:
            return
        self.clients[ours] = packet[:2], client
        self.upstream.send(ours.to_bytes(2, "big") + packet[2:])

    def keep(self, packet):
        theirs, client = self.clients.pop(int.from_bytes(packet[:2], "big"))
        heapq.heappush(self.queue, (time.monotonic() + self.delay_s,
                                    self.n_questions, theirs + packet[2:],
                                    client))

    def answer(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, _, packet, client = heapq.heappop(self.queue)
            self.udp.sendto(packet, client)
