import { describe, expect, it } from '@jest/globals';
import { HttpException, NotFoundException } from '@nestjs/common';
import { z } from 'zod';
import { parseInput, problemBody, type ProblemError } from '../index.js';
import { toProblem } from './to-problem.js';

describe('problems', () => {
  it('a body has every member of RFC 9457, the code, and fields only where there are any', () => {
    expect(problemBody(409, 'taken', 'It is taken.')).toEqual({ type: 'about:blank', title: 'Conflict', status: 409, code: 'taken', detail: 'It is taken.' });
    expect(problemBody(422, 'x', 'y', [{ field: 'a', reason: 'b' }]).errors).toEqual([{ field: 'a', reason: 'b' }]);
  });

  it('an unknown error says nothing of itself', () => {
    expect(toProblem(new Error('password is hunter2'))).toMatchObject({ status: 500, code: 'internal', detail: 'The request could not be completed.' });
    expect(toProblem('text')).toMatchObject({ status: 500 });
    expect(toProblem(Object.assign(new Error('x'), { statusCode: 502 }))).toMatchObject({ status: 500 });
  });

  it("a framework's refusal keeps its status and gets a stable code", () => {
    const tooLarge = Object.assign(new Error('Request body is too large'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
    expect(toProblem(tooLarge)).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(toProblem(new HttpException('x', 413, { cause: tooLarge }))).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(toProblem(new NotFoundException('Cannot GET /x'))).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('an unreachable database is a 503 that says when to try again', () => {
    const problem = toProblem(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    expect(problem).toMatchObject({ status: 503, code: 'dependency_unavailable', headers: { 'retry-after': '1' } });
  });

  it('bad input names every field, unknown ones too, and repeats no value', () => {
    const schema = z.strictObject({ name: z.string(), limits: z.array(z.number()) });
    expect.assertions(3);
    try {
      parseInput(schema, { limits: [1, 'hunter2'], extra: 1 });
    } catch (error) {
      const { status, errors } = error as ProblemError;
      expect(status).toBe(422);
      expect(errors!.map(({ field }) => field).sort()).toEqual(['extra', 'limits.1', 'name']);
      expect(JSON.stringify(errors)).not.toContain('hunter2');
    }
  });
});
