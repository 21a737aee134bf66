"""A Debian of its own below a directory, and programs that run in it.

Nothing is mounted; its programs share the host's network and process table, and
are known by their root directory.
"""

import glob
import os
import shutil
import signal
import subprocess
import time

STOP_S = 20

# What the package's scripts and README ask of systemctl, done without systemd.
SYSTEMCTL = r"""#!/bin/sh
# systemctl, as far as assay's package and README know it
set -u
state=/run/services
mkdir -p $state
action= units= now=no
for word; do
	case $word in
	--now) now=yes ;;
	-*) ;;
	*)
		if [ -z "$action" ]; then
			action=$word
		else
			units="$units ${word%.service}"
		fi
		;;
	esac
done
echo "$action$units" >>$state/log

is_active() {
	[ -e $state/$1.pid ] && kill -0 "$(cat $state/$1.pid)" 2>/dev/null
}

get() {
	sed -n "s/^$2=//p" /lib/systemd/system/$1.service
}

# As the unit says, and back when it is ready or gone.
start() {
	case $1 in
	postfix) postfix start; return ;;
	assayd) ;;
	*) return 0 ;;
	esac
	! is_active $1 || return 0
	install -d -o assay -g assay -m 755 /run/assay
	: >$state/$1.out
	setpriv --reuid="$(get $1 User)" --regid="$(get $1 Group)" \
	    --init-groups --no-new-privs $(get $1 ExecStart) \
	    >$state/$1.out 2>&1 </dev/null &
	pid=$!
	echo $pid >$state/$1.pid
	for _ in $(seq 200); do
		! grep -q 'started version=' $state/$1.out || return 0
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	cat $state/$1.out >&2
	rm -f $state/$1.pid
	return 1
}

stop() {
	case $1 in
	postfix) postfix stop; return ;;
	assayd) ;;
	*) return 0 ;;
	esac
	is_active $1 || return 0
	kill -TERM "$(cat $state/$1.pid)"
	seconds=$(get $1 TimeoutStopSec)
	for _ in $(seq $((seconds * 20))); do
		if ! is_active $1; then
			rm -f $state/$1.pid
			return 0
		fi
		sleep 0.05
	done
	echo "$1 does not end" >&2
	return 1
}

do_one() {
	case $1 in
	start) start $2 ;;
	stop) stop $2 ;;
	restart) stop $2 && start $2 ;;
	try-restart) ! is_active $2 || { stop $2 && start $2; } ;;
	reload) MAINPID=$(cat $state/$2.pid) sh -c "$(get $2 ExecReload)" ;;
	enable) [ $now = no ] || start $2 ;;
	is-active) is_active $2 ;;
	is-enabled) [ $2 = assayd ] && echo enabled ;;
	esac
}

for unit in $units; do
	do_one $action $unit || exit
done
"""


class Chroot:
	def __init__(self, root, log):
		"""ROOT is a path that is not there yet; what its programs write
		goes to LOG."""
		self.root, self.log = root, log

	def path(self, name):
		return os.path.join(self.root, name.lstrip("/"))

	def read(self, name):
		with open(self.path(name), encoding="utf-8",
		    errors="replace") as file:
			return file.read()

	def write(self, name, text, mode=0o644):
		with open(self.path(name), "w", encoding="utf-8") as file:
			file.write(text)
		os.chmod(self.path(name), mode)

	def environment(self):
		kept = {name: value for name, value in os.environ.items()
		    if name.endswith("_proxy")}
		return {**kept, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
		    "LC_ALL": "C.UTF-8", "HOME": "/root",
		    "DEBIAN_FRONTEND": "noninteractive"}

	def call(self, *command, text=None):
		"""Run COMMAND inside; its status and what it wrote."""
		self.log.write("+ %s\n" % " ".join(command))
		self.log.flush()
		with open(self.path("output"), "w+", encoding="utf-8",
		    errors="replace") as output:
			# Into a file: a daemon that it starts keeps it open.
			status = subprocess.run(["chroot", self.root, *command],
			    env=self.environment(), input=text, text=True,
			    stdout=output, stderr=subprocess.STDOUT,
			    check=False).returncode
			output.seek(0)
			said = output.read()
		self.log.write(said)
		self.log.flush()
		return status, said

	def run(self, *command, text=None):
		"""The same, where nothing but success will do."""
		status, said = self.call(*command, text=text)
		if status != 0:
			raise AssertionError("%s: status %d: %s" %
			    (" ".join(command), status, said[-2000:]))
		return said

	def apt(self, *arguments):
		return self.run("apt-get", "-q", "-y",
		    "--no-install-recommends", *arguments)

	def play_systemd(self):
		os.makedirs(self.path("/run/systemd/system"), exist_ok=True)
		self.write("/usr/local/bin/systemctl", SYSTEMCTL, 0o755)
		os.symlink("/usr/local/bin/systemctl",
		    self.path("/usr/bin/systemctl"))

	def daemons(self):
		"""What our systemctl has started."""
		found = []
		for name in glob.glob(self.path("/run/services/*.pid")):
			with open(name, encoding="utf-8") as file:
				found.append(file.read().strip())
		return found

	def processes(self):
		"""Of all programs whose root directory is ours.  In a container
		that of another user's cannot be seen."""
		found, daemons = [], self.daemons()
		for name in os.listdir("/proc"):
			if not name.isdigit():
				continue
			try:
				root = os.readlink("/proc/%s/root" % name)
			except PermissionError:
				root = self.root if name in daemons else None
			except OSError:		# it is gone
				continue
			if root == self.root:
				found.append(int(name))
		return found

	def kill(self, number):
		for pid in self.processes():
			try:
				os.kill(pid, number)
			except ProcessLookupError:
				pass

	def mounts(self):
		with open("/proc/self/mounts", encoding="utf-8") as mounts:
			return [line.split()[1] for line in mounts
			    if line.split()[1].startswith(self.root + "/")]

	def end(self):
		"""All its programs, whatever they are."""
		for number in signal.SIGTERM, signal.SIGKILL:
			self.kill(number)
			deadline = time.monotonic() + STOP_S
			while self.processes() and time.monotonic() < deadline:
				time.sleep(0.05)

	def destroy(self):
		self.end()
		# debootstrap's, where it was interrupted.
		for mount in reversed(self.mounts()):
			subprocess.run(["umount", mount], check=False)
		if self.mounts():
			raise AssertionError("still mounted: %s" %
			    self.mounts())
		shutil.rmtree(self.root, ignore_errors=True)
