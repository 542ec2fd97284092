/* Pairs of a category and an expression for the names of its cookies. */
const cookies = "COOKIES".map(([category, pattern]) => [category, RegExp(pattern)]);
const MARK = "data-compliance-";
const HOLD = `${MARK}hold`;
const LATE = `[${MARK}type=module], [defer]:is([src], [${MARK}src])`;
const ASYNC = `[async]:is([src], [${MARK}src], [${MARK}type=module])`;
const GOOGLE = /gtag|googletag|google-analytics|googlead|googlesynd|doubleclick/;
const SIGNALS = {
  advertising: ["ad_storage", "ad_user_data", "ad_personalization"],
  analytics: ["analytics_storage"],
  functional: ["functionality_storage", "personalization_storage"],
};
const running = new Set();
const covered = new WeakSet();
const drafts = new WeakMap();
let guard, busy, signals;

export const release = async (told) => {
  const news = guard?.choices !== told.choices || !guard;
  guard = told;
  const { allowed, waiting } = guard;
  if (news) sweep();
  /* What runs cannot be stopped: a page that may no longer run it begins anew. */
  if ([...running].some((category) => !allowed(category))) return location.reload();
  const held = [...document.querySelectorAll(`[${HOLD}]`)];
  signal(held);
  for (const element of new Set([...held, ...waiting])) {
    const category = element.getAttribute(HOLD);
    if (!allowed(category)) {
      if (element.localName === "iframe") cover(element);
      continue;
    }
    running.add(category);
    if (element.type !== "text/plain") restore(element);
    else if (element.matches(ASYNC)) start(element);
  }
  if (busy) return;
  busy = true;
  for (let script; (script = next()); ) await start(script);
  busy = false;
};

const restore = (element) => {
  /* As a frame of a script: those of the parser get the addresses back that they had in the browser's history. */
  if (element.localName === "iframe" && !guard.waiting.has(element)) element.replaceWith(element);
  for (const name of element.getAttributeNames()) {
    if (!name.startsWith(MARK)) continue;
    const value = element.getAttribute(name);
    element.removeAttribute(name);
    if (name !== HOLD) guard.put(element, name.slice(MARK.length), value);
  }
  guard.waiting.delete(element);
};

/* In the page's order; those that wait for its end come after it. */
const next = () => {
  const scripts = [...document.querySelectorAll(`script[${HOLD}][type="text/plain"]`)].filter((script) =>
    guard.allowed(script.getAttribute(HOLD)),
  );
  return scripts.find((script) => !script.matches(LATE)) ?? (document.readyState !== "loading" && scripts[0]);
};

/* A script that the parser has passed by runs as a copy; the next one waits for it, as the parser would. */
const start = (old) =>
  new Promise((done) => {
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) guard.put(script, name, value);
    script.removeAttribute("type");
    restore(script);
    script.text = old.text;
    script.nonce = old.nonce;
    script.async = old.hasAttribute("async");
    script.addEventListener("load", done);
    script.addEventListener("error", done);
    drafts.set(script, { text: "", end: script });
    old.replaceWith(script);
    if (!script.src) done();
  });

/* What a released script writes follows it, as if it had stood in the page. */
for (const name of ["write", "writeln"]) {
  const write = document[name];
  document[name] = (...texts) => {
    const script = document.currentScript;
    const late = running.size && document.readyState !== "loading";
    const draft = drafts.get(script ?? (late && document.body));
    if (!draft) return write.apply(document, texts);
    draft.text += texts.join("");
    /* The rest of a tag or script is still to come. */
    if (/<[^>]*$|<script(?!.*<\/script)/is.test(draft.text)) return;
    const { content } = guard.parse(draft.text, true, true);
    const { lastChild } = content;
    draft.text = "";
    if (document.body.contains(draft.end)) draft.end.after(content);
    else document.body.append(content);
    draft.end = lastChild;
  };
}

/* Google's tags take signals of their own (Consent Mode v2): denied before any of them loads. */
const signal = (held) => {
  if (!signals && !held.some(({ outerHTML }) => GOOGLE.test(outerHTML))) return;
  const state = Object.fromEntries(
    Object.entries(SIGNALS).flatMap(([category, names]) =>
      names.map((name) => [name, signals && guard.allowed(category) ? "granted" : "denied"]),
    ),
  );
  const before = signals;
  signals = JSON.stringify(state);
  if (signals === before) return;
  const say = function () {
    (window.dataLayer ??= [])[before ? "push" : "unshift"](arguments);
  };
  say("consent", before ? "update" : "default", state);
  if (!before) signal(held);
};

/* Cookies that may not be there go, whichever path and domain they are for. */
const sweep = () => {
  for (const pair of document.cookie.split("; ")) {
    const [name] = pair.split("=");
    const owners = cookies.filter(([, pattern]) => pattern.test(name));
    if (!owners.length || owners.some(([category]) => guard.allowed(category))) continue;
    const gone = (path) => {
      for (let host = `.${location.hostname}`; host; host = host.replace(/^\.?[^.]*/, ""))
        document.cookie = `${name}=; max-age=0; path=${path}; domain=${host}`;
      document.cookie = `${name}=; max-age=0; path=${path}`;
    };
    for (let path = location.pathname; path; path = path.slice(0, path.lastIndexOf("/"))) gone(path), gone(`${path}/`);
    gone("/");
  }
};

/* A frame keeps its place and its size: what stands for it stands in it. */
const cover = (frame) => {
  const { clientWidth, clientHeight, contentDocument: page } = frame;
  if (covered.has(frame) || !page || clientWidth < 120 || clientHeight < 60) return;
  covered.add(frame);
  const { content, lang, dir } = guard.template;
  const category = frame.getAttribute(HOLD);
  const fill = () => {
    if (!frame.hasAttribute(HOLD) || frame.contentDocument?.body.childElementCount !== 0) return;
    const { head, body, documentElement } = frame.contentDocument;
    Object.assign(documentElement, { lang, dir });
    body.append(frame.contentDocument.importNode(content, true));
    head.append(...body.querySelectorAll("link"));
    body.querySelector("bdi").textContent = new URL(frame.getAttribute(`${MARK}src`), document.baseURI).hostname;
    for (const button of body.querySelectorAll("button")) {
      if (button.value && button.value !== category) button.remove();
      button.onclick = () => {
        if (button.value) return agree(category);
        restore(frame);
        frame.focus();
      };
    }
  };
  frame.addEventListener("load", fill);
  fill();
};

/* The banner's own form sends it: what is allowed already, and this. */
const agree = (category) => {
  const form = document.querySelector("[data-compliance=banner] form");
  if (!form) return location.assign(guard.template.dataset.preferences);
  const choice = document.createElement("button");
  Object.assign(choice, { name: "choice", value: "custom", hidden: true });
  form.append(choice);
  for (const { value } of guard.template.content.querySelectorAll("button"))
    if (value === category || (value && guard.allowed(value))) {
      const field = document.createElement("input");
      form.append(Object.assign(field, { type: "hidden", name: "category", value }));
    }
  form.requestSubmit(choice);
};
