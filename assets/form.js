/* The forms of the message box, sent from where they are and opened over the page that they are about; the choice about
   cookies, too, is opened over the page. Every word is the server's: its own pages are fetched and shown. What fails here
   leaves the link and the form as they work alone. */

const PATIENCE = 30_000;
const FRESH = 15 * 60_000;

/* The addresses of a fetched page lead where they lead there, whatever `<base>` the page has that shows them. */
const ADDRESSES = ["href", "src", "action", "data-styles", "data-challenge", "data-widget", "data-worker"];
const settle = (main, url) => {
  for (const name of ADDRESSES)
    for (const node of main.querySelectorAll(`:not(script)[${name}]`))
      node.setAttribute(name, node.getAttribute(name).replace(/(?<!\S)[^#\s]\S*/g, (path) => new URL(path, url)));
};

/* Fetch a page of ours. The parser of this old request, unlike others, asks for no trust of its input. */
const fetched = (url, { method = "GET", body, key } = {}) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = "document";
    request.timeout = 2 * PATIENCE;
    request.setRequestHeader("Accept", "text/html");
    if (key) request.setRequestHeader("Idempotency-Key", key);
    request.onerror = request.ontimeout = reject;
    request.onload = () => {
      const { status, responseURL, response } = request;
      const main = response?.querySelector("main");
      main?.querySelector("[autofocus]")?.removeAttribute("autofocus");
      if (!main) return reject(request);
      settle(main, responseURL);
      resolve({ status, url: responseURL, page: response, main });
    };
    request.send(body);
  });

const after = (time) => new Promise((done) => setTimeout(done, time));
const newKey = () => globalThis.crypto?.randomUUID?.();
const focus = (node) => {
  node?.setAttribute("tabindex", "-1");
  node?.focus();
};

/* The proof of work. Where there is none (no secure context, an old browser, a policy), the form's ticket stands in. */
let widget;
const prove = async (form) => {
  const { challenge, worker } = form.dataset;
  if (!challenge || !globalThis.isSecureContext) return "";
  const element = document.createElement("altcha-widget");
  try {
    widget ??= import(form.dataset.widget);
    await widget;
    const { algorithms, defaults } = globalThis.$altcha;
    algorithms.set("PBKDF2/SHA-256", () => new Worker(worker));
    /* Pointers and scrolling are not recorded, and the focus stays where the reader is. */
    defaults.set({ display: "invisible", humanInteractionSignature: false, disableAutoFocus: true, minDuration: 0 });
    const ready = new Promise((done) => element.addEventListener("load", done, { once: true }));
    element.hidden = true;
    element.setAttribute("challenge", challenge);
    form.after(element);
    /* Where the page's policy stops the widget half-way, nothing tells of it. */
    await Promise.race([ready, after(3000)]);
    return (await element.verify())?.payload ?? "";
  } catch {
    return "";
  } finally {
    element.remove();
  }
};

/* Send *form* in the background; *show* puts the page that answers in the place of *box*, which holds the form. */
const enhance = (form, box, show, key = newKey()) => {
  let proof, begun, sending;
  const prepare = () => {
    if (proof && Date.now() - begun < FRESH) return;
    begun = Date.now();
    proof = prove(form);
  };
  const status = form.querySelector("[data-sending]");
  const failed = form.querySelector("[data-failed]");
  const field = (name) => form.elements.namedItem(name);

  form.noValidate = true; // the server's reasons come in the page's language, and name all fields at once
  form.addEventListener("focusin", prepare);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const files = field("pictures");
    const body = new FormData(form);
    form.inert = true;
    failed.hidden = true;
    status.textContent = status.dataset.sending;
    prepare();
    let answer;
    try {
      body.set("altcha", (await Promise.race([proof, after(PATIENCE)])) ?? "");
      answer = await fetched(form.action, { method: "POST", body, key });
    } catch {
      answer = null;
    }
    form.inert = sending = false;
    status.textContent = "";
    const next = answer?.main.querySelector("form[data-styles]");
    if (answer && (next || answer.status < 400)) {
      /* Chosen files cannot be written into a new field: the old one moves. */
      const again = next?.elements.namedItem("pictures");
      if (files?.files.length && again && !again.matches("[aria-invalid]")) {
        again.replaceWith(files);
        answer.main.querySelector("[data-pictures]")?.remove();
      }
      show(answer, answer.status === 422 ? newKey() : key);
      return;
    }
    /* No answer, or none of ours: the form stays as it is, and so does the key, so that nothing arrives twice. */
    const said = answer?.main.querySelector("[role=alert]");
    if (said) failed.querySelector("strong").textContent = said.textContent;
    failed.hidden = false;
    focus(failed);
  });
  box.querySelectorAll('.compliance-failed a[href^="#"]').forEach((link) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      box.querySelector(link.hash).focus();
    }),
  );
};

/* A receipt can be copied, and printed from its own page. */
const wake = (box) => {
  for (const button of box.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.parentNode.querySelector("[role=status]").textContent = button.dataset.copied;
    });
  }
  for (const button of box.querySelectorAll("[data-print]")) {
    button.hidden = box !== document;
    button.addEventListener("click", () => print());
  }
};

