export const MARK = "data-compliance-";
export const HOLD = `${MARK}hold`;

/* Give a held element its attributes back. */
export const restore = (element, { put, waiting }) => {
  const marks = [...element.attributes].filter(({ name }) => name.startsWith(MARK));
  for (const { name } of marks) element.removeAttribute(name);
  /* As a frame of a script: those of the parser get the addresses back that they had in the browser's history. */
  if (!waiting.delete(element) && element.localName === "iframe") element.replaceWith(element);
  for (const { name, value } of marks) if (name !== HOLD) put.call(element, name.slice(MARK.length), value);
};
