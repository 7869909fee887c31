/** @file The command that does in a terminal what was just done here. */

import { h } from "./dom.js";

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Quote for a POSIX shell. */
const quoted = (text) => (PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * @param {string} path
 * @param {{method?: string, json?: unknown, file?: string, accept?: string, output?: boolean}} [request]
 * @returns {string} a curl line with a whole address
 */
export function curl(path, { method, json, file, accept, output } = {}) {
    const parts = ["curl"];
    if (method) parts.push("-X", method);
    if (accept) parts.push("-H", quoted(`Accept: ${accept}`));
    if (json !== undefined) parts.push("-H", quoted("Content-Type: application/json"), "-d", quoted(JSON.stringify(json)));
    if (file) parts.push("-F", quoted(`file=@${file}`));
    if (output) parts.push("-OJ");
    parts.push(quoted(location.origin + path));
    return parts.join(" ");
}

/**
 * A line to copy, and the button that copies it.
 * @param {string} line
 * @param {string} [what] what the line does, for the button's name
 * @returns {HTMLElement & {line: string}} setting `line` changes it
 */
export function commandBox(line, what = "this") {
    const code = h("code", {}, line);
    const button = h("button.quiet", { type: "button", "aria-label": `Copy the curl line for ${what}` }, "Copy");
    button.addEventListener("click", async () => {
        const done = await copied(code.textContent, code);
        button.textContent = done ? "Copied" : "Press Ctrl C";
        setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    const box = h("div.command", {}, h("pre", { tabindex: 0, "aria-label": `curl line for ${what}`, role: "region" }, code), button);
    Object.defineProperty(box, "line", {
        get: () => code.textContent,
        set: (text) => { if (code.textContent !== text) code.textContent = text; },
    });
    return box;
}

/** Copy; where the clipboard is closed (no https), by selecting what is shown. */
async function copied(text, shown) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const range = document.createRange();
        range.selectNodeContents(shown);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        return document.execCommand("copy");
    }
}
