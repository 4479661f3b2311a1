"""A real PostgreSQL behind the endpoint of each Aurora cluster.

``Databases`` follows moto's clusters: a new cluster gets a gateway on 127.0.0.1 at once and a server process with the
first login; a deleted one loses both. Clients reach the gateway only: it speaks TLS, checks passwords and IAM tokens,
then copies bytes.
"""
