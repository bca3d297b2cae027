/** The app's version, as package.json has it: what exports and kept measurements name. */
export const VERSION = '0.1.0';
