/** ucloud-users-api §13.1. */
export const ROLES = ['GUEST', 'USER', 'ADMIN', 'SERVICE', 'THIRD_PARTY_APP', 'PROVIDER', 'UNKNOWN'] as const;
export type Role = (typeof ROLES)[number];

/** The roles that accounts can have (ucloud-users-api §5.9). */
export const ACCOUNT_ROLES = ['USER', 'ADMIN', 'SERVICE', 'PROVIDER'] as const satisfies readonly Role[];
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

/** The role sets that calls are opened to (ucloud-users-api §2.4). */
export const END_USER = ['USER', 'ADMIN'] as const satisfies readonly Role[];
export const PRIVILEGED = ['ADMIN', 'SERVICE'] as const satisfies readonly Role[];
export const ADMINISTRATORS = ['ADMIN'] as const satisfies readonly Role[];
export const SERVICES = ['SERVICE'] as const satisfies readonly Role[];
export const PUBLIC = ROLES;
