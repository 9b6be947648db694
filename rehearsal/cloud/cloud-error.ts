/** A refusal of the simulated cloud: the code and the text that AWS would send. */
export class CloudError extends Error {
  readonly code: string;
  readonly httpStatusCode: number;

  constructor(code: string, message: string, httpStatusCode = 400) {
    super(message);
    this.code = code;
    this.httpStatusCode = httpStatusCode;
  }
}
