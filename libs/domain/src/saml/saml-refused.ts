import type { SamlFault } from './saml-fault.js';

/** What an answer says about a message that was refused, and nothing more of it: it is none, it is too large, or it is not accepted. */
export type SamlRefusalKind = 'malformed' | 'too-large' | 'refused';

const MALFORMED: ReadonlySet<SamlFault> = new Set([
  'form-malformed',
  'encoding-invalid',
  'markup-forbidden',
  'too-complex',
  'xml-invalid',
  'root-unexpected',
]);

/** A SAML message is not accepted. Says why, and nothing that stood in the message. */
export class SamlRefused extends Error {
  override readonly name = 'SamlRefused';

  /**
   * @param requestId of a request of ours that the message names; undefined where it names none, or was not read so far
   * @param identityProvider the entity id of the configured one that it was to be from; for the audit, never for the answer
   */
  constructor(
    readonly fault: SamlFault,
    readonly requestId?: string,
    readonly identityProvider?: string,
  ) {
    super(`a SAML message was refused: ${fault}`);
  }

  /** The same, said of this identity provider. */
  from(identityProvider: string): SamlRefused {
    return new SamlRefused(this.fault, this.requestId, identityProvider);
  }

  get kind(): SamlRefusalKind {
    if (this.fault === 'too-large') return 'too-large';
    return MALFORMED.has(this.fault) ? 'malformed' : 'refused';
  }
}
