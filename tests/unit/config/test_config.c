/* Every key: what it sets, and what is said of a value it cannot have. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "unit/test.h"

#define MONITOR "mode = \"monitor\"; "
#define NO_MODE "f:1: mode is missing: write mode = \"monitor\"; to see " \
	"what assay would do, or mode = \"enforce\"; to have it done\n"

static struct config *
load(struct arena *arena, struct slice text, struct slice *problems_out)
{
	struct slice in = test_exact_copy(text);
	struct strbuf problems;
	struct config *config;

	strbuf_init(&problems, arena, 1000000);
	config = config_load_text("f", in, &problems);
	test_free_copy(in);
	*problems_out = strbuf_slice(&problems);
	return config;
}

/* ---- what is refused ----------------------------------------------------- */

static const struct {
	const char *name, *input, *problems;
} refused[] = {
	{ "empty", "", NO_MODE },
	{ "mode", "mode = \"montior\";",
	    "f:1: mode cannot be \"montior\": write \"monitor\" or "
	    "\"enforce\"\n" },
	{ "mode without quotes", "mode = monitor;",
	    "f:1: syntax error here, or in the line before: write KEY = "
	    "\"text\"; or KEY = 5; or KEY = true; and GROUP: { ... };\n" },
	{ "twice", MONITOR "\n" MONITOR,
	    "f:2: duplicate setting name here, or in the line before: write "
	    "each key and each group once; all keys of a group stand in its "
	    "one { ... };\n" },
	{ "list of texts and numbers", MONITOR "spf: { reject = [\"fail\", 1]; "
	    "};", "f:1: mismatched element type in array here, or in the line "
	    "before: write values of one kind between [ and ]\n" },
	{ "all problems, not the first",
	    "spf: { enabled = 1; };\nuser = \"no-such-user\";\ncolour = 1;\n"
	    "dkim: {\n max_signatures = 0;\n};\n",
	    "f:1: spf.enabled cannot be a number: write true or false, "
	    "without quotes\n"
	    "f:2: user cannot be \"no-such-user\": there is no such user: "
	    "write one of passwd(5), or \"\"\n"
	    "f:3: there is no key colour: assayd.conf(5) lists all keys\n"
	    "f:5: dkim.max_signatures cannot be 0: write a number from 1 to "
	    "32\n" NO_MODE },
	{ "unknown key", MONITOR "\nspf: {\n enable = true; };",
	    "f:3: there is no key spf.enable: did you mean spf.enabled?\n" },
	{ "unknown group", MONITOR "\nmailter: { socket = \"\"; };",
	    "f:2: there is no key mailter: did you mean milter?\n" },
	{ "key outside of its group", MONITOR "\ntimeout_ms = 5;",
	    "f:2: there is no key timeout_ms: did you mean "
	    "resolver.timeout_ms?\n" },
	{ "group with a value", MONITOR "\ndmarc = true;",
	    "f:2: dmarc cannot be true or false: it is a group, write dmarc: "
	    "{ KEY = VALUE; };\n" },
	{ "key with a group", MONITOR "\nstore: { x = 1; };",
	    "f:2: store cannot be a group: write a text in double quotes\n" },
	{ "deep groups", MONITOR "spf: { reject: { a: { b: { c = 1; }; }; }; "
	    "};", "f:1: spf.reject cannot be a group: write a list of texts, "
	    "[\"...\", \"...\"]\n" },
	{ "number as text", MONITOR "drain_s = \"30\";",
	    "f:1: drain_s cannot be a text: write a number from 0 to 600, "
	    "without quotes\n" },
	{ "fraction", MONITOR "drain_s = 1.5;",
	    "f:1: drain_s cannot be a number with a fraction: write a number "
	    "from 0 to 600, without quotes\n" },
	{ "negative", MONITOR "drain_s = -1;",
	    "f:1: drain_s cannot be -1: write a number from 0 to 600\n" },
	{ "64-bit", MONITOR "drain_s = 5000000000L;",
	    "f:1: drain_s cannot be 5000000000: write a number from 0 to "
	    "600\n" },
	{ "number too large", MONITOR "drain_s = 4294967296;",
	    "f:1: the number 4294967296 is too large for any key\n" },
	{ "short keys", MONITOR "dkim: { min_rsa_bits = 512; };",
	    "f:1: dkim.min_rsa_bits cannot be 512: write a number from 1024 "
	    "to 4096\n" },
	{ "text as list", MONITOR "spf: { reject = \"fail\"; };",
	    "f:1: spf.reject cannot be a text: write a list of texts, "
	    "[\"...\", \"...\"]\n" },
	{ "list of numbers", MONITOR "spf: { reject = [1,\n2]; };",
	    "f:1: spf.reject cannot be a number: write a list of texts, "
	    "[\"...\", \"...\"]\n"
	    "f:2: spf.reject cannot be a number: write a list of texts, "
	    "[\"...\", \"...\"]\n" },
	{ "spf.reject", MONITOR "spf: { reject = [\"fail\",\n\"pass\"]; };",
	    "f:2: spf.reject cannot be \"pass\": write \"fail\", "
	    "\"softfail\", \"neutral\", \"none\", \"permerror\" or "
	    "\"temperror\"\n" },
	{ "control character", MONITOR "store = \"a\\nb\";",
	    "f:1: store cannot be \"a\\x0ab\": write it without control "
	    "characters, with a quote at its end\n" },
	{ "long value", MONITOR "mode = \"x\";",
	    "f:1: duplicate setting name here, or in the line before: write "
	    "each key and each group once; all keys of a group stand in its "
	    "one { ... };\n" },
	{ "socket", MONITOR "milter: { socket = \"inet:127.0.0.1:8891\"; };",
	    "f:1: milter.socket cannot be \"inet:127.0.0.1:8891\": the port "
	    "comes first here, otherwise than in Postfix: write "
	    "\"inet:8891@127.0.0.1\"\n" },
	{ "socket_mode", MONITOR "milter: { socket_mode = \"0668\"; };",
	    "f:1: milter.socket_mode cannot be \"0668\": write an octal mode "
	    "such as \"0660\"\n" },
	{ "socket_mode, short", MONITOR "milter: { socket_mode = \"66\"; };",
	    "f:1: milter.socket_mode cannot be \"66\": write an octal mode "
	    "such as \"0660\"\n" },
	{ "socket_mode, setuid",
	    MONITOR "milter: { socket_mode = \"4660\"; };",
	    "f:1: milter.socket_mode cannot be \"4660\": write an octal mode "
	    "such as \"0660\"\n" },
	{ "socket_mode, a number", MONITOR "milter: { socket_mode = 0660; };",
	    "f:1: milter.socket_mode cannot be a number: write a text in "
	    "double quotes\n" },
	{ "mta_sts.socket", MONITOR "mta_sts: { socket = \"inet:1@127.0.0.1\"; "
	    "};", "f:1: mta_sts.socket cannot be \"inet:1@127.0.0.1\": write "
	    "\"unix:/PATH\"\n" },
	{ "mta_sts.socket, relative", MONITOR "mta_sts: { socket = "
	    "\"unix:run/a\"; };", "f:1: mta_sts.socket cannot be "
	    "\"unix:run/a\": write the whole path, from the first \"/\" on: "
	    "\"unix:/run/assay/assayd.sock\"\n" },
	{ "mta_sts.socket_mode", MONITOR "mta_sts: { socket_mode = \"888\"; "
	    "};", "f:1: mta_sts.socket_mode cannot be \"888\": write an octal "
	    "mode such as \"0660\"\n" },
	{ "mta_sts.socket_group", MONITOR "mta_sts: { socket_group = "
	    "\"no-group\"; };", "f:1: mta_sts.socket_group cannot be "
	    "\"no-group\": there is no such group: write one of group(5), or "
	    "\"\"\n" },
	{ "control.socket", MONITOR "control: { socket = \"inet:1@127.0.0.1\"; "
	    "};", "f:1: control.socket cannot be \"inet:1@127.0.0.1\": write "
	    "\"unix:/PATH\", or \"\" for none\n" },
	{ "control.socket, relative", MONITOR "control: { socket = "
	    "\"unix:run/c\"; };", "f:1: control.socket cannot be "
	    "\"unix:run/c\": write the whole path, from the first \"/\" on: "
	    "\"unix:/run/assay/assayd.sock\"\n" },
	{ "control.socket, the milter's", MONITOR "control: { socket = "
	    "\"unix:/run/m\"; };\nmilter: { socket = \"/run/m\"; };",
	    "f:1: control.socket cannot be \"unix:/run/m\", which is "
	    "milter.socket: write another path\n" },
	{ "control.socket, that of mta_sts", MONITOR "\ncontrol: { socket = "
	    "\"unix:/run/assay/mta-sts.sock\"; };", "f:2: control.socket "
	    "cannot be \"unix:/run/assay/mta-sts.sock\", which is "
	    "mta_sts.socket: write another path\n" },
	{ "control.socket_mode", MONITOR "control: { socket_mode = \"rw\"; "
	    "};", "f:1: control.socket_mode cannot be \"rw\": write an octal "
	    "mode such as \"0660\"\n" },
	{ "control.socket_group", MONITOR "control: { socket_group = "
	    "\"no-group\"; };", "f:1: control.socket_group cannot be "
	    "\"no-group\": there is no such group: write one of group(5), or "
	    "\"\"\n" },
	{ "http.listen", MONITOR "http: { listen = \"localhost:80\"; };",
	    "f:1: http.listen cannot be \"localhost:80\": write an address "
	    "and a port, as \"127.0.0.1:8892\" or \"[::1]:8892\"\n" },
	{ "http.listen, no port", MONITOR "http: { listen = \"127.0.0.1\"; };",
	    "f:1: http.listen cannot be \"127.0.0.1\": write an address "
	    "and a port, as \"127.0.0.1:8892\" or \"[::1]:8892\"\n" },
	{ "http.listen, a number", MONITOR "http: { listen = 80; };",
	    "f:1: http.listen cannot be a number: write a text in "
	    "double quotes\n" },
	{ "mta_sts.timeout_s", MONITOR "mta_sts: { timeout_s = 0; };",
	    "f:1: mta_sts.timeout_s cannot be 0: write a number from 1 to "
	    "60\n" },
	{ "trust_anchor_file", MONITOR "resolver: { trust_anchor_file = "
	    "\"key\"; };", "f:1: resolver.trust_anchor_file cannot be "
	    "\"key\": write the whole path, from the first \"/\" on\n" },
	{ "socket_group", MONITOR "milter: { socket_group = \"no-group\"; };",
	    "f:1: milter.socket_group cannot be \"no-group\": there is no "
	    "such group: write one of group(5), or \"\"\n" },
	{ "authserv_id", MONITOR "authserv_id = \"mx example\";",
	    "f:1: authserv_id cannot be \"mx example\": write one word "
	    "without blanks and quotes, usually this host's name\n" },
	{ "authserv_id, bad UTF-8", MONITOR "authserv_id = \"m\xc3x\";",
	    "f:1: authserv_id cannot be \"m\\xc3x\": it is no host name; "
	    "write it in ASCII, or in UTF-8 without a fault\n" },
	{ "server", MONITOR "resolver: { servers = [\"ns.example.org\"]; };",
	    "f:1: resolver.servers cannot be \"ns.example.org\": write "
	    "\"ADDRESS\", \"ADDRESS@PORT\", or [\"recursive\"] alone\n" },
	{ "recursive and a server", MONITOR
	    "resolver: { servers = [\"192.0.2.1\", \"recursive\"]; };",
	    "f:1: resolver.servers cannot be \"recursive\": it stands alone: "
	    "write [\"recursive\"], or addresses only\n" },
	{ "too many servers", MONITOR
	    "resolver: { servers = [\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
	    "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]; };",
	    "f:1: resolver.servers has 17 entries: write at most 16\n" },
	{ "no workers", MONITOR "milter: { workers = 0; };",
	    "f:1: milter.workers cannot be 0: write a number from 1 to 64\n" },
	{ "too many workers", MONITOR "milter: { workers = 65; };",
	    "f:1: milter.workers cannot be 65: write a number from 1 to "
	    "64\n" },
	{ "workers in words", MONITOR "milter: { workers = \"three\"; };",
	    "f:1: milter.workers cannot be a text: write a number from 1 to "
	    "64, without quotes\n" },
	{ "no cache", MONITOR "resolver: { cache_mb = 0; };",
	    "f:1: resolver.cache_mb cannot be 0: write a number from 1 to "
	    "4096\n" },
	{ "zone_file", MONITOR "resolver: { zone_file = \"zone\"; };",
	    "f:1: resolver.zone_file cannot be \"zone\": write the whole "
	    "path, from the first \"/\" on\n" },
	{ "sealer", MONITOR "arc: { trusted_sealers = [\"a..b\"]; };",
	    "f:1: arc.trusted_sealers cannot be \"a..b\": write a domain, "
	    "\"example.org\", or \"*.example.org\" for all below it\n" },
	{ "sealer, glob elsewhere", MONITOR
	    "arc: { trusted_sealers = [\"list*.example.org\",\n\"*\"]; };",
	    "f:1: arc.trusted_sealers cannot be \"list*.example.org\": write "
	    "a domain, \"example.org\", or \"*.example.org\" for all below "
	    "it\n"
	    "f:2: arc.trusted_sealers cannot be \"*\": write a domain, "
	    "\"example.org\", or \"*.example.org\" for all below it\n" },
	{ "sealers' file, relative", MONITOR
	    "arc: { trusted_sealers = [\"file:sealers\"]; };",
	    "f:1: arc.trusted_sealers cannot be \"file:sealers\": write the "
	    "whole path, \"file:/etc/assay/sealers\"\n" },
	{ "sealers' file, absent", MONITOR
	    "arc: {\n trusted_sealers = [\"file:/nonexistent/x\"]; };",
	    "f:2: arc.trusted_sealers names the file \"/nonexistent/x\": it "
	    "cannot be opened: No such file or directory\n" },
	{ "sealers' file, a folder", MONITOR
	    "arc: { trusted_sealers = [\"file:/\"]; };",
	    "f:1: arc.trusted_sealers names the file \"/\": it cannot be "
	    "read: Is a directory\n" },
	{ "evidence", MONITOR "dmarc: { evidence = [\"arc\",\n\"lists\"]; };",
	    "f:2: dmarc.evidence cannot be \"lists\": write \"arc\", "
	    "\"signature\", \"signature-body\", \"list\", \"forwarder\", "
	    "\"relay\", \"sealer\" or \"history\"\n" },
	{ "forwarders", MONITOR "dmarc: { forwarders = [\"192.0.2.0/33\",\n"
	    "\"192.0.2.1\", \"fwd.example\",\n\"2001:db8::/129\",\n"
	    "\"a b\"]; };",
	    "f:1: dmarc.forwarders cannot be \"192.0.2.0/33\": write an "
	    "address or a network, \"192.0.2.0/24\" or \"2001:db8::/32\", "
	    "or a domain\n"
	    "f:3: dmarc.forwarders cannot be \"2001:db8::/129\": write an "
	    "address or a network, \"192.0.2.0/24\" or \"2001:db8::/32\", "
	    "or a domain\n"
	    "f:4: dmarc.forwarders cannot be \"a b\": write a domain, "
	    "\"example.org\", or \"*.example.org\" for all below it\n" },
	{ "network", MONITOR "trusted: { networks = [\"10.0.0.0/33\",\n"
	    "\"192.0.2.0/24\",\n\"lan\"]; };",
	    "f:1: trusted.networks cannot be \"10.0.0.0/33\": write an "
	    "address or a network, \"192.0.2.0/24\" or \"2001:db8::/32\"\n"
	    "f:3: trusted.networks cannot be \"lan\": write an address or a "
	    "network, \"192.0.2.0/24\" or \"2001:db8::/32\"\n" },
	{ "relays", MONITOR "trusted: { relays = [\"192.0.2.1\",\n"
	    "\"192.0.2.0/33\",\n\"0.0.0.0/0\"]; };",
	    "f:2: trusted.relays cannot be \"192.0.2.0/33\": write an "
	    "address or a network, \"192.0.2.0/24\" or \"2001:db8::/32\"\n"
	    "f:3: trusted.relays cannot be \"0.0.0.0/0\": whoever comes "
	    "could say who he is; write your own hosts\n" },
	{ "quarantine", MONITOR "dmarc: { quarantine = \"drop\"; };",
	    "f:1: dmarc.quarantine cannot be \"drop\": write \"hold\", "
	    "\"tag\", \"reject\", \"none\" or \"redirect:ADDRESS\"\n" },
	{ "quarantine, no address", MONITOR
	    "dmarc: { quarantine = \"redirect:nobody\"; };",
	    "f:1: dmarc.quarantine cannot be \"redirect:nobody\": write a "
	    "mail address: \"redirect:quarantine@example.org\"\n" },
	{ "quarantine, an argument", MONITOR
	    "dmarc: { quarantine = \"redirect:a@example.org b\"; };",
	    "f:1: dmarc.quarantine cannot be \"redirect:a@example.org b\": "
	    "write a mail address: \"redirect:quarantine@example.org\"\n" },
	{ "store", MONITOR "store = \"mysql:x\";",
	    "f:1: store cannot be \"mysql:x\": write \"sqlite:/PATH\", "
	    "\"postgresql://...\", or \"\" for none\n" },
	{ "store, relative", MONITOR "store = \"sqlite:assay.db\";",
	    "f:1: store cannot be \"sqlite:assay.db\": write the whole path: "
	    "\"sqlite:/var/lib/assay/assay.db\"\n" },
	{ "store, no file", MONITOR "store = \"sqlite:/\";",
	    "f:1: store cannot be \"sqlite:/\": write the whole path: "
	    "\"sqlite:/var/lib/assay/assay.db\"\n" },
	{ "report.from", MONITOR "report: { from = \"a b@example.org\"; };",
	    "f:1: report.from cannot be \"a b@example.org\": write a plain "
	    "mail address: \"dmarc-reports@example.org\"\n" },
	{ "report.from, in brackets", MONITOR
	    "report: {\nfrom = \"<a@example.org>\"; };",
	    "f:2: report.from cannot be \"<a@example.org>\": write a plain "
	    "mail address: \"dmarc-reports@example.org\"\n" },
	{ "report.from, without domain", MONITOR
	    "report: { from = \"postmaster\"; };",
	    "f:1: report.from cannot be \"postmaster\": write a plain "
	    "mail address: \"dmarc-reports@example.org\"\n" },
	{ "report.from, a literal", MONITOR
	    "report: { from = \"a@[192.0.2.1]\"; };",
	    "f:1: report.from cannot be \"a@[192.0.2.1]\": write a plain "
	    "mail address: \"dmarc-reports@example.org\"\n" },
	{ "report.organization", MONITOR
	    "report: { organization = \"\xff\"; };",
	    "f:1: report.organization cannot be \"\\xff\": write it in "
	    "UTF-8 without a fault\n" },
	{ "report.submitter", MONITOR "report: { submitter = \"a b\"; };",
	    "f:1: report.submitter cannot be \"a b\": write this host's "
	    "name, \"mx.example.org\"\n" },
	{ "report.transport", MONITOR
	    "report: { transport = \"sendmail\"; };",
	    "f:1: report.transport cannot be \"sendmail\": write "
	    "\"sendmail:/usr/sbin/sendmail\" or \"smtp://HOST:PORT\"\n" },
	{ "report.transport, relative", MONITOR
	    "report: { transport = \"sendmail:bin/sendmail\"; };",
	    "f:1: report.transport cannot be \"sendmail:bin/sendmail\": "
	    "write \"sendmail:/usr/sbin/sendmail\" or "
	    "\"smtp://HOST:PORT\"\n" },
	{ "report.transport, port", MONITOR
	    "report: { transport = \"smtp://mx.example.org:65536\"; };",
	    "f:1: report.transport cannot be \"smtp://mx.example.org:65536\": "
	    "write \"sendmail:/usr/sbin/sendmail\" or "
	    "\"smtp://HOST:PORT\"\n" },
	{ "report.transport, path", MONITOR
	    "report: { transport = \"smtp://mx.example.org/x\"; };",
	    "f:1: report.transport cannot be \"smtp://mx.example.org/x\": "
	    "write \"sendmail:/usr/sbin/sendmail\" or "
	    "\"smtp://HOST:PORT\"\n" },
	{ "report.keep_days", MONITOR "report: { keep_days = 6; };",
	    "f:1: report.keep_days cannot be 6: write a number from 7 to "
	    "3650\n" },
	{ "group in a group", MONITOR "report: {\n failure = true; };",
	    "f:2: report.failure cannot be true or false: it is a group, write "
	    "failure: { KEY = VALUE; };\n" },
	{ "key in a group in a group", MONITOR
	    "report: {\n failure: {\n enable = true; }; };",
	    "f:3: there is no key report.failure.enable: did you mean "
	    "report.failure.enabled?\n" },
	{ "no such group in a group", MONITOR
	    "report: {\n failures: { enabled = true; }; };",
	    "f:2: there is no key report.failures: did you mean "
	    "report.failure?\n" },
	{ "log.format", MONITOR "log: { format = \"xml\"; };",
	    "f:1: log.format cannot be \"xml\": write \"text\" or "
	    "\"json\"\n" },
	{ "log.format, a number", MONITOR "log: { format = 1; };",
	    "f:1: log.format cannot be a number: write a text in double "
	    "quotes\n" },
	{ "log.target", MONITOR "log: {\n\ttarget = \"file\"; };",
	    "f:2: log.target cannot be \"file\": write \"auto\", \"syslog\", "
	    "\"journal\" or \"stderr\"\n" },
	{ "log.target, a list", MONITOR "log: { target = [\"syslog\"]; };",
	    "f:1: log.target cannot be a list: write a text in double "
	    "quotes\n" },
	{ "log.level", MONITOR "log: { level = \"loud\"; };",
	    "f:1: log.level cannot be \"loud\": write \"error\", "
	    "\"warning\", \"info\" or \"debug\"\n" },
	{ "dmarc alone", MONITOR "spf: { enabled = false; };\n"
	    "dkim: { enabled = false; };",
	    "f:1: dmarc.enabled needs SPF and DKIM: write spf: { enabled = "
	    "true; }; and dkim: { enabled = true; };, or dmarc: { enabled = "
	    "false; };\n" },
	{ "replies", MONITOR "replies: { dmarc_reject = \"100% sure\";\n"
	    "bad_from = \"%{form}\"; rule_reject = \"%{text\";\n"
	    "temperror = \"caf\xc3\xa9\"; };",
	    "f:1: replies.dmarc_reject cannot be \"100% sure\": write \"%%\" "
	    "for a percent sign\n"
	    "f:2: replies.bad_from cannot be \"%{form}\": write %{text}, "
	    "%{domain}, %{reason}, %{explanation}, %{id}, %{client}, "
	    "%{policy}, %{evidence} or %{rule}\n"
	    "f:2: replies.rule_reject cannot be \"%{text\": write %{text}, "
	    "%{domain}, %{reason}, %{explanation}, %{id}, %{client}, "
	    "%{policy}, %{evidence} or %{rule}\n"
	    "f:3: replies.temperror cannot be \"caf\\xc3\\xa9\": write it in "
	    "ASCII, which is all that a reply may have\n" },
	{ "limits", MONITOR "limits: { questions = 19;\n"
	    "network_burst = 99;\nanswer_octets = 65536;\n"
	    "mail_time_ms = 25001;\nmessage_time_ms = 999; };\n"
	    "dkim: { max_rsa_bits = 4095; };\narc: { max_sets = 51; };",
	    "f:1: limits.questions cannot be 19: write a number from 20 to "
	    "10000\n"
	    "f:2: limits.network_burst cannot be 99: write a number from 100 "
	    "to 10000000\n"
	    "f:3: limits.answer_octets cannot be 65536: write a number from "
	    "4096 to 65535\n"
	    "f:4: limits.mail_time_ms cannot be 25001: write a number from "
	    "1000 to 25000\n"
	    "f:5: limits.message_time_ms cannot be 999: write a number from "
	    "1000 to 240000\n"
	    "f:6: dkim.max_rsa_bits cannot be 4095: write a number from 4096 "
	    "to 16384\n"
	    "f:7: arc.max_sets cannot be 51: write a number from 1 to 50\n" },
	{ "limits of the process", MONITOR "limits: { sessions = 9;\n"
	    "memory_mb = 15;\ndns_in_flight = 4097; };",
	    "f:1: limits.sessions cannot be 9: write a number from 10 to "
	    "1000000\n"
	    "f:2: limits.memory_mb cannot be 15: write a number from 16 to "
	    "1048576\n"
	    "f:3: limits.dns_in_flight cannot be 4097: write a number from 8 "
	    "to 4096\n" },
	{ "memory below header", MONITOR "\nlimits: {\n"
	    "header_octets = 1048576;\nmessage_memory = 4194303; };",
	    "f:4: limits.message_memory is too small for "
	    "limits.header_octets: write 4194304 or more\n" },
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct arena *arena = test_arena();
		struct slice problems;
		struct config *config = load(arena,
		    slice_from_cstr(refused[i].input), &problems);

		test_assert_slice(refused[i].name, problems,
		    refused[i].problems);
		if (config != NULL)
			fail_msg("%s: accepted", refused[i].name);
		arena_destroy(&arena);
	}
}

