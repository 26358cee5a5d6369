"""Addresses of the sellers' pages of support."""

from __future__ import annotations

from django.urls import path

from . import calling, chatting, exporting, opening, views

app_name = "support"

urlpatterns = [
    path("", views.case_log, name="log"),
    path("new/", opening.case_new, name="new"),
    path("thread/<uuid:thread_id>/", views.case_of_thread, name="of_thread"),
    path("<str:number>/", views.case_detail, name="case"),
    path("<str:number>/chat/", chatting.case_chat, name="chat"),
    path("<str:number>/chat/ask/", chatting.case_chat_ask, name="chat_ask"),
    path("<str:number>/chat/end/", chatting.case_chat_end, name="chat_end"),
    path("<str:number>/call/", calling.case_call, name="call"),
    path("<str:number>/call/cancel/", calling.case_call_cancel, name="call_cancel"),
    path("<str:number>/call.ics", calling.case_call_file, name="call_file"),
    path("<str:number>/transcript.<str:ending>", exporting.case_transcript, name="transcript"),
    path("<str:number>/resolve/", views.case_resolve, name="resolve"),
    path("<str:number>/reopen/", views.case_reopen, name="reopen"),
    path("<str:number>/hold/", views.case_hold, name="hold"),
    path("<str:number>/rate/", views.case_rate, name="rate"),
]
