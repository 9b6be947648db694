declare const Packaging: {
  new (serverless: unknown): { hooks: Record<string, () => void> };
  checkPackaging(checked: Record<string, unknown>): void;
  takeFolders(file: string): void;
};
export = Packaging;
