// Which family of browsers this copy was built for. The build writes it in.
declare const FAMILY: "firefox" | "chromium";

export const family: "firefox" | "chromium" = FAMILY;
