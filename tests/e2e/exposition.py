"""Prometheus' text format 0.0.4, read as strictly as it is defined."""

import re
import urllib.request

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(r"(%s)(?:\{(.*)\})? (\S+)$" % NAME)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
TYPES = ("counter", "gauge", "histogram")


class Malformed(AssertionError):
	pass


def parse_labels(text):
	labels = {}
	while text:
		match = LABEL.match(text)
		if match is None or match[1] in labels:
			raise Malformed("labels: " + text)
		labels[match[1]] = re.sub(r"\\(.)", lambda escape:
		    {"n": "\n"}.get(escape[1], escape[1]), match[2])
		text = text[match.end():]
	return labels


class Family:
	def __init__(self, name):
		self.name, self.kind = name, None
		self.samples = {}	# (name, labels) -> value

	def owns(self, name):
		if self.kind == "histogram":
			return name in (self.name + end for end in
			    ("_bucket", "_sum", "_count"))
		return name == self.name

	def add(self, name, labels, value):
		key = name, frozenset(labels.items())
		if not self.owns(name) or key in self.samples:
			raise Malformed("sample: %s %r" % (name, labels))
		if self.kind == "counter" and not name.endswith("_total"):
			raise Malformed("a counter that is no _total: " + name)
		if self.kind != "gauge" and value < 0:
			raise Malformed("%s is %f" % (name, value))
		self.samples[key] = value

	def check_histogram(self):
		series = {}
		for (name, labels), value in self.samples.items():
			bare = frozenset(pair for pair in labels
			    if pair[0] != "le")
			if name.endswith("_bucket"):
				series.setdefault(bare, []).append(
				    (float(dict(labels)["le"]), value))
		for bare, buckets in series.items():
			counts = [value for _, value in buckets]
			if buckets != sorted(buckets) or \
			    counts != sorted(counts) or \
			    buckets[-1][0] != float("inf") or counts[-1] != \
			    self.samples[self.name + "_count", bare]:
				raise Malformed("%s: %r" % (self.name, buckets))


class Exposition:
	def __init__(self, text):
		self.families = {}
		self.open = None
		if not text.endswith("\n"):
			raise Malformed("the last line has no end")
		for line in text[:-1].split("\n"):
			self.read(line)
		for family in self.families.values():
			if family.kind == "histogram":
				family.check_histogram()

	def read(self, line):
		if line.startswith("# HELP "):
			name = line.split(" ")[2]
			if name in self.families:
				raise Malformed("twice: " + line)
			self.open = self.families[name] = Family(name)
		elif line.startswith("# TYPE "):
			name, kind = line.split(" ")[2:]
			if name != self.open.name or kind not in TYPES or \
			    self.open.kind is not None:
				raise Malformed(line)
			self.open.kind = kind
		else:
			match = SAMPLE.match(line)
			if match is None or self.open.kind is None:
				raise Malformed(line)
			self.open.add(match[1], parse_labels(match[2] or ""),
			    float(match[3]))

	def get(self, name, **labels):
		"""Of the one sample with that name and these labels; None
		where there is no such."""
		for family in self.families.values():
			value = family.samples.get((name,
			    frozenset(labels.items())))
			if value is not None:
				return value
		return None

	def counters(self):
		return {key: value for family in self.families.values()
		    if family.kind != "gauge"
		    for key, value in family.samples.items()}


def fetch(listen):
	"""What the daemon that listens there tells now."""
	with urllib.request.urlopen("http://%s/metrics" % listen,
	    timeout=20) as answer:
		kind = answer.headers["Content-Type"]
		if not kind.startswith("text/plain; version=0.0.4"):
			raise Malformed(kind)
		return Exposition(answer.read().decode())
