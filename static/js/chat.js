// The bar of a live chat, on the seller's page and at support's desk: says every 15 seconds that this page is open, at
// once when somebody begins to write or pauses, and shows what became of the chat. Also without the live stream.
"use strict";

(() => {
  const EVERY_SECONDS = 15;
  const WRITING_SECONDS = 6; // so long after the last key somebody still writes
  const PATIENCE_SECONDS = 10; // a network that swallows what is sent must not keep the next beat waiting
  const STAYED_SECONDS = 3; // who is here so long after going has not gone: it was a download, or the page asked first
  const OPEN = ["waiting", "live"];
  const TYPED = "#composer textarea, #id_body";
  const TOKEN = "input[name=csrfmiddlewaretoken]"; // an old one when somebody signed in again in another tab
  let doing = ""; // what was told last
  let typedAt = -Infinity;
  let pausing = 0;
  let hearing = 0;
  let busy = false; // one is told after the other: two at once could arrive in the other order
  let isLater = false;
  let isGoing = false;
  let asked = 0;

  const bar = () => document.querySelector("[data-chat]"); // the desk may put another one in its place at any time
  const isOpen = () => OPEN.includes(bar()?.dataset.state);
  const beats = () => isOpen() && "chatBeats" in bar().dataset;
  const token = () => document.querySelector(TOKEN)?.value ?? "";
  const isTyping = () => performance.now() - typedAt < WRITING_SECONDS * 1000;
  // Only who wrote pauses: a page that just lies open says nothing of what another tab or a colleague types.
  const now = () => (isTyping() ? "writing" : doing === "writing" ? "paused" : "viewing");
  const plain = (node) => node.innerHTML.replace(/csrfmiddlewaretoken" value="[^"]*"/g, "").trim();

  /* --- what is shown ------------------------------------------------------------------------------------------------ */
  // The line for screen readers itself stays, and says what matters, not each time somebody types or pauses. Buttons
  // change only with what they do.
  function show(fresh) {
    const old = bar();
    const before = old.dataset.state;
    for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const mark = fresh.querySelector(TOKEN)?.value;
    if (mark) for (const input of document.querySelectorAll(TOKEN)) input.value = mark;
    let isChanged = before !== fresh.dataset.state;
    for (const part of ["[data-chat-said]", "[data-chat-news]", "[data-chat-do]"]) {
      const [shown, next] = [old.querySelector(part), fresh.querySelector(part)];
      if (!shown || !next || plain(shown) === plain(next)) continue;
      const hadFocus = shown.contains(document.activeElement);
      shown.replaceChildren(...next.childNodes);
      isChanged = true;
      // Never onto another button: whoever was about to press the old one would press that.
      if (hadFocus) (document.querySelector(TYPED) ?? shown.querySelector("button, a"))?.focus({ preventScroll: true });
    }
    if (!isChanged) return;
    if (before === "waiting" && fresh.dataset.state === "live") call();
    if (before !== fresh.dataset.state && isTyping()) { doing = ""; tell(); } // begun before the bar could tell it
    document.dispatchEvent(new CustomEvent("chat:change", { detail: { state: fresh.dataset.state, before } }));
  }
  // Who waits in another tab sees by this one's title that somebody is there.
  function call() {
    if (document.visibilityState === "visible" || document.title.includes("● ")) return;
    document.title = `● ${document.title}`;
  }

  /* --- what is told and asked ---------------------------------------------------------------------------------------- */
  async function ask(options = {}) {
    const turn = ++asked;
    const url = bar()?.dataset.chat;
    if (!url) return;
    try {
      const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
      const answer = await fetch(url, { redirect: "error", signal, ...options, headers: { Accept: "text/html", "X-CSRFToken": token() } });
      if (answer.status === 403 && options.method) { await ask(); return; } // what is looked up brings a fresh token along
      if (answer.status !== 200) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-chat]");
      if (fresh && turn === asked && bar()?.dataset.chat === url) show(fresh); // an answer that was overtaken is old
    } catch { bar()?.toggleAttribute("data-stale", isOpen()); } // not connected: what is shown was heard before
  }
  async function tell() {
    if (isGoing || !isOpen()) { doing = ""; return; }
    if (busy) { isLater = true; return; }
    [doing, busy, isLater] = [now(), true, false];
    await ask(beats() ? { method: "POST", body: new URLSearchParams({ doing }) } : {});
    busy = false;
    if (isLater && doing !== now()) tell();
  }
  function look() {
    clearTimeout(hearing);
    hearing = setTimeout(ask, 150);
  }
  function leave() {
    // A beacon goes out although the page is going; it can bear no header, so the token is a field.
    if (beats()) navigator.sendBeacon(bar().dataset.chat, new URLSearchParams({ doing: "left", csrfmiddlewaretoken: token() }));
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.(TYPED)) return;
    typedAt = performance.now();
    clearTimeout(pausing);
    pausing = setTimeout(tell, WRITING_SECONDS * 1000 + 100);
    if (doing !== "writing") tell();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.querySelector?.(TYPED) && !event.target.matches("#composer")) return;
    clearTimeout(pausing);
    typedAt = -Infinity;
    tell();
  });
  document.addEventListener("live:chat", ({ detail }) => {
    if (bar() && (!bar().dataset.chatOf || bar().dataset.chatOf === detail)) look();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    document.title = document.title.replace(/^(\(\d+\+?\) )?● /, "$1");
    if (isOpen()) tell(); else if (bar()) look();
  });
  window.addEventListener("online", () => { if (isOpen()) tell(); else if (bar()) look(); });
  window.addEventListener("beforeunload", () => {
    leave();
    isGoing = true;
    setTimeout(() => { isGoing = false; tell(); }, STAYED_SECONDS * 1000);
  });
  window.addEventListener("pagehide", leave);
  // Also in a tab that is not looked at: who waits for support does something else meanwhile, and keeps the place.
  setInterval(tell, EVERY_SECONDS * 1000);
  tell();
})();
