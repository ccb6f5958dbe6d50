// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

/// The settings of a set with their values: what the site says, or the set's defaults.
struct SettingValues {
  let request: SetRequest
  let files: SiteFiles
  /// Names of the description's networks.
  let networks: [String]
  /// The one on which nodes meet the heads.
  let main: String?

  init(request: SetRequest, files: SiteFiles, cluster: Cluster) {
    self.request = request
    self.files = files
    networks = cluster.networks.map(\.name)
    main = cluster.bootNetwork?.name
  }

  func read(
    _ declared: [Named<SettingSection.Declaration>], _ problems: inout Problems
  ) -> [PackageSet.Setting] {
    let names = declared.map(\.name.value)
    for given in request.given where !names.contains(given.name) {
      unknown(given, names, &problems)
    }
    return declared.compactMap { setting($0, &problems) }
  }

  private func setting(
    _ declared: Named<SettingSection.Declaration>, _ problems: inout Problems
  ) -> PackageSet.Setting? {
    guard let declaration = declared.value, let sort = declaration.sort else { return nil }
    let name = declared.name.value
    let given = ofCluster(name, sort, declaration, &problems)
    // The default is checked also where the site says something else, but for a file that need not be there then.
    let isUsed = given == nil || sort != .file
    let initial = isUsed ? declaration.initial.flatMap { value($0, sort, declaration, &problems) } : nil
    let own = given.flatMap { value(Self.node($0), sort, declaration, &problems) }
    if given == nil, declaration.initial == nil {
      problems.error(
        .missingKey, "`\(name)` of the set `\(request.name)` has no value.",
        help: "\(declaration.doc) Write `\(request.name): { \(name): … }`.", at: request.source,
        notes: [.init(text: "the setting is declared here, without a default", span: declared.name.span)])
    }
    guard let value = given == nil ? initial : own else { return nil }
    return PackageSet.Setting(
      name: name, doc: declaration.doc, type: Self.type(sort), value: value, isGiven: given != nil,
      isOfNodes: declaration.scope == .node)
  }

  /// The values that one image or one node group gives to its nodes.
  ///
  /// - Parameter isAlone: the set is on in images only, which say what the site would: that is read with the others.
  func ofNodes(
    _ given: [SetRequest.Given], _ declared: [Named<SettingSection.Declaration>], isAlone: Bool,
    _ problems: inout Problems
  ) -> [String: TemplateValue] {
    var values: [String: TemplateValue] = [:]
    for given in given {
      guard let setting = declared.first(where: { $0.name.value == given.name }), let declaration = setting.value
      else {
        unknown(given, declared.filter { isAlone || $0.value?.scope == .node }.map(\.name.value), &problems)
        continue
      }
      guard declaration.scope == .node else {
        if isAlone { continue }
        problems.error(
          .noEffect, "`\(given.name)` of the set `\(request.name)` is one for the whole cluster.",
          help: "Write it below `packages:` at the top of the description.", at: given.nameSource,
          notes: [.init(text: "a setting of single nodes says `per: node` here", span: setting.name.span)])
        continue
      }
      guard let sort = declaration.sort, let value = value(Self.node(given), sort, declaration, &problems) else {
        continue
      }
      values[given.name] = value
    }
    return values
  }

  /// The value for the whole cluster: what the site says, or the images of a set that is on in these only. One of
  /// them is enough, and those that say it agree.
  private func ofCluster(
    _ name: String, _ sort: SettingSection.Sort, _ declaration: SettingSection.Declaration, _ problems: inout Problems
  ) -> SetRequest.Given? {
    guard request.isOfImages else { return request.given.first { $0.name == name } }
    let all = request.ofImages.sorted { $0.key < $1.key }.compactMap { image, given in
      given.first { $0.name == name }.map { (image, $0) }
    }
    guard let (image, first) = all.first else { return nil }
    if declaration.scope == .node {
      // Of nodes whose image says nothing there is the default.
      return declaration.initial == nil && all.count == request.ofImages.count ? first : nil
    }
    var unheard = Problems(file: "")
    let value = value(Self.node(first), sort, declaration, &unheard)
    for (other, given) in all.dropFirst() where self.value(Self.node(given), sort, declaration, &unheard) != value {
      problems.error(
        .noEffect,
        "The images `\(image)` and `\(other)` disagree on `\(name)` of `\(request.name)`, which is one for the cluster.",
        help: "Write the same value in both, or in one of them only.", at: given.nameSource,
        notes: [.init(text: "the other one is here", span: first.nameSource)])
    }
    return first
  }

