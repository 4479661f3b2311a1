"""Requests against AWS's own service models: what botocore publishes of an operation is checked before moto sees the request."""
