"""A real PostgreSQL behind the endpoint of each Aurora cluster.

``Databases`` follows moto's clusters: a cluster that appears gets a gateway on 127.0.0.1 at once and a server process with the first login; one
that is deleted loses both. The gateway is all that clients reach: it speaks TLS, checks passwords and IAM tokens, then copies bytes.
"""
