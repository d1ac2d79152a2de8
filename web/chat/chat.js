// The page: what was said, as a list; what can be said, as a form. All state that matters lives on the server.

import { FileError, size, upload } from "./files.js";
import { Link, newId } from "./link.js";
import { News } from "./news.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const query = new URLSearchParams(location.search);
const settings = { lang: "zh", elder: false, aloud: false, sound: true, remind: false };
try { Object.assign(settings, JSON.parse(localStorage.getItem("daoxue-settings"))); } catch { /* defaults */ }
if (query.get("lang") in WORDS) settings.lang = query.get("lang");
if (query.has("elder")) settings.elder = true;

const link = new Link(settings.lang);
const rows = new Map(); // id of the resident's message -> its row
let state = "connecting";
let answered = null; // id of the message that the last answer was to
let loading = true; // history comes first, and is not read aloud
let quiet = 0;
const own = document.body.dataset; // what the centre calls its assistant, how that greets, how long words are kept
const word = (key) => {
  const said = own[key + (settings.lang === "zh" ? "Zh" : "En")] || WORDS[settings.lang][key];
  return typeof said === "string" ? said.replace("{kept}", own.kept).replace("{megabytes}", own.megabytes) : said;
};

const news = new News(settings, link, word);
let speaker = "bot"; // who answers: the bot, nobody yet, or a seat

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Words of the page's own, which change with its language. */
function labelled(className, key) {
  const made = element("span", className, word(key));
  made.dataset.text = key;
  return made;
}

function dress() {
  root.lang = settings.lang === "zh" ? "zh-CN" : "en";
  root.classList.toggle("elder", settings.elder);
  root.classList.toggle("embedded", query.has("embed"));
  document.querySelectorAll("[data-text]").forEach((each) => (each.textContent = word(each.dataset.text)));
  $("say").placeholder = word("placeholder");
  $("log").setAttribute("aria-label", word("log"));
  $("attach").title = word("attachAll");
  $("lang").textContent = settings.lang === "zh" ? "English" : "中文";
  $("lang").lang = settings.lang === "zh" ? "en" : "zh-CN";
  $("elder").setAttribute("aria-pressed", settings.elder);
  $("aloud").hidden = !("speechSynthesis" in window);
  $("aloud").setAttribute("aria-pressed", settings.aloud);
  showState();
  showReach();
  try { localStorage.setItem("daoxue-settings", JSON.stringify(settings)); } catch { /* not remembered */ }
}

function showState() {
  $("state").dataset.state = state;
  $("state").textContent = word(state);
  rows.forEach((row) => row.dataset.sent || row.dataset.file || (row.querySelector(".meta").textContent = word(state === "open" ? "sending" : "waiting")));
}

/** While a person is to answer: how the resident hears of it. */
function showReach() {
  const end = atEnd();
  $("reach").hidden = speaker === "bot" && !settings.remind;
  if (end) $("log").scrollTop = $("log").scrollHeight; // the talk has become lower
  $("sound").textContent = word(settings.sound ? "soundOn" : "soundOff");
  $("sound").setAttribute("aria-pressed", settings.sound);
  $("remind").hidden = !news.can;
  $("remind").disabled = news.refused;
  $("remind").textContent = word(news.refused ? "remindRefused" : settings.remind ? "remindOn" : "remind");
  $("remind").setAttribute("aria-pressed", settings.remind);
}

