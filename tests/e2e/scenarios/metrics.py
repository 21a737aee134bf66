"""What the daemon counts, as Prometheus reads it."""

import os
import signal

from exposition import fetch
from lab import render, wait_until
from mail import compose
from scenario import expect, expect_accepted, expect_reply, scenario
from scenarios.daemon import pids_of_workers


def start(lab, **settings):
	"""A daemon that tells, and where."""
	listen = "127.0.0.1:%d" % lab.free_ports(1)[0]
	return lab.assayd(http={"listen": listen}, **settings), listen


def expect_counts(found, counts):
	for (name, *labels), wanted in counts.items():
		value = found.get(name, **dict(labels))
		expect(value == wanted,
		    "%s%r is %r, not %r" % (name, labels, value, wanted))


@scenario("metrics tell what became of each message")
def counts(lab):
	assayd, listen = start(lab)
	assayd.connect().close()	# what a port scan does
	wait_until(lambda: fetch(listen).get("assay_strangers_total") == 1,
	    10 * lab.patience, "the stranger")
	before = fetch(listen)
	expect(before.get("assay_messages_total") == 0, "messages already")
	expect(before.get("assay_self_test_ok") == 1, "not tested")
	for _ in range(2):
		expect_accepted(lab, lab.send(assayd, lab.keys.sign(
		    compose("ann@honest.example"), "honest.example"),
		    "ann@honest.example"))
	expect_reply(lab.send(assayd, compose("ceo@reject.example"),
	    "a@nodmarc.example"), "550 5.7.1")
	with lab.smtp(assayd) as session:
		expect_reply(session.start("a@nodmarc.example"), "354")
		expect_reply(session.finish(compose("a@nodmarc.example")),
		    "250")
		session.command("MAIL FROM:<a@nodmarc.example>")
		session.command("RCPT TO:<user@example.org>")
		expect_reply(session.command("RSET"), "250")

	def is_told():
		return fetch(listen).get("assay_aborted_messages_total") == 1
	wait_until(is_told, 10 * lab.patience, "the aborted message")
	found = fetch(listen)
	def result(method, name):
		return ("assay_results_total", ("method", method),
		    ("result", name))
	expect_counts(found, {
		("assay_messages_total",): 4,
		("assay_open_messages",): 0,
		("assay_faults_total",): 0,
		("assay_verdicts_total", ("action", "accept")): 3,
		("assay_verdicts_total", ("action", "reject")): 1,
		("assay_wanted_total", ("action", "reject")): 1,
		("assay_trusted_total", ("reason", "none")): 4,
		result("dkim", "pass"): 2,
		result("dkim", "none"): 2,
		result("dmarc", "pass"): 2,
		result("dmarc", "fail"): 1,
		result("dmarc", "none"): 1,
		("assay_stage_seconds_count", ("stage", "mail")): 5,
		("assay_stage_seconds_count", ("stage", "end")): 4,
		("assay_worker_up", ("worker", "0")): 1,
	})
	expect(found.get("assay_strangers_total") == 1, "no stranger")
	expect(found.get("assay_dns_question_seconds_count") > 0, "no question")
	assayd.terminate()


@scenario("no counter runs back when a worker is killed")
def killed(lab):
	assayd, listen = start(lab, milter={"workers": 2})
	pids = pids_of_workers(assayd)
	expect(len(pids) == 3, "not two workers and one for control: %r" % pids)
	for _ in range(6):
		expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example"))
	wait_until(lambda: fetch(listen).get("assay_cache_hits_total") > 0,
	    10 * lab.patience, "the counts of the cache")
	before = fetch(listen).counters()
	expect(before["assay_messages_total", frozenset()] == 6, "not 6")
	for pid in pids[:2]:
		os.kill(pid, signal.SIGKILL)

	def are_back():
		found = fetch(listen)
		later = found.counters()
		for key, value in before.items():
			expect(later.get(key, 0) >= value,
			    "%r was %r and is %r" % (key, value,
			    later.get(key)))
		return assayd.log().count("was killed by signal 9") == 2 and \
		    all(found.get("assay_worker_up", worker=worker) == 1
		    for worker in ("1", "2", "control"))
	wait_until(are_back, 20 * lab.patience, "two workers")
	expect_accepted(lab, lab.send(assayd, compose("ann@honest.example"),
	    "ann@honest.example"))
	wait_until(lambda: fetch(listen).get("assay_messages_total") == 7,
	    10 * lab.patience, "the seventh message")
	are_back()
	assayd.terminate()


@scenario("what a rule has matched is counted through a reload")
def rule_reloaded(lab):
	def rule(name, is_shadow):
		return {"name": name, "match": {"author_domain":
		    ["honest.example"]}, "when": "always", "action": "none",
		    "why": "only to see", "shadow": is_shadow}

	def hits(name, shadow):
		return fetch(listen).get("assay_rule_hits_total", rule=name,
		    shadow=shadow)

	def send():
		expect_accepted(lab, lab.send(assayd,
		    compose("ann@honest.example"), "ann@honest.example"))

	assayd, listen = start(lab, rules=[rule("watch", True)])
	send()
	send()
	expect((hits("watch", "true"), hits("watch", "false")) == (2, 0),
	    "not two")
	with open(assayd.conf_path, "w") as stream:
		stream.write(render(dict(assayd.settings,
		    rules=[rule("other", True), rule("watch", False)])))
	assayd.process.send_signal(signal.SIGHUP)
	wait_until(lambda: fetch(listen).get("assay_reloads_total",
	    result="done") == 1, 20 * lab.patience, "the reload")
	send()
	expect((hits("watch", "true"), hits("watch", "false")) == (2, 1),
	    "not one more, which is no shadow's")
	expect(hits("other", "true") == 1, "the new rule")
	with open(assayd.conf_path, "a") as stream:
		stream.write("nonsense = 1;\n")
	assayd.process.send_signal(signal.SIGHUP)
	wait_until(lambda: fetch(listen).get("assay_reloads_total",
	    result="failed") == 1, 20 * lab.patience, "the refusal")
	found = fetch(listen)
	expect(found.get("assay_worker_config_generation", worker="0") == 2,
	    "the generation")
	expect(found.get("assay_messages_total") == 3, "three messages")
	assayd.terminate()
