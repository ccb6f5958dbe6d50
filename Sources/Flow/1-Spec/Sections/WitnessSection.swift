// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

enum WitnessSection: Section {
  struct Declaration: Sendable {
    var host: Located<String>?
    var port: Located<Int>?
    var certificate: Located<SecretRef>?
    /// `certificate:` is in the file, readable or not.
    var hasCertificate: Bool
  }

  static let noun = "`witness`"
  static let doc = "A third machine that says which head goes on when they lose sight of each other."

  static let defaultPort = 5403

  static let host = Key(
    "host", .host("a machine", example: "192.0.2.40"), required: true,
    "A node, by its name, which is set up for it; or a machine where the site runs corosync-qnetd(8).")
  static let port = Key("port", .integer(1...65535), "The TCP port of corosync-qnetd(8). Default: 5403.")
  static let certificate = Key(
    "certificate", .secret,
    "For a witness that the site runs: the heads' certificate and key with the authority's, as PKCS #12, from "
      + "corosync-qdevice-net-certutil(8).")

  static let keys = [host.description, port.description, certificate.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      host: fields.read(host, &problems), port: fields.read(port, &problems),
      certificate: fields.read(certificate, &problems), hasCertificate: fields.entry(certificate.name) != nil)
  }
}
