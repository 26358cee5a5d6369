"""Each line of an order has a product, which knows what else it was sold as; and orders by shop and state."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

MOST_LINES, LONGEST_SKU = 20, 120


def fill(apps: Any, schema_editor: Any) -> None:
    """Give each line a product, and products the titles and ASINs of their lines that differ from theirs."""
    OrderItem, Product = apps.get_model("orders", "OrderItem"), apps.get_model("orders", "Product")
    without = OrderItem.objects.filter(product=None).order_by()
    for shop, sku, asin, title in list(without.values_list("order__shop", "sku", "asin", "title").distinct()):
        known = {"title": title, "asin": asin, "is_listed": False}
        product, _made = Product.objects.get_or_create(
            shop_id=shop, sku=sku or asin or title[:LONGEST_SKU], defaults=known
        )
        without.filter(order__shop=shop, sku=sku, asin=asin, title=title).update(product=product)
    differing = OrderItem.objects.filter(~Q(title=F("product__title")) | ~Q(asin=F("product__asin")))
    found = differing.filter(product__isnull=False).order_by("product").values_list("product", "title", "asin")
    lines: dict[Any, set[str]] = {}
    for product, *names in found.distinct().iterator(chunk_size=5000):
        if product not in lines:
            _write(Product, lines)
        lines.setdefault(product, set()).update(" ".join(name.split()) for name in names)
    _write(Product, lines)


def _write(model: Any, lines: dict[Any, set[str]]) -> None:
    """Write what is known of one product, and forget it."""
    for key, names in lines.items():
        product = model.objects.get(pk=key)
        kept = sorted(names - {"", product.title, product.asin})[:MOST_LINES]
        model.objects.filter(pk=key).update(sold_as="\n".join(kept))
    lines.clear()


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_fewer_indexes")]

    operations = [
        migrations.AddField(
            model_name="product", name="sold_as", field=models.TextField(blank=True, default="", editable=False)
        ),
        migrations.AddIndex(
            model_name="order", index=models.Index(fields=["shop", "status"], name="order_shop_status")
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
