/* A page may have the script itself more than once: this one says what holds. */
export const script = document.querySelector("script[data-policy]");
const { policy, mode } = script.dataset;
export const categories = script.dataset.categories?.split(" ") ?? [];

/* What cookies say that are payload.time.signature; what is blocked or garbled says nothing. */
export const stored = () => {
  const records = [];
  try {
    for (const [, payload] of document.cookie.matchAll(/(?:^| )compliance_consent=([^.;]+)/g))
      try {
        records.push(JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))));
      } catch {}
  } catch {}
  return records;
};

/* What was decided about this policy and all of these categories, and not under a notice where there is none any more;
   of several only what all allow. Where the browser keeps nothing it counts as long as the page is open. */
export let choices;
let unkept;
export const decided = (given) => {
  const records = stored().filter(
    (record) =>
      record?.policy === policy &&
      (record.mode ?? mode) === mode &&
      categories.every((name) => record.choices && name in record.choices),
  );
  const all = (allows) => Object.fromEntries(categories.map((name) => [name, allows(name)]));
  if (given && !records.length) unkept = all(given);
  choices = records.length ? all((name) => records.every((record) => record.choices[name])) : unkept;
  dispatchEvent(new CustomEvent("compliance", { detail: choices }));
  return !!choices;
};
export const kept = () => choices !== unkept;
