// Who of the team looks at this thread or writes in it: said every 20 seconds while the page is looked at, and at once
// when somebody begins to write, pauses, sends or goes.
"use strict";

(() => {
  const { $, token, thread } = window.messageCenter;
  const EVERY_SECONDS = 20;
  const WRITING_SECONDS = 6; // so long after the last key somebody still writes
  const STAYED_SECONDS = 3; // who is here so long after going has not gone: it was a download, or the page asked first
  let told = ""; // the address of the thread that was told last, and what
  let doing = "";
  let typedAt = -Infinity;
  let pausing = 0;
  let hearing = 0;
  let busy = false; // one is told after the other: two at once could arrive in the other order
  let isLater = false;
  let isGoing = false;
  let asked = 0;

  const address = () => thread()?.dataset.here ?? "";
  const now = () => (performance.now() - typedAt < WRITING_SECONDS * 1000 ? "writing" : "viewing");

  function show(answer) {
    for (const [id, sentence] of [["#here-viewing", answer?.viewing], ["#here-writing", answer?.writing]]) {
      const line = $(id);
      if (!line) continue;
      line.hidden = !sentence;
      if (line.textContent !== (sentence ?? "")) line.textContent = sentence ?? "";
    }
  }
  async function ask(url, options = {}) {
    const turn = ++asked;
    try {
      const answer = await fetch(url, { redirect: "error", ...options, headers: { Accept: "application/json", "X-CSRFToken": token() } });
      if (answer.status !== 200) return;
      const present = await answer.json();
      if (turn === asked && url === address()) show(present); // an answer that was overtaken is old
    } catch { /* no connection: they are told later */ }
  }
  async function tell() {
    const url = address();
    if (told && told !== url) leave();
    if (!url || isGoing || document.visibilityState !== "visible") return;
    if (busy) { isLater = true; return; }
    [told, doing, busy, isLater] = [url, now(), true, false];
    await ask(url, { method: "POST", body: new URLSearchParams({ doing }) });
    busy = false;
    if (isLater && (doing !== now() || told !== address())) tell();
  }
  function leave() {
    if (!told) return;
    // A beacon goes out although the page is going; it can bear no header, so the token is a field.
    navigator.sendBeacon(told, new URLSearchParams({ doing: "left", csrfmiddlewaretoken: token() }));
    if (!busy) told = ""; // else it is said once more: what is under way may arrive after this
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("#composer textarea")) return;
    typedAt = performance.now();
    clearTimeout(pausing);
    pausing = setTimeout(tell, WRITING_SECONDS * 1000 + 100);
    if (doing !== "writing" || told !== address()) tell();
  });
  function pause() {
    clearTimeout(pausing);
    typedAt = -Infinity;
    tell();
  }
  document.addEventListener("submit", (event) => { if (event.target.closest?.("#composer")) pause(); });
  document.addEventListener("thread:open", pause);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") tell(); else leave(); });
  // Before the next page is asked for: when this one is already going, Chromium often drops what it still wants to
  // say. A phone tells only that the page goes.
  window.addEventListener("beforeunload", () => {
    leave();
    isGoing = true;
    setTimeout(() => { isGoing = false; tell(); }, STAYED_SECONDS * 1000);
  });
  window.addEventListener("pagehide", leave);
  // Only looked up, never told anew: two pages of one person would answer each other for ever.
  document.addEventListener("live:presence", ({ detail }) => {
    if (detail !== thread()?.dataset.thread || !address()) return;
    clearTimeout(hearing);
    hearing = setTimeout(() => ask(address()), 150);
  });
  setInterval(tell, EVERY_SECONDS * 1000);
  tell();
})();
