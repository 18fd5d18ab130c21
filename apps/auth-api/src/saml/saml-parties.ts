import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { IdentityProviders } from '#host/saml/identity-providers.js';
import type { IdentityProviderSettings, SamlSettings } from '#host/saml/saml-settings.js';
import { Settings } from '#host/settings.js';
import { REQUESTED_ATTRIBUTES } from '#saml/metadata/requested-attributes.js';
import { serviceProviderMetadata } from '#saml/metadata/service-provider-metadata.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { IdentityProvider, ServiceProvider } from '#saml/parties.js';
import { BadRequest } from '../bad-request.js';
import { IdentityProviderUnavailable } from './identity-provider-unavailable.js';

/** An identity provider that the settings name, with what is known of it at this moment. */
export interface TrustedProvider {
  readonly settings: IdentityProviderSettings;
  readonly metadata: IdentityProvider;
}

/** Who takes part in logins by SAML: this service, and the identity providers of the settings. */
@Injectable()
export class SamlParties implements OnApplicationBootstrap {
  private readonly saml: SamlSettings | null;
  private readonly providers: IdentityProviders;

  constructor(@Inject(Settings) { saml, data }: Settings, clock: Clock, log: Log) {
    this.saml = saml;
    this.providers = new IdentityProviders(saml?.identityProviders ?? [], data, clock, log);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.providers.open();
    this.providers.start();
  }

  async stop(): Promise<void> {
    await this.providers.stop();
  }

  /** @throws BadRequest `saml-not-configured` */
  get serviceProvider(): ServiceProvider {
    return this.configured.serviceProvider;
  }

  /** As identity providers read it, XML. @throws BadRequest `saml-not-configured` */
  metadata(): string {
    const { serviceProvider, description } = this.configured;
    return serviceProviderMetadata(serviceProvider, description, REQUESTED_ATTRIBUTES);
  }

  /**
   * @param name as in the settings; undefined for the first one
   * @throws BadRequest `identity-provider-unknown`
   * @throws IdentityProviderUnavailable while there is no metadata of it
   * @throws BadRequest `saml-not-configured`
   */
  named(name: unknown): TrustedProvider {
    const { identityProviders } = this.configured;
    const settings = name === undefined ? identityProviders[0] : identityProviders.find((each) => each.name === name);
    if (settings === undefined)
      throw new BadRequest('identity-provider-unknown', 'idp must be the name of a configured identity provider.');
    const metadata = this.providers.byName(settings.name);
    if (metadata === null) throw new IdentityProviderUnavailable(settings.name);
    return { settings, metadata };
  }

  /**
   * Reads a message of an identity provider. What is refused is refused with its name, as soon as that is known.
   * @param read given what finds an identity provider by its entity id
   * @throws SamlRefused
   */
  reading<Message>(read: (find: (entityId: string) => IdentityProvider | null) => Message): {
    readonly message: Message;
    readonly provider: TrustedProvider;
  } {
    const found: TrustedProvider[] = [];
    try {
      const message = read((entityId) => {
        const provider = this.byEntityId(entityId);
        if (provider !== null) found.push(provider);
        return provider?.metadata ?? null;
      });
      const [provider] = found;
      if (provider === undefined) throw new SamlRefused('issuer-unknown');
      return { message, provider };
    } catch (error) {
      throw ofProvider(error, found[0]);
    }
  }

  /** Null for one that is not trusted, or of whom nothing is known at this moment. */
  byEntityId(entityId: string): TrustedProvider | null {
    const settings = this.saml?.identityProviders.find((each) => each.entityId === entityId);
    const metadata = this.providers.byEntityId(entityId);
    return settings === undefined || metadata === null ? null : { settings, metadata };
  }

  private get configured(): SamlSettings {
    if (this.saml === null)
      throw new BadRequest('saml-not-configured', 'Nobody logs in through an identity provider here: saml is not set.');
    return this.saml;
  }
}

/** An error, said of this identity provider if it is the refusal of a message. */
export const ofProvider = (error: unknown, provider: TrustedProvider | undefined): unknown =>
  error instanceof SamlRefused && provider !== undefined ? error.from(provider.metadata.entityId) : error;
