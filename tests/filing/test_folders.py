"""Folders and labels: names, levels, cycles, limits, and who may change them."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from messagecenter.filing import refused
from messagecenter.filing.actions import (
    change_label,
    create_folder,
    create_label,
    move_folder,
    remove_folder,
    remove_label,
    rename_folder,
)
from messagecenter.filing.models import Folder, Label
from tests.factories import MailboxFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(seller, shop):
    """Return how the shop's owner makes a folder."""

    def folder(name, parent=None):
        return create_folder(by=seller, mailbox=shop, name=name, parent=parent)

    return folder


def test_a_shop_keeps_its_papers_in_folders(make, seller, agent, shop):
    invoices = make("  Invoices \u0000  to  check ")
    assert invoices.name == "Invoices to check"
    year = make("2026", invoices)
    march = make("March", year)
    # A colleague renames and moves; the whole team has the same folders.
    rename_folder(by=agent, folder=year, name="Year 2026")
    archive = make("Done")
    moved = move_folder(by=agent, folder=march, parent=archive)
    assert moved.parent == archive
    names = [(one.name, one.parent.name if one.parent else "") for one in Folder.objects.of_mailbox(shop)]
    assert sorted(names) == [
        ("Done", ""),
        ("Invoices to check", ""),
        ("March", "Done"),
        ("Year 2026", "Invoices to check"),
    ]
    assert list(Folder.objects.visible_to(agent)) == list(Folder.objects.visible_to(seller))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", refused.NameMissing),
        (" \u0000 \u200b ", refused.NameMissing),
        ("x" * 61, refused.NameTooLong),
        ("INVOICES", refused.NameTaken),
        ("invoices ", refused.NameTaken),
    ],
)
def test_a_name_that_cannot_be_is_refused(make, name, reason):
    make("Invoices")
    with pytest.raises(reason):
        make(name)
    assert Folder.objects.count() == 1


def test_the_same_name_is_possible_elsewhere(make, other_seller):
    invoices, done = make("Invoices"), make("Done")
    inner = make("Invoices", done)
    with pytest.raises(refused.NameTaken):
        move_folder(by=invoices.mailbox.members.get(), folder=inner, parent=None)
    theirs = create_folder(by=other_seller, mailbox=other_seller.mailboxes.get(), name="Invoices")
    assert theirs.name == "Invoices"


def test_a_refusal_names_the_thing_and_the_limit(make, seller):
    make("Invoices")
    with pytest.raises(refused.NameTooLong) as too_long:
        make("Q" * 61)
    assert str(too_long.value.sentence) == f"“{'Q' * 20} …” is too long: a name has at most 60 characters."
    with pytest.raises(refused.NameTaken) as taken:
        make("invoices")
    assert str(taken.value.sentence) == "“invoices” is there already. Please choose another name."


def test_folders_are_three_levels_deep_counting_what_lies_in_them(make, seller):
    one = make("one")
    two = make("two", one)
    three = make("three", two)
    with pytest.raises(refused.TooDeep):
        make("four", three)
    other = make("other")
    make("inside", other)
    with pytest.raises(refused.TooDeep):
        move_folder(by=seller, folder=other, parent=two)
    move_folder(by=seller, folder=other, parent=one)
    with pytest.raises(refused.TooDeep):
        move_folder(by=seller, folder=one, parent=make("top"))


def test_a_folder_cannot_go_into_itself(make, seller):
    one = make("one")
    two = make("two", one)
    for parent in (one, two):
        with pytest.raises(refused.IntoItself):
            move_folder(by=seller, folder=one, parent=parent)
    with pytest.raises(refused.IntoItself):
        remove_folder(by=seller, folder=one, goes_to=str(two.pk))
    assert Folder.objects.of_mailbox(one.mailbox).count() == 2


def test_a_mailbox_has_at_most_two_hundred_folders(make, shop):
    Folder.objects.bulk_create(Folder(mailbox=shop, name=f"{number}") for number in range(199))
    gone = make("the last")
    with pytest.raises(refused.TooManyFolders) as problem:
        make("one too many")
    assert "200" in str(problem.value.sentence)
    remove_folder(by=shop.members.get(), folder=gone, goes_to="inbox")
    assert make("the last").name == "the last"


def test_foreign_and_missing_folders_are_the_same(make, seller, shop, other_seller):
    theirs = create_folder(by=other_seller, mailbox=other_seller.mailboxes.get(), name="Secret")
    gone = make("gone")
    remove_folder(by=seller, folder=gone, goes_to="trash")
    mine = make("mine")
    for parent in (theirs, gone):
        with pytest.raises(Folder.DoesNotExist):
            make("child", parent)
        with pytest.raises(Folder.DoesNotExist):
            move_folder(by=seller, folder=mine, parent=parent)
        with pytest.raises(Folder.DoesNotExist):
            remove_folder(by=seller, folder=mine, goes_to=str(parent.pk))
    with pytest.raises(Folder.DoesNotExist):
        remove_folder(by=seller, folder=mine, goes_to="nowhere")
    assert [one.name for one in Folder.objects.of_mailbox(shop)] == ["mine"]


def test_who_only_reads_changes_nothing(make, viewer, other_seller, shop):
    folder, label = (
        make("Invoices"),
        create_label(by=shop.members.get(email="selma@shop.example"), mailbox=shop, name="L"),
    )
    for by in (viewer, other_seller):
        for write in (
            lambda by=by: create_folder(by=by, mailbox=shop, name="New"),
            lambda by=by: rename_folder(by=by, folder=folder, name="New"),
            lambda by=by: move_folder(by=by, folder=folder, parent=None),
            lambda by=by: remove_folder(by=by, folder=folder, goes_to="inbox"),
            lambda by=by: create_label(by=by, mailbox=shop, name="New"),
            lambda by=by: change_label(by=by, label=label, name="New", color="red"),
            lambda by=by: remove_label(by=by, label=label),
        ):
            with pytest.raises(PermissionDenied):
                write()
    assert [one.name for one in Folder.objects.of_mailbox(shop)] == ["Invoices"]
    assert [one.name for one in Label.objects.of_mailbox(shop)] == ["L"]


def test_labels_have_a_name_and_one_of_the_colours(seller, shop):
    urgent = create_label(by=seller, mailbox=shop, name="Urgent ", color="red")
    create_label(by=seller, mailbox=shop, name="B2B")
    with pytest.raises(refused.NameTaken):
        create_label(by=seller, mailbox=shop, name="urgent")
    with pytest.raises(refused.NoSuchColor):
        create_label(by=seller, mailbox=shop, name="Other", color="#ff0000")
    with pytest.raises(refused.NameTaken):
        change_label(by=seller, label=urgent, name="b2b", color="red")
    changed = change_label(by=seller, label=urgent, name="URGENT", color="pink")
    assert (changed.name, changed.color) == ("URGENT", "pink")
    remove_label(by=seller, label=urgent)
    with pytest.raises(Label.DoesNotExist):
        change_label(by=seller, label=urgent, name="Back", color="red")
    assert create_label(by=seller, mailbox=shop, name="Urgent").name == "Urgent"


def test_a_mailbox_has_at_most_a_hundred_labels(seller, shop):
    Label.objects.bulk_create(Label(mailbox=shop, name=f"{number}") for number in range(100))
    with pytest.raises(refused.TooManyLabels) as problem:
        create_label(by=seller, mailbox=shop, name="one too many")
    assert "100" in str(problem.value.sentence)
    other = MailboxFactory()
    MembershipFactory(user=seller, mailbox=other)
    assert create_label(by=seller, mailbox=other, name="first").name == "first"
