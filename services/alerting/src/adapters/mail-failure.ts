const LONGEST = 300;

/** Why the server did not take a mail, without the address's password in any form in which a server could repeat it. */
export function failureText(error: unknown, url: string): string {
  const { code, message } = error as { code?: string; message?: string };
  const text = [code, message ?? String(error)].filter(Boolean).join(': ').replace(/\s+/g, ' ');
  return secretsOf(url).reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text).slice(0, LONGEST);
}

/** The longest first: one may contain another. */
function secretsOf(url: string): string[] {
  const { username, password } = new URL(url);
  if (password === '') return [];
  const [user, plain] = [decodeURIComponent(username), decodeURIComponent(password)];
  const encoded = [plain, `\0${user}\0${plain}`].map((text) => Buffer.from(text).toString('base64'));
  return [...encoded, password, plain].sort((a, b) => b.length - a.length);
}
