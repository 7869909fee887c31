/** @file A network as a list of layers that can be changed, moved and added to; beside each its output and its parameters. */

import { h, replace } from "./dom.js";
import { fieldOf } from "./fields.js";
import { count, short } from "./format.js";

const POINTER = "/network/layers";
const FIRST = { Conv2D: { filters: 32, kernel_size: 3, padding: "same", activation: "relu" }, Dense: { units: 128, activation: "relu" }, Dropout: { rate: 0.25 }, SpatialDropout2D: { rate: 0.1 }, DepthwiseConv2D: { kernel_size: 3, padding: "same" }, SeparableConv2D: { filters: 32, kernel_size: 3, padding: "same", activation: "relu" }, Activation: { activation: "relu" } };

export class Layers {
    #open = -1;

    /**
     * @param {import("./schema.js").Schemas} schemas
     * @param {import("./fields.js").Faults} faults
     * @param {() => void} changed
     */
    constructor(schemas, faults, changed) {
        Object.assign(this, { schemas, faults, changed, layers: [], rows: [] });
        this.list = h("ol.layers", { "aria-label": "Layers, first to last" });
        this.kind = h("select", { "aria-label": "Layer to add" }, [...schemas.layers.keys()].map((name) => h("option", { value: name }, name)));
        this.add = h("button", { type: "button", onclick: () => this.#insert() }, "Add");
        this.element = h("div.stack", {}, this.list, h("div.row", {}, h("div", {}, this.kind), this.add));
    }

    show(layers) {
        this.layers = structuredClone(layers);
        this.#open = -1;
        this.#build();
    }

    /** Write beside each layer what it makes: `rows` as /v1/networks/check tells them, or none. */
    tell(rows) {
        this.rows = rows ?? [];
        this.layers.forEach((_, at) => {
            const row = this.rows[at];
            const place = this.list.children[at]?.querySelector(".shape");
            if (place) place.textContent = row ? `${row.output_shape.join(" × ")}${row.parameters ? `, ${short(row.parameters)} parameters` : ""}` : "";
        });
    }

    #build() {
        this.faults.forget(POINTER);
        replace(this.list, this.layers.map((layer, at) => this.#row(layer, at)));
        this.tell(this.rows);
    }

    #row(layer, at) {
        const fault = h("p.fault");
        const name = `layer ${at + 1}, ${layer.layer}`;
        const tool = (text, what, action, disabled) => h("button.quiet", { type: "button", "aria-label": `${what} ${name}`, title: what, disabled, onclick: action }, text);
        const edit = tool(this.#open === at ? "−" : "✎", this.#open === at ? "Close" : "Change", () => this.#toggle(at));
        edit.setAttribute("aria-expanded", String(this.#open === at));
        edit.disabled = Object.keys(this.#properties(layer)).length === 0;
        const item = h("li", {},
            h("div.line", {}, h("span.index", {}, at + 1), h("span.what", {}, h("strong", {}, layer.layer), h("span.muted", {}, summary(layer))),
                h("span.shape"),
                h("span.tools", {}, edit, tool("↑", "Move up", () => this.#move(at, -1), at === 0),
                    tool("↓", "Move down", () => this.#move(at, 1), at === this.layers.length - 1),
                    tool("×", "Remove", () => this.#remove(at), this.layers.length === 1))),
            fault, this.#open === at && this.#editor(layer, at));
        this.faults.register(`${POINTER}/${at}`, {
            input: edit,
            show(details) {
                fault.textContent = details.join(" ");
                item.classList.toggle("wrong", details.length > 0);
            },
        });
        return item;
    }

    #properties(layer) {
        const { layer: _, id, inputs, ...rest } = this.schemas.layers.get(layer.layer)?.properties ?? {};
        return { ...rest, ...(id && { id }), ...(inputs && { inputs }) }; // seldom wanted: they come last
    }

    #editor(layer, at) {
        return h("div.editor.fields", {}, Object.entries(this.#properties(layer)).map(([name, property]) => fieldOf({
            schema: this.schemas.resolved(property), pointer: `${POINTER}/${at}/${name}`, name, value: layer[name] ?? property.default, faults: this.faults,
            changed: (value) => {
                if (value === null) delete layer[name];
                else layer[name] = value;
                this.list.children[at].querySelector(".what .muted").textContent = summary(layer);
                this.changed();
            },
        })));
    }

    #toggle(at) {
        this.#open = this.#open === at ? -1 : at;
        this.#build();
        this.list.children[at].querySelector(this.#open === at ? ".editor input, .editor select" : ".tools button").focus();
    }

    #move(at, by) {
        [this.layers[at], this.layers[at + by]] = [this.layers[at + by], this.layers[at]];
        this.#changedOrder(at + by, by < 0 ? 1 : 2);
    }

    #remove(at) {
        this.layers.splice(at, 1);
        this.#changedOrder(Math.min(at, this.layers.length - 1), 3);
    }

    /** A new layer goes before the last, which gives the answer. */
    #insert() {
        const at = Math.max(0, this.layers.length - 1);
        this.layers.splice(at, 0, { layer: this.kind.value, ...FIRST[this.kind.value] });
        this.#changedOrder(at, 0);
    }

    #changedOrder(at, tool) {
        this.#open = -1;
        this.rows = [];
        this.#build();
        const buttons = this.list.children[at].querySelectorAll(".tools button");
        (buttons[tool].disabled ? buttons[tool === 1 ? 2 : 1] : buttons[tool]).focus();
        this.changed();
    }
}

/** `32 · 3 × 3 · same · relu`: what a reader of networks wants to know of a layer. */
function summary(layer) {
    const pair = (value) => (Array.isArray(value) ? value.join(" × ") : `${value} × ${value}`);
    const parts = [layer.filters ?? layer.units, layer.rate, layer.kernel_size && pair(layer.kernel_size), layer.pool_size && pair(layer.pool_size),
        layer.strides && layer.strides !== 1 && !layer.pool_size && `strides ${layer.strides}`, layer.padding, layer.activation];
    return parts.filter((part) => part !== undefined && part !== null && part !== false).map((part) => (typeof part === "number" && part >= 1000 ? count(part) : part)).join(" · ");
}
