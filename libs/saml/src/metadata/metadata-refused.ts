/** Metadata of an identity provider cannot be used; the message says why, in words that follow "the metadata". */
export class MetadataRefused extends Error {
  override readonly name = 'MetadataRefused';
}
