import { defineError } from '../errors.ts';

/** There is no application with this ID in the tenant. */
export class ApplicationNotFound extends defineError({
  code: 'application_not_found',
  status: 404,
  meaning: 'No application of the tenant has this ID.',
  remedy: 'Get all applications to see their IDs.',
}) {
  constructor() {
    super('There is no such application');
  }
}

/** There is no client with this ID in the application. */
export class ClientNotFound extends defineError({
  code: 'client_not_found',
  status: 404,
  meaning: 'The application has no client with this ID.',
  remedy: 'Get all clients of the application to see their IDs.',
}) {
  constructor() {
    super('There is no such client in this application');
  }
}

/** An ordinary application asks for another one. */
export class OtherApplication extends defineError({
  code: 'other_application',
  status: 403,
  meaning: "The token is an ordinary application's, and the request is about another application.",
  remedy: 'Get a token with the client credentials of that application, or of a management application.',
}) {
  constructor() {
    super('This application may see and change itself alone');
  }
}

/** Another application, client or signing key has the name. */
export class NameTaken extends defineError({
  code: 'name_is_taken',
  member: 'ts_error_code',
  status: 409,
  meaning: 'Another application or signing key of the tenant, or another client of the application, has this name.',
  remedy: 'Take another name.',
}) {
  constructor(property: string) {
    super(`${property} is taken: another one has this name`);
  }
}

/** The tenant would have no management application any more. */
export class LastManagementApplication extends defineError({
  code: 'last_management_application',
  status: 400,
  meaning:
    'The tenant would be left without a management application that is enabled and has a client, and nobody could manage it.',
  remedy: 'Make another management application first.',
}) {
  constructor() {
    super('This is the last management application that is enabled and has a client');
  }
}
