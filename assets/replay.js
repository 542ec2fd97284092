import { HOLD, MARK } from "./restore.js";

/* What a script waits for that is over when it is released, such as the end of the page, comes to it once more. */
const OVER = {
  readystatechange: () => document.readyState !== "loading",
  DOMContentLoaded: () => timing("domContentLoadedEventStart"),
  load: () => timing("loadEventStart"),
  pageshow: () => timing("loadEventStart"),
};
const timing = (name) => performance.getEntriesByType("navigation")[0]?.[name] > 0;
const HANDLERS = [
  [document, "readystatechange"],
  [window, "load"],
  [window, "pageshow"],
];
let heard = [];
let handlers, listens;

/* Listen to what is added while *released* says that a script of ours runs. */
export const listen = (released) => {
  handlers ??= HANDLERS.map(([target, type]) => target[`on${type}`]);
  if (listens) return;
  listens = true;
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, listener, ...options) {
    const target = this ?? window;
    if (listener && Object.hasOwn(OVER, type) && [window, document].includes(target) && released() && OVER[type]())
      heard.push({ target, type, listener });
    return add.call(target, type, listener, ...options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, ...options) {
    heard = heard.filter((one) => one.type !== type || one.listener !== listener);
    return remove.call(this ?? window, type, listener, ...options);
  };
};

/* As if the page had just loaded: the events in their order, what is added meanwhile included. What scripts that are
   still *flying* set is told from what was there before by the handlers of this moment. */
export const replay = (flying) => {
  HANDLERS.forEach(([target, type], place) => {
    const listener = target[`on${type}`];
    if (handlers && listener && listener !== handlers[place] && OVER[type]()) heard.push({ target, type, listener });
  });
  handlers = flying ? HANDLERS.map(([target, type]) => target[`on${type}`]) : null;
  for (const name of Object.keys(OVER))
    for (let one; (one = heard.find(({ type }) => type === name)); ) {
      heard.splice(heard.indexOf(one), 1);
      const { target, type, listener } = one;
      const event = new (type === "pageshow" ? PageTransitionEvent : Event)(type, { bubbles: type === "DOMContentLoaded" });
      const about = type === "load" || type === "pageshow" ? document : target;
      Object.defineProperties(event, { target: { value: about }, currentTarget: { value: target } });
      try {
        if (typeof listener === "function") listener.call(target, event);
        else listener.handleEvent(event);
      } catch (error) {
        reportError(error);
      }
    }
};

/* How other tools write what a script is once it is let go: the address, and a type that runs. */
const MARKED = "[data-category], [data-cookiecategory], [data-cookieconsent], [data-service], [data-name], [class*='_iub_cs']";
const ADDRESSES = ["data-src", "data-cmplz-src", "data-src-cmplz", "data-cookieblock-src", "data-suppressedsrc", "suppressedsrc"];
export const meant = (script) => {
  if (!script.matches(MARKED)) return;
  const address = ADDRESSES.find((name) => script.hasAttribute(name));
  if (address && !script.hasAttribute("src")) script.src = script.getAttribute(address);
  if (script.dataset.type) script.type = script.dataset.type;
};

/* Scripts in markup that is put in place run as the page's own do, one after the other. */
export const parsed = (text, { fill, sift }) => {
  const holder = document.createElement("template");
  fill.call(holder, sift(text, true));
  for (const script of holder.content.querySelectorAll("script:not([type='text/plain'])")) {
    script.setAttribute(`${MARK}type`, script.type);
    script.type = "text/plain";
    script.toggleAttribute(HOLD, true);
  }
  return holder.content;
};
