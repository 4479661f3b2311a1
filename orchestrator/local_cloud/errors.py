"""The root of every exception that the local cloud raises on purpose."""


class LocalCloudError(Exception):
    """The local cloud cannot do what was requested.

    Args:
        summary: one constant sentence, without a full stop.
        detail: what is wrong here, and why.
        hint: what to do about it.

    """

    def __init__(self, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = hint
