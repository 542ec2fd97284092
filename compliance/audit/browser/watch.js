// What `check --browser` runs in every frame before its scripts: it tells which of them set something, take a
// fingerprint or read what a reader types. Functions stay what they are: each is called first and told of afterwards.
(name, marker) => {
  const bound = window[name];
  if (typeof bound !== "function") return;
  delete window[name];
  const told = new Set();
  let left = 400; // what one frame may tell

  // The scripts that are at work, the innermost first, each once: address and line.
  const where = () => {
    const limit = Error.stackTraceLimit, prepare = Error.prepareStackTrace;
    Error.stackTraceLimit = 40;
    Error.prepareStackTrace = undefined;
    const stack = String(new Error().stack);
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = prepare;
    const places = new Map();
    for (const [, address, line] of stack.matchAll(/((?:https?|blob):[^\s()]+?):(\d+):\d+\)?$/gm))
      if (!places.has(address)) places.set(address, Number(line));
    return [...places];
  };
  const tell = (what, more = {}, places = where()) => {
    const key = JSON.stringify([what, more, places[0]]);
    if (told.has(key) || left-- <= 0) return;
    told.add(key);
    bound(JSON.stringify({ what, where: places, ...more }));
  };

  const after = (owner, key, look) => {
    const found = owner && Object.getOwnPropertyDescriptor(owner, key);
    if (!found || typeof found.value !== "function" || !found.configurable) return;
    const value = new Proxy(found.value, {
      apply(target, self, given) {
        const result = Reflect.apply(target, self, given);
        try { look(self, given, result); } catch { /* the page goes on as without us */ }
        return result;
      },
    });
    Object.defineProperty(owner, key, { ...found, value });
  };
  const accessed = (owner, key, { read, write }) => {
    const found = owner && Object.getOwnPropertyDescriptor(owner, key);
    if (!found || !found.configurable) return;
    const around = (part, look) => part && look && new Proxy(part, {
      apply(target, self, given) {
        const result = Reflect.apply(target, self, given);
        try { look(self, given, result); } catch { /* as above */ }
        return result;
      },
    });
    const get = around(found.get, read) || found.get, set = around(found.set, write) || found.set;
    Object.defineProperty(owner, key, { ...found, get, set });
  };

  // What is kept, and by whom; never the value.
  accessed(Document.prototype, "cookie", {
    write(_, [text]) {
      text = String(text);
      const name = text.slice(0, Math.max(0, text.indexOf("="))).trim();
      tell("store", { store: "cookie", name });
    },
  });
  after(globalThis.CookieStore?.prototype, "set", (_, [given, value]) =>
    tell("store", { store: "cookie", name: String(value === undefined ? given.name : given) }));
  after(Storage.prototype, "setItem", (self, [name]) => {
    let store = "sessionStorage";
    try { if (self === localStorage) store = "localStorage"; } catch { /* forbidden here */ }
    tell("store", { store, name: String(name) });
  });
  after(globalThis.IDBFactory?.prototype, "open", (_, [name]) => tell("store", { store: "IndexedDB", name: String(name) }));
  after(globalThis.CacheStorage?.prototype, "open", (_, [name]) => tell("store", { store: "Cache", name: String(name) }));
  after(globalThis.ServiceWorkerContainer?.prototype, "register", (_, [address]) =>
    tell("store", { store: "service worker", name: new URL(address, document.baseURI).pathname }));

  // Fingerprints. What a reader sees, or what is shown as a picture, is drawing.
  const hidden = element => {
    if (!element.isConnected || frameElement?.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) === false) return true;
    const box = element.getBoundingClientRect();
    return !element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || !box.width || !box.height
      || box.right + scrollX <= 0 || box.bottom + scrollY <= 0;
  };
  const drawn = new WeakMap(); // of a canvas: what was written on it
  const written = canvas => {
    if (!drawn.has(canvas)) drawn.set(canvas, { letters: new Set(), colours: new Set(), pictures: 0 });
    return drawn.get(canvas);
  };
  const waiting = []; // what is judged at the end: [what, where, whether it is innocent]
  const contexts = [globalThis.CanvasRenderingContext2D, globalThis.OffscreenCanvasRenderingContext2D];
  const shown = new Set(); // ends of pictures that were put somewhere
  const end = address => address.slice(-96);
  for (const context of contexts) {
    for (const key of ["fillText", "strokeText"])
      after(context?.prototype, key, (self, [text]) => {
        const state = written(self.canvas);
        if (state.letters.size < 40) for (const letter of String(text).slice(0, 60)) state.letters.add(letter);
        if (state.colours.size < 4) state.colours.add(String(key === "fillText" ? self.fillStyle : self.strokeStyle));
      });
    after(context?.prototype, "drawImage", self => written(self.canvas).pictures++);
    after(context?.prototype, "getImageData", (self, [, , width, height]) => taken(self.canvas, width, height, ""));
  }
  function taken(canvas, width, height, address) {
    const state = drawn.get(canvas);
    if (!state || state.pictures || Math.abs(width) < 16 || Math.abs(height) < 16) return;
    // A few signs are a question of what the system can draw; one colour read back is a shape to play with.
    if (state.letters.size < 10 && state.colours.size < 2) return;
    if (!address && (state.letters.size < 10 || state.colours.size < 2)) return;
    if (canvas instanceof HTMLCanvasElement && !hidden(canvas)) return;
    const places = where();
    if (waiting.length < 50) waiting.push(["canvas", places, () => address && shown.has(end(address))
      || address && document.documentElement.outerHTML.includes(end(address))]);
  }
  after(HTMLCanvasElement.prototype, "toDataURL", (self, _, address) => taken(self, self.width, self.height, address));
  after(HTMLCanvasElement.prototype, "toBlob", self => taken(self, self.width, self.height, ""));
  after(globalThis.OffscreenCanvas?.prototype, "convertToBlob", self => taken(self, self.width, self.height, ""));
  accessed(HTMLImageElement.prototype, "src", {
    write(_, [address]) { if (String(address).startsWith("data:")) shown.add(end(String(address))); },
  });

  const MANY = 30; // fonts that one text is measured in
  const fonts = new Map();
  const measured = (text, font, innocent = () => false) => {
    if (!font || !text || text.length > 200) return;
    if (!fonts.has(text)) { if (fonts.size >= 50) return; fonts.set(text, new Set()); }
    const tried = fonts.get(text);
    if (tried.has(font)) return;
    tried.add(font);
    if (tried.size === MANY) waiting.push(["fonts", where(), innocent]);
  };
  for (const context of contexts) after(context?.prototype, "measureText", (self, [text]) => measured(`drawn: ${text}`, self.font));
  for (const key of ["offsetWidth", "offsetHeight"])
    accessed(HTMLElement.prototype, key, {
      read(self) {
        const family = self.style.fontFamily;
        if (family) measured(self.textContent, family, () => !hidden(self));
      },
    });
  for (const key of ["getBoundingClientRect", "getClientRects"])
    after(Element.prototype, key, self => {
      const family = self.style?.fontFamily;
      if (family) measured(self.textContent, family, () => !hidden(self));
    });
  after(globalThis.FontFaceSet?.prototype, "check", (_, [font]) => measured("check", String(font)));

  const sounds = new WeakMap(); // of an offline context: what makes its sound
  const rendered = [];
  const played = new WeakSet();
  const made = (self, what) => {
    if (!sounds.has(self)) sounds.set(self, new Set());
    sounds.get(self).add(what);
  };
  const audio = globalThis.BaseAudioContext?.prototype;
  after(audio, "createOscillator", self => made(self, "tone"));
  after(audio, "createDynamicsCompressor", self => made(self, "compressor"));
  after(audio, "createBufferSource", self => made(self, "recording"));
  for (const [type, tone] of [["OscillatorNode", "tone"], ["DynamicsCompressorNode", "compressor"]])
    if (globalThis[type]) globalThis[type] = new Proxy(globalThis[type], {
      construct(target, given, made_) { made(given[0], tone); return Reflect.construct(target, given, made_); },
    });
  after(globalThis.OfflineAudioContext?.prototype, "startRendering", self => {
    if (sounds.get(self)?.has("tone") && !sounds.get(self).has("recording")) rendered.push(self.length);
  });
  for (const key of ["getChannelData", "copyFromChannel"])
    after(globalThis.AudioBuffer?.prototype, key, self => {
      if (rendered.includes(self.length)) waiting.push(["audio", where(), () => played.has(self)]);
    });
  accessed(globalThis.AudioBufferSourceNode?.prototype, "buffer", { write(_, [buffer]) { if (buffer) played.add(buffer); } });
  after(globalThis.AnalyserNode?.prototype, "getFloatFrequencyData", self => {
    const source = sounds.get(self.context);
    if (source?.has("tone") && source.has("compressor")) waiting.push(["audio", where(), () => false]);
  });

  const cards = new WeakMap(); // of a canvas: what was asked of the graphics card
  const asked = (self, what) => {
    const canvas = self.canvas;
    if (!cards.has(canvas)) cards.set(canvas, new Set());
    const questions = cards.get(canvas);
    questions.add(what);
    const card = questions.has(0x9245) || questions.has(0x9246); // UNMASKED_VENDOR_WEBGL, UNMASKED_RENDERER_WEBGL
    if (card && questions.size === 8 && waiting.length < 50)
      waiting.push(["webgl", where(), () => canvas instanceof HTMLCanvasElement && !hidden(canvas)]);
  };
  for (const context of [globalThis.WebGLRenderingContext, globalThis.WebGL2RenderingContext]) {
    after(context?.prototype, "getParameter", (self, [what]) => asked(self, what));
    after(context?.prototype, "getSupportedExtensions", self => asked(self, "extensions"));
    after(context?.prototype, "getShaderPrecisionFormat", (self, given) => asked(self, given.join()));
  }

  // Who listens to everything that a reader does, and to every change of the page.
  const everywhere = target => target === window || target === document || target === document.documentElement || target === document.body;
  const follows = new Set(["mousemove", "pointermove", "touchmove", "scroll", "click", "mousedown", "pointerdown", "keydown", "keyup", "input"]);
  after(EventTarget.prototype, "addEventListener", (self, [type]) => {
    if (follows.has(type) && everywhere(self ?? window)) tell("listens", { type });
  });
  after(MutationObserver.prototype, "observe", (_, [target, options]) => {
    if (everywhere(target) && options?.subtree) tell("observes");
  });
  // What is sent as a blob is not told otherwise.
  const sent = (address, body) => {
    if (!(body instanceof Blob) || body.size > 200000) return;
    const to = String(new URL(address, document.baseURI)), places = where();
    body.arrayBuffer().then(bytes => {
      let text = "";
      for (const one of new Uint8Array(bytes)) text += String.fromCharCode(one);
      tell("sent", { to, body: btoa(text) }, places);
    });
  };
  after(Navigator.prototype, "sendBeacon", (_, [address, body]) => sent(address, body));
  after(globalThis, "fetch", (_, [address, options]) => sent(address?.url ?? address, options?.body));
  const addresses = new WeakMap();
  after(XMLHttpRequest.prototype, "open", (self, [, address]) => addresses.set(self, address));
  after(XMLHttpRequest.prototype, "send", (self, [body]) => sent(addresses.get(self), body));

  // Whom the browser asks for its own address, to be called by others.
  after(globalThis.RTCPeerConnection?.prototype, "setLocalDescription", self => {
    for (const { urls } of self.getConfiguration().iceServers)
      for (const url of [urls].flat())
        tell("asks", { type: "webrtc", to: String(url).replace(/^(stun|turn)s?:(?:\/\/)?/i, (_, scheme) => `${scheme.toLowerCase()}://`) });
  });

  // What is asked for beside the page, or after it.
  const asks = (type, address) => tell("asks", { type, to: String(new URL(address?.url ?? address, document.baseURI)) });
  after(globalThis.Worklet?.prototype, "addModule", (_, [address]) => asks("script", address));
  after(globalThis, "fetchLater", (_, [address]) => asks("fetch", address));
  if (globalThis.EventSource)
    globalThis.EventSource = new Proxy(EventSource, {
      construct(target, given, self) {
        const made = Reflect.construct(target, given, self);
        asks("eventsource", given[0]);
        return made;
      },
    });
  let blobs = 50; // scripts for workers, and much else
  after(URL, "createObjectURL", (_, [from], to) => {
    if (from instanceof Blob && !/^(?:image|audio|video)/.test(from.type) && blobs-- > 0) tell("makes", { to });
  });

  // Who reads what was typed.
  for (const field of [HTMLInputElement, HTMLTextAreaElement])
    accessed(field.prototype, "value", {
      read(self, _, value) {
        if (typeof value === "string" && value.includes(marker)) tell("reads", { field: self.name || self.id || self.type });
      },
    });

  // What was waiting, judged when the page has been looked at long enough.
  const judge = () => {
    for (const [what, places, innocent] of waiting.splice(0))
      try { if (!innocent()) tell(what, {}, places); } catch { /* it is gone */ }
  };
  addEventListener(`${name}:end`, event => {
    event.stopImmediatePropagation();
    judge();
  });
  // A reader turns to another page and comes back, as far as scripts can tell. What is sent by a page that goes in earnest
  // is told by nobody.
  const hide = hidden => {
    const state = hidden ? "hidden" : "visible";
    Object.defineProperties(document, {
      visibilityState: { get: () => state, configurable: true },
      hidden: { get: () => hidden, configurable: true },
    });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  };
  addEventListener(`${name}:leave`, event => {
    event.stopImmediatePropagation();
    hide(true);
    dispatchEvent(new Event("beforeunload", { cancelable: true }));
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  });
  addEventListener(`${name}:return`, event => {
    event.stopImmediatePropagation();
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    hide(false);
    delete document.visibilityState;
    delete document.hidden;
  });
  addEventListener("pagehide", judge); // of a frame that was made for it and is taken away
}