/* ---- what is accepted ---------------------------------------------------- */

static void
test_defaults(void **state)
{
	struct arena *arena = test_arena();
	struct slice problems;
	struct config *c = load(arena, SLICE("mode = \"enforce\";"),
	    &problems);

	(void)state;
	test_assert_slice("defaults", problems, "");
	assert_non_null(c);
	assert_int_equal(c->policy.mode, POLICY_MODE_ENFORCE);
	assert_string_equal(c->milter.socket, "unix:/run/assay/assayd.sock");
	assert_int_equal(c->milter.socket_mode, 0660);
	assert_null(c->milter.socket_group);
	assert_int_equal(c->milter.workers, 1);
	assert_null(c->authserv_id);
	assert_int_equal(c->resolver.n_servers, 0);
	assert_int_equal(c->resolver.timeout_ms, 5000);
	assert_false(c->resolver.dnssec);
	assert_null(c->resolver.trust_anchor_file);
	assert_string_equal(c->mta_sts.socket, "unix:/run/assay/mta-sts.sock");
	assert_int_equal(c->mta_sts.socket_mode, 0660);
	assert_null(c->mta_sts.socket_group);
	assert_int_equal(c->mta_sts.timeout_s, 10);
	assert_string_equal(c->control.socket, "");
	assert_int_equal(c->control.socket_mode, 0600);
	assert_null(c->control.socket_group);
	assert_int_equal(c->cache.megabytes, 16);
	assert_null(c->zone_file);
	assert_true(c->inspect.is_spf_enabled);
	assert_int_equal(c->policy.spf_reject, 0);
	assert_int_equal(c->inspect.spf.max_void_lookups, 2);
	assert_true(c->inspect.is_dkim_enabled);
	assert_int_equal(c->inspect.dkim.min_rsa_bits, 1024);
	assert_int_equal(c->inspect.dkim.max_signatures, 8);
	assert_true(c->inspect.is_arc_enabled);
	assert_int_equal(c->inspect.arc.min_rsa_bits, 1024);
	assert_int_equal(c->policy.trusted_sealers.n, 0);
	assert_true(c->inspect.is_dmarc_enabled);
	assert_int_equal(c->policy.dmarc_reject, POLICY_REJECT_KNOWLEDGE);
	assert_int_equal(c->policy.evidence, POLICY_SIGNS_ALL);
	assert_int_equal(c->policy.n_forwarder_networks, 0);
	assert_int_equal(c->policy.forwarder_domains.n, 0);
	assert_int_equal(c->inspect.dmarc.discovery,
	    DMARC_DISCOVERY_TREE_WALK);
	assert_null(c->psl_file);
	assert_int_equal(c->policy.quarantine, POLICY_QUARANTINE_HOLD);
	assert_false(c->policy.is_bad_from_accepted);
	assert_false(c->policy.is_temperror_accepted);
	assert_int_equal(c->policy.n_trusted_networks, 2);
	assert_true(c->policy.is_authenticated_trusted);
	assert_string_equal(c->report.store, "");
	assert_null(c->report.from);
	assert_int_equal(c->report.keep_days, 35);
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_int_equal(c->log_facility, LOG_MAIL);
	assert_int_equal(c->log_format, LOG_FORMAT_TEXT);
	assert_int_equal(c->log_target, LOG_TARGET_AUTO);
	assert_null(c->user);
	assert_int_equal(c->drain_s, 30);
	assert_null(c->notes);
	config_unload(&c);
	assert_null(c);
	arena_destroy(&arena);
}

