// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

enum NodeGroupSection: Section {
  struct Declaration: Sendable {
    var names: Located<Hostlist>?
    var image: Located<String>?
    var nics: [Named<NICDeclaration>]
    var bmc: Located<BMCDeclaration>?
    var state: ComputeNode.State
    /// Values of the keys that wings have declared, by key.
    var settings: [String: Setting]

    /// The way that a wing has read, or that of nodes which name none.
    var boot: ComputeNode.Boot { settings["boot"]?.value as? ComputeNode.Boot ?? .stateless }
  }

  static let noun = "a node group"
  static let doc = "Nodes that are alike."

  static let names = Key("names", .hostlist, required: true, "The nodes' host names, as a hostlist: node[001-064,100].")
  static let image = Key(
    "image", .label("the name of an image", longest: 32), required: true, "What they run, a name under `images:`.")
  static let nics = Key(
    "nics", .table("a mapping of network interfaces by name", named: .interface, of: NodeNICSection.form, minimum: 1),
    required: true,
    "Their network interfaces, by the names that the kernel gives them.")
  static let bmc = bmc([])
  private static func bmc(_ more: [WingKey]) -> Key<BMCDeclaration> {
    Key("bmc", NodeBMCSection.form(more), "Their BMCs. Default: none; someone then has to switch them on.")
  }
  static let state =
    Key(
      "state", .choice("a state of nodes"),
      "out: away for repair, or in somebody else's hands. Nothing is done to them or waited for, and they do not count; they keep their addresses and boot scripts. Default: in."
    ) as Key<ComputeNode.State>

  static let keys = [
    names.description, image.description, nics.description, bmc.description, state.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration { read(fields, bmc, [], &problems) }

  /// The section with the keys that wings read, in a group and in its `bmc:`.
  static func form(_ keys: [WingKey]) -> Form<Declaration> {
    let (own, bmc) = (keys.of(.nodes), bmc(keys.of(.bmc)))
    return form(with: [bmc.description] + own.map(\.description)) { read($0, bmc, own, &$1) }
  }

  private static func read(
    _ fields: Fields, _ bmc: Key<BMCDeclaration>, _ more: [WingKey], _ problems: inout Problems
  ) -> Declaration {
    Declaration(
      names: fields.read(names, &problems), image: fields.read(image, &problems),
      nics: fields.read(nics, &problems)?.value ?? [], bmc: fields.read(bmc, &problems),
      state: fields.read(state, &problems)?.value ?? .in, settings: more.settings(fields, &problems))
  }
}
