"""Ends a provider process when the last of its users has ended.

Run as ``python tether.py COMMAND ARGS``. Standard input is the reading end of a pipe whose writing end platformctl and
every Terraform process of the run hold open. When all of them have ended, in whatever way, the pipe closes and the provider
is terminated; after kill -9 of platformctl alone it stays until the running Terraform processes have written their state.
It imports as little as possible, because every run starts it.
"""

import os
import signal
import subprocess
import sys


class _ProviderEndedError(Exception):
    """Stops waiting for the pipe, because the provider has ended."""


def main() -> int:
    """Start the command, wait until nobody holds the pipe, then end the command."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL) as provider:

        def stop(_signal: int, _frame: object) -> None:
            provider.terminate()

        def notice(_signal: int, _frame: object) -> None:
            raise _ProviderEndedError

        signal.signal(signal.SIGTERM, stop)
        try:
            signal.signal(signal.SIGCHLD, notice)
            # It may have ended before the handler was set.
            while provider.poll() is None and os.read(0, 4096):
                pass
        except _ProviderEndedError:
            pass
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        provider.terminate()
        try:
            return provider.wait(timeout=10)
        except subprocess.TimeoutExpired:
            provider.kill()
            return provider.wait()


if __name__ == "__main__":
    raise SystemExit(main())
