// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms
import Templates

extension SpecReader {
  /// Reads the sets that a description turns on, from the files beside it. One with an error is left out.
  package static func sets(_ cluster: Cluster, _ files: SiteFiles) -> (sets: [PackageSet], problems: [Diagnostic]) {
    var all: [Diagnostic] = []
    var sets: [PackageSet] = []
    for request in cluster.setRequests {
      let reader = SetReader(request, cluster, files)
      var problems = Problems(file: reader.description)
      if let set = reader.read(&problems) { sets.append(set) }
      all += problems.sorted
    }
    for index in sets.indices {
      let (checks, problems) = CheckReader(set: sets[index], files: files).read()
      sets[index].checks = checks
      all += problems
    }
    // One that could not be read is told once, and not by those that need it.
    if all.isEmpty { all += CheckNeeds.problems(sets) }
    return (sets, all + SetChecks(sets: sets, cluster: cluster).problems)
  }

  /// The purpose of a set by its file, also where the set is off. Nil: the file says none, or cannot be read.
  package static func summary(ofSet file: [UInt8]) -> String? {
    var problems = Problems(file: "set.yaml")
    guard let root = TreeBuilder.values(in: file, of: "set.yaml", &problems) else { return nil }
    return SetSection.form.read(root, &problems)?.summary?.value
  }

  /// Files beside the description that settings of sets name, each with the place where it is named. The sets have to
  /// be among `files` already.
  package static func settingFiles(_ cluster: Cluster, _ files: SiteFiles) -> [Located<String>] {
    cluster.setRequests.flatMap { request -> [Located<String>] in
      // What is wrong with a set is told when it is read.
      var problems = Problems(file: "")
      let reader = SetReader(request, cluster, files)
      let declared = reader.declaration(&problems)?.settings ?? []
      let ofGroups = reader.groups.values.joined().flatMap(\.given)
      return SettingValues(request: request, files: files, cluster: cluster).paths(declared, ofGroups: ofGroups)
    }
  }
}

/// One set: its description, its settings with what the site says of them, its files.
struct SetReader {
  let request: SetRequest
  let folder: String
  let files: SiteFiles
  let cluster: Cluster
  /// Settings that node groups give, by the place of the group.
  let groups: [SourceSpan: [SetRequest]]

  init(_ request: SetRequest, _ cluster: Cluster, _ files: SiteFiles) {
    self.request = request
    folder = PackageSet.folder(request.name)
    self.files = files
    self.cluster = cluster
    groups = cluster.groupRequests.mapValues { $0.filter { $0.name == request.name } }.filter { !$0.value.isEmpty }
  }

  var description: String { folder + "/set.yaml" }

  /// The set's own file, as it is written. Nil: it is not there, or cannot be read.
  func declaration(_ problems: inout Problems) -> SetSection.Declaration? {
    // One that is not there is told with all missing files.
    guard let file = files.files[description],
      let root = TreeBuilder.values(in: file.contents.bytes, of: description, &problems)
    else { return nil }
    return SetSection.form.read(root, &problems)
  }

  func read(_ problems: inout Problems) -> PackageSet? {
    guard let declaration = declaration(&problems) else { return nil }
    let reader = SettingValues(request: request, files: files, cluster: cluster)
    let settings = reader.read(declaration.settings, &problems)
    let ofImages = request.ofImages.mapValues {
      reader.ofNodes($0, declaration.settings, isAlone: request.isOfImages, &problems)
    }
    let ofGroups = groups.mapValues {
      reader.ofNodes($0.flatMap(\.given), declaration.settings, isAlone: false, &problems)
    }
    // One whose value is wrong is there all the same: its mistake is told once.
    let types = SettingValues.types(declaration.settings)
    let ofNodes = SettingValues.types(declaration.settings.filter { $0.value?.scope == .node })
    let filling = SettingWord.Settings(types, settings)
    var heads = side(declaration.heads?.side, .heads, types, ofNodes, &problems)
    heads.secrets = secrets(declaration.heads?.side, filling, &problems)
    var nodes = side(declaration.nodes, .images, types, ofNodes, &problems)
    nodes.secrets = secrets(declaration.nodes, filling, &problems)
    let ports = (declaration.heads?.ports ?? []).flatMap { $0.ports(filling, &problems) }
    guard !problems.hasErrors, let summary = declaration.summary?.value else { return nil }
    var set = PackageSet(
      name: request.name, summary: summary, settings: settings, heads: heads, nodes: nodes, source: request.source)
    set.needs = declaration.needs.map { .init($0.value, source: $0.span) }
    if let same = declaration.sameRelease, same.value { set.sameRelease = same.span }
    set.images = request.images
    set.ofImages = ofImages
    set.ofGroups = ofGroups
    set.users = declaration.users.compactMap(user)
    set.ports = ports
    set.services = (declaration.heads?.services ?? []).compactMap(service)
    return set
  }