static const char full[] =
    "mode = \"enforce\";\n"
    "milter: { socket = \"/run/a\"; socket_mode = \"600\";\n"
    "    socket_group = \"root\"; backlog = 7; workers = 64; };\n"
    "authserv_id = \"mx.b\xc3\xbc""cher.example\";\n"
    "resolver: { servers = [\"127.0.0.1@5353\", \"2001:db8::1\"];\n"
    "    timeout_ms = 0x3e8; dnssec = true; cache_mb = 3; "
    "zone_file = \"/tmp/zone\"; trust_anchor_file = \"/tmp/key\"; };\n"
    "spf: { enabled = true; reject = (\"fail\", \"none\");\n"
    "    max_void_lookups = 0; };\n"
    "dkim: { enabled = false; min_rsa_bits = 2048L; max_signatures = 1;\n"
    "    max_rsa_bits = 4096; };\n"
    "arc: { enabled = false; max_sets = 1;\n"
    "    trusted_sealers = [\"Lists.example.ORG\","
    " \"*.b\xc3\xbc""cher.example\"]; };\n"
    "dmarc: { enabled = true; reject = \"strict\"; org_domain = \"psl\";\n"
    "    evidence = [\"signature\", \"list\"];\n"
    "    forwarders = [\"192.0.2.0/24\", \"fwd.example\", \"2001:db8::1\"];\n"
    "    psl_file = \"/tmp/psl\"; bad_from = \"accept\";\n"
    "    quarantine = \"redirect:spam@example.org\";\n"
    "    temperror = \"accept\"; };\n"
    "trusted: { networks = [\"192.0.2.0/24\"]; authenticated = false;\n"
    "    relays = [\"192.0.2.64/26\", \"2001:db8::/48\"]; };\n"
    "replies: { spf_reject = \"a\"; dmarc_reject = \"%{text} %{id}\";\n"
    "    bad_from = \"c\"; temperror = \"100%%\"; rule_reject = \"e\"; };\n"
    "store = \"sqlite:/nonexistent/assay.db\";\n"
    "report: { from = \"DMARC@Example.ORG\"; organization = \"\xc3\x84 Ltd\";\n"
    "    contact = \"https://example.org/\"; submitter = \"MX.example.org\";\n"
    "    transport = \"smtp://[2001:db8::1]:2525\"; recipient_domain = true;\n"
    "    keep_days = 7; max_destinations = 3; max_octets = 65536;\n"
    "    max_rows = 100; max_reports = 1; failure: { enabled = true;\n"
    "    subject = true; per_hour = 2; }; };\n"
    "mta_sts: { socket = \"local:/run/b\"; socket_mode = \"666\"; "
    "socket_group = \"root\"; timeout_s = 60; };\n"
    "control: { socket = \"local:/run/c\"; socket_mode = \"660\"; "
    "socket_group = \"root\"; };\n"
    "http: { listen = \"127.0.0.1:8892\"; };"
    "limits: { header_octets = 65536; header_fields = 100;\n"
    "    message_memory = 1048576; questions = 20;\n"
    "    network_questions = 0; network_burst = 100;\n"
    "    answer_octets = 4096; answer_records = 20;\n"
    "    mail_time_ms = 1000; message_time_ms = 240000;\n"
    "    sessions = 10; memory_mb = 1048576; dns_in_flight = 8; };\n"
    "log: { level = \"debug\"; facility = \"local3\";\n"
    "    format = \"json\"; target = \"stderr\"; };\n"
    "user = \"root\";\n"
    "drain_s = 0;\n";

