// Support's desk: shows what is new without touching what is being typed, sends its forms in place, and stays present.
"use strict";

(() => {
  const desk = document.querySelector(".support-desk");
  if (!desk) return;
  const caseNode = desk.querySelector("[data-case]");
  const list = desk.querySelector("[data-live-list]");
  const news = desk.querySelector("[data-live-news]");
  const BEAT_SECONDS = 15; // a seller in a chat is told after three that did not come
  const LOST = [403, 404]; // the case is another queue's by now, or one has left its own
  const POLL_SECONDS = 20; // also while the stream works: a page never trusts one way alone for long
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  const token = () => desk.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const say = (text) => { if (news && news.textContent !== text) news.textContent = text; };

  /* --- what is being typed stays ---------------------------------------------------------------------------------- */
  const isTouched = (field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox") return field.checked !== field.defaultChecked;
    if (field.type === "file") return field.files.length > 0;
    if (field.tagName === "SELECT") return [...field.options].some((one, at) => one.selected !== (one.defaultSelected || (at === 0 && ![...field.options].some((other) => other.defaultSelected))));
    return field.value !== field.defaultValue;
  };
  const isInUse = (part) => part.contains(document.activeElement) || part.querySelector(".errorlist, .support-screened") || [...part.querySelectorAll("input, textarea, select")].some(isTouched);
  const plain = (node) => node.outerHTML.replace(/csrfmiddlewaretoken" value="[^"]*"/g, "").replace(/name="client_id" value="[^"]*"/g, "").replace(/ (?:data-new|open)=""/g, "");

  function put(old, fresh) {
    const node = document.adoptNode(fresh);
    if (old.open) node.open = true;
    if ("new" in old.dataset) node.dataset.new = "";
    old.replaceWith(node);
    return node;
  }
  // The conversation grows at its end, and what changed is shown again; nothing else moves.
  function mergeMessages(page) {
    const shown = desk.querySelector("#messages");
    const fresh = page.querySelector("#messages");
    if (!shown || !fresh || shown.hasAttribute("data-older")) return 0;
    const items = [...fresh.children].filter((item) => item.id);
    const ids = new Set(items.map((item) => item.id));
    let arrived = 0;
    for (const item of items) {
      const old = document.getElementById(item.id);
      if (old && plain(old) !== plain(item) && !old.contains(document.activeElement)) put(old, item);
      if (old) continue;
      const next = [...shown.children].find((one) => one.id && one.id.slice(-36) > item.id.slice(-36));
      shown.insertBefore(document.adoptNode(item), next ?? null).dataset.new = "";
      arrived += 1;
    }
    for (const old of [...shown.children]) {
      const isGone = old.id ? old.matches(".support-note") && !ids.has(old.id) : ids.size > 0;
      if (isGone) old.remove();
    }
    return arrived;
  }
  // What is being typed stays where it is on the screen while the conversation above it grows.
  function keepingPlace(change) {
    const typing = document.activeElement?.matches("textarea, input, select") ? document.activeElement : null;
    const top = typing?.getBoundingClientRect().top;
    const made = change();
    const still = typing?.isConnected ? typing : typing?.id && document.getElementById(typing.id);
    if (still) window.scrollBy(0, still.getBoundingClientRect().top - top);
    return made;
  }
  // A form that is being filled in stays; only what it would do by itself follows the page: in a chat an answer leaves
  // the case in progress.
  function followDefault(old, fresh) {
    const [mine, theirs] = [old, fresh].map((part) => part.querySelector("#id_there"));
    if (!mine || !theirs || isTouched(mine)) return;
    for (const one of mine.options) one.defaultSelected = [...theirs.options].some((other) => other.value === one.value && other.defaultSelected);
    const chosen = [...mine.options].find((one) => one.defaultSelected) ?? mine.options[0];
    chosen.selected = true;
  }
  function mergeParts(page, { sent = null } = {}) {
    const parts = [...page.querySelectorAll("[data-part]")];
    const ids = new Set([...parts.map((part) => part.id), sent?.id]);
    for (const fresh of parts) {
      const old = document.getElementById(fresh.id);
      if (!old || (old !== sent && plain(old) === plain(fresh))) continue;
      if (old !== sent && isInUse(old)) followDefault(old, fresh);
      else put(old, fresh);
    }
    for (const old of desk.querySelectorAll("[data-part]")) if (!ids.has(old.id) && !isInUse(old)) old.remove();
  }

  // A page that is no case's: whose reason has grown old is asked for it anew.
  function sayWhyNot(page, otherwise = "") {
    say((page.querySelector("[data-reason]") ? news?.dataset.again : otherwise) ?? "");
  }

  let asked = 0;
  async function look() {
    const turn = ++asked;
    try {
      const url = new URL(location.href);
      url.hash = "";
      const isHidden = document.visibilityState === "hidden"; // who does not look has not read
      if (isHidden && caseNode) url.searchParams.set("peek", "1");
      const answer = await fetch(url, { headers: { Accept: "text/html" }, redirect: "error" });
      if (turn !== asked) return;
      if (caseNode && LOST.includes(answer.status)) say(news.dataset.gone);
      if (!answer.ok) return;
      const page = parse(await answer.text());
      putChats(page);
      if (list) { refreshList(page); return; }
      if (!page.querySelector("[data-case]")) { sayWhyNot(page); return; }
      const arrived = keepingPlace(() => { const many = mergeMessages(page); mergeParts(page); return many; });
      if (arrived && isHidden) isUnseen = true;
      lookAtChat(page);
      showWaiting();
      say(arrived ? news.dataset.new : "");
    } catch { say(news?.dataset.away ?? ""); }
  }
  function refreshList(page) {
    const fresh = page.querySelector("[data-live-list]");
    const old = desk.querySelector("[data-live-list]");
    if (!fresh || plain(fresh) === plain(old)) return;
    const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    const node = put(old, fresh);
    if (focused) (node.querySelector(`a[href="${CSS.escape(focused)}"]`) ?? node.querySelector("a"))?.focus({ preventScroll: true });
  }

  /* --- live chats: who waits, and what is new in one's own ----------------------------------------------------------- */
  const title = document.title;
  let isUnseen = false;
  function showWaiting() {
    const wanted = (isUnseen || desk.querySelector("[data-waits]") ? "● " : "") + title;
    if (document.title !== wanted) document.title = wanted;
  }
  function putChats(page) {
    const old = desk.querySelector("#chats");
    const fresh = page.querySelector("#chats");
    if (!old || !fresh || plain(old) === plain(fresh)) return;
    const focused = old.contains(document.activeElement) && document.activeElement;
    const key = focused && (focused.closest("[id^=chat-of-]")?.id ?? "chats");
    const said = desk.querySelector("[data-chats-news]");
    if (said && fresh.dataset.said !== old.dataset.said) said.textContent = fresh.dataset.said;
    keepingPlace(() => put(old, fresh));
    if (focused) {
      // Whose line is gone is led to a link, never to another seller's button.
      const place = document.getElementById(key);
      const chats = document.getElementById("chats");
      (place?.matches("a") ? place : place?.querySelector(focused.tagName) ?? chats.querySelector("a") ?? desk.querySelector("a"))?.focus({ preventScroll: true });
    }
    showWaiting();
  }
  let chatsTimer = 0;
  function lookAtChats() {
    const url = desk.querySelector("#chats")?.dataset.liveChats;
    if (!url) return;
    chatsTimer ||= setTimeout(async () => {
      chatsTimer = 0;
      try {
        const answer = await fetch(url, { headers: { Accept: "text/html" }, redirect: "error" });
        if (answer.ok) putChats(parse(await answer.text()));
      } catch { /* looked at again soon */ }
    }, 400 + Math.random() * 400);
  }
  // The bar of the case's own chat is chat.js's to show; it is told when the page knows more.
  function lookAtChat(page) {
    const [shown, fresh] = [desk, page].map((one) => one.querySelector("#chat")?.dataset.state);
    if (fresh !== undefined && shown !== fresh) document.dispatchEvent(new CustomEvent("live:chat", { detail: caseNode.dataset.case }));
  }
  document.addEventListener("chat:change", ({ detail }) => {
    showWaiting();
    // "You chat with …" is true no more when a colleague has taken the chat over.
    if (detail.state === "live" && !desk.querySelector("#chat[data-chat-beats]")) document.querySelector("ul.messagelist")?.remove();
    if (detail.state !== detail.before) look();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || !caseNode) return;
    isUnseen = false;
    look();
  });
  showWaiting();

  /* --- forms, sent in place: what stands in the others stays ------------------------------------------------------ */
  desk.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-do]");
    if (!form || !caseNode) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const part = form.closest("[data-part]");
    const sent = form.querySelector("textarea")?.value;
    asked += 1; // what was asked before the form is out of date
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), headers: { Accept: "text/html" } });
      const page = parse(await answer.text());
      if (!page.querySelector("[data-case]")) {
        // Another page of the desk, or none: a proxy's error, a page to sign in. There the text stays.
        if (answer.ok && answer.redirected && !answer.url.includes("/login/")) location.assign(answer.url);
        else sayWhyNot(page, answer.status === 404 ? news?.dataset.gone : news?.dataset.failed);
        return;
      }
      const isDone = answer.ok;
      const typed = form.querySelector("textarea")?.value;
      const fresh = part && page.getElementById(part.id);
      keepingPlace(() => { mergeMessages(page); mergeParts(page, { sent: part }); });
      putChats(page);
      lookAtChat(page);
      showWaiting();
      const node = fresh && document.getElementById(part.id);
      if (node && typed !== sent) {
        // What was typed while the answer was under way goes into the next one.
        const area = node.querySelector("textarea");
        if (area) area.value = isDone && typed.startsWith(sent) ? typed.slice(sent.length).trimStart() : typed;
      }
      if (node) {
        if (isDone && node.tagName === "DETAILS") node.open = false;
        const wrong = node.querySelector(".errorlist, .support-screened");
        const goesOn = isDone && form.dataset.then && document.getElementById(form.dataset.then);
        (wrong?.parentElement.querySelector("textarea, select, input:not([type=hidden])") ?? (goesOn || node.querySelector("summary, textarea, button")))?.focus({ preventScroll: Boolean(isDone && !goesOn) });
        wrong?.scrollIntoView({ block: "nearest" });
      } else if (isDone && form.dataset.then) document.getElementById(form.dataset.then)?.focus();
      showMessages(page);
    } catch { say(news?.dataset.failed ?? ""); }
    finally { delete form.dataset.busy; }
  });
  // The admin's own line about what was done, said to screen readers as well.
  function showMessages(page) {
    document.querySelector("ul.messagelist")?.remove();
    const fresh = page.querySelector("ul.messagelist");
    if (!fresh) return;
    const place = document.querySelector(".messages, #main, #container") ?? document.body;
    const here = document.querySelector("#content-start") ?? place;
    here.prepend(document.adoptNode(fresh));
    say(fresh.textContent.trim());
  }

  document.addEventListener("keydown", (event) => {
    const isSent = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches?.("form[data-do] textarea");
    const button = isSent && event.target.form.querySelector("[type=submit]:not([name=confirm], [name=outcome])");
    if (!button) return;
    event.preventDefault();
    event.target.form.requestSubmit(button);
  });

  /* --- pasted pictures become files of the answer -------------------------------------------------------------------- */
  function screenshotName(file, names) {
    const now = new Date();
    const two = (value) => String(value).padStart(2, "0");
    const stamp = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
    const ending = { "image/jpeg": "jpg", "image/gif": "gif" }[file.type] ?? "png";
    for (let copy = 1; ; copy += 1) {
      const name = `screenshot-${stamp}${copy > 1 ? `-${copy}` : ""}.${ending}`;
      if (!names.has(name)) return name;
    }
  }
  desk.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    const input = event.target.closest("#answer form")?.querySelector("#answer-files");
    // Spreadsheets and word processors put a picture of the text beside it: there the text is meant.
    if (!input || !data?.files.length || data.types.includes("text/plain")) return;
    event.preventDefault();
    const kept = new DataTransfer();
    for (const file of input.files) kept.items.add(file);
    const names = new Set([...kept.files].map((file) => file.name));
    for (const file of data.files) {
      const isNameless = /^image\.\w+$/.test(file.name) && file.type.startsWith("image/");
      kept.items.add(isNameless ? new File([file], screenshotName(file, names), { type: file.type }) : file);
      names.add(kept.files[kept.files.length - 1].name);
    }
    input.files = kept.files;
    say(`${news.dataset.attached} ${[...names].join(", ")}`);
  });

  /* --- saved replies ----------------------------------------------------------------------------------------------- */
  desk.addEventListener("click", (event) => {
    const link = event.target.closest("[data-reply-insert]");
    const area = document.getElementById("id_body");
    if (!link || !area || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const text = link.dataset.replyInsert;
    const start = area.selectionStart;
    area.setRangeText(text, start, area.selectionEnd, "end");
    area.focus();
    const gap = area.value.indexOf("⟦", start);
    const end = area.value.indexOf("⟧", gap);
    if (gap >= 0 && end > gap) area.setSelectionRange(gap, end + 1);
  });

  /* --- live: one tab of the site listens for all -------------------------------------------------------------------- */
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("live") : null;
  let timer = 0;
  function hear(event) {
    if (!event?.kind) return;
    // Who asks, takes and ends is told as "thread"; who writes, and what, is shown of one's own chats alone.
    const isOwnChat = Boolean(event.thread && desk.querySelector(`#chats [data-own="${CSS.escape(event.thread)}"]`));
    if (event.kind === "thread" || (isOwnChat && ["chat", "message"].includes(event.kind))) lookAtChats();
    if (event.kind === "chat") {
      if (event.thread === caseNode?.dataset.case) document.dispatchEvent(new CustomEvent("live:chat", { detail: event.thread }));
      return; // who writes and who is there is no reason to show the whole page anew
    }
    const isOurs = caseNode ? event.thread === caseNode.dataset.case : ["message", "thread"].includes(event.kind);
    if (!isOurs && event.kind !== "reload") return;
    timer ||= setTimeout(() => { timer = 0; look(); }, 200 + Math.random() * 200);
  }
  channel?.addEventListener("message", (message) => hear(message.data?.event));
  function listen() {
    if (!("EventSource" in window)) return;
    const source = new EventSource("/live/stream/");
    source.onmessage = (message) => {
      try {
        const event = JSON.parse(message.data);
        channel?.postMessage({ event });
        hear(event);
      } catch { /* not ours */ }
    };
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) setTimeout(listen, 30000); };
    window.addEventListener("pagehide", () => source.close());
  }
  if (caseNode || list) {
    if (navigator.locks && channel) navigator.locks.request("live", () => { listen(); return new Promise(() => {}); });
    else listen();
    setInterval(() => { if (document.visibilityState === "visible") look(); }, POLL_SECONDS * 1000);
  }

  /* --- presence: who has a page of the desk open is there ------------------------------------------------------------ */
  setInterval(() => {
    if (!token() || !desk.dataset.hereUrl) return;
    fetch(desk.dataset.hereUrl, { method: "POST", headers: { "X-CSRFToken": token() }, body: new URLSearchParams({ beat: "1" }), redirect: "error" }).catch(() => {});
  }, BEAT_SECONDS * 1000);
})();
