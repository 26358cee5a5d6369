"""The desk's figures: what was stopped, how long it waited, how often a rule was wrong; as charts and tables."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.ids import new_id
from messagecenter.moderation.actions import approve, decide_appeal, decide_report, make_appeal, reject
from messagecenter.moderation.charts import day_bars
from messagecenter.moderation.figures import Series, figures_of, percentile
from messagecenter.policy.models import Decision

pytestmark = pytest.mark.django_db
PAGE = "/admin/moderation/desk/figures/"


def test_percentile_is_the_nearest_rank():
    numbers = [float(number) for number in range(1, 101)]
    assert (percentile(numbers, 50), percentile(numbers, 95), percentile([7.0], 95), percentile([], 50)) == (
        50,
        95,
        7,
        None,
    )


def test_figures_count_what_happened(post, held, blocked, hidden, report, seller, moderator, second):
    Decision.objects.filter(pk=held.pk).update(made_at=timezone.now() - timedelta(minutes=30))
    reject(by=moderator, decision=held, answer="Advertising.")
    approve(by=second, decision=post("A holdword again"), mistaken=True)
    decide_appeal(by=moderator, appeal=make_appeal(by=seller, decision=blocked), reverse=True)
    decide_report(by=second, report=report, acted=True)
    counted = figures_of(7)
    assert {one.key: one.total for one in counted.volume} == {
        "blocked": 1,
        "held": 2,
        "redacted": 1,
        "warned": 0,
        "withheld": 0,
    }
    assert {one.key: one.total for one in counted.appeals} == {"appeals": 1, "reversed": 1, "reports": 1, "acted": 1}
    assert (round(counted.hold_median), round(counted.hold_p95)) == (0, 30)
    assert len(counted.days) == 7
    told = {one.rule.id: (one.looked_at, one.wrong, one.precision) for one in counted.rules}
    assert told == {held.rules[0]: (2, 1, 0.5), blocked.rules[0]: (1, 1, 0.0)}


def test_older_days_are_in_the_longer_ranges_only(held, moderator):
    approve(by=moderator, decision=held, mistaken=True)
    Decision.objects.update(made_at=timezone.now() - timedelta(days=20))
    totals = [sum(one.total for one in figures_of(days).volume) for days in (7, 30, 90)]
    assert totals == [0, 1, 1]


@pytest.mark.parametrize("query", ["", "?days=30", "?days=90", "?days=nonsense", "?days=99999999"])
def test_page_has_charts_and_tables_and_no_words(held, blocked, desk, moderator, query):
    approve(by=moderator, decision=held, mistaken=True)
    page = desk.get(PAGE + query)
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count('<svg class="chart"') == 4
    assert text.count("<caption") == 4
    assert [word for word in ("holdword", "blockword", "Steinpilz") if word in text] == []
    assert re.findall(r"<[^>]+ (?:style|on\w+)=", text.partition('class="desk"')[2]) == []


def test_queries_do_not_grow(post, desk, moderator):
    numbers = []
    for _round in range(2):
        for number in range(3):
            approve(by=moderator, decision=post(f"holdword {number} {new_id()}"), mistaken=True)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(PAGE + "?days=90").status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_chart_is_safe_and_has_no_words_of_its_own():
    today = timezone.localdate()
    chart = day_bars([today], [Series("held", "<script>", [3])])
    assert "<script>" not in chart
    assert "&lt;script&gt;" in chart