  /// Paths of files that the site names, its images and its node groups, and the set by default: which of them count
  /// may differ from node to node.
  func paths(
    _ declared: [Named<SettingSection.Declaration>], ofGroups: [SetRequest.Given]
  ) -> [Located<String>] {
    var problems = Problems(file: "")
    return declared.filter { $0.value?.sort == .file }.flatMap { setting -> [Located<String>] in
      let given = (request.given + request.ofImages.values.joined() + ofGroups).filter { $0.name == setting.name.value }
      let nodes = [setting.value?.initial].compactMap(\.self) + given.map(Self.node)
      return nodes.filter { !Self.isEmpty($0) }.compactMap { node in
        Self.path.read(node, &problems).map { Located($0, node.span) }
      }
    }
  }

  private static let path = Form<String>.path("a file beside the description")

  /// A file or a secret that need not be there is declared with `default: ""`.
  private static func isEmpty(_ node: SpecNode) -> Bool {
    guard case .scalar(let scalar) = node.content else { return false }
    return scalar.text.isEmpty
  }

  private func unknown(_ given: SetRequest.Given, _ names: [String], _ problems: inout Problems) {
    let guess = closest(to: given.name, among: names)
    problems.error(
      .unknownKey, "`\(shown(given.name))` is not a setting of `\(request.name)`.",
      help: names.isEmpty ? "It has none." : "Its settings are: \(names.joined(separator: ", ")).",
      at: given.nameSource, fixIts: guess.map { [.suggestion($0, at: given.nameSource)] } ?? [])
  }

  /// The types of all that are declared, by name.
  static func types(_ declared: [Named<SettingSection.Declaration>]) -> [String: TemplateType] {
    let types = declared.compactMap { setting in setting.value?.sort.map { (setting.name.value, type($0)) } }
    return Dictionary(types) { first, _ in first }
  }

  private static func type(_ sort: SettingSection.Sort) -> TemplateType {
    switch sort {
    case .text, .address, .network, .choice, .file, .secret: .text
    case .number: .number
    case .flag: .flag
    case .list: .list(.text)
    }
  }

  private func value(
    _ node: SpecNode, _ sort: SettingSection.Sort, _ declaration: SettingSection.Declaration,
    _ problems: inout Problems
  ) -> TemplateValue? {
    switch sort {
    case .text: node.scalar(for: "text", &problems).map { .text($0.text) }
    case .number:
      Form.integer(declaration.minimum...max(declaration.minimum, declaration.maximum)).read(node, &problems)
        .map { .number($0) }
    case .flag: Form.flag.read(node, &problems).map { .flag($0) }
    case .file:
      Self.isEmpty(node)
        ? .text("") : Self.path.read(node, &problems).flatMap { contents($0, node, &problems) }
    case .secret:
      Self.isEmpty(node) ? .text("") : Form.secret.read(node, &problems).map { .text("\($0)") }
    case .address: Form.address.read(node, &problems).map { .text("\($0)") }
    case .network: Self.isEmpty(node) ? .text(main ?? "") : network(node, &problems).map { .text($0) }
    case .list:
      Form.list(of: Form.words, "a list of texts").read(node, &problems).map { .list($0.map { .text($0.value) }) }
    case .choice:
      Form.choice(declaration.choices.map { ($0, $0) }, what: "one of the choices").read(node, &problems)
        .map { .text($0) }
    }
  }

  /// A network that the description has.
  private func network(_ node: SpecNode, _ problems: inout Problems) -> String? {
    guard let scalar = node.scalar(for: "the name of a network", &problems) else { return nil }
    if networks.contains(scalar.text) { return scalar.text }
    problems.unknown(.unknownNetwork, "network", Located(scalar.text, node.span), among: networks)
    return nil
  }

  /// The text of a file beside the description.
  private func contents(_ path: String, _ node: SpecNode, _ problems: inout Problems) -> TemplateValue? {
    guard let file = files.files[path], file.kind != .link else {
      problems.error(
        .missingFile, "`\(shown(path))` is not there, or is no file.",
        help: "Paths begin at the folder of the description. Create it.", at: node.span)
      return nil
    }
    guard case .text(let text) = file.contents else {
      problems.error(.encoding, "`\(shown(path))` is not UTF-8.", help: "A template reads text.", at: node.span)
      return nil
    }
    // An editor's `\r` would be part of the last word of each line, as of a user's shell.
    return .text(text.replacing("\r\n", with: "\n"))
  }

  /// The value that the site has written, as the forms read one.
  private static func node(_ given: SetRequest.Given) -> SpecNode {
    switch given.value {
    case .scalar(let text, let isPlain):
      return SpecNode(.scalar(.init(text: text, plain: isPlain)), given.source, weight: 1)
    case .list(let items):
      let nodes = items.map { item in
        SpecNode(.scalar(.init(text: item.text, plain: item.isPlain)), item.source, weight: 1)
      }
      return SpecNode(.sequence(nodes), given.source, weight: 1 + nodes.count)
    }
  }
}
