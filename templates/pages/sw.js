{% autoescape off %}// Keeps the app's own files and the offline page. Pages, messages and every other answer go to the network only.
// Shows what the site pushes: a line about a notice, never the words of a message.
const CACHE = "shell-{{ version }}";
const SHELL = {{ shell }};
const OFFLINE = "{{ offline }}";

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    // Without cookies: what is kept must be the same for everybody.
    await cache.addAll(SHELL.map((url) => new Request(url, { credentials: "omit", cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(OFFLINE)) ?? Response.error()));
  } else if (url.pathname !== OFFLINE && SHELL.includes(url.pathname)) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((kept) => kept ?? fetch(request)));
  }
});

// A page of this site, whatever a push says.
function pageOf(path) {
  const url = new URL(typeof path === "string" ? path : "/", self.location.origin);
  return url.origin === self.location.origin ? url : new URL("/messages/", self.location.origin);
}

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data?.json() ?? {}; } catch { /* not ours: browsers want something shown all the same */ }
  const title = typeof told.title === "string" && told.title ? told.title : "{{ site_name|escapejs }}";
  event.waitUntil(self.registration.showNotification(title, {
    body: typeof told.body === "string" ? told.body : "",
    tag: typeof told.tag === "string" ? told.tag : "", // a repeat takes the place of what is shown
    icon: "{{ icon }}",
    data: { path: pageOf(told.path).href },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = pageOf(event.notification.data?.path);
  event.waitUntil((async () => {
    const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const place = (tab) => new URL(tab.url).pathname;
    const open = tabs.find((tab) => place(tab) === page.pathname);
    // A tab with the list can go there; one in which somebody may be writing is left alone.
    const list = open ?? tabs.find((tab) => place(tab) === "/messages/");
    if (!list) return self.clients.openWindow(page.href);
    if (open && !page.hash) return open.focus();
    const there = await list.navigate(page.href).catch(() => null);
    return there ? there.focus() : self.clients.openWindow(page.href);
  })());
});
{% endautoescape %}
