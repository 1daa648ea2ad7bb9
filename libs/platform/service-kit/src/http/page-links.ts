import { applyDecorators, type CallHandler, type ExecutionContext, Injectable, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Observable, tap } from 'rxjs';

/**
 * The value of a `Link` header (RFC 8288) of one page of a list: `first` is the list without its cursor, `next` begins behind this page.
 * Both are relative references, path and query, so that they hold behind any ingress.
 *
 * @param url path and query of the request
 * @param nextCursor null on the last page
 */
export function pageLinks(url: string, nextCursor: string | null): string {
  const { pathname, searchParams } = new URL(url, 'http://service');
  const link = (cursor: string | null, rel: string): string => {
    const parameters = new URLSearchParams(searchParams);
    parameters.delete('cursor');
    if (cursor !== null) parameters.set('cursor', cursor);
    return `<${pathname}${parameters.size > 0 ? `?${parameters}` : ''}>; rel="${rel}"`;
  };
  return [...(nextCursor === null ? [] : [link(nextCursor, 'next')]), link(null, 'first')].join(', ');
}

@Injectable()
class PageLinksInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return next.handle().pipe(
      tap((body) => {
        const cursor = (body as { next_cursor?: unknown } | null | undefined)?.next_cursor;
        if (cursor === null || typeof cursor === 'string') http.getResponse<FastifyReply>().header('link', pageLinks(http.getRequest<FastifyRequest>().url, cursor));
      }),
    );
  }
}

/** Makes a route that answers `{data, next_cursor}` say in its `Link` header where the next and the first page are. */
export const PageLinks = (): MethodDecorator => applyDecorators(UseInterceptors(PageLinksInterceptor));
