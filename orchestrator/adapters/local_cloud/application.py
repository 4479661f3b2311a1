"""The layers around moto, from the door inwards.

control endpoints > request log > credentials > preparation > replay > clear faults > one at a time > moto with patches
"""

from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from orchestrator.adapters.local_cloud.control import Retirement, control_endpoints
from orchestrator.adapters.local_cloud.credentials import IssuedKeys, guard_credentials
from orchestrator.adapters.local_cloud.faults import clear_faults
from orchestrator.adapters.local_cloud.patches import apply_patches
from orchestrator.adapters.local_cloud.preparation import Preparation
from orchestrator.adapters.local_cloud.replay import ReplayMemory, replay_repeats
from orchestrator.adapters.local_cloud.request_log import log_requests
from orchestrator.adapters.local_cloud.serial import one_at_a_time
from orchestrator.adapters.local_cloud.wsgi import application, buffered


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCloudApplication:
    """The whole application, with the parts that its surroundings need to reach.

    Attributes:
        application: to serve.
        preparation: to run in a thread of its own; requests wait for it.
        retirement: says when to exit.
        issued: to which a function runtime adds the keys that it hands to functions.
        memory: of responses, for tests and diagnosis.

    """

    application: WSGIApplication
    preparation: Preparation
    retirement: Retirement
    issued: IssuedKeys
    memory: ReplayMemory


def build(health: dict[str, Any]) -> LocalCloudApplication:
    """Puts the layers together.

    Args:
        health: the answer of the health endpoint; entries added later show up in it.

    """
    preparation = Preparation(apply_patches)
    retirement, issued, memory = Retirement(), IssuedKeys(), ReplayMemory()
    moto = DomainDispatcherApplication(create_backend_app)
    inner = clear_faults(one_at_a_time(buffered(moto)))
    guarded = guard_credentials(preparation.hold(replay_repeats(inner, memory)), issued)
    return LocalCloudApplication(
        application=application(control_endpoints(log_requests(guarded), health, retirement)),
        preparation=preparation,
        retirement=retirement,
        issued=issued,
        memory=memory,
    )
