"""IAM of the local cloud: what a role may do, decided as AWS decides it, and refused where it may not.

Pure: ``patterns``, ``operators``, ``conditions``, ``policy``, ``evaluate``. Around moto: ``principals`` (who calls), ``requests`` (what for, and what
it implies), ``documents`` (the policies of resources), ``enforce`` (the layer), ``deliveries`` (what services do on their own behalf).
"""
