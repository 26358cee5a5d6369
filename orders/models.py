"""What was bought, by whom and from whom: orders, their items, and the products behind them."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id


class ProductQuerySet(models.QuerySet["Product"]):
    """Products. Anyone who is signed in may ask about one, as anyone may look at it in the shop."""

    def visible_to(self, user: User | AnonymousUser) -> ProductQuerySet:
        """Return the products ``user`` may ask about or sells."""
        return self.filter(is_listed=True) if user.is_authenticated else self.none()


class Product(models.Model):
    """Something a shop sells, as far as a question about it needs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shop = models.ForeignKey(Mailbox, models.CASCADE, related_name="products", verbose_name=_("shop"))
    sku = models.CharField(_("SKU"), max_length=120)
    asin = models.CharField(_("ASIN"), max_length=20, blank=True)
    title = models.CharField(_("title"), max_length=500)
    # What else it was sold as, a title or ASIN a line: files of two marketplaces name one SKU in two languages.
    sold_as = models.TextField(blank=True, default="", editable=False)
    picture_url = models.CharField(_("picture"), max_length=500, blank=True)
    is_listed = models.BooleanField(_("open to questions"), default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [models.UniqueConstraint(fields=["shop", "sku"], name="product_once_per_shop")]
        indexes = [models.Index(fields=["sku"], name="product_sku")]

    def __str__(self) -> str:
        return self.title


class OrderQuerySet(models.QuerySet["Order"]):
    """Orders, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> OrderQuerySet:
        """Return the orders that a mailbox of ``user`` bought or sold."""
        if not user.is_authenticated:
            return self.none()
        mine = Mailbox.objects.visible_to(user).values("pk")
        return self.filter(models.Q(shop__in=mine) | models.Q(buyer__in=mine))

    def of_mailbox(self, mailbox: Mailbox) -> OrderQuerySet:
        """Return what ``mailbox`` sold or bought."""
        return self.filter(models.Q(shop=mailbox) | models.Q(buyer=mailbox))

    def newest_first(self) -> OrderQuerySet:
        """Return the orders by date of purchase, newest first."""
        return self.order_by("-purchased_at", "-pk")


class Order(models.Model):
    """One buyer's order from one shop. A basket from two shops is two orders with one number."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        UNSHIPPED = "unshipped", _("not yet shipped")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELLED = "cancelled", _("cancelled")
        REFUNDED = "refunded", _("refunded")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("order number"), max_length=64)
    shop = models.ForeignKey(
        Mailbox, models.PROTECT, related_name="orders_sold", verbose_name=_("shop"), db_index=False
    )
    buyer = models.ForeignKey(
        Mailbox,
        models.PROTECT,
        related_name="orders_bought",
        null=True,
        blank=True,
        help_text=_("Empty when the order file gave no e-mail address: such a buyer cannot be written to."),
        verbose_name=_("buyer"),
        db_index=False,
    )
    buyer_name = models.CharField(_("buyer's name"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.UNSHIPPED)
    marketplace = models.CharField(_("marketplace"), max_length=64, blank=True)
    language = models.CharField(_("marketplace's language"), max_length=8, blank=True)
    ship_country = models.CharField(_("ship to country"), max_length=2, blank=True)
    purchased_at = models.DateTimeField(_("purchased"))
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True)
    earliest_delivery = models.DateField(_("earliest delivery"), null=True, blank=True)
    latest_delivery = models.DateField(_("latest delivery"), null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=64, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=64, blank=True)
    imported_at = models.DateTimeField(_("imported"), default=timezone.now, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [models.UniqueConstraint(fields=["shop", "number"], name="order_once_per_shop")]
        indexes = [
            models.Index(fields=["number"], name="order_number"),
            models.Index(fields=["shop", "-purchased_at"], name="order_shop_newest"),
            models.Index(fields=["buyer", "-purchased_at"], name="order_buyer_newest"),
            models.Index(fields=["shop", "status"], name="order_shop_status"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderItem(models.Model):
    """One line of an order. ``line`` is the file's own key for it, so that a repeated import finds it again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="items", verbose_name=_("order"), db_index=False)
    product = models.ForeignKey(
        Product, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    line = models.CharField(_("line"), max_length=120)
    title = models.CharField(_("title"), max_length=500)
    sku = models.CharField(_("SKU"), max_length=120, blank=True)
    asin = models.CharField(_("ASIN"), max_length=20, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    picture_url = models.CharField(_("picture"), max_length=500, blank=True)
    is_cancelled = models.BooleanField(_("cancelled"), default=False)

    class Meta:
        verbose_name = _("order item")
        verbose_name_plural = _("order items")
        constraints = [models.UniqueConstraint(fields=["order", "line"], name="order_item_once")]

    def __str__(self) -> str:
        return self.title
