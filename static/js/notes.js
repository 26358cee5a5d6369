// Internal notes of a team: added and removed without leaving the page, and shown when a colleague does either.
"use strict";

(() => {
  const { $, parse, token, thread, isAtEnd, goToEnd } = window.messageCenter;
  const headers = () => ({ "X-CSRFToken": token(), "HX-Request": "true", "HX-Target": "messages" });
  const dayOf = (item) => (item?.previousElementSibling?.matches(".day") ? item.previousElementSibling : null);
  const idOf = (item) => item.id.slice(item.id.indexOf("-") + 1); // ids grow with the time of writing

  // The notes as the thread's own page has them: what is new is put where it was written, what is gone goes.
  async function refresh() {
    const open = thread();
    const messages = $("#messages");
    if (!open || !messages || messages.dataset.later) return; // an older stretch: its end is another page
    const answer = await fetch(`${open.dataset.page ?? `/messages/${open.dataset.thread}/`}?peek=1`, { headers: { "HX-Request": "true", "HX-Target": "section#thread" } });
    if (!answer.ok || thread() !== open) return;
    const page = parse(await answer.text());
    const wasAtEnd = isAtEnd();
    for (const old of messages.querySelectorAll(":scope > .note")) {
      if (page.getElementById(old.id)) continue;
      if (old.contains(document.activeElement)) $(".thread-scroll").focus({ preventScroll: true });
      const day = dayOf(old);
      if (day && !old.nextElementSibling?.matches(".message, .note")) day.remove();
      old.remove();
    }
    for (const note of [...page.querySelectorAll("#messages > .note")]) if (!document.getElementById(note.id)) put(messages, note);
    if (wasAtEnd) goToEnd();
  }
  function put(messages, note) {
    const day = dayOf(note);
    const next = [...messages.querySelectorAll(":scope > .message, :scope > .note")].find((one) => idOf(one) > idOf(note));
    messages.insertBefore(document.adoptNode(note), dayOf(next) ?? next ?? null);
    let above = note.previousElementSibling;
    while (above && !above.matches(".day")) above = above.previousElementSibling;
    if (day && above?.textContent !== day.textContent) note.before(document.adoptNode(day));
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest?.("form[data-note], form[data-note-remove]");
    if (!form || !thread()) return;
    event.preventDefault();
    if (form.hasAttribute("data-pending")) return;
    form.setAttribute("data-pending", "");
    const error = $(".field-error", form);
    const fail = (sentence) => { if (error) { error.textContent = sentence; error.hidden = false; } };
    try {
      const answer = await fetch(form.action, { method: "POST", headers: headers(), body: new FormData(form), redirect: "error" });
      if (answer.ok) {
        if (error) error.hidden = true;
        if (form.matches("[data-note]")) { form.reset(); form.closest("details").open = false; $("summary", form.closest("details")).focus(); }
        await refresh();
      } else fail(answer.status === 422 ? await answer.text() : form.dataset.failed);
    } catch { fail(form.dataset.failed); }
    form.removeAttribute("data-pending");
  });
  document.addEventListener("live:note", ({ detail }) => { if (detail === thread()?.dataset.thread) refresh().catch(() => {}); });
})();
