// Shows that there is a new reply when no page is open. It keeps nothing and fetches nothing.

const home = new URL("./", location.href).href;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  const how = { tag: "daoxue", renotify: true, icon: "icon.svg" };
  event.waitUntil(self.registration.showNotification(event.data?.text() || "有新回复", how));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show());
});

/** The page of the talk: one that is open, else a new one. */
async function show() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((page) => page.url.split(/[?#]/)[0] === home);
  return open ? open.focus() : self.clients.openWindow(home);
}
