// Puts the chat on any page: <script src="https://…/widget.js" defer></script>. Everything else happens in a frame of
// our own origin, so the page around it sees nothing of the talk.
(() => {
  const script = document.currentScript;
  const home = new URL(".", script.src);
  const english = (script.dataset.lang ?? document.documentElement.lang).startsWith("en");
  const names = english ? ["Ask the learning centre", "Close"] : ["问学习中心", "关闭"];
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = names[0];
  button.setAttribute("aria-expanded", "false");
  Object.assign(button.style, {
    position: "fixed", right: "20px", bottom: "20px", zIndex: 2147483000, minHeight: "56px", padding: "0 22px", borderRadius: "28px",
    border: "0", background: "#0b6e5f", color: "#fff", font: "600 17px system-ui, sans-serif", cursor: "pointer", boxShadow: "0 4px 16px #0004",
  });
  let frame = null;
  button.onclick = () => {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.title = names[0];
      frame.src = new URL(`?embed=1${english ? "&lang=en" : ""}`, home);
      Object.assign(frame.style, {
        position: "fixed", right: "20px", bottom: "88px", zIndex: 2147483000, width: "min(400px, calc(100vw - 40px))",
        height: "min(640px, calc(100dvh - 120px))", border: "1px solid #0003", borderRadius: "16px", boxShadow: "0 8px 32px #0005", background: "#fff",
      });
      document.body.append(frame);
    } else {
      frame.hidden = !frame.hidden;
      frame.style.display = frame.hidden ? "none" : "";
    }
    const open = !frame.hidden;
    button.textContent = open ? names[1] : names[0];
    button.setAttribute("aria-expanded", String(open));
  };
  document.body.append(button);
})();
