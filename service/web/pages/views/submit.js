/** @file Submit a training: a preset, changed as far as one likes; what it costs is told while one changes it. */

import { askJson, freshKey, path } from "../api.js";
import { commandBox, curl } from "../curl.js";
import { h, pause, replace } from "../dom.js";
import { Faults, fieldOf, titled } from "../fields.js";
import { bytes, count, seconds, short } from "../format.js";
import { latest } from "../latest.js";
import { Layers } from "../layers.js";
import { problemBox } from "../problem.js";
import { go } from "../router.js";
import { Schemas, difference } from "../schema.js";

const OWN = "";
const QUIET = 250; // milliseconds without a key before the network is checked
const START = {
    dataset: "mnist-5k",
    network: { layers: [
        { layer: "Conv2D", filters: 32, kernel_size: 3, padding: "same", activation: "relu" }, { layer: "MaxPooling2D", pool_size: 2 },
        { layer: "Flatten" }, { layer: "Dense", units: 10, activation: "softmax" },
    ] },
};
const FIRST = ["epochs", "batch_size"];

/** @param {import("../router.js").Place} place */
export async function view({ query, signal, title }) {
    title("New training");
    const from = query.get("from");
    const [schemas, { presets }, { networks }, { datasets }, source] = await Promise.all([
        Schemas.load(signal), askJson(path(["presets"]), { signal }), askJson(path(["networks"]), { signal }), askJson(path(["datasets"]), { signal }),
        from ? askJson(path(["trainings", from]), { signal }) : null,
    ]);
    return new Form({ schemas, presets, networks, datasets, signal }, source).content;
}

