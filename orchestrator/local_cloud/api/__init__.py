"""The data plane of API Gateway's REST APIs: what a client of a deployed API meets.

A request passes, in this order: the resource that its path names, the API key, the key's usage plan (rate, then quota), the request validator, the
function. Whatever stops it is answered by the API's gateway responses; every request leaves a line in the stage's access log.

Only ``deployed`` and ``records`` know moto. What is deployed is read once and kept until something of API Gateway or Lambda is written, so that a request
needs neither moto nor its lock: an early refusal costs microseconds.
"""
