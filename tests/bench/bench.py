#!/usr/bin/python3
"""Measures assayd beside the least that a milter can cost, and its peers beside
it, turn by turn.  scripts/bench builds what this needs and runs it."""

import argparse
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import delay
import programs

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "..", "e2e")


class Row:
    """One load.  CRYPTO is what the cryptography of its messages is: options
    for "crypto"."""

    def __init__(self, title, kind, sessions, n, crypto=("-r", "1"), inet=False,
                 per_connection=10, idle=0, slow_ms=0, workers=1,
                 store=False):
        self.title, self.kind, self.sessions, self.n = title, kind, sessions, n
        self.crypto, self.inet = crypto, inet
        self.per_connection, self.idle = per_connection, idle
        self.slow_ms, self.workers = slow_ms, workers
        self.store = store


RSA = ("-r", "1")
ROWS = {
    "4k": [Row("4 KB, 1 session", "4k", 1, 3000),
           Row("4 KB, 20", "4k", 20, 8000),
           Row("4 KB, 200", "4k", 200, 8000)],
    "connections": [Row("4 KB, 20, one a connection", "4k", 20, 5000,
                        per_connection=1)],
    "inet": [Row("4 KB, 20, UNIX and inet", "4k", 20, 8000, inet=True)],
    "store": [Row("4 KB, 20, and what is remembered", "4k", 20, 8000,
                  store=True)],
    "both": [Row("4 KB, RSA and Ed25519, 20", "both", 20, 5000,
                 ("-r", "1", "-e", "1"))],
    "plain": [Row("4 KB, not signed, 20", "plain", 20, 8000,
                  ("-r", "0", "-b", "0"))],
    "eight": [Row("4 KB, 8 signatures, 20", "eight", 20, 3000, ("-r", "8"))],
    "arc": [Row("4 KB, ARC of 3 sets, 20", "arc", 20, 3000, ("-r", "5"))],
    "50k": [Row("50 KB, 20", "50k", 20, 4000)],
    "1m": [Row("1 MB, 20", "1m", 20, 400)],
    "10m": [Row("10 MB, 4", "10m", 4, 40)],
    "idle": [Row("4 KB, 20, pauses of 2 ms", "4k", 20, 2000, slow_ms=2),
             Row("and 1000 idle sessions", "4k", 20, 2000, idle=1000,
                 slow_ms=2),
             Row("and 5000 idle sessions", "4k", 20, 1500, idle=5000,
                 slow_ms=2),
             Row("and 5000, 4 workers", "4k", 20, 1500, idle=5000, slow_ms=2,
                 workers=4),
             Row("and 5000, 16 workers", "4k", 20, 1500, idle=5000, slow_ms=2,
                 workers=16)],
    "calm": [Row("4 KB, 20, pauses of 200 ms", "4k", 20, 300, slow_ms=200),
             Row("and 5000 idle sessions", "4k", 20, 300, idle=5000,
                 slow_ms=200),
             Row("and 5000, 4 workers", "4k", 20, 300, idle=5000,
                 slow_ms=200, workers=4),
             Row("and 5000, 16 workers", "4k", 20, 300, idle=5000,
                 slow_ms=200, workers=16)],
}
PEERS = ["opendkim+opendmarc", "rspamd", "yenma"]	# get fewer messages
OTHER_ROWS = ["memory", "dns", "micro"]


def run(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True, **options).stdout


