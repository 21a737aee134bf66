"""What scenarios are made of: their list, and what they expect."""

from lab import AUTHSERV_ID
from mail import Results, get_fields, split_fields

ALL = []	# in the order in which they were written


class Scenario:
	def __init__(self, function, name, is_slow, is_heavy, is_bare):
		self.run, self.name = function, name
		self.is_slow, self.is_heavy = is_slow, is_heavy
		self.is_bare = is_bare


def scenario(name, is_slow=False, is_heavy=False, is_bare=False):
	"""Make a function of the lab a scenario.  A slow one waits for real
	time to pass.  A heavy one starts many programs, and others do what it
	does in the daemon: valgrind is spared it.  A bare one wants the
	daemon as it was built: sanitizers and valgrind take part in what it
	measures."""
	def register(function):
		ALL.append(Scenario(function, name, is_slow, is_heavy,
		    is_bare))
		return function
	return register


def expect(condition, message):
	if not condition:
		raise AssertionError(message)


def expect_reply(reply, start, *parts):
	expect(reply.text.startswith(start),
	    "expected %s, got: %s" % (start, reply.text))
	for part in parts:
		expect(part in reply.text,
		    "expected %r in: %s" % (part, reply.text))


def our_field(message):
	"""The one field that is ours, which must be the first of all."""
	name, value = split_fields(message)[0]
	expect(name == "Authentication-Results",
	    "the first field is %s:%s" % (name, value))
	results = Results(value)
	expect(results.authserv_id == AUTHSERV_ID,
	    "the id is %r" % results.authserv_id)
	ours = [value for value in
	    get_fields(message, "Authentication-Results")
	    if Results(value).authserv_id.lower() == AUTHSERV_ID]
	expect(len(ours) == 1, "%d fields by our id: %s" % (len(ours), ours))
	for line in value.split("\n"):
		expect(len(line) <= 998, "a line of %d octets" % len(line))
	return results


def expect_method(results, method, result, **properties):
	"""That METHOD=RESULT is there with these properties, "." written
	as "_"."""
	wanted = {name.replace("_", ".", 1): value
	    for name, value in properties.items()}
	for found, has in results.get(method):
		if found == result and wanted.items() <= has.items():
			return
	raise AssertionError("expected %s=%s %s in: %s" %
	    (method, result, wanted or "", results.text))


def expect_accepted(lab, reply):
	"""That it was queued and delivered; its Authentication-Results."""
	expect_reply(reply, "250")
	return our_field(lab.delivered(reply))


def expect_skipped(lab, reply):
	"""That it was delivered without having been looked at: nothing claims
	a result in our name."""
	expect_reply(reply, "250")
	for value in get_fields(lab.delivered(reply),
	    "Authentication-Results"):
		results = Results(value)
		expect(results.authserv_id.lower() != AUTHSERV_ID or
		    results.is_none, "a result: " + results.text)
