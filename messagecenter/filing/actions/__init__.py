"""Every write to folders, labels, rules and saved filters that touches no thread; each action is one transaction."""

from .folders import create_folder, move_folder, remove_folder, rename_folder
from .labels import change_label, create_label, remove_label
from .rules import change_rule, create_rule, delete_rule, mark_broken, move_rule, switch_rule
from .saved import delete_filter, move_filter, rename_filter, save_filter, set_pinned

__all__ = [
    "change_label",
    "change_rule",
    "create_folder",
    "create_label",
    "create_rule",
    "delete_filter",
    "delete_rule",
    "mark_broken",
    "move_filter",
    "move_folder",
    "move_rule",
    "remove_folder",
    "remove_label",
    "rename_filter",
    "rename_folder",
    "save_filter",
    "set_pinned",
    "switch_rule",
]
