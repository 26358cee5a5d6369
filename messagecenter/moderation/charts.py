"""Draws the desk's figures as plain SVG, made here: classes for colours, no script and no style in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from .figures import RuleFigure, Series

WIDTH, HEIGHT = 480, 180
LEFT, BOTTOM, TOP = 44, 24, 10
ROW = 26
LABEL_WIDTH = 210


def day_bars(days: Sequence[date], series: Sequence[Series], *, stacked: bool = True) -> SafeString:
    """Return bars a day, on top of each other or side by side. The table beside it says the same in words."""
    columns = list(zip(*(one.numbers for one in series), strict=True)) or [()]
    highest = max((sum(column) if stacked else max(column, default=0) for column in columns), default=0)
    top = _round_up(highest)
    step = (WIDTH - LEFT) / max(len(days), 1)
    inner = HEIGHT - TOP - BOTTOM
    bars: list[SafeString] = []
    for place, (day, column) in enumerate(zip(days, columns, strict=True)):
        low = 0.0
        for row, number in enumerate(column):
            if number <= 0:
                continue
            height = inner * number / top
            width = step * 0.8 if stacked else step * 0.8 / len(series)
            x = LEFT + step * (place + 0.1) + (0 if stacked else width * row)
            bars.append(_bar(x, TOP + inner - low - height, width, height, series[row], day, number))
            low += height if stacked else 0
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        _lines(top, inner),
        format_html_join("", "{}", ((bar,) for bar in bars)),
        _dates(days, step),
    )


def rule_bars(rules: Sequence[RuleFigure]) -> SafeString:
    """Return one bar a rule: how often it was right, from 0 to 100 %."""
    bars = [
        format_html(
            '<text class="chart-text" x="0" y="{}">{}</text>'
            '<rect class="chart-track" x="{}" y="{}" width="{}" height="14"></rect>'
            '<rect class="chart-bar chart-precision" x="{}" y="{}" width="{}" height="14"></rect>'
            '<text class="chart-text" x="{}" y="{}">{} %</text>',
            ROW * at + 15,
            one.rule.title[:32],
            LABEL_WIDTH,
            ROW * at + 4,
            _n(WIDTH - LABEL_WIDTH - 60),
            LABEL_WIDTH,
            ROW * at + 4,
            _n((WIDTH - LABEL_WIDTH - 60) * one.precision),
            WIDTH - 52,
            ROW * at + 15,
            round(one.precision * 100),
        )
        for at, one in enumerate(rules)
    ]
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>',
        WIDTH,
        max(ROW * len(rules), ROW),
        format_html_join("", "{}", ((bar,) for bar in bars)),
    )


def _bar(x: float, y: float, width: float, height: float, series: Series, day: date, number: float) -> SafeString:
    return format_html(
        '<rect class="chart-bar chart-{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {} {}</title></rect>',
        series.key,
        _n(x),
        _n(y),
        _n(width),
        _n(height),
        date_format(day, "SHORT_DATE_FORMAT"),
        number_format(number),
        series.label,
    )


def _lines(top: float, inner: float) -> SafeString:
    """Return three lines across with their numbers."""
    return format_html_join(
        "",
        '<line class="chart-line" x1="{}" x2="{}" y1="{}" y2="{}"></line>'
        '<text class="chart-text chart-number" x="{}" y="{}">{}</text>',
        (
            (
                LEFT,
                WIDTH,
                _n(TOP + inner * (1 - part)),
                _n(TOP + inner * (1 - part)),
                LEFT - 6,
                _n(TOP + inner * (1 - part) + 4),
                number_format(top * part, decimal_pos=0),
            )
            for part in (0, 0.5, 1)
        ),
    )


def _dates(days: Sequence[date], step: float) -> SafeString:
    """Return the dates below, as many as there is room for."""
    every = max(1, len(days) // 6)
    # Translators: how a day is told where there is little room, as Django's "date" filter takes it: "Nov 23".
    written = pgettext("a day in short", "M j")
    return format_html_join(
        "",
        '<text class="chart-text chart-date" x="{}" y="{}">{}</text>',
        (
            (_n(LEFT + step * (place + 0.5)), HEIGHT - 6, date_format(day, written))
            for place, day in enumerate(days)
            if (len(days) - 1 - place) % every == 0
        ),
    )


def _round_up(number: float) -> float:
    """Return the next number of the kind 1, 2 or 5 times a power of ten, at least 2: the top of an axis."""
    number, size = max(number, 2), 1.0
    while True:
        for times in (1, 2, 5):
            if size * times >= number:
                return size * times
        size *= 10


def _n(number: float) -> str:
    """Return a number for SVG: a dot, two decimals, whatever the language."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
