// What happens while somebody writes: a draft that survives reloads, the room left, sending once.
"use strict";

(() => {
  const { $, thread, goToEnd, files } = window.messageCenter;
  const LIMIT = 10000;
  const WARN = 9000;
  const words = document.getElementById("words").dataset;
  let resent = "";
  let sent = []; // the files that go with the message on its way
  let late = null; // what was written on while it was on its way
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const formOf = (element) => element?.closest?.("form[data-draft]");
  const textOf = (form) => form.querySelector("textarea[name=body]");
  // A signature that waits in the box was written by nobody.
  const isWritten = (form) => Boolean(textOf(form).value) && textOf(form).value.trim() !== form.elements.signature?.value.trim();
  // What a draft says: by this it is known whether the server has it (drafts.js).
  const stampOf = (form) => JSON.stringify([isWritten(form) ? textOf(form).value : "", form.elements.subject?.value ?? "", files.keptIds(form.dataset.draft)]);
  const keyOf = (form) => `draft:${form.dataset.draft}`;

  /* --- drafts: in this tab only; the key names the thread, never the text --------------------------------------- */
  function keepDraft(form) {
    const text = textOf(form).value;
    const subject = form.elements.subject?.value ?? "";
    const ids = files.keptIds(form.dataset.draft);
    try {
      if (!isWritten(form) && !subject && !ids.length) sessionStorage.removeItem(keyOf(form));
      else {
        const version = form.elements.draft_version?.value ?? "";
        const saved = stampOf(form) === form.draftSaved;
        sessionStorage.setItem(keyOf(form), JSON.stringify({ text, subject, id: form.elements.client_id.value, files: ids, version, saved }));
      }
    } catch { /* storage is full or forbidden: the text is still in the form */ }
  }
  function findDraft(form) {
    try { return JSON.parse(sessionStorage.getItem(keyOf(form))); } catch { return null; }
  }
  // A file that arrives while another thread is open belongs to the draft that waits there.
  document.addEventListener("files:change", ({ detail: { draft, ids } }) => {
    const form = [...document.querySelectorAll("form[data-draft]")].find((one) => one.dataset.draft === draft);
    if (form?.dataset.ready) { keepDraft(form); return; }
    try {
      const kept = JSON.parse(sessionStorage.getItem(`draft:${draft}`)) ?? {};
      sessionStorage.setItem(`draft:${draft}`, JSON.stringify({ ...kept, files: ids, saved: false }));
    } catch { /* storage is full or forbidden: the files are still in this page */ }
  });
  function forgetDraft(form) { try { sessionStorage.removeItem(keyOf(form)); } catch { /* nothing kept */ } }
  function forgetAllDrafts() {
    try { for (const key of Object.keys(sessionStorage)) if (/^(draft:|sent-draft$)/.test(key)) sessionStorage.removeItem(key); } catch { /* nothing kept */ }
  }

  // A form that leaves the page says so; arriving at a thread means it was taken, seeing the form again that it was not.
  const SENT = "sent-draft";
  function settleSent() {
    try {
      const key = sessionStorage.getItem(SENT);
      if (!key) return;
      const isBack = [...document.querySelectorAll("form[data-draft]")].some((form) => keyOf(form) === key);
      if (!isBack && !thread()) return;
      if (!isBack) sessionStorage.removeItem(key);
      sessionStorage.removeItem(SENT);
    } catch { /* nothing kept */ }
  }

  /* --- room left, height ----------------------------------------------------------------------------------------- */
  function tell(form, text, kind) {
    const line = form.querySelector(".composer-left");
    if (!line) return;
    line.toggleAttribute("data-over", kind === "over");
    line.toggleAttribute("data-failed", kind === "failed");
    if (line.textContent !== text) line.textContent = text;
  }
  function measure(form) {
    const area = textOf(form);
    const left = LIMIT - area.value.length;
    if (left < 0) tell(form, words.over.replace("%s", number.format(-left)), "over");
    else tell(form, left <= LIMIT - WARN ? words.left.replace("%s", number.format(left)) : "");
    if (area.classList.contains("composer-text") && !CSS.supports("field-sizing", "content")) {
      area.style.blockSize = "auto";
      area.style.blockSize = `${area.scrollHeight + 2}px`;
    }
  }

  function prepare(form) {
    if (!form || form.dataset.ready) return;
    form.dataset.ready = "yes";
    const area = textOf(form);
    const kept = findDraft(form);
    // A form the server gave back has what was typed, and the id to send it with from now on.
    const isSaved = Boolean(form.dataset.draftSavedAt) && form.dataset.answered === undefined;
    const isAnswer = !isSaved && (isWritten(form) || form.dataset.answered !== undefined);
    const draft = isAnswer ? null : newer(form, kept, isSaved);
    if (!isAnswer) form.draftSaved = stampOf(form);
    if (draft?.text || draft?.files?.length) {
      area.value = draft.text ?? "";
      // The id stays with the text: if the first attempt did arrive, sending again changes nothing.
      if (draft.id) form.elements.client_id.value = draft.id;
      if (form.elements.draft_version) form.elements.draft_version.value = draft.version ?? "";
    }
    if (draft?.subject && form.elements.subject && (isSaved || !form.elements.subject.value)) form.elements.subject.value = draft.subject;
    files.prepare(form, draft || isAnswer ? kept?.files : []);
    if (!isAnswer && (!draft || form.isOlderThanDraft)) form.draftSaved = stampOf(form);
    if (isAnswer || isSaved) keepDraft(form);
    measure(form);
    document.dispatchEvent(new CustomEvent("draft:ready", { detail: form }));
  }
  // What this tab kept, unless the server has what was typed last: then the one it gave (or none) is the draft.
  function newer(form, kept, isSaved) {
    if (!kept || !form.dataset.draftUrl) return kept;
    const given = new Set([...form.querySelectorAll(".uploads > .upload")].map((upload) => upload.dataset.id));
    const isSame = isSaved && kept.text === textOf(form).value && (kept.files ?? []).every((id) => given.has(id));
    if (!kept.saved && !isSame) return kept;
    // A page that was made while the leaving one still saved does not know of that: drafts.js asks what holds now.
    form.isOlderThanDraft = kept.saved && Number(kept.version) > Number(form.elements.draft_version.value);
    if (form.isOlderThanDraft) return kept;
    forgetDraft(form);
    return null;
  }
  const prepareAll = () => document.querySelectorAll("form[data-draft]").forEach(prepare);

  /* --- sending --------------------------------------------------------------------------------------------------- */
  function pending(form, isPending) {
    const button = form.querySelector(".composer-send");
    if (!button) return;
    button.dataset.label ??= button.querySelector("span").textContent;
    button.setAttribute("aria-disabled", String(isPending));
    button.querySelector("span").textContent = isPending ? words.sending : button.dataset.label;
    form.toggleAttribute("data-pending", isPending);
  }
  function fail(form, sentence) {
    pending(form, false);
    form.querySelector(".composer-send span").textContent = words.again;
    tell(form, sentence, "failed");
    keepDraft(form);
  }

  document.addEventListener("input", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    measure(form);
    keepDraft(form);
  });
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea") && formOf(event.target);
    if (form) { event.preventDefault(); form.requestSubmit(form.querySelector(".composer-send")); }
  });
  // A double click or a second Ctrl+Enter sends nothing twice. Capture: before htmx sees it.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-sign-out]")) forgetAllDrafts();
    const form = formOf(event.target);
    if (!form) return;
    if (form.hasAttribute("data-pending")) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    const { now, sentence } = files.maySend(form);
    if (!now) {
      event.preventDefault();
      event.stopImmediatePropagation();
      keepDraft(form);
      if (sentence) tell(form, sentence, "failed");
      return;
    }
    if (form.dataset.once === undefined) return;
    keepDraft(form);
    pending(form, true);
    try { sessionStorage.setItem(SENT, keyOf(form)); } catch { /* nothing kept */ }
  }, true);
  window.addEventListener("pageshow", (event) => { if (event.persisted) document.querySelectorAll("form[data-pending]").forEach((form) => pending(form, false)); });

  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement.id !== "composer") return;
    const last = [...document.querySelectorAll("#messages > .message")].pop();
    ctx.request.body.set("last_message_id", last?.id.slice(8) ?? "");
    sent = ctx.request.body.getAll("attachments");
  });
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.detail.ctx.sourceElement;
    if (form.id === "composer") { keepDraft(form); tell(form, ""); pending(form, true); }
  });
  document.addEventListener("htmx:error", (event) => {
    const form = event.detail.ctx?.sourceElement;
    if (form?.id === "composer" && form.isConnected) fail(form, words.failed);
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = event.detail;
    const form = ctx.sourceElement;
    if (form?.id !== "composer") return;
    const main = tasks.find((task) => task.type === "main");
    const raw = ctx.response.raw;
    if (!main?.fragment.querySelector("#composer")) {
      // No composer came back: a proxy's error page, a sign-in page, a crash. The one on the page keeps the text.
      event.preventDefault();
      fail(form, raw.redirected || raw.status === 401 ? words.signedOut : words.broken);
      return;
    }
    const [before, after] = [ctx.request.body.get("body").replaceAll("\r\n", "\n"), textOf(form).value];
    if (after === before) late = null;
    else late = raw.ok && after.startsWith(before) ? after.slice(before.length).trimStart() : after;
    if (raw.ok) {
      files.forgetSent(form.dataset.draft, sent);
      forgetDraft(form);
      // Live arrival may have been faster than this answer.
      for (const task of tasks.filter((one) => one.type === "partial")) {
        for (const item of task.fragment.querySelectorAll(".message, .day")) if (document.getElementById(item.id)) item.remove();
      }
    }
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.request?.action !== document.getElementById("composer")?.getAttribute("hx-post")) return;
    const form = $("#composer");
    if (late !== null && ctx.status === "swapped") textOf(form).value = late;
    late = null;
    prepareAll();
    if (ctx.status === "swapped") {
      pending(form, false);
      // Somebody signed in again in another tab: the answer brought a fresh token, so send once more by itself.
      if (form.dataset.expired !== undefined && resent !== form.elements.client_id.value) {
        resent = form.elements.client_id.value;
        form.requestSubmit();
        return;
      }
      if (ctx.response.raw.ok) goToEnd();
      (form.querySelector(".screened[data-open]") ?? textOf(form)).focus({ preventScroll: true });
      document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => { input.value = form.elements.csrfmiddlewaretoken.value; });
    }
  });

  document.addEventListener("thread:open", prepareAll);
  window.messageCenter.composer = { textOf, isWritten, stampOf, keepDraft, forgetDraft, measure };
  settleSent();
  prepareAll();
})();
