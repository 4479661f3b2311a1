"""The layers around moto, from the outside in.

control endpoints > data plane of APIs > request log > credentials > preparation > replay > clear faults > organization > IAM >
models > one at a time > limits > quotas > moto with patches. Beside them run the functions, and the databases behind Aurora's endpoints.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from orchestrator.local_cloud.account.leftovers import furnish
from orchestrator.local_cloud.account.organization import obey
from orchestrator.local_cloud.account.quotas import AccountQuotas, keep_quotas
from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.api.gateway import DataPlane
from orchestrator.local_cloud.control import Retirement, control_endpoints
from orchestrator.local_cloud.credentials import IssuedKeys, guard_credentials
from orchestrator.local_cloud.database.databases import Databases
from orchestrator.local_cloud.database.moto_state import MotoClusters
from orchestrator.local_cloud.faults import clear_faults
from orchestrator.local_cloud.functions.moto_cloud import MotoCloud
from orchestrator.local_cloud.functions.runtime import FunctionRuntime
from orchestrator.local_cloud.iam.enforce import enforce, may_connect
from orchestrator.local_cloud.iam.record import written_to
from orchestrator.local_cloud.identity import RECORD_VARIABLE
from orchestrator.local_cloud.limits.check import check_limits
from orchestrator.local_cloud.limits.tokens import TokenMemory
from orchestrator.local_cloud.models.check import ModelTally, check_models
from orchestrator.local_cloud.patches import apply_patches
from orchestrator.local_cloud.preparation import Preparation
from orchestrator.local_cloud.replay import ReplayMemory, replay_repeats
from orchestrator.local_cloud.request_log import log_requests
from orchestrator.local_cloud.serial import MOTO, one_at_a_time
from orchestrator.local_cloud.wsgi import application, buffered


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCloudApplication:
    """The whole application, with the parts that the server and tests need to reach.

    Attributes:
        preparation: to run in a thread of its own; requests wait for it.
        retirement: says when to exit.
        issued: gets the keys that the function runtime hands to functions.
        functions: to be started once moto is loaded.
        databases: to be started before the server announces itself.
        plane: to be started once the port is bound.

    """

    application: WSGIApplication
    preparation: Preparation
    retirement: Retirement
    issued: IssuedKeys
    memory: ReplayMemory
    functions: FunctionRuntime
    databases: Databases
    plane: DataPlane

    def stop(self) -> None:
        """End what runs beside the server, after it has stopped serving: callers before what they call."""
        self.plane.stop()
        self.functions.stop()
        self.databases.stop()


def build(health: dict[str, Any], home: Path, shape: AccountShape = AccountShape.ESTABLISHED) -> LocalCloudApplication:
    """Assemble the layers.

    Args:
        health: the answer of the health endpoint; entries added later, such as the port, show up in it.
        home: the folder of server.json; functions and databases keep their files in folders below it.
        shape: of the account.

    """
    retirement, issued, memory = Retirement(), IssuedKeys(), ReplayMemory()
    databases = Databases(home, source=MotoClusters(), may_connect=may_connect)
    functions = FunctionRuntime(
        MotoCloud(issued),
        endpoint=lambda: f"http://127.0.0.1:{health['port']}",
        home=home / "functions",
        extras=databases.extras,
    )
    quotas = AccountQuotas(shape)

    def prepare() -> None:
        apply_patches(functions)
        with MOTO:
            furnish(shape)

    preparation = Preparation(prepare)
    plane = DataPlane(functions.invoke)
    moto = DomainDispatcherApplication(create_backend_app)
    # A defect in the evaluation of policies answers 501 like any other: it permits nothing.
    tally, tokens = ModelTally(), TokenMemory()
    limited = check_limits(keep_quotas(buffered(moto), quotas), tally, tokens)
    served = check_models(one_at_a_time(limited), tally)
    record = written_to(home / "authorizations.jsonl") if os.environ.get(RECORD_VARIABLE) else None
    inner = clear_faults(obey(enforce(served, record=record), shape))
    guarded = guard_credentials(preparation.hold(replay_repeats(inner, memory)), issued)
    handler = plane.layer(log_requests(guarded), hold=preparation.hold)

    def reset() -> None:
        preparation.wait()
        functions.forget()
        tokens.forget()
        with MOTO:
            moto_api_backend.reset()
            quotas.reset()
            furnish(shape)
        plane.deployments.changed()
        databases.sync()

    return LocalCloudApplication(
        application=application(control_endpoints(handler, health, retirement, reset, tally.report)),
        preparation=preparation,
        retirement=retirement,
        issued=issued,
        memory=memory,
        functions=functions,
        databases=databases,
        plane=plane,
    )
