"""Verification that breaks: by a policy of the system, or in the middle of its
life.  Nothing is refused for it, and nothing is let in."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

import lab as laboratory
from lab import HERE, wait_until
from mail import compose
from reporting import preload
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from zone import OTHER_CLIENT

ANN = "ann@honest.example"
NOBODY = "a@nospf.example"
FAILS = "the self-test fails: no result is relied on"
PASSES = "the self-test passes again"
REPLY = "451 4.7.0 mail cannot be verified here"

# No provider has an algorithm that is "fips=yes".
NO_ALGORITHMS = """openssl_conf = init
[init]
alg_section = algorithms
[algorithms]
default_properties = fips=yes
"""


def signed(lab, selector="rsa"):
	"""A message that passes by its signature alone."""
	return lab.keys.sign(compose("ann@signed.example"), "signed.example",
	    selector)


def send_signed(lab, assayd, selector="rsa"):
	return lab.send(assayd, signed(lab, selector), NOBODY, OTHER_CLIENT)


def send_forged(lab, assayd):
	return lab.send(assayd, compose("ceo@reject.example"), NOBODY,
	    OTHER_CLIENT)


def send_without_policy(lab, assayd):
	return lab.send(assayd, compose("a@nodmarc.example"), NOBODY,
	    OTHER_CLIENT)


def expect_no_results(lab, reply):
	expect(expect_accepted(lab, reply).is_none, "there are results")


def health(lab, assayd):
	"""The status and the text of /healthz."""
	address = assayd.settings["http"]["listen"]
	try:
		with urllib.request.urlopen("http://%s/healthz" % address,
		    timeout=10 * lab.patience) as answer:
			return answer.status, answer.read().decode()
	except urllib.error.HTTPError as error:
		return error.code, error.read().decode()


def start(lab, environment, **settings):
	return lab.assayd(environment=environment, http={"listen":
	    "%s:%d" % (lab.host, lab.free_ports(1)[0])}, **settings)


def expect_told(lab, assayd):
	"""The socket is there before the first test has ended."""
	wait_until(lambda: FAILS in assayd.log(), 10 * lab.patience,
	    "the log to tell of it")


def forbid_algorithms(lab):
	path = lab.path("no_algorithms.cnf")
	with open(path, "w") as stream:
		stream.write(NO_ALGORITHMS)
	return {"OPENSSL_CONF": path}


@scenario("a policy of the system forbids all algorithms: mail waits")
def forbidden(lab):
	assayd = start(lab, forbid_algorithms(lab))
	expect_told(lab, assayd)
	expect("message rsa-simple" in assayd.log(), "the case is not named")
	status, text = health(lab, assayd)
	expect(status == 503 and
	    text.startswith("failing: the self-test fails"),
	    "health is %d: %s" % (status, text))
	expect_reply(send_signed(lab, assayd), REPLY)
	expect_reply(send_forged(lab, assayd), REPLY)
	# What passes by SPF, which is not broken, is not told apart.
	expect_reply(lab.send(assayd, compose(ANN), ANN), REPLY)
	expect_no_results(lab, send_without_policy(lab, assayd))
	assayd.terminate()


@scenario("the same in monitor mode: all mail goes on, without results")
def forbidden_in_monitor(lab):
	assayd = start(lab, forbid_algorithms(lab), mode="monitor")
	expect_told(lab, assayd)
	expect_no_results(lab, send_signed(lab, assayd))
	expect_no_results(lab, send_forged(lab, assayd))
	expect_no_results(lab, send_without_policy(lab, assayd))
	log = assayd.log()
	for part in ("verdict=accept wanted=tempfail",
	    'note="the self-test fails'):
		expect(part in log, "not in the log: " + part)
	assayd.terminate()


@scenario("SPF refuses nothing at MAIL while the self-test fails")
def forbidden_at_mail(lab):
	assayd = start(lab, forbid_algorithms(lab), spf={"reject": ["fail"]})
	expect_reply(lab.send(assayd, compose(ANN), ANN, OTHER_CLIENT), REPLY)
	assayd.terminate()


class Crypto:
	"""A daemon whose libcrypto does what it is told."""

	def __init__(self, lab, **settings):
		self.lab = lab
		library = lab.path("broken_crypto.so")
		if not os.path.exists(library):
			subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o",
			    library, os.path.join(HERE, "broken_crypto.c"),
			    "-ldl"], check=True)
		self.path = lab.path("broken_crypto")
		self.repair()
		self.assayd = start(lab, dict(preload(library),
		    BROKEN_CRYPTO=self.path), **settings)

	def repair(self):
		if os.path.exists(self.path):
			os.unlink(self.path)

	def say(self, word):
		with open(self.path + ".new", "w") as stream:
			stream.write(word)
		os.chmod(self.path + ".new", 0o644)
		os.rename(self.path + ".new", self.path)

	def wait_for(self, text, asks=True):
		"""A test at once finds TEXT, or one within its minute."""
		offset = len(self.assayd.log().encode())
		if asks:
			self.assayd.process.send_signal(signal.SIGUSR1)
		wait_until(lambda: text in self.assayd.log(offset),
		    (20 if asks else 70) * self.lab.patience, text)
		return self.assayd.log(offset)

	def expect_sound(self):
		for selector in ("rsa", "ed"):
			expect_method(expect_accepted(self.lab, send_signed(
			    self.lab, self.assayd, selector)), "dmarc", "pass")
		expect_reply(send_forged(self.lab, self.assayd), "550 5.7.1")
		expect(health(self.lab, self.assayd) == (200, "ok\n"),
		    "health is %d: %s" % health(self.lab, self.assayd))


@scenario("a library that breaks while assayd runs is noticed, and mended")
def broken_later(lab):
	crypto = Crypto(lab)
	crypto.expect_sound()
	for word, case in (("no", "rsa-simple"), ("yes", "rsa-changed-header")):
		crypto.say(word)
		log = crypto.wait_for(FAILS)
		expect("message %s, with keys that were kept" % case in log,
		    "it fails at another message: " + log)
		status, text = health(lab, crypto.assayd)
		expect(status == 503 and case in text,
		    "health is %d: %s" % (status, text))
		# A forged signature would pass with "yes".
		forged = signed(lab).replace(b"Subject: test",
		    b"Subject: forged")
		expect_reply(lab.send(crypto.assayd, forged, NOBODY,
		    OTHER_CLIENT), REPLY)
		expect_reply(send_signed(lab, crypto.assayd), REPLY)
		expect_no_results(lab, send_without_policy(lab, crypto.assayd))
		crypto.repair()
		crypto.wait_for(PASSES)
		crypto.expect_sound()
	crypto.assayd.terminate()


@scenario("each worker tests for itself, and SIGUSR1 asks all of them")
def workers(lab):
	crypto = Crypto(lab, milter={"workers": 2})
	crypto.expect_sound()
	for change, told in ((lambda: crypto.say("no"), FAILS),
	    (crypto.repair, PASSES)):
		change()
		crypto.assayd.process.send_signal(signal.SIGUSR1)
		# The control process, which serves HTTP, is the third.
		wait_until(lambda told=told: crypto.assayd.log().
		    count(told) == 3, 20 * lab.patience, "all to be told")
	crypto.expect_sound()
	crypto.assayd.terminate()


@scenario("doctor and status tell of a self-test that fails")
def told_by_tools(lab):
	control = "unix:" + lab.path("assayd", "told.control")
	crypto = Crypto(lab, control={"socket": control})

	def run(*words):
		return subprocess.run(lab.assay_command + list(words) +
		    ["-c", crypto.assayd.conf_path], stdout=subprocess.PIPE,
		    text=True, env=dict(os.environ,
		    **laboratory.SANITIZER_OPTIONS)).stdout
	expect("assayd is well" in run("doctor"), "it is well")
	crypto.say("yes")
	crypto.wait_for(FAILS)
	for words in (["doctor"], ["status"]):
		expect("the self-test fails at message rsa-changed-header" in
		    run(*words), run(*words))
	crypto.assayd.terminate()


@scenario("without Ed25519 alone only mail that hangs on it waits")
def without_ed25519(lab):
	crypto = Crypto(lab)
	crypto.say("no-ed25519")
	crypto.wait_for("libcrypto cannot verify Ed25519")
	expect(health(lab, crypto.assayd) == (200, "ok\n"), "it fails")
	expect_method(expect_accepted(lab, send_signed(lab, crypto.assayd)),
	    "dmarc", "pass")
	expect_reply(send_signed(lab, crypto.assayd, "ed"), "451 4.7.0")
	expect_reply(send_forged(lab, crypto.assayd), "550 5.7.1")
	crypto.assayd.terminate()


@scenario("the self-test is made each minute, and soon after it failed",
    is_slow=True)
def each_minute(lab):
	crypto = Crypto(lab)
	crypto.expect_sound()		# it was made at start
	crypto.say("no")
	crypto.wait_for(FAILS, asks=False)
	crypto.repair()
	start = time.monotonic()
	crypto.wait_for(PASSES, asks=False)
	expect(time.monotonic() - start < 20 * lab.patience, "not soon")
	crypto.assayd.terminate()
