"""What can become of a mail that was not accepted. Reasons never hold an address or a word of the mail."""


class NotSent(Exception):
    """The mail was not accepted; ``reason`` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TryAgain(NotSent):
    """Nothing was handed over and the cause may pass: 4xx, no connection, a timeout before the end of DATA."""


class Refused(NotSent):
    """The server will never take this mail for this recipient: 5xx.

    ``is_about_address`` says that the recipient was refused and not the mail: no other mail would be taken either.
    """

    def __init__(self, reason: str, *, is_about_address: bool = False) -> None:
        super().__init__(reason)
        self.is_about_address = is_about_address


class Uncertain(NotSent):
    """The whole mail was transmitted, but no answer came: it may or may not arrive."""
