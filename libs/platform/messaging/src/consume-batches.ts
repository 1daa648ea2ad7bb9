import { type ArgumentsHost, applyDecorators, Catch, type RpcExceptionFilter, UseFilters } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';
import { type StreamKind } from './stream-names.js';

/** The pattern under which a batch handler is registered with Nest. */
export function batchPattern(kind: StreamKind): string {
  return `batches:${kind}`;
}

/** Nest's own filter would replace the error by "Internal server error"; the strategy needs the real one. */
@Catch()
class PassErrorsOn implements RpcExceptionFilter {
  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => error);
  }
}

/** Marks a controller method `handle(@Payload() batch: PartitionBatch): Promise<void>` as the handler of a stream kind's batches. */
export function ConsumeBatches(kind: StreamKind): MethodDecorator {
  return applyDecorators(EventPattern(batchPattern(kind)) as MethodDecorator, UseFilters(new PassErrorsOn()));
}
