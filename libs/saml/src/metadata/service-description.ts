/** The same in the languages that people who choose an institution read. */
export interface Localised {
  readonly da: string;
  readonly en: string;
}

/** What identity providers show people, and whom they write to (SAML metadata §2.3.2, MDUI §2.1). */
export interface ServiceDescription {
  readonly name: Localised;
  /** What it is for. */
  readonly description: Localised;
  /** Addresses of pages; null for none. */
  readonly privacyStatement: Localised | null;
  readonly logo: { readonly url: string; readonly width: number; readonly height: number } | null;
  readonly organization: { readonly name: Localised; readonly url: string } | null;
  readonly contacts: readonly Contact[];
}

export interface Contact {
  readonly type: 'technical' | 'support';
  readonly name: string;
  readonly email: string;
}
