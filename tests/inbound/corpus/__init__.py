"""Mails as programs and servers write them, with what a person would read in each."""

from tests.inbound.corpus import answers, charsets, enclosed, later, machines, pages, signed

CASES = [*answers.CASES, *charsets.CASES, *enclosed.CASES, *later.CASES, *machines.CASES, *pages.CASES, *signed.CASES]
