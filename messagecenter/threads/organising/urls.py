"""Addresses of the pages on which a mailbox keeps order; those of the filing itself stand in ``threads.urls``."""

from django.urls import path

from . import folders, rules, saved

app_name = "filing"

urlpatterns = [
    path("folders/", folders.page, name="folders"),
    path("folders/new/", folders.folder_new, name="folder_new"),
    path("folders/<uuid:folder_id>/rename/", folders.folder_rename, name="folder_rename"),
    path("folders/<uuid:folder_id>/move/", folders.folder_move, name="folder_move"),
    path("folders/<uuid:folder_id>/delete/", folders.folder_delete, name="folder_delete"),
    path("labels/new/", folders.label_new, name="label_new"),
    path("labels/<uuid:label_id>/", folders.label_change, name="label_change"),
    path("labels/<uuid:label_id>/delete/", folders.label_delete, name="label_delete"),
    path("rules/", rules.page, name="rules"),
    path("rules/new/", rules.rule_new, name="rule_new"),
    path("rules/<uuid:rule_id>/", rules.rule_edit, name="rule"),
    path("rules/<uuid:rule_id>/move/", rules.rule_move, name="rule_move"),
    path("rules/<uuid:rule_id>/switch/", rules.rule_switch, name="rule_switch"),
    path("rules/<uuid:rule_id>/delete/", rules.rule_delete, name="rule_delete"),
    path("rules/<uuid:rule_id>/apply/", rules.rule_apply, name="rule_apply"),
    path("saved/", saved.page, name="save_filter"),
    path("saved/<uuid:filter_id>/", saved.filter_rename, name="filter_rename"),
    path("saved/<uuid:filter_id>/pin/", saved.filter_pin, name="filter_pin"),
    path("saved/<uuid:filter_id>/move/", saved.filter_move, name="filter_move"),
    path("saved/<uuid:filter_id>/delete/", saved.filter_delete, name="filter_delete"),
]