/* A form on a page of its own. */
const box = document.querySelector(".compliance-box");
if (box) {
  const show = ({ url, page, main, status }, key) => {
    /* A browser without cookies is not sent on: the receipt is in the answer. */
    if (status === 201) {
      document.querySelector("main").replaceWith(main);
      wake(document);
      return focus(document.querySelector("main h1"));
    }
    if (status < 400) return location.assign(url);
    document.title = page.title;
    box.replaceChildren(...page.querySelector(".compliance-box").childNodes);
    enhance(box.querySelector("form"), box, show, key);
    focus(box.querySelector(".compliance-failed"));
  };
  enhance(box.querySelector("form"), box, show);
}
wake(document);

/* A form over the page. */
const dialogs = new Map();
const build = async (link) => {
  const { status, page, main } = await fetched(link.href);
  const form = main.querySelector("form[data-styles]");
  if (status !== 200 || !form) throw new Error(`${link.href} shows no form`);

  const host = document.createElement("div");
  host.dataset.compliance = "dialog";
  const root = host.attachShadow({ mode: "open" });
  const dialog = document.createElement("dialog");
  const box = document.createElement("div");
  const close = document.createElement("button");
  const styles = form.dataset.styles.split(" ").map((href) => {
    const style = document.createElement("link");
    return Object.assign(style, { rel: "stylesheet", href, nonce: document.querySelector("link[data-compliance]")?.nonce ?? "" });
  });
  const { lang, dir } = page.documentElement;
  /* A click beside it closes it, too; a receipt, which is shown once, only what is meant to. */
  Object.assign(dialog, { lang, dir, className: "compliance-dialog", closedBy: "any" });
  Object.assign(close, { type: "button", className: "compliance-close", textContent: "×" });
  close.setAttribute("aria-label", form.dataset.close);
  box.className = "compliance-page";
  close.addEventListener("click", () => dialog.close());
  /* Focus goes back to the link; what was written stays. After a receipt the next form is a new one. */
  dialog.addEventListener("close", () => {
    if (!box.querySelector("form[data-styles]")) {
      dialogs.delete(link.href);
      host.remove();
    }
    link.focus();
  });

  const name = () => {
    const heading = box.querySelector("h1, h2");
    heading.id ||= "compliance-title";
    dialog.setAttribute("aria-labelledby", heading.id);
    return heading;
  };
  const put = (...nodes) => {
    const content = new DocumentFragment();
    content.append(...nodes);
    content.querySelectorAll("script, link").forEach((node) => node.remove());
    /* Whatever window the page's <base> names. */
    content.querySelectorAll("a, form").forEach((node) => (node.target = "_self"));
    box.replaceChildren(content);
  };
  const show = ({ url, main, status }, key) => {
    const receipt = main.querySelector(".compliance-receipt");
    if (status >= 400) {
      put(...main.childNodes);
      enhance(box.querySelector("form"), box, show, key);
    } else if (receipt) {
      put(receipt);
      wake(box);
      dialog.closedBy = "closerequest";
    } else return location.assign(url);
    dialog.scrollTop = 0;
    const heading = name();
    focus(box.querySelector(".compliance-failed") ?? heading);
  };
  put(...main.childNodes);
  if (form.elements.namedItem("page")) {
    enhance(form, box, show);
    form.elements.namedItem("page").value = location.href;
    form.elements.namedItem("page_title").value = document.title;
  }
  /* A choice about cookies is sent as the page sends it, and leads back here. */
  for (const next of box.querySelectorAll("[name=next]")) next.value = location.pathname + location.search;
  /* Where the page's policy lets no form be sent, the choice is made on the page at the form's address. */
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, disposition }) => {
    if (dialog.open && effectiveDirective === "form-action" && disposition === "enforce") location.assign(form.action);
  });
  dialog.append(close, box);
  root.append(...styles, dialog);
  /* Above a keyboard on the screen, with the field in view; who zooms in moves about by hand. */
  globalThis.visualViewport?.addEventListener("resize", ({ target: { height, offsetTop, scale } }) => {
    if (!dialog.open || scale > 1) return;
    dialog.style.setProperty("--compliance-keyboard", `${Math.max(innerHeight - offsetTop - height, 0)}px`);
    root.activeElement?.scrollIntoView({ block: "nearest" });
  });
  document.body.append(host);
  await Promise.all(
    styles.map((style) => new Promise((done) => Object.assign(style, { onload: done, onerror: done }))),
  );
  return () => {
    if (!dialog.open) dialog.showModal();
    focus(name());
  };
};

/* Open the form that *link* leads to. Rejects where it cannot be shown; the caller then follows the link. */
export const open = async (link) => {
  if (!dialogs.has(link.href)) dialogs.set(link.href, build(link));
  try {
    (await dialogs.get(link.href))();
  } catch (error) {
    dialogs.delete(link.href);
    throw error;
  }
};
