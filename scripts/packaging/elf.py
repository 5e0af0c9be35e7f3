"""What a program needs of the system, read by objdump."""

import re
import subprocess
from pathlib import Path

# The parts of glibc; a package may depend on no other library.
GLIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def objdump(option, program):
    return subprocess.run(["objdump", option, program], check=True, capture_output=True, text=True).stdout


def glibc_version(programs):
    """The least version of glibc that runs all programs, such as (2, 34); None if they need no library at all.

    Raises SystemExit if one needs a library that is not part of glibc.
    """
    versions = set()
    for program in map(Path, programs):
        if program.read_bytes()[:4] != b"\x7fELF":
            continue
        needed = set(re.findall(r"NEEDED\s+(\S+)", objdump("-p", program)))
        if needed - GLIBC:
            raise SystemExit(f"{program}: needs {', '.join(sorted(needed - GLIBC))}, expected glibc alone")
        if needed:
            symbols = re.findall(r"GLIBC_(\d+)\.(\d+)", objdump("-T", program))
            versions.add(max((int(major), int(minor)) for major, minor in symbols))
    return max(versions, default=None)
