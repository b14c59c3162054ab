/** A style sheet has no types; the build of the page takes it. */
declare module "*.css";
