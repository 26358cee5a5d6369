"""Tells what a mail is and what somebody wrote in it, from its raw bytes. Pure Python: no Django, no database."""

from messagecenter.inbound.reading.kinds import kind_of
from messagecenter.inbound.reading.letter import Address, File, Kind, Letter, Recipient, Report, Verdict
from messagecenter.inbound.reading.reader import read

__all__ = ["Address", "File", "Kind", "Letter", "Recipient", "Report", "Verdict", "kind_of", "read"]
