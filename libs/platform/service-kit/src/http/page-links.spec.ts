import { describe, expect, it } from '@jest/globals';
import { pageLinks } from './page-links.js';

/** The references of a Link header by their relation, as a client would resolve them. */
const resolved = (header: string): Record<string, URL> =>
  Object.fromEntries([...header.matchAll(/<([^<>]*)>; rel="([a-z]+)"/g)].map(([, target, rel]) => [rel, new URL(target!, 'https://meter.example/v1/events?old=1')]));

describe('the Link header of a page', () => {
  it('has next only when there is a next page, and first always', () => {
    expect(pageLinks('/v1/keys', null)).toBe('</v1/keys>; rel="first"');
    expect(pageLinks('/v1/keys?limit=2', 'abc')).toBe('</v1/keys?limit=2&cursor=abc>; rel="next", </v1/keys?limit=2>; rel="first"');
  });

  it('keeps every parameter, repeated and reserved ones too, and puts one cursor in the place of another', () => {
    const { next, first } = resolved(pageLinks('/v1/events?model=a%3E%2Cb&model=c+d&tag.x%22=%26&cursor=old&limit=3', 'new=='));
    const expected = [['model', 'a>,b'], ['model', 'c d'], ['tag.x"', '&'], ['limit', '3']];
    expect([...first!.searchParams]).toEqual(expected);
    expect([...next!.searchParams]).toEqual([...expected, ['cursor', 'new==']]);
    expect(next!.pathname).toBe('/v1/events');
  });

  it('names no other host, whatever the path looks like', () => {
    expect(resolved(pageLinks('/v1/events?x=//evil', 'n'))['next']!.host).toBe('meter.example');
  });
});
