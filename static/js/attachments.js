// Files of a message being written: chosen, dropped or pasted, uploaded at once, listed with what became of them.
// They belong to a draft (a form's data-draft), not to the form on the page: htmx may give that back anew at any time.
"use strict";

window.messageCenter.files = (() => {
  const { $, parse, token, thread, isAtEnd, goToEnd } = window.messageCenter;
  const words = document.getElementById("file-words").dataset;
  const AT_ONCE = 2;
  const STALLED_SECONDS = 90;
  const CARRIED = "refused-files";
  const MEGABYTE = 1024 * 1024;
  const PICTURES = /^(jpe?g|png|gif)$/;
  const drafts = new Map(); // data-draft → { items, waiting, limits }
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });

  const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
  function sizeText(bytes) {
    if (bytes < 1024) return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "byte", unitDisplay: "long" }).format(bytes);
    if (bytes < 0.95 * MEGABYTE) return fill(words.kilobytes, { number: number.format(Math.round(bytes / 1024)) });
    return fill(words.megabytes, { number: number.format(bytes / MEGABYTE) });
  }
  // What is a little over a limit must not read like the limit itself.
  const overText = (bytes) => (bytes < 1024 ? sizeText(bytes) : sizeText(Math.ceil(bytes / 1024) * 1024));
  const endingOf = (name) => (name.includes(".") ? name.split(".").pop().toLowerCase() : "");

  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${words.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  /* --- said once, also while the form is being replaced ------------------------------------------------------------ */
  const news = document.body.appendChild(make("div", { className: "hidden files-news", role: "status" }));
  function announce(text) {
    const line = make("p", { textContent: text });
    news.append(line);
    setTimeout(() => line.remove(), 8000);
  }

  /* --- state ------------------------------------------------------------------------------------------------------- */
  const formOf = (element) => element?.closest?.("form[data-files]");
  const formFor = (draft) => document.querySelector(`form[data-files][data-draft="${CSS.escape(draft)}"]`);
  function stateOf(draft) {
    if (!drafts.has(draft)) drafts.set(draft, { draft, items: [], waiting: false, unsure: [], isAsking: false });
    return drafts.get(draft);
  }
  const isBusy = (item) => ["queued", "sending", "judged"].includes(item.state);
  const isKept = (item) => item.state === "ready" || item.state === "checking";
  const counts = (item) => isBusy(item) || isKept(item) || item.state === "failed";
  const idsOf = (draft) => stateOf(draft).items.filter(isKept).map((item) => item.id);
  const keptIds = (draft) => [...new Set([...idsOf(draft), ...stateOf(draft).unsure])]; // what a draft has to remember
  const isUnready = (state) => state.isAsking || state.items.some(isBusy);
  const textBytes = (form) => new TextEncoder().encode(form?.querySelector("textarea[name=body]")?.value ?? "").length;
  const bytesOf = (state) => state.items.filter(counts).reduce((sum, item) => sum + item.size, textBytes(formFor(state.draft)));

  function changed(state) {
    render(state);
    document.dispatchEvent(new CustomEvent("files:change", { detail: { draft: state.draft, ids: keptIds(state.draft) } }));
    if (!state.waiting || isUnready(state)) return;
    const form = formFor(state.draft);
    state.waiting = false;
    render(state);
    if (!form) return; // another thread is open: the message waits there with its files
    const isSomething = form.querySelector("textarea[name=body]").value.trim() || idsOf(state.draft).length;
    if (isSomething) form.requestSubmit(form.querySelector(".composer-send"));
  }

  /* --- taking files in: what the server would refuse anyway is said at once; the server decides ---------------------- */
  function reasonAgainst(state, form, item) {
    const accepted = $("input[type=file]", form).accept.split(",");
    const [most, files] = [Number(form.dataset.mostBytes), Number(form.dataset.mostFiles)];
    const { name, size } = item;
    const limit = sizeText(most);
    if (item.isFolder) return { reason: fill(words.folder, { name }) };
    if (!accepted.includes(`.${endingOf(name)}`)) return { reason: fill(words.notAccepted, { name, allowed: accepted.join(", ") }) };
    if (!size) return { reason: fill(words.empty, { name }) };
    if (size > most) return { reason: fill(words.tooLarge, { name, size: sizeText(size), limit, over: overText(size - most) }) };
    if (state.items.filter(counts).length >= files) return { reason: fill(words.tooMany, { name, limit: files }), again: true };
    const total = bytesOf(state) + size;
    if (total > most) return { reason: fill(words.total, { size: sizeText(total), limit, over: overText(total - most) }), again: true };
    return null;
  }
  function refuse(item, { reason, again = false }) {
    Object.assign(item, { state: "refused", reason, again, progress: 0 });
    announce(reason.includes(item.name) ? reason : `${item.name}: ${reason}`);
  }
  function take(form, files) {
    const state = stateOf(form.dataset.draft);
    for (const { file, isFolder = false } of files) {
      const item = { file, isFolder, name: file.name, size: file.size, kind: endingOf(file.name), state: "new", progress: 0 };
      const against = reasonAgainst(state, form, item);
      if (against) refuse(item, against); else item.state = "queued";
      state.items.push(item);
    }
    changed(state);
    pump();
    $(".uploads", form).lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  /* --- uploading --------------------------------------------------------------------------------------------------- */
  function pump() {
    const all = [...drafts.values()].flatMap((state) => state.items.map((item) => [state, item]));
    let running = all.filter(([, item]) => item.state === "sending" || item.state === "judged").length;
    for (const [state, item] of all) {
      if (running >= AT_ONCE) return;
      if (item.state !== "queued") continue;
      running += 1;
      send(state, item);
    }
  }
  function send(state, item) {
    const form = formFor(state.draft);
    state.url = form?.dataset.files ?? state.url;
    state.mailbox = form?.elements.mailbox?.value ?? state.mailbox;
    if (!navigator.onLine) { fail(state, item, fill(words.offline, item), true); return; }
    const request = new XMLHttpRequest();
    let stalled = 0;
    const watch = () => { clearTimeout(stalled); stalled = setTimeout(() => request.abort(), STALLED_SECONDS * 1000); };
    Object.assign(item, { state: "sending", progress: 0, request, reason: "" });
    request.open("POST", state.url);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => {
      watch();
      if (event.lengthComputable) item.progress = event.loaded / event.total;
      update(item);
    };
    request.upload.onload = () => { watch(); item.state = "judged"; update(item); };
    request.onloadend = () => {
      clearTimeout(stalled);
      if (item.request !== request) return; // cancelled
      item.request = null;
      settle(state, item, request);
    };
    const body = new FormData();
    if (state.mailbox) body.set("mailbox", state.mailbox);
    body.set("file", item.file, item.name);
    watch();
    request.send(body);
    render(state);
  }
  async function settle(state, item, request) {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* a proxy's or an error's page */ }
    const { status } = request;
    if (status === 201 && answer.id) {
      const { id, name, kind, size, size_text: shown, state: checked, small_url: small, note } = answer;
      Object.assign(item, { id, name, kind, size, sizeText: shown, state: checked, small, note, file: null });
      announce(fill(words.attached, item));
      changed(state);
    } else if (status === 401) fail(state, item, fill(words.signedOut, item));
    else if (status === 403 && !answer.message && !item.renewed && await renewToken()) {
      Object.assign(item, { renewed: true, state: "queued" });
    } else if (status >= 400 && status < 500 && status !== 408) {
      const most = Number(formFor(state.draft)?.dataset.mostBytes ?? 10 * MEGABYTE);
      const tooLarge = fill(words.tooLarge, { name: item.name, size: sizeText(item.size), limit: sizeText(most), over: overText(Math.max(0, item.size - most)) });
      if (answer.name) item.name = answer.name;
      item.isWaitedFor = state.waiting;
      refuse(item, { reason: answer.message ?? (status === 413 ? tooLarge : fill(words.broken, item)), again: status === 429 || status === 403 });
      changed(state);
    } else if (status === 0) fail(state, item, fill(navigator.onLine ? words.failed : words.offline, item), !navigator.onLine);
    else fail(state, item, answer.message ?? fill(words.broken, item));
    pump();
  }
  // The file is kept in memory: trying again needs no second choice.
  function fail(state, item, reason, isOffline = false) {
    Object.assign(item, { state: "failed", reason, isOffline, again: true, progress: 0 });
    announce(reason);
    changed(state);
  }
  // Somebody signed in again in another tab: the page's token is an old one, its own address has a fresh one.
  async function renewToken() {
    const before = token();
    const url = new URL(location.href);
    url.searchParams.set("peek", "1");
    const answer = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
    const fresh = answer?.ok && $("input[name=csrfmiddlewaretoken]", parse(await answer.text()))?.value;
    if (!fresh || fresh === before) return false;
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = fresh;
    return true;
  }
  function retry(state, item) {
    const form = formFor(state.draft);
    item.state = "new";
    const against = form && reasonAgainst(state, form, item);
    if (against) refuse(item, against); else Object.assign(item, { state: "queued", reason: "", renewed: false });
    changed(state);
    pump();
  }
  function remove(state, item) {
    const form = formFor(state.draft);
    const buttons = () => [...(form?.querySelectorAll("[data-remove]") ?? [])];
    const place = buttons().indexOf(item.row?.querySelector("[data-remove]"));
    const { request } = item;
    item.request = null;
    request?.abort();
    if (item.id) {
      fetch(`${state.url ?? form?.dataset.files}${item.id}/remove/`, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token() } }).catch(() => {});
    }
    state.items = state.items.filter((one) => one !== item);
    changed(state);
    announce(fill(words.removed, item));
    (buttons()[Math.min(place, buttons().length - 1)] ?? $("[data-attach]", form ?? document))?.focus({ preventScroll: true });
    pump();
  }

  /* --- what is shown ------------------------------------------------------------------------------------------------- */
  function row(state, item) {
    const stem = item.name.length > 20 ? item.name.slice(0, -8) : item.name; // the ending stays when the rest is cut
    const thumb = make("span", { className: "upload-thumb" }, icon(PICTURES.test(item.kind) ? "image" : "file-text"));
    const name = make("p", { className: "upload-name", title: item.name }, make("span", { textContent: stem }), make("span", { textContent: item.name.slice(stem.length) }));
    const bar = make("progress", { max: 1, ariaLabel: fill(words.uploading, item) });
    const again = make("button", { className: "button button-quiet button-small", type: "button", textContent: words.again, ariaLabel: fill(words.againName, item) });
    const gone = make("button", { className: "button button-icon", type: "button" }, icon("x"));
    again.dataset.again = gone.dataset.remove = "";
    const meta = make("p", { className: "upload-meta" });
    const error = make("p", { className: "upload-error" });
    item.row = make("li", { className: "upload" }, thumb, make("div", { className: "upload-what" }, name, meta, bar, error), make("span", { className: "upload-buttons" }, again, gone));
    again.addEventListener("click", () => { retry(state, item); gone.focus({ preventScroll: true }); });
    gone.addEventListener("click", () => remove(state, item));
    item.drawn = item.name;
    return item.row;
  }
  function update(item) {
    if (!item.row) return;
    const { row: line } = item;
    const bar = $("progress", line);
    const note = { queued: words.queued, judged: words.checking }[item.state] ?? item.note ?? "";
    const percent = item.state === "sending" ? new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(item.progress) : "";
    line.dataset.state = item.state;
    $(".upload-meta", line).textContent = [item.sizeText || sizeText(item.size), percent, note].filter(Boolean).join(" · ");
    bar.hidden = !isBusy(item);
    if (item.state === "judged") bar.removeAttribute("value"); else bar.value = item.progress ?? 0;
    $(".upload-error", line).textContent = item.reason ?? "";
    $("[data-again]", line).hidden = !(item.again && ["failed", "refused"].includes(item.state));
    $("[data-remove]", line).ariaLabel = fill(isBusy(item) ? words.cancel : words.remove, item);
    if (item.small && !$("img", line)) $(".upload-thumb", line).replaceChildren(make("img", { src: item.small, alt: "" }));
    const kept = $("input[name=attachments]", line);
    if (isKept(item) && !kept) line.append(make("input", { type: "hidden", name: "attachments", value: item.id }));
    else if (!isKept(item)) kept?.remove();
  }
  function render(state) {
    const form = formFor(state.draft);
    if (!form?.dataset.filesReady) return;
    const list = $(".uploads", form);
    const wasAtEnd = thread() && isAtEnd();
    const rows = state.items.map((item) => {
      if (!item.row || item.drawn !== item.name) row(state, item);
      update(item);
      return item.row;
    });
    for (const old of [...list.children]) if (!rows.includes(old)) old.remove();
    rows.forEach((one, place) => { if (list.children[place] !== one) list.insertBefore(one, list.children[place] ?? null); });
    $("[data-wait]", form).hidden = !state.waiting;
    const room = $("[data-room]", form);
    const used = bytesOf(state);
    const most = Number(form.dataset.mostBytes);
    const count = state.items.filter(counts).length;
    room.hidden = !count;
    room.toggleAttribute("data-over", used > most || count > Number(form.dataset.mostFiles));
    const facts = { used: sizeText(used), most: sizeText(most), count: number.format(count), files: number.format(Number(form.dataset.mostFiles)) };
    const text = fill(words.room, facts);
    if (room.textContent !== text) room.textContent = text;
    form.querySelector("textarea[name=body]").required = !count;
    if (wasAtEnd) goToEnd(); // what is written grows over the last message on a phone
  }

  /* --- a form that came (again) -------------------------------------------------------------------------------------- */
  function prepare(form, ids = []) {
    if (!form.matches("[data-files]") || form.dataset.filesReady) return;
    form.dataset.filesReady = "yes";
    const state = stateOf(form.dataset.draft);
    const input = $("input[type=file]", form);
    const known = new Set(state.items.map((item) => item.id));
    for (const old of form.querySelectorAll(".uploads > .upload")) {
      const { id, name, size, sizeText: shown, kind, state: checked, small, note } = old.dataset;
      if (!known.has(id)) state.items.push({ id, name, size: Number(size), sizeText: shown, kind, state: checked, small, note });
      known.add(id);
    }
    // With scripts the send refers to ids only; the input is just the door to the device's files.
    input.removeAttribute("name");
    $("[data-plain]", form).hidden = true;
    $("[data-attach]", form).hidden = false;
    const hasCamera = matchMedia("(hover: none) and (pointer: coarse)").matches;
    $("[data-camera]", form).hidden = !hasCamera;
    render(state);
    state.unsure = [...new Set([...keptIds(state.draft), ...ids])];
    if (state.unsure.length && !state.isAsking) verify(state, form.dataset.files);
  }
  // Ids of a draft may have expired, been sent in another tab or belong to who was signed in before.
  async function verify(state, url, tries = 5) {
    const ids = state.unsure;
    state.isAsking = true;
    const query = new URLSearchParams(ids.map((id) => ["id", id]));
    const answer = await fetch(`${url}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) {
      // Not answered is not gone: the draft goes on naming them, and they are asked for again.
      state.isAsking = tries > 1 && answer?.status !== 401;
      if (state.isAsking) setTimeout(() => verify(state, url, tries - 1), 4000);
      else changed(state);
      return;
    }
    const { files } = await answer.json();
    const found = new Map(files.map((file) => [file.id, file]));
    Object.assign(state, { isAsking: false, unsure: state.unsure.filter((id) => !ids.includes(id)) });
    let isLess = false;
    state.items = state.items.filter((item) => !ids.includes(item.id) || !isKept(item) || found.has(item.id));
    for (const id of ids) {
      const file = found.get(id);
      const item = state.items.find((one) => one.id === id);
      if (!file) { isLess = true; continue; }
      const { name, kind, size, size_text: shown, state: checked, small_url: small, note } = file;
      if (item) Object.assign(item, { state: checked, note });
      else state.items.push({ id, name, kind, size, sizeText: shown, state: checked, small, note });
    }
    changed(state);
    if (isLess) {
      const form = formFor(state.draft);
      const line = form && $(".composer-left", form);
      if (line) { line.textContent = words.gone; line.toggleAttribute("data-failed", true); } else announce(words.gone);
    }
  }

  /* --- for the composer ---------------------------------------------------------------------------------------------- */
  // Whether a message may go now. While files go up it waits for them; a file that did not arrive stops it once.
  function maySend(form) {
    const state = stateOf(form.dataset.draft);
    if (isUnready(state)) {
      if (!state.waiting) announce(words.waiting);
      state.waiting = true;
      render(state);
      return { now: false };
    }
    if (state.items.some((item) => item.state === "failed")) return { now: false, sentence: words.missing };
    for (const item of state.items) {
      item.isSeen = item.state === "refused" && !item.isWaitedFor;
      item.isWaitedFor = false;
    }
    if (form.dataset.once !== undefined) carryOver(state.items.filter((item) => item.state === "refused" && !item.isSeen));
    return { now: true };
  }
  // A form that leaves the page takes along why a file was refused that the send had waited for.
  function carryOver(items) {
    try { sessionStorage.setItem(CARRIED, JSON.stringify(items.map((item) => item.reason))); } catch { /* told already */ }
  }
  function showCarried() {
    try {
      const reasons = JSON.parse(sessionStorage.getItem(CARRIED)) ?? [];
      sessionStorage.removeItem(CARRIED);
      for (const text of reasons) $("#flash")?.append(make("p", { className: "flash-message flash-warning", textContent: text }));
    } catch { /* nothing kept */ }
  }
  // What went with the message is forgotten here; a file refused while the send waited stays until somebody saw why.
  function forgetSent(draft, ids) {
    const state = stateOf(draft);
    state.items = state.items.filter((item) => !ids.includes(item.id) && !item.isSeen);
    render(state);
  }

  /* --- button, drop, paste ------------------------------------------------------------------------------------------- */
  const camera = document.body.appendChild(make("input", { type: "file", accept: "image/jpeg,image/png", hidden: true }));
  camera.setAttribute("capture", "environment");
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-attach], [data-camera], [data-stop]");
    const form = formOf(button);
    if (!form) return;
    const input = $("input[type=file]", form);
    if (button.matches("[data-stop]")) {
      const state = stateOf(form.dataset.draft);
      Object.assign(state, { waiting: false, isAsking: false, unsure: [] });
      render(state);
      $(".composer-send", form).focus({ preventScroll: true });
    } else if (button.matches("[data-camera]")) {
      camera.onchange = () => takeChosen(form.dataset.draft, camera);
      camera.click();
    } else input.click();
  });
  function takeChosen(draft, input) {
    const form = formFor(draft);
    if (form) take(form, [...input.files].map((file) => ({ file })));
    input.value = "";
  }
  document.addEventListener("change", (event) => {
    const form = event.target.matches("input[type=file]") && formOf(event.target);
    if (form && form.dataset.filesReady) takeChosen(form.dataset.draft, event.target);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.matches("textarea") && formOf(event.target);
    if (form && stateOf(form.dataset.draft).items.length) render(stateOf(form.dataset.draft));
  });

  const openForm = () => document.querySelector("form[data-files]");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") && openForm();
  const zoneOf = (target) => target.closest?.("#thread, .page-new main");
  const cover = make("div", { className: "files-drop" }, make("p", {}, icon("upload"), words.drop));
  cover.ariaHidden = "true";
  let leaving = 0;
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // a file dropped beside the pane must not replace the page and the text on it
    clearTimeout(leaving);
    const zone = zoneOf(event.target);
    event.dataTransfer.dropEffect = zone ? "copy" : "none";
    if (zone && cover.parentElement !== zone) zone.append(cover);
    leaving = setTimeout(() => cover.remove(), zone ? 400 : 0); // dragover comes again and again while it is above
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    clearTimeout(leaving);
    cover.remove();
    if (!zoneOf(event.target)) return;
    const folders = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()?.isDirectory ?? false);
    take(openForm(), [...event.dataTransfer.files].map((file, place) => ({ file, isFolder: folders[place] })));
  });

  function screenshotName(file, names) {
    const now = new Date();
    const two = (value) => String(value).padStart(2, "0");
    const stamp = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
    const ending = { "image/jpeg": "jpg", "image/gif": "gif" }[file.type] ?? "png";
    let name = `screenshot-${stamp}.${ending}`;
    for (let copy = 2; names.has(name); copy += 1) name = `screenshot-${stamp}-${copy}.${ending}`;
    return name;
  }
  document.addEventListener("paste", (event) => {
    const form = formOf(event.target);
    const data = event.clipboardData;
    // Spreadsheets and word processors put a picture of the text beside it: there the text is meant.
    if (!form || !data?.files.length || data.types.includes("text/plain")) return;
    event.preventDefault();
    const names = new Set(stateOf(form.dataset.draft).items.map((item) => item.name));
    const files = [...data.files].map((file) => {
      if (!/^image\.\w+$/.test(file.name) || !file.type.startsWith("image/")) return { file };
      const name = screenshotName(file, names);
      names.add(name);
      return { file: new File([file], name, { type: file.type }) };
    });
    take(form, files);
  });

  window.addEventListener("online", () => {
    for (const state of drafts.values()) for (const item of state.items.filter((one) => one.isOffline && one.state === "failed")) retry(state, item);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...drafts.values()].some((state) => state.items.some(isBusy))) event.preventDefault();
  });

  showCarried();
  return { prepare, keptIds, maySend, forgetSent };
})();
