"""Makes the groups of staff, each with what it needs; who does the work of a queue is its mailbox's members."""

from django.db import migrations

VIEW_OF_CASES = ["support.view_queue", "support.view_route", "support.view_attendance"]
AUDIT_OF_CASES = ["support.view_step", "support.view_reading", "support.view_turn"]
MODERATION = [
    "policy.moderate",
    "policy.view_decision",
    "policy.view_restriction",
    "policy.view_blockedsender",
    "policy.view_policyversion",
    "moderation.view_appeal",
    "moderation.view_report",
    "moderation.view_caution",
]
GROUPS = {
    "Support agent": VIEW_OF_CASES,
    "Support lead": [
        *VIEW_OF_CASES,
        *AUDIT_OF_CASES,
        "support.oversee_cases",
        "support.export_cases",
        "support.change_queue",
        "support.add_route",
        "support.change_route",
        "support.delete_route",
    ],
    "Moderator": [
        *MODERATION,
        "threads.view_thread",
        "threads.disclose_thread",
        "attachments.view_attachment",
        "attachments.disclose_attachment",
    ],
    # Reads what was done by whom, and no word of a message.
    "Auditor": [
        *VIEW_OF_CASES,
        *AUDIT_OF_CASES,
        "support.export_cases",
        "admin.view_logentry",
        "threads.view_disclosure",
        "attachments.view_attachmentdisclosure",
        "inbound.view_maildisclosure",
        *(one for one in MODERATION if one != "policy.moderate"),
        "vault.view_alarm",
        "notices.view_notice",
    ],
    # Runs the site; makes nobody staff: for that somebody has to be a superuser.
    "Administrator": [
        *VIEW_OF_CASES,
        *AUDIT_OF_CASES,
        "support.export_cases",
        "support.add_queue",
        "support.change_queue",
        "support.add_route",
        "support.change_route",
        "support.delete_route",
        *(f"accounts.{what}_{name}" for name in ("user", "mailbox") for what in ("view", "add", "change")),
        *("accounts.view_membership", "accounts.delete_membership", "accounts.view_invitation", "accounts.add_invitation"),
        *("account.view_emailaddress", "mfa.view_authenticator", "auth.view_group", "admin.view_logentry"),
        *("orders.view_order", "orders.view_orderitem", "orders.view_product"),
        *("threads.view_thread", "threads.view_disclosure"),
        *("attachments.view_attachment", "attachments.change_attachment", "attachments.view_attachmentdisclosure"),
        *("notices.view_notice", "notices.change_notice", "push.view_device", "webhooks.view_endpoint"),
        *("inbound.view_rawmail", "inbound.view_maildisclosure", "vault.view_datakey", "vault.view_alarm"),
        *("policy.view_policyversion", "policy.add_policyversion", "policy.change_policyversion", "policy.publish_policy"),
        *("policy.view_decision", "policy.view_restriction", "policy.view_blockedsender"),
    ],
}


def make_groups(apps, schema_editor):
    """Make the groups, or add to those of these names what they lack.

    Django makes permissions only after all migrations, so those that are not there yet are made here, as it would.
    """
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    content_type_model = apps.get_model("contenttypes", "ContentType")
    for name, wanted in GROUPS.items():
        group, _is_new = group_model.objects.get_or_create(name=name)
        for path in dict.fromkeys(wanted):
            app_label, codename = path.split(".")
            model = MODELS.get(path) or codename.partition("_")[2]
            kind, _is_new = content_type_model.objects.get_or_create(app_label=app_label, model=model)
            permission, _is_new = permission_model.objects.get_or_create(
                content_type=kind, codename=codename, defaults={"name": NAMES.get(path) or f"Can {codename.replace('_', ' ')}"}
            )
            group.permissions.add(permission)


def remove_groups(apps, schema_editor):
    """Remove the groups again; permissions stay, they are the models' own."""
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


# Of permissions that are more than view, add, change and delete: their model and their name.
MODELS = {
    "support.oversee_cases": "case",
    "support.export_cases": "case",
    "policy.moderate": "decision",
    "threads.disclose_thread": "thread",
    "attachments.disclose_attachment": "attachment",
    "policy.publish_policy": "policyversion",
}
NAMES = {
    "support.oversee_cases": "Can see and work on the cases of all queues",
    "support.export_cases": "Can see and export the figures of support",
    "policy.moderate": "Can decide on held messages, appeals and reports",
    "policy.publish_policy": "Can publish a new version of the policy",
    "threads.disclose_thread": "Can read a thread's messages, for a stated reason",
    "attachments.disclose_attachment": "Can open an attachment's content, for a stated reason",
}


class Migration(migrations.Migration):
    dependencies = [
        ("support", "0002_calls"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [migrations.RunPython(make_groups, remove_groups)]
