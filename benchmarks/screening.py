"""Measures how long screening takes: usual messages and the worst texts anybody can send, for each detector.

Run by ``python -m benchmarks.screening [--messages N] [--rounds N]``; needs no database and no settings. Processor time
of one core. Each text is measured once more beside a plain folding of it (NFKC and lower case); the ratio to that says
more than milliseconds do on a machine that does other things too. Exits with 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from messagecenter.policy.detection.folding import fold
from messagecenter.policy.detection.screen import screen, warm_up
from messagecenter.policy.detection.surroundings import Lists, Surroundings

CORPUS = Path(__file__).resolve().parents[1] / "tests/policy/corpus"
DETECTORS = ("contact", "links", "payment_data", "phrases", "classifier", "operator")
USUAL, LONG, FILE = 500, 20_000, 500_000  # characters
MOST_USUAL, MOST_LONG = 20.0, 100.0  # milliseconds: the 99th percentile, the worst
AROUND = Surroundings(sender_role="seller", about="order", lists=Lists(allowed_domains=frozenset({"shop.example"})))


def usual_texts(count: int) -> list[str]:
    """Return texts of USUAL characters put together from the corpus, all different."""
    words = itertools.cycle(corpus())
    texts = []
    for _number in range(count):
        text = ""
        while len(text) < USUAL:
            text += next(words) + "\n"
        texts.append(text[:USUAL])
    return texts


def corpus() -> list[str]:
    """Return the corpus's texts in an order that mixes its files."""
    files = [file.read_text(encoding="utf-8").splitlines() for file in sorted(CORPUS.glob("*.jsonl"))]
    mixed = [line for lines in itertools.zip_longest(*files) for line in lines if line]
    return [json.loads(line)["text"] for line in mixed]


