"""One factory a model, no surprises."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.utils import timezone
from factory.django import DjangoModelFactory

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from orders.models import Order, OrderItem, Product

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    """A person with a verified address and the password above."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    time_zone = "Europe/Berlin"

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **kwargs: Any) -> None:  # type: ignore[misc]
        """Set the password and record the address as verified."""
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class MailboxFactory(DjangoModelFactory[Mailbox]):
    """A shop's mailbox."""

    class Meta:
        model = Mailbox

    kind = Mailbox.Kind.SHOP
    name = factory.Sequence(lambda n: f"Shop {n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    """An owner of a shop."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    mailbox = factory.SubFactory(MailboxFactory)
    role = Role.OWNER


class ProductFactory(DjangoModelFactory[Product]):
    """A lamp."""

    class Meta:
        model = Product

    shop = factory.SubFactory(MailboxFactory)
    sku = factory.Sequence(lambda n: f"SKU-{n}")
    asin = "B000LAMP01"
    title = "Desk lamp, oak"


class OrderFactory(DjangoModelFactory[Order]):
    """A shipped order."""

    class Meta:
        model = Order

    number = factory.Sequence(lambda n: f"302-{n:07d}-0000001")
    shop = factory.SubFactory(MailboxFactory)
    buyer = factory.SubFactory(MailboxFactory, kind=Mailbox.Kind.BUYER, name="Anna M.")
    status = Order.Status.SHIPPED
    # Some days ago, whenever that is: a shop can write first until thirty days after an order is complete.
    purchased_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=20))
    carrier = "DHL"
    tracking_number = "00340434161094000000"


class OrderItemFactory(DjangoModelFactory[OrderItem]):
    """One lamp."""

    class Meta:
        model = OrderItem

    order = factory.SubFactory(OrderFactory)
    line = factory.Sequence(lambda n: f"line-{n}")
    title = "Desk lamp, oak"
    sku = "LAMP-OAK"
    price = Decimal("49.90")
    currency = "EUR"

    @factory.lazy_attribute  # type: ignore[misc]
    def product(self) -> Product:
        """Return what an import would have made for it."""
        known = {"title": self.title, "asin": getattr(self, "asin", "")}
        product, is_new = Product.objects.get_or_create(shop=self.order.shop, sku=self.sku, defaults=known)
        if not is_new and self.title not in (product.title, *product.sold_as.split("\n")):
            product.sold_as = f"{product.sold_as}\n{self.title}".strip()
            product.save()
        return product
