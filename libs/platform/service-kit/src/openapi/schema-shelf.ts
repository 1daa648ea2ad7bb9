import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** A JSON Schema where a zod schema is expected: it goes into the document as it is. @param id its name in the document */
export const fromJsonSchema = (id: string, schema: object): z.ZodType => z.unknown().meta({ id, ...schema });

/** Makes JSON Schema (2020-12) of zod schemas. What has a name (`.meta({ id })`) is kept once, and referred to. */
export class SchemaShelf {
  readonly schemas: Record<string, JsonSchema> = {};

  /**
   * @param io whether it is of what is sent (defaults may be missing) or of what is answered (they are there)
   * @throws when two schemas have the same name
   */
  jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { properties, $defs } = z.toJSONSchema(z.object({ root: schema }), { io, unrepresentable: 'any', override: this.strip }) as unknown as { properties: { root: JsonSchema }; $defs?: Record<string, JsonSchema> };
    for (const [name, definition] of Object.entries($defs ?? {})) this.keep(name, pointed(definition) as JsonSchema);
    return pointed(properties.root) as JsonSchema;
  }

  private keep(name: string, definition: JsonSchema): void {
    const known = this.schemas[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) throw new Error(`Two schemas are called ${name}.`);
    this.schemas[name] = definition;
  }

  /** What says nothing: the name, which is where it is kept, and the lower end of all that a JSON number is exact to. */
  private readonly strip = ({ jsonSchema }: { jsonSchema: JsonSchema }): void => {
    delete jsonSchema['id'];
    if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  };
}

/** References to where the document keeps named schemas. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === '$ref' ? String(inner).replace('#/$defs/', '#/components/schemas/') : pointed(inner)]));
}
