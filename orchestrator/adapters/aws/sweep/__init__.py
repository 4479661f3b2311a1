"""Finds what exists of a deployment and is in none of its states, and removes it.

A Terraform that is killed leaves what it made since it last wrote its state. Nothing that a state records is ever touched, nor what AWS
made by itself for a recorded thing.
"""

from orchestrator.adapters.aws.sweep.kinds import KINDS, Again
from orchestrator.adapters.aws.sweep.recorded import Unrecorded, unrecorded
from orchestrator.adapters.aws.sweep.sweeping import Clock, Kept, remove, sweep

__all__ = ["KINDS", "Again", "Clock", "Kept", "Unrecorded", "remove", "sweep", "unrecorded"]