static void
check_report(const struct report_options *report)
{
	assert_string_equal(report->store, "sqlite:/nonexistent/assay.db");
	assert_string_equal(report->from, "DMARC@example.org");
	assert_string_equal(report->organization, "\xc3\x84 Ltd");
	assert_string_equal(report->contact, "https://example.org/");
	assert_string_equal(report->submitter, "mx.example.org");
	assert_string_equal(report->transport, "smtp://[2001:db8::1]:2525");
	assert_true(report->tells_recipient_domain);
	assert_int_equal(report->keep_days, 7);
	assert_int_equal(report->max_destinations, 3);
	assert_int_equal(report->max_octets, 65536);
	assert_int_equal(report->max_rows, 100);
	assert_int_equal(report->max_reports, 1);
	assert_true(report->is_failure_enabled);
	assert_true(report->tells_subject);
	assert_int_equal(report->failures_per_hour, 2);
}

static void
test_full(void **state)
{
	static const struct ip_address inside = { IP_V4, { 192, 0, 2, 77 } };
	struct arena *arena = test_arena();
	struct slice problems;
	struct config *c = load(arena, slice_from_cstr(full), &problems);
	struct config_note *note;

	(void)state;
	test_assert_slice("full", problems, "");
	assert_non_null(c);
	assert_string_equal(c->milter.socket, "unix:/run/a");
	assert_int_equal(c->milter.socket_mode, 0600);
	assert_string_equal(c->milter.socket_group, "root");
	assert_int_equal(c->milter.backlog, 7);
	assert_int_equal(c->milter.workers, 64);
	assert_string_equal(c->authserv_id, "mx.b\xc3\xbc""cher.example");
	assert_int_equal(c->resolver.n_servers, 2);
	assert_string_equal(c->resolver.servers[0], "127.0.0.1@5353");
	assert_string_equal(c->resolver.servers[1], "2001:db8::1");
	assert_int_equal(c->resolver.timeout_ms, 1000);
	assert_true(c->resolver.dnssec);
	assert_string_equal(c->resolver.trust_anchor_file, "/tmp/key");
	assert_string_equal(c->mta_sts.socket, "unix:/run/b");
	assert_int_equal(c->mta_sts.socket_mode, 0666);
	assert_string_equal(c->mta_sts.socket_group, "root");
	assert_int_equal(c->mta_sts.timeout_s, 60);
	assert_string_equal(c->control.socket, "unix:/run/c");
	assert_int_equal(c->control.socket_mode, 0660);
	assert_string_equal(c->control.socket_group, "root");
	assert_string_equal(c->control.http, "127.0.0.1:8892");
	assert_int_equal(c->milter_limits.max_sessions, 10);
	assert_int_equal(c->milter_limits.memory_mb, 1048576);
	assert_int_equal(c->resolver.max_in_flight, 8);
	assert_int_equal(c->cache.megabytes, 3);
	assert_string_equal(c->zone_file, "/tmp/zone");
	assert_true(c->inspect.is_spf_enabled);
	assert_int_equal(c->policy.spf_reject, 1U << SPF_FAIL | 1U << SPF_NONE);
	assert_int_equal(c->inspect.spf.max_void_lookups, 0);
	assert_false(c->inspect.is_dkim_enabled);
	assert_int_equal(c->inspect.dkim.min_rsa_bits, 2048);
	assert_int_equal(c->inspect.dkim.max_signatures, 1);
	assert_true(c->inspect.is_dmarc_enabled);
	assert_false(c->inspect.is_arc_enabled);
	assert_int_equal(c->inspect.arc.min_rsa_bits, 2048);
	assert_int_equal(c->policy.trusted_sealers.n, 2);
	assert_true(policy_list_has_domain(&c->policy.trusted_sealers,
	    SLICE("lists.example.org")));
	assert_true(policy_list_has_domain(&c->policy.trusted_sealers,
	    SLICE("a.xn--bcher-kva.example")));
	assert_int_equal(c->policy.dmarc_reject, POLICY_REJECT_STRICT);
	assert_int_equal(c->policy.evidence, POLICY_SIGN_SIGNATURE |
	    POLICY_SIGN_SIGNATURE_BODY | POLICY_SIGN_LIST);
	assert_int_equal(c->policy.n_forwarder_networks, 2);
	assert_true(ip_network_contains(c->policy.forwarder_networks,
	    &inside));
	assert_int_equal(c->policy.forwarder_domains.n, 1);
	assert_true(policy_list_has_domain(&c->policy.forwarder_domains,
	    SLICE("fwd.example")));
	assert_int_equal(c->inspect.dmarc.discovery, DMARC_DISCOVERY_PSL);
	assert_string_equal(c->psl_file, "/tmp/psl");
	assert_int_equal(c->policy.quarantine, POLICY_QUARANTINE_REDIRECT);
	assert_string_equal(c->policy.quarantine_address, "spam@example.org");
	assert_true(c->policy.is_bad_from_accepted);
	assert_true(c->policy.is_temperror_accepted);
	assert_int_equal(c->policy.n_trusted_networks, 1);
	assert_true(ip_network_contains(c->policy.trusted_networks, &inside));
	assert_false(c->policy.is_authenticated_trusted);
	assert_int_equal(c->inspect.relays.n, 2);
	assert_true(relay_is_own(&c->inspect.relays, &inside));
	assert_string_equal(c->policy.replies[POLICY_REPLY_SPF], "a");
	assert_string_equal(c->policy.replies[POLICY_REPLY_DMARC],
	    "%{text} %{id}");
	assert_string_equal(c->policy.replies[POLICY_REPLY_BAD_FROM], "c");
	assert_string_equal(c->policy.replies[POLICY_REPLY_TEMPERROR],
	    "100%%");
	assert_string_equal(c->policy.replies[POLICY_REPLY_RULE], "e");
	check_report(&c->report);
	assert_int_equal(c->inspect.header.max_octets, 65536);
	assert_int_equal(c->inspect.header.max_fields, 100);
	assert_int_equal(c->inspect.max_message_memory, 1048576);
	assert_int_equal(c->inspect.dns.max_questions, 20);
	assert_int_equal(c->throttle.per_second, 0);
	assert_int_equal(c->throttle.burst, 100);
	assert_int_equal(c->inspect.dns.max_answer_octets, 4096);
	assert_int_equal(c->inspect.dns.max_answer_records, 20);
	assert_int_equal(c->inspect.spf.budget_ms, 1000);
	assert_int_equal(c->inspect.finish_budget_ms, 240000);
	assert_int_equal(c->inspect.dkim.max_rsa_bits, 4096);
	assert_int_equal(c->inspect.arc.max_rsa_bits, 4096);
	assert_int_equal(c->inspect.arc.max_sets, 1);
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->log_facility, LOG_LOCAL3);
	assert_int_equal(c->log_format, LOG_FORMAT_JSON);
	assert_int_equal(c->log_target, LOG_TARGET_STDERR);
	assert_string_equal(c->user, "root");
	assert_int_equal(c->drain_s, 0);
	note = c->notes;
	assert_string_equal(note->text, "f:6: resolver.zone_file: no DNS "
	    "server is asked, this file answers everything");
	note = note->next;
	assert_string_equal(note->text, "f:23: store: there is no folder "
	    "/nonexistent, or it cannot be looked into: nothing is remembered "
	    "until it is there");
	note = note->next;
	assert_string_equal(note->text, "f:13: dmarc.enabled without "
	    "dkim.enabled: mail that only DKIM would let pass fails DMARC");
	note = note->next;
	assert_string_equal(note->text, "f:12: arc.trusted_sealers is not "
	    "looked at: write enabled = true; beside it");
	assert_null(note->next);
	config_unload(&c);
	arena_destroy(&arena);
}

