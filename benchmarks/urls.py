"""The product's pages, and beside them the yardsticks: an empty page, and the same rows by raw SQL."""

from django.urls import path

from benchmarks import yardsticks
from messagecenter.urls import urlpatterns as product

urlpatterns = [
    *product,
    path("bench/empty/", yardsticks.empty),
    path("bench/inbox/", yardsticks.raw_inbox),
    path("bench/thread/<uuid:thread_id>/", yardsticks.raw_thread),
    path("bench/post/<uuid:thread_id>/", yardsticks.raw_post),
]
