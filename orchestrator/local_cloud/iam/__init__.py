"""IAM of the local cloud: what a role may do, decided as AWS decides it.

Pure: ``patterns``, ``operators``, ``conditions``, ``policy``, ``evaluate``. Around moto: ``stored`` (resources),
``documents`` (their policies), ``principals`` (who calls), ``services`` (what a call needs), ``requests`` (what IAM
decides), ``enforce`` (the layer), ``deliveries`` (what services do on their own behalf).
"""
