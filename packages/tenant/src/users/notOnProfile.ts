/** What a request names is not on the user's profile. */
export class NotOnProfile extends Error {
  override name = 'NotOnProfile';
}
