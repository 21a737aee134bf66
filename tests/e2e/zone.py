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

N_REPORT_DOMAINS = 30	# r0.reports.example and on, each with a rua
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


def report(name, keys, policy, local="agg"):
	"""A domain that wants reports, sent to itself."""
	return domain(name, keys, "v=DMARC1; %s; rua=mailto:%s@%s" %
	    (policy, local, name))


def make_reports(keys):
	"""Domains that want reports, and hosts that take them."""
	records = [
	    report("shop.example", keys, "p=quarantine"),
	    txt("helo.shop.example", SPF),
	    # One host takes its reports, one does not know of it.
	    domain("bank.example", keys, "v=DMARC1; p=reject; sp=quarantine;"
		" adkim=s; fo=1; rua=mailto:agg@collector.example!10m,"
		"mailto:agg@stranger.example,mailto:agg@bank.example"),
	    domain("sub.bank.example", keys),
	    txt("bank.example._report._dmarc.collector.example", "v=DMARC1"),
	    report("tested.example", keys, "p=reject; t=y"),
	    report("reporter.example", keys, "p=reject"),
	    report("gone.example", keys, "p=none", "gone-1"),
	    domain("late.gone.example", keys, "v=DMARC1; p=none;"
		" rua=mailto:gone-1@gone.example"),
	    report("refused.reports.example", keys, "p=none", "refused-1"),
	    report("later.reports.example", keys, "p=none", "later-1"),
	    report("fill.example", keys, "p=none"),
	    txt("*.fill.example", SPF),
	    domain("ruf.example", keys, "v=DMARC1; p=reject; fo=1;"
		" ruf=mailto:fail@ruf.example"),
	    domain("ruf2.example", keys, "v=DMARC1; p=reject;"
		" ruf=mailto:fail@ruf2.example,mailto:fail@stranger.example"),
	]
	records += [report("r%d.reports.example" % i, keys, "p=none")
	    for i in range(N_REPORT_DOMAINS)]
	return "".join(records)


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
	    # Below these are the names that lying_dns lies about.
	    domain("refuse.example", keys, reject),
	    domain("forge.example", keys, reject),
	    domain("policy.example", keys, reject),
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
	records.append(make_reports(keys))
	return "".join(records)