static const struct {
	const char *name, *input, *note;
} noted[] = {
	{ "every address", "milter: { socket = \"inet:8891\"; };",
	    "f:1: milter.socket: this listens on every address of this host, "
	    "and any host that reaches it may use it" },
	{ "HTTP for all", "http: { listen = \"[::]:8892\"; };",
	    "f:1: http.listen: [::]:8892 is no loopback address: whoever "
	    "reaches it may read what mail comes here, and from whom" },
	{ "everybody trusted", "trusted: { networks = [\"::/0\"]; };",
	    "f:1: trusted.networks: \"::/0\" trusts everybody: no mail is "
	    "inspected" },
	{ "sealers do not count", "arc: { trusted_sealers = [\"a.example\"]; "
	    "};\ndmarc: { evidence = [\"arc\"]; };",
	    "f:1: arc.trusted_sealers is not looked at: write \"sealer\" "
	    "into dmarc.evidence" },
	{ "sealers and strict", "dmarc: { reject = \"strict\"; };\n"
	    "arc: { trusted_sealers = [\"a.example\"]; };",
	    "f:2: arc.trusted_sealers helps no mail that fails under "
	    "p=reject: dmarc.reject = \"strict\" refuses all of it" },
	{ "list not used", "dmarc: { reject = \"strict\";\n"
	    "psl_file = \"/a\"; };", "f:2: dmarc.psl_file is not looked at: "
	    "write org_domain = \"psl\"; too" },
};

