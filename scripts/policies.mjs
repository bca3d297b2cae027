/**
 * What the page and its threads may do, as headers: the one place where it is written. The server sends them, the build puts
 * what a `<meta>` can say into each page, docs/HOSTING.md lists them for other servers. Knows no files.
 */

/** What a page needs for threads (SharedArrayBuffer). */
export const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * The text that Radix's Select puts into a `<style>`, by its hash; all else sets styles through the CSSOM, which no policy forbids.
 * src/ui/trusted-types.ts has the text itself.
 */
export const SELECT_STYLE_HASH = "'sha256-441zG27rExd4/il+NvIqyL8zFx5XmyNQtE381kSkUJk='";

/** Nothing from elsewhere, nothing to elsewhere. `blob:` and `data:` are the user's own pictures and videos; wasm-unsafe-eval is WebAssembly itself. */
const SITE = {
  'default-src': "'self'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self'",
  'connect-src': "'self'",
  'img-src': "'self' blob: data:",
  'media-src': "'self' blob:",
  'style-src': `'self' ${SELECT_STYLE_HASH}`,
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
};
/** Only as a header; a `<meta>` cannot say it. */
const FRAMED = { 'frame-ancestors': "'none'" };
/**
 * Only in the page: its one policy of that name (src/ui/trusted-types.ts) lets its own workers through and no markup. Threads are left out:
 * onnxruntime starts its own from inside of one.
 */
const TRUSTED = { 'require-trusted-types-for': "'script'", 'trusted-types': 'default' };
/** A mirror of the hub may be anywhere, also on the user's own machine. */
const HUB = { 'connect-src': "'self' https: http://localhost:* http://127.0.0.1:*" };

/** @param {Record<string, string>} directives */
const policy = (directives) =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

/** In each page, enforced on any host. */
export const META_POLICY = policy({ ...SITE, ...TRUSTED });
/** With everything that is served. */
export const SITE_POLICY = policy({ ...SITE, ...FRAMED });
/** With the script of the packs' worker, the one thread that may ask another host, when the user asks for a pack from there. */
export const PACKS_POLICY = policy({ ...SITE, ...HUB, ...FRAMED });

/** The packs' worker, in any folder. */
export const PACKS_SCRIPT = /\/assets\/packs-[\w-]+\.js$/;

/** The browser's own abilities: the camera, and copying to the clipboard. All else that can be switched off is. */
const OFF = [
  'accelerometer',
  'browsing-topics',
  'clipboard-read',
  'display-capture',
  'encrypted-media',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'keyboard-map',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'otp-credentials',
  'payment',
  'picture-in-picture',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];
export const PERMISSIONS_POLICY = ['camera=(self)', 'clipboard-write=(self)', ...OFF.map((name) => `${name}=()`)].join(', ');

/** With everything that is served, but the policy, which `policyFor` has. */
export const SITE_HEADERS = {
  'Permissions-Policy': PERMISSIONS_POLICY,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** @param {string} urlPath without its query */
export const policyFor = (urlPath) => (PACKS_SCRIPT.test(urlPath) ? PACKS_POLICY : SITE_POLICY);
