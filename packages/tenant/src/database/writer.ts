/** On whose behalf something is changed: the tenant, and the client whose token asks for it; an empty one for the command. */
export interface Writer {
  tenantId: string;
  clientId: string;
}
