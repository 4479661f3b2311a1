"""Values as they may be shown (C8)."""

import pytest

from orchestrator.hcl.values import Sensitive, SetValue, has_sensitive, redacted

HIDDEN = "(sensitive)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("open", "open"),
        (None, None),
        (Sensitive("hunter2"), HIDDEN),
        ({"a": Sensitive("hunter2"), "b": 1}, {"a": HIDDEN, "b": 1}),
        ([Sensitive(["hunter2"]), {"c": [Sensitive("hunter2")]}], [HIDDEN, {"c": [HIDDEN]}]),
        (SetValue((Sensitive("hunter2"), "open")), SetValue((HIDDEN, "open"))),
    ],
)
def test_c8_a_secret_at_any_depth_is_replaced(value, shown):
    assert redacted(value) == shown
    assert not has_sensitive(redacted(value))
    assert "hunter2" not in repr(redacted(value))
