"""The server process: ``python -m orchestrator.local_cloud.server --home DIR --port N --instance ID``.

It binds, then writes server.json (so that whoever reads it finds a port that answers), then serves. moto reads its environment when it is
imported, so the environment is set first and modules that import moto are imported inside functions.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.lifeline import TAKEN, Lifeline

if TYPE_CHECKING:
    from orchestrator.local_cloud.application import LocalCloudApplication

_LOG = logging.getLogger("platformctl.local_cloud")
_PAUSE = 0.25
_MISSING_LIMIT = 8

MOTO_ENVIRONMENT = {
    "MOTO_ACCOUNT_ID": ACCOUNT_ID,
    # AWS_ConfigRole and the other managed policies exist in every account.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    # No page in a browser has business here.
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    # Loading the catalogue of machine images takes a second; nothing here starts instances.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    # boto3 inside moto must find no configuration of the user.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or retirement; returns the exit status of the process."""
    parser = argparse.ArgumentParser(
        prog="platformctl-local-cloud", description="The embedded local cloud of platformctl."
    )
    parser.add_argument("--home", type=Path, required=True, help="folder of server.json")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--account", type=AccountShape, default=AccountShape.ESTABLISHED, help="shape of the account")
    parser.add_argument("--instance", required=True, help="identifies this server in its health answer")
    options = parser.parse_args(argv)
    os.environ.update(MOTO_ENVIRONMENT)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("werkzeug", "botocore", "boto3", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    lifeline = Lifeline(options.home)
    if not lifeline.hold():
        _LOG.error("another server of this folder runs: %s", lifeline.holder())
        return TAKEN
    return _serve(options.home, options.port, options.instance, options.account)


def _serve(home: Path, port: int, instance: str, shape: AccountShape) -> int:
    from orchestrator.local_cloud.application import build  # noqa: PLC0415 - after the environment is set
    from orchestrator.local_cloud.transport import LoopbackServer  # noqa: PLC0415 - as above

    health = {
        "instance_id": instance,
        "pid": os.getpid(),
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "account_id": ACCOUNT_ID,
        "account_shape": str(shape),
        "region": REGION,
        "moto_version": version("moto"),
    }
    built = build(health, home, shape)
    server = LoopbackServer(port, built.application)
    health["port"] = server.server_port
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=server.serve_forever, name="serve", daemon=True).start()
    threading.Thread(target=_prepare, args=(built,), name="prepare", daemon=True).start()
    built.plane.start()
    built.databases.start()
    _announce(home / "server.json", health)
    _LOG.info("local cloud %s serves on 127.0.0.1:%d", instance, server.server_port)
    missing = 0
    while not stopped.wait(_PAUSE):
        if built.retirement.due():
            _LOG.info("nothing called for as long as agreed; retiring")
            break
        missing = 0 if _is_announced(home / "server.json", instance) else missing + 1
        if missing >= _MISSING_LIMIT:
            # Nobody can find this server, and another one may be started in its place.
            _LOG.warning("server.json no longer names this server; ending")
            break
    # Remove the record first: as long as it can be found, the server answers.
    _withdraw(home / "server.json", instance)
    server.shutdown()
    built.stop()
    _LOG.info("local cloud %s ended", instance)
    return 0


def _prepare(built: "LocalCloudApplication") -> None:
    built.preparation.run()
    built.functions.start()


def _announce(path: Path, health: dict[str, object]) -> None:
    """Write the file whole and readable by its owner only, or not at all."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - opens a descriptor
        json.dump(health, file, indent=2)
    temporary.replace(path)


def _is_announced(path: Path, instance: str) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["instance_id"] == instance)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _withdraw(path: Path, instance: str) -> None:
    """Remove the file if it still names this server."""
    if _is_announced(path, instance):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
