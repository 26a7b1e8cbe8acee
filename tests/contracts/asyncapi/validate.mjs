// Prints what the official parser has to say of a document: JSON lines, the last one the counts of what it read.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(await readFile(process.argv[2], "utf8"));
for (const { code, message, path, severity } of diagnostics) {
  console.log(JSON.stringify({ code, message, path: path.join("/"), severity }));
}
console.log(
  JSON.stringify({
    channels: document?.channels().length ?? 0,
    operations: document?.operations().length ?? 0,
    messages: document?.messages().length ?? 0,
  }),
);
