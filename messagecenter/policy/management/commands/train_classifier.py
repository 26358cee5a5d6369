"""Trains the sentence classifier from the sentences in the repository and writes its weights."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand

from messagecenter.policy.detection.classifier import WEIGHTS, write_weights
from messagecenter.policy.training.learning import cross_validated, read_sentences, train


class Command(BaseCommand):
    """Needs no database and no network; the same sentences always give the same file."""

    help = (
        "Train the classifier that raises doubtful sentences for a person to look at. Reads"
        " messagecenter/policy/training/*.txt, prints what cross-validation says, writes the weights. Takes some"
        " minutes."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to write."""
        parser.add_argument("--dry-run", action="store_true", help="print the figures, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, tell, write."""
        sentences = read_sentences()
        kinds = Counter(one.category or "honest" for one in sentences)
        languages = Counter(one.language for one in sentences)
        self.stdout.write(f"{len(sentences)} sentences: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
        self.stdout.write("languages: " + ", ".join(f"{n} {one}" for one, n in languages.most_common()))
        hints, certain = cross_validated(sentences, tell=self.stdout.write)
        if not options["dry_run"]:
            write_weights(replace(train(sentences), threshold=hints, certain=certain))
            self.stdout.write(f"Written: {WEIGHTS.name}, {WEIGHTS.stat().st_size:,} bytes.")
