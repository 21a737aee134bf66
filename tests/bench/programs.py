"""What is measured: each program as a throwaway instance on loopback, with a
directory of its own, ended by its pid."""

import os
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = "mx.example.org"


class Missing(Exception):
    """Something that is not installed."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def wait_until(condition, timeout_s, what):
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {timeout_s} s for {what}")
        time.sleep(0.02)


def answers(address):
    """Whether someone accepts connections at libmilter's ADDRESS."""
    kind, rest = address.split(":", 1)
    try:
        if kind == "unix":
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(rest)
        else:
            port, host = rest.split("@")
            socket.create_connection((host, int(port)), timeout=2).close()
        return True
    except OSError:
        return False


class Server:
    """A process of ours.  "sockets" are the milters to speak to, in order."""

    def __init__(self, lab, name, command, sockets, env=None):
        self.name, self.sockets = name, sockets
        with open(os.path.join(lab.dir, name + ".log"), "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=lab.dir, start_new_session=True,
                env=dict(os.environ, **(env or {})))
        lab.servers.append(self)
        wait_until(lambda: self.process.poll() is not None or
                   all(map(answers, sockets)), 30, name)
        if self.process.poll() is not None:
            raise RuntimeError(f"{name} did not start: see "
                               f"{lab.dir}/{name}.log")

    def pids(self):
        """The process and those it started."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as stream:
                    queue += map(int, stream.read().split())
            except OSError:
                pass
        return found

    def rss_kb(self):
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/statm") as stream:
                    total += int(stream.read().split()[1])
            except OSError:
                pass
        return total * os.sysconf("SC_PAGESIZE") // 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Target:
    """One thing to measure.  Its servers stand one behind the other as an MTA
    would ask them; what they cost adds up."""

    def __init__(self, name, start):
        self.name, self.start_servers = name, start

    def start(self, lab, **options):
        return self.start_servers(lab, **options)


def unix_socket(lab, name):
    path = lab.path(name + ".sock")
    if os.path.exists(path):
        os.unlink(path)
    return "unix:" + path


def inet_socket():
    return f"inet:{free_port()}@127.0.0.1"


def start_floor(lab, inet=False, flags=(), **_):
    name = lab.fresh_name("floor")
    address = inet_socket() if inet else unix_socket(lab, name)
    return [Server(lab, name, [lab.program("tests/bench/floor"), *flags,
                               address], [address])]


def start_assay(lab, inet=False, dns=None, workers=1, store=False, **_):
    name = lab.fresh_name("assayd")
    address = inet_socket() if inet else unix_socket(lab, name)
    url = "sqlite:" + lab.path(name + ".db") if store else ""
    with open(lab.path(name + ".conf"), "w") as stream:
        stream.write(
            'mode = "enforce";\n'
            f'store = "{url}";\n'
            f'milter: {{ socket = "{address}"; workers = {workers}; }};\n'
            f'authserv_id = "{HOST}";\n'
            f'resolver: {{ servers = ["127.0.0.1@{dns or lab.dns_port}"]; }};\n'
            f'{lab.assay_settings}\n')
    server = Server(lab, name, [lab.assayd, "-f", "-c",
                                lab.path(name + ".conf")], [address])
    # The first worker answers before the others are there.
    wait_until(lambda: len(server.pids()) >= workers, 30, name)
    return [server]


RSPAMD = """\
options {{
    filters = "spf,dkim";
    pidfile = "{dir}/rspamd.pid";
    tempdir = "{dir}";
    url_tld = "/usr/share/rspamd/effective_tld_names.dat";
    local_addrs = [];
    control_socket = "{dir}/rspamd.control mode=0600";
    dns {{
        nameserver = ["127.0.0.1:{dns}"];
        timeout = 5s;
        retransmits = 2;
    }}
}}
logging {{ type = "console"; level = "error"; color = false; }}
worker "rspamd_proxy" {{
    bind_socket = "{bind}";
    milter = yes;
    timeout = 120s;
    count = {workers};
    upstream "local" {{ default = yes; self_scan = yes; }}
}}
metric {{ name = "default"; actions {{ reject = 15; }} }}
spf {{ spf_cache_size = 2k; spf_cache_expire = 1d; }}
dkim {{ dkim_cache_size = 2k; dkim_cache_expire = 1d; time_jitter = 6h; }}
arc {{ }}
dmarc {{ actions = {{ quarantine = "add_header"; reject = "reject"; }} }}
milter_headers {{ use = ["authentication-results"];
    skip_local = false; skip_authenticated = false; }}
