"""Where a case is to go with an answer that a person has to look at first."""

from __future__ import annotations

from django.db import models

from messagecenter.threads.models import Message


class Heading(models.Model):
    """The state chosen with an answer that was held: it is taken to it when the answer is delivered."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")
    there = models.CharField(max_length=12)

    def __str__(self) -> str:
        return f"{self.message_id}: {self.there}"
