"""The client of the local cloud: everything that platformctl asks of it, with the errors of platformctl.

The local cloud is a product of its own (``orchestrator.local_cloud``) and knows nothing of platformctl.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import PlatformctlError
from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.api.address import local_url
from orchestrator.local_cloud.environment import started, stripped
from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.process import CloudStatus, Ending, ServerProcess, user_folder

__all__ = [
    "ACCOUNT_ID",
    "AccountShape",
    "CloudStatus",
    "Ending",
    "LocalCloud",
    "local_url",
    "started",
    "stripped",
    "user_folder",
]


class LocalCloud:
    """The local cloud of one project; every method raises ``PlatformctlError`` where the server's own raises.

    ``home``: the folder that holds the server's record, log and lock.
    """

    def __init__(self, home: Path) -> None:
        self._server = ServerProcess(home)

    def status(self) -> CloudStatus:
        """Ask the server, if there is one."""
        with _translated():
            return self._server.status()

    def start(self, port: int = 0, account: AccountShape = AccountShape.ESTABLISHED) -> CloudStatus:
        """Start the server unless it runs; 0 takes a free port."""
        with _translated():
            return self._server.start(port, account)

    def stop(self) -> Ending:
        """End the server; the result says what was found, and is false when none was running."""
        with _translated():
            return self._server.stop()

    def retire(self, after_seconds: float) -> bool:
        """Let the server end once nothing has called it for so long; false when none was running."""
        with _translated():
            return self._server.retire(after_seconds)

    def shell_commands(self) -> list[str]:
        """Write the commands that turn a shell into a local session; raises when no server is running."""
        with _translated():
            return self._server.shell_commands()

    def environment(self) -> dict[str, str]:
        """List the variables with which Terraform and boto3 reach the server; to be laid over ``stripped(environ)``."""
        with _translated():
            return self._server.environment()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except LocalCloudError as error:
        raise PlatformctlError(error.summary, detail=error.detail, hint=error.hint) from error
