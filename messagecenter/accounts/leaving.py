"""What the rooms above do when somebody leaves a mailbox: each registers once, and acts in the leaving's transaction.

Nothing here imports those rooms. They register when Django starts (``AppConfig.ready``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

# Takes the mailbox's id and the id of the user who has just left it.
Farewell = Callable[[uuid.UUID, uuid.UUID], object]

_farewells: dict[str, Farewell] = {}


def register(name: str, farewell: Farewell) -> None:
    """Have ``farewell`` called for everybody who leaves a mailbox; ``name`` is the room's. The last one counts."""
    _farewells[name] = farewell


def say_farewell(mailbox_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Tell all rooms; call it in the transaction that has deleted the membership. Raises what they raise."""
    for farewell in _farewells.values():
        farewell(mailbox_id, user_id)
