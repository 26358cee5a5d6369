// Turns notifications on and off in this browser, and says in plain words why that is not possible.
(() => {
  "use strict";
  const box = document.getElementById("devices");
  if (!box?.dataset.key) return;
  const state = box.querySelector("[data-state]");
  const turnOn = box.querySelector("[data-turn-on]");

  const say = (text) => { state.textContent = text; };
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const rowOf = async (subscription) => {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
    return box.querySelector(`[data-device="${hex(hash)}"]`);
  };
  const isApple = () => /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

  function whyNot() {
    if (!window.isSecureContext) return box.dataset.insecure;
    const isAble = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
    if (!isAble) return isApple() ? box.dataset.homescreen : box.dataset.unsupported;
    return Notification.permission === "denied" ? box.dataset.denied : "";
  }

  function keyBytes() {
    const text = box.dataset.key.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }

  async function registration() {
    await navigator.serviceWorker.register("/sw.js");
    return navigator.serviceWorker.ready;
  }

  async function subscribe() {
    const options = { userVisibleOnly: true, applicationServerKey: keyBytes() };
    const { pushManager } = await registration();
    try {
      return await pushManager.subscribe(options);
    } catch (error) {
      // A subscription made with another key of this site stands in the way.
      const old = error.name === "InvalidStateError" && (await pushManager.getSubscription());
      if (!old) throw error;
      await old.unsubscribe();
      return pushManager.subscribe(options);
    }
  }

  async function keep(subscription) {
    const { endpoint, keys } = subscription.toJSON();
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(box.dataset.add, {
      method: "POST",
      headers: { "X-CSRFToken": token, Accept: "application/json" },
      body: new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth }),
    });
    if (answer.status === 201) return "";
    await subscription.unsubscribe();
    return answer.status === 422 ? (await answer.json()).sentence : box.dataset.failed;
  }

  turnOn.addEventListener("click", async () => {
    turnOn.disabled = true;
    say(box.dataset.waiting);
    try {
      const permission = await Notification.requestPermission();
      if (permission !== "granted") {
        say(permission === "denied" ? box.dataset.denied : box.dataset.dismissed);
        turnOn.hidden = permission === "denied";
        return;
      }
      const problem = await keep(await subscribe());
      if (problem) say(problem);
      else location.reload();
    } catch {
      say(box.dataset.failed);
    } finally {
      turnOn.disabled = false;
    }
  });

  async function look() {
    const problem = whyNot();
    if (problem) return say(problem);
    const subscription = await (await registration()).pushManager.getSubscription();
    const row = subscription && (await rowOf(subscription));
    if (!row) {
      say(box.dataset.off);
      turnOn.hidden = false;
      return undefined;
    }
    say(box.dataset.on);
    const name = row.querySelector("strong");
    if (!name.textContent.includes(box.dataset.here)) name.append(` (${box.dataset.here})`);
    const form = row.querySelector("form");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await subscription.unsubscribe().catch(() => {});
      form.submit();
    }, { once: true });
    return undefined;
  }
  look().catch(() => say(box.dataset.failed));
})();
