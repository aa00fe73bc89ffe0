/** Where Mosaic answers: base URLs by environment. Users API: base + `/cis/v1`; token endpoint: base + `/oidc/token`. */
export const ENVIRONMENTS = {
  us: 'https://api.transmitsecurity.io',
  eu: 'https://api.eu.transmitsecurity.io',
  ca: 'https://api.ca.transmitsecurity.io',
  au: 'https://api.au.transmitsecurity.io',
  sandbox: 'https://api.sbx.transmitsecurity.io',
} as const;
