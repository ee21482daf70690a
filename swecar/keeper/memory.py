"""What can be done from Python so that the keys stay in this process's memory."""

import ctypes
import resource

MCL_CURRENT, MCL_FUTURE, PR_SET_DUMPABLE = 1, 2, 4


def guard_memory() -> list[str]:
    """Keep this process's memory from core dumps, debuggers and swap; what was refused, in words."""
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    refused = []
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        refused.append("its memory can be read by the same user's debugger")
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE):
        refused.append("its memory may be written to swap: raise the limit `memlock`")
    return refused
