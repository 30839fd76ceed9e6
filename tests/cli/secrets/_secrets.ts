/**
 * Invented secrets, in parts, so that nothing that searches this repository finds them.
 *
 * @module
 */

/** A GitHub token. */
export const TOKEN = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";

/** A token that only the preset knows. */
export const NPM = "npm" + "_" + "xK4mQ7tR2wZ9cV5bN8jL3hG6fD1sA0pY4eU7";

/** A password that nothing but an `.env` file, or a name before it, tells to be one. */
export const PASSWORD = "dull" + "Horse77battery";
