/** What is wrong with a request before any rule is asked. */
export type RequestFault =
  | 'body-invalid'
  | 'content-type-unsupported'
  | 'cookie-missing'
  | 'csrf-token-missing'
  | 'csrf-token-wrong'
  | 'idempotency-key-invalid'
  | 'identity-provider-unknown'
  | 'login-service-unknown'
  | 'origin-not-trusted'
  | 'parameter-invalid'
  | 'url-too-long';

/** The request is not of the form it must have; the explanation says which part is wrong and what would be right. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';

  constructor(
    readonly code: RequestFault,
    readonly explanation: string,
  ) {
    super(code);
  }
}