class Lab:
    def __init__(self, options):
        self.options = options
        self.build, self.assayd = options.build, options.assayd
        self.assay_settings = options.settings
        self.servers, self.dns_dirs = [], []
        self.n_names = 0
        self.dns_53 = None
        self.dir = tempfile.mkdtemp(prefix="assay-bench.")
        os.chmod(self.dir, 0o755)
        self.corpus = options.corpus or self.path("corpus")

    def __enter__(self):
        try:
            if not os.path.exists(os.path.join(self.corpus, "zone")):
                run([sys.executable, os.path.join(HERE, "corpus.py"),
                     self.corpus] + ["--quick"] * self.options.quick)
            self.dns_port = programs.free_port()
            self.start_nsd(f"127.0.0.1@{self.dns_port}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for server in self.servers:
            server.stop()
        for directory in self.dns_dirs:
            subprocess.run([os.path.join(TOOLS, "private-nsd"), "stop",
                            directory])
        if self.options.keep:
            print("left behind:", self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def program(self, name):
        return os.path.join(self.build, name)

    def fresh_name(self, name):
        self.n_names += 1
        return f"{name}{self.n_names}"

    def start_nsd(self, address):
        directory = self.path(self.fresh_name("nsd"))
        run([os.path.join(TOOLS, "private-nsd"), "start", directory,
             os.path.join(self.corpus, "zone"), address])
        self.dns_dirs.append(directory)

    def start_dns_53(self):
        """An address of loopback with the zone on port 53."""
        if self.dns_53 is None:
            self.dns_53 = f"127.77.{os.getpid() // 250 % 250}." \
                f"{os.getpid() % 250 + 1}"
            self.start_nsd(self.dns_53 + "@53")
        return self.dns_53

    def stop(self, servers):
        for server in servers:
            server.stop()
            self.servers.remove(server)

    def messages(self, kind, is_second=False):
        """The second of two milters sees what the first has written."""
        directory = os.path.join(self.corpus, kind)
        if is_second:
            directory = self.copy_with_field(kind)
        return sorted(glob.glob(os.path.join(directory, "*.eml")))

    def copy_with_field(self, kind):
        target = self.path("second-" + kind)
        if os.path.exists(target):
            return target
        os.mkdir(target)
        for path in self.messages(kind):
            with open(path, "rb") as stream:
                text = stream.read()
            domain = re.search(rb"\nFrom: [^\r\n]*@([^>]+)>", text).group(1)
            field = (b"Authentication-Results: " + programs.HOST.encode() +
                     b";\r\n\tdkim=pass (2048-bit key) header.d=" + domain +
                     b" header.i=@" + domain + b"\r\n")
            with open(os.path.join(target, os.path.basename(path)),
                      "wb") as stream:
                stream.write(field + text)
        return target


# ---- Loads -------------------------------------------------------------------

def load(lab, server, row, is_second=False, n=None, sessions=None, more=()):
    """One run of milterload against SERVER; what it says."""
    command = [lab.program("tests/bench/milterload"),
               "-S", server.sockets[0], "--json",
               "-c", str(row.sessions if sessions is None else sessions),
               "-n", str(row.n if n is None else n),
               "-m", str(row.per_connection), "--max-seconds", "60", *more]
    if row.idle:
        command += ["--idle", str(row.idle)]
    if row.slow_ms:
        command += ["--slow", str(row.slow_ms)]
    for pid in server.pids():
        command += ["--pid", str(pid)]
    result = subprocess.run(command + lab.messages(row.kind, is_second),
                            stdout=subprocess.PIPE, text=True)
    found = json.loads(result.stdout)
    if result.returncode != 0:
        raise RuntimeError(f"{server.name}, {row.title}: {result.stdout}")
    return found


def add_up(parts):
    """Milters one behind the other: each message goes through all."""
    total = {"rate": 1 / sum(1 / part["rate"] for part in parts),
             "cpu": sum(part["cpu_s_per_1000"] for part in parts)}
    for key in "lat_ms", "eom_ms":
        for point in "p50", "p99":
            total[key + point] = sum(part[key][point] for part in parts)
    total["accepted"] = min(part["accept"] / part["messages"]
                            for part in parts)
    total["rss_idle"] = sum(part["rss_idle_kb"] for part in parts)
    total["rss_max"] = sum(part["rss_max_kb"] for part in parts)
    return total


def load_all(lab, servers, row, **options):
    return add_up([load(lab, server, row, i > 0, **options)
                   for i, server in enumerate(servers)])


def median_of(runs):
    return {key: statistics.median(one[key] for one in runs)
            for key in runs[0]}


def crypto_cpu(lab, row):
    return float(run([lab.program("tests/bench/crypto"), "-s", "0.3",
                      *row.crypto, *lab.messages(row.kind)]))


def measure_row(lab, row, targets):
    """Turn by turn; the medians by target's name."""
    running = {target.name: target.start(lab, workers=row.workers)
               for target in targets}
    if row.inet:
        running.update({target.name + " inet": target.start(lab, inet=True)
                        for target in targets if target.name not in PEERS})
    if row.store:
        running["assay, store"] = programs.start_assay(lab, store=True)
    runs = {name: [] for name in running}
    # Caches are filled: each worker has one, and gets what it happens to get.
    share = 1 if row.workers == 1 else 3 * row.workers
    for name, servers in running.items():
        load_all(lab, servers, Row(row.title, row.kind, row.sessions, row.n),
                 n=max(len(lab.messages(row.kind)) * share, row.sessions))
    runs["crypto"] = []
    for _ in range(lab.options.turns):
        runs["crypto"].append({"cpu": crypto_cpu(lab, row)})
        for name, servers in running.items():
            share = (4 if lab.options.quick else 1) * \
                (4 if name in PEERS else 1)
            n = max(row.n // share, row.sessions * 2)
            runs[name].append(load_all(lab, servers, row, n=n))
    for servers in running.values():
        lab.stop(servers)
    return {name: median_of(found) for name, found in runs.items()}


# ---- The table ---------------------------------------------------------------

HEAD = f"{'':27}{'':19}{'':>8}{'CPU s':>9}{'of the':>8}" \
    f"{'EOM ms':>15}{'MAIL-reply ms':>17}\n" \
    f"{'load':27}{'program':19}{'msg/s':>8}{'per 1000':>9}{'least':>8}" \
    f"{'p50':>8}{'p99':>7}{'p50':>9}{'p99':>8}"


def show_row(row, found):
    least = found["floor"]["cpu"] + found["crypto"]["cpu"]
    title = row.title
    for name, one in found.items():
        if name == "crypto":
            continue
        print(f"{title:27}{name:19}{one['rate']:8.0f}{one['cpu']:9.4f}"
              f"{one['cpu'] / least:8.2f}"
              f"{one['eom_msp50']:8.2f}{one['eom_msp99']:7.2f}"
              f"{one['lat_msp50']:9.2f}{one['lat_msp99']:8.2f}" +
              ("" if one["accepted"] == 1 else
               f"  only {one['accepted']:.1%} accepted"))
        title = ""
    print(f"{'':27}{'crypto alone':19}{'':8}{found['crypto']['cpu']:9.4f}",
          flush=True)


def measure_memory(lab, targets):
    print(f"\n{'resident memory, MB':27}{'fresh':>8}{'+1000 idle':>12}"
          f"{'+200 busy':>11}{'20 x 10 MB':>12}")
    n = 2000 if lab.options.quick else 8000
    for target in targets:
        servers = target.start(lab)
        time.sleep(0.5)
        fresh = sum(server.rss_kb() for server in servers)
        idle = load_all(lab, servers, Row("", "4k", 200, n, idle=1000))
        lab.stop(servers)
        servers = target.start(lab)
        large = load_all(lab, servers, Row("", "10m", 20, 40,
                                           per_connection=2))
        lab.stop(servers)
        print(f"{target.name:27}{fresh / 1024:8.1f}"
              f"{idle['rss_idle'] / 1024:12.1f}{idle['rss_max'] / 1024:11.1f}"
              f"{large['rss_max'] / 1024:12.1f}", flush=True)


def measure_dns(lab, targets):
    """Each message asks for what nobody has asked for yet: what depends on
    what in it is a chain of two, the SPF record and what that includes."""
    print(f"\n{'name server far away, cold caches, one session':54}"
          f"{'questions':>10}{'their sum':>11}{'MAIL-reply ms':>16}\n"
          f"{'(the longest chain of questions is two)':54}"
          f"{'a message':>10}{'ms':>11}{'p50':>8}{'p99':>8}")
    row = Row("", "4k", 1, 1)
    n = 15 if lab.options.quick else 40
    for ms, loss in (0, 0), (20, 0), (50, 0), (20, 0.02):
        for target in targets:
            if target.name in ("floor", "opendkim+opendmarc"):
                continue
            with delay.Delay(lab.dns_port, ms, loss) as proxy:
                servers = target.start(lab, dns=proxy.port)
                found = load_all(lab, servers, row, n=n)
                lab.stop(servers)
            asked = proxy.n_questions / n
            what = f"{ms} ms" + (f", {loss:.0%} lost" if loss else "")
            print(f"{what:27}{target.name:27}{asked:10.1f}"
                  f"{asked * ms:11.0f}{found['lat_msp50']:8.1f}"
                  f"{found['lat_msp99']:8.1f}", flush=True)


# ---- The command -------------------------------------------------------------

def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__.split("\n\n")[0],
        epilog="A peer is a throwaway instance, with only the modules that do "
        "what assayd does and the same name server.  opendkim+opendmarc are "
        "measured one behind the other, and their times added.  ROWS: " +
        " ".join([*ROWS, *OTHER_ROWS]) + ".  \"of the least\" is CPU "
        "compared with that of the floor, which is a libmilter program that "
        "accepts everything, and of the message's SHA-256 and signature "
        "verifications together.")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--assayd", help="measure this program")
    parser.add_argument("--peer", action="append", default=[],
                        choices=PEERS,
                        help="measure it too (again for more)")
    parser.add_argument("--rows", default="",
                        help="only these, with commas between")
    parser.add_argument("--quick", action="store_true",
                        help="a quarter of the messages, one turn")
    parser.add_argument("--turns", type=int, help="of each row (3)")
    parser.add_argument("--corpus", help="keep the messages in this directory, "
                        "and use those that are there")
    parser.add_argument("--settings", default="",
                        help="more of assayd's configuration")
    parser.add_argument("--keep", action="store_true",
                        help="leave logs and configurations behind")
    options = parser.parse_args()
    options.turns = options.turns or (1 if options.quick else 3)
    options.assayd = options.assayd or os.path.join(options.build, "assayd")
    options.rows = options.rows.split(",") if options.rows else \
        [*ROWS, *OTHER_ROWS]
    for name in options.rows:
        if name not in ROWS and name not in OTHER_ROWS:
            parser.error(f"no row {name}; there are "
                         + " ".join([*ROWS, *OTHER_ROWS]))
    return options


def choose_targets(lab, names):
    found = []
    for name in names:
        try:
            lab.stop(programs.TARGETS[name].start(lab))
            found.append(programs.TARGETS[name])
        except programs.Missing as problem:
            print("left out,", problem, file=sys.stderr)
    return found


def main():
    options = parse_arguments()
    with Lab(options) as lab:
        targets = choose_targets(lab, ["floor", "assay", *options.peer])
        rows = [row for name in options.rows for row in ROWS.get(name, [])]
        if rows:
            print(HEAD, flush=True)
        for row in rows:
            show_row(row, measure_row(lab, row, targets))
        if "memory" in options.rows:
            measure_memory(lab, targets)
        if "dns" in options.rows:
            measure_dns(lab, targets)
        if "micro" in options.rows:
            print("\nparts by themselves, CPU time", flush=True)
            subprocess.run([lab.program("tests/bench/micro"), lab.corpus],
                           check=True)


if __name__ == "__main__":
    main()
