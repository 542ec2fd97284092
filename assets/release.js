import { HOLD, MARK, restore } from "./restore.js";

const LATE = `[${MARK}type=module], [defer]:is([src], [${MARK}src])`;
const ASYNC = `[async]:is([src], [${MARK}src], [${MARK}type=module])`;
const INERT = "text/plain";
const GOOGLE = /gtag|google(tag|-an|ad|synd)|doubleclick/;
const SIGNALS = {
  advertising: ["ad_storage", "ad_user_data", "ad_personalization"],
  analytics: ["analytics_storage"],
  functional: ["functionality_storage", "personalization_storage"],
};
const running = new Set();
const drafts = new WeakMap();
let guard, busy, signals, past;
/* Scripts that were started and have not run. */
let flying = 0;

export const release = async (tools) => {
  guard = tools;
  const { allowed, find } = guard;
  const held = find();
  signal(held);
  const open = [...held].filter((element) => allowed(element.getAttribute(HOLD)));
  if (open.some(({ type }) => type === INERT)) past ??= await import("./replay.js");
  for (const element of open) {
    /* Another round may have come first. */
    if (!element.hasAttribute(HOLD) || !(element.isConnected || guard.waiting.has(element))) continue;
    running.add(element.getAttribute(HOLD));
    if (element.type !== INERT) restore(element, guard);
    else if (element.matches(ASYNC)) start(element).then(() => past.replay(flying));
  }
  if (busy) return;
  busy = true;
  for (let script; (script = next()); ) await start(script);
  past?.replay(flying);
  busy = false;
};

/* In the page's order; those that wait for its end come after it. */
const next = () => {
  const scripts = [...document.querySelectorAll(`script[${HOLD}][type="${INERT}"]`)].filter((script) =>
    guard.allowed(script.getAttribute(HOLD)),
  );
  return scripts.find((script) => !script.matches(LATE)) ?? (document.readyState !== "loading" && scripts[0]);
};

/* A script that the parser has passed by runs as a copy; the next one waits for it, as the parser would. */
const start = (old) =>
  new Promise((done) => {
    const script = document.createElement("script");
    const ended = () => {
      flying--;
      done();
    };
    flying++;
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.removeAttribute("type");
    past.meant(script);
    restore(script, guard);
    script.text = old.text;
    script.nonce = old.nonce;
    script.async = old.hasAttribute("async");
    script.addEventListener("load", ended);
    script.addEventListener("error", ended);
    drafts.set(script, { text: "", end: script });
    past.listen(() => busy || drafts.has(document.currentScript));
    old.replaceWith(script);
    if (!script.src) ended();
  });

/* What a released script writes follows it, as if it had stood in the page. */
for (const name of ["write", "writeln"]) {
  const write = document[name];
  document[name] = (...texts) => {
    const late = running.size && document.readyState !== "loading";
    const draft = drafts.get(document.currentScript ?? (late && document.body));
    if (!draft) return write.apply(document, texts);
    draft.text += texts.join("");
    /* The rest of a tag or script is still to come. */
    if (/<[^>]*$|<script(?!.*<\/script)/is.test(draft.text)) return;
    const content = past.parsed(draft.text, guard);
    const { lastChild } = content;
    draft.text = "";
    if (document.body.contains(draft.end)) draft.end.after(content);
    else document.body.append(content);
    draft.end = lastChild;
  };
}

/* Google's tags take signals of their own (Consent Mode v2): denied before any of them loads. */
const signal = (held) => {
  if (!signals && ![...held].some(({ outerHTML }) => GOOGLE.test(outerHTML))) return;
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

/* What runs cannot be stopped: a page that may no longer run it begins anew, once. */
addEventListener("compliance", () => {
  if ([...running].some((category) => !guard.allowed(category))) location.reload();
});

/* What waits for the end of the page. */
document.addEventListener("DOMContentLoaded", () => guard && release(guard));