static void
test_notes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(noted); i++) {
		struct arena *arena = test_arena();
		struct slice problems;
		struct strbuf text;
		struct config *config;

		strbuf_init(&text, arena, 10000);
		strbuf_append_cstr(&text, MONITOR);
		strbuf_append_cstr(&text, noted[i].input);
		config = load(arena, strbuf_slice(&text), &problems);
		test_assert_slice(noted[i].name, problems, "");
		assert_non_null(config);
		test_assert_slice(noted[i].name,
		    slice_from_cstr(config->notes->text), noted[i].note);
		config_unload(&config);
		arena_destroy(&arena);
	}
}

/* ---- bad input ----------------------------------------------------------- */

static size_t
count_lines(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	return n;
}

/* Keys without end, at the top or in a group: a hundred problems are told. */
static void
check_many_problems(const char *before, const char *behind)
{
	struct arena *arena = test_arena();
	struct strbuf text;
	struct slice problems;

	strbuf_init(&text, arena, CONFIG_MAX_OCTETS);
	strbuf_append_cstr(&text, before);
	for (unsigned i = 0; i < 1000; i++)
		strbuf_printf(&text, "key%u = %u;\n", i, i);
	strbuf_append_cstr(&text, behind);
	assert_null(load(arena, strbuf_slice(&text), &problems));
	assert_int_equal(count_lines(problems), CONFIG_MAX_PROBLEMS + 1);
	assert_true(slice_ends_with_nocase(problems,
	    SLICE("f:101: and more: mend what is listed above first\n")));
	arena_destroy(&arena);
}

