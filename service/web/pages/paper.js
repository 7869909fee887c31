/** @file A sheet to draw on with mouse, finger or pen, that can also show a picture. What is sent is always black on white. */

import { h } from "./dom.js";

const SIDE = 672; // pixels of the canvas, whatever its size on the screen
const SENT = 280; // pixels of the picture that is sent
const PEN = 0.075; // width of a stroke, as a share of the side
const LEAST = 0.08; // of the side that a stroke must span before it says anything

/** @typedef {{x: number, y: number}[]} Stroke points, as shares of the side */

export class Paper {
    /** @type {Stroke[]} */
    #strokes = [];
    /** @type {{file: Blob, bitmap: ImageBitmap} | null} */
    #picture = null;
    #pointer = null;
    #changed;

    /** @param {() => void} changed called at every change */
    constructor(changed) {
        this.#changed = changed;
        this.canvas = h("canvas", {
            width: SIDE, height: SIDE, role: "img",
            "aria-label": "Drawing area, for mouse, finger or pen. With a keyboard, choose a sample or a picture below.",
        });
        this.canvas.addEventListener("pointerdown", (event) => this.#begin(event));
        this.canvas.addEventListener("pointermove", (event) => this.#go(event));
        for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, (event) => this.#end(event));
    }

    get isEmpty() {
        return this.#strokes.length === 0 && this.#picture === null;
    }

    /** Whether there is more on it than a dot, which nobody can read. */
    get isReadable() {
        return this.#picture !== null || this.#strokes.some((points) => extent(points) > LEAST);
    }

    get isDrawn() {
        return this.#strokes.length > 0;
    }

    clear() {
        this.#strokes = [];
        this.#picture = null;
        this.#show();
    }

    undo() {
        this.#strokes.pop();
        this.#picture = null;
        this.#show();
    }

    /** Show a picture instead of strokes; reject if the browser cannot read it. */
    async put(file) {
        const bitmap = await createImageBitmap(file);
        this.#strokes = [];
        this.#picture = { file, bitmap };
        this.#show();
    }

    /** Return what is on the sheet: a picture as it came, strokes as a small PNG. */
    async blob() {
        if (this.#picture) return this.#picture.file;
        const canvas = h("canvas", { width: SENT, height: SENT });
        draw(canvas, this.#strokes, "#000", "#fff");
        return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
    }

    /** Draw again, in the colours of the theme. */
    paint() {
        const { color, backgroundColor } = getComputedStyle(this.canvas);
        draw(this.canvas, this.#strokes, color, backgroundColor);
        if (this.#picture) place(this.canvas, this.#picture.bitmap);
    }

    #show() {
        this.paint();
        this.#changed();
    }

    #begin(event) {
        if (event.button !== 0 || this.#pointer !== null) return;
        event.preventDefault();
        this.#pointer = event.pointerId;
        this.canvas.setPointerCapture(event.pointerId);
        this.#picture = null;
        this.#strokes.push([this.#at(event)]);
        this.#show();
    }

    #go(event) {
        if (event.pointerId !== this.#pointer) return;
        const passed = event.getCoalescedEvents?.() ?? [];
        for (const each of passed.length ? passed : [event]) this.#strokes.at(-1).push(this.#at(each));
        this.#show();
    }

    #end(event) {
        if (event.pointerId === this.#pointer) this.#pointer = null;
    }

    #at(event) {
        const box = this.canvas.getBoundingClientRect();
        return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    }
}

/** The longer side of what the points span, as a share of the sheet's side. */
function extent(points) {
    const span = (values) => Math.max(...values) - Math.min(...values);
    return Math.max(span(points.map(({ x }) => x)), span(points.map(({ y }) => y)));
}

/** Draw strokes as curves through the middles between their points: smooth however coarse the pointer's reports are. */
function draw(canvas, strokes, ink, paper) {
    const context = canvas.getContext("2d");
    const side = canvas.width;
    context.fillStyle = paper;
    context.fillRect(0, 0, side, side);
    context.strokeStyle = ink;
    context.lineWidth = PEN * side;
    context.lineCap = "round";
    context.lineJoin = "round";
    for (const points of strokes) {
        context.beginPath();
        context.moveTo(points[0].x * side, points[0].y * side);
        for (let index = 1; index < points.length - 1; index += 1) {
            const [here, next] = [points[index], points[index + 1]];
            context.quadraticCurveTo(here.x * side, here.y * side, ((here.x + next.x) / 2) * side, ((here.y + next.y) / 2) * side);
        }
        const end = points.at(-1);
        context.lineTo(end.x * side, end.y * side);
        context.stroke();
    }
}

/** Put a picture in the middle, as large as fits; small ones keep their pixels. */
function place(canvas, bitmap) {
    const context = canvas.getContext("2d");
    const scale = canvas.width / Math.max(bitmap.width, bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.imageSmoothingEnabled = Math.max(bitmap.width, bitmap.height) > 128;
    context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
