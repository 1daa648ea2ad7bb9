import { repeatable } from '@ledgerline/administration';
import { type RouteDoc } from '@ledgerline/service-kit';
import { z } from 'zod';
import { INVALID, NO_CUSTOMER, pageOf, time, uuid } from './answers.openapi.js';
import { newProjectRequest, projectsQuery } from './requests.js';

const tag = 'Customers and projects';

const project = z
  .strictObject({ id: uuid, customer_id: z.string(), name: z.string().nullable(), created_at: time })
  .meta({ id: 'Project', description: "A customer's own division of its usage.", examples: [{ id: '6f0c2a44-9d0e-4b52-8a63-1f2f0d5f3c11', customer_id: 'acme', name: 'Search', created_at: '2026-01-15T10:30:00.000Z' }] });

export const createProjectDoc = repeatable({
  id: 'createProject',
  summary: 'Make a project',
  tag,
  body: newProjectRequest,
  answers: { 201: project },
  problems: { ...INVALID, ...NO_CUSTOMER, 409: { project_exists: 'There is one of this id.' } },
});

export const listProjectsDoc: RouteDoc = { id: 'listProjects', summary: 'List projects', tag, query: projectsQuery, answers: { 200: pageOf(project) }, problems: { ...INVALID, ...NO_CUSTOMER } };

export const getProjectDoc: RouteDoc = {
  id: 'getProject',
  summary: 'Get a project',
  tag,
  params: { id: uuid },
  answers: { 200: project },
  problems: { 404: { project_not_found: 'There is no such project, or it is none of yours.' } },
};
