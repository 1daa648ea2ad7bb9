/** DI token of the {@link Projects}. */
export const PROJECTS = Symbol('PROJECTS');

/** Whose a project is. */
export interface Projects {
  /** The customer of a project; null when there is no such project. @param projectId a UUID in lower case */
  customerOf(projectId: string): Promise<string | null>;
}
