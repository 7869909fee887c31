/** @file The service's own description of what can be submitted (OpenAPI): fields, bounds, defaults and hints come from there. */

import { askJson } from "./api.js";

/** @typedef {Record<string, any>} Schema JSON Schema, as OpenAPI 3.1 has it */

export class Schemas {
    /** @param {Record<string, Schema>} components */
    constructor(components) {
        this.components = components;
        /** @type {Map<string, Schema>} */
        this.layers = new Map();
        for (const schema of Object.values(components)) {
            const name = schema.properties?.layer?.const;
            if (name) this.layers.set(name, schema);
        }
    }

    static async load(signal) {
        const { components } = await askJson("/openapi.json", { signal });
        return new Schemas(components.schemas);
    }

    /** Follow a reference; of something that may be null, return what else it may be. */
    resolved(schema) {
        if (schema.$ref) return this.components[schema.$ref.split("/").at(-1)];
        const others = (schema.anyOf ?? []).filter(({ type }) => type !== "null");
        if (schema.anyOf && others.length === 1) return { ...this.resolved(others[0]), nullable: true, description: schema.description ?? this.resolved(others[0]).description };
        return schema;
    }

    /** Return `value` with every default that it leaves out. */
    filled(schema, value) {
        const found = this.resolved(schema);
        if (!found.properties || (found.nullable && (value === null || value === undefined))) return value ?? found.default ?? null;
        const given = value ?? {};
        return Object.fromEntries(Object.entries(found.properties).map(([name, property]) =>
            [name, this.filled(property, given[name] ?? property.default)]));
    }
}

/** Return what must be laid over `base` to get `value`, by the service's rule: another kind replaces the whole. */
export function difference(value, base) {
    if (!isObject(value) || !isObject(base)) return same(value, base) ? undefined : value;
    if (["name", "from", "layers"].some((key) => key in value && !same(value[key], base[key]))) return value;
    const changed = Object.entries(value).map(([key, one]) => [key, difference(one, base[key])]).filter(([, one]) => one !== undefined);
    return changed.length ? Object.fromEntries(changed) : undefined;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
