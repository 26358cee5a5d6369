"""What came of what a seller did with a case: said on the case's page, to which it leads back."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages as flash
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from messagecenter.threads.refused import Refused

from .models import Case


def told(request: HttpRequest, case: Case, act: Callable[[], object], done: str = "") -> HttpResponse:
    """Do something with a case and lead back to it, saying that it is ``done``, or why it was refused."""
    try:
        act()
    except Refused as refusal:
        flash.error(request, str(refusal.sentence))
    else:
        if done:
            flash.success(request, done)
    return redirect("support:case", case.number)


def told_wrong(request: HttpRequest, case: Case, form: Form) -> HttpResponse:
    """Lead back to a case, saying what is wrong with a form."""
    flash.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("support:case", case.number)