modules {{ path = "/usr/share/rspamd/plugins/"; }}
"""


def start_rspamd(lab, dns=None, **_):
    if shutil.which("rspamd") is None:
        raise Missing("rspamd: apt-get install rspamd")
    name = lab.fresh_name("rspamd")
    os.mkdir(lab.path(name))
    path = lab.path(name, "milter.sock")
    with open(lab.path(name, "rspamd.conf"), "w") as stream:
        stream.write(RSPAMD.format(dir=lab.path(name), bind=path + " mode=0666",
                                   dns=dns or lab.dns_port,
                                   workers=os.cpu_count()))
    return [Server(lab, name, ["rspamd", "-f", "-i", "-c",
                               lab.path(name, "rspamd.conf"),
                               "--var=DBDIR=" + lab.path(name),
                               "--var=RUNDIR=" + lab.path(name),
                               "--var=LOGDIR=" + lab.path(name)],
                   ["unix:" + path])]


OPENDKIM = """\
Mode v
Socket local:{socket}
Nameservers {dns}
AuthservID {host}
AlwaysAddARHeader yes
MinimumKeyBits 1024
Background no
UMask 000
"""

OPENDMARC = """\
Socket local:{socket}
AuthservID {host}
TrustedAuthservIDs {host}
SPFSelfValidate true
SPFIgnoreResults true
RejectFailures true
IgnoreHosts {dir}/ignored
Background no
UMask 000
"""

# These two ask on port 53, OpenDMARC whom /etc/resolv.conf names: it gets such
# a file, which nobody else sees, and a name server there.
WITH_RESOLV_CONF = ["unshare", "-m", "sh", "-c",
                    'mount --bind "$0" /etc/resolv.conf && exec "$@"']


def start_opendkim(lab, **_):
    for program in ("opendkim", "opendmarc"):
        if shutil.which(program) is None:
            raise Missing(f"{program}: apt-get install {program}")
    if os.geteuid() != 0:
        raise Missing("opendmarc: wants root, for DNS on port 53")
    name = lab.fresh_name("opendkim")
    directory = lab.path(name)
    os.mkdir(directory)
    dns = lab.start_dns_53()
    files = {"ignored": "192.0.2.255\n",
             "resolv.conf": f"nameserver {dns}\n"}
    servers = []
    for program, text in ("opendkim", OPENDKIM), ("opendmarc", OPENDMARC):
        files[program + ".conf"] = text.format(
            dir=directory, host=HOST, dns=dns,
            socket=f"{directory}/{program}.sock")
    for file, text in files.items():
        with open(os.path.join(directory, file), "w") as stream:
            stream.write(text)
    for program, option in ("opendkim", "-x"), ("opendmarc", "-c"):
        command = [program, "-f", option, f"{directory}/{program}.conf"]
        servers.append(Server(
            lab, f"{name}.{program}", WITH_RESOLV_CONF +
            [f"{directory}/resolv.conf", *command],
            [f"unix:{directory}/{program}.sock"]))
    return servers


def start_yenma(lab, **_):
    raise Missing("yenma: no package has it, and its configuration is not "
                  "known here; see --peer in the usage")


TARGETS = {
    "floor": Target("floor", start_floor),
    "assay": Target("assay", start_assay),
    "rspamd": Target("rspamd", start_rspamd),
    "opendkim+opendmarc": Target("opendkim+opendmarc", start_opendkim),
    "yenma": Target("yenma", start_yenma),
}