static void
test_many_problems(void **state)
{
	(void)state;
	check_many_problems("", "");
	check_many_problems("spf: { ", "};");
}

/* Where this program cannot write to it, the file says so. */
static void
test_journal(void **state)
{
	struct arena *arena = test_arena();
	struct slice problems;
	struct config *config = load(arena, SLICE(MONITOR
	    "log: {\n\n target = \"journal\"; };"), &problems);

	(void)state;
	if (journal_is_built()) {
		assert_non_null(config);
		assert_int_equal(config->log_target, LOG_TARGET_JOURNAL);
	} else {
		assert_null(config);
		test_assert_slice("not built in", problems, "f:3: log.target "
		    "cannot be \"journal\": this program was built without "
		    "libsystemd; write \"syslog\"\n");
	}
	config_unload(&config);
	arena_destroy(&arena);
}

/* Every octet of a good file replaced in turn by some that mean something:
 * whatever comes of it, there is a configuration, or a problem told. */
static void
test_mutations(void **state)
{
	static const char octets[] = "\"{}[]();=#/\n@-0\xff";
	struct arena *arena = test_arena();
	char *text = arena_copy_cstr(arena, slice_from_cstr(full));

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(full) - 1; i++)
		for (size_t j = 0; j < sizeof(octets); j += 1 + i % 3) {
			struct arena *scratch = test_arena();
			struct slice problems;
			struct config *config;

			text[i] = octets[j];
			config = load(scratch, (struct slice){ text,
			    sizeof(full) - 1 }, &problems);
			if ((config != NULL) != (problems.len == 0))
				fail_msg("octet %zu as 0x%02x: silent", i,
				    (unsigned char)octets[j]);
			config_unload(&config);
			text[i] = full[i];
			arena_destroy(&scratch);
		}
	arena_destroy(&arena);
}

