/** Postgres array literals, written here because the driver's own escaping of 20,000 texts costs more than their upsert. */

/** A text as an element of an array literal. U+0000 cannot be stored in Postgres; it becomes U+FFFD. */
export const textElement = (text: string): string => `"${text.replaceAll('\0', '\ufffd').replace(/["\\]/g, '\\$&')}"`;

/** `{…}` of elements that need no escaping, or are escaped already. */
export const arrayLiteral = (elements: Iterable<string | number | bigint>): string => `{${[...elements].join(',')}}`;

/** `{"a","b"}` of any texts. */
export const textArray = (texts: Iterable<string>): string => arrayLiteral(Array.from(texts, textElement));
