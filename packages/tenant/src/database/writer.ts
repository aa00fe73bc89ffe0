/** On whose behalf something is changed: the tenant, and the client whose token asks for it. */
export interface Writer {
  tenantId: string;
  clientId: string;
}
