// Drafts on every device: what is typed goes to the server when somebody pauses, leaves or looks away; two texts that
// compete are shown, never merged. What this tab keeps (composer.js) stays the net for the time without a connection.
"use strict";

(() => {
  const { $, parse, token, files, composer } = window.messageCenter;
  const { textOf, isWritten, stampOf, keepDraft, forgetDraft, measure } = composer;
  const PAUSE_SECONDS = 2;
  const WAIT_SECONDS = 3;
  const forms = () => [...document.querySelectorAll("form[data-draft-url]")].filter((form) => form.dataset.draftUrl);
  const field = (form, name) => form.elements[name]?.value ?? "";
  const panelOf = (form) => form.querySelector("[data-draft-conflict]");
  const isUnsaved = (form) => stampOf(form) !== form.draftSaved;
  const known = new Map(); // data-draft → what this page sent of it lately
  let isAway = false; // throwing the tab's own text away: nothing is saved any more

  function tell(form, text) {
    const line = form.querySelector("[data-draft-state]");
    if (line && line.textContent !== text) line.textContent = text;
  }
  // What the new draft is about, as the check of what is typed says it.
  const about = (form) => [...new URLSearchParams(form.dataset.checkAbout ?? "")].filter(([name]) => name !== "thread");
  function dataOf(form, over) {
    const data = new FormData();
    data.set("body", isWritten(form) ? textOf(form).value : "");
    data.set("version", over ?? field(form, "draft_version"));
    for (const name of ["subject", "topic", "client_id"]) if (form.elements[name]) data.set(name, field(form, name));
    for (const [name, value] of about(form)) data.set(name, value);
    for (const id of files.keptIds(form.dataset.draft)) data.append("attachments", id);
    return data;
  }

  function later(form) {
    clearTimeout(form.draftTimer);
    if (!form.dataset.draftUrl || panelOf(form)) return;
    form.draftTimer = setTimeout(() => save(form), PAUSE_SECONDS * 1000);
  }
  function save(form, { keepalive = false, over } = {}) {
    clearTimeout(form.draftTimer);
    if (isAway || !form.dataset.draftUrl || form.hasAttribute("data-pending")) return form.draftBusy ?? Promise.resolve();
    if (over === undefined && (!isUnsaved(form) || panelOf(form))) return form.draftBusy ?? Promise.resolve();
    form.draftBusy = (form.draftBusy ?? Promise.resolve()).then(() => send(form, keepalive, over));
    const own = form.draftBusy;
    own.finally(() => { if (form.draftBusy === own) form.draftBusy = null; });
    return own;
  }
  async function send(form, keepalive, over) {
    const stamp = stampOf(form);
    if (stamp === form.draftSaved && over === undefined) return;
    try {
      known.set(form.dataset.draft, [...(known.get(form.dataset.draft) ?? []), stamp].slice(-5));
      const headers = { "X-CSRFToken": token(), Accept: "application/json" };
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", headers, body: dataOf(form, over), keepalive, redirect: "error" });
      const data = await answer.json();
      if (answer.status === 409) await meet(form, data);
      else if (answer.ok) settle(form, stamp, data);
      else tell(form, data.told ?? form.dataset.draftLocal);
    } catch { tell(form, form.dataset.draftLocal); }
  }
  function settle(form, stamp, { version, told }) {
    form.elements.draft_version.value = version || "";
    form.draftSaved = stamp;
    tell(form, told);
    if (form.isConnected) keepDraft(form);
  }

  /* --- changed elsewhere ------------------------------------------------------------------------------------------- */
  // Whether the other text is what this page saved itself, by a request whose answer was lost.
  const isOwn = (form, { body, subject, attachments }) => known.get(form.dataset.draft)?.includes(JSON.stringify([body, subject, attachments]));
  async function meet(form, other) {
    if (isOwn(form, other)) { await send(form, false, other.version); return; }
    show(form, other);
  }
  function show(form, other) {
    panelOf(form)?.remove();
    const panel = parse(other.panel).querySelector("[data-draft-conflict]");
    form.prepend(document.adoptNode(panel));
    tell(form, "");
    keepDraft(form);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-keep-mine], [data-take-other]");
    const panel = button?.closest("[data-draft-conflict]");
    const form = panel?.closest("form");
    if (!form) return;
    event.preventDefault();
    if (button.matches("[data-keep-mine]")) {
      panel.remove();
      save(form, { over: panel.dataset.version });
      textOf(form).focus({ preventScroll: true });
      return;
    }
    // The page is opened anew with the other text and its files.
    isAway = true;
    forgetDraft(form);
    location.reload();
  });

  /* --- a page that was out of sight ---------------------------------------------------------------------------------- */
  async function lookAgain(form) {
    if (panelOf(form) || form.hasAttribute("data-pending")) return;
    if (isUnsaved(form)) { await save(form); return; } // a text that competes comes back with the answer
    const query = new URLSearchParams(about(form));
    const before = stampOf(form);
    try {
      const answer = await fetch(`${form.dataset.draftUrl}${query.size ? `?${query}` : ""}`, { headers: { Accept: "application/json" }, redirect: "error" });
      if (!answer.ok) return;
      const found = await answer.json();
      if (stampOf(form) !== before || found.version === Number(field(form, "draft_version"))) return;
      take(form, found);
    } catch { /* no connection: it stays as it is */ }
  }
  function take(form, found) {
    const area = textOf(form);
    area.value = found.body || (found.version ? "" : signatureBelow(form));
    if (form.elements.subject) form.elements.subject.value = found.subject;
    if (found.client_id) form.elements.client_id.value = found.client_id;
    form.elements.draft_version.value = found.version || "";
    form.draftSaved = stampOf(form);
    measure(form);
    keepDraft(form);
    tell(form, found.told);
    area.dispatchEvent(new CustomEvent("draft:taken", { bubbles: true }));
  }
  const signatureBelow = (form) => (field(form, "signature") ? `\n\n${field(form, "signature")}` : "");

  /* --- when ---------------------------------------------------------------------------------------------------------- */
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft-url]");
    if (form) later(form);
  });
  document.addEventListener("files:change", ({ detail: { draft } }) => {
    const form = forms().find((one) => one.dataset.draft === draft);
    if (form?.dataset.ready && isUnsaved(form)) later(form);
  });
  document.addEventListener("draft:ready", ({ detail: form }) => {
    if (form.isOlderThanDraft) lookAgain(form);
    else if (form.dataset.draftUrl && isUnsaved(form)) later(form);
  });
  document.addEventListener("visibilitychange", () => {
    for (const form of forms()) {
      if (document.visibilityState === "hidden") save(form, { keepalive: true });
      else lookAgain(form);
    }
  });
  // Before the next page is asked for, so that it knows already; a phone says only that the page goes.
  for (const moment of ["beforeunload", "pagehide"]) window.addEventListener(moment, () => { for (const form of forms()) save(form, { keepalive: true }); });
  window.addEventListener("online", () => { for (const form of forms()) save(form); });
  // A message takes its draft along: one that is just being saved is waited for, so that it is the one that goes.
  window.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-draft-url]")) return;
    clearTimeout(form.draftTimer);
    if (!form.draftBusy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    const enough = new Promise((resolve) => { setTimeout(resolve, WAIT_SECONDS * 1000); });
    Promise.race([form.draftBusy, enough]).then(() => {
      form.draftBusy = null;
      if (form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : undefined);
    });
  }, true);

  for (const form of forms()) {
    if (!$("textarea[name=body]", form) || !form.dataset.ready) continue;
    if (form.isOlderThanDraft) lookAgain(form);
    else if (isUnsaved(form)) later(form);
  }
})();
