"""Pages on which a thread is opened: choose what it is about, then write the first message."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.masking import masked_name
from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.accounts.writing import NOT_A_WRITER
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.posted import Brought, bring
from messagecenter.attachments.reasons import sentence_of
from messagecenter.attachments.shown import kept_uploads
from messagecenter.ids import new_id
from messagecenter.replies.filling import Matter
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product
from orders.pictures import shown_picture

from . import actions
from .access import (
    acting_membership,
    gathered_items,
    give_items,
    membership_in,
    memberships_acting_first,
    order_number_in,
    uuid_or_none,
)
from .composing import beside_first_words, words_of_first
from .context import help_with
from .drafted import draft_context, first_words_of, opening_words, version_in
from .explaining import as_context, shown_again
from .forms import NewThreadForm
from .fragments import lost_session
from .models import Draft, Message
from .navigation import frame, upload_context
from .offering import offer_to
from .refused import AlreadySent, NoBuyer, Refused
from .topics import Topic, topics_for_inquiry, topics_for_order

ORDERS_TO_CHOOSE_FROM = 20


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
def thread_new(request: HttpRequest) -> HttpResponseBase:
    """Open a thread about ``?order=`` or ``?product=``; without either, offer the orders to choose from."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return lost_session(request, reason="signed_out", status=401)
        return redirect_to_login(request.get_full_path())
    return _thread_new(request)


@membership_required
def _thread_new(request: HttpRequest) -> HttpResponse:
    """Go by what the new thread is about: an order's number, a product's id, or nothing chosen yet."""
    number = order_number_in(request.GET.get("order") or request.POST.get("order", ""))
    product_id = request.GET.get("product") or request.POST.get("product", "")
    if number:
        return _about_order(request, number)
    if product_id:
        return _about_product(request, product_id)
    return _choose_order(request)


def _about_order(request: HttpRequest, number: str) -> HttpResponse:
    """Write about an order of the person's own; with the same number in several shops, let them choose the shop."""
    found = list(
        Order.objects.visible_to(person_of(request))
        .filter(number=number)
        .select_related("shop", "buyer")
        .annotate(gathered_items=gathered_items("pk"))
        .order_by("shop__name", "pk")[:ORDERS_TO_CHOOSE_FROM]
    )
    for order in found:
        give_items(order, order.gathered_items)
    shop_id = request.GET.get("shop") or request.POST.get("shop", "")
    orders = [order for order in found if str(order.shop_id) == shop_id] or found
    if not orders:
        problem = _("There is no order %(number)s in your messages. Please check the number.") % {"number": number}
        return _choose_order(request, problem=problem, status=404)
    if len(orders) > 1:
        shops = [{"name": order.shop.shown_name, "url": _new_url(order)} for order in orders]
        context = {"shops": shops, "order_number": number}
        return render(request, "threads/new.html", context | frame(acting_membership(request), ""))
    return _write_first(request, membership_in(request, orders[0]), order=orders[0])


def _about_product(request: HttpRequest, product_id: str) -> HttpResponse:
    """Write about a product as a buyer. Raises PermissionDenied for people who act for no buyer."""
    key = uuid_or_none(product_id)
    products = Product.objects.visible_to(person_of(request)).select_related("shop")
    product = products.filter(pk=key).first() if key else None
    if product is None:
        return _choose_order(request, problem=_("This product cannot be asked about."), status=404)
    buying = [own for own in memberships_acting_first(request) if own.mailbox.kind == Mailbox.Kind.BUYER]
    if not buying:
        raise PermissionDenied(_("Only buyers can ask about a product."))
    return _write_first(request, buying[0], product=product)


