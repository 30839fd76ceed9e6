/**
 * Refusals of requests for drops and topics, with the stable codes of RELAY_SERVER_SPEC.md,
 * sections 17.7 and 18.4.
 *
 * @module
 */

/** Codes of refusals, and the HTTP status of each. */
export const STATUS = {
  bad_request: 400,
  part_size: 400,
  web_page: 403,
  drops_off: 404,
  drop_not_found: 404,
  method: 405,
  body_late: 408,
  drop_exists: 409,
  part_out_of_order: 409,
  drop_incomplete: 409,
  being_taken: 409,
  changed: 409,
  drop_taken: 410,
  drop_too_large: 413,
  body_too_large: 413,
  too_many_drops: 429,
  too_many_requests: 429,
  shutting_down: 503,
  store_failed: 503,
  store_full: 507,
} as const;

/** The code of a refusal. */
export type RefusalCode = keyof typeof STATUS;

/** A request that is refused. */
export class Refusal extends Error {
  override name = "Refusal";

  /** @param fields Goes into the answer. */
  constructor(
    readonly code: RefusalCode,
    readonly fields: Record<string, number> = {},
  ) {
    super(code);
  }
}
