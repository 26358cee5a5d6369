"""Orders, items and products in the admin, as metadata: nothing here counts or loads a whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from messagecenter.admin_lists import ExactSearchAdmin, UncountedAdmin
from orders.models import Order, OrderItem, Product

if TYPE_CHECKING:
    _Inline = admin.TabularInline[Any, Any]
else:
    _Inline = admin.TabularInline


class OrderItemInline(_Inline):
    """The lines of an order, to look at: the next import would bring a change back."""

    model = OrderItem
    fields = ("line", "title", "sku", "asin", "quantity", "price", "currency", "is_cancelled")
    readonly_fields = ("line", "title", "sku", "asin", "quantity", "price", "currency", "is_cancelled")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Lines come from imports only."""
        return False


@admin.register(Order)
class OrderAdmin(ExactSearchAdmin):
    """Orders, newest first, found by their number."""

    list_display = ["number", "shop", "buyer", "status", "marketplace", "purchased_at"]
    list_select_related = ["shop", "buyer"]
    ordering = ["-pk"]
    search_fields = ["number"]
    search_help_text = _("The whole order number")
    raw_id_fields = ["shop", "buyer"]
    readonly_fields = ["imported_at"]
    inlines = [OrderItemInline]


@admin.register(Product)
class ProductAdmin(ExactSearchAdmin):
    """Products, found by SKU."""

    list_display = ["title", "sku", "asin", "shop", "is_listed"]
    list_select_related = ["shop"]
    ordering = ["-pk"]
    search_fields = ["sku"]
    search_help_text = _("The whole SKU")
    raw_id_fields = ["shop"]


@admin.register(OrderItem)
class OrderItemAdmin(UncountedAdmin):
    """Lines of orders, newest first, to look at."""

    list_display = ["title", "order", "sku", "quantity", "price", "currency", "is_cancelled"]
    list_select_related = ["order"]
    ordering = ["-pk"]
    raw_id_fields = ["order", "product"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Lines come from imports only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Lines are not changed by hand: the next import would bring them back."""
        return False
