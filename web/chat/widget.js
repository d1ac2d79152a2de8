// Puts the chat on any page: <script src="https://…/widget.js" defer></script>. Everything else happens in a frame of
// our own origin, so the page around it sees nothing of the talk; it hears how many messages nobody has seen.
(() => {
  const script = document.currentScript;
  const home = new URL(".", script.src);
  const english = (script.dataset.lang ?? document.documentElement.lang).startsWith("en");
  const names = english ? ["Ask us", "Close"] : ["在线咨询", "关闭"];
  const unseen = (count) => (english ? `${count} new` : `${count} 条新消息`);
  const OPENED = "daoxue-widget"; // whoever has opened it before may have been answered since
  const button = document.createElement("button");
  button.type = "button";
  const name = document.createElement("span");
  name.textContent = names[0];
  const badge = document.createElement("span");
  badge.hidden = true;
  button.append(name, badge);
  button.setAttribute("aria-expanded", "false");
  Object.assign(button.style, {
    position: "fixed", right: "20px", bottom: "20px", zIndex: 2147483000, minHeight: "56px", padding: "0 22px", borderRadius: "28px",
    border: "0", background: "{{accent}}", color: "#fff", font: "600 17px system-ui, sans-serif", cursor: "pointer", boxShadow: "0 4px 16px #0004",
  });
  Object.assign(badge.style, {
    position: "absolute", right: "-2px", top: "-8px", minWidth: "26px", height: "26px", boxSizing: "border-box", padding: "0 7px", borderRadius: "13px",
    border: "2px solid #fff", background: "#b3261e", color: "#fff", font: "700 14px/22px system-ui, sans-serif", textAlign: "center", whiteSpace: "nowrap",
  });
  const told = document.createElement("span");
  told.setAttribute("role", "status");
  Object.assign(told.style, { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)", whiteSpace: "nowrap" });
  let frame = null;
  const isOpen = () => frame !== null && !frame.hidden;
  const remembered = (value) => {
    try { return value ? localStorage.setItem(OPENED, value) : localStorage.getItem(OPENED); } catch { return null; }
  };

  function load(closed) {
    frame = document.createElement("iframe");
    frame.title = names[0];
    frame.allow = "autoplay";
    frame.src = new URL(`?embed=1${closed ? "&closed=1" : ""}${english ? "&lang=en" : ""}`, home);
    frame.hidden = closed;
    Object.assign(frame.style, {
      position: "fixed", right: "20px", bottom: "88px", zIndex: 2147483000, width: "min(400px, calc(100vw - 40px))", display: closed ? "none" : "",
      height: "min(640px, calc(100dvh - 120px))", border: "1px solid #0003", borderRadius: "16px", boxShadow: "0 8px 32px #0005", background: "#fff",
    });
    document.body.append(frame);
  }

  function count(number) {
    badge.hidden = !number || isOpen();
    badge.style.display = badge.hidden ? "none" : "";
    badge.textContent = number > 99 ? "99+" : String(number);
    told.textContent = badge.hidden ? "" : unseen(number);
    button.setAttribute("aria-label", badge.hidden ? name.textContent : `${name.textContent}（${unseen(number)}）`);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!badge.hidden && !still) badge.animate?.([{ transform: "scale(.4)" }, { transform: "scale(1.2)" }, { transform: "scale(1)" }], 260);
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== home.origin) return;
    if (data?.daoxue === "unseen" && Number.isInteger(data.count)) count(data.count);
  });
  button.onclick = () => {
    if (!frame) load(false);
    else {
      frame.hidden = !frame.hidden;
      frame.style.display = frame.hidden ? "none" : "";
      frame.contentWindow.postMessage({ daoxue: isOpen() ? "opened" : "closed" }, home.origin);
    }
    remembered("yes");
    name.textContent = isOpen() ? names[1] : names[0];
    button.setAttribute("aria-expanded", String(isOpen()));
    count(0);
  };
  count(0);
  document.body.append(button, told);
  if (remembered()) load(true);
})();
