/** Which of the packs in this browser's store take the place of what comes with the page. */

export interface PackChoice {
  /** In the language model's place; null: the pack's own. */
  foundation: string | null;
  /** A pack of ours in the place of the page's; null: the page's. */
  storedPack: string | null;
}

export const OWN_PACK: PackChoice = { foundation: null, storedPack: null };

/** A pack's name as it may stand in settings and addresses: it becomes the name of a folder. Null where it is none. */
export function packId(value: unknown): string | null {
  return typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,79}$/i.test(value) ? value : null;
}

/** What a visit begins with: the address wins over what was set, and a pack that it names over a stored one. */
export function firstChoice(address: { packNamed: boolean; foundation: string | null }, settings: PackChoice): PackChoice {
  return { foundation: address.foundation ?? settings.foundation, storedPack: address.packNamed ? null : settings.storedPack };
}