/* ---- files --------------------------------------------------------------- */

/* Sealers in a file: its own lines are named, and go with the list's. */
static void
test_sealers_file(void **state)
{
	static const char good[] = "# ours\nlists.example.org\r\n\n"
	    "  *.example.net # all of them\nlast.example";
	static const char bad[] = "a.example\nb..example\n#\nc example\n";
	char path[] = "/tmp/assay-test-XXXXXX";
	int fd = mkstemp(path);
	struct arena *arena = test_arena();
	struct strbuf text, want;
	struct slice problems;
	struct config *c;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, good, sizeof(good) - 1), sizeof(good) - 1);
	strbuf_init(&text, arena, 10000);
	strbuf_printf(&text, MONITOR "arc: { trusted_sealers = [\"x.example\","
	    "\n\"file:%s\"]; };", path);
	c = load(arena, strbuf_slice(&text), &problems);
	test_assert_slice("good", problems, "");
	assert_non_null(c);
	assert_int_equal(c->policy.trusted_sealers.n, 4);
	assert_true(policy_list_has_domain(&c->policy.trusted_sealers,
	    SLICE("lists.example.org")));
	assert_true(policy_list_has_domain(&c->policy.trusted_sealers,
	    SLICE("a.b.example.net")));
	assert_true(policy_list_has_domain(&c->policy.trusted_sealers,
	    SLICE("last.example")));
	assert_true(policy_list_has_domain(&c->policy.trusted_sealers,
	    SLICE("x.example")));
	config_unload(&c);

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bad, sizeof(bad) - 1, 0), sizeof(bad) - 1);
	strbuf_append_cstr(&text, "\ncolour = 1;");
	assert_null(load(arena, strbuf_slice(&text), &problems));
	strbuf_init(&want, arena, 10000);
	strbuf_printf(&want, "%s:2: arc.trusted_sealers cannot be "
	    "\"b..example\": write a domain, \"example.org\", or "
	    "\"*.example.org\" for all below it\n"
	    "%s:4: arc.trusted_sealers cannot be \"c example\": write a "
	    "domain, \"example.org\", or \"*.example.org\" for all below it\n"
	    "f:3: there is no key colour: assayd.conf(5) lists all keys\n",
	    path, path);
	test_assert_slice("bad", problems, strbuf_cstr(&want));

	for (unsigned i = 0; i < 10001; i++)
		dprintf(fd, "n%u.example\n", i);
	assert_null(load(arena, strbuf_slice(&text), &problems));
	assert_non_null(memmem(problems.ptr, problems.len,
	    "arc.trusted_sealers has too many names: write at most 10000\n",
	    60));
	close(fd);
	unlink(path);
	arena_destroy(&arena);
}

static void
test_files(void **state)
{
	char path[] = "/tmp/assay-test-XXXXXX";
	int fd = mkstemp(path);
	struct arena *arena = test_arena();
	struct strbuf problems;
	struct config *config;
	FILE *file;

	(void)state;
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	fputs(MONITOR, file);
	assert_int_equal(fflush(file), 0);
	strbuf_init(&problems, arena, 10000);
	config = config_load(path, &problems);
	assert_non_null(config);
	config_unload(&config);

	/* One octet too many, though it is only a blank. */
	for (size_t i = sizeof(MONITOR) - 1; i < CONFIG_MAX_OCTETS; i++)
		fputc(' ', file);
	assert_int_equal(fflush(file), 0);
	config = config_load(path, &problems);
	assert_non_null(config);
	config_unload(&config);
	fputc(' ', file);
	fclose(file);
	assert_null(config_load(path, &problems));
	assert_non_null(strstr(strbuf_cstr(&problems),
	    ":1: the file is too large: write at most 1048576 octets\n"));

	unlink(path);
	strbuf_init(&problems, arena, 10000);
	assert_null(config_load(path, &problems));
	assert_non_null(strstr(strbuf_cstr(&problems),
	    ":1: it cannot be opened: No such file or directory\n"));
	strbuf_init(&problems, arena, 10000);
	assert_null(config_load("/", &problems));
	test_assert_slice("folder", strbuf_slice(&problems),
	    "/:1: it cannot be read: Is a directory\n");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_many_problems),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_sealers_file),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
