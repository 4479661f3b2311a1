"""The data plane of API Gateway's REST APIs: what a client of a deployed API meets.

A request passes, in this order: the resource that its path names, the API key, the key's usage plan (rate, then quota), the request validator, the
function. Gateway responses answer whatever is stopped; every request leaves a line in the stage's access log.

Only ``deployed`` and ``records`` use moto. What is deployed is read once and kept until something changes in API Gateway or Lambda, so a request needs
neither moto nor its lock: an early refusal costs microseconds.
"""
