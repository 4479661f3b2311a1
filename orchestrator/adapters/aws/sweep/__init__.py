"""Finds what exists of a deployment and is in none of its states, and removes it.

A killed Terraform leaves what it created since it last wrote its state. Nothing that a state records is ever touched, nor what AWS
created for a recorded resource.
"""

from orchestrator.adapters.aws.sweep.recorded import Unrecorded, unrecorded
from orchestrator.adapters.aws.sweep.sweeping import Clock, Kept, reclaim, sweep

__all__ = ["Clock", "Kept", "Unrecorded", "reclaim", "sweep", "unrecorded"]
