#!/usr/bin/python3
"""store.py - how long a large site's reports take.

Fills a SQLite store (tests/bench/fill_store), has "assay report send --dry-run"
go through it, and with --send lets it write all the reports and hand them to
/bin/true; prints the wall and CPU time of each, the file's size and the most
memory that it had.  No name server is asked: the destinations are the domains'
own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

DOMAINS = 50000
MESSAGES = 10000000
ROWS = [2000000, 10000000]

CONFIGURATION = """\
mode = "monitor";
store = "%s";
resolver: { zone_file = "%s"; };
report: {
    from = "dmarc-reports@reporter.example";
    submitter = "mx.example.org";
    transport = "sendmail:/bin/true";
};
"""


class Run:
    """A program, run to its end."""

    def __init__(self, command, out):
        start = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=out)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.wall_s = time.monotonic() - start
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / 1024
        if status != 0:
            sys.exit(f"{command[0]}: status {status}")

    def tell(self, what, more=""):
        print(f"    {what:<24}{self.wall_s:8.1f} s wall"
              f"{self.cpu_s:8.1f} s CPU{self.peak_mb:8.1f} MB{more}")
        sys.stdout.flush()


def write(path, text):
    with open(path, "w") as stream:
        stream.write(text)


def measure(arguments, rows, directory):
    store = os.path.join(directory, "assay.db")
    url = "sqlite:" + store
    conf = os.path.join(directory, "assayd.conf")
    zone = os.path.join(directory, "zone")
    said = os.path.join(directory, "said")
    write(zone, "")
    write(conf, CONFIGURATION % (url, zone))
    print(f"{MESSAGES} messages of {DOMAINS} domains in {rows} rows")
    filled = Run([os.path.join(arguments.build, "tests/bench/fill_store"),
                  "-m", str(MESSAGES), "-d", str(DOMAINS), "-r", str(rows),
                  url], subprocess.DEVNULL)
    filled.tell("fill_store", f", {os.path.getsize(store) / 1e6:.0f} MB"
                " of file")
    send = [os.path.join(arguments.build, "assay"), "report", "send", "-c",
            conf]
    with open(said, "wb") as out:
        Run(send + ["--dry-run"], out).tell("report send --dry-run")
    with open(said, "rb") as stream:
        print(f"    said {sum(1 for _ in stream)} lines")
    if arguments.send:
        Run(send, subprocess.DEVNULL).tell("report send")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--rows", type=int, action="append",
                        help="different rows; may be repeated")
    parser.add_argument("--send", action="store_true",
                        help="write the reports, too")
    parser.add_argument("--dir", help="where the store is to be")
    parser.add_argument("build", metavar="BUILD",
                        help="the build directory, with fill_store made")
    arguments = parser.parse_args()
    for rows in arguments.rows or ROWS:
        with tempfile.TemporaryDirectory(prefix="assay-store.",
                                         dir=arguments.dir) as directory:
            measure(arguments, rows, directory)


if __name__ == "__main__":
    main()
