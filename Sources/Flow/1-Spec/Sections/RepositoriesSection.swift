// SPDX-License-Identifier: Apache-2.0
import SpecForms

enum RepositoriesSection: Section {
  struct Declaration: Sendable {
    var mirror: Located<String>?
    var proxy: Located<String>?
  }

  static let noun = "repositories"
  static let doc = "Where packages come from."

  static let mirror = Key(
    "mirror", .url, "The HTTP address of a mirror of the distribution. Default: the distribution's own.")
  static let proxy = Key(
    "proxy", .url, "A caching HTTP proxy for packages, as apt.conf(5) `Acquire::http::Proxy`. Default: none.")

  static let keys = [mirror.description, proxy.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(mirror: fields.read(mirror, &problems), proxy: fields.read(proxy, &problems))
  }
}
