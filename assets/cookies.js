/* Pairs of a category and an expression for the names of its cookies. */
const cookies = "COOKIES";

/* Cookies that may not be there go, whichever path and domain they are for. */
export const sweep = (allowed) => {
  for (const pair of document.cookie.split("; ")) {
    const [name] = pair.split("=");
    const owners = cookies.filter(([, pattern]) => name.match(pattern));
    if (!owners.length || owners.some(([category]) => category === "necessary" || allowed(category))) continue;
    const gone = (path) => {
      for (let host = `.${location.hostname}`; host; host = host.replace(/^\.?[^.]*/, ""))
        document.cookie = `${name}=; max-age=0; path=${path}; domain=${host}`;
      document.cookie = `${name}=; max-age=0; path=${path}`;
    };
    for (let path = location.pathname; path; path = path.slice(0, path.lastIndexOf("/"))) gone(path), gone(`${path}/`);
    gone("/");
  }
};
