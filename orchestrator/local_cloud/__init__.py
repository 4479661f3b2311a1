"""The embedded local cloud: moto in a process of its own on 127.0.0.1, with what platformctl adds to it.

``process`` starts and stops the server and ``environment`` says how to reach it; neither imports moto, which takes a second. Everything
else runs inside the server process. docs/local-cloud.md is the user's view.
"""
