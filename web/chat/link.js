// The connection to the server. It loses nothing and doubles nothing: what the resident says is kept until the server
// has acknowledged it, and is sent again under the same id; what the server says is numbered, and a gap asks again.

const STORE = "daoxue";
const PING_EVERY = 20_000, ANSWER_WITHIN = 12_000, SHORTEST = 400, LONGEST = 15_000, TYPING_EVERY = 2_500;

function load() {
  try { return JSON.parse(localStorage.getItem(STORE)) ?? {}; } catch { return {}; }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => String.fromCharCode(97 + (byte >> 4), 97 + (byte & 15))).join(""); // never a number
}

/** Who speaks, as the server knows it: the page's from its first frame, so that whatever is cut comes again as the same. */
function newToken() {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24)))).replaceAll("+", "-").replaceAll("/", "_");
}

export class Link extends EventTarget {
  #socket = null; #seen = 0; #tries = 0; #timer = 0; #alive = 0; #welcomed = false; #typed = 0; #again;

  constructor(language) {
    super();
    const kept = load();
    this.language = language;
    this.visitor = kept.visitor ?? newToken();
    this.pending = kept.pending ?? []; // {id, text} or {id, key, text}
    this.#keep();
    addEventListener("online", () => this.open());
    document.addEventListener("visibilitychange", () => document.hidden || this.open());
    setInterval(() => this.#watch(), PING_EVERY);
    this.open();
  }

  open() {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.#timer);
    this.#welcomed = false;
    const address = new URL("channels/webchat", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.#socket = new WebSocket(address));
    socket.onopen = () => this.#send({ type: "hello", visitor: this.visitor, since: this.#seen || null, lang: this.language });
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  say(message) {
    this.pending.push(message);
    this.#keep();
    if (this.#welcomed && !this.#again) this.#post(message); // else it goes out behind those that are sent again
  }

  /** A hint for the seat that has the talk; at most one in some seconds, and nobody relies on it. */
  type() {
    if (!this.#welcomed || Date.now() - this.#typed < TYPING_EVERY) return;
    this.#typed = Date.now();
    this.#send({ type: "typing" });
  }

  /** Something was said beside the socket: where it was the first, the server has nothing to tell this socket of yet. */
  look() {
    if (this.#seen) return;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.open();
  }

  forget() {
    this.visitor = newToken(); this.pending = []; this.#seen = 0;
    this.#keep();
    this.#socket?.close();
  }

  #post({ id, text, key }) {
    const { language: lang } = this;
    this.#send(key ? { type: "choice", id, key, lang } : { type: "message", id, text, lang });
  }

  #postAll() {
    this.#again = clearTimeout(this.#again);
    this.pending.forEach((message) => this.#post(message));
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #receive(frame) {
    this.#alive = Date.now();
    if (frame.type === "welcome") {
      this.#tries = 0;
      this.visitor = frame.visitor;
      this.#keep();
      this.#welcomed = true;
      this.#tell("state", "open");
      this.#tell("speaker", frame.speaker);
      if (frame.seq === 0) this.#tell("empty");
      this.#postAll();
    } else if (frame.type === "ack") {
      this.pending = this.pending.filter((message) => message.id !== frame.id);
      this.#keep();
      this.#tell("speaker", frame.speaker);
      this.#tell("ack", frame);
    } else if (frame.type === "message") {
      if (frame.seq <= this.#seen) return;
      if (this.#seen && frame.seq > this.#seen + 1) return this.#socket.close(); // a gap: ask again from what we have
      this.#seen = frame.seq;
      this.#tell("message", frame);
    } else if (frame.type === "error") {
      this.#failed(frame);
    } else if (frame.type === "typing") {
      this.#tell("typing");
    } else if (frame.type === "ping") {
      this.#send({ type: "pong" });
    }
  }

  #failed(frame) {
    if (frame.code === "too_fast") this.#again ||= setTimeout(() => this.#postAll(), 3000); // one for however many were refused
    if (frame.code === "too_long" || frame.code === "bad_frame") { this.pending.shift(); this.#keep(); }
    if (frame.code === "gone") this.#seen = 0;
    this.#tell("refused", frame);
  }

  #lost() {
    this.#welcomed = false;
    this.#tell("state", "lost");
    const wait = Math.min(LONGEST, SHORTEST * 2 ** this.#tries++);
    this.#timer = setTimeout(() => this.open(), wait * (0.5 + Math.random()));
  }

  #watch() {
    if (!this.#welcomed) return;
    const asked = Date.now();
    this.#send({ type: "ping" });
    setTimeout(() => this.#alive < asked && this.#socket?.close(), ANSWER_WITHIN);
  }

  #keep() {
    try { localStorage.setItem(STORE, JSON.stringify({ visitor: this.visitor, pending: this.pending })); } catch { /* private mode: this page alone remembers */ }
  }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
