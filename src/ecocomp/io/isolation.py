"""What a child that opens a foreign file may still do: next to nothing.

Resource limits everywhere; on Linux also an empty network (namespaces), no privilege, and a file system of which
only the interpreter (to read) and one job folder remain (Landlock). Each guard is tried and reported, never assumed.

References: setrlimit(2), unshare(2), capset(2), prctl(2), landlock(7) of the Linux manual.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

_NEWUSER, _NEWNET, _NEWIPC = 0x10000000, 0x40000000, 0x08000000
_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVS = 1, 4, 38
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = (1 << 2) | (1 << 3)  # read a file, list a folder
_FILE_ONLY = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14)  # rights that make sense on a single file
# write, remove, make folders and plain files, truncate; never devices, sockets, links
_WRITE = _READ | (1 << 1) | (1 << 4) | (1 << 5) | (1 << 7) | (1 << 8) | (1 << 14)


def landlock_abi() -> int:
    """Return the version of Landlock this kernel offers, 0 if none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc().syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def limit_resources(memory_bytes: int, cpu_s: int, output_bytes: int, open_files: int) -> None:
    """Set hard limits: `memory_bytes` of address space above what is mapped now, CPU seconds, bytes per file, open files.

    Comes before `confine_files`, because what is mapped now is read from /proc.
    """
    ceiling = _address_space_bytes() + memory_bytes
    _limit(resource.RLIMIT_AS, ceiling)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_FSIZE, output_bytes)
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def cut_network() -> bool:
    """Move into a network namespace that holds no interface, and give up every capability; return whether that worked."""
    if not sys.platform.startswith("linux"):
        return False
    uid, gid = os.getuid(), os.getgid()
    libc = _libc()
    if libc.unshare(_NEWUSER | _NEWNET | _NEWIPC) != 0 and libc.unshare(_NEWNET) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        try:
            Path("/proc/self", name).write_text(text)
        except OSError:
            break
    return True


def drop_privileges(parent_pid: int) -> None:
    """Die with the parent, gain nothing by running a program, hold no capability."""
    if not sys.platform.startswith("linux"):
        return
    libc = _libc()
    libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)
    libc.capset(header, struct.pack("=6I", *[0] * 6))


def confine_files(readable: list[str], writable: str) -> bool:
    """Leave only `readable` (files and folders, to read) and the folder `writable`; return whether that worked."""
    abi = landlock_abi()
    if abi < 1:
        return False
    handled = (1 << 13) - 1
    handled |= (1 << 13) if abi >= 2 else 0
    handled |= (1 << 14) if abi >= 3 else 0
    handled |= (1 << 15) if abi >= 5 else 0
    libc = _libc()
    attr = struct.pack("=QQQ", handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = libc.syscall(_LANDLOCK_CREATE, attr, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(ruleset, path, _READ & handled)
        _allow(ruleset, writable, _WRITE & handled)
        return int(libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0))) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not Path(path).is_dir():
            rights &= _FILE_ONLY
        _libc().syscall(_LANDLOCK_ADD, ruleset, ctypes.c_int(1), struct.pack("=Qi", rights, fd), ctypes.c_uint32(0))
    finally:
        os.close(fd)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(what, (value, value))
    except (OSError, ValueError):
        return


def _address_space_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 4 << 30
    return pages * resource.getpagesize()
