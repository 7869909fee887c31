/** @file The data sets there are, each with some of its pictures. */

import { askJson, path } from "../api.js";
import { commandBox, curl } from "../curl.js";
import { h, replace } from "../dom.js";
import { count, counted } from "../format.js";

/** Why there are no pictures, by a data set's state. */
const ABSENT = {
    ready: "Not on this machine yet: the first training that wants it has it downloaded.",
    importing: "It is being imported.",
    refused: "What was sent was refused.",
    failed: "It could not be imported.",
};

/** @param {import("../router.js").Place} place */
export async function view({ signal, title }) {
    title("Data sets");
    const { datasets } = await askJson(path(["datasets"]), { signal });
    return [
        h("header.head", {}, h("div", {}, h("h1", { tabindex: -1 }, "Data sets"), h("p.lead", {}, "Labelled pictures: a part to train on, and a part to test with."))),
        h("div.stack.loose", {}, h("div.tiles", {}, datasets.map((dataset) => tile(dataset, signal))), commandBox(curl("/v1/datasets"), "this list")),
    ];
}

function tile({ name, title, state, available, classes, train_count: train, test_count: test }, signal) {
    const place = h("div.samples", { "aria-hidden": "true" });
    if (available) void some(place, name, signal);
    return h("section.card.tile", {}, h("h2", {}, h("a", { href: `#/datasets/${encodeURIComponent(name)}` }, name)), h("p.muted.small", {}, title),
        available ? place : h("p.muted.small", {}, ABSENT[state] ?? ABSENT.ready),
        state === "ready" ? h("p.small", {}, `${counted(classes.length, "class", "classes")}, ${count(train)} to train on, ${count(test)} to test with`) : null);
}

async function some(place, name, signal) {
    try {
        const { samples } = await askJson(path(["datasets", name, "samples"], { count: 10 }), { signal });
        replace(place, samples.map(({ image }) => h("img.pixels", { src: image, alt: "", width: 28, height: 28, loading: "lazy" })));
    } catch {
        place.hidden = true; // the tile says enough without them
    }
}
