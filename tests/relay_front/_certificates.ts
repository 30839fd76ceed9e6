/**
 * Certificates of a private authority, made by openssl.
 *
 * @module
 */

/** Files of a certificate. */
export interface Certificate {
  path: string;
  keyPath: string;
}

/** Contents of a certificate; by default that of a server at `localhost` and 127.0.0.1, now. */
export interface CertificateOptions {
  names?: string;
  isAuthority?: boolean;
  /** Years of its beginning and its end. */
  years?: [from: number, to: number];
}

/** How `openssl ca` signs; lines of the certificate itself are appended. */
const CONFIG = `
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = policy
x509_extensions = extensions
[policy]
commonName = supplied
[extensions]
`;

const KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

/** An authority that no machine knows, in a folder that is removed with it. */
export class Authority implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Authority> {
    const folder = await Deno.makeTempDir({ prefix: "cs-ca-" });
    const authority = new Authority(folder);
    await Deno.writeTextFile(`${folder}/index.txt`, "");
    await Deno.writeTextFile(`${folder}/serial`, "01\n");
    await authority.#run(
      `req -x509 ${KEY} -subj /CN=authority -days 2 -keyout ca.key -out ca.pem`,
    );
    return authority;
  }

  /** The certificate that clients are to trust. */
  get path(): string {
    return `${this.folder}/ca.pem`;
  }

  async sign(
    {
      names = "DNS:localhost,IP:127.0.0.1",
      isAuthority = false,
      years: [from, to] = [2020, 2049],
    }: CertificateOptions = {},
  ): Promise<Certificate> {
    const name = crypto.randomUUID();
    await Deno.writeTextFile(
      `${this.folder}/${name}.cnf`,
      `${CONFIG}basicConstraints = CA:${isAuthority ? "TRUE" : "FALSE"}\n` +
        `subjectAltName = ${names}\n`,
    );
    await this.#run(
      `req -new ${KEY} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`,
    );
    await this.#run(
      `ca -batch -notext -config ${name}.cnf -in ${name}.csr ` +
        `-out ${name}.pem -startdate ${from}0101000000Z -enddate ${to}0101000000Z`,
    );
    const path = `${this.folder}/${name}`;
    return { path: `${path}.pem`, keyPath: `${path}.key` };
  }

  async #run(line: string): Promise<void> {
    const { success, stderr } = await new Deno.Command("openssl", {
      args: line.split(" "),
      cwd: this.folder,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
