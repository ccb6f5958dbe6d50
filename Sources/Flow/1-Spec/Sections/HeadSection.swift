// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel

enum HeadSection: Section {
  struct Declaration: Sendable {
    var nics: [Named<NICDeclaration>]
    var bmc: Located<BMCDeclaration>?
    /// `bmc:` is in the file, readable or not.
    var hasBMC: Bool
    var cloneOf: Located<String>?
    var wipe: Bool
  }

  static let noun = "a head"
  static let doc = "A head node: it serves the cluster."

  static let nics = Key(
    "nics", .table("a mapping of network interfaces by name", named: .interface, of: HeadNICSection.form, minimum: 1),
    required: true,
    "Its network interfaces, by the names that the kernel gives them.")
  static let bmc = bmc([])
  private static func bmc(_ more: [WingKey]) -> Key<BMCDeclaration> {
    Key("bmc", HeadBMCSection.form(more), "Its BMC. Needed for fencing and for cloning. Default: none.")
  }
  static let cloneOf = Key(
    "clone_of", .label("the name of a head"),
    "The head that this one is installed from, as a clone that keeps only its own identity.")
  static let wipe = Key(
    "wipe", .flag, "Whether installing the clone may overwrite a disk that is not empty. Default: false.")

  static let keys = [nics.description, bmc.description, cloneOf.description, wipe.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration { read(fields, bmc, &problems) }

  /// The section with the keys of BMCs that wings read.
  static func form(_ more: [WingKey]) -> Form<Declaration> {
    let bmc = bmc(more)
    return form(with: [bmc.description]) { read($0, bmc, &$1) }
  }

  private static func read(_ fields: Fields, _ bmc: Key<BMCDeclaration>, _ problems: inout Problems) -> Declaration {
    Declaration(
      nics: fields.read(nics, &problems)?.value ?? [], bmc: fields.read(bmc, &problems),
      hasBMC: fields.entry(bmc.name) != nil,
      cloneOf: fields.read(cloneOf, &problems), wipe: fields.read(wipe, &problems)?.value ?? false)
  }
}
