"""Addresses of the messages."""

from django.urls import path

from . import blocking, drafts, exporting, files, notes, opening, presence, preview, replying, stepping, views
from .organising import filing

app_name = "threads"

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("new/", opening.thread_new, name="new"),
    path("new/draft/", drafts.new_draft, name="new_draft"),
    path("new/replies/", replying.new_replies, name="new_replies"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<uuid:draft_id>/discard/", drafts.draft_discard, name="draft_discard"),
    path("check/", preview.check, name="check"),
    path("counters/", views.counters, name="counters"),
    path("blocked/", blocking.blocked, name="blocked"),
    path("blocked/<uuid:block_id>/undo/", blocking.blocked_undo, name="blocked_undo"),
    path("file/", filing.file, name="file"),
    path("file/<uuid:run_id>/", filing.run, name="file_run"),
    path("file/<uuid:run_id>/undo/", filing.undo, name="file_undo"),
    path("<uuid:thread_id>/", views.thread_detail, name="detail"),
    path("<uuid:thread_id>/reply/", views.thread_reply, name="reply"),
    path("<uuid:thread_id>/draft/", drafts.thread_draft, name="draft"),
    path("<uuid:thread_id>/notes/", notes.note_new, name="note_new"),
    path("<uuid:thread_id>/notes/<uuid:note_id>/remove/", notes.note_remove, name="note_remove"),
    path("<uuid:thread_id>/here/", presence.here, name="here"),
    path("<uuid:thread_id>/since/", views.thread_since, name="since"),
    path("<uuid:thread_id>/row/", views.thread_row, name="row"),
    path("<uuid:thread_id>/seen/", views.thread_seen, name="seen"),
    path("<uuid:thread_id>/files/", files.thread_gallery, name="files"),
    path("<uuid:thread_id>/files/all/", files.thread_zip, name="files_zip"),
    path("<uuid:thread_id>/files/<uuid:attachment_id>/", files.thread_file, name="file"),
    path(
        "<uuid:thread_id>/files/<uuid:attachment_id>/small/",
        files.thread_preview,
        {"part": "small"},
        name="file_small",
    ),
    path(
        "<uuid:thread_id>/files/<uuid:attachment_id>/large/",
        files.thread_preview,
        {"part": "large"},
        name="file_large",
    ),
    path("<uuid:thread_id>/close/", views.thread_close, name="close"),
    path("<uuid:thread_id>/reopen/", views.thread_reopen, name="reopen"),
    path("<uuid:thread_id>/block/", blocking.thread_block, name="block"),
    path("<uuid:thread_id>/unblock/", blocking.thread_unblock, name="unblock"),
    path("<uuid:thread_id>/replies/", replying.thread_replies, name="replies"),
    path("<uuid:thread_id>/print/", exporting.thread_print, name="print"),
    path("<uuid:thread_id>/export.json", exporting.thread_json, name="export_json"),
    path("<uuid:thread_id>/export.pdf", exporting.thread_pdf, name="export_pdf"),
    path("<uuid:thread_id>/next/", stepping.thread_next, name="next"),
    path("<uuid:thread_id>/previous/", stepping.thread_previous, name="previous"),
    path("<uuid:thread_id>/needs-reply/", views.thread_needs_reply, name="needs_reply"),
    path("<uuid:thread_id>/no-response-needed/", views.thread_no_response_needed, name="no_response_needed"),
]
