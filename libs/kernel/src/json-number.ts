/** What `JSON.stringify` writes as these very digits: a decimal text as a JSON number, without passing through a float. */
export function jsonNumber(decimal: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(decimal);
}