def _write_first(
    request: HttpRequest, membership: Membership, *, order: Order | None = None, product: Product | None = None
) -> HttpResponse:
    """Show or take the form for the first message of a thread."""
    if not membership.may_write:
        if request.method == "POST":
            return lost_session(request, reason="read_only", status=403)
        raise PermissionDenied(NOT_A_WRITER)
    mailbox = membership.mailbox
    topics = topics_for_order(mailbox, order) if order else topics_for_inquiry(mailbox)
    sent = request.POST if request.method == "POST" else None
    brought = Brought() if sent is None else bring(request, by=person_of(request), mailbox=mailbox)
    has_files = bool(brought.ids or brought.errors)
    draft = _draft_about(request, mailbox, order, product) if sent is None else None
    other = _other_side(mailbox, order, product)
    matter = Matter(mailbox, other, order=order, product=product, person=person_of(request))
    chosen = uuid_or_none(request.GET.get("reply", "")) if sent is None else None
    words = opening_words(draft, words_of_first(matter, chosen), has_chosen=chosen is not None) if sent is None else {}
    words |= first_words_of(draft) | ({"body": words["body"]} if chosen else {})
    form = NewThreadForm(sent, topics=topics, has_files=has_files, initial=words)
    problem, status = "", 422 if sent is not None else 200
    screened: dict[str, Any] | None = None
    if order is not None and mailbox.pk == order.shop_id and order.buyer is None:
        problem, status = str(NoBuyer.sentence), 409
    elif sent is not None and form.is_valid() and not brought.errors:
        try:
            posted = actions.open_thread(
                by=person_of(request),
                mailbox=mailbox,
                order=order,
                product=product,
                attachment_ids=brought.ids,
                confirmed=form.cleaned_data["confirm"],
                draft_version=version_in(form.cleaned_data["draft_version"]),
                **{name: form.cleaned_data[name] for name in ("topic", "subject", "body", "client_id")},
            )
            if posted.message.state != Message.State.BLOCKED:
                return _go_to(request, reverse("threads:detail", args=[posted.thread.pk]))
            screened = shown_again(posted)
            form = _renewed(form, topics)
        except actions.NeedsConfirmation as asked:
            screened = as_context(asked.screened, None)
        except Refusal as refusal:
            brought.errors.append(sentence_of(refusal, ""))
        except AlreadySent as refusal:
            problem, status = str(refusal.sentence), 409
            form = _renewed(form, topics)
        except (Refused, Unreadable) as refusal:
            problem, status = str(refusal.sentence), 409
    if brought.is_cut:
        status = 413
    offer = offer_to(mailbox, other, order=order, product=product) if other else None
    form.grey_out(offer.closed if offer else [])
    context = upload_context(mailbox) | {
        "form": form,
        "offer": offer,
        # Without a topic left nobody shall begin to write; what was written already stays on the page.
        "may_compose": sent is not None or offer is None or bool(offer.open),
        "error_text": problem,
        "screened": screened,
        "file_errors": brought.errors,
        "uploads": kept_uploads(person_of(request), mailbox, brought.ids),
        "about_order": order,
        "help_url": help_with(order, mailbox),
        "about_product": product,
        "product_picture": shown_picture(product.picture_url) if product else "",
        "to_name": _name_of_other(mailbox, order, product),
        "own_name": mailbox.shown_name,
        "draft_url": reverse("threads:new_draft"),
        **beside_first_words(matter, _replies_url(order)),
    }
    context |= draft_context(draft, person=person_of(request), mailbox=mailbox)
    return render(request, "threads/new.html", context | frame(membership, ""), status=status)


def _draft_about(request: HttpRequest, mailbox: Mailbox, order: Order | None, product: Product | None) -> Draft | None:
    """Return the person's draft of a first message about this."""
    mine = Draft.objects.visible_to(person_of(request)).filter(mailbox=mailbox, order=order, product=product)
    return mine.filter(thread=None).first()


def _renewed(form: NewThreadForm, topics: list[Topic]) -> NewThreadForm:
    """Return the form with the same words and a new client id: what is sent next is another message."""
    return NewThreadForm(topics=topics, initial=form.cleaned_data | {"client_id": new_id(), "confirm": ""})


def _choose_order(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    """Offer the newest orders of the mailbox to write about."""
    membership = acting_membership(request)
    orders = (
        Order.objects.visible_to(person_of(request))
        .of_mailbox(membership.mailbox)
        .newest_first()
        .select_related("shop", "buyer")
        .prefetch_related("items")[:ORDERS_TO_CHOOSE_FROM]
    )
    choices = []
    for order in orders:
        first = next(iter(order.items.all()), None)
        choices.append(
            {
                "number": order.number,
                "other_name": _name_of_other(membership.mailbox, order, None),
                "title": first.title if first else "",
                "picture_url": shown_picture(first.picture_url) if first else "",
                "status": order.get_status_display(),
                "date": order.purchased_at,
                "url": _new_url(order),
            }
        )
    context = {"orders": choices, "error_text": problem, "order_number": order_number_in(request.GET.get("order", ""))}
    return render(request, "threads/new.html", context | frame(membership, ""), status=status)


def _new_url(order: Order) -> str:
    """Return the address of the form for a first message about this order."""
    return f"{reverse('threads:new')}?{urlencode({'order': order.number, 'shop': order.shop_id})}"


def _replies_url(order: Order | None) -> str:
    """Return the address of the saved replies for a first message; buyers, who ask about products, have none."""
    if order is None:
        return ""
    return f"{reverse('threads:new_replies')}?{urlencode({'order': order.number, 'shop': order.shop_id})}"


def _other_side(mailbox: Mailbox, order: Order | None, product: Product | None) -> Mailbox | None:
    """Return whom ``mailbox`` would be writing to, None when the order came without the buyer's address."""
    if order is None:
        return product.shop if product else None
    return order.buyer if mailbox.pk == order.shop_id else order.shop


def _name_of_other(mailbox: Mailbox, order: Order | None, product: Product | None) -> str:
    """Return the name of whom ``mailbox`` would be writing to."""
    if order is None:
        return product.shop.shown_name if product else ""
    if mailbox.pk != order.shop_id:
        return order.shop.shown_name
    return order.buyer.shown_name if order.buyer else masked_name(order.buyer_name)


def _go_to(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to a page, also when it asked by htmx."""
    return HttpResponse(headers={"HX-Redirect": url}) if "HX-Request" in request.headers else HttpResponseRedirect(url)
