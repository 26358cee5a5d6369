"""Addresses of the messages."""

from django.urls import path

from . import blocking, files, opening, preview, views

app_name = "threads"

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("new/", opening.thread_new, name="new"),
    path("check/", preview.check, name="check"),
    path("counters/", views.counters, name="counters"),
    path("blocked/", blocking.blocked, name="blocked"),
    path("blocked/<uuid:block_id>/undo/", blocking.blocked_undo, name="blocked_undo"),
    path("<uuid:thread_id>/", views.thread_detail, name="detail"),
    path("<uuid:thread_id>/reply/", views.thread_reply, name="reply"),
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
    path("<uuid:thread_id>/no-response-needed/", views.thread_no_response_needed, name="no_response_needed"),
]
