// What came while nobody looked: counted in the title and on the widget's button, heard, and shown by the system where
// the resident has asked for that. Nothing is asked for before they press a button.

const SEEN = "daoxue-seen";
const TAG = "daoxue";
const TONES = [[660, 0], [880, 0.14]]; // hertz, and seconds from the beginning
const LOUD = 0.12, LASTS = 0.16; // seconds

function load() {
  try { return JSON.parse(localStorage.getItem(SEEN)); } catch { return null; }
}

/** Whether the browser lets this page ask for notifications: not on plain http, nor in a frame of another site. */
function mayAsk() {
  if (!isSecureContext || !("Notification" in window)) return false;
  try { return top.location.origin === location.origin; } catch { return false; }
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

export class News extends EventTarget {
  #seen = load(); #last = 0; #unseen = 0; #open; #audio; #subscribed = null; #title = document.title;

  /** `settings` holds `sound` and `remind`; `link` is who speaks for this page; `word` says something in its language. */
  constructor(settings, link, word) {
    super();
    this.settings = settings;
    this.link = link;
    this.word = word;
    this.key = document.body.dataset.push; // of web push; empty where the centre has none
    this.can = mayAsk();
    this.#open = parent === window || !new URLSearchParams(location.search).has("closed");
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("message", (event) => event.source === parent && this.#told(event.data));
    addEventListener("storage", ({ key }) => key === SEEN && this.#seenElsewhere());
    for (const touched of ["pointerdown", "keydown"]) addEventListener(touched, () => this.#wake(), { capture: true });
    this.#show();
  }

  /** In another window of the same talk. */
  #seenElsewhere() {
    this.#seen = load();
    if (this.#seen >= this.#last) this.#forgetCount();
  }

  #forgetCount() {
    this.#unseen = 0;
    this.#show();
    this.#clear();
  }

  get #looking() { return this.#open && !document.hidden; }

  /** Something was said by us; whether the resident has not seen it. What is `old` was there when the page opened. */
  came(frame, old) {
    const known = this.#seen !== null && frame.seq <= this.#seen;
    const missed = !known && (old ? this.#seen !== null : !this.#looking);
    this.#last = Math.max(this.#last, frame.seq);
    if (this.#looking) this.#keep();
    else if (missed) {
      this.#unseen += 1;
      this.#show();
      if (frame.author === "seat" && !old) { this.#ring(); this.#notify(); }
    }
    return missed;
  }

  /** A person is to answer: who has asked to be told is told of this talk. */
  awaits() {
    if (this.can && this.settings.remind && Notification.permission === "granted") this.#subscribe();
  }

  /** Whoever looks has seen it. */
  look() {
    if (!this.#looking || !this.#last) return;
    this.#keep();
    if (!this.#unseen) return;
    this.#tell("seen", this.#unseen);
    this.#forgetCount();
  }

  /** Another talk begins. */
  forget() {
    this.#seen = null; this.#last = 0; this.#unseen = 0;
    try { localStorage.removeItem(SEEN); } catch { /* there is nothing to forget */ }
    this.#show();
    return this.#unsubscribe();
  }

  /** Switches notifications on or off, as the resident pressed. */
  async remind() {
    const { settings } = this;
    if (settings.remind) {
      settings.remind = false;
      await this.#unsubscribe();
    } else {
      settings.remind = (await Notification.requestPermission()) === "granted";
      if (settings.remind) await this.#subscribe();
    }
    this.#tell("changed");
  }

  get refused() { return this.can && Notification.permission === "denied"; }

  #told(data) {
    if (data?.daoxue === "opened") this.#open = true;
    else if (data?.daoxue === "closed") this.#open = false;
    else return;
    this.look();
    if (this.#open) this.#tell("opened");
  }

  #keep() {
    this.#seen = Math.max(this.#seen ?? 0, this.#last);
    try { localStorage.setItem(SEEN, JSON.stringify(this.#seen)); } catch { /* not remembered */ }
  }

  #show() {
    document.title = this.#unseen ? `(${this.#unseen}) ${this.#title}` : this.#title;
    if (parent !== window) parent.postMessage({ daoxue: "unseen", count: this.#unseen }, "*"); // the number, and no word
  }

  // -- heard

  /** Browsers let a page be heard only once it has been touched. */
  #wake() {
    if (!this.settings.sound || !("AudioContext" in window)) return;
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume();
  }

  #ring() {
    const audio = this.#audio;
    if (!this.settings.sound || !audio) return;
    for (const [hertz, after] of TONES) {
      const begins = audio.currentTime + after, tone = audio.createOscillator(), loudness = audio.createGain();
      tone.frequency.value = hertz;
      loudness.gain.setValueAtTime(LOUD, begins);
      loudness.gain.exponentialRampToValueAtTime(0.001, begins + LASTS);
      tone.connect(loudness).connect(audio.destination);
      tone.start(begins);
      tone.stop(begins + LASTS);
    }
  }

  // -- shown by the system

  async #notify() {
    if (!this.can || !this.settings.remind || Notification.permission !== "granted") return;
    const how = { tag: TAG, renotify: true, icon: "icon.svg", lang: document.documentElement.lang };
    const worker = await navigator.serviceWorker?.getRegistration();
    if (worker) return worker.showNotification(this.word("news"), how);
    new Notification(this.word("news"), how).onclick = () => focus();
  }

  async #clear() {
    const worker = this.can && (await navigator.serviceWorker?.getRegistration());
    if (worker) for (const each of await worker.getNotifications({ tag: TAG })) each.close();
  }

  /** Also reaches who has closed the page. Where it fails, an open page shows notifications all the same. */
  async #subscribe() {
    const { visitor } = this.link;
    if (!("serviceWorker" in navigator) || this.#subscribed === visitor) return;
    this.#subscribed = visitor;
    try {
      const worker = await navigator.serviceWorker.register("sw.js");
      if (!this.key || !worker.pushManager) return;
      await navigator.serviceWorker.ready;
      const made = await this.#made(worker.pushManager);
      const { endpoint, keys } = made.toJSON();
      await this.#post({ visitor, endpoint, ...keys, lang: this.settings.lang });
    } catch (error) {
      console.info("no web push", error);
    }
  }

  async #made(pushes) {
    const how = { userVisibleOnly: true, applicationServerKey: bytes(this.key) };
    try {
      return await pushes.subscribe(how);
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error;
      await (await pushes.getSubscription()).unsubscribe(); // it is for a key that the centre had before
      return pushes.subscribe(how);
    }
  }

  async #unsubscribe() {
    const { visitor } = this.link; // of the talk that ends
    this.#subscribed = null;
    const worker = this.can && (await navigator.serviceWorker?.getRegistration());
    const made = worker && (await worker.pushManager?.getSubscription());
    if (!made) return;
    try {
      await Promise.all([made.unsubscribe(), this.#post({ visitor, endpoint: made.endpoint })]);
    } catch (error) {
      console.info("web push not ended at the server", error); // which hears it from the push service
    }
  }

  #post(body) {
    const headers = { "content-type": "application/json" };
    return fetch("channels/webchat/push", { method: "POST", headers, body: JSON.stringify(body) });
  }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
