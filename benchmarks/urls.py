"""The product's pages, and beside them the yardsticks: an empty page, bare pages and raw inserts."""

from django.urls import path

from benchmarks import yardsticks
from messagecenter.urls import urlpatterns as product

urlpatterns = [
    *product,
    path("bench/empty/", yardsticks.empty),
    path("bench/bare/", yardsticks.bare),
    path("bench/insert/", yardsticks.insert),
    path("bench/forget/", yardsticks.forget),
]
