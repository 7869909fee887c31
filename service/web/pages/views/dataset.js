/** @file One data set: what it holds, and a gallery. */

import { askJson, path } from "../api.js";
import { commandBox, curl } from "../curl.js";
import { h, replace } from "../dom.js";
import { count } from "../format.js";
import { problemBox } from "../problem.js";

const SHOWN = 100;

/** @param {import("../router.js").Place} place */
export async function view({ params, signal, title }) {
    const { name } = params;
    const dataset = await askJson(path(["datasets", name]), { signal });
    title(dataset.name);
    const gallery = h("ul.pictures");
    const trouble = h("div");
    const split = h("select", { id: "split" }, h("option", { value: "train" }, "to train on"), h("option", { value: "test" }, "to test with"));
    const command = commandBox("", "this gallery");
    const show = async () => {
        command.line = curl(path(["datasets", name, "samples.png"], { split: split.value }), { output: true });
        try {
            const { samples } = await askJson(path(["datasets", name, "samples"], { split: split.value, count: SHOWN }), { signal });
            replace(gallery, samples.map((one) => h("li.picture", {}, h("img.pixels", { src: one.image, alt: "", width: 64, height: 64, loading: "lazy" }), h("span", { title: one.label }, one.label))));
        } catch (error) {
            if (!signal.aborted) replace(trouble, problemBox(error));
        }
    };
    split.addEventListener("change", () => void show());
    if (dataset.available) void show();
    if (dataset.state !== "ready") return unready(dataset);
    const facts = [["Classes", dataset.classes.join(", ")], ["Pictures", `${dataset.shape[0]} × ${dataset.shape[1]}, ${dataset.shape[2] === 1 ? "grey" : "colour"}`],
        ["To train on", count(dataset.train_count)], ["To test with", count(dataset.test_count)], ...(dataset.sha256 ? [["SHA-256", dataset.sha256]] : [])];
    return [
        h("header.head", {}, h("div", {}, h("h1", { tabindex: -1 }, dataset.name), h("p.lead", {}, dataset.title))),
        h("div.stack.loose", {}, h("div.stack", {}, h("p", {}, dataset.description), h("dl.facts", {}, facts.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)])), lint(dataset)),
            dataset.available
                ? h("section.section", {}, h("header", {}, h("h2", {}, "Some of its pictures"), h("div.row", {}, h("label.muted.small", { for: "split" }, "Pictures"), h("div", {}, split))), trouble, gallery, command)
                : h("p.note", {}, "Its pictures are not on this machine yet: the first training that wants them has them downloaded.")),
    ];
}

/** What is told of one that cannot be trained on: how far it is, or why it came to nothing. */
function unready(dataset) {
    const { name, title: lead, state, progress, error } = dataset;
    const done = progress?.total ? `${progress.activity}: ${count(progress.done)} of ${count(progress.total)} pictures` : (progress?.activity ?? "It waits for a worker");
    return [
        h("header.head", {}, h("div", {}, h("h1", { tabindex: -1 }, name), h("p.lead", {}, lead))),
        h("div.stack.loose", {}, h("p.note", {}, state === "importing" ? `It is being imported. ${done}.` : `It was ${state}: ${error?.detail ?? ""}`), lint(dataset),
            commandBox(curl(path(["datasets", name])), "how far it is")),
    ];
}

/** What was odd about the files, with the names of the first. */
function lint({ lint: findings }) {
    return findings.length === 0 ? null : h("section.section", {}, h("h2", {}, "What was odd about it"),
        h("ul", {}, findings.map(({ finding, severity, count: files, files: names }) => h("li", {}, `${severity}: ${finding}${files ? ` (${count(files)})` : ""}`,
            names.length ? h("details", {}, h("summary", {}, "Files"), h("ul", {}, names.map((file) => h("li.small", {}, file)))) : null))));
}
