"""Patches that modules/lambda needs: what an update of a function changes is what the next plan reads."""

import pytest


@pytest.fixture
def function(deploy):
    return deploy("def handler(event, context): return event").rpartition(":")[2]


def test_b5_ephemeral_storage_can_be_updated(client, function):
    api = client("lambda")
    api.update_function_configuration(FunctionName=function, EphemeralStorage={"Size": 1024})
    assert api.get_function_configuration(FunctionName=function)["EphemeralStorage"] == {"Size": 1024}


def asynchronous(api, function):
    found = api.get_function_event_invoke_config(FunctionName=function)
    return found.get("MaximumRetryAttempts"), found.get("MaximumEventAgeInSeconds")


def test_b5_a_second_event_invoke_config_replaces_the_first(client, function):
    api = client("lambda")
    api.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=600)
    api.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    assert asynchronous(api, function) == (0, None)


def test_b5_an_event_invoke_config_is_updated_in_part(client, function):
    api = client("lambda")
    api.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=600)
    api.update_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    assert asynchronous(api, function) == (0, 600)
    api.delete_function_event_invoke_config(FunctionName=function)
    with pytest.raises(api.exceptions.ResourceNotFoundException):
        api.get_function_event_invoke_config(FunctionName=function)
