// What the policy says about a text while it is being written: the words are underlined where they stand, and below the
// text is written what to do. The server decides; the text and the focus stay with the writer.
"use strict";

(() => {
  const { $, thread, isAtEnd, goToEnd } = window.messageCenter;
  const PAUSE_MS = 600;
  const SHORTEST = 3;
  const AGAIN_SECONDS = { 401: 60, 403: 60, 404: 300, 429: 20 }; // everything else: 15; then twice as long each time
  const LONGEST_SECONDS = 300;
  const SEVERITY = ["block", "redact", "review", "warn"];
  const ICONS = { block: "ban", redact: "eye-off", review: "clock", warn: "triangle-alert" };
  const METRICS = [
    "direction", "fontFamily", "fontFeatureSettings", "fontKerning", "fontSize", "fontStretch", "fontStyle", "fontVariant", "fontWeight", "hyphens",
    "letterSpacing", "lineHeight", "overflowWrap", "paddingBottom", "paddingLeft", "paddingRight", "paddingTop", "tabSize", "textAlign", "textIndent",
    "textRendering", "textTransform", "wordBreak", "wordSpacing",
  ];
  const states = new WeakMap(); // form → what is known about its text
  let askAgainAt = 0;
  let failures = 0;

  const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  function icon(sprite, name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  }

  const news = document.body.appendChild(make("div", { className: "hidden screening-news", role: "status" }));

  /* --- the words underlined: a second sheet with the same text above the field, see-through but for its lines ------- */
  function sheetOf(area) {
    const text = make("div", { className: "screening-text" });
    const sheet = make("div", { className: "screening-sheet", hidden: true, ariaHidden: "true" }, text);
    if (area.matches("input")) sheet.classList.add("screening-sheet-line");
    area.parentElement.classList.add("screening-ground");
    area.after(sheet);
    const field = { area, sheet, text };
    area.addEventListener("scroll", () => place(field), { passive: true });
    new ResizeObserver(() => place(field)).observe(area);
    return field;
  }
  function place({ area, sheet, text }) {
    if (sheet.hidden) return;
    const look = getComputedStyle(area);
    for (const name of METRICS) text.style[name] = look[name];
    Object.assign(sheet.style, {
      left: `${area.offsetLeft + area.clientLeft}px`, top: `${area.offsetTop + area.clientTop}px`,
      width: `${area.clientWidth}px`, height: `${area.clientHeight}px`, // without a scroll bar
    });
    text.style.transform = `translate(${-area.scrollLeft}px, ${-area.scrollTop}px)`;
  }
  function draw(state) {
    for (const [part, field] of state.fields) {
      const typed = field.area.value;
      const pieces = [];
      let end = 0;
      for (const finding of state.findings.filter((one) => one.part === part).sort((one, other) => one.start - other.start)) {
        const start = Math.max(finding.start, end);
        if (finding.end <= start) continue;
        const mark = make("mark", { className: `screening-mark screening-mark-${finding.action}`, textContent: typed.slice(start, finding.end) });
        pieces.push(typed.slice(end, start), mark);
        end = finding.end;
      }
      field.sheet.hidden = !pieces.length;
      field.text.replaceChildren(...(pieces.length ? [...pieces, typed.slice(end)] : []));
      place(field);
    }
  }
  // What was found moves with its words while the text around it is changed; what is itself changed is let go.
  function carry(findings, before, after) {
    const most = Math.min(before.length, after.length);
    let same = 0;
    let sameEnd = 0;
    while (same < most && before[same] === after[same]) same += 1;
    while (sameEnd < most - same && before[before.length - 1 - sameEnd] === after[after.length - 1 - sameEnd]) sameEnd += 1;
    const by = after.length - before.length;
    return findings.flatMap((one) => {
      if (one.end <= same) return [one];
      return one.start >= before.length - sameEnd ? [{ ...one, start: one.start + by, end: one.end + by }] : [];
    });
  }
  function follow(state) {
    let found = [];
    for (const [part, { area }] of state.fields) {
      const own = state.findings.filter((one) => one.part === part);
      found = found.concat(carry(own, state.texts[part], area.value));
      state.texts[part] = area.value;
    }
    state.findings = found;
    draw(state);
  }

  /* --- what to do --------------------------------------------------------------------------------------------------- */
  function show(state, finding) {
    const field = state.fields.get(finding.part);
    const { area, text } = field;
    area.focus({ preventScroll: true });
    area.setSelectionRange(finding.start, finding.end);
    const mark = [...text.querySelectorAll("mark")].find((one) => one.textContent === area.value.slice(finding.start, finding.end));
    if (mark && area.scrollHeight > area.clientHeight) area.scrollTop = mark.offsetTop - area.clientHeight / 2;
    area.scrollIntoView({ block: "nearest" });
    place(field);
  }
  const keyOf = ({ part, rule, action, advice }) => JSON.stringify([part, rule, action, advice]);
  function row(state, words, key, [first]) {
    const button = make("button", { className: "button button-quiet button-small", type: "button", textContent: words.show });
    button.ariaLabel = fill(words.showWords, { words: state.fields.get(first.part).area.value.slice(first.start, first.end).slice(0, 60) });
    let turn = 0;
    button.addEventListener("click", () => {
      const found = state.findings.filter((one) => keyOf(one) === key);
      if (found.length) show(state, found[turn++ % found.length]);
      else state.fields.get(first.part).area.focus({ preventScroll: true });
    });
    const title = make("p", { className: "screening-title" }, make("b", { textContent: first.title }), " ");
    if (first.part === "subject") title.append(make("span", { className: "screening-part", textContent: words.subject }), " ");
    title.append(make("span", { className: "screening-severity", textContent: words[first.action] }));
    const advice = make("p", { className: "screening-advice" }, `${first.advice} `);
    if (first.url) {
      const about = make("span", { className: "hidden", textContent: ` ${first.title} (${words.tab})` });
      advice.append(make("a", { href: first.url, target: "_blank", rel: "noopener" }, words.why, about));
    }
    return make("li", { className: `screening-item screening-${first.action}` }, icon(words.icons, ICONS[first.action]), make("div", { className: "screening-what" }, title, advice), button);
  }
  function list(state) {
    const box = $("[data-screening]", state.form);
    const words = box.dataset;
    const groups = new Map();
    const ordered = [...state.findings].sort((one, other) => SEVERITY.indexOf(one.action) - SEVERITY.indexOf(other.action) || one.start - other.start);
    for (const finding of ordered) groups.set(keyOf(finding), [...(groups.get(keyOf(finding)) ?? []), finding]);
    const key = [...groups.keys()].join();
    // What the server said about the text as it was sent is over once the text is another one.
    const notice = $(".screened[data-open]", state.form);
    const isEdited = [...state.fields].some(([part, { area }]) => area.value !== state.first[part]);
    if (notice && isEdited) {
      notice.dataset.edited = "";
      for (const { area } of state.fields.values()) if (area.getAttribute("aria-describedby") === "screened-heading") area.removeAttribute("aria-invalid");
      $(".screened-clear", notice).hidden = groups.size > 0 || Boolean($(".screened-item:not([data-text])", notice));
    }
    if (key === state.shown && box.hidden === (!groups.size || Boolean(notice && !isEdited))) return;
    const wasAtEnd = thread() && isAtEnd();
    const mustChange = ordered.some(({ action }) => action === "block" || action === "redact");
    const count = new Intl.NumberFormat(document.documentElement.lang).format(groups.size);
    const many = groups.size > 1 ? "Many" : "One";
    const sentence = fill(words[(mustChange ? "change" : "look") + many], { number: count });
    $(".screening-count", box).textContent = sentence;
    $(".screening-list", box).replaceChildren(...[...groups].map(([one, found]) => row(state, words, one, found)));
    box.hidden = !groups.size || Boolean(notice && !isEdited);
    if (key !== state.shown && !(notice && !isEdited)) say(groups.size ? sentence : words.none);
    state.shown = key;
    if (wasAtEnd) goToEnd();
  }
  function say(text) {
    const line = make("p", { textContent: text });
    news.replaceChildren(line);
    setTimeout(() => line.remove(), 8000);
  }

  /* --- asking --------------------------------------------------------------------------------------------------------- */
  function settle(state, texts, findings) {
    state.texts = texts;
    state.asked = JSON.stringify([texts, topicOf(state.form)]);
    state.findings = findings.filter(({ part, start, end, action }) => state.fields.has(part) && action in ICONS && 0 <= start && start < end && end <= texts[part].length);
    follow(state);
    list(state);
  }
  const topicOf = (form) => form.elements.topic?.value ?? "";
  function later(state, milliseconds) {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => ask(state), milliseconds);
  }
  async function ask(state) {
    const { form } = state;
    const texts = Object.fromEntries([...state.fields].map(([part, { area }]) => [part, area.value]));
    const asked = JSON.stringify([texts, topicOf(form)]);
    if (!form.isConnected || form.hasAttribute("data-pending") || asked === state.asked) return;
    state.request?.abort();
    if (Object.values(texts).every((text) => text.trim().length < SHORTEST)) { settle(state, texts, []); return; }
    if (!navigator.onLine) return; // asked when the connection is back
    if (Date.now() < askAgainAt) { later(state, askAgainAt - Date.now()); return; }
    const request = state.request = new AbortController();
    const body = new URLSearchParams(form.dataset.checkAbout ?? { thread: thread()?.dataset.thread ?? "" });
    for (const [part, text] of Object.entries(texts)) body.set(part, text);
    if (topicOf(form)) body.set("topic", topicOf(form));
    let seconds = 15;
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
      const answer = await fetch(form.dataset.check, { method: "POST", headers, body, redirect: "error", signal: request.signal });
      if (answer.ok) {
        const { findings } = await answer.json();
        if (request.signal.aborted) return;
        failures = askAgainAt = 0;
        settle(state, texts, findings);
        return;
      }
      seconds = Number(answer.headers.get("Retry-After")) || AGAIN_SECONDS[answer.status] || seconds;
    } catch {
      if (request.signal.aborted) return;
    }
    // Nobody is told: what is sent is checked in any case.
    askAgainAt = Date.now() + 1000 * Math.min(LONGEST_SECONDS, seconds * 2 ** failures);
    failures += 1;
    later(state, askAgainAt - Date.now());
  }

  /* --- forms as they come and change ---------------------------------------------------------------------------------- */
  function showQuotes(state, notice) {
    for (const item of notice.querySelectorAll(".screened-item[data-text]")) {
      const quote = $("q", item)?.textContent;
      const [part] = [...state.fields].find(([, { area }]) => quote && area.value.includes(quote)) ?? [];
      if (!part) continue;
      const button = make("button", { className: "button button-quiet button-small", type: "button", textContent: notice.dataset.show });
      button.ariaLabel = fill(notice.dataset.showWords, { words: quote.slice(0, 60) });
      button.addEventListener("click", () => {
        const start = state.fields.get(part).area.value.indexOf(quote);
        show(state, { part, start: Math.max(0, start), end: start < 0 ? 0 : start + quote.length });
      });
      $(".screened-quote", item).append(" ", button);
    }
  }
  function prepare(form) {
    if (states.has(form) || !$("[data-screening]", form)) return;
    const named = [["body", $("textarea[name=body]", form)], ["subject", $("input[name=subject]", form)]];
    const fields = new Map(named.filter(([, area]) => area).map(([part, area]) => [part, sheetOf(area)]));
    const texts = Object.fromEntries([...fields].map(([part, { area }]) => [part, area.value]));
    const first = Object.fromEntries([...fields].map(([part, { area }]) => [part, area.defaultValue])); // as the server gave it
    const state = { form, fields, texts, first, findings: [], shown: "", asked: "", timer: 0 };
    states.set(form, state);
    const notice = $(".screened[data-open]", form);
    if (notice) showQuotes(state, notice);
    if (Object.values(texts).some(Boolean)) later(state, notice ? 0 : PAUSE_MS);
  }
  const prepareAll = () => document.querySelectorAll("form[data-check]").forEach(prepare);
  const stateOf = (event) => states.get(event.target.closest?.("form[data-check]"));

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const state = stateOf(event);
      if (!state || !event.target.matches("textarea[name=body], input[name=subject], select[name=topic]")) return;
      // That the last message is being checked says nothing about the next one.
      if (kind === "input") $(".screened:not([data-open])", state.form)?.remove();
      follow(state);
      later(state, PAUSE_MS);
    });
  }
  document.addEventListener("submit", (event) => {
    const state = stateOf(event);
    if (!state) return;
    clearTimeout(state.timer);
    state.request?.abort();
  });
  document.addEventListener("click", (event) => {
    const state = event.target.closest?.("[data-change]") && stateOf(event);
    if (!state) return;
    event.preventDefault();
    const [first] = [...state.findings].sort((one, other) => one.start - other.start);
    if (first) show(state, first); else state.fields.get("body").area.focus();
  });
  window.addEventListener("online", () => {
    askAgainAt = failures = 0;
    for (const form of document.querySelectorAll("form[data-check]")) if (states.has(form)) later(states.get(form), PAUSE_MS);
  });
  document.addEventListener("htmx:finally:request", prepareAll);
  document.addEventListener("thread:open", prepareAll);
  prepareAll();
})();
