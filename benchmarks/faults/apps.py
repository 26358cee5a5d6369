"""What makes the dispatcher a bad one, to prove that the harness would notice."""

from __future__ import annotations

from django.apps import AppConfig


class BrokenConfig(AppConfig):
    name = "benchmarks.faults"
    label = "faults_broken"

    def ready(self) -> None:
        """Mark each notice as sent when it is claimed."""
        from django.db.models.functions import Now

        from messagecenter.notices import dispatch
        from messagecenter.notices.claims import claim
        from messagecenter.notices.models import Notice

        def claim_and_mark(most: int = 1) -> list[Notice]:
            held = claim(most)
            Notice.objects.filter(pk__in=[notice.pk for notice in held]).update(
                state=Notice.State.SENT, sent_at=Now(), lease_until=None
            )
            return held

        dispatch.claim = claim_and_mark  # type: ignore[attr-defined]
