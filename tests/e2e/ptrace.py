"""A thread made to stand still while the others of its process go on."""

import ctypes
import os

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000	# wait(2) for a thread too

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p,
    ctypes.c_void_p)
libc.ptrace.restype = ctypes.c_long


def ptrace(request, tid):
	if libc.ptrace(request, tid, None, None) < 0:
		number = ctypes.get_errno()
		raise OSError(number, os.strerror(number))


class Stopped:
	"""The thread stands still for the time of a "with", whose thread must
	be one and the same.  The first thread's number is the process's."""

	def __init__(self, tid, is_killed=False):
		self.tid = tid
		self.is_killed = is_killed	# it will not be let go

	def __enter__(self):
		ptrace(SEIZE, self.tid)
		ptrace(INTERRUPT, self.tid)
		os.waitpid(self.tid, WALL)
		return self

	def __exit__(self, *_):
		try:
			ptrace(DETACH, self.tid)
		except OSError:
			if not self.is_killed:
				raise
			os.waitpid(self.tid, WALL)	# or nobody sees its end
