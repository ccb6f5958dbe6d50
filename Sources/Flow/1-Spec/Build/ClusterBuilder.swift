// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Tree → values. What does not fit its shape has been reported already, so it is left out here without a word; the
/// rest is built nevertheless, so that checks across the file see all that can be seen.
struct ClusterBuilder {
  let file: String
  var problems: [Diagnostic] = []

  init(file: String) { self.file = file }

  mutating func cluster(_ node: YAMLNode) -> Cluster {
    var expanded: [ComputeNode] = []
    for group in node["nodes"]?.items ?? [] { expanded += nodes(group) }
    return Cluster(
      name: node["cluster"]?.text ?? "", domain: node["domain"]?.text ?? "", timezone: node["timezone"]?.text,
      repositories: Repositories(
        mirror: node["repositories"]?["mirror"]?.text, proxy: node["repositories"]?["proxy"]?.text,
        source: node["repositories"]?.span),
      networks: (node["networks"]?.pairs ?? []).compactMap { network($0) },
      heads: (node["heads"]?.pairs ?? []).map { head($0) },
      images: (node["images"]?.pairs ?? []).map { image($0) }, nodes: expanded,
      ha: node["ha"].flatMap { highAvailability($0) },
      access: Access(user: node["access"]?["ssh"]?["user"]?.text ?? "root"), source: node.span)
  }

  private func network(_ pair: YAMLNode.Pair) -> Network? {
    let node = pair.value
    guard let name = pair.key.text, let cidr = node["cidr"]?.text.flatMap({ IPv4Network($0) }) else { return nil }
    return Network(
      name: name, cidr: cidr, gateway: node["gateway"]?.address, dns: (node["dns"]?.items ?? []).compactMap(\.address),
      serves: Set((node["serves"]?.items ?? []).compactMap { $0.text.flatMap { Network.Service(rawValue: $0) } }),
      dynamic: node["dynamic"]?.text.flatMap { ScalarType.range($0) }, source: pair.key.span)
  }

  private mutating func head(_ pair: YAMLNode.Pair) -> Head {
    let node = pair.value
    return Head(
      name: HostID(pair.key.text ?? ""), nics: nics(node["nics"], count: 1).first ?? [],
      bmc: bmcs(node["bmc"], count: 1).first ?? nil, cloneOf: node["clone_of"]?.text.map { HostID($0) },
      wipe: node["wipe"]?.text == "true", source: pair.key.span)
  }

  private func image(_ pair: YAMLNode.Pair) -> ClientImage {
    let node = pair.value
    return ClientImage(
      name: pair.key.text ?? "", release: node["release"]?.text ?? "", kernel: node["kernel"]?.text ?? "",
      install: (node["install"]?.items ?? []).compactMap(\.text), files: node["files"]?.text,
      run: (node["run"]?.items ?? []).compactMap(\.text), source: pair.key.span)
  }

  private mutating func nodes(_ node: YAMLNode) -> [ComputeNode] {
    guard let text = node["names"]?.text, let names = try? Hostlist.expand(text) else { return [] }
    let source = node["names"]?.span ?? node.span
    let nics = nics(node["nics"], count: names.count)
    let bmcs = bmcs(node["bmc"], count: names.count)
    return names.enumerated().map { index, name in
      ComputeNode(
        name: HostID(name), image: node["image"]?.text ?? "",
        boot: node["boot"]?.text.flatMap { ComputeNode.Boot(rawValue: $0) } ?? .stateless,
        nics: index < nics.count ? nics[index] : [], bmc: index < bmcs.count ? bmcs[index] : nil, source: source)
    }
  }

  /// For each of `count` machines its cards, with counting values counted up.
  private mutating func nics(_ node: YAMLNode?, count: Int) -> [[NIC]] {
    var machines = Array(repeating: [NIC](), count: count)
    for pair in node?.pairs ?? [] {
      let value = pair.value
      guard let name = pair.key.text, let network = value["network"]?.text, let address = value["address"] else { continue }
      let addresses = addresses(address, count: count)
      let macs = value["mac"].map { self.macs($0, count: count) } ?? []
      for index in machines.indices where index < addresses.count {
        machines[index].append(
          NIC(
            name: name, network: network, address: addresses[index], mac: index < macs.count ? macs[index] : nil,
            source: address.span))
      }
    }
    return machines
  }

