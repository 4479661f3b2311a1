"""Run platformctl on a machine that has nothing but Python and a package index: standard library only, down to Python 3.11.

``health`` tells what is wrong with ``.venv``, within milliseconds; ``install`` sets it up.
"""
