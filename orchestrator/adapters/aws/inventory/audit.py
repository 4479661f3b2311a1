"""What records the account's own state and calls: AWS Config and CloudTrail."""

from collections.abc import Iterator

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, pages


def config(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Recorders, delivery channels, conformance packs, and rules but those that another service made."""
    client = clients["config"]
    # A recorder that another AWS service made for itself is not the account's to delete.
    recorders = client.describe_configuration_recorders()["ConfigurationRecorders"]
    own = [recorder for recorder in recorders if not recorder.get("servicePrincipal")]
    channels = client.describe_delivery_channels()["DeliveryChannels"]
    for kind, items in (("configuration-recorder", own), ("delivery-channel", channels)):
        for name in (item["name"] for item in items):
            if owner.owns(name):
                yield Resource(service="config", type=kind, identifier=name, name=name)
    for rule in pages(client, "describe_config_rules", "ConfigRules"):
        name = rule["ConfigRuleName"]
        if owner.owns(name) and not rule.get("CreatedBy"):
            yield Resource(service="config", type="rule", identifier=name, name=name)
    for pack in pages(client, "describe_conformance_packs", "ConformancePackDetails"):
        name = pack["ConformancePackName"]
        if owner.owns(name):
            yield Resource(service="config", type="conformance-pack", identifier=name, name=name)


def cloudtrail(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Trails."""
    for trail in pages(clients["cloudtrail"], "list_trails", "Trails"):
        if owner.owns(trail["Name"]):
            yield Resource(service="cloudtrail", type="trail", identifier=trail["TrailARN"], name=trail["Name"])
