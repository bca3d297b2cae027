/**
 * Whether a web page came where a file was asked for: servers of single-page apps answer every unknown path with their index.html and
 * status 200.
 */
export const isWebPage = ({ headers }: Response): boolean => /^text\/html\b/i.test(headers.get('content-type') ?? '');
