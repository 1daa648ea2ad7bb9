import { type Command } from 'commander';
import { table } from '../output/table.js';
import { type Context } from './context.js';
import { listAll } from './list-all.js';

interface Project {
  id: string;
  customer_id: string;
  name: string | null;
  created_at: string;
}

/** `projects create | list`: a customer's own division of its usage. */
export function addProjectsCommand(program: Command, context: Context): void {
  const projects = program.command('projects').description("make and list projects, a customer's own division of its usage");

  projects
    .command('create')
    .description('make a project of a customer')
    .requiredOption('--customer <id>', 'whose it is')
    .option('--id <uuid>', 'the id that its clients send; one is made when none is given')
    .option('--name <name>', 'what it is called')
    .option('--json', 'print the answer as JSON')
    .action(async ({ customer, id, name, json }: { customer: string; id?: string; name?: string; json?: boolean }) => {
      const project = (await context.api().call('POST', '/v1/projects', { customer_id: customer, ...(id === undefined ? {} : { id }), name: name ?? null })) as Project;
      if (json) return context.print(JSON.stringify(project));
      context.print(`Made project ${project.id} of ${project.customer_id}.`);
    });

  projects
    .command('list')
    .description('list the projects')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const all = await listAll<Project>(context.api(), '/v1/projects');
      if (options.json) return context.print(JSON.stringify(all));
      context.print(table(['id', 'customer', 'name', 'created'], all.map((project) => [project.id, project.customer_id, project.name, project.created_at])));
    });
}