  private func user(_ user: Named<SetUserSection.Declaration>) -> SystemUser? {
    guard let value = user.value, let uid = value.uid?.value else { return nil }
    return SystemUser(name: user.name.value, uid: uid, gid: value.gid ?? uid, home: value.home)
  }

  private func service(_ service: Named<SetServiceSection.Declaration>) -> PackageSet.Service? {
    guard let value = service.value, let unit = value.unit?.value else { return nil }
    return PackageSet.Service(
      name: service.name.value, unit: unit, check: value.check, needs: value.needs.map(\.value),
      reloads: value.change == .reload, keepsState: value.keepsState, report: value.report,
      quiet: value.quiet, source: service.name.span)
  }

  private func secrets(
    _ side: SideSection.Declaration?, _ settings: SettingWord.Settings, _ problems: inout Problems
  ) -> [ClientImage.Secret] {
    (side?.secrets ?? []).compactMap { entry in
      guard let value = entry.value?.secret(settings, &problems) else { return nil }
      let secret = Named(name: entry.name, value: value, valueSpan: entry.valueSpan, span: entry.span)
      ImageSecretChecks.check(secret, [:], &problems)
      return ClusterExpansion.secret(secret)
    }
  }

  private func side(
    _ side: SideSection.Declaration?, _ machines: SetVariables.Machines, _ settings: [String: TemplateType],
    _ ofNodes: [String: TemplateType], _ problems: inout Problems
  ) -> PackageSet.Side {
    guard let side else { return PackageSet.Side() }
    let live = LivePaths(side.live)
    var result = PackageSet.Side(
      packages: side.packages, units: side.units,
      permissions: side.permissions.compactMap { entry in
        entry.value.map { ClientImage.Permission(path: entry.name.value, owner: $0.owner, mode: $0.mode) }
      })
    guard let tree = side.files else {
      live.check([], onHeads: machines == .heads, &problems)
      return result
    }
    let below = files.below(folder + "/" + tree.value)
    if below.isEmpty {
      problems.error(
        .missingFile, "The folder `\(shown(tree.value))` of this set is not there, or is empty.",
        help: "Create \(shown(folder + "/" + tree.value)), or remove the key.", at: tree.span)
    }
    for (path, file) in below.sorted(by: { $0.key < $1.key }) {
      let origin = "\(folder)/\(tree.value)/\(path)"
      let taken = live[Self.place(path)]
      let types = SetVariables.types(settings, ofNodes: ofNodes, on: taken == nil ? machines : .nodes)
      let onNodes = SetVariables.types(settings, ofNodes: ofNodes, on: .nodes)
      if var file = self.file(path, file, origin, types, onNodes, tree.span, &problems) {
        file.live = machines == .images ? taken : nil
        result.files.append(file)
      }
    }
    live.check(below.keys.map(Self.place), onHeads: machines == .heads, &problems)
    for (one, next) in zip(result.files, result.files.dropFirst()) where one.path == next.path {
      problems.error(
        .setPath, "`\(shown(one.path))` is there twice: as a template and as it is.",
        help: "Remove \(shown(one.origin)) or \(shown(next.origin)).", at: tree.span)
    }
    return result
  }

  /// The path on the machine of a file in the set's tree.
  private static func place(_ path: String) -> String {
    "/" + (path.hasSuffix(".j2") ? String(path.dropLast(3)) : path)
  }

  private func file(
    _ path: String, _ file: SiteFiles.File, _ origin: String, _ variables: [String: TemplateType],
    _ onNodes: [String: TemplateType], _ span: SourceSpan, _ problems: inout Problems
  ) -> PackageSet.File? {
    guard file.kind != .link else {
      problems.error(
        .linkedPath, "`\(shown(origin))` is a symbolic link.",
        help: "Put the file here itself. A set has no links.", at: span)
      return nil
    }
    guard path.hasSuffix(".j2") else {
      return PackageSet.File(
        path: "/" + path, body: .plain(file.contents), isExecutable: file.executable, origin: origin)
    }
    guard case .text(let text) = file.contents else {
      problems.error(.encoding, "`\(shown(origin))` is not UTF-8.", help: "A template is text.", at: span)
      return nil
    }
    do throws(TemplateProblem) {
      let template = try Template(text, variables: variables)
      return PackageSet.File(
        path: "/" + path.dropLast(3), body: .template(template), isExecutable: file.executable, origin: origin)
    } catch {
      let isInImage = variables["head"] == nil && variables["node"] == nil
      let (detail, help) =
        isInImage
        ? error.inImage(text, "/\(path.dropLast(3))", onNodes)
        : (error.detail, error.help)
      problems.error(.template, detail, help: help, at: .point(origin, error.line, error.column))
      return nil
    }
  }
}
