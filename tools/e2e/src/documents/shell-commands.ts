/** A command as a shell would split it; `$NAME` is put in, a backslash before white space only goes on with the line. */
export type Command = readonly string[];

/** The commands in the `sh` blocks of a page. */
export function commandsOf(markdown: string, variables: Readonly<Record<string, string>>): Command[] {
  const blocks = [...markdown.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map(([, , block]) => block!);
  return blocks.flatMap((block) => splitCommands(block, variables));
}

/** Splits a script of plain commands: words, quotes, line continuations and comments; nothing else of a shell. */
export function splitCommands(script: string, variables: Readonly<Record<string, string>> = {}): Command[] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | null = null;
  const endWord = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let i = 0; i < script.length; i++) {
    const character = script[i]!;
    if (character === "'" || character === '"') {
      const end = script.indexOf(character, i + 1);
      if (end < 0) throw new Error(`a ${character} is not closed: ${script.slice(i, i + 60)}`);
      const text = script.slice(i + 1, end);
      word = (word ?? '') + (character === '"' ? withVariables(text, variables) : text);
      i = end;
    } else if (character === '\\' && /\s/.test(script[i + 1] ?? ' ')) {
      endWord();
      i++;
    } else if (character === '\n') endCommand();
    else if (character === '#' && word === null) i = (script.indexOf('\n', i) + script.length + 1) % (script.length + 1) - 1;
    else if (/\s/.test(character)) endWord();
    else word = (word ?? '') + character;
  }
  endCommand();
  return commands;
}

function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$([A-Z_]+)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`$${name} is not set`);
    return value;
  });
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The request that a curl command sends. @throws Error for an option that it does not know */
export function curlRequest([, ...words]: Command): HttpRequest {
  let method: string | undefined;
  let url = '';
  const headers: Record<string, string> = {};
  let body: string | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '-X') method = words[++i]!;
    else if (word === '-H') {
      const [name, ...value] = words[++i]!.split(':');
      headers[name!.toLowerCase()] = value.join(':').trim();
    } else if (word === '-d') body = words[++i]!;
    else if (word === '-s') continue;
    else if (word.startsWith('-')) throw new Error(`curl ${word} is not known here`);
    else url = word;
  }
  return { method: method ?? (body === null ? 'GET' : 'POST'), url, headers, body };
}
