"""What runs and answers: Lambda, API Gateway, WAF."""

from collections.abc import Iterator

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, last_part, pages, token_pages


def functions(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Functions, their event sources, and layers."""
    client = clients["lambda"]
    for function in pages(client, "list_functions", "Functions"):
        name = function["FunctionName"]
        if owner.owns(name):
            yield Resource(service="lambda", type="function", identifier=name, name=name)
    for mapping in pages(client, "list_event_source_mappings", "EventSourceMappings"):
        # The function's ARN may end in a version or an alias.
        name = mapping["FunctionArn"].split(":")[6]
        if owner.owns(name, last_part(mapping.get("EventSourceArn", ""))):
            yield Resource(service="lambda", type="event-source-mapping", identifier=mapping["UUID"], name=name)
    for layer in pages(client, "list_layers", "Layers"):
        name = layer["LayerName"]
        if owner.owns(name):
            yield Resource(service="lambda", type="layer", identifier=name, name=name)


def apigateway(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """REST APIs, keys, usage plans, and the role that the account's APIs log with."""
    client = clients["apigateway"]
    for kind, operation in (
        ("rest-api", "get_rest_apis"),
        ("api-key", "get_api_keys"),
        ("usage-plan", "get_usage_plans"),
    ):
        for item in pages(client, operation, "items"):
            if owner.owns(item.get("name", ""), tags=item.get("tags")):
                yield Resource(service="apigateway", type=kind, identifier=item["id"], name=item.get("name", ""))
    role = client.get_account().get("cloudwatchRoleArn", "")
    if role and owner.owns(last_part(role)):
        yield Resource(service="apigateway", type="account-role", identifier=role, name=last_part(role))


def wafv2(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Web ACLs, what they are made of, and their logging."""
    client = clients["wafv2"]
    for kind, operation, key in (
        ("web-acl", client.list_web_acls, "WebACLs"),
        ("ip-set", client.list_ip_sets, "IPSets"),
        ("rule-group", client.list_rule_groups, "RuleGroups"),
        ("regex-pattern-set", client.list_regex_pattern_sets, "RegexPatternSets"),
    ):
        for item in token_pages(operation, key, token="NextMarker", Scope="REGIONAL"):  # noqa: S106 - a page's, not a secret
            if owner.owns(item["Name"]):
                yield Resource(service="wafv2", type=kind, identifier=item["ARN"], name=item["Name"])
    configurations = token_pages(
        client.list_logging_configurations,
        "LoggingConfigurations",
        token="NextMarker",  # noqa: S106 - as above
        Scope="REGIONAL",
    )
    for configuration in configurations:
        # arn:aws:wafv2:<region>:<account>:regional/webacl/<name>/<id>
        arn = configuration["ResourceArn"]
        name = arn.split("/")[-2]
        if owner.owns(name):
            yield Resource(service="wafv2", type="logging-configuration", identifier=arn, name=name)
