/** SQL with its parameters apart: values are bound by the server under `{name:Type}` and never become part of the text. */
export interface BoundSql {
  sql: string;
  parameters: Record<string, string | number>;
}

/** Conditions joined by AND, with the values they bind. */
export class Conditions {
  private readonly texts: string[] = [];
  readonly parameters: Record<string, string | number> = {};

  /** Adds `text` as it is, binding `parameters` in it. */
  add(text: string, parameters: Record<string, string | number> = {}): this {
    this.texts.push(text);
    Object.assign(this.parameters, parameters);
    return this;
  }

  /** `column = value`, unless there is no value. `column` is a name from our own code. */
  equals(column: string, value: string | undefined): this {
    return value === undefined ? this : this.add(`${column} = {${column}:String}`, { [column]: value });
  }

  /** `WHERE …` on a line of its own with a line for each, or `gap` between all of them; or nothing. */
  toSQL(gap?: string): string {
    return this.texts.length === 0 ? '' : `${gap ?? '\n'}WHERE ${this.texts.join(`${gap ?? '\n  '}AND `)}`;
  }
}

/** A bound time, microseconds since 1970, as DateTime64(6, 'UTC'). */
export const boundTime = (name: string): string => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`;
