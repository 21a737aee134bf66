"""What the name server of a run says.  Names by what they are for; addresses
from RFC 5737 and 3849."""

HONEST_CLIENT = "192.0.2.10"
HONEST_CLIENT6 = "2001:db8::10"
OTHER_CLIENT = "198.51.100.66"	# no domain names it
# The same for Sendmail, which has no XCLIENT.
HONEST_LOOPBACK = "127.0.0.10"
OTHER_LOOPBACK = "127.0.0.66"
TRUSTED_LOOPBACK = "127.0.0.99"

# What domains say about the mail they have refused, hostile or clumsy.
EXPLANATIONS = {
    "percent": "100%% sure, %{d}, 5%%",
    "loose-percent": "100% sure",
    "newline": "one\r\n250 2.0.0 accepted\rthree\nfour",
    "control": "bell \a escape \x1b[2J delete \x7f",
    "eight-bit": "déjà vu de %{i}",
    "huge": "%{i} " + "no " * 660,
    "one-word": "w" * 2000,
    "many-lines": "%{h}%{h}%{h} " * 200,
}

N_OUTAGE_DOMAINS = 200	# a fresh name for each try while DNS is out

SPF = "v=spf1 ip4:%s ip6:%s ip4:%s -all" % (HONEST_CLIENT, HONEST_CLIENT6,
    HONEST_LOOPBACK)


def quote(octets):
	return '"%s"' % "".join(chr(octet) if 32 <= octet < 127 and
	    octet not in b'"\\' else "\\%03d" % octet for octet in octets)


def txt(name, text, size=255):
	"""A TXT record, its text in strings of at most SIZE octets."""
	octets = text.encode()
	return "%s. TXT %s\n" % (name, " ".join(quote(octets[i:i + size])
	    for i in range(0, len(octets), size)))


def domain(name, keys, dmarc=None, spf=SPF):
	"""A domain with all that a sender publishes; None: not published."""
	records = "%s. A %s\n" % (name, HONEST_CLIENT)
	if spf is not None:
		records += txt(name, spf)
	if dmarc is not None:
		records += txt("_dmarc." + name, dmarc)
	for selector, record in keys.records.items():
		records += txt("%s._domainkey.%s" % (selector, name), record)
	return records


def make(keys):
	reject, quarantine = "v=DMARC1; p=reject", "v=DMARC1; p=quarantine"
	records = [
	    domain("honest.example", keys, reject),
	    domain("reject.example", keys, reject),
	    domain("quarantine.example", keys, quarantine),
	    domain("monitored.example", keys, "v=DMARC1; p=none"),
	    domain("nodmarc.example", keys),
	    domain("nospf.example", keys, spf=None),
	    domain("signed.example", keys, reject, spf="v=spf1 -all"),
	    # bücher.example
	    domain("xn--bcher-kva.example", keys, reject),
	    # Over 1232 octets: the answer comes by TCP.
	    domain("long.example", keys, reject, spf="v=spf1 " + "".join(
		"ip4:203.0.113.%d " % i for i in range(1, 200)) + SPF[7:]),
	    # A name of its own for each DNS trouble, so that no cache helps.
	    domain("servfail.example", keys, reject),
	    domain("servfail-sendmail.example", keys, reject),
	    domain("silent.example", keys, reject),
	    domain("silent2.example", keys, reject),
	    domain("deadspf-none.example", keys, "v=DMARC1; p=none"),
	    domain("deadspf-signed.example", keys, reject),
	    domain("deadkey.example", keys, reject),
	    domain("deadspf-reject.example", keys, reject),
	    domain("deadspf-monitor.example", keys, reject),
	    domain("deadspf-accept.example", keys, reject),
	    domain("foreign.example", keys),
	    # For SPF alone.
	    domain("refused.example", keys, spf="v=spf1 -all "
		"exp=why.refused.example"),
	    txt("why.refused.example", "100%% sure: %{i} is not of %{d}"),
	    domain("helo.example", keys, reject),
	    domain("twice.example", keys, reject),
	    txt("_dmarc.twice.example", quarantine),
	    # The records of the subdomain do not hide the one above.
	    txt("_dmarc.twice.reject.example", quarantine),
	    txt("_dmarc.twice.reject.example", "v=DMARC1; p=none"),
	    domain("strings.example", keys, reject),
	    txt("many._domainkey.strings.example", keys.records["rsa"] +
		"; n=" + "n" * (49 * 60 - len(keys.records["rsa"]) - 4), 60),
	    domain("badspf.example", keys, spf="v=spf1 ip4:nonsense"),
	    domain("baddmarc.example", keys, "v=DMARC1; p=nonsense"),
	    domain("oldkey.example", keys, reject),
	    txt("revoked._domainkey.oldkey.example", "v=DKIM1; p="),
	]
	for name, text in EXPLANATIONS.items():
		records.append(txt(name + ".explained.example",
		    "v=spf1 -all exp=why.%{d}"))
		records.append(txt("why." + name + ".explained.example", text))
	records += [domain("out%d.example" % i, keys, reject)
	    for i in range(N_OUTAGE_DOMAINS)]
	return "".join(records)
