/** A line for each row, as it stands in the `data` of a JSON answer. */
export async function* encodeNdjson(batches: AsyncIterable<Readonly<Record<string, unknown>>[]>): AsyncGenerator<string, void> {
  for await (const batch of batches) yield batch.map((view) => `${JSON.stringify(view)}\n`).join('');
}