def worst_texts() -> dict[str, str]:
    """Return texts of LONG characters, each made to keep one thing busy."""
    seeds = {
        "real messages": "\n".join(corpus()),
        "forbidden messages": "\n".join(
            json.loads(line)["text"]
            for file in sorted(CORPUS.glob("[!h]*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ),
        "one letter": "a",
        "one digit": "1",
        "blanks": " ",
        "lines": "\n",
        "digits and blanks": "1 ",
        "digits and hyphens": "12-34 ",
        "phone numbers": "+49 30 23125 117, ",
        "cards": "4111 1111 1111 1111 ",
        "almost cards": "4111 1111 1111 1112 ",
        "ibans": "DE89370400440532013000 ",
        "almost ibans": "DE89370400440532013001",
        "spelled digits": "null eins sieben sechs ",
        "spelled digits without blanks": "nulleinssiebensechs",
        "spaced letters": "w h a t s a p p ",
        "dotted letters": "w.h.a.t.s.a.p.p.",
        "spaced letters that say nothing": "x y z q ",
        "at signs": "@",
        "addresses": "a@b.de ",
        "almost addresses": "a@b@",
        "spelled addresses": "a (at) b punkt de ",
        "dots": "a.",
        "dot words": "dot punkt ",
        "links": "https://a.example.com/b?c=d ",
        "almost links": "https://",
        "one long host": "www.a-",
        "domains": "holz.de lampe.com ",
        "invisible": "a\u200b\u200c\u200d",
        "only invisible": "\u200b",
        "accents": "a\u0301\u0302\u0303",
        "one letter with accents": "\u0301",
        "look-alikes": "pаyраl ",  # Cyrillic letters in it
        "letters of many scripts": "aбγ漢أह",
        "full width": "ｗｗｗ．ａ．ｄｅ　",
        "digits in frames": "1\ufe0f\u20e3",
        "right to left": "\u202emoc.a\u202c ",
        "arabic": "مرحبا ١٢٣ ",
        "chinese": "你好世界",
        "unfolding much": "\ufdfa",  # one character, eighteen in NFKC
        "sharp s": "ß",
        "leetspeak": "w4h1t3s5 ",
        "stars": "*****",
        "brackets": "((((",
        "stretched": "arschloooooooooch ",
        "insults": "arschloch idiot fuck ",
        "stars to give": "bitte 5 sterne bewertung ",
        "offers": "rabatt gutschein code 20 % ",
        "payments": "paypal freunde überweisung außerhalb ",
        "negations": "nicht kein nie ",
        "sentences without an end": "wenn sie bitte die bewertung und dann das geld oder ",
    }
    return {name: (seed * (LONG // len(seed) + 1))[:LONG] for name, seed in seeds.items()}


def timed(work: Callable[[], object]) -> float:
    """Return the processor time of one call in milliseconds."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def plainly(text: str) -> str:
    """Fold a text in the simplest way there is: the yardstick."""
    return unicodedata.normalize("NFKC", text).casefold()


def steps() -> dict[str, Callable[[str], Callable[[], object]]]:
    """Return what is measured: each takes a text and returns the work to time."""
    found: dict[str, Callable[[str], Callable[[], object]]] = {
        "everything": lambda text: lambda: screen(text, AROUND),
        "folding": lambda text: lambda: fold(text),
    }

    def detecting(find: Callable[..., object]) -> Callable[[str], Callable[[], object]]:
        def prepared(text: str) -> Callable[[], object]:
            folded = fold(text)
            return lambda: find(folded, AROUND)

        return prepared

    for name in DETECTORS:
        found[name] = detecting(import_module(f"messagecenter.policy.detection.{name}").find)
    return found


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def usual(count: int) -> Iterator[tuple[str, float, float, float]]:
    """Yield for each step its 50th and 99th percentile in milliseconds and its share of the yardstick's median."""
    texts = usual_texts(count)
    yardstick = statistics.median(timed(lambda text=text: plainly(text)) for text in texts)  # type: ignore[misc]
    for name, step in steps().items():
        times = [timed(step(text)) for text in texts]
        yield name, statistics.median(times), percentile(times, 0.99), statistics.median(times) / max(yardstick, 1e-6)


def worst(rounds: int) -> Iterator[tuple[str, dict[str, float], float]]:
    """Yield for each worst text the best time of each step in milliseconds, and that of the yardstick."""
    for name, text in worst_texts().items():
        times = {step: min(timed(prepare(text)) for _round in range(rounds)) for step, prepare in steps().items()}
        yield name, times, min(timed(lambda text=text: plainly(text)) for _round in range(rounds))  # type: ignore[misc]


def main() -> int:
    """Print the figures; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000, help="usual messages to measure")
    parser.add_argument("--rounds", type=int, default=3, help="times each worst text is measured")
    options = parser.parse_args()
    for text in usual_texts(50):
        screen(text, AROUND)  # loads what is loaded once
    warm_up()  # as the server does when it starts
    broken = []

    print(f"{options.messages} messages of {USUAL} characters, milliseconds and times the yardstick\n")
    print(f"{'':<14}{'p50':>9}{'p99':>9}{'times':>9}")
    for name, middle, high, ratio in usual(options.messages):
        print(f"{name:<14}{middle:>9.2f}{high:>9.2f}{ratio:>9.0f}")
        if name == "everything" and high > MOST_USUAL:
            broken.append(f"{high:.1f} ms for {USUAL} characters (99th percentile); promised are {MOST_USUAL:.0f}")

    names = list(steps())
    print(f"\nWorst texts of {LONG} characters, milliseconds and times the yardstick\n")
    print(f"{'':<32}" + "".join(f"{name:>13}" for name in names) + f"{'times':>9}")
    figures = sorted(worst(options.rounds), key=lambda row: -row[1]["everything"])
    for name, times, yardstick in figures:
        ratio = times["everything"] / max(yardstick, 1e-6)
        print(f"{name:<32}" + "".join(f"{times[step]:>13.1f}" for step in names) + f"{ratio:>9.0f}")
        if times["everything"] > MOST_LONG:
            said = f"{times['everything']:.0f} ms for {LONG} characters ({name})"
            broken.append(f"{said}; promised are {MOST_LONG:.0f}")

    print(f"\nThe worst of them at {FILE} characters, as in a file: milliseconds for each {LONG}\n")
    for name, times, _yardstick in figures[:3]:
        text = (worst_texts()[name] * (FILE // LONG + 1))[:FILE]
        spent = timed(lambda text=text: screen(text, AROUND)) * LONG / FILE  # type: ignore[misc]
        print(f"{name:<32}{spent:>13.1f}{spent / max(times['everything'], 1e-6):>9.2f} times as much as alone")
    for words in broken:
        print(f"BROKEN: {words}.", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
