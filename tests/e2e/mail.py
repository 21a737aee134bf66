"""Messages: made, signed and taken apart, by code that is not assay's.

Signing is python3-dkim's, so that assay is never asked to verify what it would
itself have made.
"""

import base64
import itertools
import re
import subprocess

import dkim
import nacl.signing

SELECTORS = {"rsa": b"rsa-sha256", "ed": b"ed25519-sha256",
    "many": b"rsa-sha256"}
counter = itertools.count(1)


class Keys:
	"""One RSA and one Ed25519 key, made for this run."""

	def __init__(self):
		self.private, self.records = {}, {}
		pem = subprocess.run(["openssl", "genrsa", "2048"], check=True,
		    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
		der = subprocess.run(["openssl", "rsa", "-pubout", "-outform",
		    "DER"], input=pem, check=True, stdout=subprocess.PIPE,
		    stderr=subprocess.DEVNULL).stdout
		self.private["rsa"] = pem
		self.records["rsa"] = "v=DKIM1; p=" + \
		    base64.b64encode(der).decode()

		seed = nacl.signing.SigningKey.generate()
		self.private["ed"] = base64.b64encode(bytes(seed))
		self.records["ed"] = "v=DKIM1; k=ed25519; p=" + \
		    base64.b64encode(bytes(seed.verify_key)).decode()

	def sign(self, message, domain, selector="rsa",
	    canonicalize=(b"relaxed", b"relaxed"), **more):
		"""The message with a DKIM-Signature on top."""
		return dkim.sign(message, selector.encode(), domain.encode(),
		    self.private[selector], canonicalize=canonicalize,
		    signature_algorithm=SELECTORS[selector], **more) + message

	def seal(self, message, domain, results):
		"""The message with an ARC set by DOMAIN on top, whose
		ARC-Authentication-Results say RESULTS."""
		field = b"Authentication-Results: %s; %s\r\n" % (
		    domain.encode(), results.encode())
		fields = dkim.arc_sign(field + message, b"rsa",
		    domain.encode(), self.private["rsa"], domain.encode())
		return b"".join(fields) + message


def compose(author, *fields, body=b"Hello.\r\n", subject="test"):
	"""A message from AUTHOR (None: without From), FIELDS above the rest."""
	lines = list(fields)
	if author is not None:
		lines.append("From: " + author)
	n = next(counter)
	lines += ["To: user@example.org", "Subject: %s" % subject,
	    "Date: Thu, 01 Jan 2026 12:00:00 +0000",
	    "Message-ID: <%d@e2e.example>" % n]
	octets = b"\r\n".join(line if isinstance(line, bytes)
	    else line.encode() for line in lines)
	return octets + b"\r\n\r\n" + body


def split_fields(message):
	"""[(name, value)] of a delivered message: LF line ends, folds kept."""
	header = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
	fields = []
	for line in re.split(rb"\r?\n", header):
		if line[:1] in (b" ", b"\t") and fields:
			fields[-1][1] += b"\n" + line
		else:
			name, _, value = line.partition(b":")
			fields.append([name, value])
	return [(name.decode("latin-1"), value.decode("utf-8",
	    "surrogateescape")) for name, value in fields]


def get_fields(message, name):
	return [value for found, value in split_fields(message)
	    if found.lower() == name.lower()]


def unfold(value):
	return re.sub(r"\s*\n\s*", " ", value).strip()


def split_words(text):
	"""The words of each piece between semicolons: comments gone, quoted
	strings without their quotes, whatever they hold."""
	pieces, depth, in_quotes, is_escaped = [[""]], 0, False, False
	for char in text:
		if is_escaped:
			is_escaped = False
		elif char == "\\" and (in_quotes or depth):
			is_escaped = True
			continue
		elif char == '"' and not depth:
			in_quotes = not in_quotes
			continue
		elif not in_quotes and char in "()":
			depth += 1 if char == "(" else -1
			continue
		elif not in_quotes and not depth and char == ";":
			pieces.append([""])
			continue
		elif not in_quotes and not depth and char == " ":
			pieces[-1].append("")
			continue
		if not depth:
			pieces[-1][-1] += char
	return [[word for word in piece if word] for piece in pieces]


class Results:
	"""An Authentication-Results value, as a reader downstream sees it."""

	def __init__(self, value):
		self.text = unfold(value)
		pieces = split_words(self.text)
		self.authserv_id = pieces[0][0] if pieces[0] else ""
		self.is_none = pieces[1:] == [["none"]]
		self.methods = []
		for words in pieces[1:]:
			pairs = [word.partition("=")[::2] for word in words]
			if pairs and not self.is_none:
				self.methods.append((pairs[0][0], pairs[0][1],
				    dict(pairs[1:])))

	def get(self, method):
		"""[(result, properties)] of one method, in order."""
		return [(result, properties) for found, result, properties
		    in self.methods if found == method]
