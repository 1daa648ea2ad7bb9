import { describe, expect, it } from '@jest/globals';
import { failureText } from './mail-failure.js';
import { withPrivacy } from './smtp-mailer.js';

describe('why a mail was not taken', () => {
  const url = 'smtp://user:p%40ss%2Fword@mail.example.com';
  const repeated = [
    'p@ss/word',
    'p%40ss%2Fword',
    Buffer.from('p@ss/word').toString('base64'),
    Buffer.from('\0user\0p@ss/word').toString('base64'),
  ];

  it.each(repeated)('does not repeat the password, even when the server does (%#)', (secret) => {
    const text = failureText(Object.assign(new Error(`535 no login with ${secret},\nsorry`), { code: 'EAUTH' }), url);
    expect(text).toBe('EAUTH: 535 no login with [redacted], sorry');
  });

  it('is short, and is what it is where there is no password', () => {
    expect(failureText(new Error('x'.repeat(1_000)), 'smtp://mail.example.com')).toBe('x'.repeat(300));
  });
});

describe('a password', () => {
  it.each([
    ['smtp://u:p@mail.example.com', 'true'],
    ['smtp://u:p@mail.example.com?requireTLS=false', 'false'],
    ['smtp://mail.example.com', null],
    ['smtp://u:p@127.0.0.1:25', null],
    ['smtps://u:p@mail.example.com', null],
  ])('leaves this machine encrypted unless told otherwise: %s', (url, requireTLS) => {
    expect(new URL(withPrivacy(url)).searchParams.get('requireTLS')).toBe(requireTLS);
  });
});
