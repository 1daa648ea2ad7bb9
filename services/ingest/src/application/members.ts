/** DI token of the {@link Members}. */
export const MEMBERS = Symbol('MEMBERS');

/** Whose the users of the identity provider are. */
export interface Members {
  /** The customer of a user; null when it is a user of none. @param userId the subject of its tokens */
  customerOf(userId: string): Promise<string | null>;
}
