/** @file Small pictures with a line below: what a network saw, and what spoke for its answer. */

import { h } from "./dom.js";

/** A figure of `source`, which must be a PNG in a data URL, or an address of this service. */
export function pictureOf(source, caption) {
    const image = h("img.pixels", { alt: caption, width: 112, height: 112 });
    if (/^(data:image\/png;base64,|\/v1\/)/.test(String(source))) image.src = source;
    return h("figure", {}, image, h("figcaption", {}, caption));
}
