"""EventBridge of the local cloud: rules call their targets when an event matches or their schedule says so.

Pure: ``cron`` and ``schedule`` (when), ``inputs`` (what a target gets), ``scheduler`` (a thread with a clock). Around
moto: ``targets`` (who gets it), and ``patches/events.py``, which replaces moto's own behaviour with all this.
"""
