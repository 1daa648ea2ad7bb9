import { Body, Controller, Get, Header, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { Changes } from '@ledgerline/administration';
import { confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { type Project, type Projects } from '../application/ports.js';
import { page } from './page.js';
import { createProjectDoc, getProjectDoc, listProjectsDoc } from './projects.openapi.js';
import { newProjectRequest, projectsQuery } from './requests.js';

export const PROJECTS = Symbol('PROJECTS');

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const projectJson = (project: Project) => ({
  id: project.id,
  customer_id: project.customerId,
  name: project.name,
  created_at: project.createdAt.toISOString(),
});

/** Projects: a customer's own division of its usage. */
@RequireScope('read', 'anyone')
@Controller('v1/projects')
export class ProjectsController {
  constructor(
    @Inject(PROJECTS) private readonly projects: Projects,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  @Post()
  @RequireScope('admin', 'anyone')
  @Documented(createProjectDoc)
  async create(@Body() body: unknown, @Req() request: FastifyRequest) {
    const { id, customer_id: asked, name } = parseInput(newProjectRequest, body);
    const customerId = confinedTo(request, asked);
    if (customerId === undefined) throw new ProblemError(422, 'validation_failed', 'The request has 1 bad field.', [{ field: 'customer_id', reason: 'is required: the key belongs to no customer' }]);
    return this.changes.once(request, async (change) => {
      const project = await this.projects.add({ id, customerId, name: name ?? null }, change);
      if (!project) throw new ProblemError(409, 'project_exists', 'There is a project of this id already.');
      return projectJson(project);
    });
  }

  @Get()
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listProjectsDoc)
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { customer_id: asked, limit, cursor } = parseInput(projectsQuery, query);
    return page(await this.projects.list({ limit: limit + 1, after: cursor ?? null }, confinedTo(request, asked)), limit, projectJson, (project) => project.id);
  }

  @Get(':id')
  @Header('cache-control', 'no-store')
  @Documented(getProjectDoc)
  async get(@Param('id') id: string, @Req() request: FastifyRequest) {
    const project = UUID.test(id) ? await this.projects.find(id.toLowerCase()) : null;
    const of = confinedTo(request);
    if (project === null || (of !== undefined && project.customerId !== of)) throw new ProblemError(404, 'project_not_found', 'There is no project of this id.');
    return projectJson(project);
  }
}
