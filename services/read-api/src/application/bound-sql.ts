/** A value that a server binds. */
export type Bound = string | number | readonly string[];

/** SQL with its parameters apart: values are bound by the server under `{name:Type}` and never become part of the text. */
export interface BoundSql {
  sql: string;
  parameters: Record<string, Bound>;
}

/** One value, or any of several. */
export type OneOf<T extends string = string> = T | readonly T[];

/** Conditions joined by AND, with the values they bind. */
export class Conditions {
  private readonly texts: string[] = [];
  readonly parameters: Record<string, Bound> = {};

  /** Adds `text` as it is, binding `parameters` in it. */
  add(text: string, parameters: Record<string, Bound> = {}): this {
    this.texts.push(text);
    Object.assign(this.parameters, parameters);
    return this;
  }

  /** `column = value`, or any of several values, unless there is none. `column` is a name from our own code. */
  equals(column: string, value: OneOf | undefined): this {
    if (value === undefined) return this;
    const [only, ...others] = typeof value === 'string' ? [value] : value;
    if (only !== undefined && others.length === 0) return this.add(`${column} = {${column}:String}`, { [column]: only });
    return this.add(`${column} IN {${column}:Array(String)}`, { [column]: value });
  }

  /** `WHERE …` on a line of its own with a line for each, or `gap` between all of them; or nothing. */
  toSQL(gap?: string): string {
    return this.texts.length === 0 ? '' : `${gap ?? '\n'}WHERE ${this.texts.join(`${gap ?? '\n  '}AND `)}`;
  }
}

/** A bound time, microseconds since 1970, as DateTime64(6, 'UTC'). */
export const boundTime = (name: string): string => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`;

/** A question that has a limit, or none. */
export type Unpaged<Query extends { limit: number }> = Omit<Query, 'limit'> & { limit?: number };
