"""EventBridge of the local cloud: rules call their targets, when an event matches or when their schedule says so.

Pure: ``cron`` and ``schedule`` (when), ``inputs`` (what a target gets), ``scheduler`` (a thread with a clock). Around moto: ``targets`` (to whom), and
``patches/events.py``, which puts it all in the place of moto's own.
"""
