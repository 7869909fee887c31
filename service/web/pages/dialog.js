/** @file Dialogs: a question before something is lost, and a picture looked at closely. */

import { append, h } from "./dom.js";

/**
 * Ask before something that cannot be undone.
 * @param {{title: string, text: string, yes: string, no?: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, no = "Keep it" }) {
    return new Promise((resolve) => {
        const agree = h("button.main.danger", { type: "button" }, yes);
        const refuse = h("button", { type: "button" }, no);
        const dialog = opened(title, [h("p.muted", {}, text), h("div.row", {}, refuse, agree)], () => resolve(false));
        agree.addEventListener("click", () => {
            resolve(true);
            dialog.close();
        });
        refuse.addEventListener("click", () => dialog.close());
        refuse.focus();
    });
}

/**
 * Open a dialog that Escape and a click beside it close.
 * @param {string} title
 * @param {import("./dom.js").Child} content
 * @param {() => void} [closed]
 * @returns {HTMLDialogElement}
 */
export function opened(title, content, closed = () => {}) {
    const heading = h("h2", { id: "dialog-title" }, title);
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", closedby: "any" }, append(h("div.stack", {}, heading), [content]));
    dialog.addEventListener("close", () => {
        dialog.remove();
        closed();
    });
    addEventListener("hashchange", () => dialog.close(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
}
