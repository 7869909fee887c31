/** @file Fields made from their schema. Each knows its JSON pointer, so that a fault is shown where it is. */

import { freshId, h } from "./dom.js";

/** Fields by pointer. A fault without a field of its own goes to the nearest one around it. */
export class Faults {
    /** @type {Map<string, {show: (details: string[]) => void, input?: HTMLElement}>} */
    #fields = new Map();

    register(pointer, field) {
        this.#fields.set(pointer, field);
    }

    /** Forget the fields below a pointer: they are about to be made anew. */
    forget(pointer) {
        for (const known of this.#fields.keys()) if (known.startsWith(`${pointer}/`)) this.#fields.delete(known);
    }

    /**
     * Show faults at their fields, and no others.
     * @param {{pointer: string, detail: string}[]} errors
     * @param {string} [within] only fields at or below this pointer
     * @returns {{first: HTMLElement | undefined, left: {pointer: string, detail: string}[]}} what has no field is left
     */
    show(errors, within = "") {
        const found = new Map([...this.#fields.keys()].filter((pointer) => pointer.startsWith(within)).map((pointer) => [pointer, []]));
        const left = [];
        for (const error of errors) {
            const place = around(error.pointer).find((pointer) => found.has(pointer));
            if (place === undefined) left.push(error);
            else found.get(place).push(error.detail);
        }
        let first;
        for (const [pointer, details] of found) {
            const field = this.#fields.get(pointer);
            field.show(details);
            if (details.length) first ??= field.input;
        }
        return { first, left };
    }
}

/** The pointer itself, then those around it. */
function around(pointer) {
    const parts = pointer.split("/");
    return parts.map((_, at) => parts.slice(0, parts.length - at).join("/")).filter(Boolean);
}

/**
 * @param {{schema: Record<string, any>, pointer: string, name: string, value: unknown, faults: Faults, changed: (value: unknown) => void}} field
 * @returns {HTMLElement}
 */
export function fieldOf({ schema, pointer, name, value, faults, changed }) {
    const id = freshId("field");
    const isBoolean = schema.type === "boolean";
    const input = inputOf(schema, id, value, changed);
    const hint = [schema.description ? schema.description.replaceAll("`", "") : "", bounds(schema)].filter(Boolean).join(" ");
    const fault = h("span.fault", { id: `${id}-fault` });
    input.setAttribute("aria-describedby", hint ? `${id}-hint ${id}-fault` : `${id}-fault`);
    faults.register(pointer, {
        input,
        show(details) {
            fault.textContent = details.join(" ");
            if (details.length) input.setAttribute("aria-invalid", "true");
            else input.removeAttribute("aria-invalid");
        },
    });
    const label = h("label", { for: id }, titled(name));
    const below = hint && h("span.hint", { id: `${id}-hint` }, hint);
    return isBoolean ? h("div.field.check", {}, input, label, below, fault) : h("div.field", {}, label, input, below, fault);
}

function inputOf(schema, id, value, changed) {
    if (schema.type === "boolean") {
        return h("input", { type: "checkbox", id, checked: value === true, onchange: ({ target }) => changed(target.checked) });
    }
    if (schema.enum) {
        return h("select", { id, onchange: ({ target }) => changed(target.value) },
            schema.enum.map((one) => h("option", { value: one, selected: one === value }, one)));
    }
    const isText = schema.type === "string";
    const read = isText ? (text) => text || null : schema.type === "array" ? listIn : numberIn;
    return h("input", {
        type: "text", id, value: value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value), autocomplete: "off",
        spellcheck: "false", inputmode: read === numberIn ? "decimal" : "text", oninput: ({ target }) => changed(read(target.value)),
    });
}

/** What is written, as a number or two; what is none goes to the service as it is, which says what is wrong with it. */
function numberIn(text) {
    const parts = text.split(/[,×x\s]+/).filter(Boolean).map((part) => (Number.isNaN(Number(part)) ? part : Number(part)));
    return parts.length === 0 ? null : parts.length === 1 ? parts[0] : parts;
}

/** Names with commas between, as a list; nothing is no list. */
function listIn(text) {
    const names = text.split(",").map((name) => name.trim()).filter(Boolean);
    return names.length ? names : null;
}

function bounds({ type, minimum, exclusiveMinimum, maximum, exclusiveMaximum }) {
    if (type !== "integer" && type !== "number") return "";
    const low = minimum ?? exclusiveMinimum;
    const high = maximum ?? (exclusiveMaximum === undefined ? undefined : type === "integer" ? exclusiveMaximum - 1 : exclusiveMaximum);
    return low === undefined || high === undefined ? "" : `${low} to ${high}`;
}

/** `learning_rate` reads `Learning rate`. */
export function titled(name) {
    const words = name.replaceAll("_", " ");
    return words.charAt(0).toUpperCase() + words.slice(1);
}