function atEnd() {
  const log = $("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 120;
}

function add(row, own) {
  const log = $("log");
  const follow = own || atEnd() || loading;
  log.append(row);
  if (!follow) $("newest").hidden = false;
  else if (row.offsetHeight > log.clientHeight && !loading) row.scrollIntoView({ block: "start" });
  else log.scrollTop = log.scrollHeight;
}

/** What was missed, else the end: a closed widget has no height, and so no place in the talk. */
function showMissed() {
  const log = $("log"), missed = log.querySelector(".new")?.closest("li");
  if (missed) missed.scrollIntoView({ block: "start" });
  else log.scrollTop = log.scrollHeight;
}

function makeRow(author, text) {
  const row = element("li", author);
  const name = element("span", "name");
  name.append(labelled("", author));
  row.append(name);
  if (text) row.append(element("p", "bubble", text));
  return row;
}

function showOwn(id, text, files = []) {
  const row = makeRow("resident", text);
  for (const file of files) row.append(element("span", "own-file", `📎 ${file.name}`)); // seats alone can fetch it
  row.append(element("span", "meta", word(state === "open" ? "sending" : "waiting")));
  rows.set(id, row);
  add(row, true);
}

function settle(row) {
  row.dataset.sent = "yes";
  row.querySelector(".meta").replaceChildren(labelled("", "sent"));
}

function showMessage(frame) {
  if (frame.author === "resident") {
    if (!rows.has(frame.id)) showOwn(frame.id, frame.text, frame.files);
    settle(rows.get(frame.id));
    closeOptions();
    return;
  }
  think(false);
  if (frame.re === null || frame.re !== answered) closeOptions(); // what is offered stands under what was said last
  answered = frame.re;
  if (frame.author === "seat" && !loading) hears("seat");
  const row = makeRow(frame.author, frame.text);
  if (news.came(frame, loading)) row.querySelector(".name").append(labelled("new", "new"));
  for (const card of frame.cards) row.append(makeCard(card));
  for (const file of frame.files ?? []) row.append(makeFile(file));
  if (frame.source) {
    const source = element("span", "meta");
    source.append(labelled("", "source"), frame.source);
    row.append(source);
  }
  if (frame.options.length) row.append(makeOptions(frame.options));
  if (settings.elder && "speechSynthesis" in window) {
    const read = element("button", "read", word("read"));
    read.dataset.text = "read";
    read.type = "button";
    read.onclick = () => speak(frame);
    row.append(read);
  }
  add(row);
  if (settings.aloud && !loading) speak(frame);
}

let uploading = Promise.resolve(); // one after the other, in the order in which they were chosen

function sendFile(file) {
  loading = false;
  document.querySelectorAll("#log .starters, #log .new").forEach((each) => each.remove());
  const id = newId(), row = makeRow("resident"), bar = element("progress");
  row.append(makeOwn(file), bar, element("span", "meta", word("sending")));
  bar.max = 1;
  bar.setAttribute("aria-label", word("progress"));
  row.dataset.file = "yes";
  rows.set(id, row);
  add(row, true);
  uploading = uploading.then(() => post(id, file, row, bar));
}

async function post(id, file, row, bar) {
  row.querySelector(".failure")?.remove();
  bar.hidden = false;
  try {
    if (file.size > own.megabytes * 1_000_000) throw new FileError("too_large", word("tooLarge"));
    if (!file.size) throw new FileError("empty", word("emptyFile"));
    await upload(link, id, file, (share) => (bar.value = share));
  } catch (error) {
    bar.hidden = true;
    return failed(error, row, () => post(id, file, row, bar));
  }
  bar.remove();
  settle(row);
  link.look();
}

const NEVER = new Set(["too_large", "kind", "empty"]); // the same file again is no better

function failed(error, row, again) {
  if (!(error instanceof FileError)) throw error;
  const failure = element("span", "failure", error.message || word("notSent"));
  if (!NEVER.has(error.code)) {
    const button = element("button", "", word("again"));
    button.type = "button";
    button.onclick = () => (uploading = uploading.then(again));
    failure.append(button);
  }
  row.querySelector(".meta").textContent = "";
  row.append(failure);
  if (atEnd()) $("log").scrollTop = $("log").scrollHeight;
}

function makeOwn(file) {
  const made = element("span", "own-file", `📎 ${file.name}（${size(file.size)}）`);
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return made;
  const picture = document.createElement("img");
  picture.alt = file.name;
  picture.onload = () => {
    URL.revokeObjectURL(picture.src);
    $("log").scrollTop = $("log").scrollHeight; // it was just sent, and has only now its height
  };
  picture.onerror = () => picture.replaceWith(`📎 ${file.name}`);
  picture.src = URL.createObjectURL(file);
  made.replaceChildren(picture);
  return made;
}

function makeFile(file) {
  const link = element("a", "file", file.name);
  link.href = file.path;
  link.target = "_blank";
  link.rel = "noopener";
  if (file.type.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = file.path;
    picture.alt = file.name;
    link.replaceChildren(picture);
  }
  return link;
}

function makeCard(card) {
  const made = element("section", "card");
  made.append(element("h2", "", card.title));
  const lines = element("ul");
  for (const line of card.lines) lines.append(element("li", "", line));
  made.append(lines);
  return made;
}

function makeOptions(options) {
  const group = element("div", "options");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", word("options"));
  for (const { key, label } of options) {
    const button = element("button", "", `${key}. ${label}`);
    button.type = "button";
    button.onclick = () => send({ id: newId(), key, text: label });
    group.append(button);
  }
  return group;
}

function closeOptions() {
  document.querySelectorAll("#log .options:not(.starters) button").forEach((button) => (button.disabled = true));
}

function speak(frame) {
  speechSynthesis.cancel();
  const said = new SpeechSynthesisUtterance([frame.text, ...frame.cards.flatMap((card) => card.lines)].join("。"));
  said.lang = frame.lang === "zh" ? "zh-CN" : "en";
  said.rate = settings.elder ? 0.85 : 1;
  speechSynthesis.speak(said);
}

function think(on, what = "thinking") {
  $("thinking").firstElementChild.textContent = word(what);
  clearTimeout(quiet);
  $("thinking").hidden = !on;
  if (on) quiet = setTimeout(() => think(false), 8000);
}

function send(message) {
  loading = false;
  document.querySelectorAll("#log .starters, #log .new").forEach((each) => each.remove());
  closeOptions();
  showOwn(message.id, message.text);
  link.say(message);
  if (state === "open") think(true);
}

function hears(who) {
  speaker = who;
  if (who !== "bot") news.awaits();
  showReach();
}

function welcome() {
  if ($("log").children.length) return;
  const row = makeRow("bot", word("hello"));
  const group = element("div", "options starters");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", word("options"));
  for (const text of word("starters").split("\n")) {
    const button = element("button", "", text);
    button.type = "button";
    button.onclick = () => send({ id: newId(), text });
    group.append(button);
  }
  row.append(group);
  add(row);
}

function grow() {
  const box = $("say");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("say").value.trim();
  if (!text) return $("say").focus();
  $("say").value = "";
  grow();
  send({ id: newId(), text });
});
$("say").addEventListener("input", () => { grow(); link.type(); });
$("say").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("form").requestSubmit();
  }
});
$("attach").onclick = () => $("file").click();
$("file").addEventListener("change", () => {
  for (const file of $("file").files) sendFile(file);
  $("file").value = "";
});
$("say").addEventListener("paste", (event) => {
  if (!event.clipboardData?.files.length) return;
  event.preventDefault();
  for (const file of event.clipboardData.files) sendFile(file);
});
addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return; // words, for the box
  event.preventDefault();
  for (const file of event.dataTransfer.files) sendFile(file);
});
$("elder").onclick = () => { settings.elder = !settings.elder; dress(); };
$("aloud").onclick = () => { settings.aloud = !settings.aloud; settings.aloud || speechSynthesis.cancel(); dress(); };
$("lang").onclick = () => {
  settings.lang = settings.lang === "zh" ? "en" : "zh";
  dress();
  if (!rows.size) { $("log").replaceChildren(); welcome(); }
  link.language = settings.lang;
};
$("fresh").onclick = () => {
  if (!confirm(word("freshAsk"))) return;
  rows.clear();
  $("log").replaceChildren();
  news.forget();
  link.forget();
  hears("bot");
};
$("sound").onclick = () => { settings.sound = !settings.sound; dress(); };
$("remind").onclick = () => news.remind();
news.addEventListener("changed", dress);
news.addEventListener("opened", showMissed);
news.addEventListener("seen", ({ detail }) => ($("news").textContent = word("missed").replace("{count}", detail)));
$("newest").onclick = () => { $("log").scrollTop = $("log").scrollHeight; $("newest").hidden = true; };
$("log").addEventListener("scroll", () => { if (atEnd()) $("newest").hidden = true; });

link.addEventListener("state", ({ detail }) => { state = detail; showState(); if (detail === "lost") think(false); });
link.addEventListener("empty", welcome);
link.addEventListener("speaker", ({ detail }) => hears(detail));
link.addEventListener("ack", ({ detail }) => {
  const row = rows.get(detail.id);
  if (row) settle(row);
  setTimeout(() => think(false), 1500); // while a seat has the talk, nobody answers at once
});
link.addEventListener("message", ({ detail }) => showMessage(detail));
link.addEventListener("typing", () => think(true, "writing"));
link.addEventListener("refused", ({ detail }) => { think(false); add(makeRow("system", detail.text)); });
setTimeout(() => (loading = false), 1500);
link.pending.forEach(({ id, text }) => showOwn(id, text));
dress();
$("say").focus({ preventScroll: true });
