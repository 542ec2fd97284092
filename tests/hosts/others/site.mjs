// A news site in Node.js as many are: pages in pieces and packed, a cookie of its own, a form that posts to itself.
import { createServer } from "node:http";
import { createBrotliCompress, createGzip } from "node:zlib";

const head = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>新闻</title>
<link rel="stylesheet" href="/site.css"></head><body><main><h1>江上的桥</h1>`;
const escape = (text) => text.replace(/[&<]/g, (mark) => (mark === "&" ? "&amp;" : "&lt;"));

const server = createServer(async (request, response) => {
    if (request.url === "/site.css") {
        response.writeHead(200, { "Content-Type": "text/css" }).end("main { color: rgb(0, 0, 128) }");
        return;
    }
    let sent = "";
    for await (const piece of request) sent += piece;
    const said = new URLSearchParams(sent).get("name") ?? "";
    const visits = Number(/visits=(\d+)/.exec(request.headers.cookie ?? "")?.[1] ?? 0) + 1;
    const takes = request.headers["accept-encoding"] ?? "";
    const [coding, packed] = takes.includes("br") ? ["br", createBrotliCompress()] : ["gzip", createGzip()];
    response.writeHead(200, {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Encoding": coding,
        "Set-Cookie": `visits=${visits}`,
        Vary: "Accept-Encoding",
    });
    packed.pipe(response);
    packed.write(head);
    packed.write(`<p id="visits">${visits}</p><form id="own" method="post"><input name="name" value="读者">`);
    packed.end(`<button>发送</button></form><p id="said">${escape(said)}</p></main></body></html>`);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
