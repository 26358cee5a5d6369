"""Support's desk in the admin: lists, one page a case, saved replies, figures; and the addresses of all of them."""

from __future__ import annotations

from django.urls import path

from .calls import call_settle, calls
from .chatting import case_chat, chats
from .counted import figures, figures_csv
from .doing import case_do
from .door import desk_page, figures_page
from .files import case_file, case_preview
from .lists import attendance, lists, search
from .page import case_page, case_read
from .replies import replies, reply_delete, reply_edit, reply_new
from .writing import case_answer, case_note

# Part of the admin's own addresses (namespace "admin"), under /admin/support/desk/.
urlpatterns = [
    path("", desk_page(lists), name="support_desk"),
    path("search/", desk_page(search), name="support_desk_search"),
    path("here/", desk_page(attendance), name="support_desk_here"),
    path("calls/", desk_page(calls), name="support_desk_calls"),
    path("chats/", desk_page(chats), name="support_desk_chats"),
    path("figures/", figures_page(figures), name="support_desk_figures"),
    path("figures/csv/", figures_page(figures_csv), name="support_desk_figures_csv"),
    path("replies/", desk_page(replies), name="support_desk_replies"),
    path("replies/new/", desk_page(reply_new), name="support_desk_reply_new"),
    path("replies/<uuid:reply_id>/", desk_page(reply_edit), name="support_desk_reply"),
    path("replies/<uuid:reply_id>/delete/", desk_page(reply_delete), name="support_desk_reply_delete"),
    path("<str:number>/", desk_page(case_page), name="support_desk_case"),
    path("<str:number>/read/", desk_page(case_read), name="support_desk_read"),
    path("<str:number>/answer/", desk_page(case_answer), name="support_desk_answer"),
    path("<str:number>/note/", desk_page(case_note), name="support_desk_note"),
    path("<str:number>/do/", desk_page(case_do), name="support_desk_do"),
    path("<str:number>/chat/", desk_page(case_chat), name="support_desk_chat"),
    path("<str:number>/calls/<uuid:call_id>/", desk_page(call_settle), name="support_desk_call"),
    path("<str:number>/files/<uuid:attachment_id>/", desk_page(case_file), name="support_desk_file"),
    path("<str:number>/files/<uuid:attachment_id>/<str:part>/", desk_page(case_preview), name="support_desk_preview"),
]
