// One file to the server: it is there once the promise keeps its word, under the same id however often it is sent.

const TRIES = 4;

export class FileError extends Error {
  constructor(code, text) { super(text); this.code = code; }
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function attempt({ visitor, language }, id, file, told) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is
    request.open("POST", new URL("channels/webchat/files", location.href));
    const headers = { "content-type": "application/octet-stream", "x-visitor": visitor, "x-id": id, "x-lang": language };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("x-name", encodeURIComponent(file.name.slice(-100).toWellFormed?.() ?? file.name.slice(-100)));
    request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0);
    request.onload = () => done(request);
    request.onerror = request.onabort = () => fail(new FileError("offline"));
    request.send(file);
  });
}

function said(request) {
  try { return JSON.parse(request.responseText); } catch { return {}; } // a proxy's page
}

/** What the server answers; `told(share)` says how much has left. Where there is no room at this moment it waits for some. */
export async function upload(link, id, file, told) {
  for (let tries = 1; ; tries++) {
    const request = await attempt(link, id, file, told);
    if (request.status === 200) return said(request);
    if (request.status !== 503 || tries === TRIES) throw new FileError(said(request).code ?? "offline", said(request).text);
    await pause(Number(request.getResponseHeader("retry-after")) || tries);
  }
}

export function size(bytes) {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
