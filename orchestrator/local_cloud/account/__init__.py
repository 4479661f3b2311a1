"""The account that the local cloud plays: its quotas, what lies in it already, and what its organization forbids.

moto's accounts are empty and without limits. Real ones are new, used or governed, and deployments fail in them for reasons that have
nothing to do with the deployment.
"""