  private mutating func bmcs(_ node: YAMLNode?, count: Int) -> [BMC?] {
    guard let node, let address = node["address"], let user = node["user"]?.text,
      let password = node["password"]?.text, password.hasPrefix("secret:")
    else { return [] }
    let kind = node["protocol"]?.text.flatMap { BMC.BMCProtocol(rawValue: $0) } ?? .ipmi
    return addresses(address, count: count).map {
      BMC(address: $0, protocol: kind, user: user, password: SecretRef(String(password.dropFirst(7))))
    }
  }

  /// One value for one machine; for several it has to count up, or they would all have the same.
  private mutating func addresses(_ node: YAMLNode, count: Int) -> [IPv4Address] {
    guard let text = node.text, let first = IPv4Address(ScalarType.withoutPlus(text)) else { return [] }
    guard text.hasSuffix("+") else {
      if count > 1 { needsPlus(node, text, count, .duplicateAddress) }
      return count > 1 ? [] : [first]
    }
    guard first.advanced(by: UInt32(count - 1)) != nil else {
      countsTooFar(node, text, count)
      return []
    }
    return (0..<UInt32(count)).compactMap { first.advanced(by: $0) }
  }

  private mutating func macs(_ node: YAMLNode, count: Int) -> [MACAddress] {
    guard let text = node.text, let first = MACAddress(ScalarType.withoutPlus(text)) else { return [] }
    guard text.hasSuffix("+") else {
      if count > 1 { needsPlus(node, text, count, .duplicateMAC) }
      return count > 1 ? [] : [first]
    }
    guard first.bits + UInt64(count - 1) <= 0xffff_ffff_ffff else {
      countsTooFar(node, text, count)
      return []
    }
    return (0..<UInt64(count)).map { MACAddress(bits: first.bits + $0) }
  }

  private mutating func needsPlus(_ node: YAMLNode, _ text: String, _ count: Int, _ code: Diagnostic.Code) {
    problems.append(
      Diagnostic(
        code, "\(count) machines would all have `\(text)`.", help: "Write `\(text)+` to count up with the names.", at: node.span,
        fixIts: [.init(label: "count up", span: node.span, replacement: text + "+")]))
  }

  private mutating func countsTooFar(_ node: YAMLNode, _ text: String, _ count: Int) {
    problems.append(
      Diagnostic(
        .countsTooFar, "`\(text)` cannot be counted up for \(count) machines.", help: "Begin with a smaller value.", at: node.span))
  }

  private func highAvailability(_ node: YAMLNode) -> HighAvailabilityPolicy? {
    guard case .mapping(let pairs) = node.kind else { return nil }
    let monitor = node["monitor"]
    return HighAvailabilityPolicy(
      addresses: (node["addresses"]?.pairs ?? []).compactMap { pair in
        pair.value.address.map { .init(network: pair.key.text ?? "", address: $0, source: pair.value.span) }
      },
      services: (node["services"]?.items ?? []).compactMap { $0.text.flatMap { .init(rawValue: $0) } },
      monitor: .init(
        every: monitor?["every"]?.duration ?? .seconds(3), timeout: monitor?["timeout"]?.duration ?? .seconds(10),
        restarts: monitor?["restarts"]?.text.flatMap { Int($0) } ?? 3),
      failback: node["failback"]?.text.flatMap { .init(rawValue: $0) } ?? .manual,
      heartbeat: .init(
        links: (node["heartbeat"]?["links"]?.items ?? []).compactMap(\.text),
        detect: node["heartbeat"]?["detect"]?.duration ?? .seconds(1)),
      fencing: node["fencing"] != nil,
      source: pairs.first?.key.span ?? node.span,
      sources: Dictionary(pairs.map { ($0.key.text ?? "", $0.key.span) }) { first, _ in first })
  }
}

extension YAMLNode {
  var address: IPv4Address? { text.flatMap { IPv4Address($0) } }
  var duration: Duration? { text.flatMap { ScalarType.duration($0) } }
}