class Form {
    constructor(known, source) {
        Object.assign(this, known, { faults: new Faults(), key: freshKey() });
        this.request = this.schemas.components.TrainingRequest.properties;
        this.layers = new Layers(this.schemas, this.faults, () => this.#networkChanged());
        this.checks = latest((body) => this.#check(body), (reply) => this.#cost(reply), (error) => this.#unfit(error));
        this.fields = h("div.stack.loose");
        this.trouble = h("div");
        this.figures = h("dl");
        this.costs = h("div.card.cost", { "aria-live": "polite" }, h("h2", {}, "What it costs"), this.figures);
        this.send = h("button.main", { type: "submit" }, "Start the training");
        this.command = commandBox("", "this training");
        const form = h("form.stack.loose", { novalidate: true, onsubmit: (event) => void this.#submit(event) },
            this.#presets(source), this.fields, this.trouble,
            h("div.stack", {}, h("div.row", {}, this.send), this.command));
        this.content = [
            h("header.head", {}, h("div", {}, h("h1", { tabindex: -1 }, "New training"),
                h("p.lead", {}, "Begin with a preset and change what you like. The same seed gives the same result."))),
            h("div.submit", {}, form, this.costs),
        ];
        if (source) this.#begin(source.spec.preset ?? OWN, source.spec);
        else this.#begin(this.presets[0].name);
    }

    #presets(source) {
        const chosen = source ? source.spec.preset ?? OWN : this.presets[0].name;
        const choice = (name, strong, words) => h("label", {},
            h("input", { type: "radio", name: "preset", value: name, checked: name === chosen, onchange: () => this.#begin(name) }), h("strong", {}, strong), h("span", {}, words));
        return h("fieldset", {}, h("legend", {}, "Start from"), h("div.presets", {},
            this.presets.map(({ name, dataset, recipe }) => choice(name, name, `${dataset}, ${recipe.epochs} epochs, ${count(this.#network(name)?.parameters ?? 0)} parameters`)),
            choice(OWN, "Your own", "A small network to build on")));
    }

    #network(name) {
        return this.networks.find((network) => network.name === name);
    }

    /** Take a preset, or the specification of an earlier training, as what is changed from here on. */
    #begin(preset, spec) {
        const named = this.presets.find(({ name }) => name === preset);
        this.preset = named ? preset : null;
        const filled = (value) => ({
            dataset: value.dataset, network: value.network, seed: value.seed ?? 1, register_as: value.register_as ?? null, labels: value.labels ?? {},
            recipe: this.schemas.filled(this.request.recipe, value.recipe), validation: this.schemas.filled(this.request.validation, value.validation),
        });
        this.base = filled(named ?? {});
        this.draft = filled(structuredClone(spec ?? named ?? START));
        this.#tidy();
        this.#build();
        this.#changed();
    }

    /** A network that is the same as a named one is called by its name, as in the preset. */
    #tidy() {
        const { network } = this.draft;
        if (typeof network === "object" && this.#network(network.name)) this.draft.network = network.name;
    }

    #build() {
        const { recipe } = this.draft;
        const schema = this.schemas.resolved(this.request.recipe).properties;
        const dataset = { enum: this.datasets.filter(({ state }) => state === "ready").map(({ name }) => name) };
        const isNamed = typeof this.draft.network === "string";
        const networks = { enum: [...this.networks.map(({ name }) => name), "layers below"] };
        this.layers.show(isNamed ? this.#network(this.draft.network).layers : this.draft.network.layers);
        replace(this.fields,
            part("Data and network", h("div.fields", {},
                this.#field("/dataset", "data_set", dataset, this.draft.dataset, (value) => { this.draft.dataset = value; }),
                this.#field("/network", "network", networks, isNamed ? this.draft.network : "layers below", (value) => this.#choose(value))),
            this.layers.element),
            part("Recipe", h("div.fields", {}, FIRST.map((name) => this.#of(recipe, name, schema[name], "/recipe")),
                this.#group(recipe, "optimizer", schema, ["name", "learning_rate"])),
            h("details", {}, h("summary", {}, "Optimizer, loss, schedule"), h("div.stack", {},
                h("div.fields", {}, this.#of(recipe, "drop_remainder", schema.drop_remainder, "/recipe"), this.#group(recipe, "optimizer", schema, ["momentum", "nesterov", "weight_decay"]),
                    this.#group(recipe, "loss", schema, ["label_smoothing"])),
                h("div.fields", {}, this.#group(recipe, "schedule", schema, ["name", "warmup_epochs"], "Schedule: ")))),
            this.#optional(recipe, "augmentation", schema.augmentation, "/recipe"),
            ...Object.entries(this.schemas.resolved(schema.callbacks).properties).map(([name, one]) => this.#optional(recipe.callbacks, name, one, "/recipe/callbacks"))),
            part("Validation and name", h("div.fields", {},
                Object.entries(this.schemas.resolved(this.request.validation).properties).map(([name, one]) => this.#of(this.draft.validation, name, one, "/validation", name === "from" ? "Validate with" : name)),
                this.#of(this.draft, "seed", this.request.seed, ""), this.#of(this.draft, "register_as", this.request.register_as, ""), this.#labels())));
    }

    #field(pointer, name, schema, value, set) {
        return fieldOf({ schema, pointer, name, value, faults: this.faults, changed: (next) => { set(next); this.#changed(); } });
    }

    #of(holder, name, schema, around, title = name) {
        return this.#field(`${around}/${name}`, title, this.schemas.resolved(schema), holder[name], (value) => { holder[name] = value; });
    }

    #group(recipe, group, schema, names, prefix = "") {
        const properties = this.schemas.resolved(schema[group]).properties;
        return names.map((name) => this.#of(recipe[group], name, properties[name], `/recipe/${group}`, name === "name" ? group : prefix + name));
    }

    /** Something that a recipe may have or not: a switch, and its fields when it is on. */
    #optional(holder, name, schema, around) {
        const { properties, description } = this.schemas.resolved(schema);
        const place = h("div.fields");
        const fill = () => replace(place, holder[name] && Object.entries(properties).map(([field, one]) => this.#of(holder[name], field, one, `${around}/${name}`)));
        const box = this.#field(`${around}/${name}`, name, { type: "boolean", description }, holder[name] !== null, (isOn) => {
            holder[name] = isOn ? this.schemas.filled({ ...schema, anyOf: undefined, $ref: (schema.anyOf ?? [schema]).find(({ $ref }) => $ref).$ref }, {}) : null;
            this.faults.forget(`${around}/${name}`);
            fill();
        });
        fill();
        return h("div.stack", { role: "group", "aria-label": titled(name) }, box, place);
    }

    #labels() {
        const text = Object.entries(this.draft.labels).map(([key, value]) => `${key}=${value}`).join(", ");
        return this.#field("/labels", "labels", { type: "string", description: "To find it by: course=ci-2026, group=7" }, text, (value) => {
            const pairs = (value ?? "").split(",").map((pair) => pair.trim()).filter(Boolean).map((pair) => pair.split("="));
            this.draft.labels = Object.fromEntries(pairs.map(([key, ...rest]) => [key.trim(), rest.join("=").trim()]));
        });
    }

    #choose(name) {
        const isNamed = name !== "layers below";
        if (isNamed) this.layers.show(this.#network(name).layers);
        this.draft.network = isNamed ? name : { layers: this.layers.layers };
    }

    #networkChanged() {
        const isNamed = typeof this.draft.network === "string";
        this.draft.network = { ...(isNamed ? {} : this.draft.network), layers: this.layers.layers };
        if (isNamed) this.fields.querySelectorAll(".fields select")[1].value = "layers below";
        this.#changed();
    }

    /** What is to be submitted: the preset and what differs from it; without one, all that differs from the defaults. */
    body() {
        const { dataset, network, recipe, validation, seed, register_as: name, labels } = this.draft;
        const parts = { dataset, network, recipe, validation, seed, register_as: name, labels };
        const changed = difference(parts, this.base) ?? {};
        return this.preset ? { preset: this.preset, ...changed } : { ...changed, dataset, network };
    }

    #changed() {
        this.key = freshKey();
        this.command.line = curl("/v1/trainings", { json: this.body() });
        this.costs.classList.add("stale");
        const { dataset, network, recipe } = this.draft;
        this.checks.want({ dataset, network, recipe: { batch_size: recipe.batch_size, epochs: recipe.epochs } });
    }

    async #check(body) {
        await pause(QUIET, this.signal);
        return { reply: await askJson(path(["networks", "check"]), { method: "POST", json: body, signal: this.signal }), body };
    }

    #cost({ reply, body }) {
        this.costs.classList.remove("stale");
        this.faults.show([], "/network");
        this.layers.tell(reply.layers);
        const whole = reply.seconds_per_epoch === null ? null : reply.seconds_per_epoch * body.recipe.epochs;
        const facts = [["Parameters", count(reply.parameters)], ["Weights", bytes(reply.size_bytes)], ["Operations an image", short(reply.flops)],
            ["Memory of a batch", bytes(reply.activation_bytes)], ["An epoch", about(reply.seconds_per_epoch)], [`${count(body.recipe.epochs)} epochs`, about(whole)]];
        replace(this.figures, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    }

    #unfit(error) {
        if (this.signal.aborted) return;
        const { left } = this.faults.show(error.errors ?? [], "");
        this.layers.tell([]);
        const words = left.length || !error.errors?.length ? error.message : "Not yet: something is wrong where it is marked red.";
        replace(this.figures, h("p.muted.small", {}, words));
    }

    async #submit(event) {
        event.preventDefault();
        this.send.disabled = true;
        replace(this.trouble);
        try {
            const made = await askJson(path(["trainings"]), { method: "POST", json: this.body(), headers: { "Idempotency-Key": this.key }, signal: this.signal });
            go(`/trainings/${made.id}`);
        } catch (error) {
            if (this.signal.aborted) return;
            const { first } = this.faults.show(error.errors ?? []);
            replace(this.trouble, problemBox(error));
            first?.focus();
        }
        this.send.disabled = false;
    }
}

const about = (value) => (value === null ? "not known" : `about ${seconds(value)}`);
const part = (title, ...content) => h("fieldset", {}, h("legend", {}, title), h("div.stack", {}, content));
