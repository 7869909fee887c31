/** @file Making elements. Data from anywhere becomes text or attributes, never HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * Make an HTML element.
 * @param {string} tag its name, and classes after dots: `"p.muted"`
 * @param {Record<string, unknown>} [attributes] `on…` are listeners, `value`, `checked` and the like properties; null, undefined
 *     and false leave an attribute out, true sets it empty
 * @param {...Child} children
 * @returns {HTMLElement & Record<string, any>}
 */
export function h(tag, attributes = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    return filled(document.createElement(name), classes, attributes, children);
}

/** As `h`, for SVG. */
export function s(tag, attributes = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    return filled(document.createElementNS(SVG, name), classes, attributes, children);
}

const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "open", "indeterminate", "width", "height"]);

function filled(element, classes, attributes, children) {
    if (classes.length) element.setAttribute("class", classes.join(" "));
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (value === null || value === undefined || value === false) continue;
        else if (PROPERTIES.has(name) && element.namespaceURI !== SVG) element[name] = value;
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    append(element, children);
    return element;
}

/** Append children of every kind. */
export function append(element, children) {
    for (const child of [children].flat(Infinity)) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : String(child));
    }
    return element;
}

/** Put `children` where the old ones were. */
export function replace(element, ...children) {
    element.replaceChildren();
    return append(element, children);
}

let last = 0;

/** Return an id that no other element has. */
export function freshId(prefix) {
    last += 1;
    return `${prefix}-${last}`;
}

/** Let a screen reader say `text`, once. */
export function announce(text) {
    const announcer = document.getElementById("announcer");
    if (announcer && announcer.textContent !== text) announcer.textContent = text;
}

/** Wait, or reject when `signal` is aborted. */
export function pause(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, milliseconds);
        signal?.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(signal.reason);
        }, { once: true });
    });
}
