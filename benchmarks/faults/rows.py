"""The 20 faults that must cost nothing, and the tests that prove what no nemesis injects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A fault: whether the nemesis does it, and which tests prove it, or the rest of it."""

    number: int
    title: str
    injected: bool
    tests: tuple[str, ...] = ()


_DISPATCH, _TIMING, _BUCKET = "tests/notices/test_dispatch.py", "tests/notices/test_timing.py", "tests/attachments"
_REPORTS, _DRAFTS = "tests/inbound/test_reports.py", "tests/journeys/test_drafts.py"
ROWS = (
    Row(1, "kill -9 of workers before, during and after SMTP DATA", True),
    Row(2, "kill -9 of web processes; answers nobody hears", True),
    Row(3, "Redis killed, flushed, absent", True, ("tests/accounts/test_without_redis.py",)),
    Row(4, "PostgreSQL restarted at once three times; connections cut", True),
    Row(
        5,
        "SMTP 421 and 451, greylisting",
        True,
        (f"{_TIMING}::test_a_later_notice_does_not_overtake_one_that_is_tried_again",),
    ),
    Row(
        6,
        "SMTP 550; complaint and bounce reports, three times, forged",
        True,
        (
            f"{_REPORTS}::test_a_bounce_suppresses_once_however_often_it_comes",
            f"{_REPORTS}::test_a_complaint_suppresses",
            f"{_REPORTS}::test_a_providers_report_suppresses_once",
            f"{_REPORTS}::test_a_forged_call_is_refused",
        ),
    ),
    Row(
        7,
        "SMTP answers late or cuts after DATA",
        True,
        (f"{_DISPATCH}::test_a_connection_cut_after_data_gives_exactly_one_repeat",),
    ),
    Row(8, "SMTP answers byte by byte", True, (f"{_DISPATCH}::test_a_dripping_server_is_cut_at_the_deadline",)),
    Row(
        9,
        "bucket fails, cuts, is slow, has lost an object",
        False,
        (
            f"{_BUCKET}/test_faults.py",
            f"{_BUCKET}/test_bucket.py",
            f"{_BUCKET}/test_store.py::test_missing_object_is_told_from_a_store_that_is_down",
            f"{_BUCKET}/test_store.py::test_killed_between_store_and_commit_the_object_is_found",
        ),
    ),
    Row(
        10,
        "disk full: database, uploads on their way, files, log",
        True,
        (
            "tests/test_asgi.py::test_the_disk_being_full_is_said",
            "tests/test_spool.py::test_a_full_disk_is_an_error_that_says_so",
            f"{_BUCKET}/test_disk.py::test_full_disk_is_told_and_leaves_nothing",
            "tests/test_faults.py::test_a_log_that_cannot_be_written_stops_no_delivery",
        ),
    ),
    Row(11, "one message posted 20 times at once, and again later", True),
    Row(
        12,
        "two tabs with one draft",
        False,
        (
            f"{_DRAFTS}::test_texts_of_two_devices_are_both_shown_and_one_is_chosen",
            f"{_DRAFTS}::test_draft_begun_at_the_desk_is_sent_from_the_phone",
        ),
    ),
    Row(
        13,
        "clocks two hours wrong; daylight saving, leap day",
        True,
        (
            f"{_TIMING}::test_quiet_hours_over_midnight_and_a_change_of_the_clock",
            f"{_TIMING}::test_the_hour_of_the_summary_is_that_of_the_persons_clock",
            "tests/hours/test_week.py",
            "tests/test_timetable.py",
        ),
    ),
    Row(14, "network drop between browser and server while sending", False, ("tests/journeys/test_network.py",)),
    Row(15, "worker stands still beyond its lease", True),
    Row(
        16,
        "deploy with a migration under load",
        True,
        ("tests/test_processes.py::test_production_refuses_a_database_that_lacks_migrations",),
    ),
    Row(17, "a notice that cannot be rendered", True, (f"{_DISPATCH}::test_a_poison_notice_does_not_stop_the_others",)),
    Row(18, "mail loop with programs that answer", False, ("tests/inbound/test_loops.py",)),
    Row(19, "restore from a backup", True),
    Row(20, "blocked, or unsubscribed, while the mail is on its way", True, ("tests/threads/test_told.py",)),
)
